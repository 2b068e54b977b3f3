"""What one contact is expected to cost: a part that is paid whatever happens, and a part that is paid when the lead books."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Channel, Offer
from acquire.value.charges import Counts, Prices, charge

Floats = NDArray[np.float64]

_PRIOR_CONTACTS = 200.0
EVENTS = {"clicked": "cost_per_click", "applied": "cost_per_applied", "approved": "cost_per_approved"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCosts:
    """Expected spend of a contact = fixed + p_booked * per_booking.

    Attributes:
        fixed: Money per contact: the contact itself and priced events before the booking, shape (n, n_offers).
        per_booking: Money per booking under the offer, shape (n, n_offers).
    """

    fixed: Floats
    per_booking: Floats

    def spend(self, p_booked: Floats) -> Floats:
        """Give expected spend, shape (n, n_offers), for chances to book of the same shape."""
        return self.fixed + p_booked * self.per_booking


def contact_costs(
    leads: pd.DataFrame,
    channels: tuple[Channel, ...],
    offers: tuple[Offer, ...],
    event_rates: pd.DataFrame,
    p_approved: Floats | None = None,
    *,
    usual_amount: float = float("nan"),
) -> ContactCosts:
    """Price one contact of every lead with every offer.

        fixed       = charge of a contact and of the events before the booking, each times its chance
        per_booking = charge of a booking and of its amount

    by the formula of charges.py, which the settled statement uses too.

    Args:
        leads: `channel` and, where anything is priced by amount, `amount`.
        channels: All channels of the leads.
        offers: Offers without control.
        event_rates: As `fit_event_rates` gives them.
        p_approved: Chance that a contact leads to an approval, shape (n, n_offers), where it is known lead by lead.
        usual_amount: Stands in for an amount that is missing; NaN = the mean of the leads' own.
    """
    by_name = {channel.channel: channel for channel in channels}
    known = [by_name.get(name, Channel(channel=name, partner="?")) for name in leads["channel"].unique()]
    code = leads["channel"].map({channel.channel: i for i, channel in enumerate(known)}).to_numpy()
    amount = _amounts(leads, usual_amount)[:, None]
    prices = Prices.of(known, offers)
    events = [event for event in EVENTS if p_approved is None or event != "approved"]
    chances = {event: _chances(known, offers, event, event_rates) for event in events}
    fixed = charge(prices.at((slice(None), None), slice(None)), Counts(contacts=1.0, **chances))[code]
    of_leads = prices.at((code, None), slice(None))
    if p_approved is not None:
        fixed = fixed + charge(of_leads, Counts(approved=p_approved))
    return ContactCosts(fixed=fixed, per_booking=charge(of_leads, Counts(booked=1.0, amount=amount)))


def fit_event_rates(history: pd.DataFrame) -> pd.DataFrame:
    """Learn how often a contact leads to a click, an application, an approval, per channel and offer.

    Rates of a channel are shrunk towards the offer's rate over all channels, as if 200 more contacts had shown that rate.

    Args:
        history: The History frame.

    Returns:
        Indexed by (channel, offer), with channel "*" for channels history never saw; a column per event history has.
    """
    events = [event for event in EVENTS if event in history]
    if not events:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["channel", "offer"]))
    by_offer = history.groupby("offer")[events].mean()
    groups = history.groupby(["channel", "offer"])[events]
    sums, counts = groups.sum(), groups.count()
    prior = by_offer.loc[sums.index.get_level_values("offer")].to_numpy()
    shrunk = (sums + _PRIOR_CONTACTS * prior) / (counts + _PRIOR_CONTACTS)
    return pd.concat([by_offer.assign(channel="*").reset_index().set_index(["channel", "offer"]), shrunk])


def event_chances(leads: pd.DataFrame, event: str, offers: tuple[Offer, ...], event_rates: pd.DataFrame) -> Floats:
    """Give the chance of `event` per lead and offer, shape (n, n_offers); NaN where history has no such column."""
    if event not in event_rates:
        return np.full((len(leads), len(offers)), np.nan)
    names = list(leads["channel"].unique())
    table = np.array([[_rate(name, offer, event, event_rates) for offer in offers] for name in names])
    chances: Floats = table[leads["channel"].map({name: i for i, name in enumerate(names)}).to_numpy()]
    return chances


def _chances(channels: list[Channel], offers: tuple[Offer, ...], event: str, event_rates: pd.DataFrame) -> Floats:
    """Chance of an event per channel and offer; 0 where the channel does not price it, as history may not know it."""
    return np.array(
        [
            [_rate(c.channel, o, event, event_rates) if getattr(c, EVENTS[event]) > 0 else 0.0 for o in offers]
            for c in channels
        ]
    )


def _rate(channel: str, offer: Offer, event: str, event_rates: pd.DataFrame) -> float:
    key = (channel, offer.offer)
    found = event_rates.index.get_loc(key if key in event_rates.index else ("*", offer.offer))
    return float(event_rates[event].to_numpy(np.float64)[found])


def _amounts(leads: pd.DataFrame, usual: float) -> Floats:
    if "amount" not in leads:
        return np.zeros(len(leads))
    amount = leads["amount"].to_numpy(dtype=np.float64)
    if np.isnan(usual):
        usual = 0.0 if np.isnan(amount).all() else float(np.nanmean(amount))
    filled: Floats = np.where(np.isnan(amount), usual, amount)
    return filled
