"""The evidence: what history says about offers and policies, on rows that were not used for fitting."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.domain import Estimate, Limits
from acquire.uplift.evaluate import gain_over_random
from campaigns.choice import Choice, Market
from campaigns.evidence import compare_policies, gather_evidence, judge_offers
from campaigns.held_out import HeldOut
from campaigns.plan_document import OfferEvidence, PolicyValue
from tests.campaigns.small_plan import (
    VALUE,
    contact_nobody,
    make_choice,
    make_held_out,
    make_market,
    make_scores,
    without_label,
    without_revenue,
)

BUDGET = Limits(budget=300.0)


def policies(held_out: HeldOut, market: Market, choice: Choice) -> dict[str, PolicyValue]:
    return {value.policy: value for value in compare_policies(held_out, market, choice, np.random.default_rng(1))}


def offer(name: str, has_evidence: bool) -> OfferEvidence:
    [first, _] = judge_offers(make_held_out(300), seed=1)
    return replace(first, offer=name, has_evidence=has_evidence)


def test_scores_that_tell_leads_apart_are_evidence_and_the_effect_is_found() -> None:
    held_out = make_held_out(8_000)

    coupon, rate_cut = judge_offers(held_out, seed=1)

    arm = held_out.assignment.arm
    assert (coupon.offer, coupon.n, coupon.n_control) == ("coupon", (arm == 1).sum(), (arm == 0).sum())
    assert coupon.average_effect.low < 0.10 < coupon.average_effect.high
    assert rate_cut.average_effect.low < 0.05 < rate_cut.average_effect.high
    assert coupon.has_evidence
    assert coupon.aipw_gain.low > 0
    assert coupon.qini is not None
    assert coupon.qini.expected > 0


def test_a_policy_pays_the_fixed_costs_of_the_channels_it_uses() -> None:
    # 400 arrivals share the 200 that the feed costs once it is used: 500 per 1,000 leads.
    held_out, market = make_held_out(2_000), make_market(limits=BUDGET, objective=VALUE)
    dear = replace(market, channels=(replace(market.channels[0], fixed_cost=200.0), market.channels[1]))
    choice = make_choice(market)
    without, within = policies(held_out, market, choice), policies(held_out, dear, choice)
    fallen = {name: without[name].value.expected - within[name].value.expected for name in without}
    assert fallen.pop("nobody") == 0
    assert list(fallen.values()) == pytest.approx([1_000 * 200 / 400] * len(fallen))
    assert within["plan"].value.low < within["plan"].value.expected < within["plan"].value.high


def test_scores_that_are_noise_are_no_evidence() -> None:
    flat = make_scores(4_000, seed=2)
    truth = replace(flat, p_booked=flat.p_control[:, None] + [0.1, 0.05])

    found = [judge_offers(make_held_out(4_000, scored=flat, truth=truth, seed=s), seed=s) for s in range(15)]

    # One in twenty by chance alone: 1.5 of 30.
    assert sum(offer.has_evidence for pair in found for offer in pair) <= 5


def test_without_randomised_traffic_there_is_no_qini() -> None:
    held_out = make_held_out(2_000)
    observed = replace(held_out, assignment=replace(held_out.assignment, how="estimated propensity"))

    coupon, _ = judge_offers(observed, seed=1)

    assert coupon.qini is None
    assert np.isfinite(coupon.aipw_gain.expected)


def test_policies_are_valued_at_what_they_truly_bring() -> None:
    held_out = make_held_out(8_000)
    market = make_market(limits=BUDGET)
    scored = held_out.scored

    values = policies(held_out, market, make_choice(market))

    assert list(values) == [
        "plan",
        "nobody",
        "everybody: coupon",
        "everybody: rate_cut",
        "random, as many contacts",
        "likeliest to book, as many contacts",
    ]
    nobody, everybody = values["nobody"], values["everybody: coupon"]
    assert [nobody.contacts.expected, nobody.incremental.expected, nobody.value.expected] == [0.0, 0.0, 0.0]
    assert nobody.booked.low < 1000 * scored.p_control.mean() < nobody.booked.high
    assert everybody.contacts.expected == pytest.approx(1000)
    assert everybody.incremental.low < 1000 * scored.uplift[:, 0].mean() < everybody.incremental.high
    assert everybody.value.low < 1000 * scored.value[:, 0].mean() < everybody.value.high
    assert everybody.bad_rate.low < 0.2 < everybody.bad_rate.high


def test_the_plan_beats_as_many_contacts_at_random() -> None:
    market = make_market(limits=BUDGET)

    values = policies(make_held_out(8_000), market, make_choice(market))

    plan, chance = values["plan"], values["random, as many contacts"]
    assert plan.contacts.expected == pytest.approx(chance.contacts.expected)
    assert plan.incremental.low > chance.incremental.expected
    # The same rows stand on both sides of the difference, so it is known more finely than either.
    assert chance.plan_beyond.expected == pytest.approx(plan.incremental.expected - chance.incremental.expected)
    assert 0 < chance.plan_beyond.low < chance.plan_beyond.high
    assert [plan.plan_beyond.low, plan.plan_beyond.high] == [0.0, 0.0]


def test_the_plan_beats_as_many_contacts_of_who_is_likeliest_to_book() -> None:
    market = make_market(limits=BUDGET)

    values = policies(make_held_out(8_000), market, make_choice(market))

    likeliest = values["likeliest to book, as many contacts"]
    assert likeliest.contacts.expected == pytest.approx(values["plan"].contacts.expected)
    assert likeliest.booked.expected > values["random, as many contacts"].booked.expected
    assert likeliest.plan_beyond.expected > 0


def test_a_plan_that_contacts_nobody_is_valued_too() -> None:
    market = make_market(limits=BUDGET)

    values = policies(make_held_out(1_000), market, contact_nobody(make_choice(market)))

    assert np.isfinite(values["plan"].incremental.expected)


def test_without_revenue_or_bad_label_their_figures_are_undefined() -> None:
    market = make_market(limits=BUDGET)
    choice = make_choice(market)

    no_label = policies(make_held_out(1_000, scored=without_label(make_scores(1_000))), market, choice)
    no_revenue = policies(make_held_out(1_000, scored=without_revenue(make_scores(1_000))), market, choice)

    assert np.isnan(no_label["plan"].bad_rate.expected)
    assert np.isfinite(no_label["plan"].value.expected)
    assert np.isnan(no_revenue["plan"].value.expected)
    assert np.isfinite(no_revenue["plan"].bad_rate.expected)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ((True, True), "every offer"),
        ((True, False), "how they react to coupon; no evidence for rate_cut"),
        ((False, False), "No evidence that leads differ"),
    ],
)
def test_the_verdict_says_which_offers_have_evidence(shown: tuple[bool, bool], words: str) -> None:
    market, held_out = make_market(limits=BUDGET), make_held_out(600)
    offers = tuple(offer(name, has) for name, has in zip(("coupon", "rate_cut"), shown, strict=True))

    evidence = gather_evidence(held_out, offers, None, market, make_choice(market))

    assert words in evidence.verdict
    assert "at random" in evidence.verdict
    assert evidence.risk is None


def test_the_verdict_says_that_an_offer_does_nothing_on_average_even_where_leads_differ() -> None:
    market, held_out = make_market(limits=BUDGET), make_held_out(600)
    nothing = replace(offer("coupon", True), average_effect=Estimate(expected=0.002, low=-0.006, high=0.01))

    evidence = gather_evidence(held_out, (nothing,), None, market, make_choice(market))

    assert evidence.verdict.startswith(
        "No evidence that coupon changes how many book on average. History shows that leads"
    )


def test_models_that_saw_more_luck_do_not_speak_against_their_ranking() -> None:
    # Two models rank equally well, but the second scores all of its rows higher, and its rows happened to react less.
    uplift = np.tile(np.linspace(0.0, 0.2, 500), 2) + np.repeat([0.0, 1.0], 500)
    effect = np.tile(np.linspace(0.0, 0.2, 500), 2) - np.repeat([0.0, 0.1], 500)
    fold = np.repeat([0, 1], 500)

    apart, together = (gain_over_random(uplift, effect, np.random.default_rng(1), fold=model) for model in (fold, None))

    assert apart.expected == pytest.approx(1000 * 0.2 / 3, rel=0.02)
    assert together.expected < apart.expected / 2


def test_the_verdict_says_when_nobody_should_be_contacted() -> None:
    market, held_out = make_market(limits=BUDGET), make_held_out(600)

    evidence = gather_evidence(held_out, (offer("coupon", True),), None, market, contact_nobody(make_choice(market)))

    assert evidence.verdict.startswith("Contact nobody")


def test_tenths_of_predicted_uplift_hold_all_rows_and_rise() -> None:
    market, held_out = make_market(limits=BUDGET), make_held_out(8_000)

    bins = gather_evidence(held_out, (offer("coupon", True),), None, market, make_choice(market)).calibration

    assert [line.bin for line in bins] == list(range(1, 11))
    assert sum(line.n for line in bins) == 2 * 8_000
    predicted = [line.predicted for line in bins]
    assert predicted == sorted(predicted)
    # The scores are the truth, so about nine of ten intervals hold their prediction.
    assert sum(line.low <= line.predicted <= line.high for line in bins) >= 7
