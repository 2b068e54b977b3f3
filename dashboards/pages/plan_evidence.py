"""Why the plan may be believed: evidence, risk model, proof, and where everything came from."""

from typing import Any

from dash import html

from campaigns.plan_document import OfferEvidence, PlanDocument
from campaigns.report_evidence import (
    BEYOND,
    BOTH_SIDES,
    OVERLAP,
    beyond_table,
    both_sides_table,
    channel_sides_table,
    say_qini,
    say_source,
    short_overlap_table,
)
from campaigns.report_page import comparisons_of, leads_by_decision
from campaigns.report_risk import (
    RiskFigure,
    distance_table,
    risk_figures,
    say_challenger,
    say_distance,
    say_short_early,
    short_early_table,
)
from campaigns.report_words import GOALS, WordTable, say_certificate, say_count, say_exactly, say_percent, say_points
from campaigns.risk_document import ScorecardLine
from dashboards import figures
from dashboards.components import (
    Component,
    card,
    data_table,
    facts,
    graph,
    grid,
    number_column,
    tag,
    text_column,
    words_table,
)

_DECISIONS = {"contact": "contacted", "control": "kept back as control", "hold": "held", "refuse": "refused"}


def evidence(plan: PlanDocument) -> Component:
    """Show what history tells about the offers and about the plan's way of choosing."""
    shown = plan.evidence
    return html.Div(
        [
            html.P(say_source(shown), className="period"),
            *_offers(shown.offers, randomised=shown.randomised),
            *_words(
                "Can those with an offer and those without be compared?", OVERLAP, short_overlap_table(shown.overlap)
            ),
            *_words("Both sides of a booking: what each offer adds", BOTH_SIDES, both_sides_table(shown.both_sides)),
            *_words("The same in each channel", BOTH_SIDES, channel_sides_table(shown.both_sides)),
            *_policies(plan),
            *_words("What the plan brings beyond other ways of choosing", BEYOND, beyond_table(shown.policies)),
            *_calibration(plan, "uplift"),
        ]
    )


def _offers(offers: tuple[OfferEvidence, ...], *, randomised: bool) -> list[Component]:
    if not offers:
        return []
    heads = (
        "Offer",
        "Average effect",
        "90 % interval",
        "Best third, extra per 1,000",
        "90 % interval",
        "Qini",
        "Do people differ?",
    )
    rows = [
        (
            offer.offer,
            say_points(offer.average_effect.expected),
            f"{say_points(offer.average_effect.low)} to {say_points(offer.average_effect.high)}",
            say_count(offer.aipw_gain.expected),
            f"{say_count(offer.aipw_gain.low)} to {say_count(offer.aipw_gain.high)}",
            say_qini(offer, randomised=randomised),
            tag("evidence", "sure") if offer.has_evidence else tag("no evidence", "unsure"),
        )
        for offer in offers
    ]
    return [
        card(
            "Effect of each offer on booking",
            graph(figures.draw_offer_effects(offers), "Average effect of each offer with its interval"),
            className="spaced",
        ),
        card(
            "Do people differ in how they react?",
            words_table(heads, rows, numbers=(1, 2, 3, 4, 5)),
            about="What contacting the best third by predicted uplift gains over contacting as many at random.",
            className="spaced",
        ),
    ]


def _policies(plan: PlanDocument) -> list[Component]:
    units = {"money": plan.currency, "rate": "% of the bookings"}
    pictures = [
        html.Div(
            [
                html.H3(one.title),
                graph(
                    figures.draw_comparison(one.rows, units.get(one.unit, "accounts"), one.unit),
                    f"{one.title}, by policy",
                ),
            ]
        )
        for one in comparisons_of(plan.evidence.policies, plan.currency)
    ]
    about = "Measured on rows of history that did not choose, with 90 % intervals."
    title = "The plan's way of choosing beside others"
    return (
        [card(title, html.Div(pictures, className="grid thirds"), about=about, className="spaced")] if pictures else []
    )


def _calibration(plan: PlanDocument, what: str) -> list[Component]:
    bins = [one for one in plan.evidence.calibration if one.what == what]
    if not bins:
        return []
    title = {"uplift": "Uplift", "p_bad": "Chance to go bad"}[what]
    return [
        card(
            f"{title}: predicted and observed",
            graph(figures.draw_calibration(bins), f"{title}, predicted against observed"),
            about="One dot per tenth of the rows, with its 90 % interval. On the dashed line, predictions came true.",
            className="spaced",
        )
    ]


def risk(plan: PlanDocument) -> Component:
    """Show how well the scorecard tells good from bad, and the scorecard itself."""
    shown = plan.evidence.risk
    if shown is None:
        return card(
            "Risk", html.P("Not known: history has no bad label, so no scorecard was built.", className="about")
        )
    numbers = html.Dl([_figure(one) for one in risk_figures(shown)], className="facts")
    table = data_table([_scorecard_row(line) for line in shown.scorecard], scorecard_columns(), "plan-scorecard")
    return html.Div(
        [
            card(
                f"How well the {shown.champion} tells good from bad",
                numbers,
                *([html.P(say_challenger(shown), className="about")] if shown.challenger else []),
                about="On bookings that were not used for fitting; below each figure its 90 % interval.",
                className="spaced",
            ),
            *_calibration(plan, "p_bad"),
            *_words(
                "From early signs to bad", say_short_early(shown.early_to_late), short_early_table(shown.early_to_late)
            ),
            *_words(
                "How far the leads lie outside what was seen",
                say_distance(shown.distance),
                distance_table(shown.distance),
            ),
            card("Scorecard", table, about="Every variable, its bins and their points. More points mean less risk.")
            if shown.scorecard
            else None,
        ]
    )


def _figure(one: RiskFigure) -> Component:
    between = [html.Dd(one.between, className="between")] if one.between else []
    return html.Div([html.Dt(one.name), html.Dd(one.words), *between])


def _words(title: str, about: str, table: WordTable) -> list[Component]:
    """Show a table in words; nothing where it has no rows."""
    if not table.rows:
        return []
    shown = words_table(table.heads, table.rows, numbers=range(1, len(table.heads)))
    return [card(title, shown, about=about, className="spaced")]


def scorecard_columns() -> list[dict[str, Any]]:
    """Describe the scorecard table."""
    return [
        text_column("variable", "Variable"),
        text_column("bin", "Values"),
        number_column("count", "Bookings"),
        number_column("bad_rate", "Bad rate", ".1%"),
        number_column("woe", "Weight of evidence", ",.3f"),
        number_column("points", "Points", ",.1f"),
        number_column("information_value", "Information value", ",.3f", "Of the whole variable"),
    ]


def _scorecard_row(line: ScorecardLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in ScorecardLine.__dataclass_fields__}


def record(plan: PlanDocument) -> Component:
    """Show the proof that the plan is good, the decisions, and where everything came from."""
    unit = GOALS.get(plan.objective, ("", "accounts"))[1]
    proof = card(
        "Proof that the plan is good",
        facts(
            ("This plan", say_exactly(plan.certificate.objective, unit, plan.currency)),
            ("No plan can pass", say_exactly(plan.certificate.bound, unit, plan.currency)),
            ("Gap", say_percent(plan.certificate.gap, 3)),
        ),
        about=say_certificate(plan.certificate, plan.objective, plan.currency),
        className="spaced",
    )
    return html.Div([proof, grid("halves", _decisions(plan), _tables(plan)), grid("halves", *_versions(plan))])


def _decisions(plan: PlanDocument) -> Component:
    totals = ", ".join(f"{say_count(leads)} {_DECISIONS.get(name, name)}" for name, leads in leads_by_decision(plan))
    rows = [(line.decision, html.Span(line.reason, className="mono"), say_count(line.leads)) for line in plan.decisions]
    return card(
        "What was decided for each lead", words_table(("Decision", "Reason", "Leads"), rows, (2,)), about=totals
    )


def _tables(plan: PlanDocument) -> Component:
    rows = [
        (one.table, say_count(one.read), say_count(one.accepted), say_count(one.quarantined)) for one in plan.tables
    ]
    return card(
        "Rows of each table",
        words_table(("Table", "Read", "Accepted", "Quarantined"), rows, (1, 2, 3)),
        about="What was not accepted is in quarantine.parquet, each row with its reason.",
    )


def _versions(plan: PlanDocument) -> tuple[Component, Component]:
    made_by = [("plan", plan.plan_id), ("seed", str(plan.seed)), *plan.versions.items()]
    return (
        card("Versions", _pairs(made_by)),
        card("Hashes of data, models and policy", _pairs(list(plan.hashes.items()))),
    )


def _pairs(pairs: list[tuple[str, str]]) -> Component:
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className="pairs mono")
