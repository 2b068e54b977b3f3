"""Where there is no plan, the line names the fewest limits to relax, and the figure it gives works."""

import re

import numpy as np
import pytest

from acquire.allocate.options import Options
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective
from acquire.errors import Infeasible
from tests.acquire.allocate.builders import make_options

FEED = (Channel(channel="feed", partner="north"),)
MOST_VALUE = Objective(maximise="incremental_value")


def refusal(options: Options, **limits: object) -> Infeasible:
    with pytest.raises(Infeasible) as caught:
        allocate(options, Limits(**limits), FEED, MOST_VALUE)  # type: ignore[arg-type]
    return caught.value


def test_where_every_option_loses_money_contacting_nobody_is_the_plan_and_no_limit_is_blamed() -> None:
    allocation = allocate(make_options([-1, -2]), Limits(budget=100), FEED, MOST_VALUE)
    assert allocation.chosen.tolist() == []
    assert allocation.warnings == ("no contact within the limits pays for itself: the plan contacts nobody",)


def test_a_losing_plan_that_a_floor_demands_is_a_plan() -> None:
    allocation = allocate(make_options([-1, -2], incremental=1), Limits(min_incremental_accounts=1), FEED, MOST_VALUE)
    assert allocation.chosen.tolist() == [0]


def test_limits_that_fit_nobody_are_named_even_where_nobody_would_pay() -> None:
    assert "raise budget from 0.5 to at least 1" in str(refusal(make_options([-1, -2]), budget=0.5))


def test_a_budget_below_the_cheapest_contact_is_raised_to_that_contact() -> None:
    assert str(refusal(make_options([3, 2], spend=[8, 5]), budget=2)) == (
        "budget: nobody can be contacted; raise budget from 2 to at least 5"
    )


def test_a_cac_that_nobody_keeps_is_raised_to_the_cheapest_account() -> None:
    assert "raise max_cac from 15 to at least 20" in str(refusal(make_options([3, 2], spend=[10, 20]), max_cac=15))


def test_of_two_limits_in_conflict_the_smaller_change_is_proposed_and_both_are_named() -> None:
    cheap_and_risky, dear_and_safe = {"spend": [10.0, 21.0]}, {"bad": [0.2, 0.05]}
    error = refusal(
        make_options([3, 3], **cheap_and_risky, **dear_and_safe), max_cac=40, max_bad_rate=0.1, bad_rate_confidence=0.5
    )
    assert "max_cac cannot be met together with max_bad_rate" in str(error)
    assert "raise max_cac from 40 to at least 42" in str(error)
    assert set(error.limits) == {"max_cac", "max_bad_rate"}


def test_a_floor_that_cannot_be_reached_is_lowered() -> None:
    error = refusal(make_options([1, 1, 1], incremental=[0.5, 0.5, 0.5]), min_incremental_accounts=2)
    assert "lower min_incremental_accounts from 2 to at most 1.5" in str(error)


def test_two_limits_are_relaxed_where_one_is_not_enough() -> None:
    error = refusal(
        make_options([1, 1], spend=[8, 9], bad=[0.2, 0.2]), budget=4, max_bad_rate=0.2, bad_rate_confidence=0.5
    )
    assert error.limits == ("budget", "max_bad_rate")
    assert "raise budget from 4 to at least 8 and raise max_bad_rate from 0.2 to at least 0.4" in str(error)


def test_a_large_campaign_gets_a_figure_that_works() -> None:
    options = make_options([1.0 + i % 7 for i in range(3_000)], bad=[0.05 + 0.001 * (i % 50) for i in range(3_000)])
    limits = {"max_bad_rate": 0.09, "min_incremental_accounts": 0.0}
    error = refusal(options, **limits)
    raised = float(re.findall(r"raise max_bad_rate from 0.09 to at least ([\d.]+)", str(error))[0])
    assert raised < 0.2
    assert len(allocate(options, Limits(max_bad_rate=raised), FEED, MOST_VALUE).chosen)


def test_a_floor_far_out_of_reach_is_not_lowered_far_below_what_can_be_had() -> None:
    # A few people bring most, so that what a sample of them promises is too much for everybody.
    incremental = np.random.default_rng(1).lognormal(-3, 2, 1_600)
    most = np.sort(incremental)[-200:].sum()
    options = make_options(np.ones(1_600), incremental=incremental, spend=1)
    error = refusal(options, min_incremental_accounts=5_000, budget=200)
    figure = float(re.findall(r"min_incremental_accounts from 5000 to at most (\S+)", str(error))[0])
    assert 0.95 * most <= figure <= most


def test_what_would_help_instead_is_said_after_the_nearest_remedy() -> None:
    # Raising the CAC by 5 % lets the safe one in; else both must come, and a quarter of their bookings goes bad.
    error = refusal(
        make_options([3, 3], spend=[10.0, 21.0], bad=[0.2, 0.05]), max_cac=40, max_bad_rate=0.1, bad_rate_confidence=0.5
    )
    assert str(error) == (
        "max_cac cannot be met together with max_bad_rate while anybody is contacted: "
        "raise max_cac from 40 to at least 42; or instead raise max_bad_rate from 0.1 to at least 0.25"
    )


def test_at_most_two_other_ways_are_shown() -> None:
    error = refusal(
        make_options([1, 1], spend=[9, 9], booked=[1, 1], bad=[0.5, 0.5], incremental=[0.5, 0.5]),
        budget=9,
        min_incremental_accounts=0.9,
        max_cac=8,
        max_bad_rate=0.2,
        max_contacts=0.9,
        bad_rate_confidence=0.5,
    )
    assert str(error).count("or instead") <= 2
    assert "limits must give way" in str(error)


def test_a_sum_of_floors_above_a_cap_is_one_conflict_however_many_floors_there_are() -> None:
    # Twenty channels with a minimum of 3 each against a budget of 50: the one limit that all conflicts share is the budget.
    channels = tuple(Channel(channel=f"c{i}", partner="north", min_spend=3.0) for i in range(20))
    options = make_options([1.0] * 100, channel=[f"c{i % 20}" for i in range(100)])
    with pytest.raises(Infeasible) as caught:
        allocate(options, Limits(budget=50, max_contacts=90), channels, MOST_VALUE)
    assert caught.value.limits[0] == "budget"
    assert "raise budget from 50 to at least 60" in str(caught.value)


def test_whole_contacts_that_do_not_fit_are_explained_where_shares_of_contacts_would() -> None:
    # Half a contact each would keep the cap of 1.5 and the floor of 1.5 accounts; whole contacts are 1 or 2.
    error = refusal(make_options([1, 1], incremental=[1, 1]), max_contacts=1.5, min_incremental_accounts=1.5)
    assert "raise max_contacts from 1.5 to at least 2" in str(error)
    assert "lower min_incremental_accounts from 1.5 to at most 1" in str(error)


def test_figures_are_written_out_in_full() -> None:
    error = refusal(make_options([3e6], spend=[2_500_000]), budget=1_234_567)
    assert str(error) == "budget: nobody can be contacted; raise budget from 1234567 to at least 2500000"


def test_a_figure_a_hair_above_a_round_one_is_raised_to_the_next_and_works() -> None:
    options = make_options([1.0], booked=0.89616349, bad=0.0740410305)  # a rate of 0.0826200034
    line = str(refusal(options, max_bad_rate=0.0625, bad_rate_confidence=0.5))
    assert "raise max_bad_rate from 0.0625 to at least 0.08263" in line
    allocate(options, Limits(max_bad_rate=0.08263, bad_rate_confidence=0.5), FEED, MOST_VALUE)
