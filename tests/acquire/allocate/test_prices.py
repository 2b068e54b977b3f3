"""The plan as a rule: people who were not planned for get what the plan's trade-offs say."""

import numpy as np
import pytest

from acquire.allocate.prices import score, would_contact
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective
from tests.acquire.allocate.builders import make_options

FEED = (Channel(channel="feed", partner="north"),)
MOST_VALUE = Objective(maximise="incremental_value")


def test_a_newcomer_must_be_worth_what_the_budget_could_buy_elsewhere() -> None:
    prices = allocate(make_options([3, 2, 1], spend=1), Limits(budget=1.5), FEED, MOST_VALUE).prices
    newcomers = make_options([2.5, 1.5, 9.0], spend=[1, 1, 5], person=[10, 11, 12])
    assert score(newcomers, prices) == pytest.approx([0.5, -0.5, -1.0])  # money is worth 2 at the margin
    assert would_contact(newcomers, prices).tolist() == [0]


def test_a_newcomer_gets_the_offer_with_the_best_score() -> None:
    prices = allocate(make_options([3, 2, 1], spend=1), Limits(budget=1.5), FEED, MOST_VALUE).prices
    newcomer = make_options([9.0, 8.0], spend=[2, 1], person=[4, 4])
    assert would_contact(newcomer, prices).tolist() == [1]


def test_those_who_were_planned_for_and_not_split_get_their_own_plan_again() -> None:
    rng = np.random.default_rng(2)
    booked = rng.uniform(0.2, 0.9, 600)
    options = make_options(
        rng.normal(0.3, 1, 600).tolist(),
        person=np.repeat(np.arange(200), 3).tolist(),
        spend=rng.uniform(0.5, 2, 600).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(1, 12, 600)).tolist(),
        bad_loadings=(booked * rng.uniform(0, 0.01, 600)).tolist(),
    )
    allocation = allocate(options, Limits(budget=80, max_bad_rate=0.12), FEED, MOST_VALUE)
    again = would_contact(options, allocation.prices)
    assert len(np.setxor1d(again, allocation.chosen)) <= 12  # the few whom whole contacts and rounding moved


def test_prices_speak_of_regions_by_name_and_not_by_position() -> None:
    options = make_options([5, 4, 1], region=["far", "far", "home"])
    limits = Limits(max_contacts=2, min_region_share={"home": 0.5})
    prices = allocate(options, limits, FEED, MOST_VALUE).prices
    there = make_options([1.0, 1.0], region=["home", "far"])
    back = make_options([1.0, 1.0], region=["far", "home"])
    assert score(there, prices).tolist() == score(back, prices).tolist()[::-1]
