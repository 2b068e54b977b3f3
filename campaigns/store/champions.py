"""Questions about the champion: which kind of model ranks leads by risk, and who decided so. Rows are only ever added."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.store.statements import insert_for
from campaigns.store.tables import ChampionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """One decision as the database has it.

    Attributes:
        number: From 1, in the order of the decisions.
        action: "promote" or "roll back".
        kind: Champion from then on.
        plan_id, comparison: Plan and figures (JSON) that it rests on; None for a return to the one before.
    """

    number: int
    decided_at: datetime
    decided_by: str
    action: str
    kind: str
    reason: str
    plan_id: str | None
    comparison: str | None


def insert_decision(session: Session, decision: StoredDecision) -> bool:
    """Add a decision; False if there is one of this number already, which is left as it is."""
    values = {name: getattr(decision, name) for name in StoredDecision.__slots__}
    row = insert_for(session, ChampionRow).values(values)
    return session.execute(row.on_conflict_do_nothing().returning(ChampionRow.number)).scalar() is not None


def decisions(session: Session) -> tuple[StoredDecision, ...]:
    """Give all decisions, oldest first."""
    rows = session.scalars(select(ChampionRow).order_by(ChampionRow.number))
    return tuple(StoredDecision(**{name: getattr(row, name) for name in StoredDecision.__slots__}) for row in rows)
