"""Magnitudes one can add up: predictions shrunk towards what rows that were not used for fitting show."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.uplift.channel_shift import shrunk_shifts
from acquire.uplift.effect_curve import EffectCurve, fit_effect_curve, flat_curve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.str_]

_FEWEST_ROWS = 2
_LEAST_OF_SHARE = 0.5  # chances below half of the booked share count as that: what is rare is not known that finely


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRows:
    """Rows that tell how far predictions may be believed: none was seen by the model that predicted it.

    Attributes:
        predicted: Effects as a learner gives them, shape (n, J).
        scores: AIPW score under each offer minus under control, shape (n, J).
        variance: Of each score, as far as chance goes, shape (n, J).
        counts: Rows and offers where history can tell an effect, shape (n, J).
        channel: Each row's channel, shape (n,).
    """

    predicted: Floats
    scores: Floats
    variance: Floats
    counts: Flags
    channel: Names

    def taken(self, rows: Flags) -> "EffectRows":
        """Give some of the rows."""
        return EffectRows(**{f.name: getattr(self, f.name)[rows] for f in dataclasses.fields(self)})

    @property
    def average(self) -> Floats:
        """Average effect of each offer, shape (J,); 0 where no row counts."""
        n = self.counts.sum(axis=0)
        average: Floats = np.where(self.counts, self.scores, 0.0).sum(axis=0) / np.maximum(n, 1)
        return average


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCalibration:
    """Per offer a curve from prediction to effect, and what is believed where leads are not seen to differ.

    Attributes:
        curves: Per offer.
        average: Average effect per offer.
        channels: Names of the channels that history knows, in order.
        channel_average: Per offer, the average effect in each channel, shrunk towards the offer's average.
        differs: Per offer, whether leads differ by prediction; else all of a channel get its average.
    """

    curves: tuple[EffectCurve, ...]
    average: tuple[float, ...]
    channels: tuple[str, ...]
    channel_average: tuple[tuple[float, ...], ...]
    differs: tuple[bool, ...]

    def apply(self, uplift: Floats, channel: Names) -> Floats:
        """Give calibrated uplifts, shape (n, J).

        Args:
            uplift: As the learner gives them, shape (n, J).
            channel: Each lead's channel, shape (n,); of one that history does not know, the offer's average is believed.
        """
        alike = self.averages(channel)
        columns = [
            curve.apply(uplift[:, j]) if differs else alike[:, j]
            for j, (curve, differs) in enumerate(zip(self.curves, self.differs, strict=True))
        ]
        return np.column_stack(columns)

    def averages(self, channel: Names) -> Floats:
        """Give the average effects of each lead's channel, shape (n, J)."""
        at = {name: number for number, name in enumerate(self.channels)}
        code = np.array([at.get(name, -1) for name in channel.tolist()], dtype=np.int64)
        by_channel = np.column_stack([np.asarray(self.channel_average), self.average])  # the last stands for all others
        return by_channel.T[code]

    def averaged(self, keep: tuple[bool, ...]) -> "EffectCalibration":
        """Give the calibration in which offers that are not kept have the average effect of each channel for every lead."""
        differs = tuple(own and kept for own, kept in zip(self.differs, keep, strict=True))
        return dataclasses.replace(self, differs=differs)

    def for_average_of_models(self, held_out: Floats, by_model: Floats) -> "EffectCalibration":
        """Give the calibration for the mean of K models, learnt on predictions of one model at a time.

        Averaging takes noise away and with it spread, while what the models share with the truth stays: the slope of the effect
        on the mean is that on a single model's prediction times  var(single) / var(mean).  The level is set so that both
        give the same total over the same rows.

        Args:
            held_out: Predictions for some rows by the model that did not see them, shape (m, J).
            by_model: Predictions for the same rows by every model, shape (K, m, J).
        """
        mean = by_model.mean(axis=0)
        single, together = by_model.var(axis=1).mean(axis=0), mean.var(axis=0)
        spread = np.divide(together, single, out=np.ones_like(single), where=(single > 0) & (together > 0))
        curves = tuple(
            _levelled(curve, curve.drawn_together(float(spread[j])), held_out[:, j], mean[:, j])
            for j, curve in enumerate(self.curves)
        )
        return dataclasses.replace(self, curves=curves)

    def to_content(self) -> dict[str, object]:
        """Give the calibration as plain JSON values."""
        return {**dataclasses.asdict(self), "curves": [curve.to_content() for curve in self.curves]}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "EffectCalibration":
        """Read back what `to_content` gave, from JSON or not."""
        return cls(
            curves=tuple(EffectCurve.from_content(curve) for curve in content["curves"]),
            average=tuple(map(float, content["average"])),
            channels=tuple(map(str, content["channels"])),
            channel_average=tuple(tuple(map(float, line)) for line in content["channel_average"]),
            differs=tuple(map(bool, content["differs"])),
        )


def chance_variance(p_control: Floats, uplift: Floats, propensity: Floats, booked_share: float) -> Floats:
    """Give how far chance alone moves each row's effect scores: their variance, shape (n, J).

        p_offer (1 - p_offer) / propensity_offer + p_control (1 - p_control) / propensity_control

    Args:
        p_control: Chance to book without the campaign, shape (n,).
        uplift: Predicted effects, shape (n, J).
        propensity: Chance of every arm, control first, shape (n, J + 1).
        booked_share: Of all rows; no chance counts as less than half of it.
    """
    least = _LEAST_OF_SHARE * booked_share
    chance = np.clip(np.column_stack([p_control, p_control[:, None] + uplift]), least, 1 - least)
    variance = chance * (1 - chance) / propensity
    both: Floats = variance[:, 1:] + variance[:, :1]
    return both


def fit_effect_calibration(rows: EffectRows, average: Floats | None = None) -> EffectCalibration:
    """Learn per offer how much of the predicted differences is real, and the average effect of each channel.

    Args:
        rows: Held-out rows.
        average: Average effects that the rows' totals are set to, shape (J,); None = the rows' own.

    References:
        See `fit_effect_curve` and `shrunk_shifts`.
    """
    mean = rows.average if average is None else average
    channels, code = np.unique(rows.channel, return_inverse=True)
    curves, by_channel = [], []
    for j, level in enumerate(mean):
        counts = rows.counts[:, j]
        score, variance = rows.scores[counts, j], rows.variance[counts, j]
        enough = int(counts.sum()) >= _FEWEST_ROWS
        curves.append(
            fit_effect_curve(rows.predicted[counts, j], score, variance, level) if enough else flat_curve(level)
        )
        shift = shrunk_shifts(score - level, code[counts].astype(np.int64), len(channels))
        by_channel.append(tuple((level + shift).tolist()))
    return EffectCalibration(
        curves=tuple(curves),
        average=tuple(mean.tolist()),
        channels=tuple(map(str, channels)),
        channel_average=tuple(by_channel),
        differs=(True,) * len(curves),
    )


def cross_calibrate(rows: EffectRows, fold: Ints) -> tuple[Floats, Floats]:
    """Calibrate every row by what the rows of other folds show, so that no row's outcome moves its own estimate.

    All folds are set to the same average effects: one number per offer, which says nothing about who differs from whom.

    Args:
        rows: Held-out rows.
        fold: Fold in which each was held out, shape (n,).

    Returns:
        Calibrated uplifts, and the average effects of each row's channel, both of shape (n, J).
    """
    calibrated, alike = np.empty_like(rows.predicted), np.empty_like(rows.predicted)
    for k in np.unique(fold):
        here = fold == k
        calibration = fit_effect_calibration(rows.taken(~here), rows.average)
        calibrated[here] = calibration.apply(rows.predicted[here], rows.channel[here])
        alike[here] = calibration.averages(rows.channel[here])
    return calibrated, alike


def _levelled(curve: EffectCurve, other: EffectCurve, predicted: Floats, other_predicted: Floats) -> EffectCurve:
    """Give the other curve, moved so that the total over its predictions is that of the curve over its own."""
    return other.moved(float(curve.apply(predicted).mean() - other.apply(other_predicted).mean()))
