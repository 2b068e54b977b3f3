"""Pictures of the results: frame in, figure out. Nothing is computed here but positions; every axis carries its unit.

Text, grid and hover boxes take their colours from assets/figures.css, so that one figure serves the light and the dark scheme.
"""

import math
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from acquire.domain import Estimate
from campaigns.plan_document import AllocationLine, CalibrationBin, OfferEvidence
from campaigns.report_figures import offers_of
from campaigns.reports import FunnelStage

# Legible on white and on near-black alike: at least 3 to 1 against both.
ACCENT = "#3a86a0"
SECOND = "#8a949b"
LIMIT = "#c8574a"
OFFERS = (ACCENT, "#c98f45", "#7c9c5a", "#b06a8b", "#8781bd", "#4f9f97", "#a3943f", "#96877a")

Series = Sequence[tuple[date, float]]

_HEIGHTS = [0.27, 0.27, 0.46]
_GRID = "rgba(128,138,150,0.22)"
_AXIS = "rgba(128,138,150,0.55)"


def draw_trend(weeks: pd.DataFrame, currency: str, incremental_cac: Series = ()) -> go.Figure:
    """Draw what was spent, what was booked and what one account cost, week by week.

    Args:
        weeks: One row per week with `week` (first day), `spend` (money), `booked` (accounts) and, unless it is a partner who
            looks, `cac` (money; NaN where undefined).
        currency: Unit of the money axes.
        incremental_cac: (first day of the period, money), by month since weeks are too noisy.
    """
    lines = [
        _line(name, list(points), colour, f"{currency} %{{y:,.2f}}")
        for name, points, colour in (
            ("CAC", zip(weeks["week"], weeks["cac"], strict=True) if "cac" in weeks else (), SECOND),
            ("Incremental CAC", incremental_cac, ACCENT),
        )
    ]
    lines = [line for line in lines if len(line.x)]
    n_rows = 3 if lines else 2
    figure = make_subplots(rows=n_rows, cols=1, shared_xaxes=True, vertical_spacing=0.12, row_heights=_HEIGHTS[:n_rows])
    figure.add_trace(_bars(weeks, "spend", SECOND, f"{currency} %{{y:,.0f}}"), row=1, col=1)
    figure.add_trace(_bars(weeks, "booked", ACCENT, "%{y:,.0f} accounts"), row=2, col=1)
    for line in lines:
        figure.add_trace(line, row=3, col=1)
    figure.update_traces(mode="lines+markers", selector={"name": "Incremental CAC"})
    plain_figure(figure, height=440 if lines else 320)
    # The legend belongs to the lowest picture: it stands right above it.
    figure.update_layout(hovermode="x", bargap=0.25, legend={"y": figure.layout[f"yaxis{n_rows}"].domain[1] + 0.005})
    titles = (f"Spend, {currency}", "Booked, accounts", f"Per account, {currency}")
    for row, title in enumerate(titles[:n_rows], start=1):
        figure.update_yaxes(title_text=title, rangemode="tozero", nticks=4, tickformat="~s", row=row, col=1)
    figure.update_xaxes(title_text="Week beginning", row=n_rows, col=1)
    every = _every(len(weeks))
    figure.update_xaxes(
        tickvals=weeks["week"].iloc[::every], tickformat="%-d %b<br>%Y", tickangle=0, hoverformat="%-d %b %Y"
    )
    return figure


def draw_funnel(stages: Sequence[FunnelStage]) -> go.Figure:
    """Draw how many contacts reached each stage, with the share of the stage before."""
    counts = [stage.count for stage in stages]
    labels = [f"{counts[0]:,}"] + [
        f"{now:,}" + (f"  ({100 * now / before:.1f} %)" if before else "") for before, now in pairwise(counts)
    ]
    bars = go.Bar(
        x=counts,
        y=[stage.stage.capitalize() for stage in stages],
        orientation="h",
        marker_color=ACCENT,
        text=labels,
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure = plain_figure(go.Figure(bars), height=440)
    # Room for the labels, which stand to the right of the bars.
    figure.update_xaxes(
        title_text="Leads (share of the stage before)", range=[0, max(counts) * 1.5 or 1], nticks=4, tickformat="~s"
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(bargap=0.45)
    return figure


def draw_bad_rate(months: pd.DataFrame, limit: float | None) -> go.Figure:
    """Draw the bad rate of what was booked in each month, of the bookings that have matured, against the limit.

    Args:
        months: One row per month with `month` (first day), `bad_rate` (fraction; NaN where nothing matured) and `matured`
            (accounts).
        limit: Fraction; None where the last plan has no such limit.
    """
    names = [f"{month:%b}<br>{month:%Y}" for month in months["month"]]
    line = go.Scatter(
        x=names,
        y=months["bad_rate"],
        customdata=months[["matured"]],
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"size": 7},
        hovertemplate="%{x}: %{y:.1%} of %{customdata[0]:,.0f} matured accounts<extra></extra>",
    )
    figure = plain_figure(go.Figure(line), height=280)
    if limit is not None:
        label = {"text": f"limit {100 * limit:.1f} %", "font": {"color": LIMIT, "size": 12}}
        figure.add_hline(y=limit, line={"color": LIMIT, "dash": "dash", "width": 1.5}, annotation=label)
    figure.update_yaxes(title_text="Bad rate, % of matured", tickformat=".0%", rangemode="tozero", nticks=5)
    # Months without a matured account keep their place on the axis.
    figure.update_xaxes(title_text="Month of booking", type="category", range=[-0.5, len(months) - 0.5], showgrid=False)
    figure.update_xaxes(tickvals=names[:: _every(len(names))], tickangle=0)
    return figure


def draw_allocation(lines: Sequence[AllocationLine]) -> go.Figure:
    """Draw the contacts of the plan, one bar per channel, stacked by offer; the channel with most contacts on top."""
    table = pd.DataFrame([(x.channel, x.offer, x.contacts) for x in lines], columns=["channel", "offer", "contacts"])
    contacts = table.pivot_table(index="channel", columns="offer", values="contacts", aggfunc="sum", fill_value=0)
    contacts = contacts.loc[contacts.sum(axis=1).sort_values().index]
    figure = go.Figure(
        [
            go.Bar(
                y=list(contacts.index),
                x=contacts[offer],
                name=offer,
                orientation="h",
                marker_color=OFFERS[number % len(OFFERS)],
                hovertemplate=f"%{{y}}, {offer}: %{{x:,.0f}} contacts<extra></extra>",
            )
            for number, offer in enumerate(offers_of(lines))
        ]
    )
    plain_figure(figure, height=110 + 34 * len(contacts))
    figure.update_layout(barmode="stack", bargap=0.35, legend={"traceorder": "normal"})
    figure.update_xaxes(title_text="Contacts", nticks=5, tickformat=",")
    figure.update_yaxes(showgrid=False)
    return figure


def draw_offer_effects(offers: Sequence[OfferEvidence]) -> go.Figure:
    """Draw the average effect of each offer on booking, in percentage points, with its 90 % interval."""
    figure = _dots([offer.offer for offer in offers], [offer.average_effect for offer in offers], scale=100)
    figure.update_traces(hovertemplate="%{y}: %{x:.2f} percentage points<extra></extra>")
    figure.update_xaxes(title_text="Extra bookings per 100 contacts (90 % interval)")
    return figure


def draw_comparison(policies: Sequence[tuple[str, Estimate]], axis: str, unit: str) -> go.Figure:
    """Draw one figure of several ways of targeting, each with its 90 % interval; `unit` "rate" is shown in per cent."""
    figure = _dots([policy for policy, _ in policies], [estimate for _, estimate in policies], scale=1)
    form = ".1%" if unit == "rate" else ",.1f"
    figure.update_traces(hovertemplate=f"%{{y}}: %{{x:{form}}}<extra></extra>")
    figure.update_xaxes(title_text=axis, tickformat=".0%" if unit == "rate" else ",~r", nticks=4)
    return figure


def draw_calibration(bins: Sequence[CalibrationBin]) -> go.Figure:
    """Draw predicted against observed, in tenths of the rows; on the diagonal, predictions come true."""
    values = [value for one in bins for value in (one.predicted, one.observed)]
    ends = [min([0.0, *values]), max([0.0, *values])]
    figure = go.Figure(
        [
            go.Scatter(
                x=ends, y=ends, mode="lines", line={"color": SECOND, "dash": "dash", "width": 1}, hoverinfo="skip"
            ),
            go.Scatter(
                x=[one.predicted for one in bins],
                y=[one.observed for one in bins],
                customdata=[[one.n] for one in bins],
                error_y={
                    "array": [one.high - one.observed for one in bins],
                    "arrayminus": [one.observed - one.low for one in bins],
                    "thickness": 1.5,
                    "width": 0,
                },
                mode="markers",
                marker={"color": ACCENT, "size": 8},
                hovertemplate="predicted %{x:.1%}, observed %{y:.1%} of %{customdata[0]:,.0f} rows<extra></extra>",
            ),
        ]
    )
    plain_figure(figure, height=300)
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title_text="Predicted, %", tickformat=".0%", nticks=6)
    figure.update_yaxes(title_text="Observed, % (90 % interval)", tickformat=".0%", nticks=6)
    return figure


def _every(n_points: int) -> int:
    """Say at every how many points a label stands, so that a phone has room: six at most."""
    return max(1, math.ceil(n_points / 6))


def _bars(weeks: pd.DataFrame, column: str, colour: str, hover: str) -> go.Bar:
    return go.Bar(
        x=weeks["week"],
        y=weeks[column],
        name=column.capitalize(),
        marker_color=colour,
        hovertemplate=hover,
        showlegend=False,
    )


def _line(name: str, points: Series, colour: str, hover: str) -> go.Scatter:
    days, values = [day for day, _ in points], [value for _, value in points]
    return go.Scatter(
        x=days, y=values, name=name, mode="lines", line={"color": colour, "width": 2}, hovertemplate=hover
    )


def _dots(names: Sequence[str], figures: Sequence[Estimate], scale: float) -> go.Figure:
    dots = go.Scatter(
        x=[scale * figure.expected for figure in figures],
        y=list(names),
        error_x={
            "array": [scale * (figure.high - figure.expected) for figure in figures],
            "arrayminus": [scale * (figure.expected - figure.low) for figure in figures],
            "thickness": 2,
            "width": 4,
        },
        mode="markers",
        marker={"color": ACCENT, "size": 9},
    )
    figure = plain_figure(go.Figure(dots), height=110 + 34 * len(names))
    figure.add_vline(x=0, line={"color": _AXIS, "width": 1})
    figure.update_xaxes(nticks=6)
    figure.update_yaxes(autorange="reversed")
    return figure


def plain_figure(figure: go.Figure, height: int) -> go.Figure:
    """Take away what plotly adds by default: background, frame, zero lines, tool bar space."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 12, "t": 24, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "inherit", "size": 12},
        colorway=list(OFFERS),
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        dragmode=False,
    )
    figure.update_xaxes(
        gridcolor=_GRID, linecolor=_AXIS, zeroline=False, automargin=True, fixedrange=True, title={"standoff": 10}
    )
    figure.update_yaxes(gridcolor=_GRID, zeroline=False, automargin=True, fixedrange=True, title={"standoff": 10})
    return figure
