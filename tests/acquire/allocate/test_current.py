"""What runs today is a candidate like any other: taken as it comes, held against the limits, and never beaten by worse."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.allocate import waterfall as waterfall_module
from acquire.allocate.current import draw_contacts, judge_today, spread_evenly
from acquire.allocate.options import Options
from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.solve import allocate
from acquire.allocate.waterfall import Ends, levels
from acquire.domain import Channel, CurrentContacts, CurrentPlan, Limits, Objective, PriceTier, SaturationStep
from tests.acquire.allocate.builders import make_options

VALUE = Objective(maximise="incremental_value")
SPEND = Objective(minimise="spend")
FEED, MAIL = Channel(channel="feed", partner="feed"), Channel(channel="mail", partner="mail")


def today(**contacts: int) -> CurrentPlan:
    lines = [CurrentContacts(channel=name, offer="coupon", contacts=n) for name, n in contacts.items()]
    return CurrentPlan(lines=tuple(lines))


def test_everybody_of_a_channel_has_the_same_chance_today() -> None:
    options = make_options([1, 2, 3, 4, 9], channel=["feed"] * 4 + ["mail"])
    assert spread_evenly(options, today(feed=2)).tolist() == [0.5, 0.5, 0.5, 0.5, 0]
    judged = judge_today(options, today(feed=2), Limits(), (FEED, MAIL), VALUE)
    assert (judged.totals.contacts, judged.totals.value, judged.totals.spend) == (2, 5, 2)
    assert not judged.breaches
    assert not judged.shortfalls


def test_more_contacts_than_people_cannot_be_done_and_it_is_said() -> None:
    judged = judge_today(make_options([1, 2, 3]), today(feed=10, mail=4), Limits(), (FEED, MAIL), VALUE)
    assert judged.totals.contacts == 3
    assert [(s.channel, s.wanted, s.possible) for s in judged.shortfalls] == [("feed", 10, 3), ("mail", 4, 0)]


def test_two_offers_to_the_same_people_are_one_contact_each() -> None:
    options = replace(
        make_options([1.0] * 8, person=[0, 1, 2, 3] * 2), offer=np.repeat([0, 1], 4), offer_names=("coupon", "letter")
    )
    both = CurrentPlan(
        lines=tuple(CurrentContacts(channel="feed", offer=offer, contacts=3) for offer in ("coupon", "letter"))
    )
    assert spread_evenly(options, both).tolist() == [0.5] * 8
    drawn, contacts = draw_contacts(options, both, np.random.default_rng(0))
    assert options.offer[drawn].tolist() == [0, 0, 0, 1]
    assert contacts.tolist() == [1, 1, 1, 1]
    assert len(set(options.person[drawn].tolist())) == 4


def test_who_is_wanted_in_two_channels_leaves_room_for_others() -> None:
    options = make_options([1.0] * 5, person=[0, 1, 2, 0, 3], channel=["feed", "feed", "feed", "mail", "mail"])
    x = spread_evenly(options, today(feed=2, mail=1))
    assert (x[:3].sum(), x[3:].sum()) == pytest.approx((2, 1))
    assert x[0] + x[3] <= 1 + 1e-9


def test_a_limit_that_today_breaks_is_named_with_its_figures() -> None:
    options = make_options([1.0] * 4, spend=5.0, booked=0.5, bad=0.2)
    limits = Limits(budget=8.0, max_bad_rate=0.4, bad_rate_confidence=0.5)
    (breach,) = judge_today(options, today(feed=2), limits, (FEED,), VALUE).breaches
    assert (breach.name, breach.unit, breach.used, breach.allowed) == ("budget", "money", 10, 8)
    assert judge_today(options, today(feed=1), limits, (FEED,), VALUE).breaches == ()


def test_what_a_channel_charges_once_it_is_used_counts_today_too() -> None:
    tiers = (PriceTier(from_contacts=1, cost_per_contact=2.0),)
    feed = Channel(channel="feed", partner="feed", cost_per_contact=1.0, fixed_cost=10.0, price_tiers=tiers)
    judged = judge_today(make_options([5.0] * 4), today(feed=3), Limits(budget=14.0), (feed,), VALUE)
    # 3 contacts at 1, two of them at 1 more, and 10 for the channel.
    assert judged.totals.spend == pytest.approx(15)
    assert judged.totals.value == pytest.approx(15 - 12)
    assert [breach.name for breach in judged.breaches] == ["budget"]


def test_the_draw_is_of_todays_numbers() -> None:
    options = make_options(np.ones(50).tolist(), channel=["feed"] * 30 + ["mail"] * 20)
    drawn, contacts = draw_contacts(options, today(feed=7, mail=20), np.random.default_rng(1))
    assert np.bincount(options.channel[drawn], weights=contacts).tolist() == [7, 20]
    assert len(np.unique(options.person[drawn])) == 27


def test_leads_that_stand_for_many_are_contacted_as_many_times() -> None:
    options = replace(make_options([1.0, 2.0]), size=np.array([10.0, 30.0]))
    assert spread_evenly(options, today(feed=20)).tolist() == [5, 15]
    _, contacts = draw_contacts(options, today(feed=35), np.random.default_rng(1))
    assert contacts.sum() == 35
    assert (contacts <= [10, 30]).all()


def waterfall(
    options: Options,
    plan: CurrentPlan,
    limits: Limits,
    objective: Objective = VALUE,
    channels: tuple[Channel, ...] = (FEED, MAIL),
) -> dict[str, PlanTotals]:
    x = np.zeros(len(options))
    found = allocate(options, limits, channels, objective)
    x[found.chosen] = found.contacts
    ends = Ends(
        today=judge_today(options, plan, limits, channels, objective), plan=total(options, x, channels), contacts=x
    )
    way = levels(options, plan, ends, limits, channels, objective, seed=1)
    return {level.step: level.totals for level in way}


def gains(steps: dict[str, PlanTotals], objective: Objective = VALUE) -> dict[str, float]:
    return {step: totals.gain(objective) for step, totals in steps.items()}


def test_each_step_of_the_waterfall_frees_one_thing() -> None:
    options = make_options(
        [1, 2, 3, 4, 9, 8, 7], channel=["feed"] * 4 + ["mail"] * 3, bad=[0, 0, 0, 0, 0.5, 0, 0], booked=0.5
    )
    limits = Limits(budget=5.0, max_bad_rate=0.1, bad_rate_confidence=0.5)
    # Today: 2 of the feed's average 2.5 and 1 of the mail's 8. Then its best 4 + 3 + 9; the best 3; the best 5; no bad 9.
    assert gains(waterfall(options, today(feed=2, mail=1), limits)) == pytest.approx(
        {"today": 13, "people": 16, "offers": 16, "channels": 24, "budget": 31, "plan": 24}
    )


def test_where_spend_is_minimised_the_money_falls_from_step_to_step() -> None:
    options = make_options(
        [-1, -2, -3, -1], spend=[1, 2, 3, 1], incremental=1.0, channel=["feed", "feed", "feed", "mail"]
    )
    limits = Limits(min_incremental_accounts=1.0)
    assert gains(waterfall(options, today(feed=2), limits, SPEND), SPEND) == pytest.approx(
        {"today": -4, "people": -3, "offers": -3, "channels": -2, "budget": -1, "plan": -1}
    )


def test_what_channels_charge_once_is_weighed_at_every_step() -> None:
    feed = replace(FEED, cost_per_contact=1.0, fixed_cost=3.0)
    mail = replace(MAIL, cost_per_contact=1.0, price_tiers=(PriceTier(from_contacts=1, cost_per_contact=6.0),))
    options = make_options([9, 8, 7, 7, 6, 5], channel=["feed"] * 3 + ["mail"] * 3)
    steps = waterfall(options, today(feed=1, mail=1), Limits(budget=7.0), channels=(feed, mail))
    # Today: an 8 of the feed less its 3, and a 6 of the mail. For the same 5 two of the feed bring 14; for 7 all three, and a 7.
    assert gains(steps) == pytest.approx(
        {"today": 11, "people": 13, "offers": 13, "channels": 14, "budget": 28, "plan": 28}
    )
    assert [level.spend for level in steps.values()] == pytest.approx([5, 5, 5, 5, 7, 7])


def test_a_fixed_cost_that_does_not_pay_is_saved_as_soon_as_the_channel_is_free() -> None:
    feed = replace(FEED, fixed_cost=3.0)
    options = make_options([4, 3, 7, 6], channel=["feed"] * 2 + ["mail"] * 2)
    steps = waterfall(options, today(feed=1), Limits(budget=20.0), channels=(feed, MAIL))
    assert gains(steps) == pytest.approx(
        {"today": 0.5, "people": 1, "offers": 1, "channels": 13, "budget": 17, "plan": 17}
    )


def test_a_step_beyond_the_usual_spend_of_a_channel_brings_less() -> None:
    worn = replace(FEED, saturation=(SaturationStep(from_contacts=1, booked=0.25, incremental=0.5, value=2.0),))
    options = make_options([5, 5, 5], incremental=1.0, booked=0.5)
    steps = waterfall(options, today(feed=1), Limits(budget=3.0), channels=(worn,))
    assert [level.value for level in steps.values()] == pytest.approx([5, 5, 5, 5, 11, 11])
    assert [steps["plan"].incremental, steps["plan"].booked] == pytest.approx([2, 1])


def test_what_a_channel_asks_for_is_left_to_the_last_step() -> None:
    feed = replace(FEED, min_spend_if_used=3.0)
    options = make_options([5, -1, -1, 4], channel=["feed"] * 3 + ["mail"])
    steps = waterfall(options, today(feed=1), Limits(budget=5.0), channels=(feed, MAIL))
    # The feed's 5 alone until then; its minimum of 3 demands two contacts at a loss, which leave 3.
    assert gains(steps) == pytest.approx({"today": 1, "people": 5, "offers": 5, "channels": 5, "budget": 9, "plan": 7})


def test_accounts_that_a_worn_out_channel_loses_are_not_counted_as_brought() -> None:
    worn = replace(FEED, saturation=(SaturationStep(from_contacts=1, booked=0.0, incremental=0.5),))
    options = make_options([-1, -1, -1, -2], spend=[1, 1, 1, 2], incremental=1.0, channel=["feed"] * 3 + ["mail"])
    steps = waterfall(options, today(feed=1), Limits(min_incremental_accounts=2.0), SPEND, channels=(worn, MAIL))
    # A second account costs two more contacts of the feed at half an account each, or one of the mail.
    assert steps["budget"].incremental == pytest.approx(2)
    assert steps["budget"].spend == pytest.approx(3)


def test_of_many_people_a_sample_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    options = make_options([5.0, 1.0] * 200, channel="feed")
    everybody = gains(waterfall(options, today(feed=100), Limits(budget=150.0)))
    monkeypatch.setattr(waterfall_module, "MOST_PEOPLE", 200)
    sampled = waterfall(options, today(feed=100), Limits(budget=150.0))
    assert sampled["people"].contacts == pytest.approx(100)
    assert sampled["budget"].spend == pytest.approx(150)
    assert gains(sampled) == pytest.approx(everybody, rel=0.15)


figures = st.lists(
    st.tuples(st.integers(-5, 20), st.integers(1, 5), st.integers(0, 10), st.booleans()), min_size=2, max_size=10
)


@settings(deadline=None, max_examples=30)
@given(figures=figures, feed=st.integers(0, 6), mail=st.integers(0, 6), budget=st.integers(1, 30))
def test_a_plan_that_runs_and_keeps_the_limits_is_never_beaten_by_a_worse_one(
    figures: list[tuple[int, int, int, bool]], feed: int, mail: int, budget: int
) -> None:
    gain, spend, bad, in_feed = (list(column) for column in zip(*figures, strict=True))
    options = make_options(
        [float(g) for g in gain],
        spend=[float(s) for s in spend],
        bad=[b / 20 for b in bad],
        channel=["feed" if f else "mail" for f in in_feed],
    )
    limits = Limits(budget=float(budget), max_bad_rate=0.3, bad_rate_confidence=0.5)
    runs = judge_today(options, today(feed=feed, mail=mail), limits, (FEED, MAIL), VALUE)
    if runs.breaches or runs.totals.value <= 0:
        return
    # Shares of contacts against whole ones: no plan of either kind passes the bound.
    certificate = allocate(options, limits, (FEED, MAIL), VALUE).certificate
    assert runs.totals.value <= certificate.bound + 1e-6
