"""How finely a pilot can read an effect: its split between control and offers, its variance, the smallest effect it finds."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import norm


def arm_shares(n_offers: int) -> tuple[float, float]:
    """Split a channel between its control and each of its offers.

    The control stands against every offer, so it gets the square root of their number times what one offer gets: this makes the
    summed variance of the differences, k/n_control + sum(1/n_offer), the smallest for a given number of leads.

        control = sqrt(k) / (k + sqrt(k)),   each offer = 1 / (k + sqrt(k))

    Returns:
        The share of control and the share of each offer, fractions: control + k x offer = 1.

    References:
        Dunnett, C. W. (1955). A multiple comparison procedure for comparing several treatments with a control, JASA 50,
        section 6.
    """
    root = math.sqrt(n_offers)
    return root / (n_offers + root), 1 / (n_offers + root)


def difference_variance(p_control: float, p_offer: float, controls: Sequence[float], leads: Sequence[float]) -> float:
    """Give the variance of an offer's effect, read channel by channel and weighted by precision.

        h_c = n_offer n_control / (n_offer + n_control),   w_c = h_c / sum(h)
        variance = sum(w_c^2 (p_offer (1 - p_offer) / n_offer + p_control (1 - p_control) / n_control))

    Args:
        p_control, p_offer: Booked shares, the same in every channel.
        controls, leads: Numbers by channel, all above 0.

    References:
        Mantel, N. and Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies, JNCI 22
        (the weights h). Fleiss, J. L. (1981). Statistical Methods for Rates and Proportions, ch. 2 and 10.
    """
    per_offer, per_control = _inverse_sizes(controls, leads)
    return p_offer * (1 - p_offer) * per_offer + p_control * (1 - p_control) * per_control


def detectable_uplift(
    p_control: float, controls: Sequence[float], leads: Sequence[float], *, significance: float, power: float
) -> float:
    """Give the smallest uplift that a two-sided test at `significance` finds with the chance `power`.

    It solves  d = z sqrt(variance(p, p + d)),  z = z(1 - significance / 2) + z(power),  which is quadratic in d.

    Args:
        p_control: Booked share of controls.
        controls, leads: Numbers by channel, all above 0.
        significance: Of this one comparison: divide by the number of offers (Bonferroni) before calling.
        power: Chance to find an effect of the returned size.

    Returns:
        A difference of booked shares; NaN where it would take the booked share above 1.

    References:
        Fleiss, J. L. (1981). Statistical Methods for Rates and Proportions, ch. 3 (without continuity correction).
    """
    z_squared = float(norm.ppf(1 - significance / 2) + norm.ppf(power)) ** 2
    per_offer, per_control = _inverse_sizes(controls, leads)
    a = 1 + z_squared * per_offer
    b = z_squared * per_offer * (1 - 2 * p_control)
    c = z_squared * (per_offer + per_control) * p_control * (1 - p_control)
    uplift = (b + math.sqrt(b * b + 4 * a * c)) / (2 * a)
    return uplift if uplift <= 1 - p_control else math.nan


def _inverse_sizes(controls: Sequence[float], leads: Sequence[float]) -> tuple[float, float]:
    """Sum w_c^2 / n over channels, for the offer and for the control."""
    n_control, n_offer = np.asarray(controls, dtype=float), np.asarray(leads, dtype=float)
    h = n_offer * n_control / (n_offer + n_control)
    w = h / h.sum()
    return float((w**2 / n_offer).sum()), float((w**2 / n_control).sum())
