"""What channels add to an effect: by how much the rows of each differ from what is predicted for them, pulled towards nothing."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEWEST_ROWS = 2


def shrunk_shifts(surplus: Floats, channel: Ints, n_channels: int) -> Floats:
    """Give each channel's mean surplus, pulled towards 0 as far as chance explains how channels differ.

        shift_c = trust_c * (mean_c - centre),   trust_c = spread^2 / (spread^2 + variance_c)

    `spread` is by how much true means differ between channels, beyond chance; where chance explains all of it, every shift is 0.
    The shifts are then centred over the rows, so that totals stay.

    Args:
        surplus: Effect score less what is predicted, shape (n,).
        channel: Number of each row's channel, from 0, shape (n,).
        n_channels: Number of channels, C.

    Returns:
        Shifts, shape (C,); 0 for a channel without rows.

    References:
        DerSimonian and Laird (1986), "Meta-analysis in clinical trials", Controlled Clinical Trials 7. Morris (1983), "Parametric
        Empirical Bayes Inference: Theory and Applications", JASA 78, section 1.
    """
    n = np.bincount(channel, minlength=n_channels).astype(np.float64)
    known = np.flatnonzero(n >= _FEWEST_ROWS)
    if len(known) < 2:
        return np.zeros(n_channels)
    mean = np.bincount(channel, surplus, n_channels) / np.maximum(n, 1)
    square = np.bincount(channel, (surplus - mean[channel]) ** 2, n_channels)
    variance = square[known] / (n[known] - 1) / n[known]
    if (variance <= 0).any():
        return np.zeros(n_channels)
    weight = 1 / variance
    centre = np.average(mean[known], weights=weight)
    spread = _spread(mean[known] - centre, weight)
    shift = np.zeros(n_channels)
    shift[known] = spread / (spread + variance) * (mean[known] - centre)
    shift[known] -= np.average(shift[known], weights=n[known])
    return shift


def _spread(deviation: Floats, weight: Floats) -> float:
    """Variance of true means between channels, by the method of moments; 0 where chance explains the differences."""
    beyond_chance = float(weight @ deviation**2) - (len(weight) - 1)
    return max(0.0, beyond_chance / float(weight.sum() - (weight**2).sum() / weight.sum()))
