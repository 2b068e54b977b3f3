"""What a plan comes to in all: contacts, money, accounts. For whole contacts and for shares of contacts alike."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from acquire.allocate.options import Floats, Options
from acquire.allocate.saturation import brought_shares
from acquire.domain import Channel, Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTotals:
    """Expected totals of a plan.

    Attributes:
        contacts: Number of contacts.
        spend, value: Money, with what channels charge once they are used. `value` is NaN where revenue is unknown.
        booked, incremental, bad: Accounts. `bad` is NaN where history has no bad label.

    Value and accounts are after what channels bring less that get more than their usual spend.
    """

    contacts: float
    spend: float
    booked: float
    incremental: float
    bad: float
    value: float

    def beyond(self, part: "PlanTotals") -> "PlanTotals":
        """What this plan has beyond a part of it, charges included: the two add up to the whole."""
        left = {field.name: getattr(self, field.name) - getattr(part, field.name) for field in fields(self)}
        return PlanTotals(**left)

    def gain(self, objective: Objective) -> float:
        """What the objective makes of it, the more the better."""
        by_goal = {"incremental_value": self.value, "incremental_accounts": self.incremental, "spend": -self.spend}
        return by_goal[objective.goal]


def total(options: Options, x: Floats, channels: Sequence[Channel]) -> PlanTotals:
    """Add a plan up.

    Args:
        options: The option table, n options.
        x: Contacts by each option, shape (n,).
        channels: For what they charge beyond the price of each contact, and where they wear out.
    """
    at = np.flatnonzero(x)
    by_channel = np.bincount(options.channel[at], weights=x[at], minlength=len(options.channel_names))
    known = {channel.channel: channel for channel in channels}
    once = sum(
        known[name].once_used(float(by_channel[code]))
        for code, name in enumerate(options.channel_names)
        if name in known
    )
    sums = {
        name: float(getattr(options, name)[at] @ x[at]) for name in ("spend", "booked", "incremental", "bad", "value")
    }
    if any(channel.saturation for channel in channels):
        brought = brought_shares(options, at, x[at], channels)
        sums |= {
            name: float((getattr(options, name)[at] * brought[name]) @ x[at]) for name in ("booked", "incremental")
        }
        sums["value"] -= float(brought["value"] @ x[at])
    return PlanTotals(
        contacts=float(x[at].sum()), **{**sums, "spend": sums["spend"] + once, "value": sums["value"] - once}
    )
