"""The pieces every page is built of: pure functions from figures to Dash components."""

import math
from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
import plotly.graph_objects as go
from dash import dcc, html

from campaigns.report_words import say
from campaigns.reports import Kpi
from dashboards.wording import UNDEFINED, say_change, short

Component = Any

KPI_NAMES = {
    "cac": "CAC",
    "incremental_cac": "Incremental CAC",
    "booked": "Booked accounts",
    "amount": "Drawn amount",
    "spend": "Spend",
    "conversion": "Conversion, contact to booked",
    "bad_rate": "Bad rate of matured accounts",
    "contacts": "Contacts",
}
_LESS_IS_BETTER = frozenset({"cac", "incremental_cac", "bad_rate"})
_MORE_IS_BETTER = frozenset({"booked", "amount", "conversion"})

_ROWS_SHOWN_WHOLE = 40
_GRAPH = {"displayModeBar": False, "showSendToCloud": False, "responsive": True}
# Values are the page's own variables, so that the table follows the colour scheme without being drawn again.
_GRID_THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--card)', foregroundColor: 'var(--ink)', borderColor: 'var(--line)', "
    "headerBackgroundColor: 'var(--card)', headerTextColor: 'var(--soft)', accentColor: 'var(--accent)', "
    "rowHoverColor: 'var(--faint)', fontFamily: 'var(--font)', fontSize: 13, spacing: 6, cellHorizontalPadding: 10, "
    "wrapperBorder: false, wrapperBorderRadius: 0, headerFontWeight: 600})"
)


def page_head(title: str, about: Component, *filters: Component) -> html.Div:
    """Show the page's title, one line about it, and its filters."""
    words = html.Div([html.H1(title), html.P(about)])
    return html.Div([words, html.Div(list(filters), className="filters")], className="page-head")


def card(title: str, *content: Component, about: str = "", className: str = "") -> html.Section:
    """Frame a part of a page."""
    lead = [html.P(about, className="about")] if about else []
    return html.Section([html.H2(title), *lead, *content], className=f"card {className}".strip())


def grid(kind: str, *content: Component) -> html.Div:
    """Lay parts side by side; `kind` is a grid class of app.css."""
    return html.Div(list(content), className=f"grid {kind}")


def graph(figure: go.Figure, label: str) -> dcc.Graph:
    """Show a figure; `label` tells a screen reader what it is."""
    height = figure.layout.height
    return html.Div(
        dcc.Graph(figure=figure, config=_GRAPH, style={"height": height}, responsive=True),
        role="img",
        **{"aria-label": label},
    )


def empty(title: str, advice: str) -> html.Div:
    """Say that there is nothing to show, and what to do."""
    return html.Div([html.B(title), advice], className="card empty")


def tag(text: str, tone: str = "plain") -> html.Span:
    """Show a short word in a pill; `tone` is sure, careful, unsure or plain."""
    return html.Span(text, className=f"tag {tone}")


def button_link(text: str, href: str, id: str) -> html.A:  # noqa: A002
    """Show a link to a download as a button."""
    return html.A(text, href=href, id=id, className="button", download="")


def kpi_card(kpi: Kpi, currency: str) -> html.Section:
    """Show one figure, how it moved since the days before, its limit and its course."""
    return _kpi_card(kpi, currency, [_moved(kpi, _tone(kpi)), _target(kpi, currency)])


def bad_rate_card(kpi: Kpi, matured: int, booked: int) -> html.Section:
    """Show the bad rate against its limit, and how much of what was booked it rests on."""
    # While few have matured, a change is not to be coloured as good or bad news.
    tone = _tone(kpi) if 2 * matured >= booked else ""
    known = html.Div(f"{matured:,} of {booked:,} booked accounts have matured", className="moved")
    return _kpi_card(kpi, "", [_moved(kpi, tone), known, _target(kpi, "")], "span-2")


def _kpi_card(kpi: Kpi, currency: str, lines: Sequence[Component], className: str = "") -> html.Section:
    full = say(kpi.value, kpi.unit, currency) if math.isfinite(kpi.value) else UNDEFINED
    return html.Section(
        [
            html.Div(KPI_NAMES[kpi.name], className="name"),
            html.Div(short(kpi.value, kpi.unit, currency), className="figure", id=f"kpi-{kpi.name}", title=full),
            *lines,
            html.Div(_spark(kpi), className="spark"),
        ],
        className=f"card kpi {className}".strip(),
    )


def _moved(kpi: Kpi, tone: str) -> html.Div:
    if kpi.note:
        return html.Div(kpi.note, className="note")
    change = "" if kpi.previous is None else say_change(kpi.value, kpi.previous, kpi.unit)
    if not change:
        return html.Div("no earlier days to compare", className="moved")
    return html.Div([html.B(change, className=tone), " on the days before"], className="moved")


def _tone(kpi: Kpi) -> str:
    if kpi.previous is None or kpi.value == kpi.previous or kpi.name not in _LESS_IS_BETTER | _MORE_IS_BETTER:
        return ""
    return "better" if (kpi.value < kpi.previous) == (kpi.name in _LESS_IS_BETTER) else "worse"


def _target(kpi: Kpi, currency: str) -> Component:
    if kpi.target is None or not math.isfinite(kpi.value):
        return None
    within = kpi.value <= kpi.target
    words = f"{'within' if within else 'above'} the limit of {short(kpi.target, kpi.unit, currency)}"
    return html.Div(tag(words, "sure" if within else "unsure"))


def _spark(kpi: Kpi) -> Component:
    values = [value for _, value in kpi.series if math.isfinite(value)]
    if len(values) < 2:
        return html.Div(style={"height": 36})
    return dmc.Sparkline(
        data=values,
        h=36,
        curveType="linear",
        color="var(--accent)",
        fillOpacity=0.12,
        strokeWidth=1.6,
        withGradient=False,
    )


def data_table(rows: Sequence[dict[str, Any]], columns: Sequence[dict[str, Any]], id: str) -> dag.AgGrid:  # noqa: A002
    """Show rows in a table that sorts; the first column stays when the rest is scrolled. A long table scrolls in itself."""
    first, *rest = columns
    is_short = len(rows) <= _ROWS_SHOWN_WHOLE
    return dag.AgGrid(
        id=id,
        rowData=list(rows),
        columnDefs=[{**first, "pinned": "left", "width": 148}, *({"flex": 1, **column} for column in rest)],
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True, "wrapHeaderText": False},
        dashGridOptions={
            "theme": {"function": _GRID_THEME},
            "domLayout": "autoHeight" if is_short else "normal",
            "suppressCellFocus": True,
        },
        style={"height": None if is_short else 560},
    )


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a frame for a table; what is undefined is None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [dict(zip(plain.columns, row, strict=True)) for row in plain.itertuples(index=False, name=None)]


def text_column(field: str, name: str) -> dict[str, Any]:
    """Describe a column of words."""
    return {"field": field, "headerName": name, "minWidth": 110}


def number_column(field: str, name: str, form: str = ",.0f", about: str = "", n_digits: int = 7) -> dict[str, Any]:
    """Describe a column of figures that are up to `n_digits` long; `form` is a d3 format. An undefined figure is a dash."""
    shown = f"params.value == null ? '{UNDEFINED}' : d3.format('{form}')(params.value)"
    return {
        "field": field,
        "headerName": name,
        "type": "rightAligned",
        "minWidth": 28 + 7 * max(n_digits, len(name)),
        "valueFormatter": {"function": shown},
        "headerTooltip": about or name,
    }


def words_table(heads: Sequence[str], rows: Sequence[Sequence[Component]], numbers: Sequence[int] = ()) -> html.Table:
    """Show a small table of words and figures; on a phone a row of more than four becomes a block.

    Args:
        heads: Names of the columns.
        rows: Cells; None is left out on a phone.
        numbers: Columns set flush right.
    """

    def kind(column: int) -> str:
        return "number" if column in numbers else ""

    body = [
        html.Tr(
            [
                html.Td(
                    cell, className=f"{kind(column)}{' blank' if cell is None else ''}", **{"data-label": heads[column]}
                )
                for column, cell in enumerate(row)
            ]
        )
        for row in rows
    ]
    head = html.Thead(html.Tr([html.Th(name, className=kind(column)) for column, name in enumerate(heads)]))
    return html.Table([head, html.Tbody(body)], className="table stacks" if len(heads) > 4 else "table")


def facts(*pairs: tuple[str, str]) -> html.Dl:
    """Show a few figures in a row, each under its name."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className="facts")


def fill_bar(fill: float, mark: float) -> html.Div:
    """Show how full a limit is; both in percent of the bar."""
    return html.Div([html.I(style={"width": f"{fill:.1f}%"}), html.B(style={"left": f"{mark:.1f}%"})], className="bar")
