"""Who may see which page: decided here and nowhere else, from the session the server keeps.

`Guard` stands in front of everything. It is a list of what is allowed: an address it does not know is not served. Pages and
callbacks ask once more, through `permit`, because a callback can be called by hand.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaigns.users import Role, Viewer

SESSION_COOKIE = "acquire_session"
LOGIN = "/login"

# Assets and component suites are program text, the same for everybody. The API has keys of its own.
_OPEN = ("/assets/", "/_dash-component-suites/", "/api/", "/rta/", "/track/")
_OPEN_EXACTLY = frozenset({LOGIN, "/healthz", "/_favicon.ico"})
_MACHINERY = frozenset({"/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/logout"})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class NotLoggedIn(Exception):
    """Nobody is logged in where somebody must be."""


class Forbidden(Exception):
    """The one who asks may not see this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its address, its name in the menu, and the roles that may see it."""

    path: str
    title: str
    roles: frozenset[Role]


OVERVIEW = Page(path="/overview", title="Overview", roles=frozenset({"executive", "growth", "risk", "approver"}))
PLAN = Page(path="/plan", title="Plan", roles=frozenset({"executive", "growth", "risk", "approver"}))
FRONTIER = Page(path="/frontier", title="Frontier", roles=frozenset({"executive", "growth", "risk", "approver"}))
PARTNER = Page(path="/partner", title="Partners", roles=frozenset({"partner", "growth", "approver"}))
PAGES = (OVERVIEW, PLAN, FRONTIER, PARTNER)
DOWNLOADS = {"/download/channels.csv": OVERVIEW, "/download/partner.csv": PARTNER, "/download/lists/": PARTNER}

HOME: dict[Role, str] = {
    "executive": OVERVIEW.path,
    "growth": PLAN.path,
    "risk": f"{PLAN.path}?view=risk",
    "approver": OVERVIEW.path,
    "partner": PARTNER.path,
}

_viewer: ContextVar[Viewer | None] = ContextVar("acquire_viewer", default=None)


def current_viewer() -> Viewer:
    """Name who is asking, as the guard found in the session.

    Raises:
        NotLoggedIn: Nobody is.
    """
    viewer = _viewer.get()
    if viewer is None:
        raise NotLoggedIn("log in first")
    return viewer


def permit(page: Page) -> Viewer:
    """Give who is asking, if that person may see `page`.

    Raises:
        NotLoggedIn: Nobody is logged in.
        Forbidden: The role may not see the page.
    """
    viewer = current_viewer()
    if viewer.role not in page.roles:
        raise Forbidden(f"{page.title} is not open to the role {viewer.role}")
    return viewer


def page_at(path: str) -> Page | None:
    """Find the page that an address, of a page or of one of its downloads, belongs to."""
    own = (page for page in PAGES if path == page.path)
    # An address that ends in a slash stands for everything below it.
    files = (
        page for start, page in DOWNLOADS.items() if path == start or (start[-1] == "/" and path.startswith(start))
    )
    return next(own, None) or next(files, None)


class Guard:
    """Lets a request through to the application only with a session whose role may see what is asked for."""

    def __init__(self, app: ASGIApp, find_viewer: Callable[[str], Viewer | None], policy: str) -> None:
        self._app = app
        self._find_viewer = find_viewer
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "websocket":
            # No callback of ours uses the renderer's websocket, so nobody has business there. 1008: against the policy.
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._answer(Request(scope, receive), self._with_headers(scope, send))

    async def _answer(self, request: Request, send: Send) -> None:
        token = request.cookies.get(SESSION_COOKIE)
        viewer = await run_in_threadpool(self._find_viewer, token) if token and _needs_session(request) else None
        refused = _refuse(request, viewer)
        mark = _viewer.set(viewer)
        try:
            await (refused or self._app)(_inner_scope(request), request.receive, send)
        finally:
            _viewer.reset(mark)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        is_public = scope["path"].startswith(_OPEN)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy
                headers["X-Frame-Options"] = "DENY"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                if not is_public:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        return send_with_headers


def _needs_session(request: Request) -> bool:
    # The path is what the application routes by; request.url is put together with the Host header, which anybody can make up.
    path: str = request.scope["path"]
    return path not in _OPEN_EXACTLY and not path.startswith(_OPEN)


def _refuse(request: Request, viewer: Viewer | None) -> Response | None:
    """Give the answer that turns a request away, or None to let it through."""
    path: str = request.scope["path"]
    if request.method in _WRITES and not path.startswith(_OPEN) and not comes_from_here(request):
        return PlainTextResponse("This request comes from another site.", status_code=403)
    if not _needs_session(request):
        return None
    return _to_login(request) if viewer is None else _refuse_role(path, viewer.role)


def _refuse_role(path: str, role: Role) -> Response | None:
    if path == "/":
        return RedirectResponse(HOME[role], status_code=303)
    page = page_at(path)
    if page is not None:
        return None if role in page.roles else PlainTextResponse("Not open to your role.", status_code=403)
    return None if path in _MACHINERY else PlainTextResponse("There is no such page.", status_code=404)


def _inner_scope(request: Request) -> Scope:
    """Give every page the one document that Dash serves at "/"; the browser then asks for the page's content."""
    if any(request.scope["path"] == page.path for page in PAGES):
        return {**request.scope, "path": "/", "raw_path": b"/"}
    return request.scope


def _to_login(request: Request) -> Response:
    """Send a person who opens a page to the login; a program gets 401."""
    path: str = request.scope["path"]
    if request.method == "GET" and (path == "/" or any(path == page.path for page in PAGES)):
        query = request.scope["query_string"].decode("latin-1")
        target = f"{path}?{query}" if query else path
        return RedirectResponse(f"{LOGIN}?next={quote(target)}", status_code=303)
    return PlainTextResponse("Log in first.", status_code=401)


def comes_from_here(request: Request) -> bool:
    """Tell whether a browser says that a writing request was made by our own page."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    return origin.partition("://")[2] == request.headers.get("host")
