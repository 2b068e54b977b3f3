"""The frontier: what more budget, or more risk, would buy; and where the plan in force stands on it.

Each point is the best plan with shares of contacts at one budget and one cap on the bad rate, all other limits as they are. One
live model (live.py) gives all of them, each from where the one before stands. Up to MOST_COLUMNS the points are exact. Beyond, a
weighted sample of the people is solved, and its prices are applied to everybody: no plan within the limits can gain more than the
bound at any prices, and near the best prices the bound is flat, so that it misses the best plan by the square of what the sample
misses the prices by. What remains of that error never puts a point below a tighter one (order.py).

Channels that cost something once they are used are used as in the plan in force, or all of them: the better of the two.

References:
    Markowitz (1952), Portfolio Selection (the efficient frontier).
    Geoffrion (1974), Lagrangean Relaxation for Integer Programming, section 3 (prices of a part bound the whole).
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from acquire.allocate.explain import shadow_price
from acquire.allocate.leads import Relaxed
from acquire.allocate.linear import LinearRows
from acquire.allocate.live import LiveModel
from acquire.allocate.options import Floats, Ints
from acquire.allocate.order import in_order
from acquire.allocate.plan_totals import total
from acquire.allocate.posed import Posed, Question, pose
from acquire.allocate.problem import Problem
from acquire.outlook import FrontierPoint

BUDGET, ACCOUNTS, BAD_RATE = "budget", "min_incremental_accounts", "max_bad_rate"
MOST_COLUMNS = 20_000
_COUNTED = {"incremental_value": "value", "incremental_accounts": "incremental", "spend": "spend"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The figures at which limits are tried.

    Attributes:
        limit: The limit along the curves: "budget", or "min_incremental_accounts" where spend is minimised.
        allowed: Its figures, ascending.
        bad_rates: Caps on the bad rate, one curve each, ascending; none where bad rates are not known.
    """

    limit: str
    allowed: tuple[float, ...]
    bad_rates: tuple[float, ...] = ()

    @property
    def loosest(self) -> float:
        """The figure of the limit along the curve that leaves most room."""
        return self.allowed[0 if self.limit == ACCOUNTS else -1]

    @property
    def caps(self) -> tuple[float, ...]:
        """The caps; one that is undefined where there are none."""
        return self.bad_rates or (math.nan,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setpoint:
    """Figures of the two limits; an undefined cap is none."""

    allowed: float
    bad_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """All points, and the plan in force among them.

    Attributes:
        limit: The limit along the curves.
        here: The plan in force, in whole contacts, at its own limits.
        points: By cap on the bad rate, then along the curve, ascending.
        sampled: Whether the points are from a weighted sample of the people.
    """

    limit: str
    here: FrontierPoint
    points: tuple[FrontierPoint, ...]
    sampled: bool


def trace_frontier(question: Question, axes: Axes, contacts: Floats) -> Frontier:
    """Solve every point of the axes.

    Args:
        question: What the plan was asked; it limits whatever the axes move.
        axes: Where to look.
        contacts: The plan in force: contacts of each option, shape (n,).
    """
    as_it_is, all_on = pose(question, contacts), pose(question)
    points = _trace(as_it_is, axes)
    sign = -1.0 if question.objective.goal == "spend" else 1.0
    if len(all_on.problem) > len(as_it_is.problem):
        both = zip(points, _trace(all_on, axes), strict=True)
        points = [max(pair, key=lambda point: (point.met, sign * point.objective)) for pair in both]
    sampled = len(as_it_is.problem) > MOST_COLUMNS
    points = in_order(
        points,
        ascending=axes.limit == BUDGET,
        sign=sign,
        sampled=sampled,
    )
    return Frontier(limit=axes.limit, here=_here(as_it_is, axes.limit, contacts), points=tuple(points), sampled=sampled)


def at_setpoint(problem: Problem, limit: str, setpoint: Setpoint) -> Problem:
    """A problem with the two limits at other figures."""
    figures = {limit: setpoint.allowed, BAD_RATE: setpoint.bad_rate}
    rows = tuple(
        row if math.isnan(figures.get(row.name, math.nan)) else row.at(figures[row.name]) for row in problem.rows
    )
    return replace(problem, rows=rows)


def _trace(posed: Posed, axes: Axes) -> list[FrontierPoint]:
    """Walk the grid from the loosest limits, up and down in turn, so that each point is near the one before."""
    part, at = _part(posed)
    # Written at the tightest cap: at a cap of 1 there would be no confidence to write.
    first = Setpoint(allowed=axes.loosest, bad_rate=min(axes.caps))
    live = LiveModel(at_setpoint(part, axes.limit, first), frozenset({axes.limit, BAD_RATE}))
    walk = list(axes.allowed) if axes.limit == ACCOUNTS else list(reversed(axes.allowed))
    levels: dict[float, dict[str, float]] = {}
    points = []
    for cap in sorted(axes.caps, reverse=True):
        for allowed in walk:
            setpoint = Setpoint(allowed=allowed, bad_rate=cap)
            # The same budget under the cap before is the best guess at how much chance will weigh.
            relaxed = live.solve(at_setpoint(part, axes.limit, setpoint), levels.get(allowed))
            levels[allowed] = live.levels
            points.append(_point(posed, axes.limit, setpoint, relaxed, at))
        walk.reverse()
    return points


def _part(posed: Posed) -> tuple[Problem, Ints]:
    """The problem itself, or that of so many people that it is small; and the positions of its columns."""
    problem = posed.problem
    if len(problem) <= MOST_COLUMNS:
        return problem, np.arange(len(problem))
    n_people = len(problem.people) - problem.n_extra
    n_sampled = int(n_people * MOST_COLUMNS / len(problem))
    people = np.sort(np.random.default_rng(posed.question.seed).permutation(n_people)[:n_sampled])
    return problem.sample(people, n_people / n_sampled)


def _point(posed: Posed, limit: str, setpoint: Setpoint, relaxed: Relaxed, at: Ints) -> FrontierPoint:
    if relaxed.broken:
        return FrontierPoint(allowed=setpoint.allowed, max_bad_rate=setpoint.bad_rate, met=False, objective=math.nan)
    problem = at_setpoint(posed.problem, limit, setpoint)
    sampled = len(at) < len(problem)
    bound = _bound_of_everybody(problem, relaxed) if sampled else relaxed.bound
    x = np.zeros(len(problem))
    x[at] = relaxed.x
    goal = posed.question.objective.goal
    objective = _as_reported(bound if sampled else relaxed.objective, goal)
    # Of a sample the figure that counts is the bound itself; the other totals are those of its plan, which keeps every limit.
    counted: dict[str, Any] = {_COUNTED[goal]: objective}
    return replace(
        _figures(posed, problem, x, setpoint),
        **counted,
        objective=objective,
        gap=abs(bound - relaxed.objective) / max(abs(bound), abs(relaxed.objective), 1e-12),
        worth_of_allowed=_as_reported(_worth(problem, relaxed, x, limit), goal),
        worth_of_bad_rate=_as_reported(_worth(problem, relaxed, x, BAD_RATE), goal),
    )


def _bound_of_everybody(problem: Problem, relaxed: Relaxed) -> float:
    """What no plan of all people can gain at the prices of a sample; its tangents speak of totals, and serve everybody."""
    return LinearRows.of(problem, relaxed.rows.cuts).bound(problem, relaxed.prices)


def _here(posed: Posed, limit: str, contacts: Floats) -> FrontierPoint:
    limits = {row.name: row.allowed for row in posed.problem.rows}
    setpoint = Setpoint(allowed=limits.get(limit, math.nan), bad_rate=limits.get(BAD_RATE, math.nan))
    point = _figures(posed, posed.problem, posed.columns(contacts), setpoint)
    goal = posed.question.objective.goal
    return replace(point, objective=getattr(point, _COUNTED[goal]))


def _figures(posed: Posed, problem: Problem, x: Floats, setpoint: Setpoint) -> FrontierPoint:
    """The totals of a plan, without what only its prices tell."""
    question = posed.question
    totals = total(question.options, posed.contacts(x), question.channels)
    return FrontierPoint(
        allowed=setpoint.allowed,
        max_bad_rate=setpoint.bad_rate,
        met=True,
        objective=math.nan,
        contacts=totals.contacts,
        spend=totals.spend,
        booked=totals.booked,
        incremental=totals.incremental,
        value=totals.value,
        bad_rate=_ratio(totals.bad, totals.booked),
        bad_rate_held=_held(problem, x),
        cac=_ratio(totals.spend, totals.booked),
        incremental_cac=_ratio(totals.spend, totals.incremental),
    )


def _held(problem: Problem, x: Floats) -> float:
    """The bad rate that the solver held: the stated quantile where there is a confidence."""
    row = next((row for row in problem.rows if row.name == BAD_RATE), None)
    if row is None:
        return math.nan
    return row.used(x) if row.spread is None else row.spread.stated_quantile(x)


def _worth(problem: Problem, relaxed: Relaxed, x: Floats, name: str) -> float:
    at = next((i for i, row in enumerate(problem.rows) if row.name == name), None)
    return math.nan if at is None else shadow_price(problem.rows[at], relaxed, at, x)


def _as_reported(gain: float, goal: str) -> float:
    """A gain, or its change, as the certificate reports it: where spend is minimised, as spend."""
    return -gain if goal == "spend" else gain


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan
