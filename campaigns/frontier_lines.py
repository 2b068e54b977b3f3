"""A frontier, scenarios and the rest of a campaign as lines for a terminal."""

from collections.abc import Sequence

from campaigns import report_words as words
from campaigns.frontier_document import FrontierDocument
from campaigns.frontier_words import grid_table, say_here, say_promise, say_step, step_lines
from campaigns.replan_document import Outcomes, Replan
from campaigns.report_words import GOALS
from campaigns.scenario_document import Scenario
from campaigns.scenario_words import HEADS, flat, scenario_rows
from campaigns.text_tables import aligned


def frontier_lines(document: FrontierDocument) -> list[str]:
    """Give a frontier as lines for a terminal."""
    table = grid_table(document)
    steps = [(step.name, *say_step(document, step)) for step in step_lines(document)]
    goal = GOALS[document.objective][0]
    return [
        say_here(document),
        say_promise(document),
        "",
        f"Best {goal} at each setting ({len(document.points)} points):",
        *aligned([table.heads, *table.rows]),
        *(
            ["", "One step from here:", *aligned([("step", goal, "change", "spend", "bad rate"), *steps])]
            if steps
            else []
        ),
    ]


def scenario_lines(scenarios: Sequence[Scenario], currency: str) -> list[str]:
    """Give scenarios as lines for a terminal; the first is what the others are compared with."""
    rows = [flat(row) for row in scenario_rows(scenarios, currency)]
    heads = [*HEADS]
    # What changed is the longest: it comes last.
    return [*aligned([(row[0], *row[2:], f"  {row[1]}") for row in [heads, *rows]])]


def replan_lines(document: Replan) -> list[str]:
    """Give the rest of a campaign as lines for a terminal."""
    currency = document.currency
    legs = (
        ("done so far", document.done),
        ("the plan would still do", document.planned_rest),
        ("to do now", document.rest),
        ("the whole campaign", document.whole),
    )
    heads = ("", "contacts", "spend", "extra accounts", "value", "bad rate")
    rows = [
        (
            name,
            words.say_count(leg.contacts),
            words.say_money(leg.spend, currency),
            words.say_count(round(leg.incremental, 1)),
            words.say_money(leg.value, currency),
            words.say_percent(leg.bad_rate),
        )
        for name, leg in legs
    ]
    paces = [
        (pace.channel, *(words.say_count(round(n, 1)) for n in (pace.made, pace.planned, pace.now, pace.a_day)))
        for pace in document.channels
    ]
    held = [limit.name for limit in document.limits if limit.binding]
    return [
        f"{document.days_left:g} of {document.days:g} days are left.",
        *aligned([heads, *rows]),
        "",
        *say_outcomes(document.outcomes),
        f"Leads still to contact: {document.kept:,} as planned, {document.added:,} new, {document.other_offer:,} with another "
        f"offer; dropped from the plan: {document.dropped:,}.",
        f"Held back by: {', '.join(held) or 'nothing'}.",
        "",
        *aligned([("channel", "made", "planned rest", "rest now", "a day"), *paces]),
    ]


def say_outcomes(outcomes: Outcomes) -> list[str]:
    """Say what is known of the contacts made; nothing where no outcome was given."""
    if not outcomes.known:
        return []
    said = f"Of {outcomes.known:,} contacts with a known outcome {outcomes.booked:,} booked"
    expected = f"{words.say_count(round(outcomes.booked_expected, 1))} were expected"
    matured = f"; of {outcomes.matured:,} matured bookings {outcomes.bad:,} went bad" if outcomes.matured else ""
    return [f"{said} ({expected}){matured}."]
