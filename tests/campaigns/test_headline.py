"""The headline: ten figures of the plan and how sure they are."""

from dataclasses import fields

import numpy as np
import pytest

from acquire.domain import Correction, Estimate, Limits
from acquire.scored import Scored
from campaigns.choice import Choice
from campaigns.headline import make_headline
from campaigns.plan_document import Headline
from tests.campaigns.small_plan import (
    VALUE,
    contact_nobody,
    make_choice,
    make_market,
    make_scores,
    without_label,
    without_revenue,
)

BUDGET = Limits(budget=300.0)
WIDE = 1 + 0.05 * np.random.default_rng(1).standard_normal((2_000, 3))


def headline(choice: Choice, scored: Scored) -> Headline:
    return make_headline(choice, scored, np.random.default_rng(5))


def figures(made: Headline) -> dict[str, Estimate]:
    return {f.name: getattr(made, f.name) for f in fields(made)}


def is_undefined(figure: Estimate) -> bool:
    return all(np.isnan(getattr(figure, f.name)) for f in fields(figure))


def test_figures_are_the_sums_of_the_chosen_contacts() -> None:
    market = make_market(limits=BUDGET)
    choice = make_choice(market)
    at, options = choice.allocation.chosen, choice.options

    made = headline(choice, market.scored)

    assert made.contacts.expected == len(at)
    for name in ("spend", "booked", "incremental", "value"):
        assert getattr(made, name).expected == pytest.approx(getattr(options, name)[at].sum())
    assert made.bad_rate.expected == pytest.approx(options.bad[at].sum() / options.booked[at].sum())
    assert made.incremental_bad_rate.expected == pytest.approx(
        options.incremental_bad[at].sum() / options.incremental[at].sum()
    )
    assert made.cac.expected == pytest.approx(made.spend.expected / made.booked.expected)
    assert made.incremental_cac.expected == pytest.approx(made.spend.expected / made.incremental.expected)


def test_corrected_figures_are_the_sums_that_the_limits_held() -> None:
    market = make_market(limits=BUDGET, objective=VALUE)
    correction = Correction(booked=0.9, incremental=0.8, bad=1.1, per_booking=1.3)
    choice = make_choice(market, correction=correction, draws=np.tile([0.9, 0.8, 1.1], (200, 1)))
    at, options = choice.allocation.chosen, choice.options

    made = headline(choice, market.scored)

    for name in ("spend", "booked", "incremental", "value"):
        figure = getattr(made, name)
        # The draws are of the correction itself, so they lie around the corrected sum and do not correct it once more.
        assert [figure.expected, figure.low, figure.high] == pytest.approx([getattr(options, name)[at].sum()] * 3)
    assert made.bad_rate.expected == pytest.approx(options.bad[at].sum() / options.booked[at].sum())
    assert made.incremental_bad_rate.expected == pytest.approx(
        options.incremental_bad[at].sum() / options.incremental[at].sum()
    )


def test_without_model_uncertainty_only_chance_is_left() -> None:
    market = make_market(limits=BUDGET)

    made = headline(make_choice(market), market.scored)

    for figure in figures(made).values():
        assert (figure.low, figure.high) == pytest.approx((figure.expected, figure.expected))
    assert made.booked.predictive_low < made.booked.expected < made.booked.predictive_high


def test_intervals_are_in_order_and_what_will_be_observed_is_less_sure() -> None:
    market = make_market(2_000, limits=Limits(budget=2_000.0))

    made = headline(make_choice(market, draws=WIDE), market.scored)

    for name, figure in figures(made).items():
        assert figure.low <= figure.expected <= figure.high, name
        assert figure.predictive_low <= figure.expected <= figure.predictive_high, name
        assert figure.predictive_high - figure.predictive_low >= 0.97 * (figure.high - figure.low), name


def test_the_break_even_rate_by_pencil() -> None:
    market = make_market(limits=BUDGET)
    choice = make_choice(market)

    made = headline(choice, market.scored)

    # A good booking brings 160, a bad one 400 less: (160 - spend per booking) / 400.
    assert made.break_even_bad_rate.expected == pytest.approx((160 - made.cac.expected) / 400)


def test_without_a_bad_label_the_bad_rates_are_undefined_and_the_rest_is_not() -> None:
    market = make_market(scored=without_label(make_scores(400)), limits=BUDGET, objective=VALUE)

    made = figures(headline(make_choice(market, draws=WIDE), market.scored))

    undefined = {name for name, figure in made.items() if is_undefined(figure)}
    assert undefined == {"bad_rate", "incremental_bad_rate", "break_even_bad_rate"}
    assert not any(np.isnan(getattr(made["value"], f.name)) for f in fields(Estimate))


def test_without_revenue_value_and_break_even_are_undefined_and_the_rest_is_not() -> None:
    market = make_market(scored=without_revenue(make_scores(400)), limits=BUDGET)

    made = figures(headline(make_choice(market, draws=WIDE), market.scored))

    assert {name for name, figure in made.items() if is_undefined(figure)} == {"value", "break_even_bad_rate"}


def test_a_plan_that_contacts_nobody_has_sums_of_nothing_and_no_ratios() -> None:
    market = make_market(limits=BUDGET)

    made = figures(headline(contact_nobody(make_choice(market, draws=WIDE)), market.scored))

    for name in ("contacts", "spend", "booked", "incremental", "value"):
        assert [getattr(made[name], f.name) for f in fields(Estimate)] == [0.0] * 5, name
    for name in ("bad_rate", "incremental_bad_rate", "break_even_bad_rate", "cac", "incremental_cac"):
        assert is_undefined(made[name]), name


def test_where_a_small_plan_may_be_observed_to_bring_no_extra_account_its_observed_cost_of_one_is_undefined() -> None:
    market = make_market(20)

    made = headline(make_choice(market, draws=WIDE), market.scored)

    assert made.incremental.predictive_low < 0 < made.incremental.low
    assert made.incremental_cac.low < made.incremental_cac.expected < made.incremental_cac.high
    assert np.isnan([made.incremental_cac.predictive_low, made.incremental_cac.predictive_high]).all()
