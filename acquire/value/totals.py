"""The totals of a plan with their uncertainty: draws of what is expected, and of what will be observed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate

Floats = NDArray[np.float64]

_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The chosen contacts, one row each; corrected figures.

    Attributes:
        booked, incremental: Accounts, shape (n,).
        bad: Bad accounts, shape (n,); NaN where history has no bad label.
        p_bad_control: Chance of those to go bad who book without the campaign, shape (n,).
        fixed_cost, cost_per_booking: Money, shape (n,).
        revenue, revenue_control: Money per booking, shape (n,); NaN where unknown.
        loss_given_bad: Money a bad booking brings less than a good one, shape (n,).
        contacts: How many contacts each row stands for, shape (n,); None = 1.
    """

    booked: Floats
    incremental: Floats
    bad: Floats
    p_bad_control: Floats
    fixed_cost: Floats
    cost_per_booking: Floats
    revenue: Floats
    revenue_control: Floats
    loss_given_bad: Floats
    contacts: Floats | None = None

    def total(self, each: Floats) -> float:
        """Add up what each contact brings, shape (n,)."""
        return float(each.sum() if self.contacts is None else each @ self.contacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Draws of the plan's totals, each shape (n_draws,); first the mean, then the draws."""

    spend: Floats
    booked: Floats
    incremental: Floats
    bad: Floats
    incremental_bad: Floats
    value: Floats


def expected_totals(chosen: Chosen, ratios: Floats) -> Totals:
    """Give the totals when booked, incremental and bad are off by the given ratios.

    Args:
        chosen: The chosen contacts.
        ratios: True over expected total of booked, incremental and bad, shape (n_draws, 3).
    """
    booked, incremental = chosen.total(chosen.booked) * ratios[:, 0], chosen.total(chosen.incremental) * ratios[:, 1]
    bad = chosen.total(chosen.bad) * ratios[:, 2]
    organic = chosen.booked - chosen.incremental
    more_organic = booked - incremental - chosen.total(organic)
    organic_bad = (
        chosen.total(chosen.p_bad_control * organic) + _organic_mean(chosen, chosen.p_bad_control) * more_organic
    )
    organic_revenue = (
        chosen.total(chosen.revenue_control * organic) + _organic_mean(chosen, chosen.revenue_control) * more_organic
    )
    spend = chosen.total(chosen.fixed_cost) + chosen.total(chosen.booked * chosen.cost_per_booking) * ratios[:, 0]
    more_bad = bad - chosen.total(chosen.bad) * ratios[:, 0]  # beyond what more bookings bring with them
    revenue = chosen.total(chosen.revenue * chosen.booked) * ratios[:, 0] - _loss_per_bad(chosen) * np.nan_to_num(
        more_bad
    )
    return Totals(
        spend=spend,
        booked=booked,
        incremental=incremental,
        bad=bad,
        incremental_bad=bad - organic_bad * ratios[:, 2] / ratios[:, 0],
        value=revenue - organic_revenue - spend,
    )


def observed_totals(chosen: Chosen, expected: Totals, rng: np.random.Generator) -> Totals:
    """Add chance to draws of expected totals: each booking and each bad account is a coin flip.

    Extra accounts are never seen one by one; their observed total is bookings minus what the same people would have done without
    the campaign, so both sides' coins count.
    """
    n = len(expected.booked)
    organic = chosen.booked - chosen.incremental
    flips = rng.standard_normal((n, 3))
    booked_sd = np.sqrt(chosen.total(_coin(chosen.booked)))
    extra_booked = booked_sd * flips[:, 0]
    booked = np.maximum(expected.booked + extra_booked, 0.0)
    p_bad = np.divide(chosen.bad, chosen.booked, out=np.zeros_like(chosen.bad), where=chosen.booked > 0)
    bad_sd = np.sqrt(chosen.total(chosen.booked * _coin(p_bad)))
    bad = np.maximum(expected.bad * booked / np.maximum(expected.booked, 1e-12) + bad_sd * flips[:, 1], 0.0)
    extra_organic = np.sqrt(chosen.total(_coin(organic))) * flips[:, 2]
    cost = chosen.total(chosen.booked * chosen.cost_per_booking) / max(chosen.total(chosen.booked), 1e-12)
    revenue = chosen.total(chosen.booked * chosen.revenue) / max(chosen.total(chosen.booked), 1e-12)
    more_bad = np.nan_to_num(bad - expected.bad * booked / np.maximum(expected.booked, 1e-12))
    return Totals(
        spend=expected.spend + cost * (booked - expected.booked),
        booked=booked,
        incremental=expected.incremental + extra_booked - extra_organic,
        bad=bad,
        incremental_bad=expected.incremental_bad
        + (bad - expected.bad)
        - extra_organic * _organic_mean(chosen, chosen.p_bad_control),
        value=expected.value
        + (revenue - cost) * (booked - expected.booked)
        - _loss_per_bad(chosen) * more_bad
        - extra_organic * _organic_mean(chosen, chosen.revenue_control),
    )


def estimate(centre: float, expected: Floats, observed: Floats) -> Estimate:
    """Give one figure with the 90 % intervals of its expectation and of what will be observed; NaN where undefined."""
    (low, high), (predictive_low, predictive_high) = (
        np.quantile(draws, [_LOW, _HIGH]) if np.isfinite(draws).all() else (np.nan, np.nan)
        for draws in (expected, observed)
    )
    return Estimate(
        expected=float(centre) if np.isfinite(centre) else float("nan"),
        low=float(low),
        high=float(high),
        predictive_low=float(predictive_low),
        predictive_high=float(predictive_high),
    )


def _loss_per_bad(chosen: Chosen) -> float:
    bad = np.nan_to_num(chosen.bad)
    all_bad = chosen.total(bad)
    return chosen.total(chosen.loss_given_bad * bad) / all_bad if all_bad > 0 else 0.0


def _organic_mean(chosen: Chosen, values: Floats) -> float:
    """Mean over the bookings that would have come anyway; corrected figures of single contacts may leave fewer than none."""
    organic = np.maximum(chosen.booked - chosen.incremental, 0.0)
    all_organic = chosen.total(organic)
    return chosen.total(organic * values) / all_organic if all_organic > 0 else 0.0


def _coin(chance: Floats) -> Floats:
    kept = np.clip(chance, 0.0, 1.0)
    return kept * (1 - kept)
