"""The tables in the database are the tables in the code, and opening says so when they are not."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from acquire.errors import BadInput
from campaigns.store.session import downgrade, open_or_create_store, open_store, upgrade
from campaigns.store.tables import Table


def _shape(engine: Engine) -> dict[str, object]:
    """What `compare_metadata` does not look at: keys and checks."""
    inspector = inspect(engine)
    return {
        name: (
            inspector.get_pk_constraint(name)["constrained_columns"],
            sorted(str(one["name"]) for one in inspector.get_unique_constraints(name)),
            sorted((str(one["name"]), str(one["sqltext"])) for one in inspector.get_check_constraints(name)),
            sorted((str(one["name"]), str(one["options"])) for one in inspector.get_foreign_keys(name)),
            sorted(str(one["name"]) for one in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


def _tables(url: str) -> set[str]:
    engine = create_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_the_migrations_build_the_tables_of_the_code(database_url: str) -> None:
    upgrade(database_url)
    store = open_store(database_url)
    with store.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Table.metadata) == []
    migrated = _shape(store.engine)
    store.close()
    downgrade(database_url, "base")
    engine = create_engine(database_url)
    Table.metadata.create_all(engine)
    assert _shape(engine) == migrated
    engine.dispose()


def test_a_migration_can_be_taken_back_and_done_again(database_url: str) -> None:
    upgrade(database_url)
    assert set(Table.metadata.tables) <= _tables(database_url)
    downgrade(database_url, "base")
    assert _tables(database_url) == {"alembic_version"}
    upgrade(database_url)
    upgrade(database_url)
    open_store(database_url).close()


def test_a_database_of_the_first_version_keeps_its_rows(database_url: str) -> None:
    upgrade(database_url)
    downgrade(database_url, "0001")
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO partners (partner, slug) VALUES ('Alpha', 'alpha')"))
    with pytest.raises(BadInput, match=r"version 0001, this Acquire needs 0003; run `acquire db upgrade`$"):
        open_store(database_url)
    upgrade(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT slug FROM partners")).scalar() == "alpha"
        assert connection.execute(text("SELECT count(*) FROM champions")).scalar() == 0
    engine.dispose()


def test_two_upgrades_at_once_wait_for_each_other(database_url: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(upgrade, database_url) for _ in range(2)]:
            done.result()
    open_store(database_url).close()


def test_a_database_that_is_not_at_this_version_says_to_upgrade(database_url: str) -> None:
    upgrade(database_url)
    downgrade(database_url, "base")
    with pytest.raises(BadInput, match=r"version none, this Acquire needs 0003; run `acquire db upgrade`$"):
        open_store(database_url)
    with pytest.raises(BadInput, match=r"run `acquire db upgrade`$"):
        open_or_create_store(database_url)


def test_a_database_of_a_newer_version_says_to_install_a_newer_one(database_url: str) -> None:
    upgrade(database_url)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(BadInput, match=r"newer version \(9999\); install a newer Acquire"):
        open_store(database_url)


def test_an_empty_database_is_set_up_at_first_use(database_url: str) -> None:
    open_or_create_store(database_url).close()
    open_store(database_url).close()


def test_a_missing_file_is_not_made_by_opening_it(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no database at .*; run `acquire db upgrade` to create it"):
        open_store(sqlite_url)
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_can_read_the_database_file(sqlite_url: str, tmp_path: Path) -> None:
    upgrade(sqlite_url)
    assert stat.S_IMODE((tmp_path / "acquire.db").stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_bad_input(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "acquire.db").write_text("lead_id,channel\n" * 100)
    with pytest.raises(BadInput, match=r"acquire\.db cannot be used: file is not a database"):
        open_store(sqlite_url)


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be created: No such file or directory"):
        upgrade(f"sqlite:///{tmp_path / 'nowhere' / 'acquire.db'}")


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("acquire.db", "the database address cannot be read"),
        ("mysql://host/acquire", "database kind mysql is unknown"),
        ("sqlite://", "a database in memory forgets everything"),
    ],
)
def test_an_address_that_is_none_is_bad_input(url: str, line: str) -> None:
    with pytest.raises(BadInput, match=line):
        open_store(url)


def test_a_server_that_is_away_is_named_without_the_password() -> None:
    with pytest.raises(BadInput, match=r"the database at 127\.0\.0\.1/acquire cannot be used") as caught:
        open_store("postgresql://me:secret@127.0.0.1:9/acquire")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
