"""plan.json as types: what `acquire plan` promises, in the form that the report, the database and the dashboard read.

The numbers come from the engine; nothing is computed here. NaN (undefined) is null in JSON.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from acquire.domain import Certificate, Estimate, LimitUse
from acquire.explained import Explained, LimitEffect, LimitMove, Unspent
from acquire.outlook import SafetyLine, SafetyPrice
from acquire.uplift.balance import OfferOverlap
from acquire.uplift.both_sides import BothSides
from campaigns.current_document import FairPriceLine, Waterfall
from campaigns.diff_document import PlanDiff
from campaigns.json_values import check_kinds, estimate, line, lines, number, plain
from campaigns.pacing_document import Pacing, TrafficRules
from campaigns.risk_document import RiskEvidence

GOALS = ("incremental_value", "incremental_accounts", "spend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The ten figures of the plan, corrected for having picked the best of many guesses."""

    contacts: Estimate
    spend: Estimate
    booked: Estimate
    incremental: Estimate
    bad_rate: Estimate
    incremental_bad_rate: Estimate
    break_even_bad_rate: Estimate
    cac: Estimate
    incremental_cac: Estimate
    value: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEvidence:
    """What history shows about one offer, on rows that were not used for fitting.

    Attributes:
        n, n_control: History rows with this offer, and with control.
        average_effect: Booked share with the offer minus without, over all of history (AIPW).
        qini: Tie-safe Qini coefficient with its 90 % interval; None where history was not randomised.
        aipw_gain: AIPW value, in extra accounts per 1,000 contacts, of contacting the best third by predicted uplift minus the
            same number at random.
        has_evidence: Whether history shows that leads differ in how they react to this offer.
    """

    offer: str
    n: int
    n_control: int
    average_effect: Estimate
    qini: Estimate | None
    aipw_gain: Estimate
    has_evidence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyValue:
    """AIPW figures of one targeting, measured on history rows that did not choose it, per 1,000 leads of traffic.

    Attributes:
        policy: "plan", "nobody", "everybody: <offer>", "random, as many contacts", "likeliest to book, as many contacts".
        contacts, booked, incremental: Per 1,000 leads.
        value: Money per 1,000 leads beyond control, fixed costs and price tiers of the channels used paid; NaN where revenue is
            unknown.
        bad_rate: Fraction of the bookings.
        plan_beyond: Extra accounts that the plan brings beyond this policy; the interval is of the paired difference. Undefined
            in a plan of an earlier version.
    """

    policy: str
    contacts: Estimate
    booked: Estimate
    incremental: Estimate
    value: Estimate
    bad_rate: Estimate
    plan_beyond: Estimate = field(default_factory=lambda: Estimate(expected=math.nan))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin:
    """Predicted against observed in one tenth of the rows. `what` is "uplift" or "p_bad"."""

    what: str
    bin: int
    n: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why the plan may be believed, or not.

    Attributes:
        randomised: Whether offers were given at random (no feature tells who got what).
        assignment: "uniform", "given propensity" or "estimated propensity".
        randomness_p_value: Of the test that features do not tell who got which offer.
        verdict: One sentence for people.
        learner: Name of the learner of effects; empty in a plan of an earlier version.
        served: "compact" where a model distilled from it scored the leads, "learner" where its own trees did.
        both_sides: Per offer, over all channels and in each, what it adds in bookings and in bad ones; empty where history has no
            bad label, and in a plan of an earlier version.
        overlap: Per offer, whether its rows and the controls can be compared; empty in a plan of an earlier version.
    """

    randomised: bool
    assignment: str
    randomness_p_value: float
    verdict: str
    offers: tuple[OfferEvidence, ...]
    policies: tuple[PolicyValue, ...]
    calibration: tuple[CalibrationBin, ...]
    risk: RiskEvidence | None
    learner: str = ""
    served: str = ""
    overlap: tuple[OfferOverlap, ...] = ()
    both_sides: tuple[BothSides, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """Rows of one input table: accepted + quarantined = read."""

    table: str
    read: int
    accepted: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """How many leads ended with one decision for one reason."""

    decision: str
    reason: str
    leads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationLine:
    """One row of allocation.csv: one channel and offer."""

    channel: str
    partner: str
    offer: str
    contacts: int
    spend: float
    booked: float
    incremental: float
    bad_rate: float
    cac: float
    incremental_cac: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """All of plan.json."""

    plan_id: str
    name: str
    campaign: str
    created_at: datetime
    currency: str
    objective: str
    seed: int
    headline: Headline
    limits: tuple[LimitUse, ...]
    certificate: Certificate
    evidence: Evidence
    warnings: tuple[str, ...]
    tables: tuple[TableCount, ...]
    decisions: tuple[ReasonCount, ...]
    allocation: tuple[AllocationLine, ...]
    versions: Mapping[str, str]
    hashes: Mapping[str, str]
    waterfall: Waterfall | None = None
    price_sheet: tuple[FairPriceLine, ...] = ()
    diff: PlanDiff | None = None
    pacing: Pacing | None = None
    rules: TrafficRules | None = None
    price_of_safety: SafetyPrice | None = None
    explained: Explained | None = None

    def to_json(self) -> str:
        """Give the document as JSON text; undefined figures are null."""
        return json.dumps(plain(asdict(self)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "PlanDocument":
        """Read back what `to_json` wrote."""
        raw = json.loads(text)
        evidence = raw["evidence"]
        document = cls(
            **{
                **raw,
                "created_at": datetime.fromisoformat(raw["created_at"]),
                "headline": Headline(**{name: estimate(figure) for name, figure in raw["headline"].items()}),
                "limits": lines(LimitUse, raw["limits"]),
                "certificate": line(Certificate, raw["certificate"]),
                "evidence": Evidence(
                    **{
                        **evidence,
                        "randomness_p_value": number(evidence["randomness_p_value"]),
                        "offers": tuple(_offer_evidence(offer) for offer in evidence["offers"]),
                        "policies": tuple(_policy_value(policy) for policy in evidence["policies"]),
                        "calibration": lines(CalibrationBin, evidence["calibration"]),
                        "overlap": tuple(OfferOverlap.from_content(one) for one in evidence.get("overlap", ())),
                        "both_sides": tuple(_both_sides(one) for one in evidence.get("both_sides", ())),
                        "risk": None if evidence["risk"] is None else RiskEvidence.from_content(evidence["risk"]),
                    }
                ),
                "warnings": tuple(raw["warnings"]),
                "tables": lines(TableCount, raw["tables"]),
                "decisions": lines(ReasonCount, raw["decisions"]),
                "allocation": lines(AllocationLine, raw["allocation"]),
                "price_of_safety": _safety(raw.get("price_of_safety")),
                "explained": _explained(raw.get("explained")),
                "waterfall": None if raw.get("waterfall") is None else Waterfall.from_content(raw["waterfall"]),
                "diff": None if raw.get("diff") is None else PlanDiff.from_content(raw["diff"]),
                "price_sheet": tuple(FairPriceLine.from_content(one) for one in raw.get("price_sheet", ())),
                "pacing": None if raw.get("pacing") is None else Pacing.from_content(raw["pacing"]),
                "rules": None if raw.get("rules") is None else TrafficRules.from_content(raw["rules"]),
            }
        )
        check_kinds(document)
        if document.objective not in GOALS:
            raise ValueError("an objective that is none")
        return document


def _offer_evidence(raw: Mapping[str, Any]) -> OfferEvidence:
    qini = raw["qini"]
    return OfferEvidence(
        **{
            **raw,
            "average_effect": estimate(raw["average_effect"]),
            "qini": None if qini is None else estimate(qini),
            "aipw_gain": estimate(raw["aipw_gain"]),
        }
    )


def _both_sides(raw: Mapping[str, Any]) -> BothSides:
    figures: dict[str, Any] = {key: estimate(raw[key]) for key in ("extra_booked", "extra_bad", "incremental_bad_rate")}
    return BothSides(**{**raw, **figures})


def _safety(raw: Mapping[str, Any] | None) -> SafetyPrice | None:
    return None if raw is None else SafetyPrice(**{**raw, "lines": lines(SafetyLine, raw["lines"])})


def _explained(raw: Mapping[str, Any] | None) -> Explained | None:
    if raw is None:
        return None
    unspent = raw["unspent"]
    return Explained(
        limits=tuple(_limit_effect(one) for one in raw["limits"]),
        unspent=None if unspent is None else Unspent(**{**unspent, "stopped_by": tuple(unspent["stopped_by"])}),
    )


def _limit_effect(raw: Mapping[str, Any]) -> LimitEffect:
    moves: dict[str, Any] = {key: line(LimitMove, raw[key]) for key in ("tighter", "looser")}
    return line(LimitEffect, {**raw, **moves})


def _policy_value(raw: Mapping[str, Any]) -> PolicyValue:
    figures: dict[str, Any] = {key: estimate(value) for key, value in raw.items() if key != "policy"}
    return PolicyValue(policy=raw["policy"], **figures)
