"""The smallest set of limits to relax is the smallest, and what is said to conflict is proven to conflict."""

import itertools
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from acquire.allocate.certainty import safety_factor
from acquire.allocate.elastic import Elastic
from acquire.allocate.iis import Core, smallest_sets, without_the_needless
from acquire.allocate.options import Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.remedies import Remedy, draw_nearer, guess_remedy
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits
from tests.acquire.allocate.builders import make_options

FEED = (Channel(channel="feed", partner="north"),)
N = 6


def problem_of(options: Options, **limits: object) -> Problem:
    rows = tuple(list_limits(options, Limits(**limits), FEED))  # type: ignore[arg-type]
    return Problem(gain=options.gain, people=People.of(options.person), rows=rows)


def place(problem: Problem, name: str) -> int:
    return [row.name for row in problem.rows].index(name)


def random_problem(seed: int) -> Problem:
    """Nine options of five people under six random limits, many of which conflict."""
    rng = np.random.default_rng(seed)
    rows = tuple(
        Row(
            name=f"limit_{i}",
            unit="money",
            figure=rng.uniform(0, 1, 9),
            base=rng.uniform(0.5, 1.5, 9) if rng.random() < 0.5 else None,
            allowed=rng.uniform(0.1, 1.2),
            at_least=bool(rng.random() < 0.5),
        )
        for i in range(N)
    )
    return Problem(gain=np.ones(9), people=People.of(rng.permutation(np.arange(9) % 5)), rows=rows)


def can_be_met(problem: Problem, dropped: Collection[int] = ()) -> bool:
    """The same question to another library: at least one contact, at most one a person, all rows but the dropped."""
    rows = [row for i, row in enumerate(problem.rows) if i not in dropped]
    people = np.equal.outer(np.arange(len(problem.people)), problem.people.code).astype(float)
    left = np.vstack([*(row.sign * row.coefficients for row in rows), people, -np.ones(len(problem))])
    right = np.r_[[row.sign * row.right_side for row in rows], np.ones(len(people)), -1.0]
    return bool(linprog(np.zeros(len(problem)), A_ub=left, b_ub=right, bounds=(0, 1)).status == 0)


def find_remedy(elastic: Elastic, chosen: frozenset[int]) -> Remedy | None:
    guess = guess_remedy(elastic, chosen)
    return None if guess is None else draw_nearer(elastic, guess)


def find_in(problem: Problem) -> "list[frozenset[int]]":
    elastic, cores = Elastic(problem), list[Core]()

    def find_core(dropped: Collection[int]) -> Core | None:
        proof = elastic.solve(dropped).proof
        return None if proof is None else proof.limits

    return [chosen for chosen in smallest_sets(len(problem.rows), find_core, cores) if chosen is not None]


@pytest.mark.parametrize("seed", range(24))
def test_a_conflict_is_found_exactly_where_another_solver_finds_no_plan(seed: int) -> None:
    problem = random_problem(seed)
    proof = Elastic(problem).solve().proof
    assert (proof is None) == can_be_met(problem)
    if proof is not None:
        assert proof.holds(problem)
        assert not can_be_met(replace(problem, rows=tuple(problem.rows[i] for i in sorted(proof.limits))))


@pytest.mark.parametrize("seed", range(40, 46))
def test_the_sets_to_relax_are_all_the_sets_without_which_there_is_a_plan_and_no_smaller_ones(seed: int) -> None:
    problem = random_problem(seed)
    subsets = (frozenset(c) for size in range(N + 1) for c in itertools.combinations(range(N), size))
    helpful = [chosen for chosen in subsets if can_be_met(problem, chosen)]
    smallest = [chosen for chosen in helpful if not any(other < chosen for other in helpful)]
    found = find_in(problem)
    assert set(found) == set(smallest)
    assert len(found[0]) == len(smallest[0])


@given(
    conflicts=st.lists(st.frozensets(st.integers(0, 7), min_size=1, max_size=3), max_size=6),
)
@settings(max_examples=30, deadline=None)
def test_the_first_set_hits_every_conflict_with_as_few_limits_as_can_be(conflicts: list[frozenset[int]]) -> None:
    def find_core(dropped: Collection[int]) -> Core | None:
        return next((conflict for conflict in conflicts if not conflict & frozenset(dropped)), None)

    first = next(chosen for chosen in smallest_sets(8, find_core, []) if chosen is not None)
    sizes = (size for size in range(9) for c in itertools.combinations(range(8), size) if find_core(c) is None)
    assert find_core(first) is None
    assert len(first) == next(sizes)


def test_a_core_keeps_no_limit_that_does_not_conflict() -> None:
    options = make_options([1, 1], spend=[8, 9], booked=[0.5, 0.5])
    problem = problem_of(options, budget=4, max_contacts=5, max_cac=100)
    elastic = Elastic(problem)

    def find_core(dropped: Collection[int]) -> Core | None:
        proof = elastic.solve(dropped).proof
        return None if proof is None else proof.limits

    everything = frozenset(range(3))
    assert without_the_needless(everything, everything, find_core) == {place(problem, "budget")}


def test_a_proof_is_not_taken_where_the_limits_can_be_met() -> None:
    options = make_options([1, 1], spend=[8, 9])
    proof = Elastic(problem_of(options, budget=4)).solve().proof
    assert proof is not None
    assert proof.holds(problem_of(options, budget=7.9))
    assert not proof.holds(problem_of(options, budget=8))


def test_a_promise_that_few_contacts_cannot_keep_is_kept_by_many() -> None:
    # n contacts book .5 n and have .04 n bad; the cap of .1 leaves .01 n, and chance moves that by z * sqrt(n v).
    options = make_options(np.ones(400).tolist(), booked=0.5, bad=0.04)
    v = 0.04 * 0.9**2 + 0.46 * 0.1**2 - 0.01**2
    needed = safety_factor(0.95) ** 2 * v / 0.01**2
    assert 0 < needed < 1_500
    problem = problem_of(make_options(np.ones(1_600).tolist(), booked=0.5, bad=0.04), max_bad_rate=0.1, max_contacts=5)
    elastic = Elastic(problem)
    contacts, bad_rate = place(problem, "max_contacts"), place(problem, "max_bad_rate")
    assert elastic.solve().proof is not None
    assert elastic.solve([contacts]).proof is None
    assert elastic.solve([bad_rate]).proof is None
    assert elastic.solve(moved={contacts: 1.01 * needed}).proof is None
    assert elastic.solve(moved={contacts: 0.97 * needed}).proof is not None
    remedy = find_remedy(elastic, frozenset({contacts}))
    assert remedy is not None
    assert remedy.figures[contacts] == pytest.approx(needed, rel=0.02)
    assert not len(problem_of(options).rows)


def test_a_ratio_is_raised_to_the_best_that_its_people_allow() -> None:
    options = make_options([1, 1, 1], spend=[30, 20, 12], booked=[0.5, 0.5, 0.2])
    problem = problem_of(options, max_cac=15)
    remedy = find_remedy(Elastic(problem), frozenset({0}))
    assert remedy is not None
    assert remedy.figures[0] == pytest.approx(40)


def test_of_two_limits_neither_is_moved_farther_than_the_other_asks_for() -> None:
    # Two accounts cost 8 each; the budget buys one half, and bad accounts are a fifth of all.
    options = make_options([1, 1], spend=[8, 8], booked=[1, 1], bad=[0.2, 0.3])
    problem = problem_of(options, budget=4, max_bad_rate=0.1, bad_rate_confidence=0.5)
    remedy = find_remedy(Elastic(problem), frozenset({0, 1}))
    assert remedy is not None
    assert remedy.figures == {0: pytest.approx(8), 1: pytest.approx(0.2)}
    assert remedy.distance == pytest.approx(2.0)


def test_a_row_that_no_plan_file_states_is_never_among_what_to_relax() -> None:
    options = make_options([1, 1], spend=[8, 9])
    problem = problem_of(options, budget=4)
    hidden = replace(problem, rows=(replace(problem.rows[0], stated=False),))
    proof = Elastic(hidden).solve().proof
    assert proof is not None
    assert proof.limits == {0}


def test_where_nothing_fits_even_without_limits_the_search_ends_without_a_set() -> None:
    cores: list[frozenset[int]] = []
    assert list(smallest_sets(2, lambda dropped: frozenset({0, 1}) - frozenset(dropped), cores)) == [None]
