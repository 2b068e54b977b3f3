"""A made-up frontier around the made-up plan of plan_documents.py, and two scenarios of it, for tests that show or keep them."""

import math
from datetime import UTC, datetime

from acquire.outlook import FrontierPoint, SafetyLine, SafetyPrice
from campaigns.frontier_document import FrontierDocument
from campaigns.plan_document import PlanDocument
from campaigns.scenario_document import Scenario

MADE_AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
BUDGETS = (12_000.0, 24_000.0, 36_000.0, 48_000.0, 60_000.0, 72_000.0, 84_000.0, 96_000.0, 108_000.0, 120_000.0)
CAPS = (0.09, 0.105, 0.12, 0.138, 1.0)


def point(budget: float, cap: float, *, met: bool = True) -> FrontierPoint:
    """Accounts grow with the root of the budget and, below a bad rate of 16 %, with the cap."""
    accounts = 2.7 * math.sqrt(budget) * (min(cap, 0.16) / 0.12) ** 0.5
    if not met:
        return FrontierPoint(allowed=budget, max_bad_rate=cap, met=False, objective=math.nan)
    return FrontierPoint(
        allowed=budget,
        max_bad_rate=cap,
        met=True,
        objective=accounts,
        contacts=14 * accounts,
        spend=budget,
        booked=1.75 * accounts,
        incremental=accounts,
        value=60 * accounts,
        bad_rate=min(cap, 0.16) - 0.015,
        bad_rate_held=min(cap, 0.16),
        cac=budget / (1.75 * accounts),
        incremental_cac=budget / accounts,
        worth_of_allowed=0.5 * accounts / budget,
        worth_of_bad_rate=0.5 * accounts / cap if cap < 0.16 else 0.0,
        gap=0.0,
    )


def sample_frontier(plan: PlanDocument) -> FrontierDocument:
    """50 points, of which the tightest has no plan; the plan in force stands on the curve of 12 %, at 60,000."""
    points = tuple(point(b, cap, met=(b, cap) != (12_000.0, 0.09)) for cap in CAPS for b in BUDGETS)
    return FrontierDocument(
        plan_id=plan.plan_id,
        name=plan.name,
        campaign=plan.campaign,
        currency=plan.currency,
        objective=plan.objective,
        made_at=MADE_AT,
        limit="budget",
        confidence=0.95,
        basis="realised",
        sampled=False,
        here=point(60_000.0, 0.12),
        points=points,
    )


def sample_safety() -> SafetyPrice:
    """A promise that costs a twentieth of the accounts, where cell by cell would cost a third."""
    lines = (("average", 700.0, 0.12, 0.135), ("promised", 665.0, 0.1043, 0.12), ("cell by cell", 462.0, 0.07, 0.085))
    return SafetyPrice(
        confidence=0.95,
        basis="realised",
        max_bad_rate=0.12,
        lines=tuple(
            SafetyLine(
                promise=promise,
                met=True,
                contacts=14 * accounts,
                spend=59_640.0,
                incremental=accounts,
                value=60 * accounts,
                bad_rate=rate,
                bad_rate_held=held,
            )
            for promise, accounts, rate, held in lines
        ),
    )


def sample_scenario(plan: PlanDocument, name: str = "more money", budget: float = 84_000.0) -> Scenario:
    """The plan at another budget."""
    at = point(budget, 0.12)
    return Scenario(
        plan_id=plan.plan_id,
        name=name,
        made_at=MADE_AT,
        changes={"budget": budget},
        contacts=at.contacts,
        spend=at.spend,
        booked=at.booked,
        incremental=at.incremental,
        value=at.value,
        bad_rate=at.bad_rate,
        bad_rate_held=at.bad_rate_held,
        cac=at.cac,
        incremental_cac=at.incremental_cac,
        binding=("budget",),
    )
