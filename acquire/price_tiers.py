"""What a channel charges per contact beyond so many contacts: prices that never fall."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from acquire.amounts import check_money
from acquire.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTier:
    """One step of a channel's price list.

    Attributes:
        from_contacts: The first so many contacts do not cost this price; those beyond do, up to the next tier.
        cost_per_contact: Money per contact in this tier, before the rebate.
    """

    from_contacts: float
    cost_per_contact: float


def check_tiers(channel: str, cost_per_contact: float, tiers: Sequence[PriceTier]) -> None:
    """Raise BadInput unless the tiers begin one after the other and no price falls, the channel's own first."""
    for tier in tiers:
        check_money(f"from_contacts of a price tier of channel {channel}", tier.from_contacts)
        check_money(f"cost_per_contact of a price tier of channel {channel}", tier.cost_per_contact)
        if tier.from_contacts != math.floor(tier.from_contacts):
            raise BadInput(
                f"from_contacts of a price tier of channel {channel} is {tier.from_contacts:g}; give a whole number"
            )
    for first, second in pairwise(tiers):
        if second.from_contacts <= first.from_contacts:
            raise BadInput(
                f"price tiers of channel {channel} begin at {first.from_contacts:g} and then at {second.from_contacts:g} "
                "contacts; let each begin later than the one before, and each once"
            )
    prices = [cost_per_contact, *(tier.cost_per_contact for tier in tiers)]
    for low, high in pairwise(prices):
        if high < low:
            raise BadInput(
                f"price tiers of channel {channel} fall from {low:g} to {high:g} per contact; a price may stay or rise with "
                "the number of contacts, never fall"
            )


def tier_cost(cost_per_contact: float, tiers: Sequence[PriceTier], contacts: float) -> float:
    """Give what tiers add to `contacts` times the channel's own price, in money, before the rebate.

        sum over tiers of (price - price before) * max(0, contacts - from_contacts)

    Args:
        cost_per_contact: The channel's own price, which holds before the first tier.
        tiers: In rising order.
        contacts: Number of contacts, not negative.
    """
    prices = [cost_per_contact, *(tier.cost_per_contact for tier in tiers)]
    rises = (high - low for low, high in pairwise(prices))
    return sum(
        (rise * max(0.0, contacts - tier.from_contacts) for rise, tier in zip(rises, tiers, strict=True)), start=0.0
    )
