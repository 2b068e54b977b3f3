"""Magnitudes one can add up: predictions shrunk towards what rows that were not used for fitting show."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PRIOR_SD_OF_SLOPE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCalibration:
    """Per offer a straight line: calibrated uplift = mean + slope * (uplift - mean_predicted).

    Attributes:
        mean: Average effect that held-out rows show, per offer.
        mean_predicted: Average prediction on the same rows, per offer.
        slope: How much of a predicted difference between leads is real, per offer; 0 = none, then all get the average.
    """

    mean: tuple[float, ...]
    mean_predicted: tuple[float, ...]
    slope: tuple[float, ...]

    def apply(self, uplift: Floats) -> Floats:
        """Give calibrated uplifts, shape (n, n_offers)."""
        mean, slope, centre = (
            np.asarray(line, dtype=np.float64) for line in (self.mean, self.slope, self.mean_predicted)
        )
        calibrated: Floats = mean + slope * (uplift - centre)
        return calibrated

    def averaged(self, keep: tuple[bool, ...]) -> "EffectCalibration":
        """Give the calibration in which offers that are not kept have their average effect for every lead."""
        slope = tuple(slope if kept else 0.0 for slope, kept in zip(self.slope, keep, strict=True))
        return dataclasses.replace(self, slope=slope)


def fit_effect_calibration(uplift: Floats, effect_scores: Floats, weight: Floats) -> EffectCalibration:
    """Learn per offer how much of the predicted differences is real.

    The slope of the effect scores on the predictions is the best linear predictor of the effect; it is pulled towards 1 (a
    learner that is right) as far as its own standard error makes it uncertain.

    Args:
        uplift: Predictions by models that did not see the row, shape (n, n_offers).
        effect_scores: AIPW score under the offer minus under control, shape (n, n_offers).
        weight: Rows that count (1) or not (0), shape (n,).

    References:
        Chernozhukov, Demirer, Duflo and Fernandez-Val (2018), "Generic Machine Learning Inference on Heterogeneous Treatment
        Effects", section 2.
    """
    lines = [_line(uplift[:, j], effect_scores[:, j], weight) for j in range(uplift.shape[1])]
    mean, mean_predicted, slope = zip(*lines, strict=True)
    return EffectCalibration(mean=mean, mean_predicted=mean_predicted, slope=slope)


def _line(predicted: Floats, score: Floats, weight: Floats) -> tuple[float, float, float]:
    mean_predicted, mean = np.average(predicted, weights=weight), np.average(score, weights=weight)
    x, y = predicted - mean_predicted, score - mean
    spread = float((weight * x**2).sum())
    if spread <= 1e-12 * float((weight * predicted**2).sum()):  # all alike, but for rounding
        return float(mean), float(mean_predicted), 0.0
    slope = float((weight * x * y).sum()) / spread
    variance = float((weight * x**2 * (y - slope * x) ** 2).sum()) / spread**2
    trust = _PRIOR_SD_OF_SLOPE**2 / (_PRIOR_SD_OF_SLOPE**2 + variance)
    return float(mean), float(mean_predicted), max(0.0, 1 + trust * (slope - 1))
