"""What surrounds every page: head, menu, colour scheme, notice; and which page stands inside."""

from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from campaigns.users import Viewer
from dashboards.access import PAGES, current_viewer, page_at, permit
from dashboards.components import Component, empty
from dashboards.pages import frontier, overview, partner, plan
from dashboards.source import Source

FONT = "var(--font)"
_PETROL = [
    "#eaf3f6", "#d3e5eb", "#a6cbd7", "#7cc0d4", "#58a3ba", "#3a86a0", "#2f6f86", "#1f5f74", "#174b5c", "#0f3743",
]  # fmt: skip
_NIGHT = [
    "#e6e4de", "#c7cbcd", "#a3acb2", "#7b868d", "#4a545a", "#31383d", "#262c31", "#1c2125", "#181c20", "#14181b",
]  # fmt: skip
THEME = {
    "colors": {"petrol": _PETROL, "dark": _NIGHT},
    "primaryColor": "petrol",
    "primaryShade": {"light": 7, "dark": 4},
    "fontFamily": FONT,
    "headings": {"fontFamily": FONT},
    "defaultRadius": "md",
    "white": "#fffefb",
    "black": "#20262b",
}
_NAVBAR = {"width": 216, "breakpoint": "sm", "collapsed": {"mobile": True}}
_ROLE_WORDS = {
    "executive": "Executive",
    "growth": "Growth",
    "risk": "Risk",
    "approver": "Approver",
    "partner": "Partner",
}


def layout() -> Component:
    """Lay out the shell for whoever is asking."""
    viewer = current_viewer()
    parts = [
        dmc.AppShellHeader(_header(viewer)),
        dmc.AppShellNavbar(_menu(viewer), p="sm"),
        dmc.AppShellMain(
            html.Div(
                [html.Div(id="notice", className="notice", role="alert"), html.Main(id="page")], className="content"
            ),
            className="shell-main",
        ),
    ]
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dmc.AppShell(parts, id="shell", header={"height": 60}, navbar=_NAVBAR, padding={"base": "sm", "sm": "lg"}),
        ],
        theme=THEME,
        defaultColorScheme="auto",
    )


def _header(viewer: Viewer) -> Component:
    left = dmc.Group(
        [
            dmc.Burger(id="burger", hiddenFrom="sm", size="sm", **{"aria-label": "Menu"}),
            html.A("Acquire", href="/", className="brand"),
        ],
        gap="sm",
    )
    role = viewer.partner or _ROLE_WORDS[viewer.role]
    right = dmc.Group(
        [
            html.Div([html.B(viewer.login), role], className="who"),
            dmc.ColorSchemeToggle(
                lightIcon=html.Span(className="icon sun"),
                darkIcon=html.Span(className="icon moon"),
                variant="default",
                size="lg",
                **{"aria-label": "Light or dark"},
            ),
        ],
        gap="md",
    )
    return dmc.Group([left, right], justify="space-between", h="100%", px="md")


def _menu(viewer: Viewer) -> list[Component]:
    links = [
        dmc.NavLink(
            label="Lists and results" if viewer.partner else page.title,
            href=page.path,
            active="exact",
            id=f"menu-{page.path[1:]}",
        )
        for page in PAGES
        if viewer.role in page.roles
    ]
    leave = html.Form(
        html.Button("Log out", type="submit", className="quiet-button"), action="/logout", method="POST", id="leave"
    )
    return [dmc.AppShellSection(links, grow=True), dmc.AppShellSection(leave)]


def register(app: Dash, source: Source) -> None:
    """Add the callbacks of the shell."""

    def show_page(path: str, query: str) -> tuple[Component, str]:
        return page_content(source, path, query), ""

    app.callback(
        Output("page", "children"), Output("notice", "children"), Input("url", "pathname"), Input("url", "search")
    )(show_page)
    app.clientside_callback(
        ClientsideFunction("shell", "navbar"),
        Output("shell", "navbar"),
        Input("burger", "opened"),
        State("shell", "navbar"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("shell", "close"),
        Output("burger", "opened"),
        Input("url", "pathname"),
        prevent_initial_call=True,
    )


def page_content(source: Source, path: str, query: str) -> Any:
    """Lay out the page at `path`, if whoever is asking may see it."""
    page = page_at(path)
    if page is None or page.path != path:
        return empty("There is no such page.", "Choose one from the menu.")
    permit(page)
    asked = {name: values[0] for name, values in parse_qs((query or "").removeprefix("?")).items()}
    pages: dict[str, Any] = {"/overview": overview, "/plan": plan, "/frontier": frontier, "/partner": partner}
    return pages[path].layout(source, asked)
