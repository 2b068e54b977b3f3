"""How sure the points are: the covariance of the scorecard's bins, to first order in the weights of the rows of the fit.

Give every row of the fit a random weight of mean 1 and variance 1 (the Bayesian bootstrap), pull the coefficients to a random
point of their prior instead of its mean, and fit WOE, coefficients and intercept again: that is an approximate draw from the
posterior, in which the WOE are uncertain too. What one row's weight moves is a derivative, so that nothing is fitted again:

    WOE of bin k         d u_k     = -own_k * sum over rows in k of e_i w_i (bad_i - rate_k)
                                     +all_k * sum over rows of e_i w_i (bad_i - average)
    coefficients         d theta   = -H^-1 (sum of e_i w_i (p_i - y_i) x_i  +  sum of dG/du_k d u_k  -  sqrt(penalty) z)
    ln(odds) of bin k    d (b u)_k =  u_k d b  +  b d u_k

with e_i, z_j independent of mean 0 and variance 1, G the gradient and H the Hessian of the regression. All this is linear in
e and z, so the covariance is a product of matrices: no draws.

References:
    Newton, M. and Raftery, A. (1994), "Approximate Bayesian inference with the weighted likelihood bootstrap".
    Giordano, R. et al. (2019), "A Swiss Army infinitesimal jackknife", section 2.
    Pearce, T. et al. (2020), "Uncertainty in neural networks: approximately Bayesian ensembling", section 3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acquire.prefilter.bins import CategoryBins
from acquire.prefilter.grouping import Grouping, Labels
from acquire.statistics.logistic import LogisticFit

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

# Rows worked on at once, so that their bins, one column each, stay in the processor's cache.
_BLOCK = 1 << 11
# No chance counts as surer than this: where outcomes are split perfectly, the regression alone would be sure of nothing.
_SUREST = 1e-4
# Rows that choose the main axes: they only have to show which errors matter.
_AXIS_ROWS = 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Regressed:
    """Weighed bins and their regression.

    Attributes:
        grouping: The bins, and each row's place in them.
        labels: Outcomes and weights of the rows.
        smoothing: Rows at the average bad rate in each bin's WOE.
        woe: Weight of evidence per stacked bin, shape (K,).
        penalty: The ridge penalty.
        fit: The regression of good on WOE, m coefficients.
    """

    grouping: Grouping
    labels: Labels
    smoothing: float
    woe: Floats
    penalty: float
    fit: LogisticFit

    @property
    def log_odds(self) -> Floats:
        """What each stacked bin adds to ln(odds good), shape (K,)."""
        return self.woe * self.fit.coefficients[self.grouping.variable()]


def bin_errors(regressed: Regressed, n_errors: int) -> Floats:
    """Errors of the constant and of every stacked bin in ln(odds good).

    Args:
        regressed: The fit.
        n_errors: Most errors to keep; with 0 it stays unmeasured how sure the points are.

    Returns:
        Change under k independent standard normal errors, shape (1 + K, k); the last error is that of bins nobody was in.
    """
    never_seen = _never_seen(regressed)[:, None]
    if n_errors < 1:
        return never_seen
    return np.column_stack([_main_axes(covariance(regressed), regressed, n_errors), never_seen])


def covariance(regressed: Regressed) -> Floats:
    """Covariance of the intercept and of every stacked bin's ln(odds good), shape (1 + K, 1 + K)."""
    sums = _sums(regressed)
    own, through_average = _woe_slopes(regressed)
    # Rows: the intercept and each coefficient; columns: what they do to the intercept and to each bin.
    spread = np.zeros((1 + len(regressed.fit.coefficients), 1 + len(regressed.woe)))
    variable = regressed.grouping.variable()
    spread[0, 0] = 1.0
    spread[1 + variable, 1 + np.arange(len(variable))] = regressed.woe
    spread = np.asarray(np.linalg.solve(sums.hessian, spread))
    # Rows: each bin's WOE; columns as before: directly, and through the coefficients that answer.
    of_woe = np.eye(len(variable), 1 + len(variable), 1) * regressed.fit.coefficients[variable][:, None]
    of_woe -= sums.answer.T @ spread
    through = np.vstack([-own[:, None] * of_woe, -spread, through_average @ of_woe])
    prior = np.sqrt(regressed.penalty) * spread[1:]
    return _like_the_worst(through.T @ sums.gram @ through + prior.T @ prior, regressed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Sums over the rows of the fit.

    Attributes:
        gram: Of each row's pushes, shape (K + m + 2, K + m + 2): on its bins, on intercept and coefficients, on the average.
        hessian: H, shape (1 + m, 1 + m).
        answer: dG/du, shape (1 + m, K).
    """

    gram: Floats
    hessian: Floats
    answer: Floats


def _sums(regressed: Regressed) -> _Sums:
    grouping, labels, fit = regressed.grouping, regressed.labels, regressed.fit
    m, k = grouping.codes.shape[1], grouping.n_stacked
    gram, moved = np.zeros((k + m + 2, k + m + 2)), np.zeros((m + 2, k))
    hessian = np.diag(np.r_[0.0, np.full(m, regressed.penalty)])
    for start in range(0, len(labels), _BLOCK):
        rows = slice(start, start + _BLOCK)
        codes, bad, weight = grouping.codes[rows], labels.bad[rows], labels.weight[rows]
        x = np.column_stack([np.ones(len(codes)), regressed.woe[codes]])
        p = np.clip(expit(x @ np.r_[fit.intercept, fit.coefficients]), _SUREST, 1 - _SUREST)
        miss, curvature = weight * (p - (1 - bad)), weight * p * (1 - p)
        pushes = np.column_stack([x * miss[:, None], weight * (bad - labels.bad_rate)])
        on_bins = (weight * bad)[:, None] - weight[:, None] * _rates(regressed)[codes]
        block = np.hstack([_spread(codes, on_bins, k), pushes.astype(np.float32)])
        gram += block.T @ block
        left = np.column_stack([x * curvature[:, None], miss]).astype(np.float32)
        moved += left.T @ _spread(codes, 1.0, k)
        hessian += (x * curvature[:, None]).T @ x
    variable = grouping.variable()
    answer = moved[:-1] * fit.coefficients[variable]
    answer[1 + variable, np.arange(k)] += moved[-1]
    return _Sums(gram=gram, hessian=hessian, answer=answer)


def _spread(codes: Ints, values: Floats | float, k: int) -> Singles:
    """A column per bin: `values` where a row is in it, else 0, shape (rows, K)."""
    table = np.zeros((len(codes), k), dtype=np.float32)
    np.put_along_axis(table, codes, np.asarray(values, dtype=np.float32), axis=1)
    return table


def _rates(regressed: Regressed) -> Floats:
    """The smoothed bad rate behind each bin's WOE, shape (K,)."""
    average = regressed.labels.bad_rate
    return np.asarray(expit(np.log(average / (1 - average)) - regressed.woe), dtype=float)


def _woe_slopes(regressed: Regressed) -> tuple[Floats, Floats]:
    """What a bin's own bad rows and the average do to its WOE, each shape (K,): own_k and all_k; 0 where nobody was."""
    labels, rate = regressed.labels, _rates(regressed)
    count, _ = regressed.grouping.tally(labels)
    with np.errstate(divide="ignore"):
        own = np.where(count > 0, 1 / ((count + regressed.smoothing) * rate * (1 - rate)), 0.0)
    average = labels.bad_rate
    through_average = (1 / (average * (1 - average)) - regressed.smoothing * own) / labels.weight.sum()
    return own, np.where(count > 0, through_average, 0.0)


def _like_the_worst(table: Floats, regressed: Regressed) -> Floats:
    """Let the bin of levels never seen, where it has the worst bin's WOE, err with that bin; shape (1 + K, 1 + K)."""
    count, _ = regressed.grouping.tally(regressed.labels)
    like = np.arange(len(table))
    for j, bins in enumerate(regressed.grouping.bins):
        if isinstance(bins, CategoryBins) and bins.never_seen is not None:
            here = regressed.grouping.span(j)
            worst = int(np.argmin(np.where(count[here] > 0, regressed.woe[here], np.inf)))
            like[1 + here.start + bins.never_seen] = 1 + here.start + worst
    return table[np.ix_(like, like)]


def _main_axes(table: Floats, regressed: Regressed, n_errors: int) -> Floats:
    """The covariance's main axes over rows of the fit, scaled so that their average variance stays, shape (1 + K, k)."""
    variance, axes = np.linalg.eigh(table)
    deviation = axes * np.sqrt(np.maximum(variance, 0.0))
    every = slice(None, None, -(-len(regressed.labels) // _AXIS_ROWS))
    held = _spread(regressed.grouping.codes[every] + 1, 1.0, len(table))
    held[:, 0] = 1.0
    rows = (held @ deviation.astype(np.float32)).astype(float) * np.sqrt(regressed.labels.weight[every])[:, None]
    variance, axes = np.linalg.eigh(rows.T @ rows)
    share = float(variance[::-1][:n_errors].sum() / variance.sum())
    return np.asarray(deviation @ axes[:, ::-1][:, :n_errors] / np.sqrt(share), dtype=float)


def _never_seen(regressed: Regressed) -> Floats:
    """An empty bin is as uncertain as its variable's bins are spread; 0 for the others, shape (1 + K,)."""
    grouping, log_odds = regressed.grouping, regressed.log_odds
    count, _ = grouping.tally(regressed.labels)
    error = np.zeros(1 + grouping.n_stacked)
    for j in range(len(grouping.bins)):
        here = grouping.span(j)
        spread = np.average(log_odds[here] ** 2, weights=count[here]) ** 0.5
        error[1:][here] = np.where(count[here] == 0, spread, 0.0)
    return error
