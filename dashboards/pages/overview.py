"""The overview: what was spent, what was booked, what it cost and how it repays."""

from typing import Any

from dash import Dash, Input, Output, html

from campaigns.reports import Overview
from dashboards import components, figures
from dashboards.access import OVERVIEW
from dashboards.components import Component, card, data_table, graph, grid, number_column, rows_of, text_column
from dashboards.downloads import channels_address
from dashboards.filters import channels_filter, days_filter, read_filter, year_to
from dashboards.source import Source
from dashboards.wording import say_day

DAYS, CHANNELS, RESULTS, CSV, TABLE = (
    "overview-days", "overview-channels", "overview-results", "overview-csv", "overview-table",
)  # fmt: skip
NOTHING = ("No results in these days.", "Widen the range.")


def layout(source: Source, asked: dict[str, str]) -> Component:
    """Lay out the page; the figures come by callback."""
    choices = source.choices(OVERVIEW)
    if choices.first_day is None:
        return components.empty("No daily results yet.", "They appear with the first results of a campaign.")
    head = components.page_head(
        "Overview",
        "What was spent, what was booked, and how it repays",
        days_filter(choices, DAYS),
        channels_filter(choices, CHANNELS),
        components.button_link("CSV", "", CSV),
    )
    return html.Div([head, html.Div(id=RESULTS)])


def register(app: Dash, source: Source) -> None:
    """Add the page's callback."""

    def show(days: list[str | None] | None, channels: list[str] | None) -> tuple[Component, str, str]:
        chosen = read_filter(days, channels)
        return results(source.overview(chosen), source.overview(year_to(chosen))), channels_address(chosen), ""

    app.callback(
        Output(RESULTS, "children"),
        Output(CSV, "href"),
        Output("notice", "children", allow_duplicate=True),
        Input(DAYS, "value"),
        Input(CHANNELS, "value"),
        prevent_initial_call="initial_duplicate",
    )(show)


def results(shown: Overview, year: Overview) -> Component:
    """Lay out the figures of one filter; `year` is the same up to a year back, for what needs months to be known."""
    if not any(stage.count for stage in shown.funnel):
        return components.empty(*NOTHING)
    currency = shown.currency or ""
    chosen = shown.report_filter
    n_days = (chosen.last_day - chosen.first_day).days + 1
    about = f"{say_day(chosen.first_day)} to {say_day(chosen.last_day)}, compared with the {n_days} days before"
    bad_rate = shown.kpi("bad_rate")
    cards = [components.kpi_card(kpi, currency) for kpi in shown.kpis if kpi.name != "bad_rate"]
    matured, booked = int(shown.vintages["matured"].sum()), int(shown.vintages["booked"].sum())
    cards.append(components.bad_rate_card(bad_rate, matured, booked))
    return html.Div(
        [
            html.P(about, className="period"),
            grid("kpis", *cards),
            grid("wide-left", _trend(shown, currency), _funnel(shown)),
            card(
                "Bad rate by month of booking",
                graph(
                    figures.draw_bad_rate(year.vintages, bad_rate.target),
                    "Bad rate by month of booking against the limit",
                ),
                about="The year up to the last day chosen, of the accounts whose outcome is known by now. "
                "Young months are missing until they have matured.",
                className="spaced",
            ),
            card(
                "Channels",
                data_table(rows_of(shown.channel_table), columns(), TABLE),
                about=f"The same days and channels as above, money in {currency or 'one currency'}. CAC is what was invoiced, "
                "incremental CAC what was bought.",
            ),
        ]
    )


def _trend(shown: Overview, currency: str) -> Component:
    figure = figures.draw_trend(shown.trend, currency, shown.kpi("incremental_cac").series)
    about = "CAC by week; incremental CAC by month, since the holdout is too small to tell by week."
    return card("Week by week", graph(figure, "Spend, booked accounts and cost per account by week"), about=about)


def _funnel(shown: Overview) -> Component:
    return card(
        "From contact to account",
        graph(figures.draw_funnel(shown.funnel), "Leads that reached each stage"),
        about="Leads that reached each stage, and their share of the stage before.",
    )


def columns() -> list[dict[str, Any]]:
    """Describe the channel table."""
    return [
        text_column("channel", "Channel"),
        text_column("partner", "Partner"),
        number_column("contacts", "Contacts"),
        number_column("booked", "Booked"),
        number_column("conversion", "Conversion", ".2%"),
        number_column("amount", "Drawn", n_digits=11),
        number_column("spend", "Spend", n_digits=9),
        number_column("cac", "CAC", ",.2f", "Spend / booked"),
        number_column("incremental", "Extra booked", ",.0f", "Accounts that would not have come without the contact"),
        number_column("incremental_cac", "Incr. CAC", ",.2f", "Incremental CAC: spend / extra accounts"),
        number_column("bad_rate", "Bad rate", ".1%", "Of the matured accounts"),
    ]
