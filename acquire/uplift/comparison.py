"""Rankings side by side on the same rows, so that a winner is claimed only where the paired difference says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.errors import BadInput
from acquire.statistics.bootstrap import interval
from acquire.uplift.curves import Ranking, rank

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Figure = Literal["qini", "auuc", "uplift_at"]

FIGURES: tuple[Figure, ...] = ("qini", "auuc", "uplift_at")
RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingFigures:
    """Qini, AUUC and uplift@k of several rankings; each bootstrap replicate weights the same rows for all of them.

    Attributes:
        names: Of the rankings; the last is "random", a constant score.
        points: Shape (n_rankings, 3), in the order of `FIGURES`.
        draws: Replicates, shape (n_draws, n_rankings, 3).
    """

    names: tuple[str, ...]
    points: Floats
    draws: Floats

    def figure(self, name: str, figure: Figure) -> Estimate:
        """Give one figure of one ranking with its 90 % interval."""
        at, what = self.names.index(name), FIGURES.index(figure)
        return interval(float(self.points[at, what]), self.draws[:, at, what])

    def difference(self, name: str, other: str, figure: Figure) -> Estimate:
        """Give how much better one ranking is than another, with the 90 % interval of the paired difference."""
        at, against, what = self.names.index(name), self.names.index(other), FIGURES.index(figure)
        point = float(self.points[at, what] - self.points[against, what])
        return interval(point, self.draws[:, at, what] - self.draws[:, against, what])

    def beats(self, name: str, other: str, figure: Figure = "qini") -> bool:
        """Whether the paired interval of the difference lies above 0; nothing else is a win."""
        return self.difference(name, other, figure).low > 0


def compare_rankings(
    scores: Mapping[str, Floats],
    outcome: Floats,
    with_offer: Flags,
    rng: np.random.Generator,
    *,
    randomised: bool,
    propensity: Floats | None = None,
    share: float = 0.3,
    n_replicates: int = 200,
) -> RankingFigures:
    """Compare rankings of the same randomised rows with each other and with random.

    Args:
        scores: By name, shape (n,) each: learners, and whatever else they must beat, as a response model.
        outcome: Observed outcome, shape (n,).
        with_offer: Whether the row had the offer, else it is a control, shape (n,).
        rng: For the bootstrap.
        randomised: Whether chance alone decided who got the offer.
        propensity: Chance of what the row was given, shape (n,); None where it was the same for all.
        share: Of uplift@k: the best share of the rows.
        n_replicates: Number of replicates.

    Raises:
        BadInput: The traffic was not randomised.

    References:
        Radcliffe (2007); Rubin (1981), "The Bayesian Bootstrap" (weights Exp(1)).
    """
    if not randomised:
        raise BadInput(
            "offers were not given at random, so a Qini would tell who was given them and not what they change; "
            "compare the AIPW values of policies"
        )
    base = np.ones(len(outcome)) if propensity is None else 1 / propensity
    rankings = [rank(score) for score in (*scores.values(), np.zeros(len(outcome)))]
    draws = [
        _figures(rankings, outcome, with_offer, base * rng.standard_exponential(len(outcome)), share)
        for _ in range(n_replicates)
    ]
    return RankingFigures(
        names=(*scores, RANDOM),
        points=_figures(rankings, outcome, with_offer, base, share),
        draws=np.asarray(draws),
    )


def _figures(rankings: list[Ranking], outcome: Floats, with_offer: Flags, weight: Floats, share: float) -> Floats:
    curves = [ranking.curve(outcome, with_offer, weight) for ranking in rankings]
    return np.array([[curve.qini, curve.auuc, curve.uplift_at(share)] for curve in curves])
