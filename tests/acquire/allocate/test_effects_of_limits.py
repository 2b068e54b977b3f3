"""What moving a limit by 5 % really changes, how far its price can be trusted, and why money is left."""

import math
from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate import effects_of_limits as effects
from acquire.allocate.explain_plan import explain_plan
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Floats, Options
from acquire.allocate.posed import Question, pose
from acquire.allocate.solve import Allocation, allocate
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits, Objective
from acquire.explained import Explained, LimitEffect
from tests.acquire.allocate.builders import make_options
from tests.acquire.allocate.test_shadow_prices import town

FEED = (Channel(channel="feed", partner="north"),)
MOST_VALUE = Objective(maximise="incremental_value")
LEAST_SPEND = Objective(minimise="spend")
TEN = list(range(10, 0, -1))  # ten people, worth 10, 9 ... 1, at a cost of 1 each


def planned(options: Options, objective: Objective, **limits: object) -> tuple[Question, Allocation, Floats]:
    question = Question(
        options=options,
        limits=Limits(**limits),  # type: ignore[arg-type]
        channels=FEED,
        objective=objective,
        forced=np.empty(0, dtype=np.int64),
    )
    allocation = allocate(options, question.limits, FEED, objective)
    contacts = np.zeros(len(options))
    contacts[allocation.chosen] = allocation.contacts
    return question, allocation, contacts


def explained(options: Options, objective: Objective = MOST_VALUE, **limits: object) -> Explained:
    question, allocation, contacts = planned(options, objective, **limits)
    return explain_plan(question, contacts, allocation.limit_uses)


def effect(options: Options, name: str, objective: Objective = MOST_VALUE, **limits: object) -> LimitEffect:
    return next(one for one in explained(options, objective, **limits).limits if one.name == name)


def test_five_per_cent_more_or_less_of_the_budget_is_worth_the_people_at_its_margin() -> None:
    # The budget of 4.5 buys the first four and half of the fifth, who is worth 6.
    one = effect(make_options(TEN), "budget", budget=4.5)
    assert (one.tighter.allowed, one.looser.allowed) == pytest.approx((4.275, 4.725))
    assert (one.tighter.objective, one.looser.objective) == pytest.approx((-1.35, 1.35))
    assert (one.tighter.spend, one.looser.spend) == pytest.approx((-0.225, 0.225))
    assert one.shadow_price == pytest.approx(6)


def test_a_price_holds_until_its_change_is_a_tenth_off() -> None:
    # Ten people of 10, then people of 1: 20 % beyond the budget of 9.9 the price of 10 is far too high, below it is exact.
    one = effect(make_options([10.0] * 10 + [1.0] * 10), "budget", budget=9.9)
    assert math.isnan(one.holds_from)
    assert 9.9 < one.holds_to < 9.9 * 1.05
    assert one.looser.objective == pytest.approx(0.1 * 10 + (9.9 * 0.05 - 0.1) * 1)


def test_a_limit_that_leaves_room_does_nothing_until_it_reaches_what_is_used() -> None:
    one = effect(make_options(TEN), "max_contacts", max_contacts=8, budget=5)
    assert not one.binding
    assert (one.tighter.objective, one.looser.objective) == (0, 0)
    assert (one.holds_from, math.isnan(one.holds_to)) == (pytest.approx(5), True)


def test_a_limit_that_leaves_little_room_costs_once_it_is_tightened() -> None:
    one = effect(make_options([*TEN] * 4), "max_contacts", max_contacts=31, budget=30.5)
    assert not one.binding
    assert one.looser.objective == 0
    assert one.tighter.allowed == pytest.approx(29.45)
    assert one.tighter.objective < 0


def test_the_tighter_figure_of_a_floor_is_the_higher_one_and_may_leave_no_plan() -> None:
    options = make_options([-1.0, -2.0], incremental=[0.5, 0.5])
    one = effect(options, "min_incremental_accounts", min_incremental_accounts=0.98)
    assert one.tighter.allowed == pytest.approx(0.98 * 1.05)
    assert not one.tighter.met
    assert math.isnan(one.tighter.objective)
    assert one.looser.objective == pytest.approx(0.049 * 4)
    assert one.holds_to == pytest.approx(0.98)


def test_where_spend_is_minimised_a_change_of_the_objective_is_a_change_of_spend() -> None:
    options = make_options([0.0] * 10, spend=list(range(1, 11)), incremental=1.0)
    options = replace(options, gain=-options.spend)
    one = effect(options, "min_incremental_accounts", LEAST_SPEND, min_incremental_accounts=4.5)
    assert one.looser.objective == pytest.approx(-0.225 * 5)
    assert one.looser.spend == pytest.approx(one.looser.objective)
    assert one.shadow_price == pytest.approx(5)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_every_effect_is_what_planning_again_brings(confidence: float) -> None:
    limits = {"budget": 60.3, "max_bad_rate": 0.08, "bad_rate_confidence": confidence, "max_cac": 1.7}
    question, allocation, contacts = planned(town(), MOST_VALUE, **limits)

    def best(**moved: float) -> float:
        asked = replace(question, limits=replace(question.limits, **moved))
        return solve_shares(pose(asked, contacts).problem, Tangents(), seed=0).objective

    found = explain_plan(question, contacts, allocation.limit_uses).limits
    assert [one.name for one in found] == ["budget", "max_bad_rate", "max_cac"]
    now = best()
    for one in found:
        for move in (one.tighter, one.looser):
            change = best(**{one.name: move.allowed}) - now
            assert move.objective == pytest.approx(change, rel=0.02, abs=1e-3 * now)


def test_effects_from_a_sample_are_near_those_of_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    n = 4_000
    booked = rng.uniform(0.2, 0.9, n)
    options = make_options(
        rng.normal(1, 1, n).tolist(),
        spend=rng.uniform(0.5, 2, n).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(1, 9, n)).tolist(),
    )
    question, allocation, contacts = planned(options, MOST_VALUE, budget=1_000, max_bad_rate=0.09)
    exact = effects.effects_of_limits(question, contacts, allocation.limit_uses)
    monkeypatch.setattr(effects, "MOST_COLUMNS", 1_000)
    for one, other in zip(exact, effects.effects_of_limits(question, contacts, allocation.limit_uses), strict=True):
        assert other.looser.objective == pytest.approx(one.looser.objective, rel=0.1)
        assert other.tighter.objective == pytest.approx(one.tighter.objective, rel=0.1)


def test_a_plan_that_contacts_nobody_has_no_effects() -> None:
    nobody = explained(make_options([-1, -2]), budget=100)
    assert nobody.limits == ()
    assert nobody.unspent is not None
    assert nobody.unspent.nobody_left


def test_money_that_is_left_is_laid_to_the_limit_that_stops_it() -> None:
    unspent = explained(make_options(TEN), budget=8, max_contacts=5.5).unspent
    assert unspent is not None
    assert (unspent.spent, unspent.left) == (5, 3)
    assert unspent.stopped_by == ("max_contacts",)
    assert not unspent.nobody_left


def test_money_is_left_because_nobody_is_left_who_pays() -> None:
    unspent = explained(make_options([3, 2, -1]), budget=8).unspent
    assert unspent is not None
    assert unspent.nobody_left
    assert unspent.stopped_by == ()


def test_a_spent_budget_leaves_nothing_to_explain() -> None:
    assert explained(make_options(TEN), budget=5).unspent is None
