"""The whole made-up market from one seed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from acquire.ingest.market.calendar import busyness, days_between
from acquire.ingest.market.daily import daily_results
from acquire.ingest.market.outcomes import Past, draw_funnel, draw_matured, history_table, truth_table
from acquire.ingest.market.people import draw_crowd
from acquire.ingest.market.response import true_chances
from acquire.ingest.market.spec import MarketSpec
from acquire.ingest.market.terms import SOURCES, channels_table, offers_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One made-up market as tables.

    Attributes:
        history: One row per past contact or control, assigned at random (`propensity`).
        leads: The traffic to decide on.
        channels, offers: Who charges what.
        links: What rows of history and leads share: lead_id, kind (device, address, company), key, role.
        truth: Same rows as `leads`: chances, potential outcomes, true spend and true value under every offer.
        history_truth: The same for the rows of `history`.
        daily: Day-by-day results of the whole business (see daily.py).
    """

    history: pd.DataFrame
    leads: pd.DataFrame
    channels: pd.DataFrame
    offers: pd.DataFrame
    links: pd.DataFrame
    truth: pd.DataFrame
    history_truth: pd.DataFrame
    daily: pd.DataFrame


def make_market(spec: MarketSpec, rng: np.random.Generator) -> Market:
    """Draw a market: the same spec and the same seed give the same market.

    Args:
        spec: Size and dates.
        rng: The only source of chance.
    """
    crowd = draw_crowd(spec.n_history, spec.n_leads, rng)
    n = spec.n_history
    days = days_between(spec.starts_on, spec.ends_on)
    busy = busyness(days)
    contacted = rng.choice(len(days), n, p=busy / busy.sum())
    elapsed_years = np.concatenate([contacted, np.full(spec.n_leads, len(days))]) / 365.0
    chances = true_chances(crowd, elapsed_years)
    funnel = draw_funnel(chances, rng)
    truth = truth_table(crowd.seen, crowd.channel, crowd.fraud, chances, funnel)
    contacted_on = days.to_numpy()[contacted].astype("datetime64[D]")
    matured = draw_matured(contacted_on, spec.ends_on, rng)
    past = Past(
        seen=crowd.seen[:n], channel=crowd.channel[:n], contacted_on=contacted_on, matured=matured, ends_on=spec.ends_on
    )
    leads_per_channel = np.bincount(crowd.channel[n:], minlength=len(SOURCES))
    return Market(
        history=history_table(past, funnel.first(n), rng),
        leads=crowd.seen[n:].reset_index(drop=True),
        channels=channels_table(leads_per_channel.tolist()),
        offers=offers_table(),
        links=crowd.links,
        truth=truth[n:].reset_index(drop=True),
        history_truth=truth[:n].reset_index(drop=True),
        daily=daily_results(spec, rng),
    )
