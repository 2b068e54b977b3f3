"""From the plan in force to the plan, step by step: each step frees one thing and is solved anew.

    today       as many contacts per channel and offer as today, people taken as they come
    people      at most as many, but the best people for each
    offers      at most as many per channel, with whichever offer is best
    channels    for the same money, in whichever channel
    budget      for the plan's own budget
    plan        within all the limits of the plan, in whole contacts

Where spend is minimised, all steps but the last two bring as many extra accounts as today, and the money is free to fall; the
budget is then the number of extra accounts that the plan file asks for. The steps between are solved with shares of contacts, and
where people are many on a sample of them; both ends are always counted on everybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.current import Today, of_cell, sizes
from acquire.allocate.figures import Figure
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.problem import People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, CurrentPlan, Limits, Objective

MOST_PEOPLE = 8_000  # beyond that, a sample: the steps need no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Where one step of the waterfall arrives."""

    step: str
    totals: PlanTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What the waterfall leads from and to.

    Attributes:
        today: The plan in force.
        plan: Totals of the plan.
    """

    today: Today
    plan: PlanTotals


def levels(
    options: Options,
    current: CurrentPlan,
    ends: Ends,
    limits: Limits,
    channels: tuple[Channel, ...],
    objective: Objective,
    *,
    seed: int,
) -> tuple[Level, ...]:
    """Solve the steps from the plan in force to the plan.

    Args:
        options: The option table of the plan, n options.
        current: The plan in force.
        ends: Its totals, and those of the plan.
        limits: For the budget (or the least number of extra accounts).
        channels: For what they charge beyond the price of each contact.
        objective: What `options.gain` counts.
        seed: Of the sample.
    """
    problem = Problem(gain=options.gain, people=People.of(options.person, sizes(options)), rows=())
    people = _sampled(len(problem.people), seed)
    found = [Level(step="today", totals=ends.today.totals)]
    for step in ("people", "offers", "channels", "budget"):
        rows = _rows(step, options, current, ends.today, found[-1].totals, limits, objective)
        if rows:
            part, at = _part(replace(problem, rows=rows), people)
            x = np.zeros(len(options))
            x[at] = solve_shares(part, Tangents(), seed).x
            found.append(Level(step=step, totals=total(options, x, channels)))
    return (*found, Level(step="plan", totals=ends.plan))


def _sampled(n_people: int, seed: int) -> Ints | None:
    if n_people <= MOST_PEOPLE:
        return None
    return np.sort(np.random.default_rng(seed).permutation(n_people)[:MOST_PEOPLE])


def _part(problem: Problem, people: Ints | None) -> tuple[Problem, Ints]:
    if people is None:
        return problem, np.arange(len(problem))
    return problem.sample(people, len(problem.people) / len(people))


def _rows(
    step: str,
    options: Options,
    current: CurrentPlan,
    today: Today,
    before: PlanTotals,
    limits: Limits,
    objective: Objective,
) -> tuple[Row, ...]:
    """What one step keeps; no rows = the step frees nothing."""
    as_today = (_at_least(options, today.totals.incremental),) if objective.goal == "spend" else ()
    if step == "people":
        cells = [(f"{line.channel} {line.offer}", of_cell(options, line)) for line in current.lines]
        return (*_at_most_as_many(options, cells, today.x), *as_today)
    if step == "offers":
        channels = [(name, np.flatnonzero(options.channel == code)) for code, name in enumerate(options.channel_names)]
        return (*_at_most_as_many(options, channels, today.x), *as_today)
    if step == "channels":
        return as_today or (_at_most(options, before.spend),)
    if objective.goal == "spend":
        return (_at_least(options, limits.min_incremental_accounts or 0.0),)
    return () if limits.budget is None else (_at_most(options, limits.budget),)


def _at_most_as_many(options: Options, cells: Sequence[tuple[str, Ints]], x: Floats) -> Iterator[Row]:
    """At most as many contacts of each cell as the plan x makes, and none of what is in no cell."""
    others = np.ones(len(options), dtype=bool)
    for name, mine in cells:
        among = np.zeros(len(options), dtype=bool)
        among[mine], others[mine] = True, False
        yield _contacts(name, options, among, float(x[mine].sum()))
    yield _contacts("others", options, others, 0.0)


def _contacts(name: str, options: Options, among: Flags, most: float) -> Row:
    return Row(name=name, unit="contacts", figure=Figure.count(len(options), among, True), allowed=most)


def _at_most(options: Options, money: float) -> Row:
    return Row(name="spend", unit="money", figure=options.spend, allowed=money)


def _at_least(options: Options, accounts: float) -> Row:
    return Row(name="accounts", unit="accounts", figure=options.incremental, allowed=accounts, at_least=True)
