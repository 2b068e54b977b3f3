"""The tables of the database. Words are the contract's; money is Decimal, instants are UTC, days are business days."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from campaigns.store.columns import Instant, Money

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """Base of all tables; constraints have fixed names, so that a migration can find them."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {Decimal: Money(), datetime: Instant()}  # noqa: RUF012 - SQLAlchemy's own form


class PartnerRow(Table):
    """A company that runs channels; `slug` names its files."""

    __tablename__ = "partners"

    partner: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)


class ChannelRow(Table):
    """Where leads come from, and whose it is."""

    __tablename__ = "channels"

    channel: Mapped[str] = mapped_column(primary_key=True)
    partner: Mapped[str] = mapped_column(ForeignKey("partners.partner"), index=True)


class UserRow(Table):
    """Somebody who may log in. The password is kept as an argon2 hash."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('executive', 'growth', 'risk', 'approver', 'partner')", name="role"),
        CheckConstraint("(role = 'partner') = (partner IS NOT NULL)", name="partner"),
    )

    login: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    partner: Mapped[str | None] = mapped_column(ForeignKey("partners.partner"))
    disabled: Mapped[bool] = mapped_column(default=False)


class LoginSessionRow(Table):
    """One login, known by the SHA-256 of its token; the token itself is only in the browser."""

    __tablename__ = "login_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("users.login", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]


class PlanRow(Table):
    """One plan: the whole of plan.json, and its key figures as columns to search by. Undefined figures are null."""

    __tablename__ = "plans"

    plan_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    campaign: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    currency: Mapped[str]
    status: Mapped[str]
    contacts: Mapped[float | None]
    spend: Mapped[float | None]
    booked: Mapped[float | None]
    incremental: Mapped[float | None]
    bad_rate: Mapped[float | None]
    value: Mapped[float | None]
    document: Mapped[str]


class ListRow(Table):
    """One list: what one partner receives for one campaign."""

    __tablename__ = "lists"
    __table_args__ = (UniqueConstraint("plan_id", "partner"),)

    list_id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.plan_id"))
    partner: Mapped[str] = mapped_column(ForeignKey("partners.partner"), index=True)
    campaign: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    key_version: Mapped[int]
    n_rows: Mapped[int]


class ListEntryRow(Table):
    """One line of a list. `position` counts from 1 and keeps the order of the file."""

    __tablename__ = "list_rows"

    list_id: Mapped[str] = mapped_column(ForeignKey("lists.list_id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str]
    offer: Mapped[str]
    tier: Mapped[str]


class DailyFactRow(Table):
    """What became of the leads contacted on one day in one channel with one offer.

    Rows of the offer `control` hold the channel's random holdout of that day and nothing else. `revenue` is null
    while it is not known.
    """

    __tablename__ = "daily_facts"
    __table_args__ = (
        CheckConstraint("bad <= matured AND matured <= booked", name="matured"),
        CheckConstraint("control_booked <= control_leads", name="control"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(ForeignKey("channels.channel"), primary_key=True)
    offer: Mapped[str] = mapped_column(primary_key=True)
    contacts: Mapped[int]
    clicked: Mapped[int]
    applied: Mapped[int]
    approved: Mapped[int]
    booked: Mapped[int]
    amount: Mapped[Decimal]
    spend: Mapped[Decimal]
    matured: Mapped[int]
    bad: Mapped[int]
    control_leads: Mapped[int]
    control_booked: Mapped[int]
    revenue: Mapped[Decimal | None]


class ChampionRow(Table):
    """One decision on which kind of model ranks leads by risk. Without any, the scorecard does."""

    __tablename__ = "champions"
    __table_args__ = (
        CheckConstraint("action IN ('promote', 'roll back')", name="action"),
        CheckConstraint("kind IN ('scorecard', 'challenger')", name="kind"),
        CheckConstraint("(action = 'promote') = (plan_id IS NOT NULL AND comparison IS NOT NULL)", name="evidence"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(ForeignKey("users.login"))
    action: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    plan_id: Mapped[str | None] = mapped_column(ForeignKey("plans.plan_id"))
    comparison: Mapped[str | None]


class FrontierRow(Table):
    """What more budget, or more risk, would buy beside one plan: the whole of frontier.json."""

    __tablename__ = "frontiers"

    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.plan_id"), primary_key=True)
    made_at: Mapped[datetime]
    document: Mapped[str]


class ScenarioRow(Table):
    """A plan under other limits, saved under a name to be compared."""

    __tablename__ = "scenarios"

    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.plan_id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    document: Mapped[str]
