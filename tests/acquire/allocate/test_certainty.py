"""The bad-rate promise: kept with the stated probability, on draws of the model's own errors and coin flips."""

import numpy as np
import pytest

from acquire.allocate.certainty import coin_variance, safety_factor
from acquire.allocate.options import Options
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, Limits, LimitUse, Objective
from tests.acquire.allocate.builders import make_options

FEED = Channel(channel="feed", partner="north")
CAP = 0.1


def village(n: int = 400) -> Options:
    """Safe and risky people; what is wrong with the model is wrong for the risky ones together."""
    risky = np.arange(n) % 2 == 1
    return make_options(
        np.where(risky, 2.0, 1.0).tolist(),
        bad=np.where(risky, 0.1, 0.02).tolist(),
        bad_loadings=np.where(risky, 0.02, 0.002).tolist(),
    )


def plan(options: Options, **limits: object) -> Allocation:
    return allocate(options, Limits(max_bad_rate=CAP, **limits), (FEED,), Objective(maximise="incremental_value"))  # type: ignore[arg-type]


def use_of(allocation: Allocation) -> LimitUse:
    return next(use for use in allocation.limit_uses if use.name == "max_bad_rate")


def share_of_worlds_within_the_cap(options: Options, allocation: Allocation, *, realised: bool) -> float:
    rng = np.random.default_rng(1)
    chosen = allocation.chosen
    kept = 0
    for _ in range(1_000):
        bad = options.bad[chosen] + options.bad_loadings[chosen] @ rng.standard_normal(1)
        if realised:
            booked = rng.random(len(chosen)) < options.booked[chosen]
            n_bad = (rng.random(len(chosen)) < bad / options.booked[chosen])[booked].sum()
            kept += n_bad <= CAP * booked.sum()
        else:
            kept += bad.sum() <= CAP * options.booked[chosen].sum()
    return kept / 1_000


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_promise_holds_over_model_errors_and_coin_flips(confidence: float) -> None:
    options = village()
    kept = share_of_worlds_within_the_cap(options, plan(options, bad_rate_confidence=confidence), realised=True)
    assert kept == pytest.approx(confidence, abs=0.04)


def test_on_the_expected_basis_the_promise_is_about_the_model_alone() -> None:
    options = village()
    allocation = plan(options, bad_rate_confidence=0.9, bad_rate_basis="expected")
    assert share_of_worlds_within_the_cap(options, allocation, realised=False) == pytest.approx(0.9, abs=0.04)


def test_more_certainty_costs_accounts_and_coin_flips_cost_more_still() -> None:
    options = village()
    gains = [
        plan(options, bad_rate_confidence=confidence, bad_rate_basis=basis).certificate.objective
        for confidence, basis in [(0.5, "realised"), (0.8, "expected"), (0.95, "expected"), (0.95, "realised")]
    ]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > gains[1] > gains[3]


def test_the_used_figure_is_the_stated_quantile_and_stands_beside_the_mean() -> None:
    options = village()
    use = use_of(plan(options, bad_rate_confidence=0.95))
    assert use.used_expected < use.used <= CAP
    assert use.used == pytest.approx(CAP, abs=0.001)


def test_on_average_the_quantile_is_the_mean() -> None:
    use = use_of(plan(village(), bad_rate_confidence=0.5))
    assert use.used == use.used_expected == pytest.approx(CAP)


def test_a_bad_rate_of_one_is_no_limit() -> None:
    options = make_options([1, 2], bad=[0.5, 0.5])
    allocation = allocate(options, Limits(max_bad_rate=1), (FEED,), Objective(maximise="incremental_value"))
    assert allocation.chosen.tolist() == [0, 1]


def test_a_channel_too_small_to_be_sure_of_is_left_alone_and_the_rest_goes_on() -> None:
    options = make_options([1.0] * 60 + [1.0] * 3, bad=0.02, channel=["feed"] * 60 + ["sms"] * 3)
    sms = Channel(channel="sms", partner="quick", max_bad_rate=0.06)
    chosen = allocate(options, Limits(), (FEED, sms), Objective(maximise="incremental_value")).chosen
    assert chosen.tolist() == list(range(60))


def test_the_variance_of_a_coin_is_that_of_booking_and_then_going_bad() -> None:
    # books with 1/2, then bad with 1/5: the excess over a cap of .1 is .9 (p .1), -.1 (p .4) or 0
    expected = 0.1 * 0.9**2 + 0.4 * 0.1**2 - (0.1 * 0.9 - 0.4 * 0.1) ** 2
    assert coin_variance(np.array([0.1]), np.array([0.5]), 0.1)[0] == pytest.approx(expected)


def test_half_a_chance_needs_no_safety() -> None:
    assert safety_factor(0.5) == 0
    assert safety_factor(0.95) == pytest.approx(1.645, abs=1e-3)
