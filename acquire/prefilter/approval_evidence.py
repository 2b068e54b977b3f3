"""Does history's approval follow the stated cut-off? Predicted against seen among applicants, by tenth of the score."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.prefilter.approval import ApprovalModel, read_scores
from acquire.statistics.normal import Z_90

Floats = NDArray[np.float64]

N_BINS = 10
# Approval shares may miss by this much on average before a warning: field, cut-off or side are then likely wrong.
MOST_MISSED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalBin:
    """A tenth of history's applicants, by score.

    Attributes:
        low, high: Lowest and highest score in it.
        n: Applicants.
        predicted, seen: Share approved by the stated cut-off and its noise, and in history.
    """

    low: float
    high: float
    n: int
    predicted: float
    seen: float

    @property
    def missed(self) -> float:
        """How far the shares are apart beyond chance (90 %)."""
        chance = Z_90 * math.sqrt(self.predicted * (1 - self.predicted) / self.n)
        return float(max(0.0, abs(self.seen - self.predicted) - chance))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEvidence:
    """How well the stated cut-off explains who was approved.

    Attributes:
        field, was: As stated.
        n: Applicants in history.
        bins: By score, lowest first.
    """

    field: str
    was: float
    n: int
    bins: tuple[ApprovalBin, ...]

    @property
    def missed(self) -> float:
        """Mean difference between predicted and seen shares beyond chance, over applicants."""
        return float(sum(one.n * one.missed for one in self.bins) / self.n)

    @property
    def follows(self) -> bool:
        """Whether history may be read as approval by this field at this cut-off."""
        return self.missed <= MOST_MISSED

    def note(self) -> str | None:
        """A sentence for the plan's warnings; None where history follows the cut-off."""
        if self.follows:
            return None
        worst = max(self.bins, key=lambda one: one.n * one.missed)
        return (
            f"[approval]: approvals in history do not follow {self.field} at {self.was:g}: of applicants with "
            f"{worst.low:g} to {worst.high:g}, {worst.seen:.0%} were approved where the cut-off says {worst.predicted:.0%}; "
            "check field, op, was and missing before you move the cut-off"
        )


def judge_approval(model: ApprovalModel, history: pd.DataFrame) -> ApprovalEvidence:
    """Hold the model against the applicants of `history`, a frame with `applied`, `approved` and the field.

    Equal scores stay in one bin, so there are fewer than ten where many share a score.
    """
    applied = history[(history["applied"] == 1) & history["approved"].notna()]
    score = read_scores(applied, model.approval)
    approved = applied["approved"].to_numpy(np.float64)
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    starts = np.unique(np.searchsorted(ranked, ranked[np.arange(N_BINS) * len(ranked) // N_BINS]))
    predicted = model.chance(ranked, model.approval.was)
    bins = tuple(
        ApprovalBin(
            low=float(ranked[first]),
            high=float(ranked[last - 1]),
            n=int(last - first),
            predicted=float(predicted[first:last].mean()),
            seen=float(approved[order][first:last].mean()),
        )
        for first, last in zip(starts, [*starts[1:], len(ranked)], strict=True)
    )
    return ApprovalEvidence(field=model.approval.field, was=model.approval.was, n=len(applied), bins=bins)
