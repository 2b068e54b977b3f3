"""Three routes to one answer: everything in PuLP, pricing around a small model, and a bundle method over all leads."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquire.allocate import duals, leads
from acquire.allocate.bound import certified_bound
from acquire.allocate.bundle import LeadPlan, solve_leads
from acquire.allocate.focus import Focus
from acquire.allocate.full_model import solve_full_contacts, solve_full_shares
from acquire.allocate.leads import solve_shares
from acquire.allocate.level import find_lowest
from acquire.allocate.linear import LinearRows
from acquire.allocate.master import Play
from acquire.allocate.options import Floats, Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import holds, solve_contacts
from acquire.domain import Channel, Limits
from acquire.errors import BadInput
from tests.acquire.allocate.builders import make_options

CHANNELS = (Channel(channel="feed", partner="feed"), Channel(channel="sms", partner="sms"))


def city(n_people: int, seed: int, n_offers: int = 3) -> Options:
    rng = np.random.default_rng(seed)
    n = n_offers * n_people
    booked = rng.uniform(0.1, 0.9, n)
    return make_options(
        rng.normal(0.3, 1, n).tolist(),
        person=np.repeat(np.arange(n_people), n_offers).tolist(),
        spend=rng.uniform(0.5, 2, n).tolist(),
        booked=booked.tolist(),
        incremental=(booked * rng.uniform(0.2, 0.8, n)).tolist(),
        bad=(booked * rng.beta(1, 9, n)).tolist(),
        bad_loadings=(booked * rng.uniform(0, 0.02, n)).tolist(),
        channel=np.repeat(np.where(rng.random(n_people) < 0.6, "feed", "sms"), n_offers).tolist(),
        region=np.repeat(np.where(rng.random(n_people) < 0.5, "home", "far"), n_offers).tolist(),
    )


def limits_of(n_people: int, **more: object) -> Limits:
    return Limits(
        **{
            "budget": 0.3 * n_people,
            "max_bad_rate": 0.08,
            "max_cac": 2.2,
            "max_contacts": 0.3 * n_people,
            "bad_rate_confidence": 0.5,
            "max_channel_share": {"*": 0.55},
            "min_region_share": {"home": 0.4},
            **more,
        }  # type: ignore[arg-type]
    )


def problem_of(options: Options, limits: Limits, forced: int = 0) -> Problem:
    """Everybody's problem; the first people are contacted with their second offer in any case."""
    rows = tuple(list_limits(options, limits, CHANNELS))
    held = 3 * np.arange(forced) + 1
    return Problem(gain=options.gain, people=People.of(options.person, options.size), rows=rows, forced=held)


def parts_of(problem: Problem, n_parts: int) -> list[Problem]:
    """The same problem in parts of different people."""
    cuts = np.array_split(np.arange(len(problem.people)), n_parts)
    whose = [np.flatnonzero(np.isin(problem.people.code, people)) for people in cuts]
    return [problem.take(at, problem.people.size[problem.people.code[at]]) for at in whose]


def as_plan(problem: Problem, plan: LeadPlan) -> Floats:
    """The plan of a problem in one part as one column of contacts."""
    x = np.zeros(len(problem))
    x[plan.columns[0][plan.columns[0] >= 0]] = 1.0
    return x


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), n_people=st.integers(5, 400), groups=st.booleans())
def test_pricing_around_a_small_model_is_the_full_model(seed: int, n_people: int, groups: bool) -> None:
    options = city(n_people, seed)
    if groups:
        options = dataclasses.replace(
            options, size=np.repeat(np.random.default_rng(seed).integers(1, 40, n_people), 3) * 1.0
        )
    problem = problem_of(options, limits_of(n_people, max_cac=3.0, min_region_share={}))
    full, priced = solve_full_shares(problem, Tangents()), solve_shares(problem, Tangents(), seed=0)
    assert full.broken == priced.broken == ()
    assert priced.objective == pytest.approx(full.objective, rel=1e-6, abs=1e-6)
    assert priced.bound == pytest.approx(full.bound, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_pricing_options_of_many_people_is_the_full_model_however_sure(confidence: float) -> None:
    problem = problem_of(city(1_500, 4), limits_of(1_500, bad_rate_confidence=confidence))
    full, priced = solve_full_shares(problem, Tangents()), solve_shares(problem, Tangents(), seed=0)
    assert priced.objective == pytest.approx(full.objective, rel=1e-6 if confidence == 0.5 else 1e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bound_of_the_bundle_is_the_relaxed_plan_of_single_leads(seed: int) -> None:
    problem = problem_of(city(6_000, seed), limits_of(6_000))
    plan, relaxed = solve_leads([problem]), solve_shares(problem, Tangents(), seed=0)
    assert plan is not None
    assert plan.bound == pytest.approx(relaxed.bound, rel=1e-6)
    assert plan.shares == pytest.approx(relaxed.objective, rel=1e-6)


def test_first_prices_from_the_bundle_change_nothing_about_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of(city(6_000, 7), limits_of(6_000))
    from_samples = solve_shares(problem, Tangents(), seed=0)
    monkeypatch.setattr(leads, "MANY", 0)
    from_bundle = solve_shares(problem, Tangents(), seed=0)
    assert from_bundle.objective == pytest.approx(from_samples.objective, rel=1e-9)
    assert from_bundle.bound == pytest.approx(from_samples.bound, rel=1e-9)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), n_people=st.integers(60, 300), n_forced=st.integers(0, 9))
def test_everybody_else_as_one_column_is_the_full_model_with_confidence_and_forced_contacts(
    seed: int, n_people: int, n_forced: int
) -> None:
    sure = {"bad_rate_confidence": 0.95, "bad_rate_basis": "expected"}  # without coin flips there is one best plan
    limits = limits_of(n_people, max_bad_rate=0.12, max_cac=3.0, min_region_share={}, **sure)
    problem = problem_of(city(n_people, seed), limits, forced=n_forced)
    full = solve_full_shares(problem, Tangents())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leads, "MANY", 0)
        patch.setattr(leads, "IN_FOCUS", 20)
        few = solve_shares(problem, Tangents(), seed=0)
    if not full.broken:
        assert few.objective == pytest.approx(full.objective, rel=1e-6, abs=1e-6)
        assert few.bound == pytest.approx(few.objective, rel=1e-6, abs=1e-6)
    assert (few.x[problem.forced] == 1).all()


def test_fifty_thousand_options_with_confidence_and_forced_contacts_get_the_plan_of_the_small_model() -> None:
    problem = problem_of(city(17_000, 3), limits_of(17_000, bad_rate_confidence=0.95), forced=200)
    tangents = Tangents()
    relaxed = solve_shares(problem, tangents, seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leads, "MANY", 10**9)
        around_a_model = solve_shares(problem, Tangents(), seed=0)
    assert len(problem) > leads.MANY
    assert relaxed.objective == pytest.approx(around_a_model.objective, rel=1e-5)
    x = solve_contacts(problem, tangents, relaxed)
    assert x is not None
    assert holds(problem, x)
    assert (x[problem.forced] == 1).all()
    gain, bound = float(problem.gain @ x), certified_bound(problem, relaxed, tangents)
    assert 0 <= bound - gain <= 1e-4 * bound


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n_open=st.integers(1, 30))
def test_what_others_do_counts_in_every_limit_as_if_they_were_there(seed: int, n_open: int) -> None:
    problem = problem_of(city(30, seed), limits_of(30, bad_rate_confidence=0.9), forced=2)
    rng = np.random.default_rng(seed)
    open_ = rng.permutation(30)[:n_open]
    mine = np.isin(problem.people.code, open_) & ~problem.is_held[problem.people.code]
    x = problem.held
    x[3 * np.arange(30) + rng.integers(0, 3, 30)] = rng.integers(0, 2, 30)
    focus = Focus.of(problem, Play(open=mine, fixed=np.where(mine, 0.0, x)))
    few = focus.of_plan(x)
    assert focus.plan(few).tolist() == x.tolist()
    assert float(focus.problem.gain @ few) == pytest.approx(float(problem.gain @ x))
    for small, large in zip(focus.problem.rows, problem.rows, strict=True):
        assert small.excess(few) == pytest.approx(large.excess(x))


def test_whole_contacts_keep_every_limit_and_lie_within_the_stated_gap() -> None:
    problem = problem_of(city(6_000, 5), limits_of(6_000))
    plan = solve_leads([problem])
    assert plan is not None
    x = as_plan(problem, plan)
    assert holds(problem, x)
    assert plan.keeps_limits
    assert plan.left == pytest.approx(LinearRows.of(problem).used_by(x))
    assert plan.objective == pytest.approx(float(problem.gain @ x))
    assert 0 <= plan.bound - plan.objective <= plan.gap * plan.bound * (1 + 1e-9)
    assert plan.gap < 5e-4


def test_leads_in_parts_get_the_plan_of_all_leads_together() -> None:
    problem = problem_of(city(6_000, 6), limits_of(6_000))
    together, apart = solve_leads([problem]), solve_leads(parts_of(problem, 3))
    assert together is not None
    assert apart is not None
    assert apart.bound == pytest.approx(together.bound, rel=1e-6)
    assert apart.gap < 5e-4
    assert [len(columns) for columns in apart.columns] == [2_000] * 3


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), budget=st.floats(1, 8), contacts=st.integers(1, 8))
def test_twelve_leads_get_the_best_of_all_whole_plans(seed: int, budget: float, contacts: int) -> None:
    options = city(12, seed, n_offers=1)
    problem = problem_of(options, Limits(budget=budget, max_contacts=contacts, max_cac=3.0))
    plans = np.array(list(product([0.0, 1.0], repeat=12)))
    rows = LinearRows.of(problem)
    fits = np.all(plans @ rows.matrix.T <= rows.right_side + 1e-12, axis=1)
    best = float((plans[fits] @ problem.gain).max())
    relaxed = solve_shares(problem, Tangents(), seed=0)
    of_leads, of_bundle = solve_contacts(problem, Tangents(), relaxed), solve_leads([problem])
    full = solve_full_contacts(problem)
    assert of_leads is not None
    assert of_bundle is not None
    assert full is not None
    for gain in (float(problem.gain @ of_leads), of_bundle.objective, float(problem.gain @ full)):
        assert gain == pytest.approx(best, abs=1e-6)
    assert best <= of_bundle.bound + 1e-7


def test_what_the_bundle_does_not_know_is_refused_in_one_line() -> None:
    problem = problem_of(city(50, 1), limits_of(50, bad_rate_confidence=0.9))
    with pytest.raises(BadInput, match="limits with a confidence, tiers, switches and forced contacts"):
        solve_leads([problem])


def test_a_box_that_is_too_small_for_the_prices_is_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of(city(3_000, 8), limits_of(3_000))
    usual = solve_leads([problem])
    monkeypatch.setattr(duals, "FIRST_BOX", 1e-3)
    narrow = solve_leads([problem])
    assert usual is not None
    assert narrow is not None
    assert narrow.bound == pytest.approx(usual.bound, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_the_level_method_finds_the_lowest_point_of_a_bowl_of_planes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slopes, lowest = rng.normal(size=(12, 3)), rng.uniform(0.2, 0.8, 3)
    slopes = np.vstack([slopes, -slopes.sum(axis=0)])  # the planes lean every way, so that `lowest` is the lowest point

    def bowl(point: Floats) -> tuple[float, Floats]:
        heights = slopes @ (point - lowest)
        return float(heights.max()), slopes[int(heights.argmax())]

    found = find_lowest(bowl, np.zeros(3), (np.zeros(3), np.ones(3)), precision=0.0, most_steps=100)
    assert found.bound <= found.value + 1e-12
    assert found.value == pytest.approx(0.0, abs=1e-6)
