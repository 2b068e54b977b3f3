"""Intervals by reweighting rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.statistics.bootstrap import bootstrap_mean, bootstrap_means, interval


@given(money=st.floats(-1e9, 1e9), n=st.integers(1, 50))
def test_the_mean_of_a_constant_is_the_constant_without_an_interval(money: float, n: int) -> None:
    estimate = bootstrap_mean(np.full(n, money), np.random.default_rng(1), 20)

    assert (estimate.expected, estimate.low, estimate.high) == pytest.approx((money, money, money), rel=1e-12)


def test_the_interval_holds_the_truth_nine_times_in_ten() -> None:
    rng = np.random.default_rng(3)
    intervals = [bootstrap_mean(rng.normal(5.0, 2.0, 80), rng) for _ in range(300)]

    assert 0.85 <= np.mean([estimate.low <= 5.0 <= estimate.high for estimate in intervals]) <= 0.94


def test_replicates_spread_like_the_standard_error() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(0.0, 3.0, (900, 1))

    replicates = bootstrap_means(scores, rng, 1_000)

    assert replicates.std() == pytest.approx(3.0 / 30, rel=0.1)
    assert replicates.mean() == pytest.approx(scores.mean(), abs=0.02)


def test_a_small_difference_on_a_large_amount_is_not_lost() -> None:
    rng = np.random.default_rng(5)
    scores = 1e9 + rng.normal(0.0, 1.0, (400, 1))

    assert bootstrap_means(scores, rng, 500).std() == pytest.approx(1 / 20, rel=0.15)


def test_columns_are_reweighted_together_so_that_their_difference_keeps_its_correlation() -> None:
    rng = np.random.default_rng(6)
    booked = rng.random(200)

    means = bootstrap_means(np.column_stack([booked, booked + 0.25]), rng, 130)

    assert means.shape == (130, 2)
    assert means[:, 1] - means[:, 0] == pytest.approx(np.full(130, 0.25), abs=1e-6)


def test_the_same_seed_gives_the_same_interval() -> None:
    scores = np.random.default_rng(7).random(50)

    assert bootstrap_mean(scores, np.random.default_rng(8)) == bootstrap_mean(scores, np.random.default_rng(8))


def test_an_undefined_replicate_leaves_the_interval_undefined() -> None:
    estimate = interval(0.5, np.array([0.4, np.nan, 0.6]))

    assert estimate.expected == 0.5
    assert np.isnan([estimate.low, estimate.high]).all()
