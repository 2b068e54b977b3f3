"""The figures people look at, computed from the store and filtered by who asks.

A viewer of role partner sees own rows only: the filter is part of the SQL, so rows of others never leave the database.
Undefined figures are NaN here and null in JSON and CSV, never 0.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from acquire.errors import BadInput, NotFound
from campaigns import results
from campaigns.daily_facts import load_daily_facts
from campaigns.kpis import Kpi, kpis, targets_of
from campaigns.lists import LIST_COLUMNS
from campaigns.plan_document import PlanDocument
from campaigns.results import Period
from campaigns.spreadsheets import csv_bytes
from campaigns.store import facts
from campaigns.store import partners as stored_partners
from campaigns.store import plans as stored_plans
from campaigns.store.facts import FactQuestion
from campaigns.store.partners import Scope
from campaigns.store.session import Session, Store
from campaigns.users import Viewer

__all__ = [
    "FilterChoices",
    "FunnelStage",
    "Kpi",
    "ListSummary",
    "NotFound",
    "Overview",
    "PartnerOverview",
    "ReportFilter",
    "channel_csv",
    "filter_choices",
    "latest_plan",
    "list_rows",
    "load_daily_facts",
    "overview",
    "partner_lists",
    "partner_overview",
    "partners",
    "plans",
]

OVERVIEW_KPIS = ("cac", "incremental_cac", "booked", "amount", "spend", "bad_rate", "conversion")
PARTNER_KPIS = ("contacts", "booked", "spend")
STAGES = ("contacts", "clicked", "applied", "approved", "booked")
TREND = ("contacts", "booked", "spend", "cac", "bad_rate")
VINTAGES = ("booked", "matured", "bad", "bad_rate")
CHANNEL_COLUMNS = (
    *(
        "channel",
        "partner",
        *STAGES,
        "amount",
        "spend",
        "cac",
        "incremental",
        "incremental_cac",
        "conversion",
        "bad_rate",
    ),
    *("matured", "bad", "incremental_low", "incremental_high"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """Which part of the daily facts a page shows. Both days are included; empty channels or offers mean all."""

    first_day: date
    last_day: date
    channels: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.first_day > self.last_day:
            raise BadInput(f"first_day {self.first_day} is after last_day {self.last_day}; swap them")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStage:
    """How many leads reached one stage: contacts, clicked, applied, approved or booked."""

    stage: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overview:
    """Everything the overview page shows.

    Attributes:
        currency: Of the latest plan; None before the first plan.
        kpis: cac, incremental_cac, booked, amount, spend, bad_rate, conversion, in this order.
        funnel: contacts, clicked, applied, approved, booked, in this order.
        trend: One row per week: week (first day), contacts, booked, spend, cac, bad_rate.
        vintages: One row per month: month (first day), booked, matured, bad, bad_rate.
        channel_table: One row per channel: channel, partner, contacts, clicked, applied, approved, booked, amount, spend,
            cac, incremental, incremental_cac, conversion, bad_rate, matured, bad, incremental_low, incremental_high.
    """

    report_filter: ReportFilter
    currency: str | None
    kpis: tuple[Kpi, ...]
    funnel: tuple[FunnelStage, ...]
    trend: pd.DataFrame
    vintages: pd.DataFrame
    channel_table: pd.DataFrame

    def kpi(self, name: str) -> Kpi:
        """Give the figure of that name."""
        return next(kpi for kpi in self.kpis if kpi.name == name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartnerOverview:
    """What a partner may know about its own channels: contacts, bookings, what it is owed. No quality, no increments.

    Attributes:
        kpis: contacts, booked, spend, in this order.
        trend: One row per week: week (first day), contacts, booked, spend.
        channel_table: One row per channel: channel, partner, contacts, booked, spend.
    """

    report_filter: ReportFilter
    currency: str | None
    kpis: tuple[Kpi, ...]
    trend: pd.DataFrame
    channel_table: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChoices:
    """What the filters can be set to; the days are None while there are no facts. Offers are without control."""

    first_day: date | None
    last_day: date | None
    channels: tuple[str, ...]
    offers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSummary:
    """One list, without its rows. Instants are UTC."""

    list_id: str
    partner: str
    campaign: str
    created_at: datetime
    expires_at: datetime
    n_rows: int
    expired: bool


def overview(store: Store, viewer: Viewer, report_filter: ReportFilter) -> Overview:
    """Compute the overview page over the channels this viewer may see."""
    with store.reading() as session:
        period, newest = _period(session, report_filter, _scope(viewer)), _newest_plan(session)
    measured = results.measure(period)
    targets = {} if newest is None or viewer.role == "partner" else targets_of(newest)
    notes = {"incremental_cac": results.why_not_known(period, measured)}
    return Overview(
        report_filter=report_filter,
        currency=None if newest is None else newest.currency,
        kpis=kpis(OVERVIEW_KPIS, measured, targets, notes),
        funnel=tuple(FunnelStage(stage=stage, count=int(measured.now[stage].iloc[0])) for stage in STAGES),
        trend=measured.weeks[list(TREND)].reset_index(),
        vintages=measured.months[list(VINTAGES)].reset_index(),
        channel_table=measured.channels[list(CHANNEL_COLUMNS)],
    )


def partner_overview(
    store: Store, viewer: Viewer, report_filter: ReportFilter, partner: str | None = None
) -> PartnerOverview:
    """Compute a partner's page: own channels for a partner, else the channels of `partner` (None: of all).

    A partner that asks for another partner gets an empty page.
    """
    with store.reading() as session:
        period, newest = _period(session, report_filter, _scope(viewer, partner)), _newest_plan(session)
    measured = results.measure(period)
    return PartnerOverview(
        report_filter=report_filter,
        currency=None if newest is None else newest.currency,
        kpis=kpis(PARTNER_KPIS, measured, {}, {}),
        trend=measured.weeks[list(PARTNER_KPIS)].reset_index(),
        channel_table=measured.channels[["channel", "partner", *PARTNER_KPIS]],
    )


def filter_choices(store: Store, viewer: Viewer) -> FilterChoices:
    """List the days, channels and offers this viewer has facts for."""
    with store.reading() as session:
        known = facts.fact_range(session, _scope(viewer))
    return FilterChoices(
        first_day=known.first_day, last_day=known.last_day, channels=known.channels, offers=known.offers
    )


def plans(store: Store, viewer: Viewer) -> tuple[PlanDocument, ...]:
    """Give all plans, newest first; none to a partner."""
    if viewer.role == "partner":
        return ()
    with store.reading() as session:
        return tuple(PlanDocument.from_json(text) for text in stored_plans.plan_documents(session))


def latest_plan(store: Store, viewer: Viewer) -> PlanDocument | None:
    """Give the newest plan; None before the first one, and to a partner."""
    if viewer.role == "partner":
        return None
    with store.reading() as session:
        return _newest_plan(session)


def partners(store: Store, viewer: Viewer) -> tuple[str, ...]:
    """Name the partners this viewer may see, in order of the alphabet."""
    with store.reading() as session:
        return stored_partners.partner_names(session, _scope(viewer))


def partner_lists(
    store: Store, viewer: Viewer, *, now: datetime, partner: str | None = None
) -> tuple[ListSummary, ...]:
    """List the lists, newest first: own ones for a partner, else those of `partner` (None: of all)."""
    with store.reading() as session:
        stored = stored_plans.lists(session, _scope(viewer, partner))
    return tuple(
        ListSummary(
            list_id=one.list_id,
            partner=one.partner,
            campaign=one.campaign,
            created_at=one.created_at,
            expires_at=one.expires_at,
            n_rows=one.n_rows,
            expired=one.expires_at <= now,
        )
        for one in stored
    )


def list_rows(store: Store, viewer: Viewer, list_id: str) -> pd.DataFrame:
    """Give one list as its file has it: id, offer, tier, campaign, expires_at, key_version.

    Raises:
        NotFound: There is no such list, or it is another partner's: the answer is the same.
    """
    with store.reading() as session:
        found = stored_plans.find_list(session, list_id, _scope(viewer))
        if found is None:
            raise NotFound("there is no such list; see the list of lists")
        entries = [(row.id, row.offer, row.tier) for row in stored_plans.list_entries(session, list_id)]
    rows = pd.DataFrame.from_records(entries, columns=["id", "offer", "tier"]).astype("str")
    rows = rows.assign(
        campaign=found.campaign, expires_at=pd.Timestamp(found.expires_at), key_version=found.key_version
    )
    return rows[list(LIST_COLUMNS)]


def channel_csv(shown: Overview | PartnerOverview) -> bytes:
    """Write the channel table as CSV (UTF-8); no cell can run as a formula in a spreadsheet."""
    return csv_bytes(shown.channel_table)


def _scope(viewer: Viewer, partner: str | None = None) -> Scope:
    """Say whose rows may be looked at: a partner's own, everybody's for all others; `partner` narrows it down."""
    if viewer.role != "partner":
        return None if partner is None else (partner,)
    return (str(viewer.partner),) if partner in {None, viewer.partner} else ()


def _period(session: Session, report_filter: ReportFilter, scope: Scope) -> Period:
    known = facts.fact_range(session, scope)
    first_day = report_filter.first_day
    day_before = first_day - (report_filter.last_day - first_day + timedelta(days=1))
    question = FactQuestion(
        scope=scope,
        first_day=day_before,
        last_day=report_filter.last_day,
        channels=report_filter.channels,
        offers=report_filter.offers,
    )
    daily = results.in_cents(facts.daily_sums(session, question))
    is_now = daily["day"] >= pd.Timestamp(first_day)
    return Period(
        first_day=pd.Timestamp(first_day),
        now=daily.loc[is_now],
        before=daily.loc[~is_now] if known.first_day is not None and known.first_day <= day_before else None,
        has_all_offers=not report_filter.offers or set(known.offers) <= set(report_filter.offers),
    )


def _newest_plan(session: Session) -> PlanDocument | None:
    return next((PlanDocument.from_json(text) for text in stored_plans.plan_documents(session, at_most=1)), None)
