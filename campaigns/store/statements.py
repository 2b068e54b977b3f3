"""Insert statements that both kinds of database understand."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_for(session: Session, table: type[Any]) -> Any:
    """Give an insert that knows `on_conflict_...`, in the words of the session's database."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    return dialect.insert(table)
