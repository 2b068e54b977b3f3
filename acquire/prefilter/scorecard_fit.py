"""Fitting the scorecard: cut, weigh, regress, choose the penalty by held-out log loss, measure how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.grouping import FineCut, Grouping, Labels, cut_finely, information_value, merge
from acquire.prefilter.quality import log_loss
from acquire.prefilter.scorecard import POINTS_DECIMALS, Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_errors import Regressed, bin_errors
from acquire.prefilter.variable import Variable
from acquire.statistics.logistic import fit_logistic, fit_logistic_path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossFit:
    """Predictions of rows by models that never saw them.

    Attributes:
        p_bad: Chance to go bad at the chosen penalty, shape (n,).
        penalty: The penalty with the lowest held-out log loss.
        log_loss: Held-out log loss per penalty of the settings, nats per row.
    """

    p_bad: Floats
    penalty: float
    log_loss: tuple[float, ...]


def stratified_folds(bad: Floats, n_folds: int, rng: np.random.Generator) -> Ints:
    """Fold number of each row, shape (n,), at random, bad (above a half) and good spread evenly over the folds."""
    folds = np.empty(len(bad), dtype=np.int64)
    for rows in (np.flatnonzero(bad <= 0.5), np.flatnonzero(bad > 0.5)):
        folds[rng.permutation(rows)] = np.arange(len(rows)) % n_folds
    return folds


def cross_fit(
    frame: pd.DataFrame | FineCut,
    features: Sequence[Feature],
    bad: Floats,
    folds: Ints,
    *,
    weight: Floats | None = None,
    settings: ScorecardSettings | None = None,
) -> CrossFit:
    """Fit on all folds but one and predict that one: bins, WOE and coefficients are learnt anew each time.

    Only the quantiles in front of the bins, which know no outcome, are those of all rows.

    Args:
        frame: Rows with the features, n of them; or their cut by `cut_finely`, where several fits share it.
        features: Columns to use.
        bad: 0 or 1, shape (n,).
        folds: Fold number of each row, shape (n,); every fold leaves both outcomes among the others.
        weight: Weight per row, shape (n,); default 1.
        settings: How to fit.

    Returns:
        Out-of-fold predictions at the penalty that predicts best. The same folds choose the penalty and give the
        predictions: one number out of a short list, learnt from all rows, so the optimism is far below the noise.
    """
    settings = settings or ScorecardSettings()
    labels = _labels(bad, weight)
    predicted = np.empty((len(settings.penalties), len(bad)))
    cut = _cut(frame, features, settings)
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        predicted[:, test] = _predict_path(cut.of(train), labels.of(train), cut.of(test), settings)
    losses = tuple(log_loss(p, bad, labels.weight) for p in predicted)
    best = int(np.argmin(losses))
    return CrossFit(p_bad=predicted[best], penalty=settings.penalties[best], log_loss=losses)


def fit_scorecard(
    frame: pd.DataFrame | FineCut,
    features: Sequence[Feature],
    bad: Floats,
    *,
    rng: np.random.Generator,
    weight: Floats | None = None,
    settings: ScorecardSettings | None = None,
    penalty: float | None = None,
) -> Scorecard:
    """Fit the scorecard of `acquire.prefilter.scorecard`.

    Args:
        frame: Rows with the features, n of them; or their cut by `cut_finely`, where several fits share it.
        features: Columns to use.
        bad: 0 or 1, shape (n,), both present.
        rng: Source of the folds where the penalty is chosen here.
        weight: Weight per row, shape (n,); default 1.
        settings: How to fit.
        penalty: Ridge penalty; default: the one of `settings.penalties` with the lowest log loss over 5 folds.

    Returns:
        The scorecard.

    Raises:
        BadInput: A label is NaN, all rows have the same outcome, or a feature is not a column.
    """
    settings = settings or ScorecardSettings()
    labels = _labels(bad, weight)
    cut = _cut(frame, features, settings)
    if penalty is None:
        folds = stratified_folds(bad, 5, rng)
        penalty = cross_fit(cut, features, bad, folds, weight=weight, settings=settings).penalty
    return _scorecard(_regress(merge(cut, labels, settings), labels, penalty, settings), settings)


def _cut(frame: pd.DataFrame | FineCut, features: Sequence[Feature], settings: ScorecardSettings) -> FineCut:
    return frame if isinstance(frame, FineCut) else cut_finely(frame, features, settings)


def _labels(bad: Floats, weight: Floats | None) -> Labels:
    if not np.isfinite(bad).all():
        raise BadInput("bad holds values that are not known; fit on rows whose outcome is known")
    if not (bad > 0.5).any() or (bad > 0.5).all():
        raise BadInput(f"all {len(bad)} rows of the fit have the same outcome; a scorecard needs bad and good ones")
    return Labels(bad=bad, weight=np.ones(len(bad)) if weight is None else weight)


def _predict_path(train: FineCut, labels: Labels, test: FineCut, settings: ScorecardSettings) -> Floats:
    """Predictions of `test` for every penalty, shape (penalties, n_test)."""
    grouping = merge(train, labels, settings)
    woe = grouping.woe(labels, settings.smoothing)
    fits = fit_logistic_path(woe[grouping.codes], 1 - labels.bad, weight=labels.weight, penalties=settings.penalties)
    x = woe[grouping.codes_of(test)]
    return np.array([expit(-fit.log_odds(x)) for fit in fits])


def _regress(grouping: Grouping, labels: Labels, penalty: float, settings: ScorecardSettings) -> Regressed:
    """Regress on WOE; variables whose coefficient is 0 are dropped, they would only lengthen the table."""
    woe = grouping.woe(labels, settings.smoothing)
    fit = fit_logistic(woe[grouping.codes], 1 - labels.bad, weight=labels.weight, penalty=penalty)
    used = np.flatnonzero(fit.coefficients > 0)
    smaller, positions = grouping.only(used)
    return Regressed(
        grouping=smaller,
        labels=labels,
        smoothing=settings.smoothing,
        woe=woe[positions],
        penalty=penalty,
        fit=replace(fit, coefficients=fit.coefficients[used]),
    )


def _scorecard(regressed: Regressed, settings: ScorecardSettings) -> Scorecard:
    grouping, fit = regressed.grouping, regressed.fit
    errors = bin_errors(regressed, settings.n_errors)
    start = settings.offset + settings.factor * fit.intercept
    share = start / max(len(grouping.bins), 1)
    count, n_bad = grouping.tally(regressed.labels)
    variables = []
    for j in range(len(grouping.bins)):
        here = grouping.span(j)
        variables.append(
            Variable(
                feature=grouping.features[j],
                bins=grouping.bins[j],
                count=count[here],
                n_bad=n_bad[here],
                woe=regressed.woe[here],
                coefficient=float(fit.coefficients[j]),
                points=np.round(share + settings.factor * fit.coefficients[j] * regressed.woe[here], POINTS_DECIMALS),
                information=information_value(n_bad[here], count[here] - n_bad[here]),
                errors=errors[1:][here],
            )
        )
    return Scorecard(
        variables=tuple(variables),
        factor=settings.factor,
        offset=settings.offset,
        constant=0.0 if variables else round(start, POINTS_DECIMALS),
        constant_errors=errors[0],
        penalty=regressed.penalty,
    )
