"""The picture of a frontier: one curve per cap on the bad rate, and where the plan in force stands."""

import math

import plotly.graph_objects as go

from acquire.outlook import FrontierPoint
from campaigns import frontier_words as words
from campaigns.frontier_document import FrontierDocument
from campaigns.report_words import GOALS
from dashboards.figures import ACCENT, OFFERS, SECOND, plain_figure

HERE, CHOSEN = "You are here", "Chosen"


def draw_frontier(document: FrontierDocument, chosen: FrontierPoint | None) -> go.Figure:
    """Draw what each budget would buy under each cap on the bad rate.

    Args:
        document: The frontier.
        chosen: The point that is looked at, ringed; None where there is none.
    """
    in_force = words.cap_in_force(document)
    others = [cap for cap in document.caps if cap != in_force]
    figure = go.Figure([_curve(document, cap, in_force, others) for cap in document.caps])
    if math.isfinite(document.here.allowed):
        figure.add_trace(_mark(document.here, HERE, {"color": ACCENT, "size": 15, "symbol": "diamond"}))
    if chosen is not None and chosen.met:
        ring = {"color": "rgba(0,0,0,0)", "size": 17, "line": {"color": "#c8574a", "width": 3}}
        figure.add_trace(_mark(chosen, CHOSEN, ring))
    plain_figure(figure, height=400)
    goal, unit = GOALS[document.objective]
    name, x_unit = words.limit_name(document)
    money = f", {document.currency}"
    figure.update_xaxes(title_text=name + (money if x_unit == "money" else ""), tickformat="~s", nticks=7)
    figure.update_yaxes(title_text=goal.capitalize() + (money if unit == "money" else ""), tickformat="~s", nticks=6)
    figure.update_layout(margin={"t": 70}, hovermode="closest", legend={"traceorder": "normal"})
    return figure


def _curve(document: FrontierDocument, cap: float, in_force: float, others: list[float]) -> go.Scatter:
    points = [point for point in document.curve(cap) if point.met]
    leads = cap == in_force or not math.isfinite(cap)
    colour = ACCENT if leads else (*OFFERS[1:], SECOND)[others.index(cap) % len(OFFERS)]
    return go.Scatter(
        x=[point.allowed for point in points],
        y=[point.objective for point in points],
        customdata=[[words.say_point(document, point)] for point in points],
        name=words.say_cap(cap) + (" (in force)" if leads else ""),
        mode="lines+markers",
        line={"color": colour, "width": 3 if leads else 1.5},
        marker={"size": 7 if leads else 5},
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _mark(point: FrontierPoint, name: str, marker: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        x=[point.allowed],
        y=[point.objective],
        name=name,
        mode="markers",
        marker=marker,
        hovertemplate=f"{name}<extra></extra>",
    )
