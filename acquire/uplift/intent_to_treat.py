"""What contacts added, by what the lot gave and not by what was delivered: the difference that chance alone cannot make.

Contacted and controls are compared within each channel, and the differences are added up over the contacted:

    extra = sum over channels c of  n_c (mean booked of contacted - mean booked of controls)  =  sum_i a_i y_i
    a_i   = 1 for contacted rows,  - n_c / n0_c  for the controls of channel c

so `extra` is in bookings, and extra / contacts is the intent-to-treat difference of booked shares. Since the weights a_i of a
channel add up to 0, whatever is known beforehand of all rows may be taken off y without moving what is estimated (cuped.py).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from acquire.uplift.cuped import explained_part
from acquire.uplift.trial import Floats, Ints, Trial

FEWEST_TO_COMPARE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What contacts added, in bookings and in money, with what chance makes of it.

    Attributes:
        contacts, controls: Rows.
        booked, control_booked: Bookings among them.
        spend: Money spent on the contacted; NaN where it is not known.
        plain, plain_variance: Extra bookings by the plain difference; NaN without controls to compare with.
        extra, variance: The same with what was known beforehand taken off; equal to the plain where nothing was known.
        spend_variance, covariance: Of the spend; of spend and extra.
    """

    contacts: int
    controls: int
    booked: float
    control_booked: float
    spend: float
    plain: float = math.nan
    plain_variance: float = math.nan
    extra: float = math.nan
    variance: float = math.nan
    spend_variance: float = math.nan
    covariance: float = math.nan

    @property
    def variance_saved(self) -> float:
        """Share of the variance that knowing the leads beforehand took away; NaN where there is none."""
        return 1 - self.variance / self.plain_variance if self.plain_variance > 0 else math.nan


def measure_added(trial: Trial, slopes: Floats) -> Added:
    """Compare contacted and controls within channels.

    Args:
        trial: The rows; every arm other than control counts as contacted.
        slopes: Of what was known before, shape (k,), as `acquire.uplift.cuped.fit_slopes` gives them.

    References:
        Neyman, J. (1923), "On the application of probability theory to agricultural experiments", section 9 (transl. 1990,
        Statistical Science 5). Agresti, A. and Caffo, B. (2000), "Simple and effective confidence intervals for proportions and
        differences of proportions", The American Statistician 54(4).
    """
    contacted = trial.arm > 0
    numbers = Added(
        contacts=int(contacted.sum()),
        controls=int((~contacted).sum()),
        booked=float(trial.booked[contacted].sum()),
        control_booked=float(trial.booked[~contacted].sum()),
        spend=float(trial.cost[contacted].sum()),
    )
    if numbers.contacts < 1 or numbers.controls < FEWEST_TO_COMPARE:
        return numbers
    weight, cell = row_weights(trial), cells(trial)
    left = trial.booked - explained_part(trial.before, slopes)
    by_plain, by_left = influences(trial.booked, weight, cell), influences(left, weight, cell)
    by_cost = influences(np.where(contacted, trial.cost, 0.0), contacted.astype(np.float64), cell)
    hidden = hidden_variance(trial.booked, trial.arm, weight)
    return replace(
        numbers,
        plain=float(weight @ trial.booked),
        plain_variance=covariance(by_plain, by_plain, trial.person) + hidden,
        extra=float(weight @ left),
        variance=covariance(by_left, by_left, trial.person) + hidden,
        spend_variance=covariance(by_cost, by_cost, trial.person),
        covariance=covariance(by_cost, by_left, trial.person),
    )


def row_weights(trial: Trial) -> Floats:
    """Give a_i of the module's first formula, shape (n,)."""
    group, contacted = trial.strata(), trial.arm > 0
    n_contacted = np.bincount(group[contacted], minlength=len(trial.channels))
    n_controls = np.bincount(group[~contacted], minlength=len(trial.channels))
    return np.where(contacted, 1.0, -(n_contacted / np.maximum(n_controls, 1))[group])


def cells(trial: Trial) -> Ints:
    """Number the cells, contacted and controls of each group of channels, shape (n,)."""
    return 2 * trial.strata() + (trial.arm > 0)


def influences(values: Floats, weight: Floats, cell: Ints) -> Floats:
    """Give how far each row pulls the weighted sum of `values` off its expectation, shape (n,): squares add up to the variance.

    weight * (value - mean of its cell) * sqrt(m / (m - 1)),  m = rows of the cell
    """
    n = np.bincount(cell).astype(np.float64)
    mean = np.bincount(cell, weights=values) / np.maximum(n, 1)
    unbiased = np.sqrt(n / np.maximum(n - 1, 1))
    return np.asarray(weight * (values - mean[cell]) * unbiased[cell], dtype=float)


def covariance(one: Floats, other: Floats, person: Ints) -> float:
    """Add up influences over people: rows of one person, whose numbers `person` gives, are not independent."""
    return float(np.bincount(person, weights=one) @ np.bincount(person, weights=other))


def hidden_variance(values: Floats, arm: Ints, weight: Floats) -> float:
    """Give the variance that few bookings hide: no booking among 50 controls does not mean that there will never be one.

    sum(a^2) * (q (1 - q) - p (1 - p)) in each arm, with p = booked / n and q = (booked + 1) / (n + 2)

    Args:
        values: 0 or 1, as booked, shape (n,).
        arm: 0 = control, shape (n,).
        weight: a, shape (n,).
    """
    hidden = 0.0
    for rows in (arm == 0, arm > 0):
        n, n_booked = rows.sum(), values[rows].sum()
        p, q = n_booked / n, (n_booked + 1) / (n + 2)
        hidden += max(0.0, float((weight[rows] ** 2).sum() * (q * (1 - q) - p * (1 - p))))
    return hidden
