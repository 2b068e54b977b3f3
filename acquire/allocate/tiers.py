"""Price tiers: contacts beyond so many cost more each. Prices never fall, so the cost is convex and tiers are plain columns.

With N the contacts of a channel, tier k from s_k to s_(k+1) contacts at p_k per contact, and y_k contacts paid in tier k:

    N - sum(y) <= s_1,   0 <= y_k <= s_(k+1) - s_k,   each y_k costs (p_k - cost_per_contact) * (1 - rebate_share)

Whoever wants to spend little fills the cheap tiers first, and no more of them than there are contacts. Where a limit asks for
more spend (a floor, a share of spend) that is not so: then the number of contacts is held in a `Span` from tier to tier, and in a
span of one tier y is what N makes it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from acquire.allocate.charges import Charge
from acquire.allocate.figures import Figure
from acquire.allocate.options import Floats, Options
from acquire.allocate.parts import code_of
from acquire.allocate.rows import Row
from acquire.domain import Channel, PriceTier


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The number of contacts of a channel is held from `least` to `most`, each the beginning or the end of a tier."""

    least: float
    most: float

    def holds_no_step(self, charges: Sequence[Charge]) -> bool:
        """Whether no tier begins inside, so that the price of one more contact is known."""
        return not any(c.is_tier and c.begins_at is not None and self.least < c.begins_at < self.most for c in charges)

    def fills(self, charge: Charge) -> bool:
        """Whether every number of contacts of the span fills the tier."""
        return charge.begins_at is not None and charge.begins_at + charge.size <= self.least

    def closes(self, charge: Charge) -> bool:
        """Whether no number of contacts of the span reaches the tier."""
        return charge.begins_at is not None and charge.begins_at >= self.most


def tier_charges(channel: Channel, n_contacts: float) -> Iterator[Charge]:
    """The tiers that at most so many contacts can reach."""
    ends = (
        tier.from_contacts for tier in (*channel.price_tiers[1:], PriceTier(from_contacts=np.inf, cost_per_contact=0))
    )
    for tier, end in zip(channel.price_tiers, ends, strict=False):
        if tier.from_contacts < n_contacts:
            rise = tier.cost_per_contact - channel.cost_per_contact
            yield Charge(
                channel=channel.channel,
                begins_at=tier.from_contacts,
                spend=rise * (1 - channel.rebate_share),
                size=min(end, n_contacts) - tier.from_contacts,
            )


def tier_row(options: Options, charges: Sequence[Charge], channel: str) -> Row:
    """Contacts beyond the first tier's beginning are paid in a tier: sum(x, of the channel) - sum(y) <= s_1."""
    first = min(c.begins_at for c in charges if c.channel == channel and c.is_tier and c.begins_at is not None)
    figure = _contacts_less_paid(options, charges, channel)
    return Row(name=f"price_tiers[{channel}]", unit="contacts", figure=figure, allowed=first, stated=False)


def span_rows(options: Options, charges: Sequence[Charge], channel: str, span: Span) -> Iterator[Row]:
    """Hold the number of contacts in the span: least <= sum(x) <= most, and sum(x) - sum(y) >= s_1 where that is known."""
    contacts = _contacts(options, charges, channel)
    if span.least > 0:
        name = f"price_tiers_from[{channel}]"
        yield Row(name=name, unit="contacts", figure=contacts, allowed=span.least, at_least=True, stated=False)
    if np.isfinite(span.most):
        name = f"price_tiers_to[{channel}]"
        yield Row(name=name, unit="contacts", figure=contacts, allowed=span.most, stated=False)
    mine = [c for c in charges if c.channel == channel and c.is_tier]
    first = min(c.begins_at for c in mine if c.begins_at is not None)
    if span.least >= first and span.holds_no_step(mine):
        figure = _contacts_less_paid(options, charges, channel)
        name = f"price_tiers_exact[{channel}]"
        yield Row(name=name, unit="contacts", figure=figure, allowed=first, at_least=True, stated=False)


def _contacts(options: Options, charges: Sequence[Charge], channel: str) -> Figure:
    code = code_of(options.channel_names, channel)
    return Figure.count(len(options), options.channel, code).followed_by(np.zeros(len(charges)))


def _contacts_less_paid(options: Options, charges: Sequence[Charge], channel: str) -> Figure:
    paid: Floats = np.array([-1.0 if c.channel == channel and c.is_tier else 0.0 for c in charges])
    code = code_of(options.channel_names, channel)
    return Figure.count(len(options), options.channel, code).followed_by(paid)
