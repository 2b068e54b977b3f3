"""Opening the database: SQLite or PostgreSQL, at the version of this program, with safe transactions."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlalchemy.orm import Session

from acquire.errors import BadInput

__all__ = ["Session", "Store", "downgrade", "open_or_create_store", "open_store", "upgrade"]

WRITES = "acquire_writes"
WAIT_SECONDS = 30
# Any number will do, as long as nothing else in the same server locks it.
UPGRADE_LOCK = 0x4163717569726531


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open database. Transactions end with the `with` block: committed whole, or not at all if it raises."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session whose questions all see the same moment."""
        options: dict[str, Any] = {}
        if self.engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with Session(self.engine.execution_options(**options)) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that commits at the end."""
        with Session(self.engine.execution_options(**{WRITES: True})) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open a database that is at this version's tables.

    Raises:
        BadInput: The address is wrong, the database cannot be reached, or it is not at this version's tables.
    """
    address = _address(url)
    if _is_missing_file(address):
        raise BadInput(f"there is no database at {_shown(address)}; run `acquire db upgrade` to create it")
    with _reachable(address), _engine_for_now(address) as engine, engine.connect() as connection:
        _check_version(connection, address)
    return Store(engine=_engine(address))


def open_or_create_store(url: str) -> Store:
    """Open a database; one without any table is given them first, an older one is refused as by `open_store`."""
    address = _address(url)
    if _is_missing_file(address) or _is_empty(address):
        upgrade(url)
    return open_store(url)


def upgrade(url: str) -> None:
    """Bring the database to this version's tables, in one transaction; two at a time wait for each other."""
    address = _address(url)
    _create_private_file(address)
    _migrate(address, "upgrade", "head")


def downgrade(url: str, revision: str) -> None:
    """Take the database back to the tables of `revision` ("base": none)."""
    _migrate(_address(url), "downgrade", revision)


def _migrate(address: URL, direction: str, revision: str) -> None:
    with (
        _reachable(address),
        _engine_for_now(address) as engine,
        engine.execution_options(**{WRITES: True}).begin() as connection,
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        config = _migrations()
        config.attributes["connection"] = connection
        {"upgrade": command.upgrade, "downgrade": command.downgrade}[direction](config, revision)


def _migrations() -> Config:
    """Find the migrations inside the installed package; there is no alembic.ini to be found."""
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _check_version(connection: Connection, address: URL) -> None:
    scripts = ScriptDirectory.from_config(_migrations())
    head, found = scripts.get_current_head(), MigrationContext.configure(connection).get_current_revision()
    if found == head:
        return
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise BadInput(f"the database at {_shown(address)} is of a newer version ({found}); install a newer Acquire")
    raise BadInput(
        f"the database at {_shown(address)} has tables of version {found or 'none'}, this Acquire needs {head}; "
        "run `acquire db upgrade`"
    )


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise BadInput("the database address cannot be read; give sqlite:///FILE or postgresql://HOST/NAME") from None
    if address.drivername in {"postgres", "postgresql"}:
        return address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise BadInput(f"database kind {address.drivername} is unknown; give sqlite:///FILE or postgresql://HOST/NAME")
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        raise BadInput("a database in memory forgets everything; give sqlite:///FILE")
    return address


def _shown(address: URL) -> str:
    """Name the database for a message, without user and password."""
    if address.get_backend_name() == "sqlite":
        return str(address.database)
    return f"{address.host or 'this machine'}/{address.database}"


def _is_missing_file(address: URL) -> bool:
    return address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists()


def _is_empty(address: URL) -> bool:
    with _reachable(address), _engine_for_now(address) as engine, engine.connect() as connection:
        return not inspect(connection).get_table_names()


def _create_private_file(address: URL) -> None:
    """Create the file so that only its owner can read it: it will hold ids of people and hashes of passwords."""
    if not _is_missing_file(address):
        return
    try:
        os.close(os.open(str(address.database), os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise BadInput(f"the database {_shown(address)} cannot be created: {error.strerror}") from None


@contextmanager
def _reachable(address: URL) -> Iterator[None]:
    try:
        yield
    except (DatabaseError, NoSuchModuleError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise BadInput(f"the database at {_shown(address)} cannot be used: {reason}") from None


@contextmanager
def _engine_for_now(address: URL) -> Iterator[Engine]:
    engine = _engine(address)
    try:
        yield engine
    finally:
        engine.dispose()


def _engine(address: URL) -> Engine:
    if address.get_backend_name() == "postgresql":
        return create_engine(address, pool_pre_ping=True)
    engine = create_engine(address, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, record: object) -> None:
    # Transactions are begun by `_begin_sqlite`; the driver's own habit of beginning late is switched off.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write fails at once under WAL when somebody else wrote in between: writers lock first.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
