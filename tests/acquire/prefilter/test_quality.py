"""Figures of quality and how sure they are, on markets whose truth is known."""

from dataclasses import astuple, fields

import numpy as np
import pytest
from scipy.special import expit

from acquire.domain import Estimate
from acquire.prefilter.quality import RiskQuality, measure
from acquire.prefilter.quality_intervals import RiskIntervals

NAMES = tuple(field.name for field in fields(RiskIntervals))


def judged(n: int, seed: int, *, promised_shift: float = 0.0) -> RiskQuality:
    """Bookings with ln odds bad ~ Normal(-1.8, 1); promises are off by `promised_shift`."""
    rng = np.random.default_rng(seed)
    log_odds = -1.8 + rng.normal(size=n)
    bad = (rng.random(n) < expit(log_odds)).astype(float)
    return measure(expit(log_odds + promised_shift), bad, np.zeros(n, dtype=np.int64), np.random.default_rng(seed))


def shares_held(qualities: list[RiskQuality], **truth: float) -> dict[str, float]:
    """How often the interval of each figure held the truth."""
    shown = [quality.intervals for quality in qualities]
    return {
        name: float(np.mean([getattr(one, name).low <= value <= getattr(one, name).high for one in shown]))
        for name, value in truth.items()
    }


def test_intervals_hold_the_truth_about_nine_times_in_ten_also_where_chances_are_exactly_right() -> None:
    # Truths by 2 million draws; plain quantiles of reweighted rows hold an ECE of 0 never, and this KS 65 times in 100.
    held = shares_held([judged(400, seed) for seed in range(150)], auc=0.7452, ks=0.3589, ece=0.0)
    assert held["auc"] > 0.82
    assert held["ks"] > 0.88
    assert held["ece"] > 0.85


def test_promises_that_are_off_have_an_ece_above_nothing() -> None:
    qualities = [judged(2_000, seed, promised_shift=0.5) for seed in range(60)]
    assert shares_held(qualities, ece=0.0725)["ece"] > 0.85
    assert all(quality.intervals.ece.low > 0 for quality in qualities)


def test_the_intervals_hold_the_figures_and_narrow_as_bookings_come_in() -> None:
    few, many = judged(400, 1), judged(8_000, 1)
    for quality in (few, many):
        for name in NAMES:
            shown = getattr(quality.intervals, name)
            assert shown.expected == getattr(quality, name)
            assert shown.low <= shown.expected <= shown.high
    for name in NAMES:
        narrow, wide = getattr(many.intervals, name), getattr(few.intervals, name)
        assert narrow.high - narrow.low < wide.high - wide.low


def test_ties_count_half_in_every_replicate() -> None:
    bad = np.tile([0.0, 0.0, 0.0, 1.0], 25)
    shown = measure(np.full(100, 0.25), bad, np.zeros(100, dtype=np.int64), np.random.default_rng(0)).intervals
    assert astuple(shown.auc)[:3] == pytest.approx((0.5, 0.5, 0.5))
    assert astuple(shown.ks)[:3] == pytest.approx((0.0, 0.0, 0.0))
    # Three chances only: 900 pairs, of which those of one chance count half.
    p, bad = np.repeat([0.1, 0.3, 0.6], 20), np.tile([0.0, 1.0], 30)
    shown = measure(p, bad, np.zeros(60, dtype=np.int64), np.random.default_rng(0)).intervals
    assert shown.auc.expected == pytest.approx(0.5)
    assert 0.34 < shown.auc.low < 0.45
    assert 0.55 < shown.auc.high < 0.66


def test_with_one_outcome_only_ranking_has_neither_figure_nor_interval() -> None:
    shown = measure(np.full(40, 0.1), np.zeros(40), np.zeros(40, dtype=np.int64), np.random.default_rng(0)).intervals
    assert all(np.isnan(value) for figure in (shown.auc, shown.ks) for value in astuple(figure))
    assert shown.brier.low == pytest.approx(0.01)


def test_nobody_asks_for_intervals_without_a_source_of_chance() -> None:
    quality = measure(np.array([0.1, 0.6]), np.array([0.0, 1.0]), np.zeros(2, dtype=np.int64))
    assert quality.intervals.auc.expected == 1.0
    assert str(quality.intervals.auc) == str(Estimate(expected=1.0))


def test_many_bookings_are_weighted_a_few_at_a_time_with_the_same_meaning() -> None:
    quality = judged(60_000, 3)
    # An interval of the Brier score is that of a mean: 1.645 standard errors on either side.
    shown = quality.intervals.brier
    assert (shown.high - shown.low) / 2 == pytest.approx(1.645 * 0.2 / 60_000**0.5, rel=0.3)
