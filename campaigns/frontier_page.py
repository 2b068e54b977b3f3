"""frontier.html: what more budget, or more risk, would buy, as one file that asks no other host for anything."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from acquire.outlook import FrontierPoint
from campaigns import frontier_words as words
from campaigns.frontier_document import FrontierDocument
from campaigns.report_figures import N_COLOURS, Scale, scale_over
from campaigns.report_page import environment
from campaigns.report_words import GOALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point of a curve in percent of the picture, y downwards, and what it says."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One curve: its name, a number of the palette, its dots; `leads` marks the one in force."""

    name: str
    colour: int
    leads: bool
    dots: tuple[Dot, ...]

    @property
    def path(self) -> str:
        """The dots as SVG points."""
        return " ".join(f"{dot.x:g},{dot.y:g}" for dot in self.dots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Curves in one picture.

    Attributes:
        x, y: Axes; `x_unit`, `y_unit` say how their ticks are written.
        here: The plan in force; None where it is not on the picture.
    """

    x: Scale
    y: Scale
    x_unit: str
    y_unit: str
    x_name: str
    y_name: str
    curves: tuple[Curve, ...]
    here: Dot | None


def render_frontier(document: FrontierDocument) -> str:
    """Give the whole of frontier.html: styles and pictures inside, no script, no request to any host.

    Args:
        document: The frontier, as in frontier.json.

    Returns:
        HTML text.
    """
    return (
        environment(document.currency)
        .get_template("frontier.html.jinja")
        .render(
            frontier=document,
            charts=[chart for chart in (chart_along(document), chart_of_risk(document)) if chart.curves],
            here=words.say_here(document),
            steps=words.step_lines(document),
            table=words.grid_table(document),
            promise=words.say_promise(document),
            goal=GOALS[document.objective],
        )
    )


def chart_along(document: FrontierDocument) -> Chart:
    """What more budget would buy: the objective along the limit, one curve per cap on the bad rate."""
    in_force = words.cap_in_force(document)
    curves = [
        (words.say_cap(cap), cap == in_force, [(p.allowed, p) for p in document.curve(cap) if p.met])
        for cap in document.caps
    ]
    name, unit = words.limit_name(document)
    return _chart(document, curves, (document.here.allowed, document.here), (name, unit))


def chart_of_risk(document: FrontierDocument) -> Chart:
    """What more risk would buy: the objective along the cap on the bad rate, one curve per figure of the other limit.

    No cap stands at the bad rate that the plan without one is expected to have, where it is the largest.
    """
    shown = words.some_allowed(document)
    curves = [
        (
            words.say_allowed(document, allowed),
            allowed == document.here.allowed,
            [(_risk(document, p), p) for p in document.points if p.allowed == allowed and p.met],
        )
        for allowed in shown
        if math.isfinite(document.caps[0])
    ]
    return _chart(document, curves, (document.here.max_bad_rate, document.here), ("Cap on the bad rate", "rate"))


def _risk(document: FrontierDocument, point: FrontierPoint) -> float:
    if point.max_bad_rate < 1:
        return point.max_bad_rate
    return max([point.bad_rate, *(1.1 * cap for cap in document.caps if cap < 1)])


def _chart(
    document: FrontierDocument,
    curves: Iterable[tuple[str, bool, list[tuple[float, FrontierPoint]]]],
    here: tuple[float, FrontierPoint],
    x_axis: tuple[str, str],
) -> Chart:
    drawn = [one for one in curves if one[2]]
    goal, unit = GOALS[document.objective]
    xs = [x for *_, points in drawn for x, _ in points] + [here[0]]
    ys = [point.objective for *_, points in drawn for _, point in points] + [here[1].objective]
    x_scale, y_scale = scale_over(xs, around_zero=False), scale_over(ys, around_zero=False)

    def dot(x: float, point: FrontierPoint) -> Dot:
        y = 100 - y_scale.at(point.objective)
        return Dot(x=x_scale.at(x), y=round(y, 3), words=words.say_point(document, point))

    return Chart(
        x=x_scale,
        y=y_scale,
        x_unit=x_axis[1],
        y_unit=unit,
        x_name=x_axis[0] + (f", {document.currency}" if x_axis[1] == "money" else ""),
        y_name=goal.capitalize() + (f", {document.currency}" if unit == "money" else ""),
        curves=tuple(
            Curve(name=name, colour=number % N_COLOURS, leads=leads, dots=tuple(dot(x, p) for x, p in points))
            for number, (name, leads, points) in enumerate(drawn)
        ),
        here=dot(*here) if math.isfinite(here[0]) else None,
    )
