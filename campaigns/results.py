"""The arithmetic of daily facts: sums, ratios and what the contacts really added. Frames in, frames out.

Undefined ratios are NaN. Money is added in whole cents and becomes a float at the end, so sums are right to the cent.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from acquire.statistics.normal import Z_90
from campaigns.store import facts

MONEY = facts.SUMMED_AMOUNTS
COUNTS = facts.COUNTS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Period:
    """Facts of some days, and of as many days right before.

    Attributes:
        first_day: Of the days asked for.
        now: Facts by day and channel, money in cents.
        before: The same of the days before; None where the facts do not reach back so far.
        has_all_offers: Whether the facts cover all offers. The holdout is of the whole channel: it cannot tell what one
            offer of several added.
    """

    first_day: pd.Timestamp
    now: pd.DataFrame
    before: pd.DataFrame | None
    has_all_offers: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """The facts of one page, added up in the ways its figures need.

    Attributes:
        now: One row: the filter's days.
        before: One row: as many days right before; None where the facts do not reach back so far.
        weeks, months: One row per week and month; the index is its first day (see `first_days`).
        channels: One row per channel.
    """

    now: pd.DataFrame
    before: pd.DataFrame | None
    weeks: pd.DataFrame
    months: pd.DataFrame
    channels: pd.DataFrame


def measure(period: Period) -> Measured:
    """Add the facts up in all the ways a page needs."""
    extra = _extra_of(period.now, period)
    now, weeks = period.now, first_days(period.now, "W", period.first_day).rename("week")
    return Measured(
        now=in_total(now, extra),
        before=None if period.before is None else in_total(period.before, _extra_of(period.before, period)),
        weeks=sums_by(now, weeks),
        months=by_month(now, extra, period.first_day),
        channels=by_channel(now, extra),
    )


def why_not_known(period: Period, measured: Measured) -> str:
    """Say in words why the incremental CAC is undefined."""
    if not period.has_all_offers:
        return "not known for single offers: the holdout is of the whole channel; choose all offers"
    if np.isnan(measured.now["incremental"].iloc[0]):
        return "not known: a channel had no holdout in some month"
    return "not yet known: the 90 % interval of the extra bookings is not above 0"


def _extra_of(daily: pd.DataFrame, period: Period) -> pd.DataFrame:
    extra = extra_bookings(daily)
    return extra if period.has_all_offers else extra.assign(extra=np.nan, variance=np.nan)


def in_cents(daily: pd.DataFrame) -> pd.DataFrame:
    """Give money as whole cents (int64)."""
    return daily.assign(**{name: daily[name].map(_cents).astype("int64") for name in MONEY})


def first_days(daily: pd.DataFrame, unit: str, first_day: pd.Timestamp) -> pd.Series:
    """Name each row's week (Monday) or month by its first day, which is never before the filter's first day.

    Args:
        daily: With the column day.
        unit: "W" or "M".
        first_day: First day of the filter.
    """
    first: pd.Series = daily["day"].dt.to_period(unit).dt.start_time
    return first.where(first >= first_day, first_day)


def sums_by(daily: pd.DataFrame, by: Any) -> pd.DataFrame:
    """Add the facts of each group up, with ratios.

    Args:
        daily: Facts with money in cents.
        by: What pandas groups by.

    Returns:
        One row per group (the index): counts, money, cac, conversion, bad_rate.
    """
    return _with_ratios(daily.groupby(by)[[*COUNTS, *MONEY]].sum())


def extra_bookings(daily: pd.DataFrame) -> pd.DataFrame:
    """Estimate what contacts added, by channel and month, from the channel's random holdout.

    In each channel and month (within which the holdout's share is the same, so that days need no weights):

        extra    = booked - contacts * control_booked / control_leads
        variance = contacts * p (1 - p) + contacts^2 / control_leads * q (1 - q)

    with p, q = (booked + 1) / (contacts + 2) of the contacted and of the holdout, so that a share of 0 in a small
    holdout does not pass for certainty. Without a holdout both are NaN.

    Args:
        daily: Facts by day and channel.

    Returns:
        One row per channel and month with contacts: channel, month (first day), extra, variance.

    References:
        Agresti, Caffo (2000): Simple and Effective Confidence Intervals for Proportions and Differences of Proportions,
        The American Statistician 54(4).
    """
    month = daily["day"].dt.to_period("M").dt.start_time.rename("month")
    cells = daily.groupby(["channel", month])[list(COUNTS)].sum().reset_index()
    cells = cells.loc[cells["contacts"] > 0]
    n_control = cells["control_leads"].where(cells["control_leads"] > 0).astype("float64")
    extra = cells["booked"] - cells["contacts"] * (cells["control_booked"] / n_control)
    variance = cells["contacts"] * _spread(cells["booked"], cells["contacts"])
    variance += cells["contacts"] ** 2 / n_control * _spread(cells["control_booked"], n_control)
    return cells[["channel", "month"]].assign(extra=extra.astype("float64"), variance=variance.astype("float64"))


def in_total(daily: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    """Add all facts up, as one row.

    Args:
        daily: Facts with money in cents.
        extra: From `extra_bookings`.

    Returns:
        counts, money, cac, conversion, bad_rate, incremental, incremental_low, incremental_high (90 %) and
        incremental_cac = spend / incremental, which is NaN ("not yet known") unless the whole interval is above 0.
    """
    sums = _with_ratios(daily[[*COUNTS, *MONEY]].sum().to_frame().T)
    return _with_increments(sums, extra[["extra", "variance"]].sum(skipna=False).to_frame().T)


def by_channel(daily: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    """Add the facts of each channel up; columns as of `in_total` behind channel and partner."""
    sums = sums_by(daily, ["channel", "partner"]).reset_index("partner")
    return _with_increments(sums, extra.groupby("channel")[["extra", "variance"]].sum(skipna=False)).reset_index()


def by_month(daily: pd.DataFrame, extra: pd.DataFrame, first_day: pd.Timestamp) -> pd.DataFrame:
    """Add the facts of each month up; columns as of `in_total`, the index is `month` (see `first_days`)."""
    sums = sums_by(daily, first_days(daily, "M", first_day).rename("month"))
    months = extra["month"].where(extra["month"] >= first_day, first_day)
    return _with_increments(sums, extra.groupby(months)[["extra", "variance"]].sum(skipna=False))


def _with_increments(sums: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    # Groups without a row in `extra` had no contacts: nothing was added.
    added = extra.reindex(sums.index, fill_value=0.0)
    half = Z_90 * np.sqrt(added["variance"])
    low, high = added["extra"] - half, added["extra"] + half
    cac = sums["spend"] / added["extra"].where(low > 0)
    return sums.assign(incremental=added["extra"], incremental_low=low, incremental_high=high, incremental_cac=cac)


def _with_ratios(sums: pd.DataFrame) -> pd.DataFrame:
    sums = sums.assign(**{name: sums[name] / 100 for name in MONEY})
    return sums.assign(
        cac=_ratio(sums["spend"], sums["booked"]),
        conversion=_ratio(sums["booked"], sums["contacts"]),
        bad_rate=_ratio(sums["bad"], sums["matured"]),
    )


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole > 0).astype("float64")


def _spread(n_yes: pd.Series, n: pd.Series) -> pd.Series:
    share = ((n_yes + 1) / (n + 2)).clip(0, 1)
    return share * (1 - share)


def _cents(money: Decimal) -> int:
    return int(money.scaleb(2))
