"""Questions about users and their logins."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from campaigns.store.statements import insert_for
from campaigns.store.tables import LoginSessionRow, UserRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """A user as the database has it."""

    login: str
    password_hash: str
    role: str
    partner: str | None
    disabled: bool


def insert_user(session: Session, user: StoredUser) -> bool:
    """Add a user; False if the login is taken."""
    row = insert_for(session, UserRow).values(
        login=user.login,
        password_hash=user.password_hash,
        role=user.role,
        partner=user.partner,
        disabled=user.disabled,
    )
    return session.execute(row.on_conflict_do_nothing().returning(UserRow.login)).scalar() is not None


def find_user(session: Session, login: str) -> StoredUser | None:
    """Find a user, disabled or not."""
    return _stored(session.get(UserRow, login))


def list_users(session: Session) -> tuple[StoredUser, ...]:
    """Give all users by login."""
    rows = session.scalars(select(UserRow).order_by(UserRow.login))
    return tuple(user for user in map(_stored, rows) if user is not None)


def count_users(session: Session) -> int:
    """Count all users."""
    return session.scalar(select(func.count()).select_from(UserRow)) or 0


def change_password_hash(session: Session, login: str, password_hash: str) -> None:
    """Replace the hash of a password."""
    session.execute(update(UserRow).where(UserRow.login == login).values(password_hash=password_hash))


def change_disabled(session: Session, login: str, disabled: bool) -> None:
    """Shut a user out, or let it in again."""
    session.execute(update(UserRow).where(UserRow.login == login).values(disabled=disabled))


def insert_login_session(session: Session, token_hash: str, login: str, expires_at: datetime) -> None:
    """Remember a login."""
    session.add(LoginSessionRow(token_hash=token_hash, login=login, expires_at=expires_at))


def find_user_of_session(session: Session, token_hash: str, now: datetime) -> StoredUser | None:
    """Find who is logged in with this token; None if it is unknown or has expired."""
    query = (
        select(UserRow)
        .join(LoginSessionRow, LoginSessionRow.login == UserRow.login)
        .where(LoginSessionRow.token_hash == token_hash, LoginSessionRow.expires_at > now)
    )
    return _stored(session.scalar(query))


def delete_login_session(session: Session, token_hash: str) -> None:
    """Forget one login."""
    session.execute(delete(LoginSessionRow).where(LoginSessionRow.token_hash == token_hash))


def delete_login_sessions(session: Session, login: str) -> None:
    """Forget all logins of one user."""
    session.execute(delete(LoginSessionRow).where(LoginSessionRow.login == login))


def delete_expired_login_sessions(session: Session, now: datetime) -> None:
    """Forget all logins that are over."""
    session.execute(delete(LoginSessionRow).where(LoginSessionRow.expires_at <= now))


def _stored(row: UserRow | None) -> StoredUser | None:
    if row is None:
        return None
    return StoredUser(
        login=row.login,
        password_hash=row.password_hash,
        role=row.role,
        partner=row.partner,
        disabled=row.disabled,
    )
