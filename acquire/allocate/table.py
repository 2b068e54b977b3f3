"""From scores to the column table: every (lead, offer) that may be chosen."""

import dataclasses

import numpy as np
import pandas as pd

from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.domain import Channel, Correction, Objective, Offer
from acquire.scored import Scored


def build_options(
    leads: pd.DataFrame,
    scored: Scored,
    channels: tuple[Channel, ...],
    offers: tuple[Offer, ...],
    objective: Objective,
    *,
    eligible: Flags,
    groups: tuple[str, ...] = (),
    correction: Correction | None = None,
) -> Options:
    """List every option: eligible leads times the offers that may be used in their channel and that they are ranked for.

    Args:
        leads: The Leads frame, in the order of `scored`.
        scored: Scores of all leads.
        channels: All channels of the plan.
        offers: Without control, in the order of `scored.offers`.
        objective: Decides what `gain` counts.
        eligible: Leads that may be contacted at all, shape (n,).
        groups: 0/1 columns of `leads` that limits name.
        correction: What held-out rows say the totals of a chosen set are, relative to their predictions.
    """
    channel_names = tuple(channel.channel for channel in channels)
    partner_names = tuple(dict.fromkeys(channel.partner for channel in channels))
    affiliate_names = tuple(dict.fromkeys(c.affiliate_group for c in channels if c.affiliate_group))
    channel = _codes(leads["channel"], channel_names)
    may = eligible[:, None] & (channel >= 0)[:, None] & allowed_offers(channels, offers)[channel]
    lead, offer = np.nonzero(may & scored.ranked)
    region_names = tuple(sorted(leads["region"].dropna().unique())) if "region" in leads else ()
    region = _codes(leads["region"], region_names) if "region" in leads else np.full(len(leads), -1)
    partner_of = np.array([partner_names.index(c.partner) for c in channels])
    affiliate_of = np.array([affiliate_names.index(c.affiliate_group) if c.affiliate_group else -1 for c in channels])
    options = Options(
        lead=lead,
        person=_persons(leads)[lead],
        offer=offer,
        channel=channel[lead],
        partner=partner_of[channel[lead]],
        region=region[lead],
        affiliate=affiliate_of[channel[lead]],
        groups={group: (leads[group].to_numpy(np.float64) == 1)[lead] for group in groups},
        offer_names=scored.offers,
        channel_names=channel_names,
        partner_names=partner_names,
        region_names=region_names,
        affiliate_names=affiliate_names,
        calls=_calls(scored, lead, offer, channels, channel[lead]),
        size=_sizes(leads)[lead] if "weight" in leads else None,
        **_figures(scored, lead, offer, correction or Correction()),
    )
    return dataclasses.replace(options, gain=_gain(options, objective))


def _figures(scored: Scored, lead: Ints, offer: Ints, correction: Correction) -> dict[str, Floats]:
    raw = scored.p_booked[lead, offer]
    booked = raw * correction.booked
    incremental = (raw - scored.p_control[lead]) * correction.incremental
    p_bad = scored.p_bad[lead, offer] * correction.bad / correction.booked
    per_booking = scored.cost_per_booking[lead, offer] * correction.per_booking
    spend = scored.fixed_cost[lead, offer] + booked * per_booking
    amount = scored.amount[lead] * booked
    # The scores' revenue was priced at the uncorrected p_bad; each bad booking more costs the loss given bad.
    more_bad = np.nan_to_num(p_bad - scored.p_bad[lead, offer])  # without a bad label: none that we know of
    revenue = scored.revenue[lead, offer] - more_bad * scored.loss_given_bad[lead]
    organic = booked - incremental
    return {
        "gain": np.zeros(len(lead)),
        "spend": spend,
        "value": revenue * booked - scored.revenue_control[lead] * organic - spend,
        "booked": booked,
        "incremental": incremental,
        "bad": p_bad * booked,
        "incremental_bad": p_bad * booked - scored.p_bad_control[lead] * (correction.bad / correction.booked) * organic,
        "amount": amount,
        "bad_amount": amount * p_bad,
        "approvals": scored.p_approved[lead, offer],
        "expected_loss": p_bad * booked * _loss_given_bad(scored)[lead],
        "bad_loadings": scored.bad_loadings[offer, lead] * booked[:, None],
        "booked_loadings": np.broadcast_to(0.0, (len(lead), scored.bad_loadings.shape[2])),
    }


def _loss_given_bad(scored: Scored) -> Floats:
    """Money a booking brings less when it goes bad, shape (n,); 0 for everybody stands for "not known"."""
    return scored.loss_given_bad if scored.loss_given_bad.any() else np.full(len(scored), np.nan)


def _calls(scored: Scored, lead: Ints, offer: Ints, channels: tuple[Channel, ...], channel: Ints) -> Floats:
    """calls_per_contact + calls_per_applied * P(applies), shape (n,); NaN where an application's chance is needed and unknown."""
    per_applied = np.array([c.calls_per_applied for c in channels])[channel]
    calls: Floats = np.array([c.calls_per_contact for c in channels])[channel]
    unknown = np.full(len(lead), np.nan)
    p_applied = unknown if scored.p_applied is None else scored.p_applied[lead, offer]
    return calls + np.where(per_applied > 0, per_applied * p_applied, 0.0)


def _gain(options: Options, objective: Objective) -> Floats:
    if objective.goal == "spend":
        return -options.spend
    return options.value if objective.goal == "incremental_value" else options.incremental


def allowed_offers(channels: tuple[Channel, ...], offers: tuple[Offer, ...]) -> Flags:
    """Which offer may be used in which channel, shape (n_channels, n_offers)."""
    return np.array(
        [[not offer.channels or channel.channel in offer.channels for offer in offers] for channel in channels]
    )


def _persons(leads: pd.DataFrame) -> Ints:
    """Number the people; a row that stands for more or less than one arrival is a person of its own."""
    if "person_id" not in leads:
        return np.arange(len(leads))
    known = leads["person_id"].notna() & (_sizes(leads) == 1)
    return pd.factorize(leads["person_id"].where(known, "lead " + leads["lead_id"]))[0].astype(np.int64)


def _sizes(leads: pd.DataFrame) -> Floats:
    """How many arrivals each row stands for, shape (n_leads,)."""
    return leads["weight"].to_numpy(np.float64) if "weight" in leads else np.ones(len(leads))


def _codes(column: pd.Series, names: tuple[str, ...]) -> Ints:
    return pd.Index(list(names), dtype="str").get_indexer(pd.Index(column)).astype(np.int64)
