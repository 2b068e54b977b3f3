"""Everything `acquire demo` does before the dashboard is served: a market, a year of results, a plan, its lists, five people."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from acquire.domain import Channel
from acquire.ingest.market import Market, MarketSpec, make_market
from campaigns import users
from campaigns.daily_facts import load_daily_facts, record_channels
from campaigns.demo import demo_budget, write_running_demo
from campaigns.demo_campaign import running_campaign
from campaigns.frontiers import keep_frontier, make_frontier
from campaigns.plan import make_plan
from campaigns.plan_document import PlanDocument
from campaigns.plan_file import DEFAULT_TIME_ZONE
from campaigns.progress import Progress
from campaigns.settings import Settings
from campaigns.store.session import Store, open_or_create_store
from campaigns.users import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """Somebody who may look at the demo. The password is known here and nowhere else: the database keeps a hash."""

    login: str
    password: str
    role: Role
    partner: str | None = None


def run_demo(
    folder: Path, *, seed: int, spec: MarketSpec, now: datetime, settings: Settings, progress: Progress
) -> tuple[DemoLogin, ...]:
    """Make a market, fill the database with its year of results, plan the coming month and let five people in.

    Writes `folder`/market (what a lender would have) and `folder`/plan (what `acquire plan` gives). Run again, it replaces
    both and gives the five people new passwords.

    Args:
        folder: Made when missing.
        seed: The same seed and day give the same market.
        spec: Size of the market.
        now: The present instant.
        settings: Say where the database is.
        progress: Told what is going on.

    Returns:
        One login for each role.
    """
    with progress.stage("Make a market"):
        market = make_market(spec, np.random.default_rng(seed))
        running = running_campaign(market, demo_budget(market), np.random.default_rng([seed, 1]))
        plan_file = write_running_demo(folder / "market", market, running)
    with progress.stage("Load a year of daily results"):
        store = open_or_create_store(settings.database_url)
        channels = channels_of(market)
        record_channels(store, channels)
        load_daily_facts(store, market.daily)
    document = make_plan(plan_file, folder / "plan", progress=progress, now=now, settings=settings)
    with progress.stage("See what more budget or risk would buy"):
        keep_frontier(settings, make_frontier(folder / "plan", now=now))
    with progress.stage("Let five people in"):
        logins = let_people_in(store, largest_partner(document))
    store.close()
    return logins


def demo_spec(now: datetime) -> MarketSpec:
    """Give the size of the demo's market; its history ends today."""
    return MarketSpec.demo(now.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).date())


def channels_of(market: Market) -> tuple[Channel, ...]:
    """Name the market's channels and who runs them."""
    pairs = zip(market.channels["channel"], market.channels["partner"], strict=True)
    return tuple(Channel(channel=channel, partner=partner) for channel, partner in pairs)


def largest_partner(document: PlanDocument) -> str:
    """Name the partner that receives most contacts: the demo's partner looks at a page with something on it."""
    contacts: dict[str, int] = {}
    for line in document.allocation:
        contacts[line.partner] = contacts.get(line.partner, 0) + line.contacts
    return max(contacts, key=lambda partner: (contacts[partner], partner))


def let_people_in(store: Store, partner: str) -> tuple[DemoLogin, ...]:
    """Make one user for each role, or give the one that is there a new password."""
    known = {viewer.login: viewer for viewer in users.users(store)}
    logins = []
    for role in users.ROLES:
        login, password = role, secrets.token_urlsafe(12)
        if login in known:
            users.set_password(store, login, password)
            viewer = known[login]
        else:
            viewer = users.add_user(store, login, password, role, partner if role == "partner" else None)
        logins.append(DemoLogin(login=login, password=password, role=viewer.role, partner=viewer.partner))
    return tuple(logins)
