"""Predicted effects add up to what held-out rows show: per offer, for the average of models, and where nobody differs."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.uplift.calibrate import (
    EffectCalibration,
    EffectRows,
    chance_variance,
    cross_calibrate,
    fit_effect_calibration,
)
from acquire.uplift.effect_curve import EffectCurve

CALIBRATION = EffectCalibration(
    curves=(EffectCurve(predicted=(0.0, 1.0), effect=(0.0, 0.8)), EffectCurve(predicted=(0.0, 1.0), effect=(0.0, 0.5))),
    average=(0.1, 0.2),
    channels=("feed", "search"),
    channel_average=((0.05, 0.15), (0.2, 0.2)),
    differs=(True, True),
)


def made_rows(n: int = 4_000, seed: int = 1, slope: float = 1.0, noise: float = 0.5) -> EffectRows:
    """Two offers whose predictions are `slope` times as real as they look; search adds 0.2 to the second offer."""
    rng = np.random.default_rng(seed)
    channel = rng.choice(["feed", "search"], n)
    predicted = rng.normal(0.1, 0.2, (n, 2))
    effect = 0.1 + slope * (predicted - 0.1) + np.column_stack([np.zeros(n), 0.2 * (channel == "search")])
    scores = effect + rng.normal(0, noise, (n, 2))
    return EffectRows(
        predicted=predicted,
        scores=scores,
        variance=np.full((n, 2), noise**2),
        counts=np.ones((n, 2), dtype=np.bool_),
        channel=channel,
    )


@given(seed=st.integers(0, 30))
def test_the_total_over_the_rows_is_what_the_rows_show(seed: int) -> None:
    rows = made_rows(n=300, seed=seed)

    calibrated = fit_effect_calibration(rows).apply(rows.predicted, rows.channel)

    assert calibrated.sum(axis=0) == pytest.approx(rows.scores.sum(axis=0))


def test_rows_where_history_cannot_tell_an_offers_effect_change_nothing_for_it() -> None:
    rows = made_rows(n=400)
    counts = rows.counts.copy()
    counts[300:, 0] = False
    wild = rows.scores.copy()
    wild[300:, 0] = 1e6

    some = fit_effect_calibration(
        EffectRows(predicted=rows.predicted, scores=wild, variance=rows.variance, counts=counts, channel=rows.channel)
    )

    only_those = fit_effect_calibration(rows.taken(np.arange(400) < 300))
    assert some.curves[0] == only_those.curves[0]
    assert some.channel_average[0] == pytest.approx(only_those.channel_average[0])
    assert some.curves[1] == fit_effect_calibration(rows).curves[1]


def test_an_offer_that_history_can_tell_nothing_of_has_no_effect() -> None:
    rows = made_rows(n=50)
    counts = rows.counts.copy()
    counts[:, 0] = False
    nothing = EffectRows(
        predicted=rows.predicted, scores=rows.scores, variance=rows.variance, counts=counts, channel=rows.channel
    )

    assert not fit_effect_calibration(nothing).apply(rows.predicted, rows.channel)[:, 0].any()


def test_an_offer_without_evidence_has_its_channels_averages_and_the_other_keeps_its_differences() -> None:
    averaged = CALIBRATION.averaged((False, True))

    calibrated = averaged.apply(np.full((3, 2), 0.6), np.array(["search", "feed", "billboard"]))

    assert calibrated[:, 0].tolist() == [0.15, 0.05, 0.1]  # a channel that history does not know: the offer's average
    assert calibrated[:, 1] == pytest.approx([0.3, 0.3, 0.3])


def test_channels_that_differ_have_averages_of_their_own() -> None:
    calibration = fit_effect_calibration(made_rows(n=20_000))

    feed, search = calibration.averages(np.array(["feed", "search"]))
    assert search[1] - feed[1] == pytest.approx(0.2, abs=0.03)
    assert search[0] - feed[0] == pytest.approx(0.0, abs=0.02)


def test_a_rows_own_outcome_does_not_move_its_estimate_against_that_of_others_in_its_fold() -> None:
    rows, fold = made_rows(n=400), np.arange(400) % 4
    wild = rows.scores.copy()
    wild[fold == 0] += np.random.default_rng(2).permutation(np.linspace(-50, 50, 100))[:, None]  # total unchanged

    changed = EffectRows(
        predicted=rows.predicted, scores=wild, variance=rows.variance, counts=rows.counts, channel=rows.channel
    )

    for before, after in zip(cross_calibrate(rows, fold), cross_calibrate(changed, fold), strict=True):
        assert after[fold == 0] == pytest.approx(before[fold == 0])
        assert not np.allclose(after[fold == 1], before[fold == 1])


def test_where_predictions_are_noise_rows_of_all_folds_are_exactly_alike() -> None:
    rows = made_rows(n=2_000, slope=-1.0, noise=0.05)

    calibrated, _ = cross_calibrate(rows, np.arange(2_000) % 5)

    assert len(set(calibrated[:, 0])) == 1


def test_the_average_of_models_is_stretched_by_the_spread_that_averaging_took_away() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(0.1, 0.1, 20_000)
    by_model = truth + rng.normal(0, 0.1, (5, 20_000))  # each model half noise: a slope of 0.5
    scores = truth + rng.normal(0, 0.02, 20_000)
    rows = EffectRows(
        predicted=by_model[0][:, None],
        scores=scores[:, None],
        variance=np.full((20_000, 1), 0.0004),
        counts=np.ones((20_000, 1), dtype=np.bool_),
        channel=np.full(20_000, "feed"),
    )

    single = fit_effect_calibration(rows)
    calibration = single.for_average_of_models(rows.predicted, by_model[:, :, None])
    mean = by_model.mean(axis=0)[:, None]

    def slope(line: np.ndarray, on: np.ndarray) -> float:
        return float(np.polyfit(on.ravel(), line.ravel(), 1)[0])

    assert slope(single.apply(rows.predicted, rows.channel), rows.predicted) == pytest.approx(0.5, abs=0.02)
    assert slope(calibration.apply(mean, rows.channel), mean) == pytest.approx(0.01 / 0.012, abs=0.03)
    assert calibration.apply(mean, rows.channel).mean() == pytest.approx(scores.mean())


def test_one_model_is_its_own_average() -> None:
    rows = made_rows(n=500)
    calibration = fit_effect_calibration(rows)

    same = calibration.for_average_of_models(rows.predicted, rows.predicted[None])

    assert same.apply(rows.predicted, rows.channel) == pytest.approx(calibration.apply(rows.predicted, rows.channel))


def test_chance_moves_the_scores_of_rare_bookings_and_of_common_arms_least() -> None:
    variance = chance_variance(np.array([0.5, 0.1]), np.array([[0.0], [0.1]]), np.array([[0.5, 0.5], [0.2, 0.8]]), 0.1)

    assert variance.ravel() == pytest.approx([1.0, 0.09 / 0.2 + 0.16 / 0.8])
    assert chance_variance(np.array([0.0]), np.array([[0.0]]), np.array([[0.5, 0.5]]), 0.2)[0, 0] == pytest.approx(0.36)


def test_a_calibration_can_be_written_down_and_read_back() -> None:
    written = json.loads(json.dumps(CALIBRATION.averaged((False, True)).to_content()))

    assert EffectCalibration.from_content(written) == CALIBRATION.averaged((False, True))
