"""The choice: limits hold for corrected totals, controls come from those who would have been contacted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Correction, Limits
from campaigns.choice import Choice, choose, follow
from tests.campaigns.small_plan import CHANNELS, VALUE, make_choice, make_held_out, make_leads, make_market, make_scores

BUDGET = Limits(budget=300.0)


def bad_rate(choice: Choice) -> float:
    at = choice.allocation.chosen
    return float(choice.options.bad[at].sum() / choice.options.booked[at].sum())


def test_the_budget_holds_for_corrected_totals() -> None:
    market = make_market(limits=BUDGET)
    choice = choose(market, make_held_out())

    spent = choice.options.spend[choice.allocation.chosen].sum()
    assert 290 < spent <= 300
    lead, offer = choice.options.lead[choice.allocation.chosen], choice.options.offer[choice.allocation.chosen]
    booked = market.scored.p_booked[lead, offer] * choice.promise.correction.booked
    assert spent == pytest.approx((1 + 10 * booked).sum())


def test_scores_that_are_right_are_hardly_corrected() -> None:
    correction = choose(make_market(limits=BUDGET), make_held_out(8_000)).promise.correction

    assert [correction.booked, correction.incremental] == pytest.approx([1.0, 1.0], abs=0.1)


def test_scores_that_promise_too_much_are_corrected_down() -> None:
    true = make_scores(8_000, seed=2)
    boasting = replace(true, p_booked=true.p_control[:, None] + 2 * true.uplift)

    promise = choose(make_market(limits=BUDGET), make_held_out(8_000, scored=boasting, truth=true)).promise

    assert promise.observed.incremental == pytest.approx(0.5, abs=0.15)
    assert promise.observed.incremental < promise.correction.incremental < 0.9


def test_bookings_that_turn_out_dearer_than_those_that_were_expected_are_budgeted_for() -> None:
    # A booking costs 4 or 16; scores say that the cheap book as often as the dear, in truth they book half as often.
    n = 8_000
    true = make_scores(n, seed=2)
    dear = np.arange(n) % 2 == 1
    price = np.where(dear, 16.0, 4.0)[:, None] * np.ones(true.p_booked.shape)
    seen = replace(true, p_booked=np.where(dear[:, None], 1.0, 0.5) * true.p_booked, cost_per_booking=price)
    market = make_market(n, scored=replace(make_scores(n), cost_per_booking=price), limits=Limits(budget=14_000.0))
    judge = make_held_out(n, scored=replace(true, cost_per_booking=price), truth=seen)

    correction = choose(market, judge).promise.correction

    assert correction.per_booking > 1.05


def test_controls_are_kept_back_from_those_who_would_have_been_contacted() -> None:
    market = make_market(1_000, limits=BUDGET, control_share=0.2)
    choice = choose(market, make_held_out())

    contacted = choice.options.lead[choice.allocation.chosen]
    assert choice.kept_back.sum() == pytest.approx(200, abs=40)
    assert choice.kept_back[choice.controls].all()
    assert not choice.kept_back[contacted].any()
    # A fifth of those whom the rule picks was kept back.
    assert len(choice.controls) / (len(contacted) + len(choice.controls)) == pytest.approx(0.2, abs=0.06)
    best = market.scored.uplift.max(axis=1)
    assert best[choice.controls].mean() > best.mean() + 0.02


def test_without_a_holdout_nobody_is_a_control() -> None:
    choice = choose(make_market(limits=BUDGET), make_held_out())

    assert not choice.kept_back.any()
    assert len(choice.controls) == 0


def test_the_same_seed_gives_the_same_plan() -> None:
    market, held_out = make_market(limits=BUDGET, control_share=0.1), make_held_out()

    once, again = choose(market, held_out), choose(market, held_out)

    assert once.allocation.chosen.tolist() == again.allocation.chosen.tolist()
    assert once.promise.correction == again.promise.correction
    assert (choose(replace(market, seed=8), held_out).kept_back != once.kept_back).any()


def test_the_rule_on_history_contacts_the_rows_whose_scores_pay_the_price_of_the_budget() -> None:
    market, held_out = make_market(limits=BUDGET), make_held_out()
    choice = make_choice(market)

    row, arm = follow(market, held_out, choice.allocation, Correction())

    per_money = held_out.scored.uplift[row, arm - 1] / held_out.scored.spend[row, arm - 1]
    at = choice.allocation.chosen
    least = (choice.options.incremental[at] / choice.options.spend[at]).min()
    assert len(set(row)) == len(row)
    assert per_money.min() == pytest.approx(least, rel=0.05)
    # The offer that mail may not use is not used on mail's history either.
    assert (arm[held_out.history["channel"].to_numpy()[row] == "mail"] == 1).all()


def test_a_floor_for_a_region_or_a_group_that_history_does_not_know_is_no_obstacle() -> None:
    leads = make_leads(400).assign(
        region=pd.Series(["home", "far"] * 200, dtype="str"), first_loan=[1.0, 0.0, 0.0, 0.0] * 100
    )
    limits = Limits(budget=300.0, min_region_share={"far": 0.6}, min_group_share={"first_loan": 0.3})

    choice = choose(make_market(leads=leads, limits=limits), make_held_out())

    contacted = leads.iloc[choice.options.lead[choice.allocation.chosen]]
    assert (contacted["region"] == "far").mean() >= 0.6
    assert contacted["first_loan"].mean() >= 0.3


def test_a_limit_on_bad_amounts_holds_where_history_has_no_amounts() -> None:
    unknown = replace(make_scores(3_000, seed=2), amount=np.full(3_000, np.nan))
    market = make_market(limits=Limits(budget=300.0, max_bad_amount_rate=0.15))

    choice = choose(market, make_held_out(scored=unknown))

    at = choice.allocation.chosen
    assert choice.options.bad_amount[at].sum() <= 0.15 * choice.options.amount[at].sum() + 1e-6


def test_a_bad_rate_limit_moves_the_choice_to_safer_leads() -> None:
    market = make_market(limits=BUDGET)
    held_out = make_held_out()

    free = choose(market, held_out)
    capped = choose(replace(market, limits=Limits(budget=300.0, max_bad_rate=0.16, bad_rate_confidence=0.5)), held_out)

    assert bad_rate(free) > 0.18
    assert bad_rate(capped) <= 0.16 + 1e-9


def test_value_counts_what_bookings_bring() -> None:
    market = make_market(objective=VALUE)

    choice = choose(market, make_held_out())

    at = choice.allocation.chosen
    assert len(at)
    assert (choice.options.value[at] > 0).all()
    assert {channel.channel for channel in CHANNELS} == set(choice.options.channel_names)


def test_an_offer_that_is_expected_to_attract_worse_payers_raises_what_is_promised() -> None:
    market, held_out = make_market(limits=BUDGET), make_held_out(8_000)
    lean = np.log([1.5, 1.5])

    def bad(lean: np.ndarray) -> float:
        asked = replace(market, scored=replace(market.scored, bad_lean=lean))
        judged = replace(held_out, scored=replace(held_out.scored, bad_lean=lean))
        return choose(asked, judged).promise.correction.bad

    # Odds of .1 to .3 times 1.5: the chances rise by a factor of 1.30 to 1.43.
    assert 1.30 < bad(lean) / bad(np.zeros(2)) < 1.43
