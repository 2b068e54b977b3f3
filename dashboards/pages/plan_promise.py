"""The plan's promise: the headline with its intervals, the limits and what moving them is worth, and the allocation."""

import math
from typing import Any

from dash import html

from campaigns.plan_document import AllocationLine, PlanDocument
from campaigns.report_page import Card, LimitLine, cards_of, limit_line, unspent_of
from campaigns.report_words import say
from dashboards import figures
from dashboards.components import (
    Component,
    card,
    data_table,
    fill_bar,
    graph,
    grid,
    number_column,
    tag,
    text_column,
    words_table,
)
from dashboards.wording import say_expected, say_range, short


def promise(plan: PlanDocument) -> Component:
    """Show the headline and the limits."""
    return html.Div(
        [
            html.P(
                "Expected: where the truth lies, 9 times in 10. Will be observed: what will be counted, chance included. "
                "All figures are corrected for having picked the best of many guesses.",
                className="period",
            ),
            grid("headline", *(_headline_card(one, plan.currency) for one in cards_of(plan))),
            _limits(plan),
        ]
    )


def _headline_card(one: Card, currency: str) -> Component:
    figure = one.estimate
    value = short(figure.expected, one.unit, currency) if one.leads else say_expected(figure, one.unit, currency)
    return html.Section(
        [
            html.Div(one.name, className="name"),
            html.Div(value, className="figure", title=say_expected(figure, one.unit, currency)),
            html.Div(one.means, className="means"),
            _intervals(one, currency),
        ],
        className=f"card promise{' leads' if one.leads else ''}",
    )


def _intervals(one: Card, currency: str) -> Component:
    figure = one.estimate
    numbers = (figure.low, figure.high, figure.predictive_low, figure.predictive_high)
    if all(number == figure.expected for number in numbers):
        return html.Dl(html.Div([html.Dt("Set by the plan")]))
    # The four large ones stand side by side and have room for short figures only.
    in_words = short if one.leads else say
    lines = (("Expected", figure.low, figure.high), ("Will be observed", figure.predictive_low, figure.predictive_high))
    return html.Dl(
        [
            html.Div([html.Dt(name), html.Dd(say_range(low, high, one.unit, currency, in_words))])
            for name, low, high in lines
            if math.isfinite(low) and math.isfinite(high)
        ]
    )


def _limits(plan: PlanDocument) -> Component:
    if not plan.limits:
        return card("Limits", html.P("The plan file sets no limits.", className="about"))
    lines = [limit_line(limit, plan) for limit in sorted(plan.limits, key=lambda limit: not limit.binding)]
    rows = [_limit_row(line, plan.currency) for line in lines]
    unspent = unspent_of(plan)
    return card(
        "Limits",
        *([html.P(html.B(unspent))] if unspent else []),
        words_table(("Limit", "Used", "Allowed", "", "What moving it is worth"), rows, numbers=(1, 2)),
        about="How full each limit is. A limit with a stated confidence is used up to the figure that holds with that "
        "confidence, not on average only. What 5 % more or less of a limit changes was found by planning again.",
    )


def _limit_row(line: LimitLine, currency: str) -> tuple[Component, ...]:
    limit = line.limit
    used = say(limit.used, limit.unit, currency)
    average = say(limit.used_expected, limit.unit, currency)
    note = None if average == used else html.Div(f"on average {average}", className="means")
    state = tag("holds the plan back", "careful") if limit.binding else tag("leaves room")
    worth = f"{line.worth[:1].upper()}{line.worth[1:]}" if line.worth else None
    effects = [html.Div(sentence, className="means") for sentence in line.effects]
    allowed = ("at least " if line.at_least else "") + say(limit.allowed, limit.unit, currency)
    return (
        html.Div([line.name, fill_bar(line.fill, line.mark)]),
        html.Div([used, note]),
        allowed,
        state,
        html.Div([worth, *effects]) if worth or effects else None,
    )


def allocation(plan: PlanDocument) -> Component:
    """Show where the contacts go, as a picture and in figures."""
    if not plan.allocation:
        return card("Allocation", html.P("The plan contacts nobody.", className="about"))
    figure = figures.draw_allocation(plan.allocation)
    return html.Div(
        [
            card(
                "Contacts by channel and offer",
                graph(figure, "Contacts of each channel, stacked by offer"),
                className="spaced",
            ),
            card(
                "Every channel and offer",
                data_table(_rows(plan.allocation), columns(), "plan-allocation"),
                about=f"Expected figures, money in {plan.currency}.",
            ),
        ]
    )


def columns() -> list[dict[str, Any]]:
    """Describe the allocation table."""
    return [
        text_column("channel", "Channel"),
        text_column("offer", "Offer"),
        text_column("partner", "Partner"),
        number_column("contacts", "Contacts"),
        number_column("spend", "Spend"),
        number_column("booked", "Booked", ",.1f"),
        number_column("incremental", "Extra booked", ",.1f", "Accounts that would not have come without the contact"),
        number_column("bad_rate", "Bad rate", ".1%"),
        number_column("cac", "CAC", ",.2f", "Spend / booked"),
        number_column("incremental_cac", "Incr. CAC", ",.2f", "Incremental CAC: spend / extra accounts"),
        number_column("value", "Value"),
    ]


def _rows(lines: tuple[AllocationLine, ...]) -> list[dict[str, Any]]:
    return [{name: _known(getattr(line, name)) for name in AllocationLine.__dataclass_fields__} for line in lines]


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
