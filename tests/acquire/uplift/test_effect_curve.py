"""Predicted differences are kept, halved or flattened as far as rows that were not used for fitting show them."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.uplift.effect_curve import EffectCurve, fit_effect_curve, flat_curve

N = 40_000
NOISE = 0.5


def uplifts(seed: int = 2, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.1, 0.2, n)


def fitted(predicted: np.ndarray, effect: np.ndarray, noise: float = NOISE) -> EffectCurve:
    scores = effect + np.random.default_rng(1).normal(0.0, noise, len(effect))
    return fit_effect_curve(predicted, scores, np.full(len(effect), noise**2), float(scores.mean()))


def rise(curve: EffectCurve, low: float = -0.1, high: float = 0.3) -> float:
    """Slope of the curve over the middle of the predictions."""
    ends = curve.apply(np.array([low, high]))
    return float(ends[1] - ends[0]) / (high - low)


def test_predictions_that_are_right_are_kept() -> None:
    effect = uplifts()

    assert fitted(effect, effect).apply(np.array([-0.5, 0.1, 0.7])) == pytest.approx([-0.5, 0.1, 0.7], abs=0.04)


def test_predictions_that_are_noise_become_the_average() -> None:
    assert rise(fitted(uplifts(), np.full(N, 0.1))) == pytest.approx(0.0, abs=0.05)


def test_predictions_that_are_twice_too_spread_are_halved() -> None:
    effect = uplifts()

    assert rise(fitted(0.1 + 2 * (effect - 0.1), effect)) == pytest.approx(0.5, abs=0.05)


def test_differences_that_are_real_only_among_the_best_are_kept_only_there() -> None:
    predicted = uplifts()
    curve = fitted(predicted, np.maximum(predicted, 0.235))  # 0.235 is where the best quarter begins

    assert rise(curve, -0.3, 0.0) == pytest.approx(0.0, abs=0.06)
    assert rise(curve, 0.3, 0.6) == pytest.approx(1.0, abs=0.1)


def test_a_ranking_that_is_upside_down_is_not_followed_backwards() -> None:
    effect = uplifts()

    assert rise(fitted(-effect, effect)) == 0.0


def test_a_few_noisy_rows_leave_the_learner_nearly_as_it_is() -> None:
    assert rise(fitted(uplifts(n=50), np.full(50, 0.1), noise=5.0)) == pytest.approx(1.0, abs=0.05)


def test_scores_that_chance_moves_much_count_little() -> None:
    predicted = np.repeat(np.linspace(0, 1, 5), 200)
    scores = np.where(np.arange(1000) % 2, predicted, 0.0)  # every other row says that nothing differs ...
    variance = np.where(np.arange(1000) % 2, 0.001, 1000.0)  # ... and is next to worthless

    curve = fit_effect_curve(predicted, scores, variance, float(scores.mean()))

    assert rise(curve, 0.25, 0.75) == pytest.approx(1.0, abs=0.01)


@given(seed=st.integers(0, 50), offset=st.floats(-0.5, 0.5))
def test_the_total_over_the_rows_is_what_was_asked(seed: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    predicted, scores = rng.normal(offset, 0.2, 200), rng.normal(0.1, 0.5, 200)

    curve = fit_effect_curve(predicted, scores, np.full(200, 0.25), 0.07)

    assert curve.apply(predicted).mean() == pytest.approx(0.07)


@given(seed=st.integers(0, 50))
def test_the_curve_never_falls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted = np.round(rng.normal(0, 0.2, 300), int(rng.integers(0, 4)))  # with ties

    curve = fit_effect_curve(predicted, rng.normal(0, 1, 300), np.full(300, 0.1), 0.0)

    assert (np.diff(curve.apply(np.linspace(-2, 2, 100))) >= 0).all()


@pytest.mark.parametrize("predicted", [np.full(3, 0.2), 0.2 + np.array([0.0, 1e-17, 3e-17])])
def test_a_constant_prediction_becomes_the_average_effect(predicted: np.ndarray) -> None:
    curve = fit_effect_curve(predicted, np.array([0.1, 0.2, 0.6]), np.ones(3), 0.3)

    assert curve.apply(np.array([0.2, 0.7])).tolist() == [0.3, 0.3]


def test_beyond_its_ends_the_curve_goes_straight_on() -> None:
    curve = EffectCurve(predicted=(0.0, 1.0, 2.0), effect=(0.0, 1.0, 1.5))

    assert curve.apply(np.array([-1.0, 0.5, 4.0])).tolist() == [-1.0, 0.5, 2.5]


def test_predictions_that_spread_half_as_much_mean_the_same() -> None:
    curve = EffectCurve(predicted=(0.0, 1.0, 3.0), effect=(0.0, 1.0, 1.5))

    assert curve.drawn_together(0.5).apply(np.array([0.5, 1.0, 2.0])).tolist() == [0.0, 1.0, 1.5]
    assert flat_curve(0.2).drawn_together(0.5) == flat_curve(0.2)


def test_a_curve_can_be_written_down_and_read_back() -> None:
    curve = fitted(uplifts(), uplifts())

    assert EffectCurve.from_content(json.loads(json.dumps(curve.to_content()))) == curve


@pytest.mark.parametrize(
    ("predicted", "effect"), [([], []), ([0.0, 0.0], [0, 1]), ([0, 1], [1, 0]), ([0, float("nan")], [0, 1])]
)
def test_a_curve_that_falls_or_has_no_points_is_refused(predicted: list[float], effect: list[float]) -> None:
    with pytest.raises(BadInput, match="curve of effects"):
        EffectCurve.from_content({"predicted": predicted, "effect": effect})
