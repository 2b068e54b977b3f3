"""The other side of what contacts added: bookings that went bad, read like the bookings, where their outcome is final.

extra bad            = sum_i a_i (booked and bad)_i           a_i as in intent_to_treat.py
incremental bad rate = extra bad / extra bookings             Fieller's interval; not known where the extra may be none
"""

import math
from dataclasses import dataclass

import numpy as np

from acquire.domain import Estimate
from acquire.uplift.cuped import explained_part
from acquire.uplift.fieller import ratio_interval
from acquire.uplift.intent_to_treat import (
    FEWEST_TO_COMPARE,
    cells,
    covariance,
    hidden_variance,
    influences,
    row_weights,
)
from acquire.uplift.trial import Flags, Floats, Trial

# Bookings without a final label, as of the last days, may differ from the others; so many of them hardly move a rate.
LEAST_MATURED = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class BadReading:
    """Bad bookings of one group of contacts and of its controls.

    Attributes:
        matured: Share of the bookings whose outcome is final, of the arm where it is smaller; NaN without bookings.
        bad_rate, control_bad_rate: Of the bookings with a final outcome; NaN where there are none.
        extra_bad: Bad bookings that contacts added. Undefined below `LEAST_MATURED`, and so is the rate.
        incremental_bad_rate: Bad share of the extra bookings; NaN (not yet known) where there may be no extra bookings.
    """

    matured: float
    bad_rate: float
    control_bad_rate: float
    extra_bad: Estimate
    incremental_bad_rate: Estimate


def read_bads(trial: Trial, slopes: Floats, z: float) -> BadReading | None:
    """Read the bad bookings of some rows; None where nobody wrote down which are bad.

    Where a few bookings have no final outcome yet, those that have one stand for them, arm by arm.

    Args:
        trial: The rows.
        slopes: Of what was known before, as for the bookings: the extra bookings are the same figure here and there.
        z: Half-width of the intervals in standard deviations.
    """
    if trial.bad is None:
        return None
    arms = (trial.arm > 0, trial.arm == 0)
    shares = [_matured(trial, arm) for arm in arms]
    known = [share for share in shares if math.isfinite(share)]
    rates = [_bad_rate(trial, arm) for arm in arms]
    matured = min(known, default=math.nan)
    unknown = Estimate(expected=math.nan)
    readable = matured >= LEAST_MATURED and arms[0].any() and arms[1].sum() >= FEWEST_TO_COMPARE
    extra_bad, rate = _added(trial, slopes, z, shares) if readable else (unknown, unknown)
    return BadReading(
        matured=matured,
        bad_rate=rates[0],
        control_bad_rate=rates[1],
        extra_bad=extra_bad,
        incremental_bad_rate=rate,
    )


def _added(trial: Trial, slopes: Floats, z: float, shares: list[float]) -> tuple[Estimate, Estimate]:
    assert trial.bad is not None  # noqa: S101 - the caller asked
    stands_for = np.where(trial.arm > 0, *(1 / share if share > 0 else 0.0 for share in shares))
    bad = trial.booked * np.nan_to_num(trial.bad) * stands_for
    weight, cell = row_weights(trial), cells(trial)
    left = trial.booked - explained_part(trial.before, slopes)
    by_bad, by_left = influences(bad, weight, cell), influences(left, weight, cell)
    extra_bad = float(weight @ bad)
    variance = covariance(by_bad, by_bad, trial.person) + hidden_variance(bad, trial.arm, weight)
    half = z * math.sqrt(variance)
    rate = ratio_interval(
        extra_bad,
        float(weight @ left),
        above_variance=variance,
        below_variance=covariance(by_left, by_left, trial.person) + hidden_variance(trial.booked, trial.arm, weight),
        covariance=covariance(by_bad, by_left, trial.person),
        z=z,
    )
    return Estimate(expected=extra_bad, low=extra_bad - half, high=extra_bad + half), rate


def _matured(trial: Trial, arm: Flags) -> float:
    booked = _booked(trial, arm)
    return float((~np.isnan(booked)).mean()) if len(booked) else math.nan


def _bad_rate(trial: Trial, arm: Flags) -> float:
    booked = _booked(trial, arm)
    final = booked[~np.isnan(booked)]
    return float(final.mean()) if len(final) else math.nan


def _booked(trial: Trial, arm: Flags) -> Floats:
    """Bad labels of the bookings of an arm."""
    assert trial.bad is not None  # noqa: S101 - the caller asked
    labels: Floats = trial.bad[arm & (trial.booked == 1)]
    return labels
