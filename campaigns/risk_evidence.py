"""What the risk model knows about itself, put down for the people who sign: figures with intervals, tables, warnings."""

from typing import Any

import numpy as np
import pandas as pd

from acquire.domain import Unseen
from acquire.prefilter.bins import CategoryBins
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.challenger import Challenger
from acquire.prefilter.columns import CategoryColumn
from acquire.prefilter.early_signs import EARLY
from acquire.prefilter.ranking import RankingModel
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.scorecard import Scorecard
from campaigns.report_words import say_count, say_known_to, say_percent
from campaigns.risk_document import (
    QUARTERS,
    CalibrationMethod,
    ChannelTrend,
    DistanceQuarter,
    EarlySign,
    EarlyToLate,
    RiskEvidence,
    ScorecardLine,
    UnseenLevels,
)

# Below this many labelled bookings in a quarter of the leads, the person who signs is told.
FEWEST_BOOKINGS = 50

_SCORED_AS = {"pooled": "as the rare ones do", "worst": "as the worst ones do"}


def gather_risk_evidence(risk: RiskModel, leads: pd.DataFrame) -> RiskEvidence | None:
    """Put together what is known about the chance to go bad; None where the model was read from a file.

    Args:
        risk: The model, fresh from its fit.
        leads: The leads it scores.
    """
    quality, fitted, card = risk.quality, risk.fitted, risk.scorecard
    if quality is None:
        return None
    return RiskEvidence(
        n=quality.n,
        n_bad=quality.n_bad,
        auc=quality.auc,
        ks=quality.ks,
        brier=quality.brier,
        ece=quality.ece,
        log_loss=quality.log_loss,
        intervals=quality.intervals,
        scorecard=tuple(ScorecardLine(**line) for line in _records(None if card is None else card.table())),
        calibration=None if risk.ranking is None else describe_calibration(risk.calibration),
        early_to_late=tuple(
            _early_to_late(line) for line in _records(None if fitted is None else fitted.early_to_late)
        ),
        drift=tuple(ChannelTrend(**line) for line in _records(risk.drift.table() if risk.drift.channels else None)),
        distance=tuple(DistanceQuarter(**line) for line in _records(None if fitted is None else fitted.distance)),
        unseen=count_unseen(risk, leads),
        notes=risk.notes,
    )


def describe_calibration(calibration: Calibration) -> CalibrationMethod:
    """Say the formula of a calibration with its numbers."""
    return CalibrationMethod(method=calibration.method, words=_formula(calibration), gain=calibration.gain)


def _formula(c: Calibration) -> str:
    if c.method == "platt":
        return f"a straight line (Platt): ln(odds bad) = {c.shift:.3f} + {c.slope_low:.3f} x ln(odds bad before)"
    if c.method == "beta":
        return (
            f"two slopes (beta): ln(odds bad) = {c.shift:.3f} + {c.slope_low:.3f} x ln(p) - {c.slope_high:.3f} x ln(1 - p), "
            "with p the chance before"
        )
    if c.method == "isotonic":
        (first, first_after), (last, last_after) = (_chances(c.knots[at]) for at in (0, -1))
        return (
            f"{len(c.knots)} knots joined by lines (isotonic): a chance of {first} becomes {first_after}, "
            f"one of {last} becomes {last_after}"
        )
    return "none: chances are as the model gives them"


def _chances(knot: tuple[float, float]) -> tuple[str, str]:
    before, after = 1 / (1 + np.exp(-np.asarray(knot)))
    return say_percent(float(before)), say_percent(float(after))


def count_unseen(risk: RiskModel, leads: pd.DataFrame) -> tuple[UnseenLevels, ...]:
    """Count the leads whose level of a category no labelled booking had, per category that the champion reads."""
    if risk.ranking is None:
        return ()
    scored_as = _scored_as(risk.ranking)
    return tuple(
        UnseenLevels(variable=name, leads=n, share=n / len(leads), scored_as=scored_as[name])
        for name, n in risk.ranking.unseen(leads).items()
    )


def _scored_as(ranking: RankingModel) -> dict[str, Unseen]:
    """How each category scores a level that history never held."""
    cuts: dict[str, object] = {}
    if isinstance(ranking, Scorecard):
        cuts = {variable.feature.name: variable.bins for variable in ranking.variables}
    if isinstance(ranking, Challenger):
        cuts = {
            column.feature.name: column.bins for column in ranking.columns.columns if isinstance(column, CategoryColumn)
        }
    return {name: cut.scored_unseen for name, cut in cuts.items() if isinstance(cut, CategoryBins)}


def risk_warnings(risk: RiskEvidence | None) -> tuple[str, ...]:
    """What to know before signing: leads of a kind that history never held, or hardly ever."""
    if risk is None:
        return ()
    unseen = (
        f"{say_count(one.leads)} leads ({say_percent(one.share)}) hold a level of {one.variable} that history never held; "
        f"they score {_SCORED_AS[one.scored_as]}"
        for one in risk.unseen
    )
    thin = (
        f"the {QUARTERS[one.quarter]} quarter of the leads ({say_count(one.leads)}) lies where only {say_count(one.bookings)} "
        f"bookings with a label were seen; their chance to go bad, {say_percent(one.p_bad)} on average, "
        f"is known to {say_known_to(one.sd)}"
        for one in risk.distance
        if one.bookings < FEWEST_BOOKINGS
    )
    return (*unseen, *thin)


def _early_to_late(line: dict[str, Any]) -> EarlyToLate:
    signs = tuple(
        EarlySign(
            sign=sign,
            of_bad=line[f"{sign}_of_bad"],
            of_good=line[f"{sign}_of_good"],
            bad_after=line[f"bad_after_{sign}"],
        )
        for sign in EARLY
        if f"bad_after_{sign}" in line
    )
    return EarlyToLate(
        channel=line["channel"], matured=line["matured"], partly=line["partly"], bad_rate=line["bad_rate"], signs=signs
    )


def _records(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    if table is None:
        return []
    return [{str(name): value for name, value in line.items()} for line in table.to_dict(orient="records")]
