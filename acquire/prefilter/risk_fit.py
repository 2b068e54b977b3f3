"""Fitting the chance to go bad, step by step: labels, champion, calibration, then what is left by day, distance and offer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.calibrate import Calibration, fit_calibration
from acquire.prefilter.days import day_since_1970
from acquire.prefilter.drift import Drift, fit_drift, no_drift
from acquire.prefilter.early_signs import KnownLabels, early_to_late, read_labels
from acquire.prefilter.effects import SHIFT_LEVEL, Effects, GroupResiduals, residuals_by
from acquire.prefilter.maturity import Maturity, partly_matured
from acquire.prefilter.quality import measure
from acquire.prefilter.ranking import RankingKind, RankingModel
from acquire.prefilter.ranking_fit import RankingSettings, cross_fit_ranking, fit_ranking
from acquire.prefilter.risk_model import FittedRows, RiskModel
from acquire.prefilter.scorecard import ScorecardSettings
from acquire.prefilter.scorecard_fit import cross_fit, stratified_folds
from acquire.prefilter.seen import distance_table, fit_seen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_OF_EACH = 50
_AVERAGE_ONLY_SD = 0.5
_EDGE = 1e-6
# Offers are known to attract people who repay differently: about 15 % in the odds, where nothing else is known.
_OFFER_SD = 0.15
# And those whom any offer brings from those who come by themselves.
_CONTACTED_SD = 0.3


def fit_risk_model(
    booked: pd.DataFrame,
    features: Sequence[Feature],
    *,
    rng: np.random.Generator,
    leads: pd.DataFrame | None = None,
    on: date | None = None,
    maturity_days: int | None = None,
    n_folds: int = 5,
    settings: ScorecardSettings | None = None,
    champion: RankingKind = "scorecard",
) -> RiskModel:
    """Fit the chance to go bad from bookings, also from those whose label is not final yet.

    Args:
        booked: Bookings: `bad` 0/1/null, `offer`, `channel`, the features; optional `contacted_on`, `fpd1`, `dpd30`, `bad_on`.
        features: Columns to use.
        rng: Source of folds and draws.
        leads: The traffic the model is for, with the features; None = nothing is known about it.
        on: The day of the plan; None = ages and trends are not looked at.
        maturity_days: Age at which a label is final; None = as soon as it is there.
        n_folds: Folds for the out-of-fold predictions.
        settings: How the scorecard is fitted; a challenger keeps to the same terms.
        champion: Which kind of model ranks.

    Returns:
        The model. With fewer than 50 bad or 50 good matured bookings: the average for everybody, wide errors and a note.

    Raises:
        BadInput: No booking has a final label, or `bad` holds something else than 0 and 1.
    """
    settings = settings or ScorecardSettings()
    labels = _labels(booked, on, maturity_days)
    if min((labels.bad == 1).sum(), (labels.bad == 0).sum()) < FEWEST_OF_EACH:
        return _average_only(booked, labels, rng)
    maturity = partly_matured(booked, labels, _first_chances(booked, features, labels, settings, rng, n_folds), rng)
    rows = _Rows.known(booked, maturity)
    ranked = _rank(rows, features, settings, rng, n_folds, champion)
    model = _what_is_left(rows, ranked, leads, features, settings, rng, on)
    model = replace(model, level_sd=float(np.hypot(model.level_sd, maturity.level_sd)))
    notes = (*model.notes, *maturity.notes, *_drift_notes(model.drift, booked, on))
    fitted = _fitted(model, booked, leads, maturity, rows, ranked)
    final = np.flatnonzero(maturity.matured)
    quality = measure(fitted.p_bad[final], maturity.y[final], ranked.folds[maturity.matured[rows.at]], rng)
    return replace(model, notes=notes, fitted=fitted, quality=quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Bookings of which something is known: where they stand among all bookings, the rows, their outcomes and weights."""

    at: Ints
    frame: pd.DataFrame
    y: Floats
    weight: Floats

    @classmethod
    def known(cls, booked: pd.DataFrame, maturity: Maturity) -> "_Rows":
        at = np.flatnonzero(maturity.weight > 0)
        return cls(at=at, frame=booked.iloc[at], y=maturity.y[at], weight=maturity.weight[at])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    """The champion on rows of which something is known: fitted on all, and its calibrated chances out of fold, shape (n,)."""

    model: RankingModel
    calibration: Calibration
    p_bad: Floats
    folds: Ints


def _rank(
    rows: _Rows,
    features: Sequence[Feature],
    settings: ScorecardSettings,
    rng: np.random.Generator,
    n_folds: int,
    champion: RankingKind,
) -> _Ranked:
    folds = stratified_folds(rows.y, n_folds, rng)
    both = RankingSettings.beside(settings)
    out_of_fold = cross_fit_ranking(
        champion, rows.frame, features, rows.y, folds, rng=rng, settings=both, weight=rows.weight
    )
    model = fit_ranking(out_of_fold.choice, rows.frame, features, rows.y, rng=rng, settings=both, weight=rows.weight)
    other_folds = stratified_folds(rows.y, n_folds, rng)
    calibrated = fit_calibration(out_of_fold.p_bad, rows.y, folds=other_folds, weight=rows.weight)
    return _Ranked(model=model, calibration=calibrated.calibration, p_bad=calibrated.p_bad, folds=folds)


def _what_is_left(
    rows: _Rows,
    ranked: _Ranked,
    leads: pd.DataFrame | None,
    features: Sequence[Feature],
    settings: ScorecardSettings,
    rng: np.random.Generator,
    on: date | None,
) -> RiskModel:
    """What day, distance, offer, channel and month still tell, each beyond those before it."""
    y, weight = rows.y, rows.weight
    drift = _drift(rows, ranked.p_bad, on)
    p = _shifted(ranked.p_bad, drift.shift(rows.frame))
    seen = fit_seen(rows.frame, leads, features, settings, rng).learnt(rows.frame, p, y, weight)
    p = _shifted(p, seen.tilt * seen.distance(rows.frame))
    by_offer = residuals_by(rows.frame["offer"], p, y, weight)
    offers = _offer_effects(by_offer)
    return RiskModel(
        ranking=ranked.model,
        calibration=ranked.calibration,
        average_log_odds=float(logit(np.average(y, weights=weight).clip(_EDGE, 1 - _EDGE))),
        offers=offers,
        channels=_channel_errors_left(rows.frame["channel"], p, y, weight, ranked.model),
        level_sd=_level_sd(rows.frame, p, y, weight),
        notes=(_offer_note(offers, by_offer.p_equal),),
        drift=drift,
        seen=seen,
    )


def _offer_effects(by_offer: GroupResiduals) -> Effects:
    """Shifts where history tells offers apart; what is expected beyond them is kept as their lean."""
    offers = by_offer.shrunk(_OFFER_SD)
    expected = by_offer.expected(_OFFER_SD, _CONTACTED_SD)
    return replace(offers, lean={name: mean - offers.shift.get(name, 0.0) for name, mean in expected.items()})


def _fitted(
    model: RiskModel,
    booked: pd.DataFrame,
    leads: pd.DataFrame | None,
    maturity: Maturity,
    rows: _Rows,
    ranked: _Ranked,
) -> FittedRows:
    """Chances out of fold where a row taught the champion, else the model's own; what is added to either is a few numbers."""
    p = model.p_bad(booked)
    shift = model.drift.shift(rows.frame) + model.seen.tilt * model.seen.distance(rows.frame)
    p[rows.at] = _shifted(ranked.p_bad, shift)
    return FittedRows(
        y=maturity.y,
        weight=maturity.weight,
        p_bad=p,
        early_to_late=maturity.table,
        distance=_distances(model, rows.frame, leads),
    )


def _distances(model: RiskModel, labelled: pd.DataFrame, leads: pd.DataFrame | None) -> pd.DataFrame | None:
    if leads is None or not len(leads):
        return None
    sd = np.linalg.norm(model.loadings(leads), axis=1)
    return distance_table(model.seen, labelled, leads, model.p_bad(leads), sd)


def _labels(booked: pd.DataFrame, on: date | None, maturity_days: int | None) -> KnownLabels:
    bad = booked["bad"].to_numpy(dtype=float, na_value=np.nan)
    if not (~np.isnan(bad)).any():
        raise BadInput("history has no booked row whose bad label is known; add labels or drop the bad-rate limit")
    if not np.isin(bad[~np.isnan(bad)], (0.0, 1.0)).all():
        raise BadInput("bad holds a value other than 0 and 1 among matured bookings; give 0, 1 or leave it empty")
    return read_labels(booked, on=on, maturity_days=maturity_days)


def _first_chances(
    booked: pd.DataFrame,
    features: Sequence[Feature],
    labels: KnownLabels,
    settings: ScorecardSettings,
    rng: np.random.Generator,
    n_folds: int,
) -> Floats:
    """Chances by matured bookings alone: of those themselves out of fold, of the others (weight 0) by all of them."""
    folds = np.full(len(booked), n_folds, dtype=np.int64)
    folds[labels.matured] = stratified_folds(labels.bad[labels.matured], n_folds, rng)
    bad, weight = np.where(labels.matured, labels.bad, 0.0), labels.matured.astype(float)
    return cross_fit(booked, features, bad, folds, weight=weight, settings=settings).p_bad


def _average_only(booked: pd.DataFrame, labels: KnownLabels, rng: np.random.Generator) -> RiskModel:
    """Everybody at the average: half a bad and half a good row are added, so that 0 of 30 is not "never"."""
    bad = labels.bad[labels.matured]
    n, n_bad = len(bad), float(bad.sum())
    rate = (n_bad + 0.5) / (n + 1)
    sd = float(np.sqrt(1 / (n_bad + 0.5) + 1 / (n - n_bad + 0.5)))
    few = f"only {n_bad:.0f} bad and {n - n_bad:.0f} good bookings are known: every lead gets the average {rate:.3f}"
    return RiskModel(
        ranking=None,
        calibration=Calibration(),
        average_log_odds=float(logit(rate)),
        offers=Effects(),
        channels=Effects(unseen_sd=_AVERAGE_ONLY_SD),
        level_sd=sd,
        notes=("offers are taken as equal in risk: too few labels to tell", few, *labels.notes),
        quality=measure(np.full(n, rate), bad, np.zeros(n, dtype=np.int64), rng),
        fitted=FittedRows(
            y=labels.bad,
            weight=labels.matured.astype(float),
            p_bad=np.full(len(booked), rate),
            early_to_late=early_to_late(booked, labels, np.zeros(len(booked), dtype=bool)),
            distance=None,
        ),
    )


def _shifted(p: Floats, shift: Floats) -> Floats:
    return np.asarray(expit(logit(np.clip(p, _EDGE, 1 - _EDGE)) + shift), dtype=float)


def _drift(rows: _Rows, p: Floats, on: date | None) -> Drift:
    if on is None or "contacted_on" not in rows.frame:
        return no_drift()
    return fit_drift(rows.frame, p, rows.y, rows.weight, plan_day=day_since_1970(on))


def _drift_notes(drift: Drift, booked: pd.DataFrame, on: date | None) -> tuple[str, ...]:
    if on is not None and "contacted_on" not in booked:
        return ("history has no dates: whether bad rates move with time cannot be seen",)
    trends = drift.table()
    clear = (trends["channel"] != "*") & (trends["trend"].abs() > 2 * trends["sd"])
    return tuple(
        f"the odds to go bad in {channel} move by a factor of {np.exp(trend):.2f} a year: a factor of {np.exp(shift):.2f} is "
        "applied for the time since its labels"
        for channel, trend, shift in trends.loc[clear, ["channel", "trend", "shift_now"]].to_numpy(dtype=object)
    )


def _offer_note(offers: Effects, p_equal: float) -> str:
    if not offers.shift:
        return (
            "offers count as equal in the risk of those who book: history cannot tell them apart surely enough "
            f"(p = {p_equal:.2f}; below {SHIFT_LEVEL} they are told apart); totals expect the best guess, and intervals widen"
        )
    named = ", ".join(f"{name} {shift:+.2f}" for name, shift in offers.shift.items())
    return f"offers differ in the risk of those who book (p = {p_equal:.3f}); shifts of ln(odds bad): {named}"


def _channel_errors_left(channel: pd.Series, p: Floats, y: Floats, weight: Floats, ranking: RankingModel) -> Effects:
    """What is left between channels out of fold; for an unseen channel, the spread of the known ones too."""
    left = residuals_by(channel, p, y, weight).shrunk()
    spread = ranking.spread("channel")
    sd = {name: float(np.hypot(left.sd[name], left.shift.get(name, 0.0))) for name in left.sd}
    return replace(left, shift={}, sd=sd, unseen_sd=float(np.hypot(left.unseen_sd, spread)))


def _level_sd(rows: pd.DataFrame, p: Floats, y: Floats, weight: Floats) -> float:
    """How far the common level moves between months beyond chance; 0 without dates or with fewer than 3 months."""
    if "contacted_on" not in rows.columns:
        return 0.0
    months = residuals_by(pd.to_datetime(rows["contacted_on"]).dt.strftime("%Y-%m"), p, y, weight)
    return months.between_variance() ** 0.5 if len(months.names) >= 3 else 0.0
