"""Calibration: bend predicted chances, keeping their order, until what is promised is what happens.

    ln odds after = shift + slope_low * ln(p) - slope_high * ln(1 - p),      slopes >= 0

    none       shift 0, both slopes 1: p itself
    platt      both slopes equal: a straight line in ln odds
    beta       two slopes: the safe and the risky end bend apart
    isotonic   straight lines between knots: the middles of the blocks that pool adjacent violators leaves, with slope 1 beyond

Platt comes first; a more complex one is taken where it saves log loss on rows held out. Isotonic steps are joined by
lines (centred isotonic regression): plain steps promised the safest leads too little by up to half, and it is the safest
leads that a plan picks.

References:
    Platt, J. (1999), "Probabilistic outputs for support vector machines", section 2.2.
    Kull, M., Silva Filho, T. and Flach, P. (2017), "Beta calibration", section 3.
    Oron, A. and Flournoy, N. (2017), "Centered isotonic regression", section 3.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit, log_expit, logit

from acquire.errors import BadInput
from acquire.statistics.logistic import fit_logistic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["none", "platt", "beta", "isotonic"]

_EDGE = 1e-9
# The pull of both slopes towards 1, as a prior of standard deviation 0.3.
_PENALTY = 1 / 0.3**2
# A block's rate counts as if this many rows had gone as predicted; smaller blocks join the next.
_AS_PREDICTED = 20.0
_SMALLEST_BLOCK = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A map of chances that keeps their order; see the module's formula.

    Attributes:
        method: Which formula.
        slope_low, slope_high, shift: Its numbers, but for "isotonic".
        knots: Log odds before and after of each knot of "isotonic", both rising.
        gain: Held-out log loss it saves against no calibration, nats per row.
    """

    method: Method = "none"
    slope_low: float = 1.0
    slope_high: float = 1.0
    shift: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    gain: float = 0.0

    def log_odds(self, log_odds: Floats) -> Floats:
        """Calibrated log odds of given ones, shape (n,)."""
        if self.knots:
            before, after = self._ends()
            return np.asarray(np.interp(log_odds, before, after), dtype=float)
        low, high = log_expit(log_odds), log_expit(-log_odds)
        return np.asarray(self.shift + self.slope_low * low - self.slope_high * high, dtype=float)

    def log_odds_slope(self, log_odds: Floats) -> Floats:
        """Derivative of the calibrated by the given log odds, shape (n,)."""
        if self.knots:
            before, after = self._ends()
            at = np.clip(np.searchsorted(before, log_odds, side="right"), 1, len(before) - 1)
            return np.asarray((np.diff(after) / np.diff(before))[at - 1], dtype=float)
        p = expit(log_odds)
        return np.asarray(self.slope_low * (1 - p) + self.slope_high * p, dtype=float)

    def apply(self, p: Floats) -> Floats:
        """Calibrated chances, shape (n,)."""
        return np.asarray(expit(self.log_odds(_log_odds(p))), dtype=float)

    def _ends(self) -> tuple[Floats, Floats]:
        """The knots with one far beyond each end, at slope 1: before and after, each shape (k + 2,)."""
        before, after = np.asarray(self.knots, dtype=float).T
        far = -2 * np.log(_EDGE)
        return np.r_[before[0] - far, before, before[-1] + far], np.r_[after[0] - far, after, after[-1] + far]

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Calibration":
        """The calibration whose fields were written as plain JSON values.

        Raises:
            BadInput: The method is unknown.
        """
        if content["method"] not in get_args(Method):
            raise BadInput(f"the calibration has method {content['method']!r}; use a file written by this version")
        return cls(
            method=content["method"],
            slope_low=float(content["slope_low"]),
            slope_high=float(content["slope_high"]),
            shift=float(content["shift"]),
            knots=tuple((float(before), float(after)) for before, after in content["knots"]),
            gain=float(content["gain"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFit:
    """A calibration fitted on all rows, and what it gives for each row when fitted on the other folds, shape (n,)."""

    calibration: Calibration
    p_bad: Floats


def fit_calibration(
    predicted: Floats, bad: Floats, *, folds: Ints, weight: Floats | None = None, caution: float = 1.0
) -> CalibrationFit:
    """Choose the calibration by held-out log loss, trying the simpler ones first; slopes are pulled towards 1.

    Args:
        predicted: Out-of-fold chances, shape (n,).
        bad: 0 or 1, shape (n,), or outcomes that stand for it, with their weights.
        folds: Fold numbers to hold out in turn, shape (n,); drawn apart from the folds behind `predicted`.
        weight: Weight per row, shape (n,); default 1.
        caution: A more complex map must save this many standard errors of the log loss it saves.

    Returns:
        The calibration, and the chances it gives out of fold.
    """
    weight = np.ones(len(bad)) if weight is None else weight
    score = _log_odds(predicted)
    chosen, best = Calibration(), score
    fits: tuple[Callable[[Floats, Floats, Floats], Calibration], ...] = (_platt, _beta, _isotonic)
    for fit in fits:
        held_out = np.empty(len(bad))
        for fold in np.unique(folds):
            train, test = folds != fold, folds == fold
            held_out[test] = fit(score[train], bad[train], weight[train]).log_odds(score[test])
        saved = weight * (_nats(best, bad) - _nats(held_out, bad)) / weight.mean()
        gain, error = float(saved.mean()), float(saved.std() / np.sqrt(len(saved)))
        # Platt's line is always worth its two numbers: pulled towards "no change", it costs nothing where nothing is wrong.
        if fit is _platt or gain > caution * error:
            chosen, best = replace(fit(score, bad, weight), gain=gain + chosen.gain), held_out
    return CalibrationFit(calibration=chosen, p_bad=np.asarray(expit(best), dtype=float))


def _platt(score: Floats, bad: Floats, weight: Floats) -> Calibration:
    fit = fit_logistic(score[:, None], bad, weight=weight, penalty=_PENALTY, centre=np.ones(1))
    slope = float(fit.coefficients[0])
    return Calibration(method="platt", slope_low=slope, slope_high=slope, shift=fit.intercept)


def _beta(score: Floats, bad: Floats, weight: Floats) -> Calibration:
    ends = np.column_stack([log_expit(score), -log_expit(-score)])
    fit = fit_logistic(ends, bad, weight=weight, penalty=_PENALTY, centre=np.ones(2))
    low, high = fit.coefficients.tolist()
    return Calibration(method="beta", slope_low=low, slope_high=high, shift=fit.intercept)


def _isotonic(score: Floats, bad: Floats, weight: Floats) -> Calibration:
    # Rows of one score go together: pooled one by one they would make knots that stand above each other.
    score, at, rows = np.unique(score, return_inverse=True, return_counts=True)
    held = np.maximum(np.bincount(at, weights=weight), 1e-12)
    n_bad = np.bincount(at, weights=weight * bad)
    starts = _joined(isotonic_regression(n_bad / held, weights=held).blocks[:-1], rows)
    count, n_bad, expected, middle = (
        np.add.reduceat(column, starts) for column in (held, n_bad, held * expit(score), held * score)
    )
    # What stands for a label can lie outside 0 and 1: a block's sum must not.
    rate = (np.clip(n_bad, 0.0, count) + _AS_PREDICTED * expected / count) / (count + _AS_PREDICTED)
    after = np.maximum.accumulate(_log_odds(rate))
    # Knots that a smaller neighbour has caught up with would stand on a flat line: only the first of them is kept.
    rises = np.r_[True, np.diff(after) > 1e-9]
    knots = zip((middle / count)[rises].tolist(), after[rises].tolist(), strict=True)
    return Calibration(method="isotonic", knots=tuple(knots))


def _joined(starts: Ints, rows: Ints) -> Ints:
    """First score of each block once blocks of too few rows have joined the next, and the last one the one before."""
    before = np.r_[0, np.cumsum(rows)]
    kept = [0]
    for start in starts[1:].tolist():
        if before[start] - before[kept[-1]] >= _SMALLEST_BLOCK:
            kept.append(start)
    if len(kept) > 1 and before[-1] - before[kept[-1]] < _SMALLEST_BLOCK:
        kept.pop()
    return np.array(kept, dtype=np.int64)


def _log_odds(p: Floats) -> Floats:
    return np.asarray(logit(np.clip(p, _EDGE, 1 - _EDGE)), dtype=float)


def _nats(log_odds: Floats, bad: Floats) -> Floats:
    return np.asarray(np.logaddexp(0.0, log_odds) - bad * log_odds, dtype=float)
