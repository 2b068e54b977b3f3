"""Questions about frontiers and scenarios of plans: what other limits would bring."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from campaigns.store.statements import insert_for
from campaigns.store.tables import FrontierRow, PlanRow, ScenarioRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScenario:
    """A scenario as the database has it; `document` is JSON."""

    plan_id: str
    name: str
    made_at: datetime
    document: str


def has_plan(session: Session, plan_id: str) -> bool:
    """Whether the database knows a plan."""
    return session.scalar(select(PlanRow.plan_id).where(PlanRow.plan_id == plan_id)) is not None


def put_frontier(session: Session, plan_id: str, made_at: datetime, document: str) -> None:
    """Keep the frontier of a plan; one that is there is replaced."""
    row = insert_for(session, FrontierRow).values(plan_id=plan_id, made_at=made_at, document=document)
    changes = {"made_at": row.excluded.made_at, "document": row.excluded.document}
    session.execute(row.on_conflict_do_update(index_elements=["plan_id"], set_=changes))


def frontier_document(session: Session, plan_id: str) -> str | None:
    """Give the frontier of a plan; None while there is none."""
    return session.scalar(select(FrontierRow.document).where(FrontierRow.plan_id == plan_id))


def put_scenario(session: Session, scenario: StoredScenario) -> None:
    """Keep a scenario; one of the same plan and name is replaced."""
    row = insert_for(session, ScenarioRow).values({name: getattr(scenario, name) for name in StoredScenario.__slots__})
    changes = {"made_at": row.excluded.made_at, "document": row.excluded.document}
    session.execute(row.on_conflict_do_update(index_elements=["plan_id", "name"], set_=changes))


def scenario_documents(session: Session, plan_id: str) -> tuple[str, ...]:
    """Give the scenarios of a plan, oldest first."""
    query = select(ScenarioRow.document).where(ScenarioRow.plan_id == plan_id)
    return tuple(session.scalars(query.order_by(ScenarioRow.made_at, ScenarioRow.name)))


def delete_scenario(session: Session, plan_id: str, name: str) -> bool:
    """Forget a scenario; False if there is none of that name."""
    gone = delete(ScenarioRow).where(ScenarioRow.plan_id == plan_id, ScenarioRow.name == name)
    return session.scalar(gone.returning(ScenarioRow.name)) is not None
