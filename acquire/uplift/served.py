"""What is shipped: a compact model that scores leads as the fitted learner does. No causalml, no pickle, no foreign parser.

raw figures   one pupil for all offers (acquire.uplift.distil); the teacher's own models where a gate says no
finished      calibrated, along the dose, inside (0, 1): the same `finish` as the teacher's
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import UNREADABLE, BadInput
from acquire.statistics.encoding import Encoder
from acquire.uplift.calibrate import EffectCalibration
from acquire.uplift.dose import Dose
from acquire.uplift.effects import channels_of, finish
from acquire.uplift.fidelity import Fidelity
from acquire.uplift.oblivious import ObliviousTrees
from acquire.uplift.scorer import EffectScorer
from acquire.uplift.support import Support

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Names = NDArray[np.str_]

FORMAT = 1
_MOST_OFFERS = 100
_KEYS = {
    "format", "features", "levels", "offers", "pupil", "teacher", "calibration", "control_scale", "dose", "support",
    "usual", "fidelity",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedEffects:
    """What each offer changes, ready for traffic.

    Attributes:
        offers: Names, without control.
        encoder: How features become numbers, in their order.
        pupil: Gives p_control and every offer's uplift at once, not yet finished.
        teacher: The fitted models, one per fold; empty where the pupil serves.
        calibration, control_scale, dose: What `finish` needs.
        support: Where history can tell what an offer changes; None = everywhere.
        usual: Per column of the matrix a low, a usual and a high value, shape (n_columns, 3): what reasons compare with.
        fidelity: How pupil and teacher compare.
    """

    offers: tuple[str, ...]
    encoder: Encoder
    pupil: ObliviousTrees
    teacher: tuple[EffectScorer, ...]
    calibration: EffectCalibration
    control_scale: float
    dose: Dose | None
    support: Support | None
    usual: Floats
    fidelity: Fidelity

    def score(self, leads: pd.DataFrame) -> tuple[Floats, Floats]:
        """Give p_booked_control, shape (n,), and uplifts, shape (n, J), of the leads.

        Raises:
            BadInput: A column is missing.
        """
        return self.score_matrix(self.encoder.matrix(leads), channels_of(leads))

    def score_lead(self, lead: Mapping[str, object]) -> tuple[float, Floats]:
        """Give p_booked_control and the uplifts, shape (J,), of one lead, without a table around it.

        Args:
            lead: Value of every feature; None or no entry = missing.
        """
        channel = np.array([str(lead.get("channel") or "")])
        p_control, uplift = self.score_matrix(self.encoder.row(lead), channel)
        return float(p_control[0]), uplift[0]

    def score_matrix(self, matrix: Floats, channel: Names) -> tuple[Floats, Floats]:
        """The same from encoded features, shape (n, n_columns), and each lead's channel, shape (n,)."""
        p_control, uplift = self.raw(matrix)
        return finish(self.calibration, self.control_scale, self.dose, p_control, uplift, channel)

    def raw(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Give the figures before they are finished."""
        if self.teacher:
            scores = [scorer.score(matrix) for scorer in self.teacher]
            return np.mean([c for c, _ in scores], axis=0), np.mean([u for _, u in scores], axis=0)
        figures = self.pupil.predict(matrix)
        return figures[:, 0], figures[:, 1:]

    def covers(self, leads: pd.DataFrame) -> Flags | None:
        """Give the offers whose effect on each lead history can tell, shape (n, J); None where that is so for all."""
        return None if self.support is None else self.support.covers(self.encoder.matrix(leads))

    def to_content(self) -> dict[str, Any]:
        """Give the model as plain JSON values."""
        return {
            "format": FORMAT,
            "features": [[feature.name, feature.kind] for feature in self.encoder.features],
            "levels": [list(levels) for levels in self.encoder.levels],
            "offers": list(self.offers),
            "pupil": self.pupil.to_content(),
            "teacher": [scorer.to_content() for scorer in self.teacher],
            "calibration": self.calibration.to_content(),
            "control_scale": self.control_scale,
            "dose": None if self.dose is None else self.dose.to_content(),
            "support": None if self.support is None else self.support.to_content(),
            "usual": [[None if np.isnan(value) else value for value in row] for row in self.usual.tolist()],
            "fidelity": self.fidelity.to_content(),
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any], features: tuple[Feature, ...]) -> "ServedEffects":
        """Give the model that `to_content` gave; it scores the same, bit for bit.

        Args:
            content: From anybody.
            features: Columns that the models of the same folder read, in order.

        Raises:
            BadInput: It is no model of this version over those features.
        """
        try:
            return cls._from_content(content, features)
        except UNREADABLE:
            raise _damaged("a form that is not of this version") from None

    @classmethod
    def _from_content(cls, content: Mapping[str, Any], features: tuple[Feature, ...]) -> "ServedEffects":
        if set(content) != _KEYS or content["format"] != FORMAT:
            raise _damaged("a form that is not of this version")
        if content["features"] != [[feature.name, feature.kind] for feature in features]:
            raise _damaged("other features, or in another order, than the folder lists")
        offers = _names(content["offers"], _MOST_OFFERS)
        if not offers or not isinstance(content["teacher"], list):
            raise _damaged("no offers, or no lists where lists belong")
        n = len(features)
        dose, support = content["dose"], content["support"]
        served = cls(
            offers=offers,
            encoder=Encoder.of(features, content["levels"]),
            pupil=ObliviousTrees.from_content(content["pupil"], n, len(offers) + 1),
            teacher=tuple(EffectScorer.from_content(scorer, n) for scorer in content["teacher"]),
            calibration=EffectCalibration.from_content(content["calibration"]),
            control_scale=_finite(content["control_scale"]),
            dose=None if dose is None else Dose.from_content(dose, len(offers)),
            support=None if support is None else Support.from_content(support, n),
            usual=np.array([[np.nan if v is None else _finite(v) for v in row] for row in content["usual"]]),
            fidelity=Fidelity.from_content(content["fidelity"]),
        )
        _check(served)
        return served


def _check(served: ServedEffects) -> None:
    """Raise BadInput unless the parts fit together."""
    encoder, offers, calibration = served.encoder, len(served.offers), served.calibration
    per_offer = (calibration.curves, calibration.average, calibration.channel_average, calibration.differs)
    averages = np.array([*calibration.average, *(mean for line in calibration.channel_average for mean in line)])
    if (
        any(len(part) != offers for part in per_offer)
        or any(len(line) != len(calibration.channels) for line in calibration.channel_average)
        or len(set(calibration.channels)) != len(calibration.channels)
        or not np.isfinite(averages).all()
    ):
        raise _damaged("a calibration that does not fit its offers")
    if any(len(scorer.effects) != offers for scorer in served.teacher):
        raise _damaged("a teacher of other offers")
    if served.support is not None and len(served.support.bounds) != offers:
        raise _damaged("an overlap model of other offers")
    if served.usual.shape != (len(encoder.features), 3):
        raise _damaged("usual values that do not fit its features")


def _names(written: object, most: int) -> tuple[str, ...]:
    if not isinstance(written, list) or len(written) > most or any(not isinstance(name, str) for name in written):
        raise _damaged("a list of names that is none, or too long")
    if len(set(written)) < len(written):
        raise _damaged("a name twice")
    return tuple(written)


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise _damaged("a number that is none, or not finite")
    return float(value)


def _damaged(what: str) -> BadInput:
    return BadInput(f"the served model has {what}; use a file that this version wrote")
