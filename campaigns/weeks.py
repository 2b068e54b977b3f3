"""What a plan says about weeks: pacing by response curves, and rules where its leads stand for others."""

import dataclasses
from dataclasses import dataclass
from datetime import date

from acquire.errors import BadInput
from acquire.ingest.tables import Tables
from acquire.value.response import NoCurve, ResponseCurve
from campaigns.choice import Choice, Market
from campaigns.fitting import Given
from campaigns.pacing import DEFAULT_WEEKS, coming_weeks, learn_curves, make_pacing, pacing_warnings
from campaigns.plan_document import PlanDocument
from campaigns.plan_file import PlanFile
from campaigns.traffic import check_traffic, expected_weights, nobody_stands_for, stands_for_others
from campaigns.traffic_rules import make_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What is known of the coming weeks.

    Attributes:
        weeks: First day of each.
        curves: Of the channels with past weeks; empty without a spend_history.
    """

    weeks: tuple[date, ...]
    curves: tuple[ResponseCurve | NoCurve, ...]


def with_expected_traffic(tables: Tables, plan_file: PlanFile) -> Tables:
    """Let the leads stand for those that are expected, less those that will be kept back as controls when they come.

    Raises:
        BadInput: The forecast lacks a channel, or a random reserve is asked for, which needs single leads.
    """
    leads, traffic = tables.leads, tables.traffic
    if traffic is not None:
        check_traffic(leads, traffic)
        leads = leads.assign(weight=expected_weights(leads, traffic))
    if not stands_for_others(leads):
        return tables
    if plan_file.explore_share > 0:
        raise BadInput(
            "[explore] share draws single leads, but the leads stand for others (weight, or traffic); drop one of the two"
        )
    kept = (1 - plan_file.control_share) * leads["weight"]
    return dataclasses.replace(tables, leads=leads.assign(weight=kept.where(leads["weight"] != 1, 1.0)))


def look_ahead(given: Given) -> Ahead:
    """Learn the response curves, and say which weeks the plan is for."""
    past, traffic = given.tables.spend_history, given.tables.traffic
    return Ahead(
        weeks=coming_weeks(given.today, traffic, past, given.plan_file.pacing_weeks or DEFAULT_WEEKS),
        curves=learn_curves(past, given.plan_file.seed),
    )


def with_weeks(document: PlanDocument, given: Given, ahead: Ahead, market: Market, choice: Choice) -> PlanDocument:
    """Add pacing and rules to the plan, where it has what they need."""
    tables = given.tables
    traffic = tables.traffic
    warnings = () if traffic is None else nobody_stands_for(tables.leads, traffic)
    pacing = rules = None
    if ahead.curves or traffic is not None or given.plan_file.pacing_weeks is not None:
        pacing = make_pacing(document.allocation, ahead.curves, ahead.weeks, traffic)
        warnings = (*warnings, *pacing_warnings(pacing))
    if stands_for_others(market.leads) and len(choice.allocation.chosen):
        rules = make_rules(market, choice, tables.features, traffic)
        if rules is None:
            warnings = (*warnings, "no rules keep the limits of this plan: contact leads by their scores as they come")
    return dataclasses.replace(document, pacing=pacing, rules=rules, warnings=(*document.warnings, *warnings))
