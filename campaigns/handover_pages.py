"""The pages of the handover folder: model card, validation report and how to run it, in plain words (Markdown)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import jinja2

from acquire.prefilter.bins import NumericBins
from acquire.prefilter.variable import Variable
from campaigns import report_words as words
from campaigns.markdown_pages import markdown_templates
from campaigns.report_risk import risk_figures

if TYPE_CHECKING:
    from campaigns.export import Handover
    from campaigns.validation import Table

PAGES = {
    "MODEL_CARD.md": "model_card.md.jinja",
    "VALIDATION.md": "validation.md.jinja",
    "README.md": "handover.md.jinja",
}
HOLDS = {
    "key": "an id, one per row",
    "number": "a number",
    "text": "a text, spelt as in history",
    "day": "a day, as 2026-01-31",
    "flag": "true or false, or 1 and 0",
    "unknown": "anything; only whether it is there counts",
}
# Siddiqi (2006), chapter 9: below the first the leads are like the booked, from the second on they are not.
SMALL_SHIFT, LARGE_SHIFT = 0.1, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class CardVariable:
    """A variable of the scorecard as the model card lists it.

    Attributes:
        information: Information value.
        n_bins: Bins, the missing included.
        codes: Its declared special codes.
        declared: Its declared direction, or empty.
        span: Points between its best and its worst bin that anybody was in.
    """

    name: str
    kind: str
    information: float
    n_bins: int
    codes: str
    declared: str
    span: float


def render_pages(handover: "Handover", now: datetime) -> dict[str, bytes]:
    """Give the pages: name -> bytes."""
    environment = _environment()
    facts = _facts(handover, now)
    return {name: environment.get_template(template).render(**facts).encode() for name, template in PAGES.items()}


def _facts(handover: "Handover", now: datetime) -> dict[str, Any]:
    risk, card = handover.risk, handover.risk.scorecard
    assert card is not None  # noqa: S101 - asked where the handover is read
    unused = {f.name for f in handover.facts.features} - {v.feature.name for v in card.variables}
    return {
        "handover": handover,
        "plan": handover.plan,
        "risk": risk,
        "card": card,
        "facts": handover.facts,
        "evidence": handover.evidence,
        "figures": {figure.name: figure for figure in risk_figures(handover.evidence)},
        "variables": [_variable(v, handover) for v in sorted(card.variables, key=lambda v: -v.information)],
        "unused": sorted(unused),
        "protected": sorted(handover.terms.columns.protected),
        "excluded": sorted(handover.terms.columns.exclude),
        "deciles": [line for line in handover.plan.evidence.calibration if line.what == "p_bad"],
        "offers": [(name, risk.offers.shift.get(name, 0.0), sd) for name, sd in risk.offers.sd.items()],
        "rings": [column.name for column in handover.columns if column.made_by != "the bank"],
        "bad_column": handover.own_names.get("bad", "bad"),
        "calibration": risk.calibration,
        "channel_sd": max(risk.channels.sd.values(), default=0.0),
        "psi": dict(handover.facts.stability.rows),
        "early": _shown(handover.facts.early_to_late),
        "distance": _shown(handover.facts.distance),
        "trends": _shown(handover.facts.trends),
        "holds": HOLDS,
        "now": now,
    }


def _variable(variable: Variable, handover: "Handover") -> CardVariable:
    held = variable.points[variable.count > 0]
    terms, name = handover.facts.terms, variable.feature.name
    return CardVariable(
        name=name,
        kind="number" if isinstance(variable.bins, NumericBins) else "category",
        information=variable.information,
        n_bins=variable.bins.n_bins,
        codes=", ".join(str(code) for code in terms.special_codes.get(name, ())),
        declared=terms.direction.get(name, ""),
        span=float(held.max() - held.min()) if len(held) else 0.0,
    )


def _shown(table: "Table") -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _environment() -> jinja2.Environment:
    filters: Mapping[str, Any] = {
        "count": lambda value: words.say_count(_number(value)),
        "percent": lambda value: words.say_percent(_number(value), 2),
        "decimals": lambda value: words.say_decimals(_number(value)),
        "signed": lambda value: f"{value:+.3f}",
        "shift_in_words": _shift_in_words,
        "factor": lambda log_odds: f"{math.exp(log_odds):.2f}",
        "day": lambda instant: f"{instant.day} {instant:%B %Y}",
    }
    return markdown_templates(filters)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _shift_in_words(psi: float | None) -> str:
    value = _number(psi)
    if not math.isfinite(value):
        return words.NOT_KNOWN
    return "like the bookings" if value < SMALL_SHIFT else "somewhat different" if value < LARGE_SHIFT else "different"
