"""What the other partners say, read off one sorted row: the same as leaving each partner out by hand."""

import tracemalloc
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from acquire.monitor.partner_fraud import find_alarms
from acquire.monitor.partner_mix import read_grown
from acquire.monitor.partner_others import look_at, see_others
from acquire.monitor.partner_reference import Sums, common_move, compare_peers, read_calendar
from acquire.partner_weeks import PartnerWeeks, Tally

LEVELS = st.lists(st.one_of(st.none(), st.integers(-30, 30)), min_size=1, max_size=25)


def past_of(seen: np.ndarray, of: np.ndarray) -> Sums:
    return Sums(seen=seen, of=of, of_w2=of, of2_w2=of**2)


def by_hand(others: np.ndarray) -> tuple[float, float]:
    """Trimmed mean and spread of some levels, a tenth on either side drawn in (Wilcox 2017, section 3.3)."""
    ordered = np.sort(others)
    cut = len(ordered) // 10
    drawn_in = np.clip(ordered, ordered[cut], ordered[-1 - cut])
    return float(drawn_in.mean()), max(float(drawn_in.std(ddof=1)) / 0.824, 0.2)


@settings(max_examples=60, deadline=None)
@given(LEVELS)
def test_the_others_are_everybody_but_oneself(levels: list[int | None]) -> None:
    values = np.array([[np.nan if level is None else level for level in levels]])
    others = see_others(values)
    for partner in range(len(levels)):
        mine = np.sort([level for other, level in enumerate(levels) if other != partner and level is not None])
        assert others.n[0, partner] == len(mine)
        for number in range(len(mine) + 1):
            told = others.value(np.full(others.row.shape, number))[0, partner]
            np.testing.assert_equal(told, mine[number] if number < len(mine) else np.nan)
            asked = np.minimum(number, others.n)
            assert others.sum_of_first(asked, power=2)[0, partner] == pytest.approx((mine[:number] ** 2.0).sum())
        np.testing.assert_equal(others.median()[0, partner], np.median(mine) if len(mine) else np.nan)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0, 3, 400, 5_000])), min_size=4, max_size=40))
def test_peers_are_what_leaving_each_partner_out_by_hand_gives(counts: list[tuple[int, int]]) -> None:
    of = np.array([[float(leads) for _, leads in counts]])
    seen = np.minimum(np.array([[float(shown) for shown, _ in counts]]), of)
    pooled = seen.sum() / max(of.sum(), 1.0)
    informative = (of * pooled * (1 - pooled) >= 5)[0]
    levels = logit((seen + 0.5) / (of + 1))[0]
    peers = compare_peers(past_of(seen, of))
    for partner in range(len(counts)):
        others = levels[informative & (np.arange(len(counts)) != partner)]
        assert peers.n[0, partner] == len(others)
        assert np.isfinite(peers.log_odds[0, partner]) == (len(others) >= 3)
        if len(others) >= 3:
            centre, spread = by_hand(others)
            assert peers.log_odds[0, partner] == pytest.approx(centre, abs=1e-9)
            assert peers.spread[0, partner] == pytest.approx(spread, abs=1e-9)


def test_two_frauds_among_twenty_move_neither_the_centre_nor_the_spread_of_the_others() -> None:
    of = np.full((1, 22), 1_000.0)
    seen = np.array([[100.0] * 10 + [120.0] * 10 + [900.0] * 2])
    with_frauds = compare_peers(past_of(seen, of))
    assert with_frauds.log_odds[0, 0] < logit(0.125)
    assert with_frauds.spread[0, 0] == 0.2


def test_a_move_of_most_excuses_and_one_of_four_partners_does_not() -> None:
    five = np.array([[0.4, 0.5, 0.6, -2.0, np.nan, 3.0]])
    from_outside = look_at(five, np.array([0]), np.array([-1]))
    assert common_move(from_outside).tolist() == [0.5]
    assert common_move(look_at(five, np.array([0, 0]), np.array([5, 4]))).tolist() == [
        0.0,
        0.5,
    ]  # four others, then five
    assert common_move(look_at(-np.abs(five), np.array([0]), np.array([-1]))).tolist() == [0.0]


def test_what_excuses_a_partners_grown_classes_is_the_median_of_the_other_large_partners() -> None:
    rng = np.random.default_rng(5)
    counts = rng.integers(0, 60, (9, 12, 4)).astype(float)
    counts[7:] = 0.0
    counts[7, :, 0] = 1.0  # hardly any leads: excused by the others, and excuses nobody
    calendar = read_calendar(np.zeros(9), 11)
    grown = read_grown(counts, 11, calendar)
    past = np.einsum("ptb,pt->pb", counts[:, :11], calendar.past)
    for partner in range(9):
        inside = grown.classes[partner]
        departures = [
            _log_odds(counts[other, 11], inside) - _log_odds(past[other], inside)
            for other in range(7)
            if other != partner
        ]
        assert grown.moved[partner] == pytest.approx(max(float(np.median(departures)), 0.0), abs=1e-12)


def _log_odds(counts: np.ndarray, inside: np.ndarray) -> float:
    return float(logit((counts[inside].sum() + 0.5) / (counts.sum() + 1)))


def test_thousands_of_partners_with_a_lead_each_take_memory_for_each_and_not_for_each_pair() -> None:
    n = 3_000
    leads = np.zeros((n, 6))
    leads[np.arange(n), np.arange(n) % 6] = 1.0
    weeks = PartnerWeeks(
        partners=tuple(f"partner {number}" for number in range(n)),
        mondays=tuple(date(2026, 1, 5) + timedelta(weeks=week) for week in range(6)),
        leads=leads,
        clients=Tally(seen=np.zeros_like(leads), of=leads),
    )
    tracemalloc.start()
    assert find_alarms(weeks) == ()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n * n * 8  # one table of all pairs of partners
