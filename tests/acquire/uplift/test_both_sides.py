"""What an offer adds in bookings and in bad bookings, from the same rows."""

import numpy as np
import pytest

from acquire.statistics.aipw import aipw_scores
from acquire.uplift.both_sides import EVERY, BothSides, weigh_both_sides


def one_offer(booked: np.ndarray, bad: np.ndarray, channel: list[str]) -> dict[str, BothSides]:
    """Scores of effects, against a control under which nobody books."""
    zeros, n = np.zeros(len(booked)), len(booked)
    lines = weigh_both_sides(
        np.column_stack([zeros, booked]),
        np.column_stack([zeros, bad]),
        np.ones((n, 1), dtype=np.bool_),
        np.array(channel),
        ("coupon",),
    )
    return {line.channel: line for line in lines}


def test_the_bad_rate_of_what_an_offer_adds_is_extra_bad_over_extra_booked() -> None:
    booked, bad = np.tile([0.2, 0.4], 50), np.tile([0.02, 0.04], 50)  # means 0.3 and 0.03

    line = one_offer(booked, bad, ["feed"] * 100)[EVERY]

    assert (line.offer, line.n) == ("coupon", 100)
    assert line.extra_booked.expected == pytest.approx(300)
    assert line.extra_bad.expected == pytest.approx(30)
    assert line.incremental_bad_rate.expected == pytest.approx(0.1)
    # One tenth goes bad whichever rows are drawn: only the number of bookings is uncertain.
    assert (line.incremental_bad_rate.low, line.incremental_bad_rate.high) == pytest.approx((0.1, 0.1))
    assert line.extra_booked.high - line.extra_booked.low == pytest.approx(2 * 1.645 * 1000 * 0.1 / 99**0.5, rel=1e-3)


def test_each_channel_has_its_own_rate() -> None:
    bad = np.repeat([0.1, 0.3], 100) + np.tile([-0.01, 0.01], 100)

    lines = one_offer(np.full(200, 0.5) + np.tile([-0.01, 0.01], 100), bad, ["feed"] * 100 + ["search"] * 100)

    rates = {name: line.incremental_bad_rate.expected for name, line in lines.items()}
    assert rates == pytest.approx({EVERY: 0.4, "feed": 0.2, "search": 0.6})
    assert list(lines) == [EVERY, "feed", "search"]


def test_where_it_is_not_clear_that_an_offer_adds_anything_the_rate_is_not_known() -> None:
    line = one_offer(np.tile([-1.0, 1.1], 50), np.tile([0.0, 0.1], 50), ["feed"] * 100)[EVERY]

    assert line.extra_booked.low < 0 < line.extra_booked.high
    assert np.isnan([line.incremental_bad_rate.expected, line.incremental_bad_rate.high]).all()


def test_rows_where_history_cannot_tell_the_effect_are_left_out() -> None:
    scores = np.column_stack([np.zeros(4), [0.5, 0.6, 99.0, 99.0], [0.1, 0.2, 0.3, 0.4]])
    counts = np.array([[True, True], [True, True], [False, True], [False, True]])

    coupon, _, letter, _ = weigh_both_sides(scores, scores / 2, counts, np.full(4, "feed"), ("coupon", "letter"))

    assert (coupon.n, letter.n) == (2, 4)
    assert coupon.extra_booked.expected == pytest.approx(550)


def test_without_a_bad_label_there_is_one_side_only() -> None:
    assert not weigh_both_sides(
        np.zeros((3, 2)), np.full((3, 2), np.nan), np.ones((3, 1), dtype=np.bool_), np.full(3, "feed"), ("coupon",)
    )


def test_nine_intervals_of_ten_hold_the_truth() -> None:
    rng = np.random.default_rng(5)
    covered = np.zeros(3)
    for _ in range(200):
        arm = rng.integers(0, 2, 4_000)
        booked = rng.random(4_000) < np.where(arm == 1, 0.2, 0.1)
        bad = booked & (rng.random(4_000) < np.where(arm == 1, 0.2, 0.1))  # 0.04 and 0.01: 0.3 of what is added
        half = np.full(4_000, 0.5)
        scores = [aipw_scores(what.astype(float), arm, half, np.zeros((4_000, 2))) for what in (booked, bad)]
        counts, channel = np.ones((4_000, 1), dtype=np.bool_), np.full(4_000, "feed")
        line = weigh_both_sides(*scores, counts, channel, ("coupon",))[0]
        estimates = (line.extra_booked, line.extra_bad, line.incremental_bad_rate)
        covered += [one.low <= true <= one.high for one, true in zip(estimates, (100, 30, 0.3), strict=True)]

    assert ((covered > 0.85 * 200) & (covered < 0.95 * 200)).all()
