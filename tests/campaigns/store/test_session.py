"""Transactions: whole or not at all, and readers see one moment."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from campaigns.store.partners import add_partners, partner_names
from campaigns.store.session import Store
from campaigns.store.tables import ChannelRow


class Stop(Exception):
    """Raised in the middle of a transaction."""


def test_what_raises_leaves_nothing_behind(store: Store) -> None:
    def stop_half_way() -> None:
        with store.writing() as session:
            add_partners(session, {"Alpha": "alpha"})
            raise Stop

    with pytest.raises(Stop):
        stop_half_way()
    with store.reading() as session:
        assert partner_names(session, None) == ()


def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    with store.reading() as reading:
        assert partner_names(reading, None) == ()
        with store.writing() as session:
            add_partners(session, {"Alpha": "alpha"})
        assert partner_names(reading, None) == ()
    with store.reading() as reading:
        assert partner_names(reading, None) == ("Alpha",)


def test_two_writers_that_read_first_wait_for_each_other(store: Store) -> None:
    started = threading.Barrier(2)

    def read_then_write(name: str) -> None:
        started.wait()
        with store.writing() as session:
            partner_names(session, None)
            add_partners(session, {name: name})

    writers = [threading.Thread(target=read_then_write, args=(name,)) for name in ("alpha", "beta")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with store.reading() as session:
        assert partner_names(session, None) == ("alpha", "beta")


def test_a_channel_needs_its_partner(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writing() as session:
        session.add(ChannelRow(channel="north", partner="Nobody"))


def test_sqlite_writes_ahead_so_that_readers_never_wait(sqlite_store: Store) -> None:
    with sqlite_store.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_writer_holds_the_lock_from_its_first_question(sqlite_store: Store) -> None:
    with sqlite_store.writing() as session, sqlite_store.engine.connect() as other:
        partner_names(session, None)
        other.exec_driver_sql("PRAGMA busy_timeout = 1")
        with pytest.raises(OperationalError, match="database is locked"):
            other.exec_driver_sql("UPDATE plans SET status = 'x'")
