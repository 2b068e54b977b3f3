"""Made-up plans beside earlier plans, what runs today, and prices: builders for tests."""

import math
from dataclasses import replace

import pandas as pd

from acquire.domain import Channel, Estimate, LimitUse, Offer
from campaigns.current_document import FairPriceLine, FairUnit, Waterfall, WaterfallStep
from campaigns.plan_diff import Snapshot, compare_plans
from campaigns.plan_document import AllocationLine, PlanDocument
from tests.campaigns.plan_documents import sample_plan

FEED = Channel(channel="feed", partner="acme", cost_per_contact=0.5)
COUPON = Offer(offer="coupon", cost_per_booked=30.0)


def line(contacts: float, channel: str = "feed", offer: str = "coupon") -> AllocationLine:
    return AllocationLine(
        channel=channel,
        partner="acme",
        offer=offer,
        contacts=contacts,  # type: ignore[arg-type]
        spend=2.0 * contacts,
        booked=0.2 * contacts,
        incremental=0.1 * contacts,
        bad_rate=0.1,
        cac=10.0,
        incremental_cac=20.0,
        value=contacts,
    )


def decisions(n: int, contacted: int = 0, *, first: int = 0, uplift: float = 0.02) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lead_id": [f"L{first + i}" for i in range(n)],
            "channel": "feed",
            "decision": ["contact"] * contacted + ["hold"] * (n - contacted),
            "offer": pd.Series(["coupon"] * contacted + [None] * (n - contacted), dtype="str"),
            "uplift_coupon": uplift,
            "spend_coupon": 2.0,
        }
    )


def snapshot(
    contacts: float,
    table: pd.DataFrame,
    *,
    limits: tuple[LimitUse, ...] = (),
    channel: Channel = FEED,
    offer: Offer = COUPON,
) -> Snapshot:
    lines = (line(contacts),) if contacts else ()
    document = replace(sample_plan(), allocation=lines, limits=limits, currency="CNY")
    return Snapshot(document=document, decisions=table, channels=(channel,), offers=(offer,))


def budget(allowed: float, *, binding: bool) -> LimitUse:
    return LimitUse(
        name="budget",
        unit="money",
        used=allowed,
        used_expected=allowed,
        allowed=allowed,
        binding=binding,
        shadow_price=float(binding),
    )


def with_comparisons() -> PlanDocument:
    """A document with all that stands beside a plan."""
    diff = compare_plans(
        snapshot(20, decisions(100, 20)), snapshot(24, decisions(80, 24), limits=(budget(80.0, binding=True),))
    )
    steps = tuple(
        WaterfallStep(
            step=step,
            gain=100.0 + i,
            change=float(i > 0),
            contacts=80.0,
            spend=300.0,
            booked=20.0,
            incremental=9.5,
            bad_rate=math.nan,
            value=100.0 + i,
        )
        for i, step in enumerate(("today", "plan"))
    )
    known, unknown = Estimate(expected=3.0, low=2.0, high=4.0), Estimate(expected=math.nan)
    units = tuple(
        FairUnit(unit=unit, paid=2.0, break_even=known, next_paid=1.0, next_break_even=after)
        for unit, after in (("contact", known), ("application", unknown), ("booking", known))
    )
    tier = FairPriceLine(
        partner="acme",
        channel="feed",
        from_contacts=500.0,
        contacts=80.0,
        worth=known,
        is_bounded=True,
        units=units,
        people_share=0.4,
    )
    partner = replace(tier, channel="", from_contacts=0.0, contacts=580.0, is_bounded=False)
    waterfall = Waterfall(steps=steps, breaches=(), shortfalls=(), today_stays=False, verdict="Better <than> today.")
    return replace(sample_plan(), waterfall=waterfall, price_sheet=(tier, partner), diff=diff)
