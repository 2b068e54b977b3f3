"""The figures at the top of a page: now, before, against the target, over time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from campaigns.plan_document import PlanDocument
from campaigns.results import Measured

Unit = Literal["money", "accounts", "contacts", "rate"]
UNITS: Mapping[str, Unit] = {
    "contacts": "contacts",
    "booked": "accounts",
    "amount": "money",
    "spend": "money",
    "cac": "money",
    "incremental_cac": "money",
    "bad_rate": "rate",
    "conversion": "rate",
}
# Figure -> the plan file's limit that it is measured against.
TARGETS = {"cac": "max_cac", "incremental_cac": "max_incremental_cac", "bad_rate": "max_bad_rate"}
# Too noisy by week.
BY_MONTH = ("bad_rate", "incremental_cac")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One figure with what it is measured against.

    Attributes:
        name: cac, incremental_cac, booked, amount, spend, bad_rate, conversion (partners: contacts, booked, spend).
        unit: "money", "accounts", "contacts" or "rate" (a fraction).
        value: The figure over the filter's days; NaN where undefined.
        target: The limit of the latest plan (bad_rate, cac, incremental_cac); None where there is none.
        previous: The figure over as many days right before; None where the facts do not reach back so far.
        series: (first day of the week, figure) in order of time, clipped to the filter's days. By month for bad_rate
            and incremental_cac, which are too noisy by week.
        note: Why the value is undefined, in words; empty otherwise.
    """

    name: str
    unit: Unit
    value: float
    target: float | None = None
    previous: float | None = None
    series: tuple[tuple[date, float], ...] = ()
    note: str = ""


def kpis(
    names: Sequence[str], measured: Measured, targets: Mapping[str, float], notes: Mapping[str, str]
) -> tuple[Kpi, ...]:
    """Give the figures called `names`, in this order.

    Args:
        names: Of `UNITS`.
        measured: Sums with these columns.
        targets: Limit by name, where there is one.
        notes: What to say of a figure by name, should it be undefined.
    """
    return tuple(_kpi(name, measured, targets.get(name), notes.get(name, "nothing to divide by yet")) for name in names)


def targets_of(plan: PlanDocument) -> dict[str, float]:
    """Give the plan's limits by the figure they limit."""
    allowed = {limit.name: limit.allowed for limit in plan.limits}
    return {figure: allowed[limit] for figure, limit in TARGETS.items() if limit in allowed}


def _kpi(name: str, measured: Measured, target: float | None, note: str) -> Kpi:
    value = float(measured.now[name].iloc[0])
    points = measured.months if name in BY_MONTH else measured.weeks
    return Kpi(
        name=name,
        unit=UNITS[name],
        value=value,
        target=target,
        previous=None if measured.before is None else float(measured.before[name].iloc[0]),
        series=tuple(zip(pd.DatetimeIndex(points.index).date, points[name].astype("float64").tolist(), strict=True)),
        note=note if math.isnan(value) else "",
    )
