"""The plan in force as a candidate: what it comes to on the leads at hand, which limits it keeps, and who it would contact.

The plan in force is known as numbers of contacts per channel and offer, not as people. What runs is taken as it comes: in each
channel and offer everybody who may be contacted has the same chance, so the plan is a share of a contact for each,

    x_j = contacts of the cell * size_j / sum(size of the cell's options)

and where one person's shares come to more than the person stands for, they are cut to that, and others of the cell get more.
"""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.charged import charge_channels
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.parts import code_of
from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.problem import People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.allocate.switches import floor_row
from acquire.domain import Channel, CurrentContacts, CurrentPlan, Limits, Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Contacts of the plan in force that the leads at hand do not allow."""

    channel: str
    offer: str
    wanted: int
    possible: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A limit that the plan in force does not keep.

    Attributes:
        name, unit: As of the limit.
        used: What the plan in force makes of it: for a limit with a confidence, the stated quantile.
        allowed: The limit as written.
    """

    name: str
    unit: str
    used: float
    allowed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The plan in force on the leads at hand.

    Attributes:
        x: Share of a contact by each option, shape (n,).
        totals: What it comes to.
        breaches: The limits it does not keep; none = it is a plan that may stay.
        shortfalls: What of it cannot be done.
    """

    x: Floats
    totals: PlanTotals
    breaches: tuple[Breach, ...]
    shortfalls: tuple[Shortfall, ...]


def judge_today(
    options: Options, current: CurrentPlan, limits: Limits, channels: tuple[Channel, ...], objective: Objective
) -> Today:
    """Add the plan in force up, and hold it against the limits.

    Args:
        options: Everything that may be done, n options.
        current: Contacts per channel and offer.
        limits, channels: Of the plan.
        objective: What `options.gain` counts.
    """
    x = spread_evenly(options, current)
    uses = measure_uses(options, x, limits, channels, objective)
    return Today(
        x=x,
        totals=total(options, x, channels),
        breaches=tuple(
            Breach(name=use.row.name, unit=use.row.unit, used=use.stated, allowed=use.row.allowed)
            for use in uses
            if not use.holds
        ),
        shortfalls=tuple(_shortfalls(options, current, x)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a plan makes of one limit.

    Attributes:
        row: The limit, over the options and what channels charge besides.
        expected: The figure on expectation.
        stated: The figure that is held: with a confidence, the stated quantile.
        holds: Whether the limit is kept.
    """

    row: Row
    expected: float
    stated: float
    holds: bool


def measure_uses(
    options: Options, x: Floats, limits: Limits, channels: tuple[Channel, ...], objective: Objective
) -> tuple[Use, ...]:
    """Hold a plan x, shape (n_options,), against every limit; what channels charge besides each contact counts."""
    rows = tuple(list_limits(options, limits, channels))
    problem = Problem(gain=options.gain, people=People.of(options.person, options.size), rows=rows)
    charged = charge_channels(problem, options, limits, channels, objective)
    if charged is None:
        return tuple(_use(row, x) for row in rows)
    used = set(np.unique(options.channel[x > 0]).tolist())
    floors = tuple(
        floor_row(options, charged.charges, channel, is_on=True)
        for channel in channels
        if channel.min_spend_if_used and code_of(options.channel_names, channel.channel) in used
    )
    full = charged.completed(np.r_[x, np.zeros(len(charged.charges))])
    return tuple(_use(row, full) for row in (*charged.problem.rows, *floors))


def spread_evenly(options: Options, current: CurrentPlan) -> Floats:
    """The plan in force with the same chance for everybody of a channel and offer (module docstring), shape (n,)."""
    x = np.zeros(len(options))
    size = sizes(options)
    for line in current.lines:
        mine = of_cell(options, line)
        if len(mine):
            x[mine] = size[mine] * min(1.0, line.contacts / float(size[mine].sum()))
    people = People.of(options.person)
    most, wanted = np.ones(len(people)), np.bincount(people.code, weights=x, minlength=len(people))
    most[people.code] = size
    x *= (most / np.maximum(wanted, most))[people.code]
    for line in current.lines:
        # What was cut from some goes to those of the cell who have room left.
        mine = of_cell(options, line)
        who = people.code[mine]
        leads = np.bincount(who, minlength=len(people))
        room = (most - np.bincount(people.code, weights=x, minlength=len(people)))[who] / leads[who]
        missing = line.contacts - float(x[mine].sum())
        if missing > 0 and room.sum() > 0:
            x[mine] += room * min(1.0, missing / float(room.sum()))
    return x


def draw_contacts(options: Options, current: CurrentPlan, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Draw whole contacts of the plan in force: in each channel and offer so many people at random, nobody twice.

    Returns:
        Positions of the options, ascending, and how many contacts each is: 1 for a single lead.
    """
    contacts, size = np.zeros(len(options)), sizes(options)
    taken = np.zeros(int(options.person.max(initial=-1)) + 1, dtype=bool)
    for line in current.lines:
        free = rng.permutation(of_cell(options, line))
        free = free[~taken[options.person[free]]]
        # Of a person with several leads in the channel, the first that was drawn.
        first = free[np.sort(np.unique(options.person[free], return_index=True)[1])]
        before = np.cumsum(size[first]) - size[first]
        contacts[first] = np.clip(line.contacts - before, 0, np.floor(size[first]))
        taken[options.person[first]] |= contacts[first] > 0
    at = np.flatnonzero(contacts)
    return at, contacts[at]


def sizes(options: Options) -> Floats:
    """How many contacts each option stands for, shape (n,)."""
    return np.ones(len(options)) if options.size is None else options.size


def of_cell(options: Options, line: CurrentContacts) -> Ints:
    """The options of one channel and offer, positions."""
    channel, offer = code_of(options.channel_names, line.channel), code_of(options.offer_names, line.offer)
    return np.flatnonzero((options.channel == channel) & (options.offer == offer))


def _use(row: Row, x: Floats) -> Use:
    expected = row.used(x)
    stated = expected if row.spread is None else row.spread.stated_quantile(x)
    return Use(row=row, expected=expected, stated=stated, holds=row.excess(x) <= row.tolerance(x))


def _shortfalls(options: Options, current: CurrentPlan, x: Floats) -> list[Shortfall]:
    possible = [float(x[of_cell(options, line)].sum()) for line in current.lines]
    return [
        Shortfall(channel=line.channel, offer=line.offer, wanted=line.contacts, possible=most)
        for line, most in zip(current.lines, possible, strict=True)
        if most < line.contacts * (1 - 1e-9)
    ]
