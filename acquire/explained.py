"""A plan explained: what each limit does to it, and why money of the budget is left. Standard library only."""

import math
from dataclasses import dataclass

STEP = 0.05  # of a limit as written
FURTHER = 0.20  # of a limit as written: so far it is looked for the end of a price's range


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMove:
    """The plan with one limit at another figure, less the plan as it is. NaN where there is no such plan, or a figure is unknown.

    Attributes:
        allowed: The other figure.
        met: Whether any plan keeps the limits then.
        objective: Change of what is maximised (or, for spend, minimised).
        spend, value: Change, money.
        incremental: Change, accounts.
        bad_rate: Change of the bad rate of everything booked.
    """

    allowed: float
    met: bool
    objective: float = math.nan
    spend: float = math.nan
    incremental: float = math.nan
    value: float = math.nan
    bad_rate: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitEffect:
    """What one limit does to the plan.

    Attributes:
        name, unit, allowed: As in the plan's `limits`.
        binding: Whether it holds the plan back.
        shadow_price: Change of the objective per +1 of `allowed`.
        holds_from, holds_to: Figures of the limit between which shadow price x change is right to within a tenth; NaN = no end
            was met, as far as it was looked (20 %, or without end where the limit leaves room).
        tighter, looser: The limit moved by 5 %; of a floor the tighter figure is the higher one.
    """

    name: str
    unit: str
    allowed: float
    binding: bool
    shadow_price: float
    holds_from: float
    holds_to: float
    tighter: LimitMove
    looser: LimitMove


@dataclass(frozen=True, slots=True, kw_only=True)
class Unspent:
    """Money of the budget that the plan leaves, and what stops it.

    Attributes:
        allowed, spent, left: Money.
        stopped_by: Names of the limits that let more be spent when they are loosened by 5 %, the one that lets most first; where
            none does so alone, all limits that hold the plan back.
        nobody_left: Whether everybody who would add to the objective is contacted.
    """

    allowed: float
    spent: float
    left: float
    stopped_by: tuple[str, ...]
    nobody_left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The plan explained.

    Attributes:
        limits: What each limit does, in the order of the plan's `limits`.
        unspent: None where the budget is spent, or there is none.
    """

    limits: tuple[LimitEffect, ...]
    unspent: Unspent | None
