"""The certificate: close where the plan is good, and never below what somebody could reach."""

import dataclasses

import numpy as np
import pytest

from acquire.allocate.bound import certified_bound
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.solve import allocate
from acquire.allocate.tangents import Tangents
from acquire.domain import Certificate, Channel, Limits, Objective
from tests.acquire.allocate.builders import make_options

FEED, SMS = Channel(channel="feed", partner="north"), Channel(channel="sms", partner="quick", max_bad_rate=0.1)


def county(n: int = 900) -> Options:
    rng = np.random.default_rng(4)
    booked = rng.uniform(0.2, 0.9, n)
    return make_options(
        rng.uniform(0.2, 2, n).tolist(),
        spend=rng.uniform(0.5, 2, n).tolist(),
        booked=booked.tolist(),
        bad=(booked * rng.beta(1, 12, n)).tolist(),
        bad_loadings=(booked * rng.uniform(0, 0.02, n)).tolist(),
        channel=np.where(np.arange(n) % 6, "feed", "sms").tolist(),
    )


def certificate(*channels: Channel, **limits: object) -> Certificate:
    objective = Objective(maximise="incremental_value")
    return allocate(county(), Limits(**limits), channels, objective).certificate  # type: ignore[arg-type]


@pytest.mark.parametrize("confidence", [0.5, 0.95])
@pytest.mark.parametrize("basis", ["expected", "realised"])
def test_the_bound_is_close_to_the_plan_however_sure_it_must_be(confidence: float, basis: str) -> None:
    proof = certificate(FEED, budget=400, max_bad_rate=0.06, bad_rate_confidence=confidence, bad_rate_basis=basis)
    assert 0 <= proof.gap < 1e-3
    assert proof.bound >= proof.objective


def test_the_bound_is_close_too_where_a_channel_must_keep_its_own_promise() -> None:
    assert certificate(FEED, SMS, budget=400, max_bad_rate=0.06).gap < 0.02


def test_where_everybody_fits_the_bound_is_the_plan() -> None:
    assert certificate(FEED, budget=1e6).gap == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n", [300, 900])
def test_coin_flips_of_channels_cost_the_certificate_next_to_nothing(n: int) -> None:
    limits = Limits(budget=n / 4, bad_rate_confidence=0.9)
    channels = (dataclasses.replace(FEED, max_bad_rate=0.1), SMS)
    options = county(n)
    rows = tuple(list_limits(options, limits, channels))
    problem, tangents = Problem(gain=options.gain, people=People.of(options.person), rows=rows), Tangents()
    relaxed = solve_shares(problem, tangents, seed=0)
    bound = certified_bound(problem, relaxed, tangents)
    assert 0 <= bound - relaxed.objective <= 2e-5 * bound
