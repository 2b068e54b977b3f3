import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy.special import expit, logit

from acquire.errors import BadInput
from acquire.prefilter.calibrate import Calibration, _isotonic, fit_calibration
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


def step(score: np.ndarray) -> np.ndarray:
    """A cliff that neither one slope nor two can follow: .1 below the middle, .6 above."""
    return np.where(score > 0, 0.6, 0.1)


def test_a_cliff_is_followed_by_isotonic_where_rows_are_many() -> None:
    score = np.random.default_rng(1).normal(size=20_000) * 1.5
    fit = fit_calibration(expit(score), outcomes(step(score)), folds=np.arange(20_000) % 5)
    assert fit.calibration.method == "isotonic"
    at = np.array([-3.0, -1.0, 1.0, 3.0])
    np.testing.assert_allclose(fit.calibration.apply(expit(at)), step(at), atol=0.06)
    held_out = [fit.p_bad[score < 0].mean(), fit.p_bad[score > 0].mean()]
    np.testing.assert_allclose(held_out, [0.1, 0.6], atol=0.02)


def test_a_cliff_of_few_rows_is_left_to_a_line() -> None:
    score = np.random.default_rng(1).normal(size=200)
    fit = fit_calibration(expit(score), outcomes(expit(score), seed=3), folds=np.arange(200) % 5)
    assert fit.calibration.method in ("platt", "beta")


def isotonic(score: np.ndarray, bad: np.ndarray, weight: np.ndarray | None = None) -> Calibration:
    return _isotonic(score, bad, np.ones(len(bad)) if weight is None else weight)


def test_isotonic_keeps_the_order_and_its_slope_is_its_derivative_between_knots() -> None:
    score = np.random.default_rng(2).normal(size=5_000) * 1.5
    bent = isotonic(score, outcomes(step(score)))
    at = np.linspace(-25.0, 25.0, 2_001)
    assert (np.diff(bent.log_odds(at)) > 0).all()
    knots = np.array(bent.knots)
    assert (np.diff(knots, axis=0) > 0).all()
    clear = at[np.abs(at[:, None] - knots[:, 0]).min(axis=1) > 1e-3]
    derivative = (bent.log_odds(clear + 1e-6) - bent.log_odds(clear - 1e-6)) / 2e-6
    np.testing.assert_allclose(bent.log_odds_slope(clear), derivative, rtol=1e-6)
    # Beyond the knots, ln odds move one for one.
    assert bent.log_odds_slope(np.array([-15.0, 15.0])).tolist() == pytest.approx([1.0, 1.0])


def test_rows_of_one_score_make_one_knot() -> None:
    # Scorecards give the same chance to many: .1, .2 and .4, of which .2, .2 and .5 go bad.
    score = logit(np.repeat([0.1, 0.2, 0.4], 1_000))
    bad = np.tile([1.0, 0.0, 0.0, 0.0, 0.0], 400).tolist() + [0.0] * 500 + [1.0] * 500
    bent = isotonic(score, np.array(bad))
    # The first two pool at .2, with 20 rows as predicted (.15): (400 + 3) / 2020; the third (500 + 8) / 1020.
    np.testing.assert_allclose([knot[1] for knot in bent.knots], logit([403 / 2_020, 508 / 1_020]))
    assert np.isfinite(bent.log_odds_slope(score)).all()


def test_small_steps_join_until_they_hold_fifty_rows() -> None:
    # Ten steps of 40 rows each: none may stand alone, pairs of them may.
    score, rate = np.repeat(np.arange(10.0), 40), np.repeat(np.arange(10) / 10 + 0.05, 40)
    bent = isotonic(score, rate)
    assert [knot[0] for knot in bent.knots] == pytest.approx([0.5, 2.5, 4.5, 6.5, 8.5])


def test_a_few_risky_rows_at_the_end_join_those_before() -> None:
    bent = isotonic(np.r_[np.zeros(100), np.full(20, 3.0)], np.r_[np.full(100, 0.1), np.full(20, 0.9)])
    assert [knot[0] for knot in bent.knots] == pytest.approx([0.5])


def test_what_stands_for_labels_outside_zero_and_one_never_makes_the_safest_sure_to_pay() -> None:
    # The safest rows are partly matured and not late: y is a little below 0, one label's tenth each.
    score = np.r_[np.full(200, -3.0), np.full(200, 0.0)]
    y, weight = np.r_[np.full(200, -0.1), np.tile([1.0, 0.0], 100)], np.r_[np.full(200, 0.1), np.ones(200)]
    bent = isotonic(score, y, weight)
    # 0 bad in 20 labels' worth and 20 as predicted (.0474): half of that.
    assert bent.apply(np.array([expit(-3.0)]))[0] == pytest.approx(expit(-3.0) / 2)


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration(),
        Calibration(method="beta", slope_low=0.7, slope_high=1.1, shift=-0.2, gain=0.01),
        Calibration(method="isotonic", knots=((-3.0, -2.5), (0.1, 0.2)), gain=0.02),
    ],
)
def test_a_calibration_read_from_json_is_the_same(calibration: Calibration) -> None:
    assert Calibration.from_content(json.loads(json.dumps(asdict(calibration)))) == calibration


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
