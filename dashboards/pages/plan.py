"""The plan: what it promises, what holds it back, where the money goes, and why it may be believed."""

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html
from dash.exceptions import PreventUpdate

from campaigns.plan_document import PlanDocument
from campaigns.report_page import tone_of
from campaigns.report_words import GOALS
from dashboards import components
from dashboards.components import Component
from dashboards.pages import plan_evidence, plan_prices, plan_promise
from dashboards.source import Source
from dashboards.wording import say_day

CHOICE, BODY, VIEW = "plan-choice", "plan-body", "plan-view"
VIEWS = ("promise", "allocation", "prices", "evidence", "risk", "record")


def layout(source: Source, asked: dict[str, str]) -> Component:
    """Lay out the page; the plan comes by callback. `asked["view"]` opens one part."""
    plans = source.plans()
    if not plans:
        return components.empty("No plan yet.", "It appears with the first run of acquire plan.")
    choice = dmc.Select(
        id=CHOICE,
        label="Plan",
        data=[{"value": one.plan_id, "label": f"{one.name}, {say_day(one.created_at.date())}"} for one in plans],
        value=plans[0].plan_id,
        allowDeselect=False,
        w=280,
    )
    view = asked.get("view", VIEWS[0])
    return html.Div(
        [
            components.page_head("Plan", "What it promises, what holds it back, and why it may be believed", choice),
            dcc.Store(id=VIEW, data=view if view in VIEWS else VIEWS[0]),
            html.Div(id=BODY),
        ]
    )


def register(app: Dash, source: Source) -> None:
    """Add the page's callback."""

    def show(plan_id: str | None, view: str | None) -> Component:
        shown = next((one for one in source.plans() if one.plan_id == plan_id), None)
        if shown is None:
            raise PreventUpdate
        return body(shown, view or VIEWS[0])

    app.callback(Output(BODY, "children"), Input(CHOICE, "value"), Input(VIEW, "data"))(show)


def body(plan: PlanDocument, view: str) -> Component:
    """Lay out one plan: the verdict first, then what to know before signing, then the parts."""
    parts = (
        ("promise", "Promise", plan_promise.promise),
        ("allocation", "Allocation", plan_promise.allocation),
        ("prices", "Prices", plan_prices.prices),
        ("evidence", "Evidence", plan_evidence.evidence),
        ("risk", "Risk", plan_evidence.risk),
        ("record", "Record", plan_evidence.record),
    )
    tabs = dmc.TabsList([dmc.TabsTab(title, value=value) for value, title, _ in parts])
    panels = [dmc.TabsPanel(lay_out(plan), value=value, pt="md") for value, _, lay_out in parts]
    return html.Div(
        [
            html.P(plan.evidence.verdict, className=f"verdict {tone_of(plan.evidence)}"),
            _about(plan),
            _warnings(plan),
            dmc.Tabs([html.Div(tabs, className="tabs"), *panels], value=view, keepMounted=False, id="plan-tabs"),
        ]
    )


def _about(plan: PlanDocument) -> Component:
    noun, _ = GOALS.get(plan.objective, (plan.objective.replace("_", " "), ""))
    goal = f"lowest {noun}" if plan.objective == "spend" else f"most {noun}"
    facts = (
        ("Campaign", plan.campaign),
        ("Made", f"{plan.created_at:%d %b %Y, %H:%M} UTC"),
        ("Goal", goal),
        ("Money", plan.currency),
    )
    return html.P([html.Span([f"{name} ", html.B(value)]) for name, value in facts], className="plan-about")


def _warnings(plan: PlanDocument) -> Component:
    if not plan.warnings:
        return None
    lines = html.Ul([html.Li(warning) for warning in plan.warnings])
    return html.Div([html.B("Before you sign"), lines], className="warnings")
