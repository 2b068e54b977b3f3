"""Why this lead, and why not that one: one sentence each."""

import math
from dataclasses import replace

import pytest

from acquire.allocate.reasons import Course, LeadReason, Toll
from campaigns.lead_words import say_why

VALUE = "incremental_value"
COUPON = Course(
    channel="feed",
    offer="coupon",
    gain=31.2,
    tolls=(Toll(limit="budget", amount=12.1), Toll(limit="max_bad_rate", amount=6.3)),
    beside_limits=0.0,
    contacts=1.0,
    by_lot=False,
)
RATE_CUT = replace(COUPON, offer="rate_cut", gain=20.0, contacts=0.0, tolls=(Toll(limit="budget", amount=10.3),))
CHOSEN = LeadReason(best=COUPON, next_best=RATE_CUT, elsewhere=None)


def said(decision: str, code: str, reason: LeadReason | None = None, goal: str = VALUE) -> str:
    return say_why(decision, code, reason, goal, "CNY").replace("\u00a0", " ")


def test_a_contact_says_what_it_brings_what_its_room_is_worth_and_what_the_next_best_would_leave() -> None:
    assert said("contact", "CHOSEN", CHOSEN) == (
        "Contacted with coupon: it is expected to bring CNY 31.20; the room it takes is worth CNY 18.40 to other leads "
        "(budget CNY 12.10, bad rate CNY 6.30); CNY 12.80 is left, CNY 3.10 more than with rate_cut."
    )


def test_a_lead_without_room_says_how_far_it_is_short() -> None:
    short = LeadReason(best=replace(COUPON, gain=16.2, contacts=0.0), next_best=None, elsewhere=None)
    assert said("hold", "LIMITS_LEAVE_NO_ROOM", short) == (
        "Not contacted: with coupon, its best offer, it would bring CNY 16.20; the room it takes is worth CNY 18.40 to other "
        "leads (budget CNY 12.10, bad rate CNY 6.30); it is CNY 2.20 short."
    )


def test_a_safe_lead_is_contacted_for_the_room_it_makes_for_others() -> None:
    safe = replace(COUPON, gain=-2.0, tolls=(Toll(limit="max_bad_rate", amount=-5.0), Toll(limit="budget", amount=1.0)))
    sentence = said("contact", "CHOSEN", LeadReason(best=safe, next_best=None, elsewhere=None))
    assert (
        "expected to lose CNY 2; it makes room worth CNY 4 to other leads (bad rate −CNY 5, budget CNY 1)" in sentence
    )
    assert sentence.endswith("CNY 2 is left.")


def test_an_offer_that_does_not_pay_is_said_to_lose_money() -> None:
    loses = LeadReason(best=replace(COUPON, gain=-1.25, contacts=0.0), next_best=None, elsewhere=None)
    assert said("hold", "NO_OFFER_PAYS", loses) == (
        "Not contacted: no offer pays; with coupon, the best, it would lose CNY 1.25."
    )


def test_the_last_one_with_room_says_so() -> None:
    last = LeadReason(best=replace(COUPON, gain=18.4), next_best=None, elsewhere=None)
    assert said("contact", "CHOSEN", last).endswith("it is one of the last for whom there is room.")


def test_whole_contacts_are_given_as_the_reason_where_prices_say_otherwise() -> None:
    paying = LeadReason(best=replace(COUPON, contacts=0.0), next_best=None, elsewhere=None)
    assert said("hold", "LIMITS_LEAVE_NO_ROOM", paying).endswith(
        "it would pay by CNY 12.80, but no whole contact more fits."
    )


def test_accounts_are_counted_per_thousand_such_contacts() -> None:
    few = LeadReason(best=replace(COUPON, gain=0.0134, tolls=()), next_best=None, elsewhere=None)
    sentence = said("contact", "CHOSEN", few, "incremental_accounts")
    assert "expected to bring 13 extra accounts per 1,000, and no limit is short" in sentence


def test_a_person_met_in_another_channel_and_a_channel_that_is_not_used_are_named() -> None:
    elsewhere = LeadReason(
        best=replace(COUPON, contacts=0.0), next_best=None, elsewhere=replace(COUPON, channel="mail")
    )
    assert said("hold", "PERSON_CONTACTED_IN_ANOTHER_CHANNEL", elsewhere) == (
        "Not contacted here: the same person is contacted in mail with coupon."
    )
    off = LeadReason(best=replace(COUPON, beside_limits=math.inf, contacts=0.0), next_best=None, elsewhere=None)
    assert "feed is not used" in said("hold", "LIMITS_LEAVE_NO_ROOM", off)


def test_where_spend_is_minimised_a_contact_costs() -> None:
    cheap = LeadReason(
        best=replace(COUPON, gain=-3.0, tolls=(Toll(limit="min_incremental_accounts", amount=-5.0),)),
        next_best=None,
        elsewhere=None,
    )
    sentence = said("contact", "CHOSEN", cheap, "spend")
    assert "expected to cost CNY 3; it makes room worth CNY 5 to other leads (extra accounts −CNY 5)" in sentence


@pytest.mark.parametrize(
    ("decision", "code", "sentence"),
    [
        ("refuse", "NO_CONSENT", "Refused: there is no consent to contact this person."),
        ("refuse", "REFER:THIN_FILE", "Not contacted: the policy refers it to a person, for THIN_FILE."),
        ("refuse", "AGE_BELOW_MINIMUM", "Refused by the policy, for AGE_BELOW_MINIMUM."),
        (
            "control",
            "RANDOM_CONTROL",
            "Kept back by lot, so that what the plan adds can be measured; the plan would have contacted it.",
        ),
        ("hold", "NO_OFFER_IN_CHANNEL", "Not contacted: no offer may be used in its channel."),
    ],
)
def test_who_was_never_weighed_is_told_why(decision: str, code: str, sentence: str) -> None:
    assert said(decision, code) == sentence


def test_the_random_reserve_says_that_it_is_drawn_by_lot() -> None:
    drawn = LeadReason(best=replace(COUPON, by_lot=True), next_best=None, elsewhere=None)
    assert "by lot" in said("contact", "RANDOM_RESERVE", drawn)
