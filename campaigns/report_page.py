"""report.html: the plan for people who decide, as one file that asks no other host for anything."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jinja2

from acquire.domain import Estimate, LimitUse
from campaigns import limit_words, report_current, report_evidence, report_risk, report_weeks, safety_words
from campaigns import report_figures as figures
from campaigns import report_words as words
from campaigns.plan_document import CalibrationBin, Evidence, PlanDocument, PolicyValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure of the headline. `leads` marks the few that are printed large."""

    name: str
    means: str
    unit: str
    estimate: Estimate
    leads: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """One limit in money: how full it is (percent of the longer of used and allowed) and what moving it is worth."""

    limit: LimitUse
    name: str
    fill: float
    mark: float
    worth: str
    at_least: bool
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Policies side by side in one figure."""

    title: str
    unit: str
    scale: figures.Scale
    rows: tuple[tuple[str, Estimate], ...]


def render_report(document: PlanDocument) -> str:
    """Give the whole of report.html: styles and pictures inside, no script, no request to any host.

    Every text of the document is escaped. Undefined figures read 'not known'.

    Args:
        document: The plan, as in plan.json.

    Returns:
        HTML text.
    """
    template = environment(document.currency).get_template("report.html.jinja")
    return template.render(
        plan=document,
        tone=tone_of(document.evidence),
        cards=cards_of(document),
        offers=figures.offers_of(document.allocation),
        bars=figures.channel_bars(document.allocation),
        limits=[limit_line(limit, document) for limit in document.limits],
        unspent=unspent_of(document),
        effect_scale=_scale_of([o.average_effect for o in document.evidence.offers]),
        gain_scale=_scale_of([o.aipw_gain for o in document.evidence.offers]),
        comparisons=comparisons_of(document.evidence.policies, document.currency),
        calibrations=calibrations_of(document.evidence.calibration),
        decisions=leads_by_decision(document),
        certificate=words.say_certificate(document.certificate, document.objective, document.currency),
        goal=words.GOALS.get(document.objective, (document.objective.replace("_", " "), "accounts")),
    )


def tone_of(evidence: Evidence) -> str:
    """Colour the verdict: 'sure' with evidence from a randomised history, 'careful' from another, else 'unsure'."""
    has_evidence = any(offer.has_evidence for offer in evidence.offers)
    if has_evidence and evidence.randomised:
        return "sure"
    return "careful" if has_evidence else "unsure"


def cards_of(document: PlanDocument) -> tuple[Card, ...]:
    """List the ten figures of the headline in the order people ask for them; the first four are printed large."""
    h = document.headline
    lines = (
        ("Extra accounts", "would not have come without the contact", "accounts", h.incremental),
        ("Value", "what the contacts bring beyond doing nothing, after costs", "money", h.value),
        ("Spend", "what channels and offers will charge", "money", h.spend),
        ("Bad rate", "of everything booked, also of those who would have come anyway", "rate", h.bad_rate),
        ("Contacts", "leads sent one offer each", "contacts", h.contacts),
        ("Booked accounts", "first drawdowns of contacted leads", "accounts", h.booked),
        ("Cost per account", "spend divided by booked: what is invoiced", "money", h.cac),
        ("Cost per extra account", "spend divided by extra accounts: what is bought", "money", h.incremental_cac),
        ("Bad rate of the extra", "quality of the accounts that were bought", "rate", h.incremental_bad_rate),
        (
            "Break-even bad rate",
            "at which an average booking earns nothing; what bookings bring is taken as known",
            "rate",
            h.break_even_bad_rate,
        ),
    )
    return tuple(
        Card(name=name, means=means, unit=unit, estimate=estimate, leads=position < 4)
        for position, (name, means, unit, estimate) in enumerate(lines)
    )


def limit_line(limit: LimitUse, document: PlanDocument) -> LimitLine:
    """Lay out one limit; the bar is as long as the larger of what is used and what is allowed."""
    whole = max((v for v in (limit.used, limit.allowed) if math.isfinite(v)), default=0.0)
    share = (lambda v: 100 * min(1.0, max(0.0, v / whole))) if whole > 0 else (lambda _: 0.0)
    return LimitLine(
        limit=limit,
        name=words.say_limit(limit.name),
        fill=share(limit.used) if math.isfinite(limit.used) else 0.0,
        mark=share(limit.allowed),
        worth=words.say_shadow_price(limit, document.objective, document.currency),
        at_least=limit.name.startswith("min_"),
        effects=effects_of(limit, document),
    )


def effects_of(limit: LimitUse, document: PlanDocument) -> tuple[str, ...]:
    """Say what moving a limit really does; nothing in a plan of an earlier version."""
    known = () if document.explained is None else document.explained.limits
    effect = next((one for one in known if one.name == limit.name), None)
    return () if effect is None else limit_words.say_effect(effect, document.objective, document.currency)


def unspent_of(document: PlanDocument) -> str:
    """Say why money of the budget is left; empty where it is spent."""
    if document.explained is None:
        return ""
    return limit_words.say_unspent(document.explained, document.objective, document.currency)


def comparisons_of(policies: Sequence[PolicyValue], currency: str) -> tuple[Comparison, ...]:
    """Compare the policies in value where any value is known, in extra accounts, and in bad rate where known."""
    columns = (
        (f"Value per 1,000 leads, in {currency}", "money", [(p.policy, p.value) for p in policies]),
        ("Extra accounts per 1,000 leads", "accounts", [(p.policy, p.incremental) for p in policies]),
        ("Bad rate of the bookings", "rate", [(p.policy, p.bad_rate) for p in policies]),
    )
    return tuple(
        Comparison(title=title, unit=unit, scale=_scale_of([e for _, e in rows]), rows=tuple(rows))
        for title, unit, rows in columns
        if any(math.isfinite(e.expected) for _, e in rows)
    )


def calibrations_of(bins: Sequence[CalibrationBin]) -> tuple[tuple[str, figures.CalibrationChart], ...]:
    """Draw one calibration chart for each thing that was predicted, in the order of the document."""
    kinds = dict.fromkeys(b.what for b in bins)
    return tuple((kind, figures.calibration_chart([b for b in bins if b.what == kind])) for kind in kinds)


def leads_by_decision(document: PlanDocument) -> tuple[tuple[str, int], ...]:
    """Count leads per decision, in the order contact, control, hold, refuse."""
    totals = dict.fromkeys(("contact", "control", "hold", "refuse"), 0)
    for line in document.decisions:
        totals[line.decision] = totals.get(line.decision, 0) + line.leads
    return tuple(totals.items())


def _scale_of(estimates: Sequence[Estimate]) -> figures.Scale:
    return figures.scale_over(figures.values_of(estimates), around_zero=True)


def environment(currency: str) -> jinja2.Environment:
    """Give the templates the words of one currency; autoescape is on for every text."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("campaigns", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "count": words.say_count,
        "money": lambda value: words.say_money(value, currency),
        "percent": words.say_percent,
        "points": words.say_points,
        "decimals": words.say_decimals,
        "p_value": words.say_p_value,
        "say": lambda value, unit: words.say(value, unit, currency),
        "exactly": lambda value, unit: words.say_exactly(value, unit, currency),
        "interval": lambda estimate, unit: words.say_interval(estimate, unit, currency),
    }
    templates.globals |= {
        "strip": figures.strip,
        "own_scale": figures.own_scale,
        "tick_words": words.say_tick,
        "current_words": report_current,
        "week_words": report_weeks,
        "evidence_words": report_evidence,
        "risk_words": report_risk,
        "safety_words": safety_words,
    }
    return templates
