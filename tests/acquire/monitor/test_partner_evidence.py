"""Bets that are fair: checked by counting out every outcome."""

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import betabinom

from acquire.monitor import partner_evidence
from acquire.monitor.partner_evidence import alarm_level, chance_in_a_year, empty_ledger, enter_week, log_bets

LIMIT, SPREAD, N = 0.2, 0.3, 40


def mean_e_values(true_share: float) -> np.ndarray:
    """Expected e-value of each bet of a week of 40 leads whose shares vary around `true_share`."""
    seen = np.arange(N + 1.0)[:, None]
    bets = np.exp(log_bets(seen, np.full_like(seen, N), np.full_like(seen, logit(LIMIT)), np.full_like(seen, SPREAD)))
    precision = 1 / (SPREAD**2 * LIMIT * (1 - LIMIT)) - 1
    chances = betabinom.pmf(np.arange(N + 1), N, true_share * precision, (1 - true_share) * precision)
    return bets[:, :, 0] @ chances


def test_a_bet_at_the_limit_is_fair_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partner_evidence, "MOST_OF_A_WEEK", 1e300)
    np.testing.assert_allclose(mean_e_values(LIMIT), 1.0, rtol=1e-6)


def test_a_bet_below_the_limit_loses_and_beyond_it_wins() -> None:
    assert (mean_e_values(0.15) < 1).all()
    assert mean_e_values(0.3).mean() > 1


def test_no_week_counts_for_more_than_a_thousand() -> None:
    one = np.ones((1, 1))
    assert np.exp(log_bets(5_000 * one, 5_000 * one, -5 * one, 0.2 * one)).max() == pytest.approx(1_000)


def test_a_week_without_leads_or_without_a_limit_is_no_evidence() -> None:
    one = np.ones((1, 1))
    assert (log_bets(0 * one, 0 * one, one, one) == 0).all()
    assert (log_bets(5 * one, 9 * one, np.nan * one, one) == 0).all()


def test_the_evidence_is_the_sum_over_starts_of_the_products_since() -> None:
    ledger = empty_ledger(1, 1)
    for e in (2.0, 3.0, 5.0):
        ledger = enter_week(ledger, np.full((3, 1, 1), np.log(e)))
    assert ledger.evidence[0, 0] == pytest.approx(2 * 3 * 5 + 3 * 5 + 5)
    assert ledger.strongest_start[0, 0] == 2


def test_a_start_of_half_a_year_ago_is_forgotten() -> None:
    ledger = empty_ledger(1, 1)
    for week in range(30):
        ledger = enter_week(ledger, np.full((3, 1, 1), np.log(1000.0) if week == 0 else 0.0))
    assert ledger.evidence[0, 0] == pytest.approx(26)


def test_the_alarm_level_splits_one_percent_a_year_over_all_tests() -> None:
    assert alarm_level(11, 0.005) == pytest.approx(11 * 78 / 0.005)
    assert chance_in_a_year(alarm_level(11, 0.005), 11) == pytest.approx(0.005)
