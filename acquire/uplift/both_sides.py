"""Both sides of a booking: what an offer adds in bookings and in bookings that go bad, and the bad rate of what it adds."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.statistics.normal import Z_90
from acquire.uplift.fieller import ratio_interval

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Names = NDArray[np.str_]

EVERY = "all channels"
_PER = 1000
_FEWEST_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BothSides:
    """What one offer adds in one channel, each with its 90 % interval.

    Attributes:
        channel: A channel, or `EVERY`.
        n: History rows that tell.
        extra_booked, extra_bad: Bookings, and bookings that go bad, that the offer adds per 1,000 leads.
        incremental_bad_rate: extra_bad / extra_booked, a fraction; NaN (not known) where the interval of extra_booked touches 0.
    """

    offer: str
    channel: str
    n: int
    extra_booked: Estimate
    extra_bad: Estimate
    incremental_bad_rate: Estimate


def weigh_both_sides(
    booked: Floats, bad: Floats, counts: Flags, channel: Names, offers: tuple[str, ...]
) -> tuple[BothSides, ...]:
    """Give per offer, over all channels and in each, what it adds on both sides.

        extra_booked = mean(booked_offer - booked_control),   extra_bad = mean(bad_offer - bad_control)

    Both come from the same rows, so the interval of their ratio takes their covariance into account (Fieller).

    Args:
        booked: AIPW scores of booked under every arm, control first, shape (n, J + 1).
        bad: The same of booked and bad; NaN where history has no bad label.
        counts: Rows and offers where history can tell an effect, shape (n, J).
        channel: Each row's channel, shape (n,).
        offers: Names of the J offers.

    Returns:
        By offer; first over all channels, then channels by name. Empty where history has no bad label.
    """
    if np.isnan(bad).any():
        return ()
    return tuple(
        line
        for j, offer in enumerate(offers)
        for line in _of_offer(
            offer,
            (booked[:, j + 1] - booked[:, 0])[counts[:, j]],
            (bad[:, j + 1] - bad[:, 0])[counts[:, j]],
            channel[counts[:, j]],
        )
    )


def _of_offer(offer: str, booked: Floats, bad: Floats, channel: Names) -> Iterator[BothSides]:
    everywhere = np.ones(len(channel), dtype=np.bool_)
    sets = {EVERY: everywhere, **{str(name): channel == name for name in np.unique(channel)}}
    for name, rows in sets.items():
        if rows.sum() >= _FEWEST_ROWS:
            yield _of_rows(offer, name, booked[rows], bad[rows])


def _of_rows(offer: str, channel: str, booked: Floats, bad: Floats) -> BothSides:
    n = len(booked)
    covariance = np.cov(booked, bad) / n
    extra_booked, extra_bad = float(booked.mean()), float(bad.mean())
    return BothSides(
        offer=offer,
        channel=channel,
        n=n,
        extra_booked=_per_thousand(extra_booked, float(covariance[0, 0])),
        extra_bad=_per_thousand(extra_bad, float(covariance[1, 1])),
        incremental_bad_rate=ratio_interval(
            extra_bad,
            extra_booked,
            above_variance=float(covariance[1, 1]),
            below_variance=float(covariance[0, 0]),
            covariance=float(covariance[0, 1]),
            z=Z_90,
        ),
    )


def _per_thousand(mean: float, variance: float) -> Estimate:
    half = Z_90 * math.sqrt(variance)
    return Estimate(expected=_PER * mean, low=_PER * (mean - half), high=_PER * (mean + half))
