"""Rankings side by side: a winner only where the paired difference says so."""

import numpy as np
import pytest

from acquire.errors import BadInput
from acquire.uplift.comparison import RankingFigures, compare_rankings


def mailing(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True uplifts of 0 to .4, bookings (from .1 up), and who got the letter: every other."""
    rng = np.random.default_rng(seed)
    uplift = rng.uniform(0.0, 0.4, n)
    with_offer = rng.random(n) < 0.5
    return uplift, (rng.random(n) < 0.1 + uplift * with_offer).astype(float), with_offer


def test_the_truth_beats_random_and_noise_and_noise_beats_nobody() -> None:
    uplift, booked, with_offer = mailing(6_000, seed=10)
    rng = np.random.default_rng(2)
    scores = {"truth": uplift, "noise": rng.random(6_000)}

    compared = compare_rankings(scores, booked, with_offer, rng, randomised=True, n_replicates=100)

    for figure in ("qini", "auuc", "uplift_at"):
        assert compared.beats("truth", "random", figure)
        assert compared.beats("truth", "noise", figure)
        assert not compared.beats("noise", "truth", figure)
    # The best three in ten have .34 on average, all .2.
    best = compared.figure("truth", "uplift_at")
    assert best.low < 0.34 < best.high


def test_random_has_no_qini_and_the_average_effect_everywhere() -> None:
    _, booked, with_offer = mailing(1_000, seed=3)

    compared = compare_rankings({}, booked, with_offer, np.random.default_rng(4), randomised=True, n_replicates=10)

    average = booked[with_offer].mean() - booked[~with_offer].mean()
    assert compared.figure("random", "qini").high == 0.0
    assert compared.figure("random", "uplift_at").expected == pytest.approx(average)
    assert compared.figure("random", "auuc").expected == pytest.approx(average / 2)


def test_two_that_rank_alike_do_not_differ_at_all() -> None:
    uplift, booked, with_offer = mailing(1_000, seed=5)

    compared = compare_rankings(
        {"one": uplift, "squared": uplift**2}, booked, with_offer, np.random.default_rng(6), randomised=True
    )

    difference = compared.difference("one", "squared", "qini")
    assert [difference.expected, difference.low, difference.high] == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_rows_that_were_given_more_often_count_less() -> None:
    # High scores got the letter 3 times in 4, low ones 1 in 4; unweighted the letter would look better than it is.
    rng = np.random.default_rng(7)
    high = rng.random(40_000) < 0.5
    chance = np.where(high, 0.75, 0.25)
    with_offer = rng.random(40_000) < chance
    booked = (rng.random(40_000) < 0.1 + 0.3 * high + 0.1 * with_offer).astype(float)
    own = np.where(with_offer, chance, 1 - chance)

    plain, weighted = (
        compare_rankings({}, booked, with_offer, rng, randomised=True, propensity=own, n_replicates=2).figure(
            "random", "uplift_at"
        )
        for own in (None, own)
    )

    assert weighted.expected == pytest.approx(0.1, abs=0.015)
    assert plain.expected > 0.2


def test_the_interval_counts_rows_as_the_figure_does() -> None:
    # As above: the letter adds .1, and unweighted would seem to add .25, to which the interval must not drift.
    rng = np.random.default_rng(7)
    high = rng.random(20_000) < 0.5
    chance = np.where(high, 0.75, 0.25)
    with_offer = rng.random(20_000) < chance
    booked = (rng.random(20_000) < 0.1 + 0.3 * high + 0.1 * with_offer).astype(float)
    own = np.where(with_offer, chance, 1 - chance)

    compared = compare_rankings({}, booked, with_offer, rng, randomised=True, propensity=own, n_replicates=60)

    told = compared.figure("random", "uplift_at")
    assert told.low < told.expected < told.high
    assert told.high < 0.15


def figures(points: list[float], draws: list[list[float]]) -> RankingFigures:
    """Qini of rankings "a" and "random" as told; the other figures are nought."""
    return RankingFigures(
        names=("a", "random"),
        points=np.array(points)[:, None] * [1.0, 0.0, 0.0],
        draws=np.array(draws)[:, :, None] * [1.0, 0.0, 0.0],
    )


def test_a_difference_is_the_first_less_the_second() -> None:
    difference = figures([5.0, 2.0], [[4.0, 2.0], [6.0, 2.0]]).difference("a", "random", "qini")
    assert (difference.expected, difference.low, difference.high) == pytest.approx((3.0, 2.1, 3.9))


def test_better_by_no_more_than_chance_is_no_win() -> None:
    assert figures([5.0, 2.0], [[4.0, 2.0], [6.0, 2.0]]).beats("a", "random")
    assert not figures([5.0, 2.0], [[1.0, 2.0], [9.0, 2.0]]).beats("a", "random")


def test_a_qini_of_traffic_that_was_not_randomised_is_refused() -> None:
    uplift, booked, with_offer = mailing(100, seed=8)

    with pytest.raises(BadInput, match="not given at random"):
        compare_rankings({"truth": uplift}, booked, with_offer, np.random.default_rng(9), randomised=False)
