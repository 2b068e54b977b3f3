"""What a predicted effect means: a curve that never falls, from the prediction to the effect that held-out rows show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from acquire.errors import BadInput

Floats = NDArray[np.float64]

# Places where the curve may bend, and the two at which it is written down beyond them, as quantiles of the predictions.
_BENDS = (0.25, 0.5, 0.75)
_ENDS = (0.01, 0.99)
# Before history is asked: a predicted difference is real (slope 1), give or take this, in all and between the parts.
_SD_OF_SLOPE = 0.25
_SD_OF_BEND = 0.25
_ALIKE = 1e-6
_ANY = 1e-9  # the level has no prior to speak of


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCurve:
    """A curve through points, straight between them and beyond them.

    Attributes:
        predicted: Predictions at the points, rising; one point: the curve is flat.
        effect: Calibrated effects there, never falling.
    """

    predicted: tuple[float, ...]
    effect: tuple[float, ...]

    def __post_init__(self) -> None:
        points = np.array([self.predicted, self.effect])
        if not (points.size and np.isfinite(points).all()):
            raise BadInput("a curve of effects has no points, or one that is not finite; fit the models again")
        if (np.diff(points[0]) <= 0).any() or (np.diff(points[1]) < 0).any():
            raise BadInput("a curve of effects falls; fit the models again")

    def apply(self, predicted: Floats) -> Floats:
        """Give calibrated effects, shape as `predicted`."""
        x, y = np.asarray(self.predicted), np.asarray(self.effect)
        inside: Floats = np.interp(predicted, x, y)
        if len(x) == 1:
            return inside
        slope = np.diff(y) / np.diff(x)
        outside: Floats = slope[0] * np.minimum(predicted - x[0], 0) + slope[-1] * np.maximum(predicted - x[-1], 0)
        return inside + outside

    def drawn_together(self, factor: float) -> "EffectCurve":
        """Give the same curve for predictions that spread `factor` times as much around the same mean."""
        x = np.asarray(self.predicted)
        centre = x[len(x) // 2]
        return EffectCurve(predicted=tuple((centre + factor * (x - centre)).tolist()), effect=self.effect)

    def moved(self, by: float) -> "EffectCurve":
        """Give the same curve with every effect `by` higher."""
        return EffectCurve(predicted=self.predicted, effect=tuple(effect + by for effect in self.effect))

    def to_content(self) -> dict[str, object]:
        """Give the curve as plain JSON values."""
        return {"predicted": list(self.predicted), "effect": list(self.effect)}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "EffectCurve":
        """Read back what `to_content` gave."""
        return cls(predicted=tuple(map(float, content["predicted"])), effect=tuple(map(float, content["effect"])))


def flat_curve(effect: float) -> EffectCurve:
    """Give the curve that has the same effect for every prediction."""
    return EffectCurve(predicted=(0.0,), effect=(effect,))


def fit_effect_curve(predicted: Floats, effect_score: Floats, variance: Floats, average: float) -> EffectCurve:
    """Learn what predicted effects mean from doubly robust scores of rows that were not used for fitting.

        effect = level + sum_k slope_k * (length of the prediction inside part k),   slope_k >= 0

    The parts end at the quartiles of the predictions. The slopes have the prior N(1, sd^2 (11' + I)): a learner that is right, so
    that few or noisy rows leave predictions as they are; rows count by the precision of their scores, since those of people who
    hardly ever book say much more. The level is then set so that the rows have the average effect that is given.

    Args:
        predicted: Effects by models that did not see the row, shape (n,).
        effect_score: AIPW score under the offer minus under control, shape (n,).
        variance: Of each score, as far as chance goes, shape (n,).
        average: Mean of the calibrated effects over these rows.

    References:
        Chernozhukov, Demirer, Duflo and Fernandez-Val (2018), "Generic Machine Learning Inference on Heterogeneous Treatment
        Effects", section 2 (the best linear predictor of the effect). Rasmussen and Williams (2006), "Gaussian Processes for
        Machine Learning", section 2.1 (the Bayesian linear model).
    """
    points = _points(predicted)
    if len(points) < 2:
        return flat_curve(average)
    lengths = _lengths(predicted, points)
    slopes = _slopes(lengths, effect_score, 1 / variance)
    rise = np.concatenate([[0.0], np.cumsum(slopes * np.diff(points))])
    level = average - float((lengths @ slopes).mean())
    return EffectCurve(predicted=tuple(points.tolist()), effect=tuple((level + rise).tolist()))


def _points(predicted: Floats) -> Floats:
    """Where the curve is written down; points that only rounding tells apart are one."""
    points = np.quantile(predicted, (_ENDS[0], *_BENDS, _ENDS[1]))
    least = max(_ALIKE * float(np.ptp(points)), _ALIKE**2 * max(1.0, float(np.abs(points).max())))
    apart: Floats = points[np.concatenate([[True], np.diff(points) > least])]
    return apart


def _lengths(predicted: Floats, points: Floats) -> Floats:
    """How much of each prediction lies in each part, from the first point on; the outer parts have no end, shape (n, parts)."""
    low, high = points[:-1].copy(), points[1:].copy()
    start = low.copy()
    low[0], high[-1] = -np.inf, np.inf
    lengths: Floats = np.clip(predicted[:, None], low, high) - start
    return lengths


def _slopes(lengths: Floats, effect_score: Floats, weight: Floats) -> Floats:
    """Posterior mode of the slopes, none below 0; the level is free."""
    n = lengths.shape[1]
    covariance = _SD_OF_SLOPE**2 + _SD_OF_BEND**2 * np.eye(n)
    prior = np.full((n + 1, n + 1), 0.0)
    prior[0, 0], prior[1:, 1:] = _ANY, np.linalg.inv(covariance)
    design = np.column_stack([np.ones(len(lengths)), lengths])
    start = np.concatenate([[effect_score.mean()], np.ones(n)])
    weighted = design * weight[:, None]
    information = weighted.T @ design + prior
    towards = weighted.T @ effect_score + prior @ start
    root = np.linalg.cholesky(information)
    solved = lsq_linear(root.T, np.linalg.solve(root, towards), bounds=([-np.inf] + [0.0] * n, np.inf))
    slopes: Floats = np.maximum(solved.x[1:], 0.0)
    return slopes
