"""Adstock and saturation: what past weeks of spend still do today, and how much less the next unit of money does.

    a_t = (1 - carry) * s_t + carry * a_(t-1)          adstock: money per week; steady spend s has adstock s
    h(u) = u / (1 + u)  or  1 - 2^(-u)                 saturation of u = a / half: concave, from 0 to 1, h(1) = 1/2
    h(u) = u^2 / (1 + u^2)                             the same with a threshold: little spend does hardly anything

References:
    Broadbent (1979), "One Way TV Advertisements Work", Journal of the Market Research Society 21(3): geometric adstock.
    Jin, Wang, Sun, Chan, Koehler (2017), "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects", section 2.
"""

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# What is left of a week's effect when it no longer counts.
NEGLIGIBLE: Final = 0.01


class Form(IntEnum):
    """Forms of saturation; the first two are concave."""

    HYPERBOLIC = 0
    EXPONENTIAL = 1
    THRESHOLD = 2


def adstock(spend: Floats, carry: float, before: float = 0.0) -> Floats:
    """Give the adstock of each week, shape (n_weeks,), in money per week.

    Args:
        spend: Money per week, shape (n_weeks,).
        carry: Share of a week's effect that lasts into the next, in [0, 1).
        before: Adstock of the week before the first.
    """
    carried, _ = lfilter([1 - carry], [1.0, -carry], spend, zi=[carry * before])
    return np.asarray(carried, dtype=np.float64)


def n_weeks_felt(carry: float) -> int:
    """Weeks after which less than a hundredth of a week's spend is still felt."""
    return 0 if carry <= 0 else int(np.ceil(np.log(NEGLIGIBLE) / np.log(carry)))


def saturate(stock: Floats, half: Floats, form: Ints) -> Floats:
    """Give h(stock / half), a share of the most that spend can do; the arguments broadcast.

    Args:
        stock: Adstock, money per week.
        half: Adstock at which half of the most is reached, above 0.
        form: Which h, a `Form`.
    """
    u = stock / half
    hyperbolic, exponential = u / (1 + u), -np.expm1(-np.log(2.0) * u)
    return np.select([form == Form.EXPONENTIAL, form == Form.THRESHOLD], [exponential, u**2 / (1 + u**2)], hyperbolic)


def slope(stock: Floats, half: Floats, form: Ints) -> Floats:
    """Give the derivative of `saturate` by the stock, per unit of money a week."""
    u = stock / half
    hyperbolic, exponential = (1 + u) ** -2.0, np.log(2.0) * np.exp2(-u)
    threshold = 2 * u / (1 + u**2) ** 2
    by_u: Floats = np.select([form == Form.EXPONENTIAL, form == Form.THRESHOLD], [exponential, threshold], hyperbolic)
    return by_u / half
