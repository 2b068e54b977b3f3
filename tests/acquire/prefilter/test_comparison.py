"""Champion and challenger on the same rows: what one is better by, and when that is more than chance."""

import numpy as np
import pytest
from scipy.special import expit

from acquire.domain import Estimate
from acquire.errors import BadInput
from acquire.prefilter.comparison import Comparison, RankingFigures, compare
from acquire.prefilter.quality import auc

FIGURES = RankingFigures(auc=0.7, log_loss=0.3, brier=0.1)


def test_the_interval_is_that_of_the_difference_on_the_same_rows() -> None:
    rng = np.random.default_rng(1)
    truth = expit(rng.normal(size=4000) * 1.5 - 2)
    bad = (rng.random(4000) < truth).astype(float)
    noisy = expit(np.log(truth / (1 - truth)) + rng.normal(size=4000) * 0.05)
    comparison = compare(noisy, truth, bad, rng)
    assert comparison.challenger.auc == pytest.approx(auc(truth, bad))
    assert comparison.auc.expected == pytest.approx(auc(truth, bad) - auc(noisy, bad))
    # Each AUC alone is known to about .01; their difference to far less.
    assert comparison.auc.high - comparison.auc.low < 0.004
    assert comparison.auc.low < comparison.auc.expected < comparison.auc.high
    assert (comparison.n, comparison.n_bad) == (4000, bad.sum())


def test_the_three_figures_by_pencil() -> None:
    # Of bad and good pairs: .6 against .5 is right, .6 against .2 is right, .2 against .5 is wrong, .2 against .2 is half right.
    p, bad = np.array([0.6, 0.2, 0.5, 0.2]), np.array([1.0, 1.0, 0.0, 0.0])
    told = compare(p, p, bad, np.random.default_rng(1)).challenger
    assert told.auc == pytest.approx(2.5 / 4)
    assert told.brier == pytest.approx((0.4**2 + 0.8**2 + 0.5**2 + 0.2**2) / 4)
    assert told.log_loss == pytest.approx(-np.log([0.6, 0.2, 0.5, 0.8]).mean())


def test_a_weight_of_two_is_the_row_twice() -> None:
    rng = np.random.default_rng(2)
    p, q, bad = rng.random(60), rng.random(60), np.tile([0.0, 1.0, 0.0], 20)
    weighted = compare(p, q, bad, rng, weight=np.tile([1.0, 2.0], 30))
    rows = np.repeat(np.arange(60), np.tile([1, 2], 30))
    repeated = compare(p[rows], q[rows], bad[rows], rng)
    for one, other in ((weighted.champion, repeated.champion), (weighted.challenger, repeated.challenger)):
        assert one.auc == pytest.approx(other.auc)
        assert one.log_loss == pytest.approx(other.log_loss)
        assert one.brier == pytest.approx(other.brier)
    assert (weighted.n, weighted.n_bad, repeated.n_bad) == (60, 30, 30)


def test_rows_that_weigh_nothing_decide_nothing() -> None:
    # The challenger knows those that count; the champion those that do not, twice as many.
    rng = np.random.default_rng(4)
    truth = rng.random(1_500)
    bad = (rng.random(1_500) < truth).astype(float)
    counts = np.arange(1_500) < 500
    knows, guesses = np.clip(truth, 0.05, 0.95), np.full(1_500, 0.5)
    challenger, champion = np.where(counts, knows, guesses), np.where(counts, guesses, knows)
    told = compare(champion, challenger, bad, rng, weight=counts.astype(float))
    assert told.is_better
    assert told.auc.low < told.auc.expected < told.auc.high
    assert (told.n, told.n_bad) == (500, bad[:500].sum())


def test_equal_models_differ_by_nothing() -> None:
    rng = np.random.default_rng(3)
    p, bad = rng.random(100), np.tile([0.0, 1.0], 50)
    comparison = compare(p, p, bad, rng)
    assert (comparison.auc.low, comparison.auc.high) == (0, 0)
    assert not comparison.is_better
    assert not comparison.is_worse


def told(auc: tuple[float, float], log_loss: tuple[float, float]) -> Comparison:
    """A comparison whose differences lie between the ends given."""
    between = [Estimate(expected=(low + high) / 2, low=low, high=high) for low, high in (auc, log_loss, (-1, 1))]
    return Comparison(
        n=100, n_bad=20.0, champion=FIGURES, challenger=FIGURES, auc=between[0], log_loss=between[1], brier=between[2]
    )


@pytest.mark.parametrize(
    ("auc", "log_loss", "verdict"),
    [
        ((0.01, 0.02), (-0.02, -0.01), "better"),
        ((0.01, 0.02), (-0.02, 0.01), "no difference"),  # ranks better, but its chances may be no truer
        ((-0.01, 0.02), (-0.02, -0.01), "no difference"),
        ((-0.02, -0.01), (-0.02, 0.01), "is worse"),
        ((-0.01, 0.02), (0.01, 0.02), "is worse"),
        ((0.01, 0.02), (0.01, 0.02), "is worse"),  # ranks better, and its chances are not true
    ],
)
def test_a_challenger_has_to_rank_better_and_to_say_truer_chances(
    auc: tuple[float, float], log_loss: tuple[float, float], verdict: str
) -> None:
    comparison = told(auc, log_loss)
    assert verdict in comparison.verdict().lower()
    assert comparison.is_better == (verdict == "better")
    assert comparison.is_worse == (verdict == "is worse")
    assert ("may be promoted" in comparison.verdict()) == comparison.is_better


def test_a_comparison_needs_both_outcomes() -> None:
    p = np.full(10, 0.2)
    with pytest.raises(BadInput, match="of 10 held-out bookings 0 are bad"):
        compare(p, p, np.zeros(10), np.random.default_rng(0))
