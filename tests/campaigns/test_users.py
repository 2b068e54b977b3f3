"""Who may log in, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from acquire.errors import BadInput
from campaigns import users
from campaigns.store.partners import add_partners
from campaigns.store.session import Store
from campaigns.users import Viewer, add_user, authenticate, end_session, start_session, viewer_of_session

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PASSWORD = "correct horse"


def _with_partner(store: Store) -> None:
    with store.writing() as session:
        add_partners(session, {"Alpha": "alpha"})


def test_a_user_logs_in_with_the_right_password_only(store: Store) -> None:
    add_user(store, "Ann", PASSWORD, "growth")
    assert authenticate(store, " ann ", PASSWORD) == Viewer(login="ann", role="growth")
    assert authenticate(store, "ann", "wrong horse") is None
    assert authenticate(store, "bob", PASSWORD) is None


def test_a_partner_user_carries_its_partner(store: Store) -> None:
    _with_partner(store)
    add_user(store, "pat", PASSWORD, "partner", "Alpha")
    assert authenticate(store, "pat", PASSWORD) == Viewer(login="pat", role="partner", partner="Alpha")
    assert users.users(store) == (Viewer(login="pat", role="partner", partner="Alpha"),)


def test_a_password_typed_on_another_keyboard_is_the_same(sqlite_store: Store) -> None:
    add_user(sqlite_store, "ann", "caf\u00e9 au lait", "growth")
    assert authenticate(sqlite_store, "ann", "cafe\u0301 au lait") is not None


def test_passwords_are_kept_as_argon2_hashes(sqlite_store: Store) -> None:
    add_user(sqlite_store, "ann", PASSWORD, "growth")
    with sqlite_store.reading() as session:
        kept = str(session.scalar(text("SELECT password_hash FROM users")))
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


def test_a_login_is_found_by_its_token_until_it_expires(store: Store) -> None:
    viewer = add_user(store, "ann", PASSWORD, "growth")
    token = start_session(store, viewer, now=NOW, lifetime=timedelta(hours=1))
    assert viewer_of_session(store, token, now=NOW + timedelta(minutes=59)) == viewer
    assert viewer_of_session(store, token, now=NOW + timedelta(minutes=60)) is None
    assert viewer_of_session(store, "another", now=NOW) is None


def test_logging_out_ends_this_login_only(sqlite_store: Store) -> None:
    viewer = add_user(sqlite_store, "ann", PASSWORD, "growth")
    here, there = (start_session(sqlite_store, viewer, now=NOW) for _ in range(2))
    end_session(sqlite_store, here)
    assert viewer_of_session(sqlite_store, here, now=NOW) is None
    assert viewer_of_session(sqlite_store, there, now=NOW) == viewer


def test_the_database_knows_no_token_and_forgets_logins_that_are_over(sqlite_store: Store) -> None:
    viewer = add_user(sqlite_store, "ann", PASSWORD, "growth")
    start_session(sqlite_store, viewer, now=NOW, lifetime=timedelta(hours=1))
    token = start_session(sqlite_store, viewer, now=NOW + timedelta(hours=2))
    with sqlite_store.reading() as session:
        kept = [str(row.token_hash) for row in session.execute(text("SELECT token_hash FROM login_sessions"))]
    assert len(kept) == 1
    assert kept[0] != token
    assert len(kept[0]) == 64


def test_a_disabled_user_is_out_at_once_and_can_come_back(sqlite_store: Store) -> None:
    store = sqlite_store
    viewer = add_user(store, "ann", PASSWORD, "growth")
    token = start_session(store, viewer, now=NOW)
    users.disable_user(store, "ANN")
    assert viewer_of_session(store, token, now=NOW) is None
    assert authenticate(store, "ann", PASSWORD) is None
    assert users.users(store) == ()
    users.enable_user(store, "ann")
    assert authenticate(store, "ann", PASSWORD) == viewer


def test_a_new_password_ends_the_logins_of_the_old_one(sqlite_store: Store) -> None:
    viewer = add_user(sqlite_store, "ann", PASSWORD, "growth")
    token = start_session(sqlite_store, viewer, now=NOW)
    users.set_password(sqlite_store, "ann", "another horse")
    assert viewer_of_session(sqlite_store, token, now=NOW) is None
    assert authenticate(sqlite_store, "ann", PASSWORD) is None
    assert authenticate(sqlite_store, "ann", "another horse") == viewer


def test_a_login_can_be_given_once(store: Store) -> None:
    add_user(store, "ann", PASSWORD, "growth")
    with pytest.raises(BadInput, match="login ann is taken; choose another"):
        add_user(store, "ANN", "another horse", "risk")
    assert authenticate(store, "ann", PASSWORD) == Viewer(login="ann", role="growth")


@pytest.mark.parametrize(
    ("login", "password", "role", "partner", "line"),
    [
        ("", PASSWORD, "growth", None, "the login is empty"),
        ("ann", "short", "growth", None, "the password has 5 characters; give 8"),
        ("ann", PASSWORD, "boss", None, "role 'boss' is unknown; give one of executive, growth"),
        ("ann", PASSWORD, "partner", None, "role partner but no partner; name the partner"),
        ("ann", PASSWORD, "risk", "Alpha", "only role partner belongs to a partner"),
        ("ann", PASSWORD, "partner", "Nobody", "partner 'Nobody' is not in the database"),
    ],
)
def test_a_user_that_makes_no_sense_is_refused(
    sqlite_store: Store, login: str, password: str, role: users.Role, partner: str | None, line: str
) -> None:
    with pytest.raises(BadInput, match=line):
        add_user(sqlite_store, login, password, role, partner)
    assert users.users(sqlite_store) == ()


def test_a_user_that_is_not_there_cannot_be_changed(sqlite_store: Store) -> None:
    for change in (users.disable_user, users.enable_user):
        with pytest.raises(BadInput, match="there is no user ann"):
            change(sqlite_store, "ann")
