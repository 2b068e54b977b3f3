"""A small store for the dashboard's tests: half a year of facts that a pencil can add up, one plan, its lists, five people."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from acquire.domain import Channel
from campaigns.daily_facts import load_daily_facts, record_channels
from campaigns.kept_frontiers import keep_scenario
from campaigns.lists import make_lists, record_plan
from campaigns.store.facts import AMOUNTS, COUNTS
from campaigns.store.frontiers import put_frontier
from campaigns.store.session import Store, open_or_create_store
from campaigns.users import Role, add_user
from tests.campaigns.frontier_documents import sample_frontier, sample_safety, sample_scenario
from tests.campaigns.plan_documents import ALLOCATION, sample_plan

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FIRST_DAY, LAST_DAY = date(2026, 5, 25), date(2026, 11, 22)
PARTNER, OTHER_PARTNER = "paywell", "north_media"
PASSWORD = "correct-horse-7"
PEOPLE: dict[str, tuple[Role, str | None]] = {
    "executive": ("executive", None),
    "growth": ("growth", None),
    "risk": ("risk", None),
    "approver": ("approver", None),
    "paywell": ("partner", PARTNER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What one channel does: bookings by day of the week (Monday first), money per booking."""

    channel: str
    partner: str
    offer: str
    booked: tuple[int, ...]
    cost_per_booked: int


# 28, 35, 21 and 14 bookings a week.
HABITS = (
    Habit(
        channel="search_ads", partner="north_media", offer="coupon", booked=(2, 3, 4, 5, 6, 4, 4), cost_per_booked=60
    ),
    Habit(channel="payment_app", partner="paywell", offer="contact", booked=(4, 5, 5, 5, 5, 6, 5), cost_per_booked=40),
    Habit(channel="ecommerce", partner="mallhub", offer="coupon", booked=(2, 3, 3, 3, 3, 4, 3), cost_per_booked=80),
    Habit(channel="dormant_crm", partner="own", offer="contact", booked=(2, 2, 2, 2, 2, 2, 2), cost_per_booked=10),
)
CHANNELS = tuple(
    Channel(channel=channel, partner=partner)
    for channel, partner in sorted(
        {(line[0], line[1]) for line in ALLOCATION} | {(habit.channel, habit.partner) for habit in HABITS}
    )
)


def small_store(url: str) -> Store:
    """Fill the database at `url`."""
    store = open_or_create_store(url)
    record_channels(store, CHANNELS)
    load_daily_facts(store, daily_facts())
    decisions = pd.DataFrame(
        [
            (f"{line[0]}-{number:04d}", line[0], "contact", line[2])
            for line in ALLOCATION
            for number in range(line[3] // 100)
        ],
        columns=["lead_id", "channel", "decision", "offer"],
    )
    plan = replace(sample_plan(), price_of_safety=sample_safety())
    lists = make_lists(decisions, CHANNELS, campaign=plan.campaign, created_at=plan.created_at, key_version=1)
    record_plan(store, plan, lists)
    with store.writing() as session:
        put_frontier(session, plan.plan_id, NOW, sample_frontier(plan).to_json())
    keep_scenario(store, sample_scenario(plan))
    for login, (role, partner) in PEOPLE.items():
        add_user(store, login, PASSWORD, role, partner)
    return store


def daily_facts() -> pd.DataFrame:
    """Give the facts of every day: 20 contacts, 8 clicks, 4 applications and 2 approvals per booking; 1 in 10 matured is bad.

    The holdout of a day books 1 of 100, the contacted 5 of 100: four fifths of the bookings are extra.
    """
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    rows = [row for day in days for habit in HABITS for row in (_offered(day, habit), _held_out(day, habit))]
    return pd.DataFrame([*rows, _nobody(FIRST_DAY, "app_store", "coupon")])


def _offered(day: date, habit: Habit) -> dict[str, object]:
    booked = habit.booked[day.weekday()]
    # Outcomes are known three months after the contact.
    matured = booked if day <= LAST_DAY - timedelta(days=90) else 0
    return {
        "day": day,
        "channel": habit.channel,
        "offer": habit.offer,
        "contacts": 20 * booked,
        "clicked": 8 * booked,
        "applied": 4 * booked,
        "approved": 2 * booked,
        "booked": booked,
        "matured": matured,
        # Thursdays and Fridays bring the bad ones.
        "bad": min(matured, 1) if day.weekday() in {3, 4} else 0,
        "control_leads": 0,
        "control_booked": 0,
        "amount": 5_000.0 * booked,
        "spend": float(habit.cost_per_booked * booked),
        "revenue": 120.0 * booked,
    }


def _held_out(day: date, habit: Habit) -> dict[str, object]:
    leads = 20 * habit.booked[day.weekday()]
    came_anyway = 1 if day.weekday() == 2 else 0
    return {
        **_nobody(day, habit.channel, "control"),
        "control_leads": leads,
        "control_booked": came_anyway,
    }


def _nobody(day: date, channel: str, offer: str) -> dict[str, object]:
    """Give a row of a day on which a channel ran and nothing happened."""
    return {"day": day, "channel": channel, "offer": offer, **dict.fromkeys((*COUNTS, *AMOUNTS), 0)}
