"""Champion and challenger side by side on the same held-out rows, with the interval of their difference.

    difference of a figure = challenger's - champion's, on the same rows under the same weights

so that what makes both wrong cancels. Rows are reweighted at random (the Bayesian bootstrap); the two models are taken as they
are: how they would differ if fitted on other rows is not in the interval.

References:
    DeLong, E. et al. (1988), "Comparing the areas under two or more correlated receiver operating characteristic curves".
    Rubin, D. (1981), "The Bayesian bootstrap", Annals of Statistics 9(1).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.errors import BadInput
from acquire.prefilter.quality_intervals import nats
from acquire.prefilter.ranking import RankingKind
from acquire.statistics.bootstrap import interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_REPLICATES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingFigures:
    """How well one model tells bad from good on rows it did not see.

    Attributes:
        auc: Chance that a bad row is rated worse than a good one.
        log_loss: Nats per row; less is better.
        brier: Mean squared error; less is better.
    """

    auc: float
    log_loss: float
    brier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Champion and challenger on the same held-out rows.

    Attributes:
        champion_kind, challenger_kind: What is compared with what: "scorecard" or "challenger".
        n: Rows; those that are partly matured count as one each.
        n_bad: Bad rows, as weighted.
        champion, challenger: Their figures.
        auc, log_loss, brier: Challenger's minus champion's, each with its paired 90 % interval.
    """

    champion_kind: RankingKind = "scorecard"
    challenger_kind: RankingKind = "challenger"
    n: int
    n_bad: float
    champion: RankingFigures
    challenger: RankingFigures
    auc: Estimate
    log_loss: Estimate
    brier: Estimate

    @property
    def is_better(self) -> bool:
        """Whether the challenger ranks better and says truer chances, both beyond chance."""
        return self.auc.low > 0 and self.log_loss.high < 0

    @property
    def is_worse(self) -> bool:
        """Whether the challenger ranks worse, or says less true chances, beyond chance."""
        return self.auc.high < 0 or self.log_loss.low > 0

    def verdict(self) -> str:
        """What the figures mean, in one sentence."""
        seen = f"on {self.n:,} held-out bookings the {self.challenger_kind}'s AUC differs by {self.auc.expected:+.4f} "
        seen += f"({self.auc.low:+.4f} to {self.auc.high:+.4f})"
        if self.is_better:
            return f"The {self.challenger_kind} tells bad from good better: {seen}. It may be promoted."
        if self.is_worse:
            return f"The {self.challenger_kind} is worse: {seen}. Keep the {self.champion_kind}."
        return f"No difference beyond chance: {seen}. Keep the {self.champion_kind}."

    def to_content(self) -> dict[str, Any]:
        """The comparison as plain JSON values."""
        content = asdict(self)
        for name in ("auc", "log_loss", "brier"):
            content[name] = {end: content[name][end] for end in ("expected", "low", "high")}
        return content

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Comparison":
        """The comparison that `to_content` gave, or that stands in plan.json."""
        differences = {
            name: Estimate(**{end: content[name][end] for end in ("expected", "low", "high")})
            for name in ("auc", "log_loss", "brier")
        }
        figures = {name: RankingFigures(**content[name]) for name in ("champion", "challenger")}
        return cls(**{**content, **figures, **differences})


def compare(
    p_champion: Floats, p_challenger: Floats, bad: Floats, rng: np.random.Generator, weight: Floats | None = None
) -> Comparison:
    """Compare two models on rows that neither saw.

    Args:
        p_champion, p_challenger: Chances to go bad by either, shape (n,).
        bad: 0 or 1, shape (n,); fractions and values a little outside count as what they add up to.
        rng: Source of the replicates' weights.
        weight: Weight per row, shape (n,); default 1.

    Raises:
        BadInput: The rows are all good or all bad, or the columns are not of one length.
    """
    weight = np.ones(len(bad)) if weight is None else weight
    if len({len(p_champion), len(p_challenger), len(bad), len(weight)}) > 1:
        raise BadInput("champion, challenger and outcomes have columns of unequal length; give one row per booking")
    n_bad = float(weight @ bad)
    if not 0 < n_bad < weight.sum():
        raise BadInput(f"of {len(bad)} held-out bookings {n_bad:g} are bad; a comparison needs both bad and good ones")
    judges = [_Judge.of(p, bad) for p in (p_champion, p_challenger)]
    points = np.array([judge.figures(weight) for judge in judges])
    draws = np.empty((N_REPLICATES, 3))
    for i in range(N_REPLICATES):
        drawn = weight * rng.standard_exponential(len(bad))
        draws[i] = np.subtract(judges[1].figures(drawn), judges[0].figures(drawn))
    differences = [interval(points[1, k] - points[0, k], draws[:, k]) for k in range(3)]
    champion, challenger = (RankingFigures(auc=a, log_loss=loss, brier=b) for a, loss, b in points.tolist())
    return Comparison(
        n=int((weight > 0).sum()),
        n_bad=n_bad,
        champion=champion,
        challenger=challenger,
        auc=differences[0],
        log_loss=differences[1],
        brier=differences[2],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """One model's chances, sorted once, so that each set of weights costs a few sums.

    Attributes:
        order: Rows from the safest to the riskiest.
        bad: Outcomes in that order.
        ties: First position of each group of equal chances.
        losses: Log loss and squared error per row, in the rows' own order, shape (n, 2).
    """

    order: Ints
    bad: Floats
    ties: Ints
    losses: Floats

    @classmethod
    def of(cls, p: Floats, bad: Floats) -> "_Judge":
        order = np.argsort(p, kind="stable")
        # Linear in the outcome, as log loss is, so that a stand-in for a label counts as what it stands for.
        squared = bad * (1 - p) ** 2 + (1 - bad) * p**2
        return cls(
            order=order,
            bad=bad[order],
            ties=np.flatnonzero(np.r_[True, np.diff(p[order]) > 0]),
            losses=np.column_stack([nats(p, bad), squared]),
        )

    def figures(self, weight: Floats) -> tuple[float, float, float]:
        """AUC, log loss and Brier score under the weights."""
        ordered = weight[self.order]
        bad = np.add.reduceat(ordered * self.bad, self.ties)
        good = np.add.reduceat(ordered * (1 - self.bad), self.ties)
        safer = np.cumsum(good) - good / 2
        auc = float(bad @ safer / (bad.sum() * good.sum()))
        log_loss, brier = (weight @ self.losses / weight.sum()).tolist()
        return auc, log_loss, brier
