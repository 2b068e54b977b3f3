"""Fitting the scorecard: cut, weigh, regress, choose the penalty by held-out log loss, measure how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import Feature
from acquire.prefilter.grouping import Grouping, Labels, group, information_value
from acquire.prefilter.quality import log_loss
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings, Variable
from acquire.statistics.logistic import LogisticFit, fit_logistic

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Regressed:
    """Weighed bins and their regression; `woe` has shape (n_stacked,)."""

    grouping: Grouping
    woe: Floats
    fit: LogisticFit


def stratified_folds(bad: Floats, n_folds: int, rng: np.random.Generator) -> Ints:
    """Fold number of each row, shape (n,), at random, bad and good spread evenly over the folds."""
    folds = np.empty(len(bad), dtype=np.int64)
    for outcome in (0.0, 1.0):
        rows = np.flatnonzero(bad == outcome)
        folds[rng.permutation(rows)] = np.arange(len(rows)) % n_folds
    return folds


def cross_fit(
    frame: pd.DataFrame,
    features: Sequence[Feature],
    bad: Floats,
    folds: Ints,
    *,
    weight: Floats | None = None,
    settings: ScorecardSettings | None = None,
) -> CrossFit:
    """Fit on all folds but one and predict that one: bins, WOE and coefficients are learnt anew each time.

    Args:
        frame: Rows with the features, n of them.
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
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        grouping = group(frame[train], features, labels.of(train), settings)
        predicted[:, test] = _predict_path(grouping, labels.of(train), frame[test], settings)
    losses = tuple(log_loss(p, bad, labels.weight) for p in predicted)
    best = int(np.argmin(losses))
    return CrossFit(p_bad=predicted[best], penalty=settings.penalties[best], log_loss=losses)


def cross_fit_p_bad(
    frame: pd.DataFrame,
    features: Sequence[Feature],
    bad: Floats,
    folds: Ints,
    *,
    weight: Floats | None = None,
    settings: ScorecardSettings | None = None,
) -> Floats:
    """Out-of-fold chance to go bad, shape (n,); see `cross_fit`."""
    return cross_fit(frame, features, bad, folds, weight=weight, settings=settings).p_bad


def fit_scorecard(
    frame: pd.DataFrame,
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
        frame: Rows with the features, n of them.
        features: Columns to use.
        bad: 0 or 1, shape (n,), both present.
        rng: Source of the random weights behind the errors, and of the folds where the penalty is chosen here.
        weight: Weight per row, shape (n,); default 1.
        settings: How to fit.
        penalty: Ridge penalty; default: the one of `settings.penalties` with the lowest log loss over 5 folds.

    Returns:
        The scorecard.
    """
    settings = settings or ScorecardSettings()
    labels = _labels(bad, weight)
    if penalty is None:
        folds = stratified_folds(bad, 5, rng)
        penalty = cross_fit(frame, features, bad, folds, weight=weight, settings=settings).penalty
    regressed = _regress(group(frame, features, labels, settings), labels, penalty, settings)
    return _scorecard(regressed, _errors(regressed, labels, penalty, settings, rng=rng), labels, penalty, settings)


def _labels(bad: Floats, weight: Floats | None) -> Labels:
    return Labels(bad=bad, weight=np.ones(len(bad)) if weight is None else weight)


def _predict_path(grouping: Grouping, labels: Labels, test: pd.DataFrame, settings: ScorecardSettings) -> Floats:
    """Predictions of `test` for every penalty, shape (penalties, n_test)."""
    woe = grouping.woe(labels, settings.smoothing)
    x, x_test = woe[grouping.codes], woe[grouping.codes_of(test)]
    predicted = np.empty((len(settings.penalties), len(test)))
    fit = None
    for i, penalty in enumerate(settings.penalties):
        fit = fit_logistic(x, 1 - labels.bad, weight=labels.weight, penalty=penalty, start=fit)
        predicted[i] = expit(-fit.log_odds(x_test))
    return predicted


def _regress(grouping: Grouping, labels: Labels, penalty: float, settings: ScorecardSettings) -> _Regressed:
    """Regress on WOE; variables whose coefficient is 0 are dropped, they would only lengthen the table."""
    woe = grouping.woe(labels, settings.smoothing)
    fit = fit_logistic(woe[grouping.codes], 1 - labels.bad, weight=labels.weight, penalty=penalty)
    used = np.flatnonzero(fit.coefficients > 0)
    smaller, positions = grouping.only(used)
    return _Regressed(grouping=smaller, woe=woe[positions], fit=replace(fit, coefficients=fit.coefficients[used]))


def _errors(
    regressed: _Regressed, labels: Labels, penalty: float, settings: ScorecardSettings, *, rng: np.random.Generator
) -> Floats:
    """Errors of the constant and of every stacked bin in ln(odds good), shape (1 + n_stacked, k).

    Each draw gives the rows random weights (the Bayesian bootstrap), pulls the coefficients to a random point of their
    prior instead of its mean, and fits WOE, coefficients and intercept again: together an approximate draw from the
    posterior, in which also the WOE are uncertain. The last error is that of bins nobody was in.

    References:
        Newton, M. and Raftery, A. (1994), "Approximate Bayesian inference with the weighted likelihood bootstrap".
        Pearce, T. et al. (2020), "Uncertainty in neural networks: approximately Bayesian ensembling", section 3.
    """
    grouping, fit = regressed.grouping, regressed.fit
    variable = grouping.variable()
    drawn = np.empty((settings.n_draws, 1 + grouping.n_stacked))
    for i in range(settings.n_draws):
        at_random = labels.reweighted(rng.exponential(size=len(labels)))
        woe = grouping.woe(at_random, settings.smoothing)
        refit = fit_logistic(
            woe[grouping.codes],
            1 - labels.bad,
            weight=at_random.weight,
            penalty=penalty,
            centre=rng.normal(size=len(grouping.bins)) / np.sqrt(penalty),
            start=fit,
            lowest=-np.inf,
        )
        drawn[i] = np.r_[refit.intercept, woe * refit.coefficients[variable]]
    deviation = (drawn - drawn.mean(axis=0)) / np.sqrt(settings.n_draws - 1)
    return np.column_stack([_main_axes(deviation, grouping, labels, settings.n_errors), _never_seen(regressed, labels)])


def _main_axes(deviation: Floats, grouping: Grouping, labels: Labels, n_errors: int) -> Floats:
    """Keep the draws' main axes over the rows of the fit, scaled so that the average variance of a row stays."""
    rows = deviation[:, 0] + deviation[:, 1:].T[grouping.codes].sum(axis=1)
    variance, axes = np.linalg.eigh((rows * labels.weight[:, None]).T @ rows)
    kept = axes[:, ::-1][:, :n_errors]
    share = float(variance[::-1][:n_errors].sum() / variance.sum())
    return np.asarray(deviation.T @ kept / np.sqrt(share), dtype=float)


def _never_seen(regressed: _Regressed, labels: Labels) -> Floats:
    """An empty bin is as uncertain as its variable's bins are spread; 0 for the others, shape (1 + n_stacked,)."""
    grouping = regressed.grouping
    count, _ = grouping.tally(labels)
    log_odds = regressed.woe * regressed.fit.coefficients[grouping.variable()]
    error = np.zeros(1 + grouping.n_stacked)
    for j in range(len(grouping.bins)):
        here = grouping.span(j)
        spread = np.average(log_odds[here] ** 2, weights=count[here]) ** 0.5
        error[1:][here] = np.where(count[here] == 0, spread, 0.0)
    return error


def _scorecard(
    regressed: _Regressed, errors: Floats, labels: Labels, penalty: float, settings: ScorecardSettings
) -> Scorecard:
    grouping, fit = regressed.grouping, regressed.fit
    start = settings.offset + settings.factor * fit.intercept
    share = start / max(len(grouping.bins), 1)
    count, n_bad = grouping.tally(labels)
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
                points=share + settings.factor * fit.coefficients[j] * regressed.woe[here],
                information=information_value(n_bad[here], count[here] - n_bad[here]),
                errors=errors[1:][here],
            )
        )
    return Scorecard(
        variables=tuple(variables),
        factor=settings.factor,
        offset=settings.offset,
        constant=0.0 if variables else start,
        constant_errors=errors[0],
        penalty=penalty,
    )
