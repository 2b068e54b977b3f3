"""CUPED: what was known of a lead before the lot was drawn explains part of what it did, and so takes part of the chance away.

    left_i = booked_i - slopes . before_i

The lot does not look at `before`, so the difference between contacted and controls stays the same on average; its variance
shrinks by the part that `before` explains. The best `before` is a prediction made beforehand, as p_booked_control of a plan.
"""

import numpy as np

from acquire.uplift.trial import Floats, Ints, Trial

# With fewer controls for each thing known, a slope would be fitted to their luck.
_CONTROLS_PER_SLOPE = 50


def fit_slopes(trial: Trial, weight: Floats, cell: Ints) -> Floats:
    """Fit the slopes that leave least variance in the weighted sum of outcomes.

        minimise  sum_i (weight_i (y_i - slopes . x_i))^2,   y and x centred within each cell

    Args:
        trial: All rows of the experiment.
        weight: Weight of each row in the sum, shape (n,).
        cell: Cells whose means are taken off, shape (n,).

    Returns:
        Shape (k,); 0 where there are too few controls to tell, or `before` does not vary.

    References:
        Deng, A., Xu, Y., Kohavi, R. and Walker, T. (2013), "Improving the sensitivity of online controlled experiments by
        utilizing pre-experiment data", WSDM, section 3.2. Lin, W. (2013), "Agnostic notes on regression adjustments to
        experimental data", Annals of Applied Statistics 7(1).
    """
    k = trial.before.shape[1]
    if k == 0 or int((trial.arm == 0).sum()) < _CONTROLS_PER_SLOPE * k:
        return np.zeros(k)
    design = _centred(trial.before, cell) * weight[:, None]
    target = _centred(trial.booked[:, None], cell)[:, 0] * weight
    slopes, *_ = np.linalg.lstsq(design, target, rcond=None)
    return np.asarray(slopes, dtype=float)


def explained_part(before: Floats, slopes: Floats) -> Floats:
    """Give the part of each outcome that was known beforehand, up to a constant, shape (n,)."""
    return np.asarray(before @ slopes, dtype=float)


def _centred(values: Floats, cell: Ints) -> Floats:
    n = np.maximum(np.bincount(cell), 1)
    means = np.column_stack([np.bincount(cell, weights=column) / n for column in values.T])
    return np.asarray(values - means[cell], dtype=float)
