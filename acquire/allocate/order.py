"""The order that the points of a frontier must have: more budget, or a looser cap, is never worse.

A plan within tight limits is a plan within looser ones, so a point that was solved exactly and is worse than a tighter one takes
over that one's plan. What was solved on a sample is a bound, which the bound of any looser point bounds too, so it is lowered to
the least of them. Neither moves a point by more than what it was off by.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from acquire.outlook import FrontierPoint

_TOTALS = ("contacts", "spend", "booked", "incremental", "value")


def in_order(points: Iterable[FrontierPoint], *, ascending: bool, sign: float, sampled: bool) -> list[FrontierPoint]:
    """Points of a full grid, none better than a looser one.

    Args:
        points: One per figure of the limit along the curves and cap, in any order.
        ascending: Whether a higher figure of that limit is looser, as of a budget.
        sign: +1 where a higher objective is better, -1 where a lower one is.
        sampled: Whether the objectives are bounds from a sample of the people.

    Returns:
        The points by cap, then along the curve, ascending.
    """
    grid = {(_cap(point), point.allowed): point for point in points}
    caps = sorted({cap for cap, _ in grid})
    along = sorted({allowed for _, allowed in grid}, reverse=not ascending)
    tightest_first = [(cap, allowed) for cap in caps for allowed in along]

    def settle(places: Iterable[tuple[float, float]], step: int, settled: Callable[..., FrontierPoint]) -> None:
        for cap, allowed in places:
            for beside in ((_before(caps, cap, step), allowed), (cap, _before(along, allowed, step))):
                if beside in grid:
                    grid[cap, allowed] = settled(grid[cap, allowed], grid[beside], sign)

    if sampled:
        settle(tightest_first, 1, _met_as)
        settle(reversed(tightest_first), -1, _no_better_than)
    else:
        settle(tightest_first, 1, _no_worse_than)
    return [grid[place] for place in sorted(grid)]


def _cap(point: FrontierPoint) -> float:
    return math.inf if math.isnan(point.max_bad_rate) else point.max_bad_rate


def _before(figures: list[float], figure: float, step: int) -> float:
    place = figures.index(figure) - step
    return figures[place] if 0 <= place < len(figures) else math.nan


def _met_as(point: FrontierPoint, tighter: FrontierPoint, sign: float) -> FrontierPoint:
    """The point, with the plan of the tighter one where it has none."""
    return point if point.met or not tighter.met else _no_worse_than(point, tighter, sign)


def _no_worse_than(point: FrontierPoint, tighter: FrontierPoint, sign: float) -> FrontierPoint:
    """The point, with the plan of the tighter one where that is better."""
    if not tighter.met or (point.met and sign * point.objective >= sign * tighter.objective):
        return point
    return replace(
        tighter,
        allowed=point.allowed,
        max_bad_rate=point.max_bad_rate,
        worth_of_allowed=point.worth_of_allowed,
        worth_of_bad_rate=point.worth_of_bad_rate,
        gap=point.gap if point.met else tighter.gap,
    )


def _no_better_than(point: FrontierPoint, looser: FrontierPoint, sign: float) -> FrontierPoint:
    """The point, with its totals scaled down to the bound of the looser one where that is lower."""
    if not (point.met and looser.met) or sign * point.objective <= sign * looser.objective:
        return point
    share = looser.objective / point.objective if point.objective else 1.0
    scaled = {name: share * getattr(point, name) for name in _TOTALS}
    return replace(point, objective=looser.objective, **scaled)
