"""Channels that cost or ask for something once they are used: against pencil and against every plan listed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquire.allocate import on_off
from acquire.allocate.options import Options
from acquire.allocate.prices import would_contact
from acquire.allocate.rulebook import list_limits
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, Limits, LimitUse, Objective, PriceTier
from acquire.errors import Infeasible
from tests.acquire.allocate.builders import make_options

FEED = Channel(channel="feed", partner="north")
MOST_VALUE = Objective(maximise="incremental_value")
MOST_ACCOUNTS = Objective(maximise="incremental_accounts")


def sms(**terms: object) -> Channel:
    return Channel(channel="sms", partner="quick", **terms)  # type: ignore[arg-type]


def plan(options: Options, *channels: Channel, objective: Objective = MOST_VALUE, **limits: object) -> Allocation:
    return allocate(options, Limits(**limits), channels or (FEED,), objective)  # type: ignore[arg-type]


def use(allocation: Allocation, name: str) -> LimitUse:
    return next(entry for entry in allocation.limit_uses if entry.name == name)


TWO_CHANNELS = make_options([5, 4, 3, 3], channel=["feed", "feed", "sms", "sms"])


def test_a_channel_is_used_where_its_contacts_earn_the_fixed_cost() -> None:
    assert plan(TWO_CHANNELS, FEED, sms(fixed_cost=5)).chosen.tolist() == [0, 1, 2, 3]
    assert plan(TWO_CHANNELS, FEED, sms(fixed_cost=7)).chosen.tolist() == [0, 1]


def test_the_fixed_cost_is_part_of_the_objective_and_of_its_bound() -> None:
    proof = plan(TWO_CHANNELS, FEED, sms(fixed_cost=5)).certificate
    assert proof.objective == pytest.approx(10)
    assert proof.gap == pytest.approx(0, abs=1e-9)


def test_the_fixed_cost_counts_in_the_budget() -> None:
    allocation = plan(TWO_CHANNELS, FEED, sms(fixed_cost=5), budget=8)
    assert allocation.chosen.tolist() == [0, 1]  # 4 contacts and the fixed cost would be 9
    assert plan(TWO_CHANNELS, FEED, sms(fixed_cost=5), budget=9).chosen.tolist() == [0, 1, 2, 3]


def test_the_fixed_cost_counts_in_the_cost_per_account() -> None:
    options = make_options([5, 4, 3, 3], channel=["feed", "feed", "sms", "sms"], booked=0.5)
    assert plan(options, FEED, sms(fixed_cost=5), max_cac=4).chosen.tolist() == [0, 1]  # 9 / 2 accounts
    assert plan(options, FEED, sms(fixed_cost=5), max_cac=4.5).chosen.tolist() == [0, 1, 2, 3]


def test_the_fixed_cost_counts_in_the_channel_s_own_spend() -> None:
    assert plan(TWO_CHANNELS, FEED, sms(fixed_cost=5, max_spend=6)).chosen.tolist() == [0, 1]  # one contact earns 3


def test_where_accounts_are_counted_a_fixed_cost_only_uses_up_money() -> None:
    options = make_options([0.5, 0.5, 0.4, 0.4], channel=["feed", "feed", "sms", "sms"])
    assert plan(options, FEED, sms(fixed_cost=5), objective=MOST_ACCOUNTS, budget=9).chosen.tolist() == [0, 1, 2, 3]
    assert plan(options, FEED, sms(fixed_cost=5), objective=MOST_ACCOUNTS, budget=7.5).chosen.tolist() == [0, 1]


def test_a_channel_gets_its_minimum_or_nothing() -> None:
    options = make_options([5, 1, -0.5, -4], channel=["feed", "sms", "sms", "sms"])
    assert plan(options, FEED, sms(min_spend_if_used=2)).chosen.tolist() == [0, 1, 2]
    assert plan(options, FEED, sms(min_spend_if_used=3)).chosen.tolist() == [0]


def test_the_minimum_is_shown_as_a_limit_while_the_channel_is_used() -> None:
    options = make_options([5, 1, -0.5, -0.8], channel=["feed", "sms", "sms", "sms"])
    shown = use(plan(options, FEED, sms(min_spend_if_used=2)), "min_spend_if_used[sms]")
    assert (shown.unit, shown.used, shown.allowed, shown.binding) == ("money", 2, 2, True)
    assert -0.8 <= shown.shadow_price <= -0.5  # less of it saves the last one, more takes the next


def test_a_channel_that_is_off_is_closed_to_people_who_were_not_planned_for() -> None:
    prices = plan(TWO_CHANNELS, FEED, sms(fixed_cost=7)).prices
    assert would_contact(TWO_CHANNELS, prices).tolist() == [0, 1]


def test_a_person_in_two_channels_does_not_pay_for_opening_the_second() -> None:
    options = make_options([5, 6, 5, 6], person=[1, 1, 2, 2], channel=["feed", "sms", "feed", "sms"])
    assert plan(options, FEED, sms(fixed_cost=1.5)).chosen.tolist() == [1, 3]
    assert plan(options, FEED, sms(fixed_cost=2.5)).chosen.tolist() == [0, 2]


def tiers(*steps: tuple[float, float]) -> tuple[PriceTier, ...]:
    return tuple(PriceTier(from_contacts=start, cost_per_contact=price) for start, price in steps)


def test_contacts_beyond_a_tier_are_made_while_they_earn_its_price() -> None:
    options = make_options([3, 2, 1], channel="sms")
    assert plan(options, sms(price_tiers=tiers((1, 1.5)))).chosen.tolist() == [0, 1]
    assert plan(options, sms(price_tiers=tiers((1, 1.5), (2, 2.5)))).chosen.tolist() == [0, 1]
    assert plan(options, sms(price_tiers=tiers((1, 0.5)))).chosen.tolist() == [0, 1, 2]
    assert plan(options, sms(price_tiers=tiers((0, 2.5)))).chosen.tolist() == [0]


def test_the_rebate_holds_for_the_dearer_tier_too() -> None:
    options = make_options([3, 2], channel="sms")
    assert plan(options, sms(price_tiers=tiers((1, 2.5)))).chosen.tolist() == [0]
    assert plan(options, sms(price_tiers=tiers((1, 2.5)), rebate_share=0.4)).chosen.tolist() == [0, 1]


def test_what_tiers_add_counts_in_the_budget() -> None:
    options = make_options([3, 2], channel="sms")
    assert plan(options, sms(price_tiers=tiers((1, 1))), budget=2.9).chosen.tolist() == [0]
    allocation = plan(options, sms(price_tiers=tiers((1, 1))), budget=3)
    assert allocation.chosen.tolist() == [0, 1]
    assert use(allocation, "budget").used == pytest.approx(3)
    assert allocation.certificate.objective == pytest.approx(4)


def test_no_share_of_spend_is_met_by_paying_for_a_tier_that_nobody_is_contacted_in() -> None:
    options = make_options([2, 2, 0.1], channel=["feed", "feed", "sms"], incremental=[2, 2, 0.1])
    costly = sms(price_tiers=tiers((0, 3)))
    one_each = plan(options, FEED, costly, objective=MOST_ACCOUNTS, max_channel_share={"feed": 0.3})
    assert one_each.chosen.tolist() in ([0, 2], [1, 2])  # 1 of 5: two of the feed would be 2 of 6
    spend = spend_of(options, (FEED, costly), one_each.chosen.tolist())
    assert spend["feed"] <= 0.3 * sum(spend.values())


def test_people_who_were_not_planned_for_are_asked_for_the_dearer_price() -> None:
    options = make_options([3, 2, 0.3], channel="sms")
    prices = plan(options, sms(price_tiers=tiers((1, 0.5)))).prices
    assert would_contact(options, prices).tolist() == [0, 1]


def test_a_budget_below_a_fixed_cost_is_raised_to_what_one_contact_takes() -> None:
    with pytest.raises(Infeasible, match="raise budget from 4 to at least 6"):
        plan(make_options([9, 9], channel="sms"), sms(fixed_cost=5), budget=4)


def test_where_no_fixed_cost_is_earned_nobody_is_contacted_and_no_limit_is_blamed() -> None:
    allocation = plan(make_options([3, 3], channel="sms"), sms(fixed_cost=7), budget=20)
    assert allocation.chosen.tolist() == []
    assert allocation.warnings == ("no contact within the limits pays for itself: the plan contacts nobody",)


def test_a_channel_in_which_somebody_is_contacted_in_any_case_is_on() -> None:
    limits = Limits()
    forced = np.array([2])
    allocation = allocate(TWO_CHANNELS, limits, (FEED, sms(fixed_cost=7)), MOST_VALUE, forced=forced)
    assert allocation.chosen.tolist() == [0, 1, 2, 3]


def town(n_people: int = 1_500, seed: int = 5) -> tuple[Options, tuple[Channel, ...]]:
    """Six channels with fixed costs, minimum spends and tiers; a tenth of the people are seen in two channels."""
    rng = np.random.default_rng(seed)
    names = tuple(f"channel {c}" for c in range(6))
    home = rng.integers(0, 6, n_people)
    second = np.where(rng.random(n_people) < 0.1, (home + 1) % 6, home)
    booked = rng.uniform(0.1, 0.9, 2 * n_people)
    options = make_options(
        (rng.normal(1, 1.5, 2 * n_people)).tolist(),
        person=np.tile(np.arange(n_people), 2).tolist(),
        spend=rng.uniform(0.5, 2, 2 * n_people).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(1, 9, 2 * n_people)).tolist(),
        bad_loadings=(booked * rng.uniform(0, 0.02, 2 * n_people)).tolist(),
        channel=[names[c] for c in np.r_[home, second]],
    )
    channels = tuple(
        Channel(
            channel=name,
            partner=name,
            fixed_cost=60.0 + 30 * c,
            min_spend_if_used=100.0,
            price_tiers=tiers((50, 0.2), (120, 0.5)),
        )
        for c, name in enumerate(options.channel_names)
    )
    return options, channels


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_bound_of_many_people_is_close_whatever_is_searched(confidence: float) -> None:
    options, channels = town()
    limits = {"budget": 500.0, "max_bad_rate": 0.09, "bad_rate_confidence": confidence}
    proof = plan(options, *channels, **limits).certificate
    assert 0 <= proof.gap < 3e-3  # 250 contacts: one more or less is worth as much


def test_a_search_on_a_sample_proves_its_bound_on_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    options, channels = town()
    everybody = plan(options, *channels, budget=500.0).certificate
    monkeypatch.setattr(on_off, "N_SEARCHED", 700)
    sampled = plan(options, *channels, budget=500.0).certificate
    assert sampled.objective <= everybody.bound + 1e-6
    assert sampled.bound >= everybody.objective - 1e-6
    assert sampled.gap < 0.02


@st.composite
def businesses(draw: st.DrawFn) -> tuple[Options, tuple[Channel, ...], Limits, Objective]:
    """Up to 8 options in three channels, each of which may charge for being used, for many contacts, or ask for a minimum."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = int(rng.integers(2, 9))
    names = ("feed", "sms", "mail")
    booked = rng.uniform(0.2, 1, n)
    options = make_options(
        np.round(rng.normal(1, 1.5, n), 2).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(0.5, 8, n)).tolist(),
        bad_loadings=(booked * rng.uniform(0, 0.05, n)).tolist(),
        person=np.sort(rng.integers(0, n, n)).tolist(),
        spend=np.round(rng.uniform(0.5, 2, n), 2).tolist(),
        channel=[names[i] for i in rng.integers(0, 3, n)],
    )

    def terms(name: str) -> Channel:
        starts = draw(st.sampled_from([(), (1,), (0, 2), (1, 2)]))
        return Channel(
            channel=name,
            partner=name,
            fixed_cost=draw(st.sampled_from([0.0, 0.7, 2.0])),
            min_spend_if_used=draw(st.sampled_from([None, 1.5, 3.0])),
            price_tiers=tiers(*((start, 0.4 * (k + 1)) for k, start in enumerate(starts))),
        )

    limits = Limits(
        budget=draw(st.none() | st.floats(2, 10)),
        max_bad_rate=draw(st.sampled_from([None, 0.1, 0.3])),
        bad_rate_confidence=draw(st.sampled_from([0.5, 0.9])),
        max_cac=draw(st.none() | st.floats(2, 6)),
        max_channel_share=draw(st.sampled_from([{}, {"*": 0.6}])),
        max_contacts=draw(st.none() | st.integers(1, 6)),
    )
    return options, tuple(terms(name) for name in names), limits, draw(st.sampled_from([MOST_VALUE, MOST_ACCOUNTS]))


def spend_of(options: Options, channels: tuple[Channel, ...], chosen: list[int]) -> dict[str, float]:
    """Spend of each channel with everything that it charges."""
    spend = {}
    for channel in channels:
        mine = [j for j in chosen if options.channel_names[options.channel[j]] == channel.channel]
        spend[channel.channel] = float(options.spend[mine].sum()) + channel.once_used(len(mine))
    return spend


def gain_of(business: tuple[Options, tuple[Channel, ...], Limits, Objective], chosen: list[int]) -> float:
    """What a plan gains; -inf where it breaks a limit."""
    options, channels, limits, objective = business
    by_channel = spend_of(options, channels, chosen)
    spend, booked = sum(by_channel.values()), float(options.booked[chosen].sum())
    for channel in channels:
        mine = by_channel[channel.channel]
        if 0 < mine < (channel.min_spend_if_used or 0) - 1e-9:
            return -np.inf
        if mine > limits.max_channel_share.get("*", 1.0) * spend + 1e-9:
            return -np.inf
    if spend > (limits.budget or np.inf) + 1e-9 or len(chosen) > (limits.max_contacts or np.inf):
        return -np.inf
    if chosen and spend > (limits.max_cac or np.inf) * booked + 1e-9:
        return -np.inf
    x = np.zeros(len(options))
    x[chosen] = 1.0
    risk = [row for row in list_limits(options, limits, channels) if "bad_rate" in row.name]
    if any(row.excess(x) > row.tolerance(x) for row in risk):
        return -np.inf
    gain = float(options.gain[chosen].sum())
    return gain if objective is MOST_ACCOUNTS else gain - (spend - float(options.spend[chosen].sum()))


def best_of_all(business: tuple[Options, tuple[Channel, ...], Limits, Objective]) -> float:
    """The gain of the best of all whole plans, nobody included."""
    options = business[0]
    courses = [[None, *np.flatnonzero(options.person == person)] for person in np.unique(options.person)]
    return max(gain_of(business, [j for j in course if j is not None]) for course in product(*courses))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(businesses())
def test_no_plan_in_whole_contacts_is_better_whatever_the_channels_charge(
    business: tuple[Options, tuple[Channel, ...], Limits, Objective],
) -> None:
    options, channels, limits, objective = business
    best = best_of_all(business)
    try:
        allocation = allocate(options, limits, channels, objective)
    except Infeasible:
        assert best <= 1e-9  # nobody, or only those who cost more than they bring
        return
    gain = gain_of(business, allocation.chosen.tolist())
    assert gain == pytest.approx(allocation.certificate.objective, abs=1e-6)
    assert gain == pytest.approx(best, abs=2e-4)
    assert best <= allocation.certificate.bound + 1e-6
