"""A database of each kind, at this version's tables, for the tests of the shell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acquire.prefilter.ranking import RankingKind
from campaigns import plan
from campaigns.fitting import Fitted, Given, fit_models
from campaigns.progress import Progress
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


@pytest.fixture(scope="module")
def fits_remembered() -> Iterator[None]:
    """Plans of one module that would learn the same from the same tables learn it once."""
    known: dict[str, Fitted] = {}

    def fit(given: Given, champion: RankingKind, progress: Progress) -> Fitted:
        file = given.plan_file
        asked = (file.columns, file.seed, file.uplift, file.risk, sorted(file.limits.refuse_regions))
        key = repr((sorted(given.tables.hashes.items()), given.today, given.policy, given.approval, champion, asked))
        if key not in known:
            known[key] = fit_models(given, champion, progress)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "fit_models", fit)
        yield


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "market"
    folder.mkdir()
    return folder
