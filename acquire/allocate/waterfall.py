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

What channels charge once (fixed costs, price tiers), and what they bring less where they wear out, is weighed at every step; what
they ask for (a minimum) is a limit of the plan and left to the last step. Channels with a fixed cost are used as today, as in the
plan, or not at all, whichever is best.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.charged import Setting, charge_channels
from acquire.allocate.current import Today, of_cell, sizes
from acquire.allocate.figures import Figure, Taken, as_figure
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.problem import People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, CurrentPlan, Limits, Objective
from acquire.limits_of import KINDS

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
        contacts: Of each option in the plan, shape (n,).
    """

    today: Today
    plan: PlanTotals
    contacts: Floats


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
    board = _board(options, ends, channels, objective)
    found = [Level(step="today", totals=ends.today.totals)]
    for step in ("people", "offers", "channels", "budget"):
        rows = _rows(step, options, current, ends.today, found[-1].totals, limits, objective)
        totals = _best(board, tuple(rows), objective, seed) if rows else None
        if totals is not None:
            found.append(Level(step=step, totals=totals))
    return (*found, Level(step="plan", totals=ends.plan))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Everything that may be done with the switches of the channels one way, without any limit.

    Attributes:
        problem: Options of channels that are on, then what those channels charge.
        at: Position of each column among all options, then all charges.
        more: What each charge spends and brings, by figure, shape (n_charges,).
    """

    problem: Problem
    at: Ints
    more: dict[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Board:
    """The option table with every way to set the switches that is tried."""

    options: Options
    channels: tuple[Channel, ...]
    ways: tuple[_Way, ...]


def _board(options: Options, ends: Ends, channels: tuple[Channel, ...], objective: Objective) -> _Board:
    problem = Problem(gain=options.gain, people=People.of(options.person, sizes(options)), rows=())
    unasked = tuple(replace(channel, min_spend_if_used=None) for channel in channels)
    charged = charge_channels(problem, options, Limits(), unasked, objective)
    if charged is None:
        ways: tuple[_Way, ...] = (_Way(problem=problem, at=np.arange(len(problem)), more=_no_charges()),)
        return _Board(options=options, channels=channels, ways=ways)
    used = [_used(options, x, charged.switched) for x in (ends.today.x, ends.contacts)]
    ways = ()
    for on in dict.fromkeys((*used, frozenset[str]())):
        decided, at = charged.at(Setting(on=on, off=frozenset(charged.switched) - on), ())
        kept = at[decided.n_options :] - len(options)
        lost = np.array([-charge.lost("incremental") for charge in charged.charges])
        ways += (_Way(problem=decided, at=at, more={"spend": charged.spending()[kept], "incremental": lost[kept]}),)
    return _Board(options=options, channels=channels, ways=ways)


def _no_charges() -> dict[str, Floats]:
    return {"spend": np.zeros(0), "incremental": np.zeros(0)}


def _used(options: Options, x: Floats, switched: Iterable[str]) -> frozenset[str]:
    """Channels with a switch that a plan contacts somebody in."""
    contacts = np.bincount(options.channel, weights=x, minlength=len(options.channel_names))
    used = {name for name, n in zip(options.channel_names, contacts.tolist(), strict=True) if n >= 1}
    return frozenset(used & set(switched))


def _best(board: _Board, rows: tuple[Row, ...], objective: Objective, seed: int) -> PlanTotals | None:
    """The best plan within some rows over the options, over all ways to set the switches; None where none leaves a plan."""
    found = [totals for way in board.ways if (totals := _solved(board, way, rows, seed)) is not None]
    return max(found, key=lambda totals: totals.gain(objective), default=None)


def _solved(board: _Board, way: _Way, rows: tuple[Row, ...], seed: int) -> PlanTotals | None:
    mine = way.at[: way.problem.n_options]
    longer = (_over(row, mine, way) for row in rows)
    part, at = _part(replace(way.problem, rows=(*way.problem.rows, *longer)), seed)
    relaxed = solve_shares(part, Tangents(), seed)
    if relaxed.broken:
        return None
    contacts = np.zeros(len(board.options))
    contacts[way.at[at[: part.n_options]]] = relaxed.x[: part.n_options]
    return total(board.options, contacts, board.channels)


def _over(row: Row, mine: Ints, way: _Way) -> Row:
    """A row over all options as one over the columns of a way."""
    figure = as_figure(row.figure).take(Taken(mine, len(as_figure(row.figure))))
    more = way.more.get(row.name, np.zeros(way.problem.n_extra))
    return replace(row, figure=figure.followed_by(more))


def _part(problem: Problem, seed: int) -> tuple[Problem, Ints]:
    n_people = len(problem.people) - problem.n_extra
    if n_people <= MOST_PEOPLE:
        return problem, np.arange(len(problem))
    people = np.sort(np.random.default_rng(seed).permutation(n_people)[:MOST_PEOPLE])
    return problem.sample(people, n_people / MOST_PEOPLE)


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
        return tuple(_accounts_asked_for(options, limits))
    return () if limits.budget is None else (_at_most(options, limits.budget),)


def _accounts_asked_for(options: Options, limits: Limits) -> Iterator[Row]:
    """The floors of extra accounts, of the whole plan and of its parts: without one the least spend is none."""
    if limits.min_incremental_accounts:
        yield _at_least(options, limits.min_incremental_accounts)
    for kind in KINDS:
        codes, names = getattr(options, kind), getattr(options, f"{kind}_names")
        for name, own in getattr(limits, kind).items():
            if own.min_incremental_accounts and name in names:
                figure = Figure.of(options.incremental, codes, names.index(name))
                floor = _at_least(options, own.min_incremental_accounts)
                yield replace(floor, name=f"incremental[{kind} {name}]", figure=figure)


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
    return Row(name="incremental", unit="accounts", figure=options.incremental, allowed=accounts, at_least=True)
