"""What changed from an earlier plan to this one, as plan.json holds it. NaN: there was none then, or there is none now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.json_values import lines, number


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """One figure of the headline."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """A limit that is new, gone, at another figure, or newly holds the plan back or no longer does."""

    name: str
    unit: str
    before: float
    after: float
    held_before: bool
    holds_now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """A price of the channels or offers table that is another one; `whose` is "channel feed" or "offer coupon"."""

    whose: str
    price: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """One channel and offer.

    Attributes:
        before, after: Contacts.
        by_traffic: The part of the change that more or fewer leads of the channel explain: at the earlier share of contacts.
        by_choice: The rest: another share of the channel's leads is contacted with the offer. The two add up exactly.
        spend_before, spend_after: Money.
        incremental_before, incremental_after: Accounts.
        reasons: What else is different for it, a sentence each.
    """

    channel: str
    partner: str
    offer: str
    before: float
    after: float
    by_traffic: float
    by_choice: float
    spend_before: float
    spend_after: float
    incremental_before: float
    incremental_after: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadMove:
    """Leads that both plans have and that this one treats otherwise; "contact coupon", "hold", "control", "refuse"."""

    before: str
    after: str
    leads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDiff:
    """This plan beside an earlier one.

    Attributes:
        plan_id, name, created_at: Of the earlier plan.
        figures: The headline, all of it.
        limits, prices: Those that changed.
        lines: Every channel and offer whose contacts changed, the largest change first.
        moves: The largest first; only leads that both plans have.
        leads_before, leads_after, leads_in_both: Numbers of leads.
    """

    plan_id: str
    name: str
    created_at: str
    figures: tuple[FigureChange, ...]
    limits: tuple[LimitChange, ...]
    prices: tuple[PriceChange, ...]
    lines: tuple[LineChange, ...]
    moves: tuple[LeadMove, ...]
    leads_before: int
    leads_after: int
    leads_in_both: int

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "PlanDiff":
        """Read what plan.json holds."""
        parts: dict[str, Any] = {
            "figures": lines(FigureChange, raw["figures"]),
            "limits": lines(LimitChange, raw["limits"]),
            "prices": lines(PriceChange, raw["prices"]),
            "lines": tuple(_line(one) for one in raw["lines"]),
            "moves": lines(LeadMove, raw["moves"]),
        }
        return cls(**{**raw, **parts})


def _line(raw: Mapping[str, Any]) -> LineChange:
    texts = {"channel", "partner", "offer"}
    figures: dict[str, Any] = {k: number(v) for k, v in raw.items() if k not in texts | {"reasons"}}
    return LineChange(**{**raw, **figures, "reasons": tuple(raw["reasons"])})
