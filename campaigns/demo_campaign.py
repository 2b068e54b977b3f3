"""What runs already in the demo's market: last month's mix as today's plan, past weeks, and what partners ask once."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from acquire.domain import CONTROL
from acquire.ingest.market import Market
from acquire.ingest.market.weekly import UsualWeek, weekly_results

_MONTH_DAYS, _MONTH_WEEKS = 28, 4
_PAST_WEEKS = 104
_LEARNT = ("feed_ads", "search_ads", "app_store")  # bought by the week, so that somebody could vary what is spent there

# The broker wants a set-up fee and a least order; the search engine's cheap places are few.
_ONCE = {"sms_broker": {"fixed_cost": 900.0, "min_spend_if_used": 2_500.0}}
_TIERS = (("search_ads", 300, 0.8), ("search_ads", 700, 2.4))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCampaign:
    """The optional tables of a campaign that runs already.

    Attributes:
        channels: The channels table with what some ask once.
        price_tiers: channel, from_contacts, cost_per_contact.
        current_plan: channel, offer, contacts: last month's mix for as much money as the budget.
        spend_history: week, channel, spend, booked.
    """

    channels: pd.DataFrame
    price_tiers: pd.DataFrame
    current_plan: pd.DataFrame
    spend_history: pd.DataFrame


def running_campaign(market: Market, budget: float, rng: np.random.Generator) -> RunningCampaign:
    """Scale the whole business's last month down to one campaign, and draw the campaign's past weeks.

    Args:
        market: Its daily results say what runs.
        budget: What the campaign may spend in a month.
        rng: The only source of chance.
    """
    month = _last_month(market.daily)
    share = budget / month["spend"].sum()
    contacts = (month["contacts"] * share).round().astype(np.int64)
    by_channel = month.groupby("channel")[["booked", "spend"]].sum() * (share / _MONTH_WEEKS)
    usual = [
        UsualWeek(channel=name, spend=float(by_channel["spend"][name]), booked=float(by_channel["booked"][name]))
        for name in _LEARNT
    ]
    return RunningCampaign(
        channels=_with_once(market.channels),
        price_tiers=pd.DataFrame(_TIERS, columns=["channel", "from_contacts", "cost_per_contact"]),
        current_plan=contacts[contacts > 0].reset_index(),
        spend_history=weekly_results(usual, n_weeks=_PAST_WEEKS, ends_on=_last_day(market.daily), rng=rng),
    )


def _last_day(daily: pd.DataFrame) -> date:
    last: date = daily["day"].max().date()
    return last


def _last_month(daily: pd.DataFrame) -> pd.DataFrame:
    """Contacts, bookings and money of the last four weeks, by channel and offer."""
    recent = daily["day"] > daily["day"].max() - pd.Timedelta(days=_MONTH_DAYS)
    rows = daily[recent & (daily["offer"] != CONTROL)]
    totals: pd.DataFrame = rows.groupby(["channel", "offer"])[["contacts", "booked", "spend"]].sum()
    return totals


def _with_once(channels: pd.DataFrame) -> pd.DataFrame:
    """The channels table with two more columns; an empty cell is no cost and no limit."""
    asked = channels.copy()
    for column in ("fixed_cost", "min_spend_if_used"):
        asked[column] = [_ONCE.get(name, {}).get(column) for name in channels["channel"]]
    return asked
