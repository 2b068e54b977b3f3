"""A database of each kind, at this version's tables, for the tests of the shell."""

from collections.abc import Iterator

import pytest

from campaigns.store.session import Store, open_store, upgrade


@pytest.fixture(params=["sqlite_url", "fresh_postgres_url"], ids=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of this test's own."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open database without rows, once of each kind."""
    upgrade(database_url)
    store = open_store(database_url)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """An open SQLite database without rows."""
    upgrade(sqlite_url)
    store = open_store(sqlite_url)
    yield store
    store.close()
