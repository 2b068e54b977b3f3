"""The made-up market's channels and offers, and what they charge, exact to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Channel, Offer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OFFERS = (
    Offer(offer="contact"),
    Offer(offer="coupon", cost_per_booked=30.0),
    Offer(offer="rate_cut", cost_rate_of_amount=0.015),
    Offer(offer="higher_limit"),
)
ARMS = (CONTROL, *(o.offer for o in OFFERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A channel's terms, and what kind of traffic it brings.

    Attributes:
        terms: What the partner charges.
        traffic_share: Share of all people who are first seen here.
        quality: Shift of the average person's credit quality, in standard deviations.
        engagement: Shift of the log-odds to click.
        fraud_share: Share of its people who are fraudsters.
        capacity: Most contacts the channel delivers, as a share of its leads; None = all.
    """

    terms: Channel
    traffic_share: float
    quality: float
    engagement: float
    fraud_share: float
    capacity: float | None = None


SOURCES = (
    Source(
        terms=Channel(
            channel="feed_ads", partner="north_media", cost_per_contact=0.3, cost_per_click=1.2, rebate_share=0.08
        ),
        traffic_share=0.2,
        quality=-0.1,
        engagement=0.0,
        fraud_share=0.07,
        capacity=0.7,
    ),
    Source(
        terms=Channel(channel="search_ads", partner="north_media", cost_per_click=3.2, rebate_share=0.05),
        traffic_share=0.13,
        quality=0.15,
        engagement=0.15,
        fraud_share=0.01,
        capacity=0.9,
    ),
    Source(
        terms=Channel(channel="app_store", partner="orbit", cost_per_contact=1.1),
        traffic_share=0.11,
        quality=0.0,
        engagement=0.1,
        fraud_share=0.01,
    ),
    Source(
        terms=Channel(channel="price_comparison", partner="comparo", cost_per_applied=14.0, affiliate_group="harbour"),
        traffic_share=0.09,
        quality=-0.15,
        engagement=0.3,
        fraud_share=0.01,
    ),
    Source(
        terms=Channel(channel="payment_app", partner="paywell", cost_per_contact=0.4, cost_per_approved=38.0),
        traffic_share=0.17,
        quality=0.3,
        engagement=0.05,
        fraud_share=0.005,
    ),
    Source(
        terms=Channel(
            channel="ecommerce",
            partner="paywell",
            cost_per_contact=0.25,
            cost_per_booked=15.0,
            cost_rate_of_amount=0.008,
        ),
        traffic_share=0.1,
        quality=0.1,
        engagement=0.0,
        fraud_share=0.01,
    ),
    Source(
        terms=Channel(
            channel="sms_broker",
            partner="quickreach",
            cost_per_contact=0.12,
            cost_per_booked=45.0,
            affiliate_group="harbour",
        ),
        traffic_share=0.12,
        quality=-0.35,
        engagement=-0.2,
        fraud_share=0.06,
        capacity=0.8,
    ),
    Source(
        terms=Channel(channel="dormant_clients", partner="own_book", cost_per_contact=0.08),
        traffic_share=0.08,
        quality=0.35,
        engagement=0.1,
        fraud_share=0.0,
    ),
)
CHANNEL_NAMES = tuple(s.terms.channel for s in SOURCES)

OWN_CHANNEL = "dormant_clients"  # former clients: all had a loan here
# Bookings of this channel get worse as the months go by: something for the monitors to find.
DRIFTING_CHANNEL = "ecommerce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """How often each event happened, or is expected to, per row: each shape (n,). `amount` is the booked money."""

    contacts: Floats
    clicked: Floats
    applied: Floats
    approved: Floats
    booked: Floats
    amount: Floats


_PRICES = {
    "contacts": "cost_per_contact",
    "clicked": "cost_per_click",
    "applied": "cost_per_applied",
    "approved": "cost_per_approved",
    "booked": "cost_per_booked",
    "amount": "cost_rate_of_amount",
}


def price(events: Events, channel: Ints, arm: Ints) -> Floats:
    """Money that channel and offer charge for the events of each row.

        (sum over priced events of price * count) * (1 - rebate_share)  +  the offer's cost per booked and per amount

    Control costs nothing: without a contact there is no invoice.

    Args:
        events: Counts per row, shape (n,).
        channel: Number of the row's channel in SOURCES, shape (n,).
        arm: Number of the row's offer in ARMS, shape (n,); 0 is control.

    Returns:
        Money per row, shape (n,), not rounded.
    """
    cost = np.zeros(len(channel))
    for event, term in _PRICES.items():
        cost += getattr(events, event) * _term(term)[channel]
    cost *= 1 - _term("rebate_share")[channel]
    cost += events.booked * np.array([0.0, *(o.cost_per_booked for o in OFFERS)])[arm]
    cost += events.amount * np.array([0.0, *(o.cost_rate_of_amount for o in OFFERS)])[arm]
    return np.where(arm == 0, 0.0, cost)


def to_cents(money: Floats) -> Floats:
    """Money rounded half up to whole cents, once binary noise (under a millionth of a cent) is off."""
    return np.floor(np.round(money * 100, 6) + 0.5) / 100


def _term(name: str) -> Floats:
    return np.array([getattr(s.terms, name) for s in SOURCES])


def channels_table(leads_per_channel: Sequence[int]) -> pd.DataFrame:
    """The contract's channels table; `max_contacts` follows from how many leads each channel brings."""
    rows = [{f.name: getattr(s.terms, f.name) for f in fields(Channel)} for s in SOURCES]
    table = pd.DataFrame(rows)
    limits = [
        None if s.capacity is None else round(s.capacity * n) for s, n in zip(SOURCES, leads_per_channel, strict=True)
    ]
    table["max_contacts"] = pd.array(limits, dtype="Int64")
    return table[["channel", "partner", *_PRICES.values(), "rebate_share", "affiliate_group", "max_contacts"]]


def offers_table() -> pd.DataFrame:
    """The contract's offers table. Every offer may be used in every channel."""
    return pd.DataFrame(
        {
            "offer": [o.offer for o in OFFERS],
            "cost_per_booked": [o.cost_per_booked for o in OFFERS],
            "cost_rate_of_amount": [o.cost_rate_of_amount for o in OFFERS],
        }
    )
