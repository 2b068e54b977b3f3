"""The highest price that still pays: solved anew at it, what was bought adds nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from acquire.allocate import margin
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
    """The lines of channels, by channel and where the tier begins."""
    return {
        (price.channel, price.from_contacts): price
        for price in lines(options, limits, channels, objective)
        if price.channel
    }


def partners(
    options: Options, limits: Limits, channels: tuple[Channel, ...] = (FEED, MAIL), objective: Objective = VALUE
) -> dict[str, FairPrice]:
    """The lines over all that is planned with a partner."""
    return {price.partner: price for price in lines(options, limits, channels, objective) if not price.channel}


def lines(options: Options, limits: Limits, channels: tuple[Channel, ...], objective: Objective) -> list[FairPrice]:
    used = frozenset(channel.channel for channel in channels)
    ready = prepare_deals(options, used, limits, channels, objective, score=options.gain, seed=1)
    return list(fair_prices(ready))


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


def test_a_partner_is_worth_what_all_its_channels_bring_together() -> None:
    # Two people may be reached by either channel: without the feed the mail has them, without both nobody has.
    options = make_options(
        [5, 3, 4, 2, 6], spend=2.0, channel=["feed"] * 2 + ["mail"] * 2 + ["mail"], person=[0, 1, 0, 1, 2]
    )
    one = (replace(FEED, partner="both"), replace(MAIL, partner="both"))
    by_channel, both = sheet(options, Limits(), one), partners(options, Limits(), one)["both"]
    assert [by_channel["feed", 0.0].worth, by_channel["mail", 0.0].worth] == pytest.approx([2, 6])
    assert (both.contacts, both.paid, both.worth) == pytest.approx((3, 6, 14))
    assert sorted(both.columns.tolist()) == [0, 1, 4]
    assert both.following is None
    assert np.isnan(both.next_paid)


def test_a_partner_with_one_channel_and_tier_needs_no_line_of_its_own() -> None:
    assert partners(make_options([5, 4], channel=["feed", "mail"]), Limits()) == {}
    tier = replace(FEED, price_tiers=(PriceTier(from_contacts=1, cost_per_contact=1.0),))
    whole = partners(make_options([5, 4], spend=0.0, channel="feed"), Limits(), (tier,))["feed"]
    assert (whole.contacts, whole.paid, whole.worth) == pytest.approx((2, 1, 8))


def test_a_channel_that_costs_something_once_it_is_used_is_worth_that_much_less() -> None:
    options = make_options([5, 3, 4], spend=2.0, channel=["feed", "feed", "mail"])
    once = replace(FEED, fixed_cost=1.5, min_spend_if_used=4.0)
    feed = sheet(options, Limits(budget=100.0), (once, MAIL))["feed", 0.0]
    assert (feed.contacts, feed.paid, feed.worth) == pytest.approx((2, 5.5, 6.5))
    mail = sheet(options, Limits(budget=100.0), (once, MAIL))["mail", 0.0]
    assert mail.worth == pytest.approx(4)


def test_a_fixed_cost_uses_no_budget_where_its_channel_is_not_used() -> None:
    options = make_options([4.5, 4.5, 2, 2, 2, 2], spend=2.0, channel=["feed"] * 2 + ["mail"] * 4)
    feed = sheet(options, Limits(budget=8.0), (replace(FEED, fixed_cost=2.0), MAIL))["feed", 0.0]
    # With the feed 9 less 2, and one of the mail at 2; without it four of the mail at 2. A unit paid more is missing in the mail.
    assert feed.worth == pytest.approx(1 / 2)


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
    monkeypatch.setattr(margin, "MOST_COLUMNS", 56)
    ready = prepare_deals(
        options, frozenset({"feed"}), Limits(budget=8), (FEED, MAIL), VALUE, score=options.gain, seed=1
    )
    near = next(fair_prices(ready))
    assert len(ready.option) == 56
    assert ready.people_share == 1
    assert (near.contacts, near.worth) == pytest.approx((whole.contacts, whole.worth))
    assert options.gain[np.setdiff1d(np.arange(60), ready.option)].max() <= options.gain[ready.option].min()


def test_where_those_who_pay_are_too_many_the_sheet_says_what_share_of_the_people_it_looks_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = make_options([5.0, 4.0] * 200, channel=["feed", "mail"] * 200, person=[i // 2 for i in range(400)])
    monkeypatch.setattr(margin, "MOST_COLUMNS", 100)
    ready = prepare_deals(
        options, frozenset({"feed"}), Limits(budget=80.0), (FEED, MAIL), VALUE, score=options.gain, seed=1
    )
    # 100 columns with a quarter kept free are 37.5 people with two options each, of 200.
    assert ready.people_share == pytest.approx(0.1875)
    feed = next(fair_prices(ready))
    # They stand for all: 80 contacts at 1 are planned, each worth what the mail would not bring.
    assert feed.contacts == pytest.approx(80)
