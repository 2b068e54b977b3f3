"""Channels that cost or ask for something once they are used: a fixed cost, a minimum spend. Each is a switch, on or off.

With N the contacts of a channel and z in {0, 1} its switch:

    z costs fixed_cost;   sum(spend) >= min_spend_if_used * z;   x_j <= z for every contact of the channel

Where a switch is on or off, these are plain rows. Where it is still open, z may be a share, and the last line is held for sets of
people at a time: for any set S of people in the channel, and no more contacts than it can deliver,

    sum(x, of S) <= min(size of S, max_contacts) * z

Of these rows the ones that the plan breaks most are added (`Link`); all of them together say as much as one row per contact.

References:
    Cornuejols, Fisher, Nemhauser (1977), Location of Bank Accounts to Optimize Float (the strong formulation).
    Padberg, Van Roy, Wolsey (1985), Valid Linear Inequalities for Fixed Charge Problems.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.charges import Charge
from acquire.allocate.figures import Figure, as_figure
from acquire.allocate.options import Flags, Floats, Options
from acquire.allocate.parts import code_of
from acquire.allocate.rows import Row
from acquire.domain import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One set S of people of a channel whose switch is open.

    Attributes:
        name: Of its row.
        channel: Whose switch.
        members: The options of S in the channel, shape (n_options,).
        capacity: Most contacts of S.
    """

    name: str
    channel: str
    members: Flags
    capacity: float


def switch_charges(channel: Channel) -> Iterator[Charge]:
    """The switch of a channel that has one."""
    if channel.fixed_cost > 0 or channel.min_spend_if_used:
        yield Charge(channel=channel.channel, begins_at=None, spend=channel.fixed_cost, size=1.0)


def link_row(link: Link, charges: Sequence[Charge]) -> Row:
    """Nobody of the set is contacted while the switch is off: sum(x, of the set) - capacity * z <= 0."""
    figure = Figure.count(len(link.members), link.members, True).followed_by(
        np.array([-link.capacity if c.channel == link.channel and c.is_switch else 0.0 for c in charges])
    )
    return Row(name=link.name, unit="contacts", figure=figure, allowed=0.0, stated=False)


def used_row(options: Options, charges: Sequence[Charge], channel: str, *, is_on: bool) -> Row:
    """A channel whose switch is on contacts somebody: sum(x, of the channel) >= z."""
    code = code_of(options.channel_names, channel)
    extra: Floats = np.array([-1.0 if not is_on and c.channel == channel and c.is_switch else 0.0 for c in charges])
    return Row(
        name=f"used[{channel}]",
        unit="contacts",
        figure=Figure.count(len(options), options.channel, code).followed_by(extra),
        allowed=float(is_on),
        at_least=True,
        stated=False,
    )


def tied_row(row: Row, charges: Sequence[Charge], channel: str) -> Row:
    """A channel's own cap is 0 while its switch is off: sum(figure x) - allowed * z <= 0.

    Args:
        row: A cap on an amount that counts nothing outside the channel and nothing below 0.
        charges: Columns that are no contacts, the last of the row.
        channel: Whose switch.
    """
    figure = as_figure(row.figure)
    switch = np.array([row.allowed if c.channel == channel and c.is_switch else 0.0 for c in charges])
    return replace(
        row, name=f"tied[{row.name}]", figure=replace(figure, extra=figure.extra - switch), allowed=0.0, stated=False
    )


def floor_row(options: Options, charges: Sequence[Charge], channel: Channel, *, is_on: bool) -> Row:
    """A channel that is used gets its minimum: sum(spend, of the channel) >= min_spend_if_used.

    While the switch is open: sum(spend) / z >= min_spend_if_used, which is sum(spend) - min_spend_if_used * z >= 0. The fixed
    cost and the tiers count as spend.

    Args:
        options: The option table.
        charges: Columns that are no contacts.
        channel: Whose minimum.
        is_on: Whether the switch is known to be on.
    """
    least = channel.min_spend_if_used or 0.0
    code = code_of(options.channel_names, channel.channel)
    extra: Floats = np.array([c.spend if c.channel == channel.channel else 0.0 for c in charges])
    switch: Floats = np.array([float(c.channel == channel.channel and c.is_switch) for c in charges])
    return Row(
        name=f"min_spend_if_used[{channel.channel}]",
        unit="money",
        figure=Figure.of(options.spend, options.channel, code).followed_by(extra),
        base=None if is_on else Figure.of(np.zeros(len(options))).followed_by(switch),
        allowed=least,
        at_least=True,
    )


def per_contact(rows: Sequence[Row], prices: Mapping[str, float]) -> dict[str, float]:
    """What one more contact of a channel costs by the rows that no plan file states, in gain, by the channel's name.

    Args:
        rows: All rows of a plan with its switches decided: those not stated count every contact of one channel as 1.
        prices: By the row's name.
    """
    costs: dict[str, float] = {}
    for row in rows:
        price = row.sign * prices.get(row.name, 0.0)
        if not row.stated and price:
            channel = row.name.partition("[")[2].rstrip("]")
            costs[channel] = costs.get(channel, 0.0) + price
    return costs
