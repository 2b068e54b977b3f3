"""A shadow price is the change of the objective per +1 of the limit as written: each is checked against a re-solve."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.solve import allocate
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits, LimitUse, Objective
from tests.acquire.allocate.builders import make_options

MOST_VALUE = Objective(maximise="incremental_value")
LEAST_SPEND = Objective(minimise="spend")
FEED = Channel(channel="feed", partner="feed", affiliate_group="feed")
SMS = Channel(channel="sms", partner="sms", affiliate_group="sms")
Business = tuple[Limits, tuple[Channel, ...]]


def town(n: int = 240) -> Options:
    """A made-up town: everything differs from lead to lead, two leads to a person."""
    rng = np.random.default_rng(5)
    booked, p_bad = rng.uniform(0.2, 0.9, n), rng.beta(1, 9, n)
    amount = booked * rng.uniform(500, 1_500, n)
    whose = [("feed", "sms")[i % 2] for i in range(n)]
    return make_options(
        rng.normal(1.0, 1.0, n).tolist(),
        spend=rng.uniform(0.5, 2.0, n).tolist(),
        booked=booked.tolist(),
        bad=(booked * p_bad).tolist(),
        incremental=(booked * rng.uniform(0.2, 0.9, n)).tolist(),
        incremental_bad=(booked * p_bad * 0.7).tolist(),
        amount=amount.tolist(),
        bad_amount=(amount * p_bad).tolist(),
        approvals=booked.tolist(),
        person=(np.arange(n) // 2).tolist(),
        channel=whose,
        partner=whose,
        affiliate=whose,
        region=[("home", "far")[int(i)] for i in rng.integers(0, 2, n)],
        groups={"young": (rng.random(n) < 0.3).tolist()},
        bad_loadings=(booked * p_bad * rng.uniform(0.0, 0.4, n)).tolist(),
    )


def only(**limits: object) -> Callable[[float], Business]:
    """The one limit whose figure is the argument, as it stands in a plan file."""
    ((key, rest),) = limits.items()

    def business(figure: float) -> Business:
        value = {rest: figure} if isinstance(rest, str) else figure
        return Limits(**{key: value}), (FEED, SMS)  # type: ignore[arg-type]

    return business


def of_channel(key: str, **limits: object) -> Callable[[float], Business]:
    def business(figure: float) -> Business:
        return Limits(**limits), (FEED, dataclasses.replace(SMS, **{key: figure}))  # type: ignore[arg-type]

    return business


def best_gain(options: Options, business: Business) -> float:
    rows = tuple(list_limits(options, *business))
    problem = Problem(gain=options.gain, people=People.of(options.person), rows=rows)
    relaxed = solve_shares(problem, Tangents(), seed=0)
    assert not relaxed.broken
    return relaxed.objective


def change_by_re_solving(options: Options, business: Callable[[float], Business], figure: float) -> float:
    step = 1e-4 * figure
    return (best_gain(options, business(figure + step)) - best_gain(options, business(figure - step))) / (2 * step)


def entry(options: Options, business: Business, name: str, objective: Objective = MOST_VALUE) -> LimitUse:
    return next(use for use in allocate(options, *business, objective).limit_uses if use.name == name)


# Figures at which the plan is split: at a vertex of whole contacts the change to the left and to the right would differ.
CASES = {
    "budget": (only(budget=0), 60.3),
    "max_contacts": (only(max_contacts=0), 50.5),
    "max_approvals": (only(max_approvals=0), 30.3),
    "max_incremental_bad_rate": (only(max_incremental_bad_rate=0), 0.09),
    "max_bad_amount_rate": (only(max_bad_amount_rate=0), 0.06),
    "max_cac": (only(max_cac=0), 1.9),
    "max_incremental_cac": (only(max_incremental_cac=0), 3.1),
    "min_incremental_accounts": (only(min_incremental_accounts=0), 38.3),
    "max_partner_share[sms]": (only(max_partner_share="sms"), 0.4137),
    "max_channel_share[feed]": (only(max_channel_share="feed"), 0.3137),
    "max_affiliate_share[sms]": (only(max_affiliate_share="sms"), 0.4137),
    "max_region_share[home]": (only(max_region_share="home"), 0.4137),
    "min_region_share[home]": (only(min_region_share="home"), 0.6173),
    "min_group_share[young]": (only(min_group_share="young"), 0.4537),
    "max_contacts[sms]": (of_channel("max_contacts"), 20.5),
    "max_spend[sms]": (of_channel("max_spend"), 20.3),
    "min_spend[sms]": (of_channel("min_spend"), 90.3),
    "max_bad_rate[sms]": (of_channel("max_bad_rate", bad_rate_confidence=0.9, bad_rate_basis="expected"), 0.07),
}


@pytest.mark.parametrize("name", CASES)
def test_the_shadow_price_is_what_moving_the_limit_brings(name: str) -> None:
    business, figure = CASES[name]
    options = town()
    use = entry(options, business(figure), name)
    assert use.binding
    assert use.shadow_price == pytest.approx(change_by_re_solving(options, business, figure), rel=0.02)
    assert (use.shadow_price > 0) == name.startswith(("max", "budget"))


@pytest.mark.parametrize("basis", ["expected", "realised"])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_shadow_price_of_the_bad_rate_counts_its_safety_too(confidence: float, basis: str) -> None:
    def business(cap: float) -> Business:
        return Limits(max_bad_rate=cap, bad_rate_confidence=confidence, bad_rate_basis=basis), (FEED, SMS)  # type: ignore[arg-type]

    options = town()
    use = entry(options, business(0.08), "max_bad_rate")
    assert use.shadow_price == pytest.approx(change_by_re_solving(options, business, 0.08), rel=0.02)
    assert use.shadow_price > 0


def test_where_spend_is_minimised_a_higher_floor_costs_money_and_a_higher_cap_saves_it() -> None:
    options = town()
    options = dataclasses.replace(options, gain=-options.spend)

    def business(cap: float) -> Business:
        return Limits(max_bad_rate=cap, bad_rate_confidence=0.5, min_incremental_accounts=25), (FEED, SMS)

    cap = entry(options, business(0.05), "max_bad_rate", LEAST_SPEND)
    floor = entry(options, business(0.05), "min_incremental_accounts", LEAST_SPEND)
    assert cap.shadow_price == pytest.approx(-change_by_re_solving(options, business, 0.05), rel=0.02)
    assert cap.shadow_price < 0 < floor.shadow_price


def test_a_limit_that_does_not_hold_the_plan_back_costs_nothing() -> None:
    use = entry(town(), (Limits(budget=1e6), (FEED, SMS)), "budget")
    assert (use.binding, use.shadow_price) == (False, 0.0)


def test_limits_that_hold_together_each_have_their_own_price() -> None:
    options = town()
    together = Limits(budget=60, max_bad_rate=0.08, max_cac=1.7, min_group_share={"young": 0.4137})
    uses = {use.name: use for use in allocate(options, together, (FEED, SMS), MOST_VALUE).limit_uses}
    assert all(use.binding for use in uses.values())
    for key in ("budget", "max_bad_rate", "max_cac"):

        def business(figure: float, key: str = key) -> Business:
            return dataclasses.replace(together, **{key: figure}), (FEED, SMS)

        change = change_by_re_solving(options, business, getattr(together, key))
        assert uses[key].shadow_price == pytest.approx(change, rel=0.02)
