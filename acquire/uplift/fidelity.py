"""May the pupil stand in for its teacher? Asked with figures, before anything is served."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.statistics.normal import Z_90
from acquire.uplift.policy_value import best_offers, value_policies

Floats = NDArray[np.float64]

LEAST_CORRELATION = 0.98
MOST_TOTAL_GAP = 0.01
_SHARE = 1 / 3
_NEVER = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition: what, the figure measured, what it must be, and whether it is."""

    what: str
    measured: str
    needed: str
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How the pupil compares with its teacher on rows that neither was shown.

    Attributes:
        n_parity, n_value: Rows behind the parity figures, and behind the values.
        correlation: Smallest correlation of the two, over the chance without the campaign and every offer's uplift.
        total_gap: Largest difference of total bookings, over control and offers, as a share of the teacher's total.
        value: What the teacher's policy adds, in extra accounts per 1,000 leads of traffic (best third, best offer).
        value_gap: The same of the pupil's policy less the teacher's.
        margin: Value that may be lost: one standard error of the teacher's own value.
    """

    n_parity: int
    n_value: int
    correlation: float
    total_gap: float
    value: Estimate
    value_gap: Estimate
    margin: float

    @property
    def passed(self) -> bool:
        """Whether every gate is."""
        return all(gate.passed for gate in self.gates())

    def gates(self) -> tuple[Gate, ...]:
        """Give the conditions with their figures."""
        gap = self.value_gap
        return (
            Gate(
                what="correlation with the teacher",
                measured=f"{self.correlation:.4f}",
                needed=f"at least {LEAST_CORRELATION:g}",
                passed=self.correlation >= LEAST_CORRELATION,
            ),
            Gate(
                what="total bookings against the teacher's",
                measured=f"off by {self.total_gap:.2%}",
                needed=f"at most {MOST_TOTAL_GAP:.0%}",
                passed=self.total_gap <= MOST_TOTAL_GAP,
            ),
            Gate(
                what="extra accounts per 1,000 leads, pupil less teacher",
                measured=f"{gap.expected:+.2f} ({gap.low:+.2f} to {gap.high:+.2f})",
                needed=f"low end above -{self.margin:.2f}",
                passed=gap.low >= -self.margin,
            ),
        )

    def to_content(self) -> dict[str, Any]:
        """Give the figures as plain JSON values."""
        numbers = {name: getattr(self, name) for name in ("n_parity", "n_value", "correlation", "total_gap", "margin")}
        estimates = {
            name: [figure.expected, figure.low, figure.high]
            for name, figure in {"value": self.value, "value_gap": self.value_gap}.items()
        }
        return numbers | estimates

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Fidelity":
        """Read back what `to_content` gave.

        Raises:
            KeyError, TypeError, ValueError: The content is not what `to_content` gave.
        """
        return cls(
            n_parity=int(content["n_parity"]),
            n_value=int(content["n_value"]),
            correlation=_finite(content["correlation"]),
            total_gap=_finite(content["total_gap"]),
            value=_estimate(content["value"]),
            value_gap=_estimate(content["value_gap"]),
            margin=_finite(content["margin"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Rows that neither the pupil nor the teacher of the trial was shown, under both.

    Attributes:
        teacher, pupil: Uplift of each offer, finished, shape (n, J).
        covered: Offers whose effect history can tell, shape (n, J).
        scores: AIPW scores of booked under every arm, shape (n, J + 1).
    """

    teacher: Floats
    pupil: Floats
    covered: NDArray[np.bool_]
    scores: Floats


def measure_fidelity(
    teacher: tuple[Floats, Floats], pupil: tuple[Floats, Floats], trial: Trial, rng: np.random.Generator
) -> Fidelity:
    """Compare the two.

    Args:
        teacher, pupil: Finished p_control, shape (n,), and uplifts, shape (n, J), on rows the pupil was not shown.
        trial: For the values.
        rng: For the bootstrap.
    """
    policies = {
        name: best_offers(np.where(trial.covered, uplift, _NEVER), _SHARE)
        for name, uplift in {"teacher": trial.teacher, "pupil": trial.pupil}.items()
    }
    values = value_policies(trial.scores, policies, rng)
    return Fidelity(
        n_parity=len(teacher[0]),
        n_value=len(trial.scores),
        correlation=min(_correlation(a, b) for a, b in zip(_figures(teacher), _figures(pupil), strict=True)),
        total_gap=_total_gap(teacher, pupil),
        value=values.value("teacher"),
        value_gap=values.difference("pupil", "teacher"),
        margin=(values.value("teacher").high - values.value("teacher").low) / 2 / Z_90,
    )


def _figures(finished: tuple[Floats, Floats]) -> list[Floats]:
    p_control, uplift = finished
    return [p_control, *uplift.T]


def _correlation(teacher: Floats, pupil: Floats) -> float:
    """1 where both are the same for everybody; 0 where one of them alone is."""
    if np.allclose(teacher, pupil, rtol=1e-9, atol=1e-12):
        return 1.0
    spread = float(teacher.std() * pupil.std())
    return float(((teacher - teacher.mean()) * (pupil - pupil.mean())).mean()) / spread if spread > 0 else 0.0


def _total_gap(teacher: tuple[Floats, Floats], pupil: tuple[Floats, Floats]) -> float:
    totals = [
        np.append(p_control.sum(), (p_control[:, None] + uplift).sum(axis=0)) for p_control, uplift in (teacher, pupil)
    ]
    return float(np.abs(totals[1] / totals[0] - 1).max())


def _estimate(written: Any) -> Estimate:
    expected, low, high = (_finite(number) for number in written)
    return Estimate(expected=expected, low=low, high=high)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a figure that is not finite")
    return number
