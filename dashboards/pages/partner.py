"""The partner's page: its own lists to fetch, and what its own channels did. Nothing else, of nobody else."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from campaigns.reports import FilterChoices, ListSummary, PartnerOverview
from dashboards import components, figures
from dashboards.access import PARTNER, permit
from dashboards.components import (
    Component,
    card,
    data_table,
    graph,
    grid,
    number_column,
    rows_of,
    tag,
    text_column,
    words_table,
)
from dashboards.downloads import LISTS, partner_address
from dashboards.filters import days_filter, read_filter
from dashboards.source import Source
from dashboards.wording import say_day

DAYS, WHO, RESULTS, CSV, OWN_LISTS = (
    "partner-days", "partner-who", "partner-results", "partner-csv", "partner-lists",
)  # fmt: skip
EVERYBODY = "All partners"


def layout(source: Source, asked: dict[str, str]) -> Component:
    """Lay out the page; figures and lists come by callback."""
    viewer = permit(PARTNER)
    choices = source.choices(PARTNER)
    head = components.page_head(
        viewer.partner or "Partners",
        "Your lists, and what your channels did" if viewer.partner else "Lists and results as partners see them",
        *_filters(source, choices),
    )
    return html.Div([head, html.Div(id=OWN_LISTS), html.Div(id=RESULTS)])


def _filters(source: Source, choices: FilterChoices) -> list[Component]:
    names = source.partners()
    # A partner's own name is the only choice it has: the control is there for the callback, not for the eye.
    who = dmc.Select(
        id=WHO,
        label="Partner",
        data=[EVERYBODY, *names] if len(names) > 1 else list(names),
        value=EVERYBODY if len(names) > 1 else next(iter(names), None),
        allowDeselect=False,
        w=220,
        style={} if len(names) > 1 else {"display": "none"},
    )
    if choices.first_day is None:
        return [who, html.Div(id=DAYS), html.A(id=CSV)]
    return [who, days_filter(choices, DAYS), components.button_link("CSV", "", CSV)]


def register(app: Dash, source: Source) -> None:
    """Add the page's callbacks."""

    def show(days: list[str | None] | None, who: str | None) -> tuple[Component, str, str]:
        chosen, partner = read_filter(days, ()), _partner(who)
        return results(source.partner_overview(chosen, partner)), partner_address(chosen, partner), ""

    def show_lists(who: str | None) -> Component:
        return lists_card(source.lists(_partner(who)))

    app.callback(
        Output(RESULTS, "children"),
        Output(CSV, "href"),
        Output("notice", "children", allow_duplicate=True),
        Input(DAYS, "value"),
        Input(WHO, "value"),
        prevent_initial_call="initial_duplicate",
    )(show)
    app.callback(Output(OWN_LISTS, "children"), Input(WHO, "value"))(show_lists)


def _partner(who: str | None) -> str | None:
    return None if who == EVERYBODY else who


def lists_card(lists: tuple[ListSummary, ...]) -> Component:
    """Show the lists, each with its file."""
    if not lists:
        return card(
            "Lists", html.P("No lists yet. They appear with the next campaign.", className="about"), className="spaced"
        )
    rows = [
        (
            one.campaign,
            one.partner,
            f"{one.n_rows:,}",
            say_day(one.created_at.date()),
            tag("expired") if one.expired else say_day(one.expires_at.date()),
            None if one.expired else html.A("CSV", href=f"{LISTS}{one.list_id}.csv", download=""),
        )
        for one in lists
    ]
    table = words_table(("Campaign", "Partner", "Leads", "Made", "Use until", "File"), rows, numbers=(2,))
    return card(
        "Lists",
        table,
        about="Whom to contact with which offer. A list is not to be used after its last day.",
        className="spaced",
    )


def results(shown: PartnerOverview) -> Component:
    """Lay out the figures of one filter."""
    if not len(shown.channel_table):
        return components.empty("No results in these days.", "Widen the range.")
    currency = shown.currency or ""
    has_partners = shown.channel_table["partner"].nunique() > 1
    figure = figures.draw_trend(shown.trend, currency)
    return html.Div(
        [
            grid("thirds", *(components.kpi_card(kpi, currency) for kpi in shown.kpis)),
            card("Week by week", graph(figure, "Spend and booked accounts by week"), className="spaced"),
            card(
                f"Channels, money in {currency}" if currency else "Channels",
                data_table(rows_of(shown.channel_table), columns(has_partners=has_partners), "partner-table"),
            ),
        ]
    )


def columns(*, has_partners: bool) -> list[dict[str, Any]]:
    """Describe the channel table."""
    return [
        text_column("channel", "Channel"),
        *([text_column("partner", "Partner")] if has_partners else []),
        number_column("contacts", "Contacts"),
        number_column("booked", "Booked"),
        number_column("spend", "Spend", ",.2f"),
    ]
