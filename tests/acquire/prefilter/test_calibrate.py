import numpy as np
import pytest
from scipy.special import expit, logit

from acquire.errors import BadInput
from acquire.prefilter.calibrate import Calibration, fit_calibration
from acquire.prefilter.quality import auc, decile_table, ks, measure

P = np.linspace(0.02, 0.98, 49)


def outcomes(truth: np.ndarray, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(truth)) < truth).astype(float)


def test_no_calibration_changes_nothing() -> None:
    np.testing.assert_allclose(Calibration().apply(P), P, rtol=1e-9)
    np.testing.assert_allclose(Calibration().log_odds_slope(logit(P)), 1.0)


def test_promises_twice_too_far_from_the_middle_are_pulled_back() -> None:
    truth = np.tile(P, 100)
    promised = expit(2 * logit(truth))
    bad = outcomes(truth)
    fit = fit_calibration(promised, bad, folds=np.arange(len(bad)) % 5)
    assert fit.calibration.method in ("platt", "beta")
    np.testing.assert_allclose(fit.calibration.apply(expit(2 * logit(P))), P, atol=0.03)
    assert fit.calibration.gain > 0


def test_honest_promises_are_left_nearly_alone() -> None:
    truth = np.tile(P, 100)
    fit = fit_calibration(truth, outcomes(truth, seed=4), folds=np.arange(len(truth)) % 5)
    np.testing.assert_allclose(fit.calibration.apply(P), P, atol=0.02)


@pytest.mark.parametrize("slopes", [(1.3, 0.5), (0.4, 0.4), (0.0, 2.0)])
def test_calibration_keeps_the_order_and_its_slope_is_its_derivative(slopes: tuple[float, float]) -> None:
    bent = Calibration(method="beta", slope_low=slopes[0], slope_high=slopes[1], shift=0.2)
    score, step = logit(P), 1e-6
    assert (np.diff(bent.apply(P)) > 0).all()
    derivative = (bent.log_odds(score + step) - bent.log_odds(score - step)) / (2 * step)
    np.testing.assert_allclose(bent.log_odds_slope(score), derivative, rtol=1e-6)


def test_chances_of_zero_and_one_stay_finite() -> None:
    assert np.isfinite(
        Calibration(method="platt", slope_low=2.0, slope_high=2.0).log_odds(logit([1e-9, 1 - 1e-9]))
    ).all()
    fit = fit_calibration(np.array([0.0, 1.0] * 50), np.array([0.0, 1.0] * 50), folds=np.arange(100) % 5)
    assert np.isfinite(fit.p_bad).all()


def test_an_unknown_calibration_is_refused() -> None:
    with pytest.raises(BadInput, match="method 'magic'"):
        Calibration.from_content({"method": "magic"})


def test_auc_and_ks_by_hand() -> None:
    score, bad = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 0.0, 1.0])
    # Pairs (bad, good): .2 > .1, .2 < .3, .4 > .1, .4 > .3: three of four.
    assert auc(score, bad) == 0.75
    assert ks(score, bad) == 0.5
    assert auc(np.full(4, 0.3), bad) == 0.5
    assert ks(np.full(4, 0.3), bad) == 0.0
    assert np.isnan(auc(score, np.ones(4)))
    assert np.isnan(ks(score, np.ones(4)))


def test_expected_calibration_error_is_the_mean_gap_of_ten_equal_parts() -> None:
    p = np.repeat(np.arange(10) / 10 + 0.05, 20)
    bad = np.tile([1.0, 0.0], 100)
    quality = measure(p, bad, np.zeros(200, dtype=np.int64))
    # Every part promises .05, .15 ... and delivers .5: gaps .45 .35 .25 .15 .05 twice.
    assert quality.ece == pytest.approx(0.25)
    assert quality.brier == pytest.approx(np.mean((p - bad) ** 2))
    assert decile_table(p, bad)["count"].tolist() == [20] * 10
