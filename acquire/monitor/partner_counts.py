"""Leads one by one -> counts per partner and week.

Hours and weeks are local. A lead belongs to the week in which it arrived: the click, or the application where no click is
known. An application stamped before its click counts as 0 seconds: no person does that.
"""

import itertools
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.partner_weeks import TIME_EDGES, Floats, Mix, PartnerWeeks, Tally

_MOST_CLASSES = 9
_QUINTILES = (0.2, 0.4, 0.6, 0.8)
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Where each lead is counted: its cell among n_partners * n_weeks."""

    partners: tuple[str, ...]
    mondays: tuple[date, ...]
    cell: Ints

    def histogram(self, classes: Ints, n_classes: int, rows: Flags) -> Floats:
        """Leads by class, shape (n_partners, n_weeks, n_classes)."""
        shape = (len(self.partners), len(self.mondays), n_classes)
        at = self.cell[rows] * n_classes + classes[rows]
        return np.bincount(at, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)

    def tally(self, seen: Flags, of: Flags) -> Tally:
        """Leads `of` which something is known, and of these the `seen`."""
        counts = self.histogram(seen.astype(np.int64), 2, of)
        return Tally(seen=counts[..., 1], of=counts.sum(axis=-1))


def count_weeks(
    events: pd.DataFrame, features: tuple[str, ...], *, time_zone: ZoneInfo, booking_days: int
) -> PartnerWeeks:
    """Count the leads of each partner and week.

    Args:
        events: One row per lead: `partner`, `clicked_at` and/or `applied_at` (UTC), and what there is of `approved`,
            `booked`, `booked_at`, `is_client`, `n_missing`, `n_edits`. Numbers are float, NaN where unknown.
        features: Columns that say who the leads are.
        time_zone: Of the hours and weeks.
        booking_days: A lead is asked whether it drew only so many days after it arrived, and a booking later than that
            counts for nothing: so that weeks of any age compare.
    """
    events = events.assign(arrived_at=_arrivals(events)).sort_values("arrived_at", kind="stable")
    local = events["arrived_at"].dt.tz_convert(time_zone)
    grid = _make_grid(events, local)
    everybody = np.ones(len(events), dtype=np.bool_)
    hours = local.dt.hour.to_numpy(dtype=np.int64)
    times, repeats = _count_times(events, grid)
    perfect, alike = _count_forms(events, grid)
    return PartnerWeeks(
        partners=grid.partners,
        mondays=grid.mondays,
        leads=grid.histogram(np.zeros(len(events), dtype=np.int64), 1, everybody)[..., 0],
        times=times,
        repeats=repeats,
        hours=grid.histogram(hours, 24, everybody),
        perfect=perfect,
        alike=alike,
        clients=_count_clients(events, grid),
        undrawn=_count_undrawn(events, grid, booking_days),
        mixes=tuple(_count_mix(events[feature], grid) for feature in features),
    )


def _arrivals(events: pd.DataFrame) -> "pd.Series[Any]":
    if "clicked_at" not in events:
        return events["applied_at"]
    return events["clicked_at"].fillna(events["applied_at"]) if "applied_at" in events else events["clicked_at"]


def _make_grid(events: pd.DataFrame, local: "pd.Series[Any]") -> _Grid:
    days = local.dt.tz_localize(None).dt.normalize()
    monday = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    mondays = pd.date_range(monday.min(), monday.max(), freq="7D")
    week = ((monday - monday.min()).dt.days // 7).to_numpy(dtype=np.int64)
    partner, names = pd.factorize(events["partner"], sort=True)
    return _Grid(
        partners=tuple(str(name) for name in names),
        mondays=tuple(day.date() for day in mondays),
        cell=np.asarray(partner * len(mondays) + week, dtype=np.int64),
    )


def _count_times(events: pd.DataFrame, grid: _Grid) -> tuple[Floats | None, Tally | None]:
    if not {"clicked_at", "applied_at"} <= set(events.columns):
        return None, None
    seconds = (events["applied_at"] - events["clicked_at"]).dt.total_seconds().clip(lower=0.0)
    known = seconds.notna().to_numpy()
    if not known.any():
        return None, None
    bins = np.searchsorted(TIME_EDGES, seconds.fillna(0.0).to_numpy()).astype(np.int64)
    before = _one_before(events, seconds.round(), by="applied_at")
    repeats = grid.tally(seconds.round().eq(before).to_numpy(), known & before.notna().to_numpy())
    return grid.histogram(bins, len(TIME_EDGES) + 1, known), repeats


def _one_before(events: pd.DataFrame, values: "pd.Series[Any]", by: str) -> "pd.Series[Any]":
    """The value of the same partner's lead before, among those that have one; in the rows' own order."""
    known = pd.DataFrame({"partner": events["partner"], "by": events[by], "value": values}).dropna(subset=["value"])
    known = known.sort_values("by", kind="stable")
    return known.groupby("partner")["value"].shift().reindex(values.index)


def _count_forms(events: pd.DataFrame, grid: _Grid) -> tuple[Tally | None, Tally | None]:
    columns = [name for name in ("n_missing", "n_edits") if name in events]
    if not columns or not events[columns].notna().all(axis=1).any():
        return None, None
    forms = events[columns]
    known = forms.notna().all(axis=1)
    perfect = grid.tally((forms == 0).all(axis=1).to_numpy(), known.to_numpy())
    # One number per form: two forms are alike where both counts are.
    numbers = forms.fillna(0.0).mul([1.0, 1e4][: len(columns)], axis=1).sum(axis=1).where(known)
    before = _one_before(events, numbers, by="applied_at" if "applied_at" in events else "arrived_at")
    return perfect, grid.tally(numbers.eq(before).to_numpy(), (known & before.notna()).to_numpy())


def _count_clients(events: pd.DataFrame, grid: _Grid) -> Tally | None:
    if "is_client" not in events or not events["is_client"].notna().any():
        return None
    return grid.tally((events["is_client"] == 1).to_numpy(), events["is_client"].notna().to_numpy())


def _count_undrawn(events: pd.DataFrame, grid: _Grid, booking_days: int) -> Tally | None:
    if not {"approved", "booked"} <= set(events.columns):
        return None
    window = pd.Timedelta(days=booking_days)
    last = events[[name for name in ("clicked_at", "applied_at", "booked_at") if name in events]].max().max()
    asked = (events["approved"] == 1) & events["booked"].notna() & (events["arrived_at"] <= last - window)
    drew = events["booked"] == 1
    if "booked_at" in events:
        drew &= ~(events["booked_at"] - events["arrived_at"] > window)
    return grid.tally(~drew.to_numpy(), asked.to_numpy()) if asked.any() else None


def _count_mix(values: "pd.Series[Any]", grid: _Grid) -> Mix:
    numbers, names = _classes(values)
    everybody = np.ones(len(values), dtype=np.bool_)
    return Mix(feature=str(values.name), bins=names, counts=grid.histogram(numbers, len(names), everybody))


def _classes(values: "pd.Series[Any]") -> tuple[Ints, tuple[str, ...]]:
    """Fifths of a number with many values; else the 9 most frequent values and "other". Missing is a class of its own."""
    if pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() > _MOST_CLASSES:
        edges = np.unique(values.quantile(list(_QUINTILES)))
        numbers = np.searchsorted(edges, values.to_numpy(dtype=np.float64)).astype(np.int64)
        names = (f"up to {edges[0]:g}", *(f"{a:g} to {b:g}" for a, b in itertools.pairwise(edges)))
        return _with_missing(values, numbers, (*names, f"over {edges[-1]:g}"))
    frequent = sorted(values.value_counts().index[:_MOST_CLASSES])
    places = {value: place for place, value in enumerate(frequent)}
    numbers = values.map(places).fillna(len(frequent)).to_numpy(dtype=np.int64)
    return _with_missing(
        values, numbers, (*(f"{value:g}" if isinstance(value, float) else str(value) for value in frequent), "other")
    )


def _with_missing(values: "pd.Series[Any]", numbers: Ints, names: tuple[str, ...]) -> tuple[Ints, tuple[str, ...]]:
    return np.where(values.isna().to_numpy(), len(names), numbers), (*names, "missing")
