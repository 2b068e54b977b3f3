"""Predicted differences are kept as far as rows that were not used for fitting show them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.uplift.calibrate import EffectCalibration, fit_effect_calibration

N = 20_000


def fitted(predicted: np.ndarray, effect: np.ndarray, noise: float = 0.5, seed: int = 1) -> EffectCalibration:
    scores = effect + np.random.default_rng(seed).normal(0.0, noise, len(effect))
    return fit_effect_calibration(predicted[:, None], scores[:, None], np.ones(len(effect)))


def uplifts(seed: int = 2, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.1, 0.2, n)


def test_predictions_that_are_right_are_kept() -> None:
    effect = uplifts()

    assert fitted(effect, effect).slope[0] == pytest.approx(1.0, abs=0.05)


def test_predictions_that_are_noise_become_the_average() -> None:
    calibration = fitted(uplifts(), np.full(N, 0.1))

    assert calibration.slope[0] == pytest.approx(0.0, abs=0.05)
    assert calibration.apply(np.array([[0.9]]))[0, 0] == pytest.approx(0.1, abs=0.05)


def test_predictions_that_are_twice_too_spread_are_halved() -> None:
    effect = uplifts()

    assert fitted(0.1 + 2 * (effect - 0.1), effect).slope[0] == pytest.approx(0.5, abs=0.05)


def test_a_ranking_that_is_upside_down_is_not_followed_backwards() -> None:
    effect = uplifts()

    assert fitted(-effect, effect).slope[0] == 0.0


def test_a_few_noisy_rows_leave_the_learner_nearly_as_it_is() -> None:
    assert fitted(uplifts(n=50), np.full(50, 0.1), noise=5.0).slope[0] == pytest.approx(1.0, abs=0.15)


@given(seed=st.integers(0, 50), offset=st.floats(-0.5, 0.5))
def test_the_total_over_the_rows_is_what_the_rows_show(seed: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    predicted, scores = rng.normal(offset, 0.2, (200, 2)), rng.normal(0.1, 0.5, (200, 2))

    calibrated = fit_effect_calibration(predicted, scores, np.ones(200)).apply(predicted)

    assert calibrated.sum(axis=0) == pytest.approx(scores.sum(axis=0))


def test_a_constant_prediction_becomes_the_average_effect() -> None:
    calibration = fit_effect_calibration(np.full((3, 1), 0.2), np.array([[0.1], [0.2], [0.6]]), np.ones(3))

    assert calibration.apply(np.array([[0.2], [0.7]])).ravel() == pytest.approx([0.3, 0.3])


def test_rows_that_do_not_count_change_nothing() -> None:
    rng = np.random.default_rng(3)
    predicted, scores = rng.normal(0, 1, (40, 1)), rng.normal(0, 1, (40, 1))
    weight = np.r_[np.ones(30), np.zeros(10)]

    all_rows = fit_effect_calibration(predicted, scores, weight).apply(predicted)
    those_that_count = fit_effect_calibration(predicted[:30], scores[:30], np.ones(30)).apply(predicted)
    assert all_rows == pytest.approx(those_that_count)


def test_an_offer_without_evidence_gets_its_average_and_the_other_keeps_its_differences() -> None:
    calibration = EffectCalibration(mean=(0.1, 0.2), mean_predicted=(0.1, 0.2), slope=(0.8, 0.8))

    averaged = calibration.averaged((False, True)).apply(np.array([[0.5, 0.7]]))

    assert averaged.tolist() == [[0.1, pytest.approx(0.2 + 0.8 * 0.5)]]
