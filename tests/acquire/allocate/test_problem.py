"""The column table: groups of people, columns that are no contacts, contacts that are forced, starts from known prices."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.allocate.figures import Figure, Taken, WeightedSum
from acquire.allocate.leads import Relaxed, solve_shares
from acquire.allocate.options import Floats, Options
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Extra, People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.allocate.solve import allocate
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import holds, solve_contacts
from acquire.domain import Channel, Limits, Objective
from tests.acquire.allocate.builders import make_options

FEED = Channel(channel="feed", partner="north")
MOST_VALUE = Objective(maximise="incremental_value")


def problem_of(options: Options, size: Floats | None = None, **limits: object) -> Problem:
    rows = tuple(list_limits(options, Limits(**limits), (FEED,)))  # type: ignore[arg-type]
    return Problem(gain=options.gain, people=People.of(options.person, size), rows=rows)


def plan(problem: Problem) -> Floats:
    tangents = Tangents()
    x = solve_contacts(problem, tangents, solve_shares(problem, tangents, seed=0))
    assert x is not None
    assert holds(problem, x)
    return x


def test_a_group_is_contacted_as_far_as_the_budget_goes() -> None:
    options = make_options([3, 2], spend=[1, 1])
    assert plan(problem_of(options, np.array([50.0, 20.0]), budget=60)).tolist() == [50, 10]


def test_the_offers_to_a_group_share_its_people() -> None:
    options = make_options([3, 2], spend=[2, 1], person=[7, 7])
    x = plan(problem_of(options, np.array([10.0, 10.0]), budget=15))
    assert x.tolist() == [5, 5]  # 15 of money over 10 people


def test_a_single_lead_is_never_contacted_in_part_beside_a_group_that_may_be() -> None:
    options = make_options([30, 2], spend=[10, 1])
    assert plan(problem_of(options, np.array([1.0, 20.0]), budget=15)).tolist() == [1, 5]
    assert plan(problem_of(options, np.array([1.0, 20.0]), budget=9.5)).tolist() == [0, 9.5]


def test_the_bound_of_a_plan_of_groups_is_its_gain() -> None:
    problem = problem_of(make_options([3, 2], spend=[1, 1]), np.array([50.0, 20.0]), budget=60)
    relaxed = solve_shares(problem, Tangents(), seed=0)
    assert relaxed.objective == pytest.approx(170)
    assert relaxed.bound == pytest.approx(170)


def dearer_from(contacts: float, problem: Problem, more: float) -> Problem:
    """Contacts beyond so many cost more money each: two tiers, which together hold all contacts."""
    extra = Extra(
        gain=np.array([0.0, -more]),
        size=np.array([contacts, 1e3]),
        figures={"budget": np.array([0.0, more])},
        whole=np.array([False, False]),
    )
    all_contacts = Figure.count(problem.n_options).followed_by(np.array([-1.0, -1.0]))
    return problem.extended(extra, (Row(name="tiers", unit="contacts", figure=all_contacts, allowed=0.0),))


def test_a_price_tier_is_a_column_and_the_dearer_one_is_used_last() -> None:
    problem = dearer_from(2, problem_of(make_options([5, 4, 3, 2], spend=1), budget=10), more=2.5)
    x = plan(problem)
    assert x[:4].tolist() == [1, 1, 1, 0]  # the fourth would bring 2 and cost 2.5 more
    assert x[4:].tolist() == [2, 1]


def test_a_switch_is_all_or_nothing_although_it_is_no_contact() -> None:
    problem = problem_of(make_options([5, 4, 3], spend=1), budget=3)
    fixed_cost = Extra(gain=np.array([-6.0]), size=np.ones(1), whole=np.array([True]))
    uses = Figure.count(3).followed_by(np.array([-100.0]))
    switched = problem.extended(fixed_cost, (Row(name="used", unit="contacts", figure=uses, allowed=0.0),))
    assert switched.n_options == 3
    assert switched.switches.tolist() == [3]
    assert plan(switched).tolist() == [1, 1, 1, 1]
    dearer = dataclasses.replace(switched, gain=np.array([5.0, 4.0, 3.0, -13.0]))
    assert plan(dearer).tolist() == [0, 0, 0, 0]


def test_a_switch_costs_money_in_the_rows_that_name_it() -> None:
    problem = problem_of(make_options([5, 4, 3], spend=1), budget=4)
    switch = Extra(gain=np.array([-1.0]), size=np.ones(1), figures={"budget": np.array([2.0])}, whole=np.array([True]))
    switched = problem.extended(switch, forced=np.array([3]))
    assert plan(switched).tolist() == [1, 1, 0, 1]
    assert switched.rows[0].used(plan(switched)) == 4


def test_who_is_forced_is_contacted_at_a_loss_and_counts_in_every_limit() -> None:
    problem = problem_of(make_options([5, 4, -1, 9], spend=1, person=[0, 1, 2, 2]), budget=2)
    forced = dataclasses.replace(problem, forced=np.array([2]))
    assert plan(forced).tolist() == [1, 0, 1, 0]
    relaxed = solve_shares(forced, Tangents(), seed=0)
    assert relaxed.bound == pytest.approx(4)


def city(n_people: int = 1_500, seed: int = 3) -> Options:
    rng = np.random.default_rng(seed)
    n = 2 * n_people
    booked = rng.uniform(0.1, 0.9, n)
    return make_options(
        rng.normal(0.5, 1, n).tolist(),
        person=np.repeat(np.arange(n_people), 2).tolist(),
        spend=rng.uniform(0.5, 2, n).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(1, 9, n)).tolist(),
        bad_loadings=(booked * rng.uniform(0, 0.01, n)).tolist(),
        region=np.where(rng.random(n) < 0.5, "home", "far").tolist(),
    )


def test_many_who_are_forced_leave_the_rest_the_best_of_what_is_left() -> None:
    problem = problem_of(city(), budget=500, max_bad_rate=0.09, bad_rate_confidence=0.5)
    forced = np.arange(0, 400, 4)
    held = dataclasses.replace(problem, forced=forced)
    without = problem.take(np.setdiff1d(np.arange(len(problem)), np.r_[forced, forced + 1]), np.ones(2_800))
    rest = dataclasses.replace(without, rows=tuple(less(row, held.held) for row in without.rows))
    relaxed = solve_shares(held, Tangents(), seed=0)
    expected = solve_shares(rest, Tangents(), seed=0).objective + float(problem.gain[forced].sum())
    assert relaxed.x[forced].tolist() == [1.0] * len(forced)
    assert relaxed.x[forced + 1].tolist() == [0.0] * len(forced)
    assert relaxed.objective == pytest.approx(expected, rel=1e-6)
    assert relaxed.bound == pytest.approx(expected, rel=1e-6)


def less(row: Row, x: Floats) -> Row:
    """A limit less what a part of the plan uses; a ratio as an amount."""
    whole = next(
        r for r in problem_of(city(), budget=500, max_bad_rate=0.09, bad_rate_confidence=0.5).rows if r.name == row.name
    )
    return Row(name=row.name, unit=row.unit, figure=row.coefficients, allowed=row.right_side - whole.left(x))


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_known_prices_give_the_answer_that_samples_give(confidence: float) -> None:
    def solve(budget: float, start: Prices | None = None) -> tuple[Relaxed, Tangents]:
        tangents = Tangents()
        problem = problem_of(city(), budget=budget, max_bad_rate=0.09, bad_rate_confidence=confidence)
        return solve_shares(problem, tangents, 0, start=start), tangents

    first, tangents = solve(400)
    start = Prices.of(first, tangents, Limits(), ())
    cold, warm = solve(430)[0], solve(430, start)[0]
    assert warm.objective == pytest.approx(cold.objective, rel=1e-5 if confidence > 0.5 else 1e-9)
    assert not warm.broken


def test_prices_of_a_plan_with_more_limits_start_one_with_fewer() -> None:
    tangents = Tangents()
    first = solve_shares(problem_of(city(), budget=400, max_bad_rate=0.09), tangents, 0)
    fewer = problem_of(city(), budget=400)
    warm = solve_shares(fewer, Tangents(), 0, start=Prices.of(first, tangents, Limits(), ()))
    assert warm.objective == pytest.approx(solve_shares(fewer, Tangents(), 0).objective)


def test_a_weighted_lead_stands_for_as_many_people_in_every_limit() -> None:
    options = dataclasses.replace(make_options([3, 2], spend=1), size=np.array([4.0, 4.0]))
    allocation = allocate(options, Limits(budget=6), (FEED,), MOST_VALUE)
    assert allocation.certificate.objective == pytest.approx(3 * 4 + 2 * 2)
    assert allocation.contacts.tolist() == [4, 2]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_adding_up_by_array_and_code_is_adding_up_dense_columns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, n_extra = int(rng.integers(1, 30)), int(rng.integers(0, 4))
    arrays = [rng.normal(size=n), rng.normal(size=n), None]
    codes = [rng.integers(-1, 4, n), rng.random(n) < 0.5, None]
    figures = [
        Figure(
            n_options=n,
            values=arrays[rng.integers(3)],
            among=codes[rng.integers(3)],
            code=int(rng.integers(0, 2)),
            extra=rng.normal(size=n_extra),
        )
        for _ in range(8)
    ]
    factors = rng.normal(size=8)
    x = rng.random(n + n_extra) * (rng.random(n + n_extra) < 0.5)
    dense = np.array([figure.dense() for figure in figures])
    added = WeightedSum(zip(figures, factors.tolist(), strict=True), n + n_extra).at(slice(None))
    assert added == pytest.approx(factors @ dense)
    assert [figure @ x for figure in figures] == pytest.approx((dense @ x).tolist())
    at = np.flatnonzero(rng.random(n + n_extra) < 0.5)
    taken = Taken(at, n)
    assert np.array([figure.take(taken).dense() for figure in figures]).tolist() == dense[:, at].tolist()


def test_what_is_not_counted_may_be_unknown() -> None:
    figure = Figure.of(np.array([1.0, np.nan]), among=np.array([0, 1]), code=0)
    assert figure.dense().tolist() == [1, 0]
    assert WeightedSum([(figure, 2.0)], 2).at(slice(None)).tolist() == [2, 0]


def test_a_limit_on_a_name_that_no_option_has_costs_nobody_anything() -> None:
    channel = np.array([0, 1, 2])
    absent = Figure.count(3, channel, -2)
    assert WeightedSum([(absent, 5.0)], 3).at(slice(None)).tolist() == [0, 0, 0]
