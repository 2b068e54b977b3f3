"""The frontier: what more budget or more risk would buy, what safety costs, and scenarios side by side."""

import math
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from acquire.outlook import FrontierPoint
from campaigns import frontier_words as words
from campaigns.frontier_document import FrontierDocument
from campaigns.plan_document import PlanDocument
from campaigns.report_words import say
from campaigns.safety_words import HEADS as SAFETY_HEADS
from campaigns.safety_words import safety_rows, say_safety
from campaigns.scenario_document import Scenario
from campaigns.scenario_words import HEADS, scenario_rows
from dashboards import components
from dashboards.components import Component, card, graph, grid, words_table
from dashboards.frontier_figure import draw_frontier
from dashboards.source import Source
from dashboards.wording import say_day

PLAN, BODY, ALLOWED, CAP, PICTURE, CHOSEN, NAME, SAVE, SAVED = (
    "frontier-plan", "frontier-body", "frontier-allowed", "frontier-cap", "frontier-picture", "frontier-chosen",
    "frontier-name", "frontier-save", "frontier-saved",
)  # fmt: skip
NO_RATE = "unknown"


def layout(source: Source, asked: dict[str, str]) -> Component:
    """Lay out the page; the frontier comes by callback."""
    plans = source.frontier_plans()
    if not plans:
        return components.empty("No plan yet.", "It appears with the first run of acquire plan.")
    choice = dmc.Select(
        id=PLAN,
        label="Plan",
        data=[{"value": one.plan_id, "label": f"{one.name}, {say_day(one.created_at.date())}"} for one in plans],
        value=plans[0].plan_id,
        allowDeselect=False,
        w=280,
    )
    head = components.page_head("Frontier", "What more budget or more risk would buy, and what safety costs", choice)
    return html.Div([head, html.Div(id=BODY)])


def register(app: Dash, source: Source) -> None:
    """Add the page's callbacks."""

    def show(plan_id: str | None) -> Component:
        plan = _plan(source, plan_id)
        return body(plan, source.frontier(plan.plan_id), source.scenarios(plan))

    def show_point(plan_id: str | None, allowed: str | None, cap: str | None) -> tuple[Component, Component]:
        document = source.frontier(_plan(source, plan_id).plan_id)
        if document is None:
            raise PreventUpdate
        point = _point(document, allowed, cap)
        return picture(document, point), chosen_card(document, point)

    def save(n_clicks: int | None, plan_id: str | None, allowed: str | None, cap: str | None, name: str | None) -> Any:
        if not n_clicks:
            raise PreventUpdate
        plan = _plan(source, plan_id)
        document = source.frontier(plan.plan_id)
        point = None if document is None else _point(document, allowed, cap)
        if document is None or point is None:
            raise PreventUpdate
        return scenarios_table(plan, source.save_scenario(plan, document, point, (name or "").strip())), ""

    app.callback(Output(BODY, "children"), Input(PLAN, "value"))(show)
    app.callback(
        Output(PICTURE, "children"),
        Output(CHOSEN, "children"),
        Input(PLAN, "value"),
        Input(ALLOWED, "value"),
        Input(CAP, "value"),
    )(show_point)
    app.callback(
        Output(SAVED, "children"),
        Output("notice", "children", allow_duplicate=True),
        Input(SAVE, "n_clicks"),
        State(PLAN, "value"),
        State(ALLOWED, "value"),
        State(CAP, "value"),
        State(NAME, "value"),
        prevent_initial_call=True,
    )(save)


def _plan(source: Source, plan_id: str | None) -> PlanDocument:
    found = next((one for one in source.frontier_plans() if one.plan_id == plan_id), None)
    if found is None:
        raise PreventUpdate
    return found


def _point(document: FrontierDocument, allowed: str | None, cap: str | None) -> FrontierPoint | None:
    """The point that the two choices name; what a browser sends is only compared, never computed with."""
    at = {(repr(p.allowed), _cap_value(p.max_bad_rate)): p for p in document.points}
    return at.get((str(allowed), str(cap)))


def _cap_value(cap: float) -> str:
    return repr(cap) if math.isfinite(cap) else NO_RATE


def body(plan: PlanDocument, document: FrontierDocument | None, scenarios: tuple[Scenario, ...]) -> Component:
    """Lay out one plan's frontier, the price of its safety, and its scenarios."""
    saved = card(
        "Scenarios",
        html.Div(scenarios_table(plan, scenarios), id=SAVED),
        about="Each beside the plan, with the difference. A point saved here is a plan in shares of contacts, which whole "
        "contacts miss by a little; acquire scenario save plans in whole contacts.",
        className="spaced",
    )
    if document is None:
        none_yet = components.empty("No frontier of this plan yet.", "It appears with acquire frontier DIR.")
        return html.Div([html.Div(none_yet, className="spaced"), safety_card(plan), saved])
    return html.Div(
        [
            html.P(words.say_here(document), className="verdict sure"),
            card(
                "What more budget would buy" if plan.objective != "spend" else "What more accounts would cost",
                html.Div(id=PICTURE),
                about=f"{words.say_promise(document)} One curve for each cap on the bad rate.",
                className="spaced",
            ),
            grid("wide-left", try_card(document), steps_card(document)),
            safety_card(plan),
            saved,
        ]
    )


def picture(document: FrontierDocument, chosen: FrontierPoint | None) -> Component:
    """Draw the curves, with the chosen point ringed."""
    return graph(draw_frontier(document, chosen), "The best plan at each budget, one curve per cap on the bad rate")


def try_card(document: FrontierDocument) -> Component:
    """Let somebody choose a point, look at it beside the plan, and save it as a scenario."""
    start = _start(document)
    name, _ = words.limit_name(document)
    choices = [
        dmc.Select(
            id=ALLOWED,
            label=name,
            data=[{"value": repr(a), "label": words.say_allowed(document, a)} for a in document.allowed],
            value=repr(start.allowed),
            allowDeselect=False,
            w=150,
        ),
        dmc.Select(
            id=CAP,
            label="Bad rate at most",
            data=[{"value": _cap_value(c), "label": words.say_cap(c)} for c in document.caps],
            value=_cap_value(start.max_bad_rate),
            allowDeselect=False,
            w=150,
        ),
        dmc.TextInput(id=NAME, label="Save as", placeholder="a name", w=150),
        html.Button("Save scenario", id=SAVE, className="button", style={"cursor": "pointer"}),
    ]
    return card("Try a point", html.Div(choices, className="filters spaced"), html.Div(id=CHOSEN))


def _start(document: FrontierDocument) -> FrontierPoint:
    """The point of the plan in force where it is on the grid, else the first."""
    cap = words.cap_in_force(document)
    near = (p for p in document.points if p.allowed == document.here.allowed)
    return next((p for p in near if p.max_bad_rate == cap or math.isnan(p.max_bad_rate)), document.points[0])


def chosen_card(document: FrontierDocument, point: FrontierPoint | None) -> Component:
    """Show a point beside the plan in force, figure by figure."""
    if point is None or not point.met:
        return html.P("No plan keeps all limits there.", className="about")
    lines = (
        ("Extra accounts", "incremental", "accounts"),
        ("Value", "value", "money"),
        ("Spend", "spend", "money"),
        ("Contacts", "contacts", "contacts"),
        ("Bad rate, on average", "bad_rate", "rate"),
        ("Bad rate, held below", "bad_rate_held", "rate"),
        ("Cost per extra account", "incremental_cac", "money"),
    )
    here = document.here
    rows = [
        (name, _said(getattr(here, figure), unit, document), _said(getattr(point, figure), unit, document))
        for name, figure, unit in lines
        if math.isfinite(getattr(point, figure))
    ]
    return words_table(("", "The plan", "This point"), rows, numbers=(1, 2))


def _said(figure: float, unit: str, document: FrontierDocument) -> str:
    return say(figure, unit, document.currency)


def steps_card(document: FrontierDocument) -> Component:
    """Show what one step along either limit would change."""
    steps = words.step_lines(document)
    if not steps:
        return card("One step from here", html.P("The plan's own limits are not among the points.", className="about"))
    rows = [(step.name, *words.say_step(document, step)[:2]) for step in steps]
    return card("One step from here", words_table(("Step", "Then", "Change"), rows, numbers=(1, 2)))


def safety_card(plan: PlanDocument) -> Component:
    """Show what the promise on the bad rate costs."""
    price = plan.price_of_safety
    if price is None:
        return html.Div()
    return card(
        "The price of safety",
        words_table(SAFETY_HEADS, safety_rows(price, plan.currency), numbers=(1, 2, 3, 4, 5)),
        about=say_safety(price, plan.currency),
        className="spaced",
    )


def scenarios_table(plan: PlanDocument, scenarios: tuple[Scenario, ...]) -> Component:
    """Show scenarios side by side, each figure with its difference from the plan."""
    rows = [
        [html.Div([figure, html.Div(gained, className="means") if gained else None]) for figure, gained in row]
        for row in scenario_rows(scenarios, plan.currency)
    ]
    return words_table(HEADS, rows, numbers=tuple(range(2, len(HEADS))))
