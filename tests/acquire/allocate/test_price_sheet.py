"""The highest price that still pays: solved anew at it, what was bought adds nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from acquire.allocate import deals
from acquire.allocate.charged import Setting, charge_channels
from acquire.allocate.deals import prepare_deals
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Options
from acquire.allocate.price_sheet import FairPrice, fair_prices
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits, Objective, PartLimits, PriceTier
from tests.acquire.allocate.builders import make_options

VALUE, ACCOUNTS = Objective(maximise="incremental_value"), Objective(maximise="incremental_accounts")
FEED, MAIL = Channel(channel="feed", partner="feed"), Channel(channel="mail", partner="mail")


def sheet(
    options: Options, limits: Limits, channels: tuple[Channel, ...] = (FEED, MAIL), objective: Objective = VALUE
) -> dict[tuple[str, float], FairPrice]:
    used = frozenset(channel.channel for channel in channels)
    ready = prepare_deals(options, used, limits, channels, objective, score=options.gain, seed=1)
    return {(price.channel, price.from_contacts): price for price in fair_prices(ready)}


def best(
    options: Options, limits: Limits, channels: tuple[Channel, ...] = (FEED, MAIL), objective: Objective = VALUE
) -> float:
    """The most that shares of contacts can gain, solved from the start."""
    rows = tuple(list_limits(options, limits, channels))
    problem = Problem(gain=options.gain, people=People.of(options.person), rows=rows)
    charged = charge_channels(problem, options, limits, channels, objective)
    if charged is not None:
        problem, _ = charged.at(Setting(on=frozenset(charged.switched)), ())
    relaxed = solve_shares(problem, Tangents(), 1)
    assert not relaxed.broken
    return relaxed.objective


def dearer(options: Options, channel: str, more: float) -> Options:
    """The same options where each contact of a channel costs more."""
    code = options.channel_names.index(channel)
    rise = np.where(options.channel == code, more, 0.0)
    return replace(options, spend=options.spend + rise, gain=options.gain - rise, value=options.value - rise)


def test_without_a_budget_contacts_are_worth_what_they_bring() -> None:
    options = make_options([5, 3, -1, 4], spend=2.0, channel=["feed"] * 3 + ["mail"])
    feed = sheet(options, Limits())["feed", 0.0]
    assert (feed.contacts, feed.paid, feed.money) == pytest.approx((2, 4, 1))
    assert feed.worth == pytest.approx(8)
    # The next contact loses 1 at the price of 2: it may cost 1.
    assert (feed.next_paid, feed.next_worth) == pytest.approx((2, -1))


def test_a_channel_that_is_full_may_cost_more_for_one_contact_more() -> None:
    options = make_options([5, 3, 2, 4], spend=2.0, channel=["feed"] * 3 + ["mail"])
    full = (replace(FEED, max_contacts=1.0), MAIL)
    feed = sheet(options, Limits(), full)["feed", 0.0]
    assert (feed.contacts, feed.worth, feed.next_worth) == pytest.approx((1, 5, 3))


def test_what_the_same_people_bring_elsewhere_is_not_the_channels_worth() -> None:
    options = make_options([5, 4], spend=2.0, channel=["feed", "mail"], person=[0, 0])
    prices = sheet(options, Limits())
    assert prices["feed", 0.0].worth == pytest.approx(1)
    assert (prices["mail", 0.0].contacts, prices["mail", 0.0].next_worth) == pytest.approx((0, -1))
    assert np.isnan(prices["mail", 0.0].worth)


def test_each_tier_is_worth_its_own_contacts() -> None:
    tiers = (PriceTier(from_contacts=2, cost_per_contact=1.0), PriceTier(from_contacts=4, cost_per_contact=9.0))
    feed = replace(FEED, price_tiers=tiers)
    options = make_options([9, 7, 5, 3, 2, 1], spend=0.0, channel="feed")
    prices = sheet(options, Limits(), (feed,))
    assert [p.contacts for p in prices.values()] == pytest.approx([2, 2])
    assert [p.paid for p in prices.values()] == pytest.approx([0, 2])
    assert prices["feed", 0.0].worth == pytest.approx(16)
    assert prices["feed", 2.0].worth == pytest.approx(8 - 2)
    # The fifth contact would be in the tier at 9, and brings 2.
    last = prices["feed", 2.0]
    assert last.following == 4


def test_where_money_is_not_scarce_no_price_is_the_highest() -> None:
    prices = sheet(make_options([1.0, 2.0], channel="feed"), Limits(max_contacts=1.0), objective=ACCOUNTS)
    assert prices["feed", 0.0].money == 0
    assert np.isnan(prices["feed", 0.0].worth)


gains = st.lists(
    st.tuples(st.floats(0.5, 20), st.floats(0.5, 4), st.floats(0, 0.3), st.booleans(), st.integers(0, 7)),
    min_size=4,
    max_size=12,
)


@settings(deadline=None, max_examples=25)
@given(gains=gains, budget=st.floats(3, 25), cap=st.floats(0.1, 0.5), goal=st.sampled_from([VALUE, ACCOUNTS]))
def test_solved_anew_at_the_highest_price_a_channel_adds_nothing(
    gains: list[tuple[float, float, float, bool, int]], budget: float, cap: float, goal: Objective
) -> None:
    gain, spend, bad, in_feed, person = (list(column) for column in zip(*gains, strict=True))
    options = make_options(
        gain, spend=spend, bad=bad, person=person, channel=["feed" if f else "mail" for f in in_feed], booked=0.5
    )
    limits = Limits(budget=budget, max_bad_rate=cap, bad_rate_confidence=0.5)
    for price in sheet(options, limits, objective=goal).values():
        if np.isnan(price.worth) or price.is_bounded:
            continue
        closed = replace(limits, channel={price.channel: PartLimits(max_contacts=0.0)})
        without = best(options, closed, objective=goal)
        rise = price.worth / price.contacts
        dear = dearer(options, price.channel, rise)
        if goal is ACCOUNTS:
            dear = replace(dear, gain=options.gain)
        volume = PartLimits(max_contacts=price.contacts, min_contacts=price.contacts)
        with_it = best(dear, replace(limits, channel={price.channel: volume}), objective=goal)
        assert with_it == pytest.approx(without, rel=1e-4, abs=1e-4)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.filter_too_much])
@given(gains=gains, budget=st.integers(3, 25), room=st.integers(1, 4))
def test_solved_anew_at_its_highest_price_one_contact_more_adds_nothing(
    gains: list[tuple[float, float, float, bool, int]], budget: int, room: int
) -> None:
    """The next contacts are offered as a price tier: at the break-even price nothing is gained, below it something is."""
    gain, _, bad, in_feed, person = (list(column) for column in zip(*gains, strict=True))
    options = make_options(
        [g + 0.013 * i for i, g in enumerate(gain)],
        spend=1.0,
        bad=bad,
        person=person,
        channel=["feed" if f else "mail" for f in in_feed],
        booked=0.5,
    )
    # Contacts cost 1: a budget that is never used up to the last one, so that its price is what it is on either side.
    limits = Limits(budget=budget + 0.37)
    full = replace(FEED, cost_per_contact=1.0, max_contacts=float(room))
    feed = sheet(options, limits, (full, MAIL)).get(("feed", 0.0))
    assume(feed is not None)
    assert feed is not None
    assume(feed.following is not None and feed.contacts >= room - 1e-6 and feed.next_worth >= 0.01)
    now = best(options, limits, (full, MAIL))

    def with_tier_at(more: float) -> float:
        tier = PriceTier(from_contacts=room, cost_per_contact=1.0 + more)
        return best(options, limits, (replace(full, max_contacts=room + 1.0, price_tiers=(tier,)), MAIL))

    assert with_tier_at(feed.next_worth + 1e-6) == pytest.approx(now, abs=1e-4)
    assert with_tier_at(0.9 * feed.next_worth) > now + 1e-5


def test_contacts_that_a_floor_demands_at_any_price_have_no_highest_price() -> None:
    options = make_options([5, 3, 4], spend=2.0, channel=["feed", "feed", "mail"])
    demanded = Limits(budget=20, channel={"feed": PartLimits(min_contacts=2)})
    prices = sheet(options, demanded)
    assert np.isnan(prices["feed", 0.0].worth)
    assert prices["mail", 0.0].worth == pytest.approx(4)


def test_of_a_long_table_the_options_nearest_to_the_margin_give_the_same_prices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gain = [[20.0 - i, 12.0 - i] for i in range(30)]  # 20 people pay in the feed, 12 of them in the mail too
    options = make_options(
        [each for pair in gain for each in pair],
        channel=["feed", "mail"] * 30,
        person=[i // 2 for i in range(60)],
    )
    whole = sheet(options, Limits(budget=8))["feed", 0.0]
    monkeypatch.setattr(deals, "MOST_COLUMNS", 56)
    ready = prepare_deals(
        options, frozenset({"feed"}), Limits(budget=8), (FEED, MAIL), VALUE, score=options.gain, seed=1
    )
    near = next(fair_prices(ready))
    assert len(ready.option) == 56
    assert (near.contacts, near.worth) == pytest.approx((whole.contacts, whole.worth))
    assert options.gain[np.setdiff1d(np.arange(60), ready.option)].max() <= options.gain[ready.option].min()
