"""Both databases behind one call each: put a frame in, ask one SELECT, get a frame back. They are the banks', not Acquire's."""

import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
import psycopg

from acquire.prefilter import sql_text as sql

KINDS = {"sqlite": {"number": "REAL", "text": "TEXT"}, "postgresql": {"number": "DOUBLE PRECISION", "text": "TEXT"}}


class Bank:
    """A real database with the leads of a bank."""

    def __init__(self, connection: Any, dialect: str) -> None:
        self.connection = connection
        self.dialect = dialect

    def load(self, table: str, frame: pd.DataFrame, kinds: Mapping[str, str] | None = None) -> None:
        """Create the table and fill it. Missing numbers are in turn NULL and, where the database has it, NaN."""
        declared = [f"{sql.name(c)} {(kinds or {}).get(c) or self._kind(frame[c])}" for c in frame.columns]
        self.connection.execute("BEGIN")
        self.connection.execute(f"DROP TABLE IF EXISTS {sql.name(table)}")
        self.connection.execute(f"CREATE TABLE {sql.name(table)} ({', '.join(declared)})")
        rows = list(zip(*(_values(frame[c]) for c in frame.columns), strict=True))
        mark = "?" if self.dialect == "sqlite" else "%s"
        # psycopg takes % in the statement for its own.
        name = sql.name(table).replace("%", "%%" if self.dialect == "postgresql" else "%")
        insert = f"INSERT INTO {name} VALUES ({', '.join([mark] * len(frame.columns))})"  # noqa: S608 - quoted
        self.connection.cursor().executemany(insert, rows)
        self.connection.execute("COMMIT")

    def ask(self, select: str) -> pd.DataFrame:
        """The answer, columns as the database names them."""
        cursor = self.connection.cursor()
        cursor.execute(select)
        return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])

    def _kind(self, values: "pd.Series[Any]") -> str:
        return KINDS[self.dialect]["number" if pd.api.types.is_numeric_dtype(values.dtype) else "text"]


def _values(values: "pd.Series[Any]") -> list[Any]:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return [None if pd.isna(value) else str(value) for value in values]
    return [None if math.isnan(value) and i % 2 else value for i, value in enumerate(values.tolist())]


@contextmanager
def open_bank(url: str) -> Iterator[Bank]:
    """The database of the fixture `sqlite_url` or `fresh_postgres_url`."""
    if url.startswith("sqlite"):
        connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        dialect = "sqlite"
    else:
        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        dialect = "postgresql"
    try:
        yield Bank(connection, dialect)
    finally:
        connection.close()
