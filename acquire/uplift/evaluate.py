"""Does the ranking tell leads apart? Qini and AIPW gain, on rows that were not used for fitting."""

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.statistics.bootstrap import bootstrap_mean, interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def extra_outcomes(outcome: Floats, arm: Ints, propensity: Floats, offer: int) -> Floats:
    """Give each row's unbiased share of what the offer adds: outcome / propensity with the offer, minus that under control.

    Args:
        outcome: Observed outcome, shape (n,).
        arm: Arm each row was given, 0 = control, shape (n,).
        propensity: Chance of that arm, shape (n,).
        offer: Arm to be compared with control.

    Returns:
        Shape (n,); 0 for rows of other arms. Its mean is the average effect of the offer.
    """
    side: Floats = (arm == offer).astype(np.float64) - (arm == 0)
    return side * outcome / propensity


def qini_coefficient(score: Floats, extra: Floats) -> float:
    """Give the tie-safe Qini coefficient, in extra outcomes per row.

    The curve is the extra outcome won by treating the top fraction phi by score, g(phi) = sum of `extra` over the top / n, and
    the coefficient is the area between it and the straight line of random targeting. Rows with equal scores enter together, so
    neither their order nor a constant score can move it: a constant score gives exactly 0. Traffic must have been randomised.

    Args:
        score: Predicted uplift, shape (n,).
        extra: As `extra_outcomes` gives them, shape (n,).

    References:
        Radcliffe (2007), "Using control groups to target on predicted lift", Direct Marketing Analytics Journal.
    """
    order = np.argsort(-score, kind="stable")
    return _area(score[order], extra[order], np.ones(len(score)))


def qini_with_interval(score: Floats, extra: Floats, rng: np.random.Generator, n_replicates: int = 100) -> Estimate:
    """Give the Qini coefficient with its 90 % interval; rows are sorted once and reweighted. See `qini_coefficient`."""
    order = np.argsort(-score, kind="stable")
    ranked, ordered = score[order], extra[order]
    point = _area(ranked, ordered, np.ones(len(score)))
    replicates = [_area(ranked, ordered, rng.standard_exponential(len(score))) for _ in range(n_replicates)]
    return interval(point, np.asarray(replicates))


def gain_over_random(
    score: Floats, effect_scores: Floats, rng: np.random.Generator, top_share: float = 1 / 3, fold: Ints | None = None
) -> Estimate:
    """Give what targeting by score adds: effect among the top share minus effect at random, per 1,000 contacts.

    Scores by several models are ranked model by model: a model that saw more luck elsewhere scores all of its rows higher, and
    its own rows had less of it, so that ranks over all rows would speak against every ranking.

    Args:
        score: Predicted uplift, shape (n,).
        effect_scores: AIPW score under the offer minus under control, shape (n,).
        rng: For the bootstrap.
        top_share: Share of the rows that would be contacted.
        fold: Which model scored the row, shape (n,); None where one scored all.
    """
    model = np.zeros(len(score), dtype=np.int64) if fold is None else fold
    parts = np.zeros(len(score))
    for k in np.unique(model):
        rows = model == k
        # Around the average: how large the effect is must not blur how much larger it is at the top.
        parts[rows] = _lift(score[rows], top_share) * (effect_scores[rows] - effect_scores[rows].mean())
    return bootstrap_mean(1000 * parts, rng)


def _lift(score: Floats, top_share: float) -> Floats:
    """How much more often than at random each row is contacted; 0 on average."""
    threshold = np.quantile(score, 1 - top_share)
    above, tied = score > threshold, score == threshold
    # Where all are tied nothing is chosen: exactly 0, since a rounding error of the same sign everywhere reads as evidence.
    if tied.all():
        return np.zeros(len(score))
    # Rows tied at the threshold enter with the fraction that fills the share, so that their order does not matter.
    fill = (top_share * len(score) - above.sum()) / max(tied.sum(), 1)
    chosen = above + fill * tied
    lift: Floats = chosen / chosen.mean() - 1
    return lift


def _area(ranked: Floats, extra: Floats, weight: Floats) -> float:
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # last row of each group of ties
    fraction = np.concatenate([[0.0], weight.cumsum()[ends]]) / weight.sum()
    gain = np.concatenate([[0.0], (weight * extra).cumsum()[ends]]) / weight.sum()
    return float(np.trapezoid(gain, fraction) - gain[-1] / 2)
