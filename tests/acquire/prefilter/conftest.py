"""A bank's database, once of each kind."""

from collections.abc import Iterator

import pytest

from tests.acquire.prefilter.databases import Bank, open_bank


@pytest.fixture(params=["sqlite_url", "fresh_postgres_url"], ids=["sqlite", "postgresql"])
def bank(request: pytest.FixtureRequest) -> Iterator[Bank]:
    """An empty database of this test's own."""
    with open_bank(str(request.getfixturevalue(request.param))) as bank:
        yield bank
