"""Made-up partner traffic: the same seed gives the same, and the rows say what the counts say."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from acquire.ingest.market.partner_draws import DRAWN_WITHIN_DAYS, Fraud, draw_events, draw_weeks, with_fraud
from acquire.ingest.market.partner_traffic import FEATURES, Traffic, TrafficSpec, make_traffic
from acquire.monitor.partner_counts import count_weeks
from acquire.partner_weeks import Tally


def traffic() -> Traffic:
    spec = TrafficSpec(n_partners=3, n_weeks=16, smallest=800, largest=1_000)
    return make_traffic(spec, np.random.default_rng(1))


def share(tally: Tally | None) -> float:
    assert tally is not None
    return float(tally.seen.sum() / tally.of.sum())


def test_the_same_seed_makes_the_same_traffic() -> None:
    one, other = (draw_events(traffic(), np.random.default_rng(2)) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("kind", ["scripted_delay", "copied_forms", "undrawn"])
def test_rows_and_counts_tell_the_same_of_every_sign(kind: str) -> None:
    made = with_fraud(traffic(), Fraud(kind=kind, share=0.4, from_week=0, partners=(0, 1, 2)))
    events = draw_events(made, np.random.default_rng(2))
    rows = count_weeks(events, tuple(FEATURES), time_zone=ZoneInfo("Asia/Shanghai"), booking_days=DRAWN_WITHIN_DAYS)
    weeks = draw_weeks(made, np.random.default_rng(3))
    assert rows.partners == weeks.partners
    assert rows.mondays == weeks.mondays
    for name in ("repeats", "perfect", "alike", "clients", "undrawn"):
        assert share(getattr(rows, name)) == pytest.approx(share(getattr(weeks, name)), abs=0.025), name
    for name in ("hours", "times"):
        by_rows, by_weeks = (getattr(counts, name).sum(axis=(0, 1)) for counts in (rows, weeks))
        np.testing.assert_allclose(by_rows / by_rows.sum(), by_weeks / by_weeks.sum(), atol=0.02)


def test_a_fraud_begins_in_its_week_at_its_partner() -> None:
    made = with_fraud(traffic(), Fraud(kind="resold_clients", share=1.0, from_week=8, partners=(1,)))
    clients = draw_weeks(made, np.random.default_rng(4)).clients
    assert clients is not None
    rates = clients.seen / clients.of
    assert (rates[1, 8:] == 1).all()
    assert rates[1, :8].max() < 0.5
    assert rates[[0, 2]].max() < 0.5


def test_a_fraud_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of fraud"):
        with_fraud(traffic(), Fraud(kind="magic", share=0.5, from_week=0, partners=(0,)))
