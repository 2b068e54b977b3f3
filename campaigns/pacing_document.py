"""The parts of plan.json about weeks: what spend brings in each channel, how the plan is spread, and rules for leads to come."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import pandas as pd

from acquire.domain import Estimate
from campaigns.json_values import estimate, lines, number

PacedBy = Literal["curve", "traffic", "even"]

_CURVE_ESTIMATES = ("carry", "booked_usual", "booked_planned", "next_money")
_RULE_ESTIMATES = ("arrivals", "contacts", "share", "max_price", "booked", "incremental")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """Bookings a week at steady weekly spend."""

    spend: float
    booked: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveLine:
    """One channel's response curve, or why it has none.

    Attributes:
        channel: Its name.
        refused: Why history cannot show a curve; empty where it does. All figures are then undefined and `points` is empty.
        n_weeks: Weeks of history.
        usual_spend: Mean weekly spend of the last weeks in which money was spent.
        planned_spend: The plan's mean weekly spend.
        carry: Share of a week's effect that lasts into the next.
        booked_usual, booked_planned: Bookings a week at these.
        next_money: What one booking more costs at the planned spend, in money.
        seen_to: Highest weekly spend, carried over, that history has seen; beyond it the curve is an extrapolation.
        points: The curve, to draw.
    """

    channel: str
    refused: str
    n_weeks: float
    usual_spend: float
    planned_spend: float
    carry: Estimate
    booked_usual: Estimate
    booked_planned: Estimate
    next_money: Estimate
    seen_to: float
    points: tuple[CurvePoint, ...] = ()

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "CurveLine":
        """Read back what plan.json holds."""
        figures: dict[str, Any] = {name: estimate(raw[name]) for name in _CURVE_ESTIMATES}
        plain = {name: number(raw[name]) for name in ("n_weeks", "usual_spend", "planned_spend", "seen_to")}
        points = tuple(CurvePoint(spend=p["spend"], booked=estimate(p["booked"])) for p in raw["points"])
        return cls(**{**raw, **figures, **plain, "points": points})


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """What one channel is to spend in one week.

    Attributes:
        channel: Its name.
        week: First day, ISO.
        spend: Money, whole cents; the weeks of a channel add up to its spend.
        contacts: Whole contacts; the weeks add up to the channel's.
        booked: Bookings that this week's spend brings by the curve, then and later; undefined without a curve.
        paced_by: "curve": where the next money brings most; "traffic": as leads are expected; "even".
    """

    channel: str
    week: str
    spend: float
    contacts: int
    booked: float
    paced_by: PacedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """The plan over the coming weeks.

    Attributes:
        weeks: First day of each, ISO.
        curves: One per channel with past weeks.
        lines: One per channel with contacts and week.
    """

    weeks: tuple[str, ...]
    curves: tuple[CurveLine, ...]
    lines: tuple[WeekLine, ...]

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "Pacing":
        """Read back what plan.json holds."""
        return cls(
            weeks=tuple(raw["weeks"]),
            curves=tuple(CurveLine.from_content(one) for one in raw["curves"]),
            lines=lines(WeekLine, raw["lines"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """Whom to contact with what, at which price at most: one rule for leads that are still to come.

    Attributes:
        channel: Where they come from.
        who: The conditions in words, as a partner can apply them; "everybody" without any.
        offer: What they are shown.
        arrivals: Leads expected to fit, of those who may be contacted and are not kept back as controls.
        contacts: How many of them the plan contacts.
        share: Share of them to contact, the rest at random not: 1 = all.
        price: Expected spend of a contact today, in money.
        max_price: Most that a contact may cost before the money is better spent elsewhere, or not at all.
        booked, incremental: Accounts that the rule brings.
        bad_rate: Of its bookings.
    """

    channel: str
    who: str
    offer: str
    arrivals: Estimate
    contacts: Estimate
    share: Estimate
    price: float
    max_price: Estimate
    booked: Estimate
    incremental: Estimate
    bad_rate: float

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "RuleLine":
        """Read back what plan.json holds."""
        figures: dict[str, Any] = {name: estimate(raw[name]) for name in _RULE_ESTIMATES}
        return cls(**{**raw, **figures, "price": number(raw["price"]), "bad_rate": number(raw["bad_rate"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRules:
    """The plan as rules.

    Attributes:
        lines: In the order of what they add to the objective.
        objective: What the rules add up to, in the plan's objective.
        kept: Share of the plan's objective that the rules keep: what is lost by rules instead of a model's score per lead.
    """

    lines: tuple[RuleLine, ...]
    objective: float
    kept: float

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "TrafficRules":
        """Read back what plan.json holds."""
        plain = {key: number(raw[key]) for key in ("objective", "kept")}
        return cls(lines=tuple(RuleLine.from_content(one) for one in raw["lines"]), **plain)


def pacing_frame(pacing: Pacing) -> pd.DataFrame:
    """pacing.csv: spend and contacts per channel and week."""
    return pd.DataFrame([asdict(line) for line in pacing.lines], columns=[field.name for field in fields(WeekLine)])


def rule_frame(rules: TrafficRules) -> pd.DataFrame:
    """rules.csv: one row per rule; figures with a range have their ends beside them."""
    rows = []
    for rule in rules.lines:
        row: dict[str, Any] = {"channel": rule.channel, "who": rule.who, "offer": rule.offer}
        for name in _RULE_ESTIMATES:
            figure: Estimate = getattr(rule, name)
            row |= {name: figure.expected, f"{name}_low": figure.low, f"{name}_high": figure.high}
        rows.append({**row, "price": rule.price, "bad_rate": rule.bad_rate})
    ranges = [column for name in _RULE_ESTIMATES for column in (name, f"{name}_low", f"{name}_high")]
    return pd.DataFrame(rows, columns=["channel", "who", "offer", *ranges, "price", "bad_rate"])
