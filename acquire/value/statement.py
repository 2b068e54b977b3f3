"""The settled statement: what channels and offers charge for contacts whose outcomes are known, exact to the cent.

Each contact is charged by the formula of charges.py, in `Decimal`, and rounded half up to the cent; what a channel charges beyond
the price of each contact (its fixed cost, its price tiers) is rounded once per channel. A plan's expected spend is the same
formula over chances, so with the outcomes in place of the chances it comes to this statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Channel, Offer
from acquire.errors import BadInput
from acquire.value.charges import PRICED, Counts, Numbers, Prices, charge

CENT = Decimal("0.01")
EVENTS = ("clicked", "applied", "approved", "booked")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """Contacts of one channel with one offer: how many got how far, and what they cost in all."""

    channel: str
    partner: str
    offer: str
    contacts: int
    clicked: int
    applied: int
    approved: int
    booked: int
    amount: Decimal
    money: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceLine:
    """What one channel charges beyond the price of each contact: fixed cost and price tiers."""

    channel: str
    partner: str
    money: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The bill of some contacts."""

    lines: tuple[StatementLine, ...]
    once: tuple[OnceLine, ...]

    @property
    def total(self) -> Decimal:
        """All money."""
        return sum((money for _, money in self._parts()), Decimal(0))

    def of_partner(self, partner: str) -> Decimal:
        """Money of one partner's channels."""
        return sum((money for whose, money in self._parts() if whose == partner), Decimal(0))

    def _parts(self) -> Iterator[tuple[str, Decimal]]:
        yield from ((line.partner, line.money) for line in self.lines)
        yield from ((line.partner, line.money) for line in self.once)


def settle(outcomes: pd.DataFrame, channels: Sequence[Channel], offers: Sequence[Offer]) -> Statement:
    """Bill the contacts of an outcomes table.

    Args:
        outcomes: One row per lead: `channel`, `offer`, and 0/1 what there is of EVENTS; `amount` is the money of a booking. Rows
            of control cost nothing.
        channels, offers: What is charged.

    Raises:
        BadInput: A channel or offer is not listed, or an event is priced that the table does not tell.
    """
    contacts = outcomes.loc[outcomes["offer"] != CONTROL]
    channel_code = _codes(contacts["channel"], [c.channel for c in channels], "channel")
    offer_code = _codes(contacts["offer"], [o.offer for o in offers], "offer")
    counts = _counts(contacts, channels, offers, channel_code, offer_code)
    prices = Prices.of(channels, offers, decimal).at(channel_code, offer_code)
    money = [to_cents(exact) for exact in charge(prices, counts)]
    keys = contacts[["channel", "offer"]].reset_index(drop=True)
    partner_of = {channel.channel: channel.partner for channel in channels}
    lines = tuple(
        _line(channel, partner_of[channel], offer, counts, money, np.asarray(rows))
        for (channel, offer), rows in sorted(_cells(keys).items())
    )
    sizes = contacts["channel"].value_counts()
    once = tuple(_once(channel, int(sizes.get(channel.channel, 0))) for channel in channels)
    return Statement(lines=lines, once=tuple(line for line in once if line.money))


def decimal(number: float) -> Decimal:
    """The number as it is written, not as its bits have it: 0.1 is one tenth."""
    return Decimal(str(number))


def to_cents(money: Decimal) -> Decimal:
    """Money rounded half up to whole cents."""
    return money.quantize(CENT, rounding=ROUND_HALF_UP)


def _cells(keys: pd.DataFrame) -> dict[tuple[str, str], Any]:
    """Rows of each channel and offer."""
    groups: dict[Any, Any] = keys.groupby(["channel", "offer"]).indices
    return groups


def _line(
    channel: str, partner: str, offer: str, counts: Counts, money: Sequence[Decimal], rows: NDArray[np.intp]
) -> StatementLine:
    happened = {event: _happened(getattr(counts, event), rows) for event in EVENTS}
    return StatementLine(
        channel=channel,
        partner=partner,
        offer=offer,
        contacts=len(rows),
        **happened,
        amount=sum(np.asarray(counts.amount)[rows], Decimal(0)),
        money=sum((money[row] for row in rows), Decimal(0)),
    )


def _happened(counted: Numbers | float, rows: NDArray[np.intp]) -> int:
    return int(np.asarray(counted)[rows].sum())


def _once(channel: Channel, contacts: int) -> OnceLine:
    """fixed_cost + (1 - rebate_share) * sum over tiers of (price - price before) * contacts beyond; 0 without contacts."""
    prices = [decimal(channel.cost_per_contact), *(decimal(tier.cost_per_contact) for tier in channel.price_tiers)]
    beyond = [max(Decimal(0), contacts - decimal(tier.from_contacts)) for tier in channel.price_tiers]
    rises = sum(((high - low) * n for (low, high), n in zip(pairwise(prices), beyond, strict=True)), Decimal(0))
    exact = decimal(channel.fixed_cost) + (1 - decimal(channel.rebate_share)) * rises
    return OnceLine(channel=channel.channel, partner=channel.partner, money=to_cents(exact) if contacts else Decimal(0))


def _counts(
    contacts: pd.DataFrame,
    channels: Sequence[Channel],
    offers: Sequence[Offer],
    channel_code: NDArray[np.intp],
    offer_code: NDArray[np.intp],
) -> Counts:
    """What happened to each contact; an event that its channel does not price may be unknown, and counts as none."""
    told = {}
    for event in EVENTS:
        priced = np.array([getattr(channel, PRICED[event]) > 0 for channel in channels])[channel_code]
        told[event] = _told(contacts, event, priced)
    by_amount = np.array([c.cost_rate_of_amount > 0 for c in channels])[channel_code]
    by_amount |= np.array([o.cost_rate_of_amount > 0 for o in offers])[offer_code]
    amount = _told(contacts, "amount", by_amount & (told["booked"] == 1))
    booked_money = [decimal(m) if b else Decimal(0) for m, b in zip(amount.tolist(), told["booked"] == 1, strict=True)]
    return Counts(
        contacts=np.full(len(contacts), 1, dtype=object),
        **{event: figures.astype(int).astype(object) for event, figures in told.items()},
        amount=np.array(booked_money, dtype=object),
    )


def _told(contacts: pd.DataFrame, event: str, needed: NDArray[np.bool_]) -> NDArray[np.float64]:
    figures = contacts[event].to_numpy(np.float64) if event in contacts else np.full(len(contacts), np.nan)
    unknown = int((np.isnan(figures) & needed).sum())
    if unknown:
        raise BadInput(f"{PRICED[event]} is priced, but {event} is not known of {unknown:,} contacts; add it")
    told: NDArray[np.float64] = np.nan_to_num(figures)
    return told


def _codes(names: pd.Series, known: list[str], what: str) -> NDArray[np.intp]:
    codes: NDArray[np.intp] = pd.Index(known).get_indexer(pd.Index(names))
    if (codes < 0).any():
        raise BadInput(
            f"{what} {names.iloc[int((codes < 0).argmax())]} has contacts, but is not listed; list its prices"
        )
    return codes
