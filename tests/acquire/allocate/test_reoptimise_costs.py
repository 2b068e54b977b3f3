"""A running campaign planned anew: what was done enters at what it cost, and each channel delivers whole contacts."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate.posed import Question
from acquire.allocate.prices import Prices
from acquire.allocate.reoptimise import Reoptimised, reoptimise
from acquire.domain import Limits, Objective
from tests.acquire.allocate.builders import make_options
from tests.acquire.allocate.test_reoptimise import done, planned


def allowed(found: Reoptimised, name: str) -> float:
    return next(limit.allowed for limit in found.limit_uses if limit.name == name)


def test_what_a_contact_cost_more_is_missing_from_its_value() -> None:
    question, plan, prices = planned([5, 4, 3], Limits(budget=4))
    options = reoptimise(question, done(3, {0: 2.5}), plan, prices).options
    assert options.spend.tolist() == [2.5, 1, 1]
    assert options.gain.tolist() == pytest.approx([5 - 1.5, 4, 3])
    assert options.value.tolist() == pytest.approx([5 - 1.5, 4, 3])


def test_accounts_stay_accounts_whatever_they_cost() -> None:
    question, plan, prices = planned([5, 4, 3], Limits(budget=4))
    question = replace(question, objective=Objective(maximise="incremental_accounts"))
    options = reoptimise(question, done(3, {0: 2.5}), plan, prices).options
    assert options.gain.tolist() == [5, 4, 3]
    assert options.value.tolist() == pytest.approx([5 - 1.5, 4, 3])


def test_what_is_told_of_a_contact_that_was_never_made_counts_for_nothing() -> None:
    question, plan, prices = planned([5, 4, 3], Limits(budget=4))
    made = replace(done(3, {0: 1.0}), spend=np.array([1.0, 9.0, 9.0]))
    assert reoptimise(question, made, plan, prices).options.spend.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("made", "contacts"), [({}, [0, 1, 1]), ({0: 1.0}, [1, 0, 1])])
def test_who_was_drawn_by_lot_is_contacted_unless_reached_otherwise_by_now(
    made: dict[int, float], contacts: list[int]
) -> None:
    # The lot gave the first person the second, poorer offer; the plan would give it the first.
    _, plan, prices = planned([5, 1, 3], Limits(budget=10))
    question = Question(
        options=make_options([5, 1, 3], person=[0, 0, 1]),
        limits=Limits(budget=10),
        channels=prices.channels,
        objective=Objective(maximise="incremental_value"),
        forced=np.array([1]),
    )
    assert reoptimise(question, done(3, made), plan, prices).contacts.tolist() == contacts


def paced(n_planned: int, days_left: float, made: dict[int, float], *, most_rise: float = 0.0) -> Reoptimised:
    """A channel that was planned to have so many contacts in ten days, and may speed up by a share."""
    question, plan, prices = planned([1.0] * n_planned, Limits())
    assert plan.sum() == n_planned
    return reoptimise(question, done(n_planned, made, days_left=days_left, most_rise=most_rise), plan, prices)


def test_before_the_first_day_a_channel_is_paced_by_the_plan() -> None:
    assert allowed(paced(6, 10, {}), "pace[feed]") == 6


def test_a_channel_delivers_whole_contacts() -> None:
    assert allowed(paced(6, 2, {0: 1.0}), "pace[feed]") == 1 + 1  # 1.2 in two days


def test_rounding_takes_no_contact_from_a_channel() -> None:
    # 14 in ten days and half as many again are 21, though 10 * (1.5 * 1.4) is a hair less to a computer.
    assert allowed(paced(14, 10, {}, most_rise=0.5), "pace[feed]") == 21


def test_a_channel_that_was_faster_than_planned_may_stay_so() -> None:
    found = paced(6, 5, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0})
    assert allowed(found, "pace[feed]") == 4 + 4  # four in five days, where three were planned


def test_prices_of_the_plan_in_force_do_not_change_what_is_best() -> None:
    question, plan, prices = planned([5, 4, 3, 2, 1], Limits(budget=3))
    dear = Prices(of_row={"budget": 100.0}, tangents=prices.tangents, limits=prices.limits, channels=prices.channels)
    found = [reoptimise(question, done(5, {4: 1.0}), plan, start).contacts.tolist() for start in (prices, dear)]
    assert found[0] == found[1] == [1, 1, 0, 0, 1]
