"""The interval of a ratio whose lower part is uncertain: spend over extra bookings."""

import math

from acquire.domain import Estimate


def ratio_interval(
    above: float, below: float, *, above_variance: float, below_variance: float, covariance: float, z: float
) -> Estimate:
    """Give above / below with Fieller's interval.

    All ratios R for which above - R below is within z standard deviations of 0:

        (above^2 - z^2 v_above) - 2 R (above below - z^2 covariance) + R^2 (below^2 - z^2 v_below) <= 0

    Where the interval of `below` touches 0 this set has no end: the ratio is not known, and all three figures are NaN. So they
    are where `below` is surely negative, as a cost per lost booking would read like a cost per won one.

    Args:
        above, below: Estimates.
        above_variance, below_variance, covariance: Of the two.
        z: Half-width of the interval in standard deviations.

    References:
        Fieller, E. C. (1954), "Some problems in interval estimation", Journal of the Royal Statistical Society B 16(2).
    """
    a = below**2 - z**2 * below_variance
    if not (below > 0 and a > 0):
        return Estimate(expected=math.nan)
    b = above * below - z**2 * covariance
    c = above**2 - z**2 * above_variance
    # Covariances that fit together leave a root; rounding may take a hair too much.
    root = math.sqrt(max(0.0, b * b - a * c))
    return Estimate(expected=above / below, low=(b - root) / a, high=(b + root) / a)
