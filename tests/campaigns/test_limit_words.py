"""What limits do to a plan, as sentences that people who set limits can act on."""

import math
from dataclasses import replace

from acquire.explained import Explained, LimitEffect, LimitMove, Unspent
from campaigns.limit_words import name_limit, say_effect, say_unspent

ACCOUNTS, VALUE, SPEND = "incremental_accounts", "incremental_value", "spend"
NOTHING = LimitMove(allowed=57_000, met=True, objective=0, spend=0, incremental=0, value=0, bad_rate=0)
BUDGET = LimitEffect(
    name="budget",
    unit="money",
    allowed=60_000,
    binding=True,
    shadow_price=0.0081,
    holds_from=52_300,
    holds_to=math.nan,
    tighter=LimitMove(
        allowed=57_000, met=True, objective=-25.2, spend=-3_000, incremental=-25.2, value=-2_100, bad_rate=0.0
    ),
    looser=LimitMove(
        allowed=63_000, met=True, objective=24.1, spend=3_000, incremental=24.1, value=1_980, bad_rate=0.0012
    ),
)
BAD_RATE = LimitEffect(
    name="max_bad_rate",
    unit="rate",
    allowed=0.12,
    binding=True,
    shadow_price=2_140,
    holds_from=0.118,
    holds_to=0.1225,
    tighter=LimitMove(allowed=0.114, met=False),
    looser=LimitMove(
        allowed=0.126, met=True, objective=11, spend=3_100, incremental=11, value=math.nan, bad_rate=0.0061
    ),
)


def said(effect: LimitEffect, goal: str = ACCOUNTS) -> list[str]:
    return [sentence.replace("\u00a0", " ") for sentence in say_effect(effect, goal, "CNY")]


def test_a_binding_limit_says_how_far_its_worth_can_be_trusted_and_what_five_per_cent_do() -> None:
    assert said(BUDGET) == [
        "That is right to within a tenth while the limit is from CNY 52,300 to CNY 72,000 or higher.",
        "At CNY 63,000 (5 % higher): 24 more extra accounts, CNY 1,980 more value, CNY 3,000 more spend, "
        "CNY 124 for each extra account, a bad rate 0.12 points higher.",
        "At CNY 57,000 (5 % lower): 25 fewer extra accounts, CNY 2,100 less value, CNY 3,000 less spend.",
    ]


def test_the_objective_comes_first() -> None:
    assert "5 % higher): CNY 1,980 more value, 24 more extra accounts" in said(BUDGET, VALUE)[1]


def test_a_figure_without_a_plan_says_so_and_unknown_value_is_left_out() -> None:
    sentences = said(BAD_RATE)
    assert sentences[2] == "At 11.4 % (5 % lower) there is no plan."
    assert "value" not in sentences[1]


def test_a_limit_that_leaves_room_says_how_much() -> None:
    idle = replace(BUDGET, binding=False, shadow_price=0, holds_from=41_200, tighter=NOTHING, looser=NOTHING)
    assert said(idle) == ["Lowering it changes nothing down to CNY 41,200."]


def test_a_floor_that_leaves_room_can_be_raised() -> None:
    idle = replace(
        BUDGET, binding=False, shadow_price=0, holds_from=math.nan, holds_to=71_000, tighter=NOTHING, looser=NOTHING
    )
    assert said(idle) == ["Raising it changes nothing up to CNY 71,000."]


def test_a_price_that_holds_nowhere_else_points_at_the_effects() -> None:
    sharp = replace(BUDGET, holds_from=60_000, holds_to=60_000)
    assert "only where the limit stands" in said(sharp)[0]


def test_money_that_is_left_names_what_stops_it_and_what_loosening_it_buys() -> None:
    unspent = Unspent(allowed=60_000, spent=47_600, left=12_400, stopped_by=("max_bad_rate",), nobody_left=False)
    sentence = say_unspent(Explained(limits=(BUDGET, BAD_RATE), unspent=unspent), ACCOUNTS, "CNY")
    assert sentence.replace("\u00a0", " ") == (
        "CNY 12,400 of the budget of CNY 60,000 is not spent. What stops it is the limit on bad rate: at 12.6 % instead of "
        "12.0 %, 11 more extra accounts, CNY 3,100 more spend, CNY 282 for each extra account, a bad rate 0.61 points higher."
    )


def test_money_that_nobody_is_left_for_buys_nothing() -> None:
    unspent = Unspent(allowed=100, spent=60, left=40, stopped_by=(), nobody_left=True)
    assert "more money would buy nothing" in say_unspent(Explained(limits=(), unspent=unspent), ACCOUNTS, "CNY")


def test_a_spent_budget_is_not_talked_about() -> None:
    assert say_unspent(Explained(limits=(BUDGET,), unspent=None), ACCOUNTS, "CNY") == ""


def test_limits_are_named_as_people_name_them_in_a_sentence() -> None:
    assert name_limit("max_bad_rate") == "bad rate"
    assert name_limit("max_partner_share[paywell]") == "share of spend of paywell"
    assert name_limit("min_region_share[home]") == "share of contacts of home"
    assert name_limit("max_cac[partner acme]") == "cost per account of partner acme"
    assert name_limit("min_group_share[women, feed]") == "share of contacts of women in feed"
    assert name_limit("max_channel_share[sms, partner acme]") == "share of spend of sms in partner acme"
    assert name_limit("max_contacts[feed, max_change]") == "contacts of feed, max_change"
