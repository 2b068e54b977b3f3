"""What a plan looks out on: what more budget or risk would buy, and what its promise costs. Standard library only."""

import math
from dataclasses import dataclass
from typing import Literal

PromiseKind = Literal["average", "promised", "cell by cell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLine:
    """The plan under one promise about the bad rate.

    Attributes:
        promise: "average", "promised" (the plan's own) or "cell by cell".
        met: Whether anybody can be contacted under it.
        contacts, spend, incremental, value: Expected totals; `value` is NaN where revenue is unknown.
        bad_rate: Of everything booked, on expectation.
        bad_rate_held: What the plan's own confidence says the bad rate stays below.
    """

    promise: PromiseKind
    met: bool
    contacts: float
    spend: float
    incremental: float
    value: float
    bad_rate: float
    bad_rate_held: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPrice:
    """The same question under three promises.

    Attributes:
        confidence, basis: Of the plan's own promise.
        max_bad_rate: The cap.
        lines: On average, promised, cell by cell.
    """

    confidence: float
    basis: str
    max_bad_rate: float
    lines: tuple[SafetyLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """The best plan at one setting of two limits. Figures are expected totals, NaN where undefined or where there is no plan.

    Attributes:
        allowed: Figure of the limit along the curve.
        max_bad_rate: Cap on the bad rate; NaN where it is not limited.
        met: Whether any plan keeps the limits.
        objective: What is maximised (or, for spend, minimised).
        contacts, spend, booked, incremental, value: Totals.
        bad_rate: Of everything booked, on expectation.
        bad_rate_held: What the solver held: the stated quantile.
        cac, incremental_cac: Spend per booked and per extra account.
        worth_of_allowed, worth_of_bad_rate: Change of the objective per +1 of either limit.
        gap: How far the objective may be from the best, as a share, by the bound recomputed from the prices.
    """

    allowed: float
    max_bad_rate: float
    met: bool
    objective: float
    contacts: float = math.nan
    spend: float = math.nan
    booked: float = math.nan
    incremental: float = math.nan
    value: float = math.nan
    bad_rate: float = math.nan
    bad_rate_held: float = math.nan
    cac: float = math.nan
    incremental_cac: float = math.nan
    worth_of_allowed: float = math.nan
    worth_of_bad_rate: float = math.nan
    gap: float = math.nan
