"""The weekly tables: what was spent and booked per channel in the past, and how many leads are expected to come."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.errors import BadInput
from acquire.ingest.checks import Sieve, read_texts
from acquire.ingest.sources import nearest

Flags = NDArray[np.bool_]

SPEND_COLUMNS = ("week", "channel", "spend", "booked")
TRAFFIC_COLUMNS = ("channel", "week", "volume", "low", "high")


def read_spend_history(sieve: Sieve, channels: Iterable[str], today: date) -> list[str]:
    """Read `week`, `channel`, `spend`, `booked`, and mark the rows that cannot be meant; return notes.

    A week is named by its first day; all weeks begin on the same weekday.

    Raises:
        BadInput: A column is missing, or there are no rows.
    """
    _require(sieve, SPEND_COLUMNS, "past weeks")
    _read_week(sieve)
    over = np.asarray(sieve.clean["week"] + pd.Timedelta(days=6) > pd.Timestamp(today), dtype=np.bool_)
    sieve.reject("week", over, "the week is not over")
    _read_channel(sieve, channels)
    for figure in ("spend", "booked"):
        _read_amount(sieve, figure, required=True)
    _reject_twice(sieve)
    return _unused(sieve, SPEND_COLUMNS)


def read_traffic(sieve: Sieve, channels: Iterable[str], today: date) -> list[str]:
    """Read `channel`, `week`, `volume` and, where there, `low` and `high`; mark the rows that cannot be meant; return notes.

    Without `low` or `high` the volume is taken as certain on that side.

    Raises:
        BadInput: A column is missing, or there are no rows.
    """
    _require(sieve, TRAFFIC_COLUMNS[:3], "coming weeks")
    _read_week(sieve)
    gone = np.asarray(sieve.clean["week"] + pd.Timedelta(days=6) < pd.Timestamp(today), dtype=np.bool_)
    sieve.reject("week", gone, "the week is over")
    _read_channel(sieve, channels)
    _read_amount(sieve, "volume", required=True)
    for side in ("low", "high"):
        _read_amount(sieve, side, required=False)
    volume, low, high = (sieve.clean[name] for name in ("volume", "low", "high"))
    sieve.clean["low"], sieve.clean["high"] = (np.where(np.isnan(side), volume, side) for side in (low, high))
    _reject_crossed(sieve)
    _reject_twice(sieve)
    return _unused(sieve, TRAFFIC_COLUMNS)


def _require(sieve: Sieve, columns: Iterable[str], what: str) -> None:
    sieve.require(*columns)
    if not len(sieve):
        raise BadInput(f"{sieve.raw.file} has no rows; list {what}, or take it out of [data]")


def _read_week(sieve: Sieve) -> None:
    texts = read_texts(sieve.raw.frame["week"])
    days = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None).dt.normalize()
    sieve.reject("week", days.isna().to_numpy(), "give the first day of the week as 2026-01-26")
    if days.notna().any():
        usual = int(days.dt.day_of_week.mode().iloc[0])
        others = days.notna() & (days.dt.day_of_week != usual)
        sieve.reject("week", others.to_numpy(), "it begins on another weekday than the other weeks")
    sieve.clean["week"] = days.astype("datetime64[us]")


def _read_channel(sieve: Sieve, channels: Iterable[str]) -> None:
    sieve.read_name("channel", required=True)
    names = sieve.clean["channel"]
    sieve.reject("channel", (names.notna() & ~names.isin(list(channels))).to_numpy(), "the channels table lacks it")


def _read_amount(sieve: Sieve, column: str, *, required: bool) -> None:
    if column not in sieve:
        sieve.clean[column] = np.full(len(sieve), np.nan)
        return
    sieve.read_money(column)
    unread = {fault.column: fault.rows for fault in sieve.faults}.get(column, np.zeros(len(sieve), dtype=np.bool_))
    if required:
        sieve.reject(column, np.isnan(sieve.clean[column]) & ~unread, "it may not be empty")


def _reject_crossed(sieve: Sieve) -> None:
    volume, low, high = (sieve.clean[name] for name in ("volume", "low", "high"))
    for side, crossed in (("low", low > volume), ("high", high < volume)):
        if side in sieve:
            sieve.reject(side, crossed, f"{side} is on the wrong side of volume")


def _reject_twice(sieve: Sieve) -> None:
    pairs = pd.DataFrame({"week": sieve.clean["week"], "channel": sieve.clean["channel"]})
    known: Flags = pairs.notna().all(axis=1).to_numpy()
    sieve.reject("week", pairs.duplicated(keep=False).to_numpy() & known, "the channel has this week more than once")


def _unused(sieve: Sieve, columns: tuple[str, ...]) -> list[str]:
    return [
        f"{sieve.raw.table}: column {column} is not used{nearest(column, list(columns))}"
        for column in sieve.raw.frame.columns
        if column not in columns
    ]
