"""Live re-optimisation: what is done is done; the rest of the money and of the days is planned anew, from the prices in force.

Contacts that were made are part of the plan in any case, at what they really cost, so that every limit still speaks of the whole
campaign: what was overspent is missing from the rest, and the bookings to come must make good for the risk already taken. Where
their outcomes are known, they count as what happened (happened.py), else as what was expected of them. In the days that are left
a channel delivers what it can (`pace`):

    sum(x, of the channel) <= contacts made + days left * contacts a day

The prices of the plan in force are nearly those of the rest, so that no samples are needed (leads.py).

References:
    Mehta, Saberi, Vazirani, Vazirani (2007), AdWords and Generalized Online Matching (the budget that is left as a price).
    Balseiro, Gur (2019), Learning in Repeated Auctions with Budgets (pacing by dual prices).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.explain import limit_uses
from acquire.allocate.figures import Figure
from acquire.allocate.happened import as_happened
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.posed import Question, pose
from acquire.allocate.prices import Prices
from acquire.allocate.relax import explain_why_nobody
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import solve_contacts
from acquire.domain import LimitUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How far a campaign has come.

    Attributes:
        contacts: Made so far with each option, shape (n,).
        spend: What each of them cost, money, shape (n,); NaN where that is not known: then what was expected.
        booked: Whether each of them booked, 0 or 1, shape (n,); NaN where that is not known yet.
        bad: Whether its booking went bad, 0 or 1, shape (n,); NaN where that is not known yet.
        days, days_left: Of the whole campaign, and still to come.
        most_rise: By how much a channel's contacts a day may rise over what it was planned to have or has had, as a share.
    """

    contacts: Floats
    spend: Floats
    booked: Floats
    bad: Floats
    days: float
    days_left: float
    most_rise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reoptimised:
    """The campaign from now on.

    Attributes:
        contacts: Of each option over the whole campaign, what was done included, shape (n,).
        options: The option table with what was done as it turned out.
        limit_uses: Every limit over the whole campaign, the pace of each channel last.
    """

    contacts: Floats
    options: Options
    limit_uses: tuple[LimitUse, ...]


def reoptimise(question: Question, done: Done, planned: Floats, start: Prices) -> Reoptimised:
    """Plan the rest of a campaign.

    Args:
        question: What the plan was asked; its limits speak of the whole campaign.
        done: How far it has come.
        planned: The plan in force: contacts of each option, shape (n,).
        start: Its prices.

    Raises:
        Infeasible: The limits cannot be met any more.
    """
    happened = as_happened(question.options, done.booked, done.bad, question.objective)
    options = _at_cost(happened, done, question.objective.goal)
    forced = np.union1d(_still_free(question, done), np.flatnonzero(done.contacts))
    now = replace(question, options=options, forced=forced.astype(np.int64))
    posed = pose(now, planned + done.contacts, tuple(_pace_rows(question, done, planned)))
    tangents = Tangents()
    relaxed = solve_shares(posed.problem, tangents, question.seed, start=start)
    x = solve_contacts(posed.problem, tangents, relaxed)
    if x is None:
        raise explain_why_nobody(posed.problem, question.seed)
    return Reoptimised(
        contacts=posed.contacts(x),
        options=options,
        limit_uses=limit_uses(posed.problem, relaxed, x, question.objective),
    )


def _still_free(question: Question, done: Done) -> Ints:
    """What is forced beside what is done: the contacts of the reserve whose people were not contacted otherwise."""
    options = question.options
    reached = np.isin(options.person[question.forced], options.person[done.contacts > 0])
    return question.forced[~reached]


def _at_cost(options: Options, done: Done, goal: str) -> Options:
    """The options with what was done at what it cost."""
    paid = (done.contacts > 0) & ~np.isnan(done.spend)
    spend = np.where(paid, done.spend, options.spend)
    more = spend - options.spend
    gain = options.gain if goal == "incremental_accounts" else options.gain - more
    return replace(options, spend=spend, value=options.value - more, gain=gain)


def _pace_rows(question: Question, done: Done, planned: Floats) -> Iterator[Row]:
    """What each channel can deliver in the days that are left: sum(x) <= contacts made + days left * contacts a day.

    Contacts a day are the channel's `max_contacts` over all days, where it has that limit; else the more of what it was planned
    to have and has had, and so much more.
    """
    options = question.options
    known = {channel.channel: channel for channel in question.channels}
    for code, name in enumerate(options.channel_names):
        mine = options.channel == code
        made = float(done.contacts @ mine)
        most = known[name].max_contacts if name in known else None
        a_day = most / done.days if most is not None else _usual_pace(made, float(planned @ mine), done)
        yield Row(
            name=f"pace[{name}]",
            unit="contacts",
            figure=Figure.count(len(options), options.channel, code),
            allowed=made + float(np.floor(done.days_left * a_day + 1e-9)),
        )


def _usual_pace(made: float, planned: float, done: Done) -> float:
    """Contacts a day of a channel without a limit of its own."""
    gone = done.days - done.days_left
    return (1 + done.most_rise) * max(planned / done.days, made / gone if gone > 0 else 0.0)
