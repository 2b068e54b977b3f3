"""What each limit does to the plan: its price, how far that price can be trusted, and what moving it by 5 % really changes.

A shadow price is the slope of the best plan's objective at the limit as written. The slope changes as soon as other people become
marginal, so beside it stand two things that are found by solving again (leads.py), each from the prices of the plan:

    the effect    the objective at the limit moved by 5 %, less the objective now
    the range     figures of the limit between which  shadow price x change  is right to within a tenth

Plans are compared in shares of contacts, so that no rounding to whole people stands between them. A limit that leaves room does
nothing until it is moved past what the plan uses. Up to MOST_COLUMNS the effects are exact; beyond, a weighted sample of the
people is solved and its prices are applied to everybody (frontier.py says why that is near). Channels with a switch are used as
they are in the plan.

References:
    Gal (1995), Postoptimal Analyses, Parametric Programming, and Related Topics, ch. 3 (ranges of prices).
    Geoffrion (1974), Lagrangean Relaxation for Integer Programming, section 3 (prices of a part bound the whole).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.leads import Relaxed, solve_shares
from acquire.allocate.linear import LinearRows
from acquire.allocate.options import Floats, Ints
from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.posed import Posed, Question, pose
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.domain import LimitUse, Objective
from acquire.explained import FURTHER, STEP, LimitEffect, LimitMove

TRUST = 0.10  # of the true change: how wrong price x change may be
MOST_COLUMNS = 100_000


def effects_of_limits(question: Question, contacts: Floats, uses: Sequence[LimitUse]) -> tuple[LimitEffect, ...]:
    """What each limit of the plan file does, in the order of `uses`.

    Args:
        question: What the plan was asked.
        contacts: The plan: contacts of each option, shape (n,).
        uses: How each limit ended up in the plan, with its shadow price.
    """
    if not contacts.any():
        return ()
    lever = _Lever(question, contacts)
    return tuple(lever.effect(use) for use in uses if lever.knows(use.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The best plan at some figures: its gain, and its totals."""

    gain: float
    totals: PlanTotals


class _Lever:
    """The problem in which one limit after the other is moved."""

    def __init__(self, question: Question, contacts: Floats) -> None:
        self._question = question
        self._posed = pose(question, contacts)
        self._part, self._at = part_of(self._posed, MOST_COLUMNS)
        self._places = {row.name: i for i, row in enumerate(self._part.rows) if row.stated}
        self._now = solve_shares(self._part, Tangents(), question.seed)
        self._plan = self._measured(self._posed.problem, self._now)

    def knows(self, name: str) -> bool:
        """Whether the limit is a row: one about a channel that is not used is none."""
        return name in self._places

    def effect(self, use: LimitUse) -> LimitEffect:
        """What one limit does."""
        i = self._places[use.name]
        row = self._part.rows[i]
        price = _as_reported(use.shadow_price, self._question.objective)
        moves = {step: self._moved(i, step, price, use.used) for step in (-STEP, STEP)}
        tighter, looser = (moves[STEP], moves[-STEP]) if row.at_least else (moves[-STEP], moves[STEP])
        ends = {sign: self._end(i, sign, price, use.used, moves[sign * STEP]) for sign in (-1, 1)}
        return LimitEffect(
            name=row.name,
            unit=row.unit,
            allowed=row.allowed,
            binding=use.binding,
            shadow_price=use.shadow_price,
            holds_from=ends[-1],
            holds_to=ends[1],
            tighter=tighter,
            looser=looser,
        )

    def _moved(self, i: int, step: float, price: float, used: float) -> LimitMove:
        """The limit moved by a share of itself. Where it left room that it still leaves, nothing changes."""
        row = self._part.rows[i]
        figure = _figure(row, step)
        loosens = (figure < row.allowed) == row.at_least
        if price == 0 and (loosens or (used >= figure if row.at_least else used <= figure)):
            return LimitMove(
                allowed=figure, met=True, objective=0.0, spend=0.0, incremental=0.0, value=0.0, bad_rate=0.0
            )
        plan = self._solved(i, figure)
        if plan is None:
            return LimitMove(allowed=figure, met=False)
        gain = plan.gain - self._plan.gain
        # Whoever keeps the tighter limit keeps the looser one: what says otherwise is rounding.
        gain = max(gain, 0.0) if loosens else min(gain, 0.0)
        new, old = plan.totals, self._plan.totals
        return LimitMove(
            allowed=figure,
            met=True,
            objective=_as_reported(gain, self._question.objective),
            spend=new.spend - old.spend,
            incremental=new.incremental - old.incremental,
            value=new.value - old.value,
            bad_rate=_bad_rate(new) - _bad_rate(old),
        )

    def _end(self, i: int, sign: int, price: float, used: float, near: LimitMove) -> float:
        """How far to one side price x change is right to within a tenth; NaN where no end is met."""
        row = self._part.rows[i]
        if price == 0:
            return used if (sign > 0) == row.at_least else math.nan
        wrong_near, wrong_far = self._wrong(row, price, near), math.nan
        if wrong_near <= TRUST and _figure(row, sign * FURTHER) != near.allowed:
            far = self._moved(i, sign * FURTHER, price, used)
            wrong_far = self._wrong(row, price, far)
            if wrong_far <= TRUST:
                return math.nan
            return _between(near.allowed, wrong_near, far.allowed, wrong_far)
        return math.nan if wrong_near <= TRUST else _between(row.allowed, 0.0, near.allowed, wrong_near)

    def _wrong(self, row: Row, price: float, move: LimitMove) -> float:
        """By what share of itself the true change differs from price x change; infinite where there is no plan."""
        change = price * (move.allowed - row.allowed)
        if not move.met:
            return math.inf
        if change == 0:
            return 0.0
        return abs(_as_reported(move.objective, self._question.objective) - change) / abs(change)

    def _solved(self, i: int, figure: float) -> _Plan | None:
        relaxed = solve_shares(_with_figure(self._part, i, figure), Tangents(), self._question.seed)
        return None if relaxed.broken else self._measured(_with_figure(self._posed.problem, i, figure), relaxed)

    def _measured(self, problem: Problem, relaxed: Relaxed) -> _Plan:
        """Gain and totals; those of a sample as everybody's are at its prices."""
        sampled = len(self._at) < len(problem)
        bound = LinearRows.of(problem, relaxed.rows.cuts).bound(problem, relaxed.prices) if sampled else 0.0
        x = np.zeros(len(problem))
        x[self._at] = relaxed.x
        question = self._question
        return _Plan(
            gain=bound if sampled else relaxed.objective,
            totals=total(question.options, self._posed.contacts(x), question.channels),
        )


def part_of(posed: Posed, most_columns: int) -> tuple[Problem, Ints]:
    """The problem itself, or that of so many people that it is small; and the positions of its columns."""
    problem = posed.problem
    if len(problem) <= most_columns:
        return problem, np.arange(len(problem))
    n_people = len(problem.people) - problem.n_extra
    n_sampled = int(n_people * most_columns / len(problem))
    people = np.sort(np.random.default_rng(posed.question.seed).permutation(n_people)[:n_sampled])
    return problem.sample(people, n_people / n_sampled)


def _with_figure(problem: Problem, i: int, figure: float) -> Problem:
    return replace(problem, rows=(*problem.rows[:i], problem.rows[i].at(figure), *problem.rows[i + 1 :]))


def _figure(row: Row, step: float) -> float:
    """The limit as written moved by a share of itself; a rate stays within 1."""
    moved = row.allowed * (1 + step)
    return min(moved, 1.0) if row.unit == "rate" else moved


def _between(near: float, wrong_near: float, far: float, wrong_far: float) -> float:
    """Where the error passes what is trusted, on a straight line; right before a figure without a plan."""
    if math.isinf(wrong_far):
        return near
    return near + (far - near) * (TRUST - wrong_near) / (wrong_far - wrong_near)


def _bad_rate(totals: PlanTotals) -> float:
    return totals.bad / totals.booked if totals.booked > 0 else math.nan


def _as_reported(gain: float, objective: Objective) -> float:
    """A gain, or its change, as the certificate reports it: where spend is minimised, as spend."""
    return -gain if objective.goal == "spend" else gain
