"""Evidence that adds up week by week and may be looked at every week: e-values, and the e-detector made of them.

A week's e-value is a bet against "this share is at most its limit": at odds that are fair or worse for the bettor as long as
that holds, so its expectation is at most 1. Bets started in each of the last weeks are multiplied up, and their sum

    R_t = sum over starts s in the last 26 weeks of  e_s * e_(s+1) * ... * e_t

is the evidence. Since E[R] <= (number of starts) when nothing is wrong, an alarm at R >= A comes within 52 weeks with
probability at most (52 + 26) / A, however often one looks and whatever the weeks before brought. No week counts for more
than MOST_OF_A_WEEK, so that no single week, however odd, raises an alarm.

References:
    Shin, Ramdas, Rinaldo (2024), "E-detectors: a nonparametric framework for sequential change detection", New England
    Journal of Statistics in Data Science 2(2), section 3.
    Ramdas, Gruenwald, Vovk, Shafer (2023), "Game-theoretic statistics and safe anytime-valid inference", Statistical
    Science 38(4).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, expit

from acquire.partner_weeks import Floats

STARTS = 26
WEEKS_OF_YEAR = 52
MOST_OF_A_WEEK = 1_000.0
# How far beyond its limit a share is bet to lie, in log-odds: bets on a small, a clear and a gross excess, in equal parts.
EXCESSES: Floats = np.array([0.5, 1.25, 3.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Running products of the bets.

    Attributes:
        log_products: Log of the product since each start, shape (STARTS, len(EXCESSES), n_signals, n_partners); the last
            start is this week. Minus infinity where a start lies before the first week.
    """

    log_products: Floats

    @property
    def evidence(self) -> Floats:
        """R of each signal and partner, shape (n_signals, n_partners)."""
        return np.asarray(np.exp(self.log_products).sum(axis=0).mean(axis=0), dtype=np.float64)

    @property
    def strongest_start(self) -> Floats:
        """How many weeks ago the strongest run of bets began, the latest of equals; 0 is this week.

        Shape (n_signals, n_partners).
        """
        latest_first = np.exp(self.log_products).mean(axis=1)[::-1]
        return np.asarray(np.argmax(latest_first, axis=0), dtype=np.float64)


def empty_ledger(n_signals: int, n_partners: int) -> Ledger:
    """The ledger before the first week."""
    return Ledger(log_products=np.full((STARTS, len(EXCESSES), n_signals, n_partners), -np.inf))


def enter_week(ledger: Ledger, log_bets: Floats) -> Ledger:
    """Start one more run of bets this week, drop the oldest, and multiply every run by this week's e-values.

    Args:
        ledger: Before this week.
        log_bets: Logs of the e-values, shape (len(EXCESSES), n_signals, n_partners).
    """
    fresh = np.zeros((1, *ledger.log_products.shape[1:]))
    return Ledger(log_products=np.concatenate([ledger.log_products[1:], fresh]) + log_bets)


def log_bets(seen: Floats, of: Floats, limit: Floats, spread: Floats) -> Floats:
    """Log e-values of one week against "the share's log-odds are at most `limit`".

    The week's own share varies around its mean more than coin flips do, so counts are beta-binomial:

        e = BetaBinomial(seen; of, p1, M) / BetaBinomial(seen; of, p0, M),   1 / (M + 1) = spread^2 * p0 * (1 - p0)

    with p0 at the limit and p1 beyond it. For one M the ratio grows with `seen`, so its mean is at most 1 for every share up
    to p0. Where `of` is 0 or `limit` is not known, e = 1.

    Args:
        seen: Leads that show the sign, shape (n_signals, n_partners).
        of: Out of how many.
        limit: Log-odds; NaN where unknown.
        spread: Standard deviation of the weeks' log-odds around their mean.

    Returns:
        One layer per entry of EXCESSES, shape (len(EXCESSES), n_signals, n_partners).
    """
    known = (of > 0) & np.isfinite(limit)
    logs = np.zeros((len(EXCESSES), *of.shape))
    logs[:, known] = _known_log_bets(seen[known], of[known], limit[known], spread[known])
    return logs


def _known_log_bets(seen: Floats, of: Floats, limit: Floats, spread: Floats) -> Floats:
    """Log e-values, shape (len(EXCESSES), n), of shares (n,) with leads and a limit."""
    p0 = np.clip(expit(limit), 1e-6, 1 - 1e-6)
    precision = 1 / np.clip(spread**2 * p0 * (1 - p0), 1e-6, 0.5) - 1
    p1 = np.clip(expit(limit + EXCESSES[:, None]), 1e-6, 1 - 1e-6)
    logs = _log_marginal(seen, of, p1, precision) - _log_marginal(seen, of, p0, precision)
    return np.asarray(np.minimum(logs, np.log(MOST_OF_A_WEEK)), dtype=np.float64)


def _log_marginal(seen: Floats, of: Floats, p: Floats, precision: Floats) -> Floats:
    a, b = p * precision, (1 - p) * precision
    return np.asarray(betaln(seen + a, of - seen + b) - betaln(a, b), dtype=np.float64)


def alarm_level(n_tests: int, false_alarms_per_year: float) -> float:
    """The evidence A at which one of `n_tests` side by side raises an alarm.

    A = n_tests * (52 + 26) / false_alarms_per_year.
    """
    return n_tests * (WEEKS_OF_YEAR + STARTS) / false_alarms_per_year


def chance_in_a_year(evidence: float, n_tests: int) -> float:
    """At most this share of honest partners shows as much evidence in any of `n_tests` within a year."""
    return min(1.0, n_tests * (WEEKS_OF_YEAR + STARTS) / evidence)
