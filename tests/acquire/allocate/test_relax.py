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
