"""More budget or a looser cap is never worse: what a frontier says is put in that order, by no more than it was off by."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.allocate.order import in_order
from acquire.outlook import FrontierPoint


def point(allowed: float, cap: float, objective: float) -> FrontierPoint:
    return FrontierPoint(
        allowed=allowed,
        max_bad_rate=cap,
        met=not math.isnan(objective),
        objective=objective,
        contacts=10 * objective,
        spend=allowed,
        booked=2 * objective,
        incremental=objective,
        value=5 * objective,
        worth_of_allowed=1 / allowed,
        gap=1e-7,
    )


def grid(*rows: tuple[float, ...]) -> list[FrontierPoint]:
    """Budgets 1, 2 ... along each row, caps .1, .2 ... from row to row."""
    return [
        point(budget, cap / 10, objective) for cap, row in enumerate(rows, 1) for budget, objective in enumerate(row, 1)
    ]


def objectives(points: list[FrontierPoint]) -> list[float]:
    return [one.objective for one in points]


def test_a_point_that_is_worse_than_a_tighter_one_takes_over_its_plan() -> None:
    found = in_order(grid((5.0, 4.9), (4.8, 7.0)), ascending=True, sign=1.0, sampled=False)
    assert objectives(found) == [5.0, 5.0, 5.0, 7.0]
    # The plan is the tighter one's, what it spends included; the limits, their worth and the gap are the point's own.
    taken = found[1]
    assert (taken.allowed, taken.contacts, taken.spend, taken.worth_of_allowed) == (2, 50, 1, 1 / 2)


def test_bounds_of_a_sample_are_lowered_to_those_of_looser_points() -> None:
    found = in_order(grid((5.0, 4.9), (4.8, 7.0)), ascending=True, sign=1.0, sampled=True)
    assert objectives(found) == [4.8, 4.9, 4.8, 7.0]
    lowered = found[0]
    assert lowered.value == pytest.approx(5 * 4.8)
    assert lowered.contacts == pytest.approx(10 * 4.8)


def test_what_a_tight_limit_allows_a_loose_one_allows_too() -> None:
    for sampled in (False, True):
        found = in_order(grid((5.0, math.nan), (math.nan, 7.0)), ascending=True, sign=1.0, sampled=sampled)
        assert objectives(found) == [5.0, 5.0, 5.0, 7.0]
        assert all(one.met for one in found)
    found = in_order(grid((math.nan, 4.0)), ascending=True, sign=1.0, sampled=False)
    assert not found[0].met


def test_where_spend_is_minimised_more_accounts_never_cost_less() -> None:
    # 1, 2 and 3 accounts are asked for: three cost 8, so that two need not cost 9.
    assert objectives(in_order(grid((3.0, 9.0, 8.0)), ascending=False, sign=-1.0, sampled=False)) == [3.0, 8.0, 8.0]
    # As bounds, which no plan is below: what three cost at least is no less than what two do.
    assert objectives(in_order(grid((3.0, 9.0, 8.0)), ascending=False, sign=-1.0, sampled=True)) == [3.0, 9.0, 9.0]


def test_where_bad_rates_are_not_known_there_is_one_curve() -> None:
    curve = [replace(one, max_bad_rate=math.nan) for one in grid((2.0, 1.0, 3.0))]
    found = in_order(reversed(curve), ascending=True, sign=1.0, sampled=False)
    assert objectives(found) == [2.0, 2.0, 3.0]
    assert [one.allowed for one in found] == [1, 2, 3]
    assert all(math.isnan(one.max_bad_rate) for one in found)


figures = st.lists(
    st.lists(st.one_of(st.just(math.nan), st.floats(1, 100)), min_size=3, max_size=3), min_size=2, max_size=4
)


@given(rows=figures, sampled=st.booleans())
def test_no_point_is_better_than_a_looser_one(rows: list[list[float]], sampled: bool) -> None:
    points = grid(*(tuple(row) for row in rows))
    found = in_order(points, ascending=True, sign=1.0, sampled=sampled)
    for one in found:
        looser = [p for p in found if p.allowed >= one.allowed and p.max_bad_rate >= one.max_bad_rate]
        assert not one.met or all(p.met and p.objective >= one.objective for p in looser)
    assert [(p.max_bad_rate, p.allowed) for p in found] == [(p.max_bad_rate, p.allowed) for p in points]
