"""Against brute force: on a few people every whole plan is listed, and the allocation must be the best of them."""

import dataclasses
import re
from itertools import product

import numpy as np
import pulp
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from acquire.allocate.bound import certified_bound
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Floats, Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.solve import allocate
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import holds, solve_contacts
from acquire.domain import Channel, Limits, Objective
from acquire.errors import Infeasible
from tests.acquire.allocate.builders import make_options

MOST_VALUE = Objective(maximise="incremental_value")
CHANNELS = (
    Channel(channel="feed", partner="feed", max_contacts=4),
    Channel(channel="sms", partner="sms", max_bad_rate=0.3),
)
Business = tuple[Options, Limits]


@st.composite
def businesses(draw: st.DrawFn) -> Business:
    """Up to 9 options of up to 9 people under a random set of limits."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = int(rng.integers(2, 10))
    booked = rng.uniform(0.2, 1, n)
    amount = booked * rng.uniform(100, 1_000, n)
    options = make_options(
        np.round(rng.normal(0.5, 1, n), 2).tolist(),
        person=np.sort(rng.integers(0, n, n)).tolist(),
        spend=np.round(rng.uniform(0.1, 3, n), 2).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(0.5, 8, n)).tolist(),
        incremental=(booked * rng.uniform(-0.1, 1, n)).tolist(),
        amount=amount.tolist(),
        bad_amount=(amount * rng.beta(1, 8, n)).tolist(),
        channel=[("feed", "sms")[i] for i in rng.integers(0, 2, n)],
        region=[("home", "far")[i] for i in rng.integers(0, 2, n)],
        bad_loadings=(booked * rng.uniform(0, 0.05, n)).tolist(),
    )

    def maybe(low: float, high: float) -> float | None:
        return draw(st.none() | st.floats(low, high))

    limits = Limits(
        budget=maybe(1, 10),
        max_bad_rate=maybe(0.05, 0.5),
        bad_rate_confidence=draw(st.sampled_from([0.5, 0.8, 0.95])),
        bad_rate_basis=draw(st.sampled_from(["realised", "expected"])),
        max_bad_amount_rate=maybe(0.05, 0.5),
        max_cac=maybe(0.5, 5),
        min_incremental_accounts=maybe(0.1, 0.5),
        max_contacts=maybe(1, 6),
        min_region_share=draw(st.sampled_from([{}, {"home": 0.5}])),
        max_channel_share=draw(st.sampled_from([{}, {"*": 0.7}])),
    )
    return options, limits


def problem_of(options: Options, limits: Limits) -> Problem:
    rows = tuple(list_limits(options, limits, CHANNELS))
    return Problem(gain=options.gain, people=People.of(options.person), rows=rows)


def best_of_all(problem: Problem, options: Options) -> float:
    """The gain of the best whole plan that contacts somebody; -inf where there is none."""
    courses = [[None, *np.flatnonzero(options.person == person)] for person in np.unique(options.person)]
    best = -np.inf
    for course in product(*courses):
        x = as_plan(len(options), [j for j in course if j is not None])
        if x.any() and options.gain @ x > best and holds(problem, x):
            best = float(options.gain @ x)
    return best


def as_plan(n: int, chosen: object) -> Floats:
    x = np.zeros(n)
    x[chosen] = 1.0
    return x


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(businesses())
def test_the_plan_keeps_every_limit_and_no_plan_is_better(business: Business) -> None:
    options, limits = business
    problem = problem_of(options, limits)
    best = best_of_all(problem, options)
    tangents = Tangents()
    relaxed = solve_shares(problem, tangents, seed=0)
    x = solve_contacts(problem, tangents, relaxed)
    if x is None or not x.any():
        assert best <= 1e-9  # nobody, or only those who cost more than they bring
        return
    assert holds(problem, x)
    assert np.bincount(options.person[x > 0]).max() == 1
    assert float(options.gain @ x) == pytest.approx(best, abs=1e-6)
    assert best <= certified_bound(problem, relaxed, tangents) + 1e-7


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(businesses())
def test_where_there_is_no_plan_the_proposed_figures_make_one(business: Business) -> None:
    options, limits = business
    assume(not limits.min_region_share and not limits.max_channel_share)
    for proposal in proposals_for(options, limits):
        relaxed = dataclasses.replace(limits, **{key: figure for (key, where), figure in proposal.items() if not where})  # type: ignore[arg-type]
        channels = tuple(
            dataclasses.replace(c, **{key: f for (key, where), f in proposal.items() if where == c.channel})  # type: ignore[arg-type]
            for c in CHANNELS
        )
        allocation = allocate(options, relaxed, channels, MOST_VALUE)
        assert allocation.certificate.objective <= allocation.certificate.bound + 1e-7


MOVE = re.compile(
    r"(?:raise|lower) (\w+)(?:\[(\w+)\])? from [\d.e-]+ to at (?:least|most) ([\d.e-]+)|leave out (\w+)(?:\[(\w+)\])?"
)


def proposals_for(options: Options, limits: Limits) -> list[dict[tuple[str, str], float | None]]:
    """Of the line that says there is no plan, each proposal by itself: limits, with their channel if one's, and figures."""
    try:
        allocate(options, limits, CHANNELS, MOST_VALUE)
    except Infeasible as error:
        return [figures_of(proposal) for proposal in str(error).split("; or instead ")]
    return []


def figures_of(proposal: str) -> dict[tuple[str, str], float | None]:
    """What a proposal says of each limit it moves; None for one to leave out."""
    moves = MOVE.findall(proposal)
    assert moves, proposal
    return {
        (key or left_out, where or left_out_of): float(figure) if figure else None
        for key, where, figure, left_out, left_out_of in moves
    }


def full_model(problem: Problem, category: str) -> float:
    """The whole problem written out in PuLP, one variable per option: limits on expectation only."""
    model = pulp.LpProblem("full", pulp.LpMaximize)
    x = [model.add_variable(f"x_{j}", 0, 1, category) for j in range(len(problem))]
    model.setObjective(pulp.lpDot(problem.gain.tolist(), x))
    for row in problem.rows:
        left = pulp.lpDot(row.coefficients.tolist(), x)
        model.addConstraint(left >= row.right_side if row.at_least else left <= row.right_side)
    for person in range(len(problem.people)):
        model.addConstraint(pulp.lpSum(x[j] for j in np.flatnonzero(problem.people.code == person).tolist()) <= 1)
    model.solve(pulp.HiGHS(msg=False, threads=1))
    return float(pulp.value(model.objective))


def city(n_people: int, seed: int) -> Business:
    """Three offers to each person; enough people that most are fixed and few are in the model."""
    rng = np.random.default_rng(seed)
    n = 3 * n_people
    booked = rng.uniform(0.1, 0.9, n)
    options = make_options(
        rng.normal(0.3, 1, n).tolist(),
        person=np.repeat(np.arange(n_people), 3).tolist(),
        spend=rng.uniform(0.5, 2, n).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(1, 9, n)).tolist(),
        channel=np.repeat(np.where(rng.random(n_people) < 0.6, "feed", "sms"), 3).tolist(),
    )
    limits = Limits(
        budget=0.3 * n_people, max_bad_rate=0.08, max_cac=2.2, bad_rate_confidence=0.5, max_channel_share={"*": 0.55}
    )
    return options, limits


@pytest.mark.parametrize("seed", [1, 2])
def test_pricing_the_options_of_many_people_gives_the_full_model_s_optimum(seed: int) -> None:
    options, limits = city(2_500, seed)
    channels = (Channel(channel="feed", partner="feed"), Channel(channel="sms", partner="sms"))
    rows = tuple(list_limits(options, limits, channels))
    problem = Problem(gain=options.gain, people=People.of(options.person), rows=rows)
    allocation = allocate(options, limits, channels, MOST_VALUE)
    assert allocation.certificate.bound == pytest.approx(full_model(problem, pulp.LpContinuous), rel=1e-6)
    assert allocation.certificate.gap < 2e-4
    assert holds(problem, as_plan(len(options), allocation.chosen))


def test_the_same_business_gets_the_same_plan_twice() -> None:
    options, limits = city(600, 3)
    channels = (Channel(channel="feed", partner="feed"), Channel(channel="sms", partner="sms"))
    first, second = (allocate(options, limits, channels, MOST_VALUE) for _ in range(2))
    assert np.array_equal(first.chosen, second.chosen)
