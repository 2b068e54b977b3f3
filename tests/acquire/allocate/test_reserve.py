"""The random reserve: everybody is drawn with the chance that is logged, and a later estimate built on these chances is right."""

import numpy as np
import pytest

from acquire.allocate.options import Options
from acquire.allocate.reserve import Reserve, draw_reserve, propensities
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits
from tests.acquire.allocate.builders import make_options

FEED, SMS = Channel(channel="feed", partner="north"), Channel(channel="sms", partner="quick")


def draw(options: Options, share: float, seed: int = 0, *, free: list[bool] | None = None, **limits: object) -> Reserve:
    rows = list_limits(options, Limits(**limits), (FEED, SMS))  # type: ignore[arg-type]
    everybody = np.ones(len(options), dtype=bool)
    may_now = everybody if free is None else np.array(free)
    return draw_reserve(options, rows, share, np.random.default_rng(seed), may=everybody, free=may_now)


def test_the_reserve_is_expected_to_spend_its_share_of_the_budget() -> None:
    options = make_options([1.0] * 100, spend=[2.0] * 50 + [4.0] * 50)
    reserve = draw(options, 0.1, budget=60)
    assert float(reserve.chance @ options.spend) == pytest.approx(6)  # a tenth of 60
    assert np.mean([options.spend[draw(options, 0.1, s, budget=60).chosen].sum() for s in range(400)]) == pytest.approx(
        6, rel=0.05
    )


def test_a_budget_that_everybody_fits_into_still_leaves_all_but_the_share_to_the_plan() -> None:
    reserve = draw(make_options([1.0] * 100, spend=2.0), 0.1, budget=1_000_000)
    assert reserve.chance.tolist() == [0.1] * 100
    assert len(reserve.chosen) == 10


def test_the_number_drawn_is_within_one_of_its_expectation() -> None:
    options = make_options([1.0] * 45)
    assert {len(draw(options, 0.1, seed).chosen) for seed in range(50)} == {4, 5}


def test_of_a_channel_that_takes_few_contacts_the_reserve_takes_its_share_of_them_only() -> None:
    options = make_options([1.0] * 100, channel=["feed"] * 50 + ["sms"] * 50)
    feed = Channel(channel="feed", partner="north", max_contacts=10)
    everybody = np.ones(100, dtype=bool)
    rows = list_limits(options, Limits(), (feed, SMS))
    reserve = draw_reserve(options, rows, 0.2, np.random.default_rng(0), may=everybody, free=everybody)
    assert reserve.chance[:50].sum() == pytest.approx(2)  # a fifth of 10 contacts
    assert reserve.chance[50:].tolist() == [0.2] * 50


def test_nobody_is_drawn_twice_and_each_option_of_a_person_is_as_likely() -> None:
    options = make_options([1.0] * 80, person=[i // 4 for i in range(80)])
    drawn = np.zeros(80)
    for seed in range(600):
        chosen = draw(options, 0.4, seed).chosen
        assert len(np.unique(options.person[chosen])) == len(chosen) == 8
        drawn[chosen] += 1
    assert drawn.mean() == pytest.approx(60)  # of 600 draws, .4 / 4
    assert abs(drawn - 60).max() < 4 * np.sqrt(60)


def test_those_kept_back_as_controls_are_never_drawn_but_have_the_same_chance() -> None:
    options = make_options([1.0] * 20)
    reserve = draw(options, 0.5, free=[False] * 10 + [True] * 10)
    assert reserve.chosen.min() >= 10
    assert len(reserve.chosen) == 5
    assert reserve.chance.tolist() == [0.5] * 20


def test_the_chances_of_a_lead_are_those_of_draw_plan_and_holdout_together() -> None:
    # Two leads with two offers each; the plan would give lead 0 its first offer, lead 1 nothing; lead 2 has no option.
    lead, offer = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    e, q = np.full(4, 0.1), np.full(4, 0.05)
    table = propensities(lead, offer, e, q, np.array([0]), 0.2, shape=(3, 2))
    assert table[0] == pytest.approx([0.8 * (0.9 + 0.05), 0.8 * 0.05, 0.2])
    assert table[1] == pytest.approx([0.8 * 0.05, 0.8 * 0.05, 1 - 0.8 * 0.1])
    assert np.isnan(table[2]).all()


def test_who_is_kept_back_uses_nothing_so_that_more_may_be_drawn() -> None:
    options = make_options([1.0] * 100, spend=4.0)
    everybody = np.ones(100, dtype=bool)
    rows = tuple(list_limits(options, Limits(budget=100), (FEED, SMS)))
    rng = np.random.default_rng(0)
    reserve = draw_reserve(options, rows, 0.1, rng, may=everybody, free=everybody, control_share=0.5)
    # Half are controls: the others together would use 200, twice what is allowed.
    assert reserve.chance.tolist() == pytest.approx([0.1 * 100 / 200] * 100)


def test_a_floor_holds_nobody_back_from_the_draw() -> None:
    options = make_options([1.0] * 20)
    rows = list_limits(options, Limits(), (Channel(channel="feed", partner="north", min_spend=5), SMS))
    everybody = np.ones(20, dtype=bool)
    reserve = draw_reserve(options, rows, 0.1, np.random.default_rng(0), may=everybody, free=everybody)
    assert reserve.chance.tolist() == [0.1] * 20


def test_every_channel_has_its_due_in_every_draw() -> None:
    options = make_options([1.0] * 100, channel=["feed", "sms"] * 50)
    for seed in range(40):
        assert np.bincount(options.channel[draw(options, 0.1, seed).chosen]).tolist() == [5, 5]


def test_who_has_no_option_that_may_be_drawn_has_no_chance() -> None:
    options, may = make_options([1.0] * 20), np.arange(20) < 10
    reserve = draw_reserve(options, (), 0.5, np.random.default_rng(0), may=may, free=np.ones(20, dtype=bool))
    assert reserve.chance.tolist() == [0.5] * 10 + [0.0] * 10
    assert reserve.chance_of_option.tolist() == [0.5] * 10 + [0.0] * 10


def test_without_a_reserve_the_plan_is_certain_but_for_the_holdout() -> None:
    nothing = np.zeros(2)
    table = propensities(np.array([0, 1]), np.array([0, 0]), nothing, nothing, np.array([0]), 0.05, shape=(2, 1))
    assert table.tolist() == [[0.95, pytest.approx(0.05)], [0.0, 1.0]]


def test_what_another_plan_would_have_brought_is_estimated_without_bias_from_the_logged_chances() -> None:
    """Weighting by 1 / propensity tells what an offer that the plan never chooses would do, and what no contact does."""
    n, share, control_share = 60, 0.3, 0.2
    truth = np.array([0.5, 0.9, 0.1])  # bookings under the two offers and without a contact
    options = make_options([1.0] * 2 * n, person=[i // 2 for i in range(2 * n)])
    lead, offer = np.repeat(np.arange(n), 2), np.tile([0, 1], n)
    planned = np.arange(0, 2 * n, 2)  # the first offer for everybody
    rng = np.random.default_rng(1)
    estimates = np.zeros((400, 3))
    for estimate in estimates:
        free = np.repeat(rng.random(n) >= control_share, 2)
        reserve = draw_reserve(
            options, (), share, rng, may=np.ones(2 * n, dtype=bool), free=free, control_share=control_share
        )
        table = propensities(
            lead, offer, reserve.chance, reserve.chance_of_option, planned, control_share, shape=(n, 2)
        )
        arm = np.where(free[::2], 0, 2)
        arm[lead[reserve.chosen]] = offer[reserve.chosen]
        for j in range(3):
            got = arm == j
            estimate[j] = (truth[j] / table[got, j]).sum() / n
    error = estimates.std(axis=0) / np.sqrt(len(estimates))
    assert (abs(estimates.mean(axis=0) - truth) < 3.5 * error).all()
