"""What a partner's week is held against: its own past, the other partners, and how much either ordinarily varies.

Everything is on the log-odds scale and uses only weeks before the one that is judged. Arrays are (n_signals, n_partners).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, t

from acquire.monitor.partner_others import Others, see_others
from acquire.partner_weeks import Floats

RAMP_WEEKS = 3  # a partner has a past of its own after so many weeks
GAP_WEEKS = 8  # the latest weeks are no past yet: they may be what is to be found
HALF_LIFE_WEEKS = 13.0  # of the past, so that it follows ordinary drift
FEWEST_PEERS = 12
TYPICAL_SPREAD = 0.35  # of a week's log-odds, until the data say: cautious on purpose
_NEIGHBOURS = 3.0  # weeks resemble the weeks beside them (correlation .5): a mean of n weeks is worth n / 3
_TRIM = 0.1
_LEAST_PEERS_SPREAD = 0.2
_WINSORISED_SD = 0.824  # of a standard normal with a tenth drawn in on either side
_WIDE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which weeks before this one are past, and which are recent, for each partner.

    Attributes:
        past: Weights, shape (n_partners, n_weeks_before); 0 where not past.
        recent: 1 for the latest weeks between the past and this one, else 0; same shape.
        has_past: Whether the partner has been here for RAMP_WEEKS, shape (n_partners,).
    """

    past: Floats
    recent: Floats
    has_past: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Weighted sums over the past, each shape (n_signals, n_partners).

    Attributes:
        seen: sum(w * seen).
        of: sum(w * of).
        of_w2: sum(w^2 * of).
        of2_w2: sum(w^2 * of^2).
    """

    seen: Floats
    of: Floats
    of_w2: Floats
    of2_w2: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A share that is expected, as log-odds, and the standard deviation of its error; NaN where unknown."""

    log_odds: Floats
    error: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The other partners of each partner.

    Attributes:
        log_odds: Their trimmed mean.
        spread: Their standard deviation.
        n: How many there are.
    """

    log_odds: Floats
    spread: Floats
    n: Floats


def read_calendar(first_week: Floats, week: int) -> Calendar:
    """Weights of the weeks before `week` for partners whose first leads came in `first_week`, shape (n_partners,)."""
    weeks = np.arange(week)
    age = week - first_week
    gap = np.clip(age - RAMP_WEEKS, 0, GAP_WEEKS)[:, None]
    active = weeks >= first_week[:, None]
    is_past = active & (weeks < week - gap)
    recent = active & ~is_past
    weights = np.where(is_past, 0.5 ** ((week - weeks) / HALF_LIFE_WEEKS), 0.0)
    return Calendar(past=weights, recent=recent.astype(np.float64), has_past=age >= RAMP_WEEKS)


def sum_past(seen: Floats, of: Floats, weights: Floats) -> Sums:
    """Weighted sums of counts of shape (n_signals, n_partners, n_weeks)."""

    def total(counts: Floats, by: Floats) -> Floats:
        return np.asarray(np.einsum("spt,pt->sp", counts, by), dtype=np.float64)

    squared = weights**2
    return Sums(
        seen=total(seen, weights), of=total(of, weights), of_w2=total(of, squared), of2_w2=total(of**2, squared)
    )


def own_level(past: Sums, peers: Peers, spread: Floats) -> Level:
    """Level of the partner's own past, drawn to the other partners where the past is short.

    The error has two parts, coin flips and weeks that differ, with weights w of the weeks:

        error^2 = sum(w^2 of) / (sum(w of)^2 p (1 - p)) + 3 spread^2 sum(w^2 of^2) / sum(w of)^2

    and is combined with the peers' spread as precisions are.

    References:
        Gelman et al. (2013), "Bayesian Data Analysis", section 2.5 (normal approximation of a beta-binomial).
    """
    has_peers = np.isfinite(peers.log_odds)
    own = np.where(past.of > 0, (past.seen + 0.5) / (past.of + 1), np.nan)
    centre = np.where(has_peers, expit(peers.log_odds), own)
    width = np.where(has_peers, np.where(peers.n < FEWEST_PEERS, np.maximum(peers.spread, 0.5), peers.spread), _WIDE)
    p = (past.seen + centre) / (past.of + 1)
    variance = p * (1 - p)
    of = np.where(past.of > 0, past.of, np.nan)
    error2 = past.of_w2 / (of**2 * variance) + _NEIGHBOURS * spread**2 * past.of2_w2 / of**2
    own_weight, peers_weight = 1 / (error2 * variance), 1 / (width**2 * variance)
    share = (past.seen / of * own_weight + centre * peers_weight) / (own_weight + peers_weight)
    error = 1 / np.sqrt((own_weight + peers_weight) * variance)
    return Level(log_odds=logit(np.clip(share, 1e-6, 1 - 1e-6)), error=np.asarray(error, dtype=np.float64))


def compare_peers(past: Sums) -> Peers:
    """Centre and spread of the other partners of each, robust to a tenth of them being frauds on either side.

    Trimmed mean and winsorised standard deviation of the log-odds of the others with at least 5 informative leads.

    References:
        Wilcox (2017), "Introduction to Robust Estimation and Hypothesis Testing", section 3.3.
    """
    pooled = past.seen.sum(axis=1, keepdims=True) / np.maximum(past.of.sum(axis=1, keepdims=True), 1.0)
    levels = logit((past.seen + 0.5) / (past.of + 1))
    levels = np.where(past.of * pooled * (1 - pooled) >= 5, levels, np.nan)
    is_known = np.isfinite(levels)
    # Sums of squares are taken around the middle of all, where they lose no digits.
    middle = np.where(is_known, levels, 0.0).sum(axis=1, keepdims=True) / np.maximum(
        is_known.sum(axis=1, keepdims=True), 1
    )
    others = see_others(levels - middle)
    total, squares = _drawn_in(others, power=1), _drawn_in(others, power=2)
    enough = others.n >= 3
    count = np.where(enough, others.n, 3).astype(np.float64)
    mean = total / count
    apart = np.maximum(squares - 2 * mean * total + others.n * mean**2, 0.0)
    return Peers(
        log_odds=np.where(enough, mean + middle, np.nan),
        spread=np.maximum(np.sqrt(apart / (count - 1)) / _WINSORISED_SD, _LEAST_PEERS_SPREAD),
        n=others.n.astype(np.float64),
    )


def _drawn_in(others: Others, *, power: int) -> Floats:
    """Sum of powers of the others' values, with a tenth on either side drawn in to the next."""
    cut = np.floor(_TRIM * others.n).astype(np.int64)
    last = np.maximum(others.n - 1 - cut, 0)
    ends = np.nan_to_num(others.value(cut)) ** power + np.nan_to_num(others.value(last)) ** power
    between = others.sum_of_first(others.n - cut, power=power) - others.sum_of_first(cut, power=power)
    return np.asarray(cut * ends + between, dtype=np.float64)


def peers_level(peers: Peers) -> Level:
    """Level and spread of one more partner like the others; NaN where fewer than FEWEST_PEERS are known.

    The spread is in normal units: multiplied by a normal quantile it gives the limit of Student's t for so few peers.
    """
    n = np.where(peers.n >= FEWEST_PEERS, peers.n, np.nan)
    return Level(log_odds=np.where(np.isfinite(n), peers.log_odds, np.nan), error=peers.spread * np.sqrt(1 + 1 / n))


def quantile_of_peers(peers: Peers, chance: float) -> Floats:
    """Student's t quantile for the prediction of one more partner, degrees of freedom n - 2 floor(n / 10) - 1."""
    freedom = np.maximum(peers.n - 2 * np.floor(_TRIM * peers.n) - 1, 1)
    return np.asarray(t.ppf(1 - chance, freedom), dtype=np.float64)


def quantile_of_own(chance: float) -> float:
    """Normal quantile."""
    return float(norm.ppf(1 - chance))


def common_move(departures: Others) -> Floats:
    """What most partners do in the same week (a holiday, a change of our own form) is nobody's fraud.

    Median of the departures from the own past; 0 where fewer than 5 are known, and never below 0: it excuses, and does not
    accuse.
    """
    return np.asarray(np.where(departures.n >= 5, np.maximum(departures.median(), 0.0), 0.0), dtype=np.float64)
