"""The login: a plain form that works without scripts, an opaque token in a cookie, one message for every failure."""

import hmac
import html
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable
from importlib.resources import files
from typing import Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboards.access import LOGIN, PAGES, SESSION_COOKIE

FAILED = "Login or password is wrong."
TOO_MANY = "Too many attempts. Wait a few minutes, then try again."
EXPIRED = "The form has expired. Try again."

_FORM_COOKIE = "acquire_form"
_LONGEST_FORM = 4096
_MOST_FIELDS = 8
_MEMORY_SECONDS = 300.0


class Doorkeeper(Protocol):
    """What the login needs of campaigns.users."""

    def open_session(self, login: str, password: str) -> str | None:
        """Give a new session's token; None if login and password do not belong together."""
        ...

    def close_session(self, token: str) -> None:
        """End a session."""
        ...


class Patience:
    """Counts the failed logins of the last minutes, and says when it is enough.

    One login from one address may fail 6 times in 5 minutes, one address 30 times: a guesser is slowed down, and nobody can
    shut a colleague out from elsewhere.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: defaultdict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def is_over(self, login: str, address: str) -> bool:
        """Tell whether this login or this address has failed too often of late."""
        self._forget()
        return self._count(login, address) >= 6 or self._count(address) >= 30

    def failed(self, login: str, address: str) -> None:
        """Count one failure."""
        for name in ((login, address), (address,)):
            self._failures[name].append(self._clock())

    def _count(self, *name: str) -> int:
        return len(self._failures.get(name, ()))

    def _forget(self) -> None:
        begin = self._clock() - _MEMORY_SECONDS
        for name in list(self._failures):
            times = self._failures[name]
            while times and times[0] < begin:
                times.popleft()
            if not times:
                del self._failures[name]


def add_login(app: FastAPI, doorkeeper: Doorkeeper, patience: Patience) -> None:
    """Add /login and /logout to the application."""
    router = APIRouter(include_in_schema=False)

    @router.get(LOGIN)
    async def show(request: Request) -> Response:
        return _form(request)

    @router.post(LOGIN)
    async def enter(request: Request) -> Response:
        fields = await _fields(request)
        if not _is_our_form(request, fields):
            return _form(request, EXPIRED, 400)
        login = fields.get("login", "").strip()
        address = request.client.host if request.client else ""
        if patience.is_over(login.casefold(), address):
            return _form(request, TOO_MANY, 429)
        token = await run_in_threadpool(doorkeeper.open_session, login, fields.get("password", ""))
        if token is None:
            patience.failed(login.casefold(), address)
            return _form(request, FAILED, 401)
        return _welcome(request, token, fields.get("next", ""))

    @router.post("/logout")
    async def leave(request: Request) -> Response:
        await run_in_threadpool(doorkeeper.close_session, request.cookies.get(SESSION_COOKIE, ""))
        answer = RedirectResponse(LOGIN, status_code=303)
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
        return answer

    app.include_router(router)


def _is_our_form(request: Request, fields: dict[str, str]) -> bool:
    """Tell whether the form is one that we gave to this browser. Without a cookie none is."""
    given = request.cookies.get(_FORM_COOKIE, "")
    return given != "" and hmac.compare_digest(fields.get("form", "").encode(), given.encode())


def _welcome(request: Request, token: str, target: str) -> Response:
    answer = RedirectResponse(own_page(target), status_code=303)
    answer.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax", secure=request.scope["scheme"] == "https")
    answer.delete_cookie(_FORM_COOKIE)
    return answer


def own_page(target: str) -> str:
    """Give the page to go to after the login: one of ours, else the home of the role. Never another site."""
    path = target.partition("?")[0]
    return target if any(path == page.path for page in PAGES) else "/"


async def _fields(request: Request) -> dict[str, str]:
    """Read the fields of a posted form; a body that is too long is read no further, one of too many fields not at all."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            return {}
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _form(request: Request, message: str = "", status: int = 200) -> Response:
    form = secrets.token_urlsafe(24)
    page = (files("dashboards") / "templates" / "login.html").read_text(encoding="utf-8")
    for mark, text in (("form", form), ("next", own_page(request.query_params.get("next", "/"))), ("message", message)):
        page = page.replace(f"[[{mark}]]", html.escape(text))
    answer = HTMLResponse(page, status_code=status)
    answer.set_cookie(_FORM_COOKIE, form, httponly=True, samesite="strict", secure=request.scope["scheme"] == "https")
    return answer
