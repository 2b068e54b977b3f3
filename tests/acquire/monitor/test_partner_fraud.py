"""Partner fraud: each kind is found, its honest twin is left in peace, and the evidence says what happened."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from acquire.ingest.market.partner_draws import FRAUDS, Fraud, draw_weeks, with_fraud
from acquire.ingest.market.partner_traffic import Traffic, TrafficSpec, make_traffic
from acquire.monitor.partner_fraud import Alarm, find_alarms
from acquire.monitor.partner_signals import Kind, skipped_kinds
from acquire.partner_weeks import Mix, PartnerWeeks, Tally

MONDAY = date(2026, 1, 5)
STARTS_IN_WEEK = 20
KIND_OF = {
    "fast_bots": Kind.CLICK_TO_APPLY,
    "scripted_delay": Kind.CLICK_TO_APPLY,
    "flat_hours": Kind.FLAT_HOURS,
    "perfect_forms": Kind.PERFECT_FORMS,
    "copied_forms": Kind.PERFECT_FORMS,
    "resold_clients": Kind.RESOLD_CLIENTS,
    "undrawn": Kind.UNDRAWN,
    "mix_swap": Kind.MIX_SWAP,
}


def market(seed: int = 3, n_weeks: int = 32) -> Traffic:
    """14 honest partners with 300 to 3,000 leads a week."""
    spec = TrafficSpec(n_partners=14, n_weeks=n_weeks, smallest=300, largest=3_000)
    return make_traffic(spec, np.random.default_rng(seed))


def alarms_of(traffic: Traffic, seed: int = 4) -> tuple[Alarm, ...]:
    return find_alarms(draw_weeks(traffic, np.random.default_rng(seed)))


def counted(clients: list[list[int]], leads: int = 1_000) -> PartnerWeeks:
    """Weeks of `leads` leads per partner, of whom so many were clients already."""
    seen = np.array(clients, dtype=np.float64)
    of = np.full_like(seen, leads)
    return PartnerWeeks(
        partners=tuple(f"partner {number}" for number in range(1, len(clients) + 1)),
        mondays=tuple(MONDAY + timedelta(days=7 * week) for week in range(seen.shape[1])),
        leads=of,
        clients=Tally(seen=seen, of=of),
    )


def test_an_honest_market_raises_no_alarm() -> None:
    assert alarms_of(market()) == ()


@pytest.mark.parametrize("kind", FRAUDS)
def test_each_fraud_is_found_within_eight_weeks_and_only_at_the_partner_who_commits_it(kind: str) -> None:
    fraud = Fraud(kind=kind, share=0.9, from_week=STARTS_IN_WEEK, partners=(5,))
    alarms = alarms_of(with_fraud(market(), fraud))
    assert {alarm.partner for alarm in alarms} == {"partner 06"}
    assert KIND_OF[kind] in {alarm.kind for alarm in alarms}
    started_on = market().spec.starts_on + timedelta(weeks=STARTS_IN_WEEK)
    first = min(alarm.week for alarm in alarms if alarm.kind == KIND_OF[kind])
    assert started_on <= first < started_on + timedelta(weeks=8)


def test_at_most_one_in_a_hundred_honest_partners_gets_an_alarm_in_a_year() -> None:
    with_alarm = 0
    for seed in range(6):
        rng = np.random.default_rng([77, seed])
        weeks = draw_weeks(make_traffic(TrafficSpec(), rng), rng)
        with_alarm += len({alarm.partner for alarm in find_alarms(weeks)})
    assert with_alarm <= 1  # of 120 partner-years


def test_the_evidence_says_what_was_expected_what_was_seen_and_since_when() -> None:
    [alarm] = find_alarms(counted([[50, 50, 50, 400, 420]]))
    assert alarm.sentence == (
        "41 % of 2,000 leads were our clients already since 2026-01-26; its own past says 5.0 %, and up to "
        f"{100 * alarm.ordinary_up_to:.0f} % would be ordinary"
    )
    assert (alarm.kind, alarm.partner, alarm.week) == (Kind.RESOLD_CLIENTS, "partner 1", date(2026, 2, 2))
    assert (alarm.n_seen, alarm.n, alarm.seen) == (820, 2_000, 0.41)
    assert 0.05 < alarm.ordinary_up_to < 0.4
    assert alarm.p_value < 0.01
    assert "Do not pay" in alarm.action


def test_one_odd_week_alone_raises_no_alarm() -> None:
    assert find_alarms(counted([[50] * 12 + [1_000] + [50] * 6])) == ()


def test_the_same_departure_is_no_alarm_where_the_leads_are_few() -> None:
    assert find_alarms(counted([[1, 1, 1, 8, 8]], leads=20)) == ()


def test_what_all_partners_do_in_the_same_weeks_is_nobodys_fraud() -> None:
    past, after = [50] * 20, [400] * 5
    one = find_alarms(counted([past + after, *[past + [50] * 5] * 13]))
    everybody = find_alarms(counted([past + after] * 14))
    assert {alarm.partner for alarm in one} == {"partner 1"}
    assert everybody == ()


def test_a_fraud_from_the_first_day_is_seen_beside_the_other_partners() -> None:
    alarms = find_alarms(counted([[600] * 10, *[[50] * 10] * 20]))
    assert {(alarm.partner, alarm.against) for alarm in alarms} == {("partner 1", "the other partners")}
    assert "the other partners say 5.0 %" in alarms[0].sentence


def test_without_enough_other_partners_nobody_is_held_against_them() -> None:
    assert find_alarms(counted([[600] * 10, *[[50] * 10] * 5])) == ()


def test_a_slow_drift_of_all_shares_is_ordinary() -> None:
    drifting = [[round(50 * 1.01**week) for week in range(52)] for _ in range(3)]
    assert find_alarms(counted(drifting)) == ()


def test_an_alarm_that_goes_on_is_one_alarm() -> None:
    [alarm] = find_alarms(counted([[50] * 10 + [500] * 6]))
    assert alarm.until >= alarm.week + timedelta(weeks=2)


def test_the_classes_that_grew_are_named() -> None:
    mix = np.tile(np.array([500.0, 300.0, 200.0]), (1, 16, 1))
    mix[0, 10:] = [100.0, 100.0, 800.0]
    weeks = replace(counted([[50] * 16]), mixes=(Mix(feature="region", bins=("north", "south", "west"), counts=mix),))
    [alarm] = find_alarms(weeks)
    assert alarm.kind == Kind.MIX_SWAP
    assert alarm.what == "leads have region west"
    assert alarm.seen == 0.8


def test_a_week_is_judged_by_the_weeks_before_it_only() -> None:
    whole = [50] * 10 + [500] * 6
    for n_weeks in (12, 14):
        early = {alarm.week for alarm in find_alarms(counted([whole[:n_weeks]]))}
        late = {alarm.week for alarm in find_alarms(counted([whole]))}
        assert early <= late


def test_the_same_counts_give_the_same_alarms() -> None:
    traffic = with_fraud(market(), Fraud(kind="fast_bots", share=0.5, from_week=10, partners=(1, 2)))
    assert alarms_of(traffic) == alarms_of(traffic)


def test_what_cannot_be_watched_is_named() -> None:
    assert skipped_kinds(counted([[50] * 3])) == (
        Kind.CLICK_TO_APPLY,
        Kind.FLAT_HOURS,
        Kind.PERFECT_FORMS,
        Kind.UNDRAWN,
        Kind.MIX_SWAP,
    )
