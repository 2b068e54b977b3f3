"""What channel and offer charge for the events of contacts: one formula, over chances (a plan) and over counts (a bill).

    money = (1 - rebate_share) * (sum over events of price * count + cost_rate_of_amount * amount)
            + the offer's cost_per_booked * booked + the offer's cost_rate_of_amount * amount

The rebate is the partner's, so it lowers what the channel charges and not what the offer costs. Everything may be an array of
floats or of `Decimal`, of shapes that broadcast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Channel, Offer

Numbers = NDArray[Any]
Convert = Callable[[float], Any]

# Event of the outcomes table -> what a channel's row calls its price.
PRICED = {
    "contacts": "cost_per_contact",
    "clicked": "cost_per_click",
    "applied": "cost_per_applied",
    "approved": "cost_per_approved",
    "booked": "cost_per_booked",
    "amount": "cost_rate_of_amount",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often each event happened, or is expected to; `amount` is booked money. An event that is not given: never."""

    contacts: Numbers | float = 0
    clicked: Numbers | float = 0
    applied: Numbers | float = 0
    approved: Numbers | float = 0
    booked: Numbers | float = 0
    amount: Numbers | float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of channels and offers.

    Attributes:
        of_channel: Money per unit of each event in PRICED.
        kept_share: 1 - rebate_share.
        offer_booked, offer_amount: What the offer costs per booking, and per money booked.
    """

    of_channel: dict[str, Numbers]
    kept_share: Numbers
    offer_booked: Numbers
    offer_amount: Numbers

    @classmethod
    def of(cls, channels: Sequence[Channel], offers: Sequence[Offer], convert: Convert = float) -> "Prices":
        """Prices of pairs of a channel and an offer, or of all pairs where the one is a column and the other a row.

        Args:
            channels, offers: In the order of the wanted arrays.
            convert: Makes a number of the wanted kind of each price.
        """
        return cls(
            of_channel={event: _numbers(channels, price, convert) for event, price in PRICED.items()},
            kept_share=1 - _numbers(channels, "rebate_share", convert),
            offer_booked=_numbers(offers, "cost_per_booked", convert),
            offer_amount=_numbers(offers, "cost_rate_of_amount", convert),
        )

    def at(self, channel: Any, offer: Any) -> "Prices":
        """The same prices picked by index, or given another shape."""
        return Prices(
            of_channel={event: price[channel] for event, price in self.of_channel.items()},
            kept_share=self.kept_share[channel],
            offer_booked=self.offer_booked[offer],
            offer_amount=self.offer_amount[offer],
        )


def charge(prices: Prices, counts: Counts) -> Numbers:
    """Money for the events, by the formula of this module, in the shape that prices and counts broadcast to."""
    listed = [prices.of_channel[f.name] * getattr(counts, f.name) for f in fields(Counts)]
    own = prices.offer_booked * counts.booked + prices.offer_amount * counts.amount
    money: Numbers = sum(listed[1:], start=listed[0]) * prices.kept_share + own
    return money


def _numbers(things: Sequence[Channel] | Sequence[Offer], name: str, convert: Convert) -> Numbers:
    return np.array([convert(getattr(thing, name)) for thing in things])
