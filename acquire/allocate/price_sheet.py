"""The fair price sheet: what a plan would pay at most, for the next contact of each channel and for all that it plans there.

    next     the next contact beyond those planned: at its break-even price, its marginal value after the prices of all other
             limits is 0, so that solved anew the plan neither gains nor loses by it
    whole    all contacts planned in a tier: at their break-even price, the plan solved anew with them gains as much as the plan
             solved anew without them

Prices are all-in: what channel and offer are expected to charge for the contacts, per contact, per application or per booking.
A partner with more than one channel or tier has a line over all that is planned with it, too: each of its contacts then costs as
much more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from acquire.allocate.deals import Bundle, Deals, Worth
from acquire.allocate.options import Floats, Ints
from acquire.domain import Channel

NOTHING = 1e-6  # contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class FairPrice:
    """One channel, one tier of its price list; or one partner.

    Attributes:
        partner, channel: Whose; no channel = all of the partner's.
        from_contacts: Where the tier begins; the last tier that is planned is also where the next contact would be.
        contacts: Planned in the tier.
        columns: Its contacts, rows of the option table; the best come first, so they are in the first tier.
        shares: How many contacts each of them is, shape of `columns`.
        paid: Money expected for them as prices are.
        worth: More that could be paid for all of them until they are worth nothing, in money; NaN where none is planned, or
            where money is not what is scarce.
        is_bounded: Whether they would be worth more, but the limits allow no plan that pays more for all of them.
        following: Row of the option table of the next contact; None where there is nobody left.
        next_paid: Money expected for it as prices are.
        next_worth: More (or less, below 0) that could be paid for it.
        money: Gain of the plan per unit of money.
    """

    channel: str
    partner: str
    from_contacts: float
    contacts: float
    columns: Ints
    shares: Floats
    paid: float
    worth: float
    is_bounded: bool
    following: int | None
    next_paid: float
    next_worth: float
    money: float


def fair_prices(deals: Deals) -> Iterator[FairPrice]:
    """One line per tier that the plan reaches, in the order of the channels, then those of the partners with several lines.

    Channels without options are left out.
    """
    lines = [
        line for channel in deals.channels if deals.mine(channel.channel).any() for line in _of_channel(deals, channel)
    ]
    yield from lines
    for partner in dict.fromkeys(line.partner for line in lines):
        mine = [line for line in lines if line.partner == partner and line.contacts > NOTHING]
        if len(mine) > 1:
            yield _of_partner(deals, mine)


def _of_partner(deals: Deals, lines: Sequence[FairPrice]) -> FairPrice:
    """All that is planned with one partner: its lines, one or more per channel."""
    channels = tuple(dict.fromkeys(line.channel for line in lines))
    worth = deals.worth(*(Bundle(channel=name, begins=0.0, ends=deals.volume(name)) for name in channels))
    return FairPrice(
        channel="",
        partner=lines[0].partner,
        from_contacts=0.0,
        contacts=sum(line.contacts for line in lines),
        columns=np.concatenate([line.columns for line in lines]),
        shares=np.concatenate([line.shares for line in lines]),
        paid=sum(line.paid for line in lines),
        worth=worth.premium,
        is_bounded=worth.is_bounded,
        following=None,
        next_paid=float("nan"),
        next_worth=float("nan"),
        money=deals.money(*channels),
    )


def _of_channel(deals: Deals, channel: Channel) -> Iterator[FairPrice]:
    name, volume = channel.channel, deals.volume(channel.channel)
    money = deals.money(name)
    order = _best_first(deals, name)
    spans = _spans(channel, volume)
    following, surplus = _next(deals, name)
    for place, (begins, ends, rise) in enumerate(spans):
        columns, shares = _slice(deals, order, begins, ends)
        spend = float(deals.options.spend[columns] @ shares)
        fixed = channel.fixed_cost if place == 0 and volume > NOTHING else 0.0
        is_last = place == len(spans) - 1
        planned = ends - begins > NOTHING
        worth = deals.worth(Bundle(channel=name, begins=begins, ends=ends)) if planned else Worth(premium=float("nan"))
        yield FairPrice(
            channel=name,
            partner=channel.partner,
            from_contacts=begins,
            contacts=ends - begins,
            columns=columns,
            shares=shares,
            paid=spend + fixed + rise * (ends - begins),
            worth=worth.premium,
            is_bounded=worth.is_bounded,
            following=following if is_last else None,
            next_paid=float("nan") if following is None else float(deals.options.spend[following]) + rise,
            next_worth=surplus / money - rise if is_last and money > 0 else float("nan"),
            money=money,
        )


def _spans(channel: Channel, volume: float) -> list[tuple[float, float, float]]:
    """The tiers that so many contacts reach: where each begins and ends in the plan, and what its contacts cost more."""
    starts = [0.0, *(tier.from_contacts for tier in channel.price_tiers)]
    prices = [channel.cost_per_contact, *(tier.cost_per_contact for tier in channel.price_tiers)]
    rises = [(price - channel.cost_per_contact) * (1 - channel.rebate_share) for price in prices]
    ends = [*starts[1:], np.inf]
    return [
        (start, min(end, volume), rise)
        for start, end, rise in zip(starts, ends, rises, strict=True)
        if start < volume or start == 0
    ]


def _best_first(deals: Deals, channel: str) -> Ints:
    """The columns planned in the channel, those that gain most first."""
    n = len(deals.option)
    planned = np.flatnonzero(deals.mine(channel) & (deals.base.x[:n] > NOTHING))
    return planned[np.argsort(-deals.reduced()[planned], kind="stable")]


def _slice(deals: Deals, order: Ints, begins: float, ends: float) -> tuple[Ints, Floats]:
    """The contacts number `begins` to `ends`, and how much of each."""
    reached = np.cumsum(deals.base.x[order])
    shares = np.minimum(reached, ends) - np.maximum(reached - deals.base.x[order], begins)
    inside = shares > NOTHING
    return deals.option[order[inside]], shares[inside]


def _next(deals: Deals, channel: str) -> tuple[int | None, float]:
    """The best contact that could be added in the channel, and its gain after the prices of all limits but the channel's room.

    For each of its people who is not fully contacted there: the best gain in the channel, less that of the best course elsewhere.
    """
    n, people = len(deals.option), deals.problem.people
    own = (f"max_contacts[{channel}]", f"price_tiers[{channel}]", f"max_change[{channel}]")
    reduced, free = deals.reduced()[:n], deals.reduced(without=own)[:n]
    mine, code = deals.mine(channel), people.code[:n]
    taken = np.bincount(code, weights=np.where(mine, deals.base.x[:n], 0.0), minlength=len(people))
    may = mine & (taken < people.size - NOTHING)[code]
    if not may.any():
        return None, float("nan")
    elsewhere = np.zeros(len(people))
    np.maximum.at(elsewhere, code[~mine], reduced[~mine])
    surplus = np.where(may, free - elsewhere[code], -np.inf)
    best = int(surplus.argmax())
    return int(deals.option[best]), float(surplus[best])
