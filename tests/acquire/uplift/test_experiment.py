"""A pilot is split well, costs what it says, and finds what it promises to find."""

import dataclasses
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from acquire.domain import Channel, Offer
from acquire.errors import BadInput
from acquire.uplift.assignment import draw_assignment
from acquire.uplift.experiment import design_pilot, expected_cost
from acquire.uplift.pilot import PilotDesign, PilotRequest
from acquire.uplift.pilot_power import arm_shares, detectable_uplift, difference_variance

Floats = NDArray[np.float64]

SEARCH = Channel(channel="search", partner="north", cost_per_contact=1.0)
CRM = Channel(channel="crm", partner="own", cost_per_contact=0.1)


def request(**changes: object) -> PilotRequest:
    asked = PilotRequest(
        traffic={"search": 1_000, "crm": 2_000},
        channels=(SEARCH, CRM),
        offers=(Offer(offer="letter"), Offer(offer="coupon")),
        p_booked=0.05,
        p_bad=0.1,
        smallest_uplift=0.02,
        max_weeks=12,
        starts_on=date(2026, 12, 1),
    )
    return dataclasses.replace(asked, **changes)  # type: ignore[arg-type]


def of_one_channel(n: int, **changes: object) -> PilotDesign:
    return design_pilot(request(traffic={"search": n}, channels=(SEARCH,), **changes))


def leads_of(**by_channel: int) -> pd.DataFrame:
    channels = [channel for channel, n in by_channel.items() for _ in range(n)]
    return pd.DataFrame({"lead_id": [f"L{i}" for i in range(len(channels))], "channel": channels})


def test_one_offer_and_its_control_share_the_leads_equally() -> None:
    assert arm_shares(1) == (0.5, 0.5)


def test_the_control_of_four_offers_gets_twice_what_one_offer_gets() -> None:
    assert arm_shares(4) == pytest.approx((2 / 6, 1 / 6))


@given(st.integers(1, 12))
def test_no_other_split_reads_the_offers_more_finely(n_offers: int) -> None:
    control, each = arm_shares(n_offers)
    assert control + n_offers * each == pytest.approx(1)

    def summed_variance(held: float) -> float:
        return n_offers / held + n_offers**2 / (1 - held)

    assert all(summed_variance(control) <= summed_variance(held) + 1e-9 for held in np.linspace(0.02, 0.98, 49))


def test_the_variance_of_a_difference_is_that_of_the_textbook() -> None:
    assert difference_variance(0.5, 0.5, [100], [100]) == pytest.approx(0.25 / 100 + 0.25 / 100)


def test_cutting_a_channel_in_two_equal_halves_changes_nothing() -> None:
    whole = difference_variance(0.05, 0.08, [200], [100])
    assert difference_variance(0.05, 0.08, [100, 100], [50, 50]) == pytest.approx(whole)


@given(st.floats(0.005, 0.5), st.integers(50, 100_000), st.integers(50, 100_000))
def test_the_detectable_uplift_stands_as_many_standard_errors_off_zero_as_the_power_asks(
    p: float, controls: int, leads: int
) -> None:
    found = detectable_uplift(p, [controls], [leads], significance=0.05, power=0.8)
    if not math.isnan(found):
        error = math.sqrt(difference_variance(p, p + found, [controls], [leads]))
        assert found / error == pytest.approx(norm.ppf(0.975) + norm.ppf(0.8))


def test_a_handful_of_leads_finds_nothing() -> None:
    assert math.isnan(detectable_uplift(0.9, [3], [3], significance=0.05, power=0.8))


def test_a_pilot_is_no_larger_than_the_effect_worth_finding_needs() -> None:
    design = design_pilot(request())
    assert design.limited_by == "effect"
    assert design.finds_smallest_uplift
    assert max(r.detectable_uplift for r in design.readings) == pytest.approx(0.02)
    assert design.leads == pytest.approx(design.weeks_needed * 3_000)


def test_shares_of_each_channel_add_up_to_one_and_arms_to_the_leads() -> None:
    design = design_pilot(request(offers=(Offer(offer="letter"), Offer(offer="coupon", channels=frozenset({"crm"})))))
    for channel, n_arms in (("search", 2), ("crm", 3)):
        arms = [arm for arm in design.arms if arm.channel == channel]
        assert len(arms) == n_arms
        assert sum(arm.share for arm in arms) == pytest.approx(1)
    assert sum(arm.leads for arm in design.arms) == pytest.approx(design.leads)


def test_an_offer_is_read_only_against_controls_of_its_own_channels() -> None:
    design = design_pilot(request(offers=(Offer(offer="letter"), Offer(offer="coupon", channels=frozenset({"crm"})))))
    controls = {arm.channel: arm.leads for arm in design.arms if arm.offer == "control"}
    letter, coupon = design.readings
    assert letter.controls == pytest.approx(controls["search"] + controls["crm"])
    assert coupon.controls == pytest.approx(controls["crm"])


def test_the_budget_is_spent_on_contacts_and_never_passed() -> None:
    # Two offers at 1.00 in search: 1 / (2 + sqrt 2) of the leads each, so 100 leads cost 58.58.
    design = of_one_channel(10_000, budget=585.79)
    assert design.limited_by == "budget"
    assert design.spend <= 585.79
    assert design.leads == pytest.approx(1_000, abs=1)
    assert not design.finds_smallest_uplift


@settings(deadline=None, max_examples=40)
@given(st.floats(200, 1e6), st.integers(1, 20), st.floats(0.002, 0.2))
def test_no_pilot_passes_its_budget_or_its_time(budget: float, max_weeks: int, smallest: float) -> None:
    design = design_pilot(request(budget=budget, max_weeks=max_weeks, smallest_uplift=smallest))
    assert design.spend <= budget * (1 + 1e-9)
    assert 1 <= design.weeks <= max_weeks
    assert all(0 < share <= 1 for share in design.enrolled_share.values())
    found = all(r.detectable_uplift <= smallest * 1.000001 for r in design.readings)
    assert design.finds_smallest_uplift == found


def test_a_pilot_that_time_stops_short_says_how_long_it_would_take() -> None:
    design = of_one_channel(100, max_weeks=4)
    assert design.limited_by == "weeks"
    assert design.weeks == 4
    assert design.weeks_needed > 4
    longer = of_one_channel(100, max_weeks=math.ceil(design.weeks_needed))
    assert longer.finds_smallest_uplift
    assert longer.spend == pytest.approx(design.spend_needed)


def test_a_channel_gets_no_more_contacts_than_it_can_deliver() -> None:
    narrow = dataclasses.replace(SEARCH, max_contacts=50)
    design = design_pilot(request(channels=(narrow, CRM)))
    contacts = sum(arm.leads for arm in design.arms if arm.channel == "search" and arm.offer != "control")
    assert contacts == pytest.approx(50)


def test_the_plans_limit_on_contacts_stops_the_pilot() -> None:
    design = of_one_channel(10_000, max_contacts=100)
    assert design.limited_by == "contacts"
    assert sum(arm.leads for arm in design.arms if arm.offer != "control") == pytest.approx(100)


def test_an_effect_that_a_capped_channel_can_never_show_is_called_out_of_reach() -> None:
    narrow = dataclasses.replace(SEARCH, max_contacts=50)
    design = design_pilot(request(traffic={"search": 1_000}, channels=(narrow,)))
    assert math.isnan(design.weeks_needed)
    assert math.isnan(design.spend_needed)


def test_a_contact_costs_its_events_less_the_rebate_and_the_offer_on_top() -> None:
    channel = Channel(
        channel="search", partner="north", cost_per_contact=1, cost_per_booked=100, cost_per_click=2, rebate_share=0.5
    )
    offer = Offer(offer="coupon", cost_rate_of_amount=0.01)
    asked = request(p_booked=0.05, smallest_uplift=0.05, mean_amount=1_000, p_clicked=0.5)
    # Booked .10: (1 + 2 x .5 + .10 x 100) x .5 + .10 x .01 x 1,000
    assert expected_cost(asked, channel, offer) == pytest.approx(6 + 1)


def test_bookings_can_be_read_a_window_after_the_last_day_and_bads_a_maturity_later() -> None:
    design = of_one_channel(1_000, max_weeks=1, booking_window_days=30, maturity_days=60)
    assert design.ends_on == date(2026, 12, 7)
    assert design.booked_readable_on == date(2027, 1, 7)
    assert design.bad_readable_on == date(2027, 3, 8)


def test_bookings_and_bads_are_counted_over_all_arms() -> None:
    design = of_one_channel(1_000, max_weeks=1, smallest_uplift=0.01)
    control, each = arm_shares(2)
    booked = 1_000 * (control * 0.05 + 2 * each * 0.06)
    assert design.booked == pytest.approx(booked)
    assert design.bad == pytest.approx(booked * 0.1)
    assert design.bad_rate_half_width == pytest.approx(norm.ppf(0.95) * math.sqrt(0.1 * 0.9 / booked))


def test_without_a_guess_of_the_bad_rate_it_is_not_known() -> None:
    design = design_pilot(request(p_bad=math.nan))
    assert math.isnan(design.bad)
    assert math.isnan(design.bad_rate_half_width)


def test_a_simulated_pilot_finds_the_detectable_uplift_eight_times_in_ten() -> None:
    design = design_pilot(request(max_weeks=3, smallest_uplift=0.015))
    uplift = design.readings[0].detectable_uplift
    z = simulated_z_scores(design, "letter", 0.05, 0.05 + uplift, n=4_000)
    threshold = norm.ppf(1 - 0.05 / 2 / 2)
    assert np.mean(np.abs(z) > threshold) == pytest.approx(0.8, abs=0.03)


def test_a_simulated_pilot_of_useless_offers_seldom_rings_the_alarm() -> None:
    z = simulated_z_scores(design_pilot(request()), "coupon", 0.05, 0.05, n=4_000)
    assert np.mean(np.abs(z) > norm.ppf(1 - 0.05 / 2 / 2)) <= 0.035


def simulated_z_scores(design: PilotDesign, offer: str, p_control: float, p_offer: float, n: int) -> Floats:
    """Run the pilot n times and read one offer each time, with the shares it observed and not with the true ones."""
    rng = np.random.default_rng(7)
    arms = {(arm.channel, arm.offer): round(arm.leads) for arm in design.arms}
    effect, variance = np.zeros(n), np.zeros(n)
    for channel in ("search", "crm"):
        n_offer, n_control = arms[channel, offer], arms[channel, "control"]
        seen, base = rng.binomial(n_offer, p_offer, n) / n_offer, rng.binomial(n_control, p_control, n) / n_control
        h = n_offer * n_control / (n_offer + n_control)
        effect += h * (seen - base)
        variance += h**2 * (seen * (1 - seen) / n_offer + base * (1 - base) / n_control)
    return np.asarray(effect / np.sqrt(variance))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"p_booked": 0.0}, "the base booking rate is 0"),
        ({"smallest_uplift": 0.0}, "the smallest uplift is 0"),
        ({"smallest_uplift": 0.96}, "what the base booking rate leaves"),
        ({"max_weeks": 0}, "give at least 1"),
        ({"budget": -1.0}, "budget is -1"),
        ({"budget": 0.5}, "the limit on budget leaves next to no leads"),
        ({"p_bad": 1.5}, "the bad rate is 1.5"),
        ({"offers": ()}, "there is no offer to try"),
        ({"offers": (Offer(offer="a", channels=frozenset({"tv"})),)}, "offer a may be used in no channel"),
        ({"traffic": {}}, "no channel has leads"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_in_one_line(change: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        design_pilot(request(**change))


def test_everybody_gets_one_arm_and_numbers_keep_to_their_shares() -> None:
    design = design_pilot(request())
    drawn = draw_assignment(leads_of(search=1_000, crm=500), design, {"search": 1.0, "crm": 0.4}, rng(1))
    counts = drawn.groupby(["channel", "offer"]).size()
    for arm in design.arms:
        taking_part = 1_000 if arm.channel == "search" else 200
        assert abs(counts[arm.channel, arm.offer] - arm.share * taking_part) <= 1.5
    assert drawn["lead_id"].is_unique


def test_the_written_propensity_is_the_share_of_the_arm() -> None:
    drawn = draw_assignment(leads_of(search=100), design_pilot(request()), {"search": 1.0}, rng(1))
    control, each = arm_shares(2)
    assert set(drawn["propensity"].round(12)) == {round(control, 12), round(each, 12)}
    assert (drawn.loc[drawn["offer"] == "control", "propensity"] == control).all()


def test_over_many_draws_every_lead_has_the_chance_that_is_written() -> None:
    design = design_pilot(request())
    leads = leads_of(search=5)
    drawn = pd.concat(draw_assignment(leads, design, {"search": 0.7}, rng(seed)) for seed in range(1_000))
    control, _ = arm_shares(2)
    part = drawn.groupby("lead_id").size() / 1_000
    held = drawn[drawn["offer"] == "control"].groupby("lead_id").size() / drawn.groupby("lead_id").size()
    assert part.to_numpy() == pytest.approx(0.7, abs=0.06)
    assert held.to_numpy() == pytest.approx(control, abs=0.08)


def test_the_same_seed_draws_the_same_pilot() -> None:
    design, leads = design_pilot(request()), leads_of(search=50, crm=50)
    first, second = (draw_assignment(leads, design, {"search": 1.0, "crm": 1.0}, rng(3)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_a_person_with_two_leads_takes_part_at_most_once() -> None:
    leads = leads_of(search=20, crm=20).assign(person_id=[f"P{i % 20}" for i in range(40)])
    drawn = draw_assignment(leads, design_pilot(request()), {"search": 1.0, "crm": 1.0}, rng(1))
    people = leads.set_index("lead_id").loc[drawn["lead_id"], "person_id"]
    assert people.is_unique
    assert len(people) == 20


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
