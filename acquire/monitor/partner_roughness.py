"""How much honest weeks differ beyond coin flips, learnt from all partners as the weeks go by.

A week's log-odds depart from their level by a part that stays for weeks and a part that does not. With x_t the departure of week
t, coin flips and the level's own error taken off,

    spread^2 = mean of x_t^2          persistent^2 = mean of x_t * x_(t-1)

since what does not stay, and the coin flips, average out of the product. The lasting part widens the limit a share may reach;
the rest widens what one week may show beside that limit. Arrays are (n_signals, n_partners).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from acquire.monitor.partner_reference import GAP_WEEKS, TYPICAL_SPREAD, Level
from acquire.partner_weeks import Floats

_TYPICAL_PERSISTENT = 0.25
_LEAST_PASSING = 0.1
_PRIOR_WEEKS, _OWN_PRIOR_WEEKS = 40.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Standard deviations of a week's log-odds around their level.

    Attributes:
        persistent: Of the part that stays for weeks.
        passing: Of the part that does not.
    """

    persistent: Floats
    passing: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One week of one share: how far from its level, and how much that says.

    Attributes:
        x: Departure in log-odds, at most 3 standard deviations; 0 where unknown.
        error: Standard deviation of the level's own error.
        chance: Variance that coin flips and the level's error explain.
        weight: Inverse variance of x squared; 0 where unknown.
    """

    x: Floats
    error: Floats
    chance: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Roughness:
    """Sums over the weeks learnt from.

    A week is learnt from only GAP_WEEKS later: else a fraud would soon make its own excess look ordinary.

    Attributes:
        weight: Sum of the weights of x^2.
        excess: Weighted sum of x^2, less what chance explains.
        pair_weight: Sum of the weights of x_t * x_(t-1).
        product: Weighted sum of x_t * x_(t-1), less the level's error.
        waiting: The latest weeks, oldest first; the first of them is learnt from already and awaits its successor.
    """

    weight: Floats
    excess: Floats
    pair_weight: Floats
    product: Floats
    waiting: tuple[Departure, ...] = ()

    def spread(self) -> Spread:
        """All partners' spread together, or the partner's own if that is larger."""
        total = _shrunk(self.excess, self.weight, TYPICAL_SPREAD**2)
        persistent = np.minimum(_shrunk(self.product, self.pair_weight, _TYPICAL_PERSISTENT**2), total)
        return Spread(
            persistent=np.sqrt(persistent), passing=np.sqrt(np.maximum(total - persistent, _LEAST_PASSING**2))
        )

    def learn(self, seen: Floats, of: Floats, level: Level) -> "Roughness":
        """Put one week in the queue, after it was judged, and learn from the one that has waited long enough."""
        waiting = (*self.waiting, self._departure(seen, of, level))
        if len(waiting) <= GAP_WEEKS + 1:
            return replace(self, waiting=waiting)
        before, week, *_ = waiting
        pair_weight = np.sqrt(before.weight * week.weight)
        return Roughness(
            weight=self.weight + week.weight,
            excess=self.excess + week.weight * (week.x**2 - week.chance),
            pair_weight=self.pair_weight + pair_weight,
            product=self.product + pair_weight * (before.x * week.x - before.error * week.error),
            waiting=waiting[1:],
        )

    def _departure(self, seen: Floats, of: Floats, level: Level) -> Departure:
        p = expit(level.log_odds)
        known = np.isfinite(p) & (of > 0)
        variance = np.where(known, p * (1 - p), 0.25)
        n, error = np.where(known, of, 1.0), np.where(known, level.error, 1.0)
        chance = 1 / (n * variance) + error**2
        spread = self.spread()
        most = 3 * np.sqrt(spread.persistent**2 + spread.passing**2 + chance)
        x = np.where(known, np.clip((seen / n - p) / variance, -most, most), 0.0)
        weight = np.where(known, 1 / (TYPICAL_SPREAD**2 + chance) ** 2, 0.0)
        return Departure(x=x, error=error, chance=chance, weight=weight)


def no_roughness(n_signals: int, n_partners: int) -> Roughness:
    """Before the first week: what is typical stands for 40 weeks of large partners."""
    nothing = np.zeros((n_signals, n_partners))
    return Roughness(weight=nothing, excess=nothing, pair_weight=nothing, product=nothing)


def _shrunk(total: Floats, weight: Floats, typical: float) -> Floats:
    """Weighted mean, drawn to what is typical where little is known; all partners', or the partner's own if larger."""
    one_week = 1 / TYPICAL_SPREAD**4
    prior, own_prior = _PRIOR_WEEKS * one_week, _OWN_PRIOR_WEEKS * one_week
    all_weight, all_total = weight.sum(axis=1, keepdims=True), total.sum(axis=1, keepdims=True)
    pooled = np.maximum((prior * typical + all_total) / (prior + all_weight), typical / 4)
    own = (own_prior * pooled + total) / (own_prior + weight)
    return np.asarray(np.maximum(pooled, own), dtype=np.float64)
