"""Past weeks of single channels whose true response curve is known: what more or less spend did in each.

    booked in week t ~ Poisson(base + trend + season + effect * h(a_t)),   a_t = (1 - carry) * spend_t + carry * a_(t-1)

with h(a) = 2 a / (a + usual): at the usual spend h is 1, three times as much spend brings half as much again. Spend is raised and
lowered week by week, as a buyer who wants to learn does, and is back at the usual level in the last weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from acquire.ingest.market.terms import Floats, to_cents

SPREAD = 0.6  # of the log of weekly spend
LAST_WEEKS, LAST_SPREAD = 8, 0.1
BASE, TREND, SEASON = (
    0.25,
    0.1,
    0.05,
)  # of the bookings of a usual week: without spend, more a year, up and down the year
_WEEKS_OF_A_YEAR = 365.25 / 7


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualWeek:
    """A channel's usual week.

    Attributes:
        channel: Its name.
        spend: Money.
        booked: Bookings, those included that come without spend.
        carry: Share of a week's effect that lasts into the next.
    """

    channel: str
    spend: float
    booked: float
    carry: float = 0.3


def weekly_results(
    usual: Sequence[UsualWeek], *, n_weeks: int, ends_on: date, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the past weeks of channels: `week` (its first day), `channel`, `spend`, `booked`.

    Args:
        usual: One usual week per channel.
        n_weeks: Weeks, at least LAST_WEEKS.
        ends_on: Last day of the last week.
        rng: The only source of chance.
    """
    first = ends_on - timedelta(weeks=n_weeks, days=-1)
    weeks = pd.date_range(first, periods=n_weeks, freq="7D", unit="us")
    return pd.concat([_of_channel(week, weeks, rng) for week in usual], ignore_index=True)


def true_effect(usual: UsualWeek, stock: Floats) -> Floats:
    """Bookings a week that an adstock of spend brings, shape of `stock`."""
    return np.asarray((1 - BASE) * usual.booked * 2 * stock / (stock + usual.spend), dtype=float)


def _of_channel(usual: UsualWeek, weeks: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    n = len(weeks)
    spread = np.where(np.arange(n) < n - LAST_WEEKS, SPREAD, LAST_SPREAD)
    spend = to_cents(usual.spend * np.exp(spread * rng.standard_normal(n) - spread**2 / 2))
    years = np.arange(n) / _WEEKS_OF_A_YEAR
    rest = BASE + TREND * (years - years[-1]) + SEASON * np.sin(2 * np.pi * years)
    mean = usual.booked * np.maximum(rest, 0) + true_effect(usual, _stock(spend, usual))
    return pd.DataFrame({"week": weeks, "channel": usual.channel, "spend": spend, "booked": rng.poisson(mean)})


def _stock(spend: Floats, usual: UsualWeek) -> Floats:
    stock = np.empty(len(spend))
    before = usual.spend
    for week, money in enumerate(spend):
        stock[week] = before = (1 - usual.carry) * money + usual.carry * before
    return stock
