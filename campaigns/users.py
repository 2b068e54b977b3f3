"""Who may look: users, passwords and login sessions.

Passwords are kept as argon2id hashes; a login is a random token of which the database has only the SHA-256. Time is an
argument everywhere, so that expiry can be tested.

References:
    Biryukov, Dinu, Khovratovich, Josefsson (2021): RFC 9106, Argon2 Memory-Hard Function, section 4 (parameters).
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from acquire.errors import BadInput
from campaigns.store import partners, people
from campaigns.store.people import StoredUser
from campaigns.store.session import Store

Role = Literal["executive", "growth", "risk", "approver", "partner"]
ROLES: tuple[Role, ...] = get_args(Role)

SESSION_LIFETIME = timedelta(hours=12)
MIN_PASSWORD_LENGTH = 8
# Hashing takes time in proportion: a megabyte of "password" would keep the server busy.
MAX_PASSWORD_LENGTH = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who has logged in; every question to the reports carries one.

    Attributes:
        login: Unique name.
        role: executive, growth, risk, approver or partner.
        partner: The one partner whose rows a viewer of role partner may see; None for all other roles.
    """

    login: str
    role: Role
    partner: str | None = None

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise BadInput(f"role {self.role!r} is unknown; give one of {', '.join(ROLES)}")
        if self.role == "partner" and not self.partner:
            raise BadInput(f"user {self.login} has role partner but no partner; name the partner")
        if self.role != "partner" and self.partner is not None:
            raise BadInput(f"user {self.login} has role {self.role}; only role partner belongs to a partner, drop it")


def add_user(store: Store, login: str, password: str, role: Role, partner: str | None = None) -> Viewer:
    """Add somebody who may log in.

    Args:
        store: The database.
        login: Unique name; upper and lower case are the same.
        password: At least 8 characters.
        role: What the user may see.
        partner: For role partner: one that the database knows.

    Raises:
        BadInput: The login is empty or taken, the password too short, or role and partner do not fit.
    """
    viewer = Viewer(login=_login(login), role=role, partner=partner)
    user = StoredUser(
        login=viewer.login, password_hash=_hash(password), role=viewer.role, partner=viewer.partner, disabled=False
    )
    with store.writing() as session:
        if viewer.partner is not None and not partners.partner_names(session, (viewer.partner,)):
            raise BadInput(f"partner {viewer.partner!r} is not in the database; it is known from its first plan on")
        if not people.insert_user(session, user):
            raise BadInput(f"login {viewer.login} is taken; choose another")
    return viewer


def authenticate(store: Store, login: str, password: str) -> Viewer | None:
    """Check a password; None if it is wrong, or the user unknown or disabled.

    All three take about the same time, so that nobody can find out which logins exist.
    """
    with store.reading() as session:
        user = people.find_user(session, _folded(login))
    right = _matches(user.password_hash if user else _hash_of_nobody(), password)
    if user is None or user.disabled or not right:
        return None
    if PasswordHasher().check_needs_rehash(user.password_hash):
        _renew_hash(store, user.login, password)
    return _viewer(user)


def set_password(store: Store, login: str, password: str) -> None:
    """Give a user a new password and end the logins made with the old one.

    Raises:
        BadInput: There is no such user, or the password is too short.
    """
    password_hash = _hash(password)
    with store.writing() as session:
        user = _known(people.find_user(session, _folded(login)), login)
        people.change_password_hash(session, user.login, password_hash)
        people.delete_login_sessions(session, user.login)


def disable_user(store: Store, login: str) -> None:
    """Shut a user out at once.

    Raises:
        BadInput: There is no such user.
    """
    with store.writing() as session:
        user = _known(people.find_user(session, _folded(login)), login)
        people.change_disabled(session, user.login, disabled=True)
        people.delete_login_sessions(session, user.login)


def enable_user(store: Store, login: str) -> None:
    """Let a disabled user in again.

    Raises:
        BadInput: There is no such user.
    """
    with store.writing() as session:
        user = _known(people.find_user(session, _folded(login)), login)
        people.change_disabled(session, user.login, disabled=False)


def users(store: Store) -> tuple[Viewer, ...]:
    """Give all users who may log in, by login."""
    with store.reading() as session:
        return tuple(_viewer(user) for user in people.list_users(session) if not user.disabled)


def start_session(store: Store, viewer: Viewer, *, now: datetime, lifetime: timedelta = SESSION_LIFETIME) -> str:
    """Begin a login and give its token, which is shown this once and goes into the browser's cookie."""
    token = secrets.token_urlsafe(32)
    with store.writing() as session:
        people.delete_expired_login_sessions(session, now)
        people.insert_login_session(session, _hash_of_token(token), viewer.login, now + lifetime)
    return token


def viewer_of_session(store: Store, token: str, *, now: datetime) -> Viewer | None:
    """Find who is logged in with this token; None if it is unknown, has expired, or the user was disabled."""
    with store.reading() as session:
        user = people.find_user_of_session(session, _hash_of_token(token), now)
    return None if user is None or user.disabled else _viewer(user)


def end_session(store: Store, token: str) -> None:
    """Log out. A token that is unknown is no error."""
    with store.writing() as session:
        people.delete_login_session(session, _hash_of_token(token))


def _folded(login: str) -> str:
    return unicodedata.normalize("NFKC", login).strip().casefold()


def _login(login: str) -> str:
    folded = _folded(login)
    if not folded or len(folded) > 100 or not folded.isprintable():
        raise BadInput("the login is empty, too long or has characters that cannot be seen; give 1 to 100 letters")
    return folded


def _hash(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise BadInput(f"the password has {len(password)} characters; give {MIN_PASSWORD_LENGTH} or more")
    return PasswordHasher().hash(_normal(password))


def _matches(password_hash: str, password: str) -> bool:
    try:
        fits = len(password) <= MAX_PASSWORD_LENGTH
        return PasswordHasher().verify(password_hash, _normal(password[:MAX_PASSWORD_LENGTH])) and fits
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    # The same password typed on two keyboards may differ in bytes.
    return unicodedata.normalize("NFKC", password)


def _renew_hash(store: Store, login: str, password: str) -> None:
    """Hash the password anew with today's parameters."""
    with store.writing() as session:
        people.change_password_hash(session, login, _hash(password))


@cache
def _hash_of_nobody() -> str:
    return PasswordHasher().hash(secrets.token_urlsafe(32))


def _hash_of_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _known(user: StoredUser | None, login: str) -> StoredUser:
    if user is None:
        raise BadInput(f"there is no user {login}; see the list of users")
    return user


def _viewer(user: StoredUser) -> Viewer:
    role = next(role for role in ROLES if role == user.role)
    return Viewer(login=user.login, role=role, partner=user.partner)
