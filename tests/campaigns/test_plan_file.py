"""The plan file: every key means what the contract says, and every mistake is one clear line."""

import hashlib
from pathlib import Path

import pytest

from acquire.domain import Objective, PartLimits, RiskTerms, UpliftTerms
from campaigns.plan_file import choose_objective, read_plan_file
from tests.campaigns.plan_texts import LEAST, read, refused

FULL = """\
currency = "ZAR"
seed = 7
time_zone = "Africa/Johannesburg"
assume_consent = true
campaign = "autumn"

[data]
history = "history.parquet"
leads = "leads.parquet"
channels = "channels.csv"
offers = "offers.csv"
policy = "policy.toml"
current_plan = "today.csv"

[columns]
booked = "visit"
control = "No E-Mail"
amount = "requested_amount"
exclude = ["conversion"]
protected = ["gender"]

[objective]
maximise = "incremental_accounts"

[limits]
budget = 60_000
max_bad_rate = 0.08
bad_rate_confidence = 0.5
bad_rate_basis = "expected"
max_incremental_bad_rate = 0.1
max_bad_amount_rate = 0.1
max_cac = 90
max_incremental_cac = 120.5
min_incremental_accounts = 5
max_contacts = 8_000
max_approvals = 100
max_partner_share = 0.4
max_channel_share = { web = 0.3, "*" = 0.6 }
max_affiliate_share = 1
min_region_share = { home = 0.5 }
max_region_share = { home = 0.9 }
refuse_regions = ["far"]
min_group_share = { first_loan = 0.2 }
min_spend = 10
min_contacts = 20
max_expected_loss = 3_000
max_calls = 400
locked_channels = ["web"]
max_change = { web = 0.1, "*" = 0.2 }

[limits.channel.web]
max_spend = 1
min_spend = 0.5
max_contacts = 2
min_contacts = 1
max_bad_rate = 0.3
max_incremental_bad_rate = 0.4
max_region_share = 0.7
min_region_share = { home = 0.1 }
min_group_share = { first_loan = 0.3 }

[limits.partner."Acme & Co"]
max_bad_amount_rate = 0.5
max_cac = 6
max_incremental_cac = 7
min_incremental_accounts = 8
max_channel_share = { web = 0.8 }
max_affiliate_share = 0.9

[limits.affiliate.family]
max_partner_share = { "Acme & Co" = 0.6, "*" = 0.5 }
max_approvals = 9
max_expected_loss = 10
max_calls = 11

[explore]
share = 0.02

[holdout]
control_share = 0

[risk]
special_codes = { bureau_score = [-999, 96.5], requested_amount = [0], employment = ["X"] }
direction = { bureau_score = "falling", requested_amount = "rising" }
unseen = "worst"
maturity_days = 270
"""


def test_the_least_a_plan_file_can_say(plans: Path) -> None:
    plan = read(plans, LEAST)
    assert (plan.name, plan.campaign, plan.currency, plan.seed) == ("market/plan", "market/plan", "CNY", 0)
    assert plan.time_zone.key == "Asia/Shanghai"
    assert plan.control_share == 0.05
    assert plan.explore_share == 0
    assert not plan.assume_consent
    assert plan.objective is None
    assert plan.sources.offers is None
    assert plan.policy is None
    assert plan.limits.budget is None
    assert plan.limits.bad_rate_confidence == 0.95
    assert plan.limits.bad_rate_basis == "realised"
    assert plan.columns.control == "control"


def test_paths_are_relative_to_the_file(plans: Path) -> None:
    sources = read(plans, LEAST).sources
    assert sources.history == plans.resolve() / "history.parquet"
    assert sources.leads.resolve() == plans.resolve().parent / "leads.csv"


def test_every_key_is_read(plans: Path) -> None:
    plan = read(plans, FULL)
    assert plan.campaign == "autumn"
    assert plan.time_zone.key == "Africa/Johannesburg"
    assert plan.assume_consent
    assert plan.policy == plans.resolve() / "policy.toml"
    assert plan.columns.rename == {"visit": "booked", "requested_amount": "amount"}
    assert plan.columns.control == "No E-Mail"
    assert plan.columns.exclude == {"conversion"}
    assert plan.columns.protected == {"gender"}
    assert plan.control_share == 0
    limits = plan.limits
    assert (limits.budget, limits.max_contacts, limits.max_approvals) == (60_000, 8_000, 100)
    assert (limits.max_bad_rate, limits.bad_rate_confidence, limits.bad_rate_basis) == (0.08, 0.5, "expected")
    assert (limits.max_incremental_bad_rate, limits.max_bad_amount_rate) == (0.1, 0.1)
    assert (limits.max_cac, limits.max_incremental_cac, limits.min_incremental_accounts) == (90, 120.5, 5)
    assert limits.max_partner_share == {"*": 0.4}
    assert limits.max_channel_share == {"web": 0.3, "*": 0.6}
    assert limits.max_affiliate_share == {"*": 1}
    assert (limits.min_region_share, limits.max_region_share) == ({"home": 0.5}, {"home": 0.9})
    assert limits.refuse_regions == {"far"}
    assert limits.min_group_share == {"first_loan": 0.2}
    assert (limits.min_spend, limits.min_contacts, limits.max_expected_loss, limits.max_calls) == (10, 20, 3_000, 400)
    assert limits.locked_channels == {"web"}
    assert limits.max_change == {"web": 0.1, "*": 0.2}
    assert limits.channel == {
        "web": PartLimits(
            max_spend=1,
            min_spend=0.5,
            max_contacts=2,
            min_contacts=1,
            max_bad_rate=0.3,
            max_incremental_bad_rate=0.4,
            max_region_share={"*": 0.7},
            min_region_share={"home": 0.1},
            min_group_share={"first_loan": 0.3},
        )
    }
    assert limits.partner == {
        "Acme & Co": PartLimits(
            max_bad_amount_rate=0.5,
            max_cac=6,
            max_incremental_cac=7,
            min_incremental_accounts=8,
            max_channel_share={"web": 0.8},
            max_affiliate_share={"*": 0.9},
        )
    }
    assert limits.affiliate == {
        "family": PartLimits(
            max_partner_share={"Acme & Co": 0.6, "*": 0.5}, max_approvals=9, max_expected_loss=10, max_calls=11
        )
    }
    assert plan.explore_share == 0.02


def test_the_terms_of_risk_are_read_under_the_contracts_names(plans: Path) -> None:
    assert read(plans, LEAST).risk == RiskTerms()
    risk = read(plans, FULL).risk
    assert risk.special_codes == {"bureau_score": (-999, 96.5), "amount": (0,), "employment": ("X",)}
    assert risk.direction == {"bureau_score": "falling", "amount": "rising"}
    assert (risk.unseen, risk.maturity_days) == ("worst", 270)


def test_the_hash_is_of_the_bytes_of_the_file(plans: Path) -> None:
    assert read(plans, FULL).content_hash == hashlib.sha256(FULL.encode()).hexdigest()


def test_value_is_the_objective_where_revenue_is_known_and_accounts_where_not(plans: Path) -> None:
    plan = read(plans, LEAST)
    assert choose_objective(plan, has_revenue=True) == Objective(maximise="incremental_value")
    assert choose_objective(plan, has_revenue=False) == Objective(maximise="incremental_accounts")
    assert choose_objective(read(plans, FULL), has_revenue=True) == Objective(maximise="incremental_accounts")


def test_the_least_spend_needs_a_number_of_accounts_to_win(plans: Path) -> None:
    spend = LEAST + '[objective]\nminimise = "spend"\n'
    assert "needs min_incremental_accounts in [limits]" in refused(plans, spend)
    for table in ("[limits]", "[limits.channel.web]"):
        objective = read(plans, f"{spend}{table}\nmin_incremental_accounts = 10\n").objective
        assert objective is not None
        assert objective.goal == "spend"


def test_what_is_declared_about_effects_is_read_under_the_contracts_names(plans: Path) -> None:
    assert read(plans, LEAST).uplift == UpliftTerms()
    declared = 'learner = "dr"\ndirection = { requested_amount = "rising", months = "falling" }\ndose = "months"'
    plan = read(plans, f'{LEAST}[columns]\namount = "requested_amount"\n[uplift]\n{declared}\n')
    assert plan.uplift == UpliftTerms(learner="dr", direction={"amount": "rising", "months": "falling"}, dose="months")
    assert plan.columns.dose == "months"


@pytest.mark.parametrize("name", ["kz/plan", "taiwan/plan", "taiwan/plan_value"])
def test_the_plans_of_the_public_markets_are_read(kz_market: Path, name: str) -> None:
    plan = read_plan_file(kz_market.parent / f"{name}.toml")
    assert plan.name == name
    assert plan.control_share == 0
    assert plan.sources.history.exists()
