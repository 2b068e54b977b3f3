"""What a plan's own holdout will be able to tell, before anybody is contacted."""

import math

import numpy as np
import pytest

from acquire.uplift.holdout_power import Planned, control_share_needed, holdout_power, other_control_share
from acquire.uplift.reading import read_trial
from tests.acquire.uplift.trials import trial_of


def planned(channel: str = "mail", **changes: float) -> Planned:
    figures = {"contacts": 1_900.0, "controls": 100.0, "booked": 190.0, "incremental": 95.0, "spend": 950.0} | changes
    return Planned(channel=channel, **figures)


def sd_of_mail() -> float:
    return math.sqrt(1_900 * 0.1 * 0.9 + 1_900**2 / 100 * 0.05 * 0.95)


def test_the_uplift_that_is_found_stands_two_and_a_half_standard_deviations_off_nothing() -> None:
    power = holdout_power("mail", [planned()])
    assert (power.p_control, power.uplift) == pytest.approx((0.05, 0.05))
    assert power.detectable_uplift == pytest.approx((1.645 + 0.8416) * sd_of_mail() / 1_900, rel=1e-3)


def test_a_plan_of_just_the_uplift_that_is_found_finds_it_eight_times_in_ten() -> None:
    enough = (1.6449 + 0.8416) * sd_of_mail()
    power = holdout_power("mail", [planned(booked=95 + enough, incremental=enough)])
    # Some more are booked, so there is some more chance in it.
    assert power.chance == pytest.approx(0.8, abs=0.01)
    assert power.times_needed == pytest.approx(1, abs=0.03)


def test_the_stated_chance_is_how_often_the_reading_is_known() -> None:
    rng = np.random.default_rng(4)
    of_plan = planned(contacts=950, controls=150, booked=95, incremental=38)
    known = [
        read_trial(
            trial_of((950, int(rng.binomial(950, 0.1))), (150, int(rng.binomial(150, 0.06)))), offers_by_lot=False
        ).total.difference.low
        > 0
        for _ in range(400)
    ]
    assert np.mean(known) == pytest.approx(holdout_power("mail", [of_plan]).chance, abs=0.07)


def test_twice_the_traffic_needs_half_as_many_times_of_it() -> None:
    once, twice = planned(), planned(contacts=3_800, controls=200, booked=380, incremental=190, spend=1_900)
    assert holdout_power("mail", [once]).times_needed == pytest.approx(2 * holdout_power("mail", [twice]).times_needed)


def test_a_channel_cut_in_two_is_read_as_one() -> None:
    half = planned(contacts=950, controls=50, booked=95, incremental=47.5, spend=475)
    assert holdout_power("all", [half, half]).chance == pytest.approx(holdout_power("all", [planned()]).chance)


def test_without_controls_nothing_is_found() -> None:
    power = holdout_power("mail", [planned(controls=0)])
    assert math.isinf(power.detectable_uplift)
    assert power.chance == 0
    assert math.isnan(power.times_needed)
    assert math.isnan(power.cac_low)


def test_contacts_that_are_expected_to_add_nothing_are_never_found_to_add_something() -> None:
    power = holdout_power("mail", [planned(incremental=0)])
    assert math.isnan(power.times_needed)
    assert power.chance <= 0.05 + 1e-9


def test_the_cost_of_an_extra_booking_lies_between_those_of_the_most_and_the_fewest() -> None:
    power = holdout_power(
        "mail", [planned(contacts=19_000, controls=1_000, booked=1_900, incremental=950, spend=9_500)]
    )
    assert power.cac_low < 10 < power.cac_high


def test_keeping_more_back_tells_more_and_forgoes_the_bookings_of_those_kept_back() -> None:
    five, twenty = (other_control_share([planned()], share) for share in (0.05, 0.2))
    assert five.forgone == pytest.approx(0)
    assert twenty.forgone == pytest.approx(95 * (1 - 0.8 / 0.95))
    assert twenty.chance > five.chance
    assert twenty.times_needed < five.times_needed


def test_the_share_of_control_that_is_needed_is_just_enough() -> None:
    needed = control_share_needed([planned(incremental=60, booked=155)])
    assert 0.05 < needed < 0.5
    assert other_control_share([planned(incremental=60, booked=155)], needed).times_needed == pytest.approx(1, abs=0.01)
    assert math.isnan(control_share_needed([planned(incremental=1, booked=96)]))
