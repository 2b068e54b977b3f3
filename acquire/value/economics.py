"""What one contact is expected to cost: a part that is paid whatever happens, and a part that is paid when the lead books."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Channel, Offer

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

        fixed       = (cost_per_contact + sum over events of cost_per_event * rate) * (1 - rebate_share)
        per_booking = (cost_per_booked + cost_rate_of_amount * amount) * (1 - rebate_share)
                      + offer's cost_per_booked + offer's cost_rate_of_amount * amount

    The rebate is the partner's, so it lowers what the channel charges and not what the offer costs.

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
    amount = _amounts(leads, usual_amount)
    kept = np.array([1 - channel.rebate_share for channel in known])[code]
    booked = np.array([c.cost_per_booked for c in known])[code]
    rate = np.array([c.cost_rate_of_amount for c in known])[code]
    partner = (booked + rate * amount) * kept
    events = [event for event in EVENTS if p_approved is None or event != "approved"]
    fixed = np.array([[_fixed(channel, offer, event_rates, events) for offer in offers] for channel in known])[code]
    if p_approved is not None:
        fixed = fixed + np.array([c.cost_per_approved for c in known])[code][:, None] * p_approved
    own = np.column_stack([offer.cost_per_booked + offer.cost_rate_of_amount * amount for offer in offers])
    return ContactCosts(fixed=fixed * kept[:, None], per_booking=partner[:, None] + own)


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


def _fixed(channel: Channel, offer: Offer, event_rates: pd.DataFrame, events: list[str]) -> float:
    priced = {event: getattr(channel, EVENTS[event]) for event in events}
    costs = (cost * _rate(channel.channel, offer, event, event_rates) for event, cost in priced.items() if cost > 0)
    return channel.cost_per_contact + float(sum(costs))


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
