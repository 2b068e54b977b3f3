"""Questions about plans and their lists."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from campaigns.store.partners import Scope
from campaigns.store.statements import insert_for
from campaigns.store.tables import ListEntryRow, ListRow, PlanRow

ROWS_AT_A_TIME = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A plan as the database has it; `document` is the text of plan.json. Undefined figures are None."""

    plan_id: str
    name: str
    campaign: str
    created_at: datetime
    currency: str
    status: str
    contacts: float | None
    spend: float | None
    booked: float | None
    incremental: float | None
    bad_rate: float | None
    value: float | None
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredList:
    """One list without its rows."""

    list_id: str
    plan_id: str
    partner: str
    campaign: str
    created_at: datetime
    expires_at: datetime
    key_version: int
    n_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """One line of a list."""

    id: str
    offer: str
    tier: str


def insert_plan(session: Session, plan: StoredPlan) -> bool:
    """Add a plan; False if there is one with this plan_id already, which is left as it is."""
    row = insert_for(session, PlanRow).values({name: getattr(plan, name) for name in StoredPlan.__slots__})
    return session.execute(row.on_conflict_do_nothing().returning(PlanRow.plan_id)).scalar() is not None


def insert_list(session: Session, stored: StoredList, entries: Iterable[ListEntry]) -> None:
    """Add a list with its rows, in their order."""
    session.execute(insert(ListRow).values({name: getattr(stored, name) for name in StoredList.__slots__}))
    batch: list[dict[str, object]] = []
    for position, entry in enumerate(entries, start=1):
        row = {"position": position, "id": entry.id, "offer": entry.offer, "tier": entry.tier}
        batch.append({"list_id": stored.list_id, **row})
        if len(batch) == ROWS_AT_A_TIME:
            session.execute(insert(ListEntryRow), batch)
            batch = []
    if batch:
        session.execute(insert(ListEntryRow), batch)


def plan_documents(session: Session, at_most: int | None = None) -> tuple[str, ...]:
    """Give the plans' documents, newest first."""
    newest = PlanRow.created_at.desc(), PlanRow.plan_id
    return tuple(session.scalars(select(PlanRow.document).order_by(*newest).limit(at_most)))


def plan_document(session: Session, plan_id: str) -> str | None:
    """Give the document of one plan."""
    return session.scalar(select(PlanRow.document).where(PlanRow.plan_id == plan_id))


def lists(session: Session, scope: Scope) -> tuple[StoredList, ...]:
    """Give the lists of the partners in `scope`, newest first."""
    query = select(ListRow).order_by(ListRow.created_at.desc(), ListRow.partner, ListRow.list_id)
    if scope is not None:
        query = query.where(ListRow.partner.in_(scope))
    return tuple(_stored_list(row) for row in session.scalars(query))


def find_list(session: Session, list_id: str, scope: Scope) -> StoredList | None:
    """Find one list among those of the partners in `scope`."""
    query = select(ListRow).where(ListRow.list_id == list_id)
    if scope is not None:
        query = query.where(ListRow.partner.in_(scope))
    row = session.scalar(query)
    return None if row is None else _stored_list(row)


def list_entries(session: Session, list_id: str) -> Iterator[ListEntry]:
    """Give the rows of one list in their order."""
    query = select(ListEntryRow.id, ListEntryRow.offer, ListEntryRow.tier).where(ListEntryRow.list_id == list_id)
    for row in session.execute(query.order_by(ListEntryRow.position)):
        yield ListEntry(id=row.id, offer=row.offer, tier=row.tier)


def _stored_list(row: ListRow) -> StoredList:
    return StoredList(**{name: getattr(row, name) for name in StoredList.__slots__})
