"""How far a plan's bad accounts may lie beyond the cap: every figure against a count over all that may happen."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from acquire.allocate.certainty import Spread, coin_variance, spread_of_bad_rate
from acquire.allocate.options import Options
from tests.acquire.allocate.builders import make_options

CAP, CONFIDENCE = 0.2, 0.95
Z = 1.6448536269514722
PEOPLE = 7


def people() -> Options:
    """Seven people, two model errors, which say something of bookings too."""
    rng = np.random.default_rng(3)
    booked = rng.uniform(0.1, 0.9, PEOPLE)
    options = make_options(
        [1.0] * PEOPLE, booked=booked.tolist(), bad=(booked * rng.uniform(0.05, 0.4, PEOPLE)).tolist()
    )
    return replace(
        options, bad_loadings=rng.normal(0, 0.05, (PEOPLE, 2)), booked_loadings=rng.normal(0, 0.1, (PEOPLE, 2))
    )


def spread(basis: str = "realised", cap: float = CAP) -> Spread:
    found = spread_of_bad_rate(people(), np.arange(PEOPLE), cap, CONFIDENCE, basis)
    assert found is not None
    return found


def by_hand(x: np.ndarray, rate: float, basis: str) -> float:
    """m(x) + z sd(x) at a rate, from the formula of the limit."""
    options = people()
    error = x @ (options.bad_loadings - rate * options.booked_loadings)
    coins = coin_variance(options.bad, options.booked, rate) @ x if basis == "realised" else 0.0
    return float((options.bad - rate * options.booked) @ x + Z * np.sqrt(error @ error + coins))


def plans() -> list[np.ndarray]:
    return [np.array(plan, dtype=float) for plan in product([0, 1], repeat=PEOPLE) if any(plan)]


@pytest.mark.parametrize("basis", ["realised", "expected"])
def test_what_a_plan_may_be_off_by_is_model_error_and_coin_flips(basis: str) -> None:
    options = people()
    for x in plans()[::9]:
        mean = float((options.bad - CAP * options.booked) @ x)
        assert mean + Z * spread(basis).deviation(x) == pytest.approx(by_hand(x, CAP, basis))


@pytest.mark.parametrize("basis", ["realised", "expected"])
def test_a_higher_cap_leaves_as_much_more_room_as_trying_it_shows(basis: str) -> None:
    for x in plans()[::9]:
        tried = (by_hand(x, CAP + 1e-6, basis) - by_hand(x, CAP - 1e-6, basis)) / 2e-6
        assert spread(basis).slope_in_cap(x) == pytest.approx(tried, rel=1e-5)


@pytest.mark.parametrize("basis", ["realised", "expected"])
def test_the_stated_quantile_is_the_lowest_cap_that_the_plan_would_keep(basis: str) -> None:
    for x in plans()[::9]:
        rate = spread(basis).stated_quantile(x)
        if rate < 1:
            assert by_hand(x, rate, basis) == pytest.approx(0.0, abs=1e-9)


def test_the_stated_quantile_is_at_most_the_cap_exactly_where_the_limit_holds() -> None:
    held = [by_hand(x, 0.8, "realised") <= 0 for x in plans()]
    assert held == [spread(cap=0.8).stated_quantile(x) <= 0.8 for x in plans()]
    assert 0 < sum(held) < len(held)


def test_every_line_of_the_coin_flips_is_safe_for_every_whole_plan() -> None:
    about = spread()
    deviations = [about.coin_deviation(x) for x in plans()]
    for r in (0.0, about.least / 4, about.least, 0.5, max(deviations)):
        slope, constant = about.line_of_coins(r)
        assert all(slope * w**2 + constant >= w - 1e-12 for w in deviations)
    slope, constant = about.line_of_coins(0.5)
    assert slope * 0.5**2 + constant == pytest.approx(0.5)  # and exact where it touches
    assert about.least == pytest.approx(min(deviations))  # of one contact: the least that can be gambled
    for r in (0.0, about.least / 4):
        assert about.line_of_coins(r)[1] == 0  # a plan that books nothing here is not broken by it


def test_the_tangent_at_a_whole_plan_lies_below_the_spread_of_every_other() -> None:
    about = spread()
    for x in plans()[::5]:
        tangent = about.whole_tangent(x)
        assert tangent @ x == pytest.approx(Z * about.deviation(x))
        assert all(tangent @ other <= Z * about.deviation(other) + 1e-12 for other in plans())


def test_a_bad_rate_of_one_and_even_odds_need_no_safety() -> None:
    everybody = np.arange(PEOPLE)
    assert spread_of_bad_rate(people(), everybody, 1.0, CONFIDENCE, "realised") is None
    assert spread_of_bad_rate(people(), everybody, CAP, 0.5, "realised") is None
