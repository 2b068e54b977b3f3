"""Does the ranking tell leads apart? Qini and AIPW gain, on rows that were not used for fitting."""

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.statistics.bootstrap import bootstrap_mean, interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def qini_coefficient(score: Floats, outcome: Floats, treated: Flags, share: Floats, weight: Floats) -> float:
    """Give the tie-safe Qini coefficient, in extra outcomes per row.

    The curve is the extra outcome won by treating the top fraction phi by score:

        g(phi) = sum over the top of weight * outcome * (treated / share - (1 - treated) / (1 - share)) / sum(weight)

    and the coefficient is the area between it and the straight line of random targeting. Rows with equal scores enter together,
    so neither their order nor a constant score can move it: a constant score gives exactly 0.

    Args:
        score: Predicted uplift, shape (n,).
        outcome: Observed outcome, shape (n,).
        treated: Whether the row got the offer (else control), shape (n,).
        share: Chance that the row was treated, shape (n,).
        weight: Bootstrap weights or ones, shape (n,).

    References:
        Radcliffe (2007), "Using control groups to target on predicted lift", Direct Marketing Analytics Journal.
    """
    order = np.argsort(-score, kind="stable")
    return _area(score[order], _extra(outcome, treated, share)[order], weight[order])


def qini_with_interval(
    score: Floats, outcome: Floats, treated: Flags, share: Floats, rng: np.random.Generator, n_replicates: int = 100
) -> Estimate:
    """Give the Qini coefficient with its 90 % interval; the rows are sorted once and reweighted.

    Args and unit as in `qini_coefficient`.
    """
    order = np.argsort(-score, kind="stable")
    ranked, extra = score[order], _extra(outcome, treated, share)[order]
    point = _area(ranked, extra, np.ones(len(score)))
    replicates = [_area(ranked, extra, rng.standard_exponential(len(score))) for _ in range(n_replicates)]
    return interval(point, np.asarray(replicates))


def gain_over_random(
    score: Floats, effect_scores: Floats, rng: np.random.Generator, top_share: float = 1 / 3
) -> Estimate:
    """Give what targeting by score adds: effect among the top share minus effect at random, per 1,000 contacts.

    Args:
        score: Predicted uplift, shape (n,).
        effect_scores: AIPW score under the offer minus under control, shape (n,).
        rng: For the bootstrap.
        top_share: Share of the rows that would be contacted.
    """
    threshold = np.quantile(score, 1 - top_share)
    above, tied = score > threshold, score == threshold
    # Rows tied at the threshold enter with the fraction that fills the share, so that their order does not matter.
    fill = (top_share * len(score) - above.sum()) / max(tied.sum(), 1)
    chosen = above + fill * tied
    return bootstrap_mean(1000 * (chosen / chosen.mean() - 1) * effect_scores, rng)


def _extra(outcome: Floats, treated: Flags, share: Floats) -> Floats:
    return outcome * np.where(treated, 1 / share, -1 / (1 - share))


def _area(ranked: Floats, extra: Floats, weight: Floats) -> float:
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # last row of each group of ties
    fraction = np.concatenate([[0.0], weight.cumsum()[ends]]) / weight.sum()
    gain = np.concatenate([[0.0], (weight * extra).cumsum()[ends]]) / weight.sum()
    return float(np.trapezoid(gain, fraction) - gain[-1] / 2)
