"""Bootstrap by reweighting: rows are never copied, only weighted, so a replicate costs one matrix product."""

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate

Floats = NDArray[np.float64]

_CHUNK = 50
_LOW, _HIGH = 0.05, 0.95


def bootstrap_means(scores: Floats, rng: np.random.Generator, n_replicates: int = 200) -> Floats:
    """Give Bayesian-bootstrap replicates of the column means of `scores`.

        replicate_b[m] = sum_i(w_bi * scores[i, m]) / sum_i(w_bi),   w_bi ~ Exp(1)

    Args:
        scores: One row per unit, shape (n, m).
        rng: Source of the weights.
        n_replicates: Number of replicates B.

    Returns:
        Replicated means, shape (B, m).

    References:
        Rubin (1981), "The Bayesian Bootstrap", Annals of Statistics 9(1).
    """
    # Around the mean: single precision is then lost on differences only, and a constant stays one.
    centre = scores.mean(axis=0)
    differences = (scores - centre).astype(np.float32)
    parts = []
    for first in range(0, n_replicates, _CHUNK):
        weights = rng.standard_exponential((min(_CHUNK, n_replicates - first), len(scores)), dtype=np.float32)
        parts.append((weights @ differences) / weights.sum(axis=1, keepdims=True))
    replicates: Floats = centre + np.vstack(parts)
    return replicates


def interval(point: float, replicates: Floats) -> Estimate:
    """Give `point` with the 5 % and 95 % quantiles of its replicates; NaN replicates make the interval NaN."""
    low, high = np.quantile(replicates, [_LOW, _HIGH])
    return Estimate(expected=float(point), low=float(low), high=float(high))


def bootstrap_mean(scores: Floats, rng: np.random.Generator, n_replicates: int = 200) -> Estimate:
    """Give the mean of `scores`, shape (n,), with its 90 % bootstrap interval."""
    return interval(float(scores.mean()), bootstrap_means(scores[:, None], rng, n_replicates)[:, 0])
