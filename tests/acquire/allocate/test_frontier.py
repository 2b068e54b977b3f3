"""The frontier: what more budget and more risk buy, and where the plan stands."""

import math
from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate import frontier as frontier_module
from acquire.allocate.axes import choose_axes, over_axes
from acquire.allocate.frontier import Axes, Frontier, trace_frontier
from acquire.allocate.options import Floats, Options
from acquire.allocate.posed import Question, pose
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective
from acquire.errors import BadInput
from tests.acquire.allocate.builders import make_options
from tests.acquire.allocate.test_live import CHANNELS, market

VALUE, SPEND = Objective(maximise="incremental_value"), Objective(minimise="spend")


def asked(
    options: Options,
    limits: Limits,
    channels: tuple[Channel, ...] = (Channel(channel="feed", partner="acme"),),
    objective: Objective = VALUE,
) -> tuple[Question, Floats]:
    """A question, and the plan that answers it."""
    allocation = allocate(options, limits, channels, objective)
    contacts = np.zeros(len(options))
    contacts[allocation.chosen] = allocation.contacts
    nobody = np.empty(0, dtype=np.int64)
    return Question(options=options, limits=limits, channels=channels, objective=objective, forced=nobody), contacts


def traced(question: Question, contacts: Floats, axes: Axes | None = None) -> Frontier:
    axes = axes or choose_axes(question, contacts)
    return trace_frontier(over_axes(question, axes), axes, contacts)


def test_the_best_lead_is_bought_first() -> None:
    question, plan = asked(make_options([3, 2, 1]), Limits(budget=1))
    found = traced(question, plan, Axes(limit="budget", allowed=(1.0, 2.0, 2.5, 5.0)))
    assert [point.objective for point in found.points] == pytest.approx([3, 5, 5.5, 6])
    assert [point.worth_of_allowed for point in found.points][2:] == pytest.approx([1, 0])
    assert (found.here.objective, found.here.spend, found.here.contacts) == (3, 1, 1)


def test_a_looser_cap_buys_the_riskier_lead() -> None:
    options = make_options([1, 2], booked=[1, 1], bad=[0.1, 0.3])
    question, plan = asked(options, Limits(budget=2, max_bad_rate=0.1, bad_rate_confidence=0.5))
    found = traced(question, plan, Axes(limit="budget", allowed=(2.0,), bad_rates=(0.1, 0.2, 1.0)))
    assert [point.objective for point in found.points] == pytest.approx([1, 3, 3])
    assert [point.bad_rate for point in found.points] == pytest.approx([0.1, 0.2, 0.2])


def test_more_budget_and_more_risk_never_buy_less() -> None:
    question, plan = asked(market(100, 5), Limits(budget=60, max_bad_rate=0.15), CHANNELS)
    found = traced(question, plan, Axes(limit="budget", allowed=(20, 40, 60, 80), bad_rates=(0.12, 0.15, 0.18, 1.0)))
    for one in found.points:
        worse = [p for p in found.points if p.allowed <= one.allowed and p.max_bad_rate <= one.max_bad_rate and p.met]
        assert all(one.met and p.objective <= one.objective for p in worse)
        assert not one.met or one.gap < 1e-6
        assert not one.met or one.bad_rate_held <= one.max_bad_rate + 1e-4 or math.isnan(one.bad_rate_held)


def test_by_default_fifty_settings_or_more_are_tried_with_the_plan_s_own_among_them() -> None:
    question, plan = asked(market(100, 5), Limits(budget=60, max_bad_rate=0.15), CHANNELS)
    axes = choose_axes(question, plan)
    assert len(axes.allowed) * len(axes.bad_rates) >= 50
    assert 60 in axes.allowed
    assert {0.15, 1.0} < set(axes.bad_rates)


def test_the_plan_in_force_lies_on_its_curve() -> None:
    question, plan = asked(market(400, 2), Limits(budget=150, max_bad_rate=0.15), CHANNELS)
    [same] = (found := traced(question, plan, Axes(limit="budget", allowed=(150,), bad_rates=(0.15,)))).points
    assert found.here.objective == pytest.approx(same.objective, rel=0.01)
    assert found.here.objective <= same.objective * (1 + 3e-4)


def test_the_worth_of_budget_is_the_slope_of_the_curve() -> None:
    question, plan = asked(market(300, 4), Limits(budget=100), CHANNELS)
    found = traced(question, plan, Axes(limit="budget", allowed=(99.0, 100.0, 101.0)))
    below, here, above = found.points
    assert above.objective - here.objective <= here.worth_of_allowed + 1e-9 <= here.objective - below.objective + 2e-9


def test_a_sample_prices_everybody_and_comes_close(monkeypatch: pytest.MonkeyPatch) -> None:
    question, plan = asked(market(600, 6), Limits(budget=200, max_bad_rate=0.15), CHANNELS)
    axes = Axes(limit="budget", allowed=(100.0, 200.0), bad_rates=(0.12, 0.15))
    exact = traced(question, plan, axes)
    monkeypatch.setattr(frontier_module, "MOST_COLUMNS", 300)
    sampled = traced(question, plan, axes)
    assert sampled.sampled
    assert not exact.sampled
    for one, other in zip(exact.points, sampled.points, strict=True):
        # The bound at a sample's prices is never below the best plan.
        assert one.objective * (1 - 1e-3) <= other.objective <= one.objective * 1.03
        looser = [p for p in sampled.points if p.allowed >= other.allowed and p.max_bad_rate >= other.max_bad_rate]
        assert all(p.objective >= other.objective for p in looser)


def test_whoever_is_sampled_no_plan_of_everybody_passes_the_point(monkeypatch: pytest.MonkeyPatch) -> None:
    question, plan = asked(market(600, 6), Limits(budget=200, max_bad_rate=0.15), CHANNELS)
    axes = Axes(limit="budget", allowed=(50.0, 100.0, 200.0), bad_rates=(0.15,))
    exact = [point.objective for point in traced(question, plan, axes).points]
    monkeypatch.setattr(frontier_module, "MOST_COLUMNS", 120)
    for seed in range(5):
        points = traced(replace(question, seed=seed), plan, axes).points
        assert all(point.objective >= best * (1 - 1e-9) for point, best in zip(points, exact, strict=True))
        assert all(point.spend <= point.allowed * (1 + 1e-6) for point in points)
        assert all(point.bad_rate_held <= point.max_bad_rate * (1 + 1e-4) for point in points)
        assert any(point.gap > 1e-4 for point in points)  # what a sample misses is said, not hidden


def test_a_channel_with_a_fixed_cost_is_opened_where_the_budget_pays_for_it() -> None:
    options = make_options([3, 3, 4, 4, 4], channel=["feed", "feed", "tv", "tv", "tv"])
    channels = (Channel(channel="feed", partner="acme"), Channel(channel="tv", partner="tele", fixed_cost=5))
    question, plan = asked(options, Limits(budget=2), channels)
    found = traced(question, plan, Axes(limit="budget", allowed=(2.0, 10.0)))
    # 2 buys the feed; 10 also the fixed cost of 5 and three contacts of 1: 6 + 12 - 5.
    assert [point.objective for point in found.points] == pytest.approx([6, 13])
    assert [point.spend for point in found.points] == pytest.approx([2, 10])


def test_a_plan_with_switches_is_the_same_plan_as_columns_and_as_contacts() -> None:
    options = make_options([3, 3, 4, 4], channel=["feed", "feed", "tv", "tv"])
    channels = (Channel(channel="feed", partner="acme"), Channel(channel="tv", partner="tele", fixed_cost=1))
    question, plan = asked(options, Limits(budget=4), channels)
    posed = pose(question, plan)
    x = posed.columns(plan)
    assert list(posed.contacts(x)) == list(plan)
    assert [row.used(x) for row in posed.problem.rows if row.name == "budget"] == [4]
    # Without a contact on tv its options are no columns any more, and its fixed cost is not paid.
    off = pose(question, np.array([1.0, 1, 0, 0]))
    assert len(off.problem) == 2
    assert list(off.contacts(np.ones(2))) == [1, 1, 0, 0]


def test_where_spend_is_minimised_the_curve_runs_along_the_accounts() -> None:
    options = make_options([-1, -2, -3], spend=[1, 2, 3], incremental=[1, 1, 1])
    question, plan = asked(options, Limits(min_incremental_accounts=2), objective=SPEND)
    found = traced(question, plan, Axes(limit="min_incremental_accounts", allowed=(1.0, 2.0, 3.0, 4.0)))
    assert [point.objective for point in found.points][:3] == pytest.approx([1, 3, 6])
    assert not found.points[3].met
    assert found.points[1].worth_of_allowed == pytest.approx(2, abs=1.01)


def test_without_a_bad_label_there_is_one_curve_of_fifty_points() -> None:
    options = replace(market(60, 8), bad=np.full(120, np.nan), bad_loadings=np.zeros((120, 1)))
    question, plan = asked(options, Limits(budget=30), CHANNELS)
    found = traced(question, plan)
    assert len(found.points) == 50
    assert all(math.isnan(point.max_bad_rate) for point in found.points)


def test_a_plan_without_limits_is_looked_around_too() -> None:
    question, plan = asked(market(60, 9), Limits(), CHANNELS)
    axes = choose_axes(question, plan)
    assert axes.bad_rates[-1] == 1
    assert all(point.met for point in traced(question, plan).points if point.max_bad_rate == 1)


def test_around_a_plan_of_nobody_there_is_nothing_to_see() -> None:
    question, plan = asked(make_options([-1.0]), Limits(budget=1))
    with pytest.raises(BadInput, match="contacts nobody"):
        choose_axes(question, plan)


def test_points_of_a_sample_say_the_same_value_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    question, plan = asked(market(600, 6), Limits(budget=200, max_bad_rate=0.15), CHANNELS)
    monkeypatch.setattr(frontier_module, "MOST_COLUMNS", 300)
    for point in traced(question, plan, Axes(limit="budget", allowed=(100.0, 200.0), bad_rates=(0.12, 0.15))).points:
        assert point.value == point.objective
