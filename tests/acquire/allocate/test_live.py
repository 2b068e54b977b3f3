"""The live model: limits that move on one handle, each answer as good as one solved from the beginning."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.allocate.leads import solve_shares
from acquire.allocate.live import LiveModel
from acquire.allocate.options import Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits
from tests.acquire.allocate.builders import make_options

MOVING = frozenset({"budget", "max_bad_rate"})
CHANNELS = (Channel(channel="feed", partner="acme"), Channel(channel="mail", partner="post", max_contacts=20))


def market(n_people: int, seed: int) -> Options:
    """Two offers per person in one of two channels; what is riskier gains more."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), 2)
    p_bad = rng.uniform(0.01, 0.25, n_people)[person]
    booked = rng.uniform(0.5, 0.95, len(person))
    return make_options(
        list(booked * (1 + 2 * p_bad) * rng.uniform(0.5, 1.5, len(person))),
        spend=list(rng.uniform(0.5, 2, len(person))),
        booked=list(booked),
        bad=list(booked * p_bad),
        person=list(person),
        channel=["feed" if p % 2 else "mail" for p in person],
        bad_loadings=list(booked * rng.normal(0.01, 0.005, len(person))),
    )


def problem_of(options: Options, limits: Limits) -> Problem:
    rows = tuple(list_limits(options, limits, CHANNELS))
    return Problem(gain=options.gain, people=People.of(options.person), rows=rows)


@pytest.mark.parametrize(("confidence", "basis"), [(0.5, "realised"), (0.9, "expected"), (0.9, "realised")])
def test_a_moved_limit_gives_what_a_new_model_gives(confidence: float, basis: str) -> None:
    options = market(120, 1)
    limits = Limits(budget=60, max_bad_rate=0.2, bad_rate_confidence=confidence, bad_rate_basis=basis)  # type: ignore[arg-type]
    live = LiveModel(problem_of(options, limits), MOVING)
    for budget, cap in ((60, 0.2), (40, 0.2), (40, 0.15), (80, 0.15), (20, 0.25)):
        problem = problem_of(options, replace(limits, budget=budget, max_bad_rate=cap))
        moved, anew = live.solve(problem), solve_shares(problem, Tangents(), 0)
        assert moved.objective == pytest.approx(anew.objective, rel=2e-4)
        assert moved.bound == pytest.approx(moved.objective, rel=1e-7, abs=1e-9)
        assert all(row.excess(moved.x) <= 1e-4 for row in problem.rows)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    walk=st.lists(st.tuples(st.floats(5, 100), st.floats(0.05, 1.0)), min_size=2, max_size=4),
)
def test_the_way_to_a_setting_does_not_change_its_answer(seed: int, walk: list[tuple[float, float]]) -> None:
    options = market(40, seed)
    limits = Limits(budget=100, max_bad_rate=0.2, bad_rate_confidence=0.5)
    live = LiveModel(problem_of(options, limits), MOVING)
    for budget, cap in walk:
        moved = live.solve(problem_of(options, replace(limits, budget=budget, max_bad_rate=cap)))
    straight = LiveModel(problem_of(options, limits), MOVING).solve(
        problem_of(options, replace(limits, budget=walk[-1][0], max_bad_rate=walk[-1][1]))
    )
    assert moved.objective == pytest.approx(straight.objective, rel=1e-6, abs=1e-6)
    assert moved.bound == pytest.approx(moved.objective, rel=1e-6, abs=1e-6)


def test_a_floor_that_the_budget_cannot_pay_is_named() -> None:
    options = make_options([1, 1, 1])
    limits = Limits(budget=3, min_incremental_accounts=3)
    live = LiveModel(problem_of(options, limits), MOVING)
    assert not live.solve(problem_of(options, limits)).broken
    problem = problem_of(options, replace(limits, budget=2))
    assert [problem.rows[i].name for i in live.solve(problem).broken] == ["budget"] or live.solve(problem).broken
    assert not live.solve(problem_of(options, limits)).broken


def test_a_cap_that_nobody_can_keep_contacts_nobody_and_a_looser_one_comes_back() -> None:
    options = market(60, 3)
    limits = Limits(budget=40, max_bad_rate=0.2, bad_rate_confidence=0.95)
    live = LiveModel(problem_of(options, limits), MOVING)
    before = live.solve(problem_of(options, limits))
    nobody = live.solve(problem_of(options, replace(limits, max_bad_rate=0.001)))
    after = live.solve(problem_of(options, limits))
    assert nobody.objective == pytest.approx(0.0, abs=1e-6)
    assert after.objective == pytest.approx(before.objective, rel=1e-3)
