"""The one ASGI application: login, dashboard, downloads, behind one guard."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dash import Dash, html, set_props
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from acquire.errors import AcquireError, BadInput, NotFound
from campaigns.store.session import Store
from dashboards import shell
from dashboards.access import Forbidden, Guard, NotLoggedIn
from dashboards.downloads import add_downloads
from dashboards.login import Patience, add_login
from dashboards.pages import frontier, overview, partner, plan
from dashboards.source import Source

_HERE = Path(__file__).parent
_LOG = logging.getLogger(__name__)
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/scheme.js"></script>
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


def create_app(
    store: Store, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), title: str = "Acquire"
) -> FastAPI:
    """Put the application together.

    Args:
        store: The open database.
        now: Gives the present instant in UTC.
        title: Name in the browser's title bar.

    Returns:
        An ASGI application; run it with one process of uvicorn.
    """
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    source = Source(store=store, now=now)
    _add_answers(app)
    add_login(app, source, Patience())
    add_downloads(app, source)
    dash = _add_dash(app, source, title)
    app.add_middleware(Guard, find_viewer=source.viewer_of_session, policy=_content_policy(dash))
    return app


def _add_dash(app: FastAPI, source: Source, title: str) -> Dash:
    dash = Dash(
        name="dashboards",
        server=app,
        assets_folder=str(_HERE / "assets"),
        assets_ignore=r"^(scheme\.js|login\.css)$",
        index_string=_INDEX,
        use_pages=False,
        pages_folder="",
        enable_mcp=False,
        title=title,
        update_title=None,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        suppress_callback_exceptions=True,
        on_error=_report,
        add_log_handler=False,
    )
    # No callback uses the renderer's websocket: the page is told not to open one, and the guard refuses one opened by hand.
    dash.backend.websocket_capability = False
    shell.register(dash, source)
    for page in (overview, plan, frontier, partner):
        page.register(dash, source)
    # Dash prepares its index on the first request to "/", and asks for a layout then; here a person may enter on any page, and
    # there is no layout without a person.
    dash.layout = html.Div()
    dash._setup_server()
    dash.layout = shell.layout
    return dash


def _add_answers(app: FastAPI) -> None:
    @app.get("/healthz", include_in_schema=False)
    def healthz() -> Response:
        return PlainTextResponse("ok")

    def answer_with(status: int) -> Callable[[Request, Exception], Response]:
        return lambda request, error: PlainTextResponse(str(error), status_code=status)

    for kind, status in ((NotLoggedIn, 401), (Forbidden, 403), (NotFound, 404), (BadInput, 400)):
        app.add_exception_handler(kind, answer_with(status))


def _report(error: Exception) -> None:
    """Tell in one line what went wrong in a callback; the page stays as it is."""
    if isinstance(error, NotLoggedIn | Forbidden):
        raise error
    if isinstance(error, AcquireError):
        line = str(error)
    else:
        _LOG.error("a callback failed", exc_info=error)
        line = "This part could not be computed. The server's log says why."
    set_props("notice", {"children": line})


def _content_policy(dash: Dash) -> str:
    """Give the Content-Security-Policy: everything from this host. Dash's one inline script is allowed by its hash; styles are
    set by scripts all over Mantine, plotly and ag-grid."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(dash.csp_hashes())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
