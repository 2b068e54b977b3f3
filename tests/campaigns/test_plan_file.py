"""The plan file: every key means what the contract says, and every mistake is one clear line."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Objective, PartLimits, RiskTerms, UpliftTerms
from acquire.errors import BadInput, NotBuiltYet
from campaigns.plan_file import PlanFile, choose_objective, read_plan_file

LEAST = """\
currency = "CNY"
[data]
history = "history.parquet"
leads = "../leads.csv"
channels = "channels.csv"
"""

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


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "market"
    folder.mkdir()
    return folder


def read(folder: Path, text: str) -> PlanFile:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return read_plan_file(path)


def refused(folder: Path, text: str) -> str:
    """The line that the plan file is refused with."""
    with pytest.raises(BadInput) as error:
        read(folder, text)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith("plan.toml")
    return line


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


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("[uplift]\nlearner = 'r'", "learner is 'r' in [uplift]; input should be 'x', 's', 't', 'dr' or 'logistic_t'"),
        ("[uplift]\nlerner = 'x'", "unknown key lerner in [uplift]; did you mean learner?"),
        (
            "[uplift]\ndirection = { age = 'up' }",
            "age is 'up' in uplift direction; input should be 'rising' or 'falling'",
        ),
        ("[uplift]\ndose = 1", "dose is 1 in [uplift]; give a text in quotes"),
        ("[limits]\nmax_badrate = 0.1", "unknown key max_badrate in [limits]; did you mean max_bad_rate?"),
        ("[limit]\nbudget = 1", "unknown key limit; did you mean limits?"),
        ("[limits]\ncontrol_share = 0.1", "unknown key control_share in [limits]; it belongs in [holdout]"),
        (
            "[objective]\nmin_incremental_accounts = 4",
            "unknown key min_incremental_accounts in [objective]; it belongs in",
        ),
        ("[holdout]\nassume_consent = true", "unknown key assume_consent in [holdout]; it belongs at the top"),
        ("[holdout]\nzzz = true", "unknown key zzz in [holdout]; known are control_share"),
        ("[columns]\nboked = 'x'", "unknown key boked in [columns]; did you mean booked?"),
        ("[limits]\nbudget = 'much'", "budget is 'much' in [limits]; give a number"),
        ("[limits]\nbudget = true", "budget is true in [limits]; give a number"),
        ("[limits]\nbudget = inf", "budget is inf in [limits]; give a finite number"),
        ("[limits]\nbudget = -5", "budget is -5.0; give a finite number that is not negative"),
        ("[limits]\nmax_bad_rate = 6.0", "max_bad_rate is 6.0; give a fraction in [0, 1]"),
        ("[limits]\nbad_rate_confidence = 0.4", "bad_rate_confidence is 0.4"),
        ("[limits]\nbad_rate_basis = 'sure'", "bad_rate_basis is 'sure' in [limits]; input should be 'realised' or"),
        ("[limits]\nmax_partner_share = 40", "max_partner_share is 40"),
        ("[limits]\nmax_partner_share = { acme = 4 }", "max_partner_share[acme] is 4"),
        ("[limits]\nmax_partner_share = true", "max_partner_share is true in [limits]; give a table"),
        ("[limits]\nmin_region_share = 0.5", "min_region_share is 0.5 in [limits]; give a table"),
        ("[limits]\nmin_region_share = { a = 0.6, b = 0.5 }", "min_region_share adds up to 1.1"),
        (
            "[limits]\nmin_region_share = { a = 0.6 }\nmax_region_share = 0.5",
            "min_region_share[a] is 0.6, above max_region_share 0.5",
        ),
        (
            "[limits]\nmin_region_share = { a = 0.6 }\nrefuse_regions = ['a']",
            "refuse_regions refuses a",
        ),
        ("[limits.chanel.web]\nmax_cac = 1", "unknown key chanel in [limits]; did you mean channel?"),
        ("[limits.channel.web]\nmax_cacc = 1", "unknown key max_cacc in"),
        ("[limits.channel.web]\nmax_cac = 'low'", "max_cac is 'low' in"),
        ("[limits.channel.web]\nmax_cac = -1", "[limits.channel.web] max_cac is -1.0; give a finite number"),
        ("[limits.partner.acme]\nmin_spend = 2\nmax_spend = 1", "[limits.partner.acme] min_spend is 2.0, above"),
        ("[limits]\nmin_spend = 2\nbudget = 1", "min_spend is 2.0, above budget 1.0; lower the one or raise"),
        ("[limits]\nmax_change = 0.2", "max_change in [limits] speaks of the plan in force; name its table"),
        ("[limits]\nlocked_channels = ['web']", "locked_channels in [limits] speaks of the plan in force; name"),
        ("[explore]\nshare = 2", "[explore] share is 2.0; give a fraction"),
        ("[explore]\nshare = 1", "[explore] share is 1.0, which leaves nothing to plan"),
        ("[explore]\nshare = 0.1", "[explore] share is a share of the budget; give budget in [limits]"),
        ("[explore]\nshares = 0.1", "unknown key shares in [explore]; did you mean share?"),
        ("[holdout]\ncontrol_share = 5", "control_share is 5.0; give a fraction"),
        ("[holdout]\ncontrol_share = 1", "control_share is 1, which keeps everybody back"),
        ("[objective]\nmaximise = 'clicks'", "maximise is 'clicks' in [objective]"),
        ("[objective]\nmaximise = 'incremental_value'\nminimise = 'spend'", "exactly one of maximise and minimise"),
        ("[columns]\nbooked = 'x'\nbad = 'x'", "[columns] gives x two meanings, bad and booked"),
        ("[columns]\nexclude = 'x'", "exclude is 'x' in [columns]; give a list"),
        ("[limits]\nbudget = 'a'\nmax_cac = 'b'", "(and 1 more)"),
        ("[data]\nhistory = 'twice'", "is not valid TOML"),
        ("[risk]\nspecial_code = {}", "unknown key special_code in [risk]; did you mean special_codes?"),
        ("[risk]\nspecial_codes = { age = -999 }", "age is -999 in risk special_codes; give a list"),
        ("[risk]\nspecial_codes = { age = [true] }", "special_codes[age] holds True; give finite numbers, or texts"),
        ("[risk]\nspecial_codes = { age = [nan] }", "special_codes[age] holds nan; give finite numbers, or texts"),
        ("[risk]\nspecial_codes = { age = [[1]] }", "special_codes[age] holds [1]; give finite numbers, or texts"),
        ("[risk]\nspecial_codes = { age = [96, 96.0] }", "special_codes[age] names a code twice"),
        ("[risk]\ndirection = { age = 'up' }", "age is 'up' in risk direction; input should be 'rising' or 'falling'"),
        ("[risk]\nunseen = 'best'", "unseen is 'best' in [risk]; input should be 'pooled' or 'worst'"),
        ("[risk]\nmaturity_days = 0", "maturity_days is 0; give whole days from 1 to 1000"),
        ("[risk]\nmaturity_days = 1001", "maturity_days is 1001; give whole days from 1 to 1000"),
        ("[risk]\nmaturity_days = 1.5", "maturity_days is 1.5 in [risk]; give a whole number"),
    ],
)
def test_a_mistake_is_one_line_that_names_key_value_and_remedy(plans: Path, more: str, line: str) -> None:
    assert line in refused(plans, f"{LEAST}{more}\n")


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ('currency = "yuan"', "currency is 'yuan'; give its three letters"),
        ("currency = 5", "currency is 5; give a text in quotes"),
        ('currency = "CNY"\nseed = 1.5', "seed is 1.5; give a whole number"),
        ('currency = "CNY"\nseed = -1', "seed is -1"),
        ('currency = "CNY"\ntime_zone = "Mars/Olympus"', "time_zone is 'Mars/Olympus'; give a name such as"),
        ('currency = "CNY"\nassume_consent = 1', "assume_consent is 1; give true or false"),
        ('currency = "CNY"\nlimits = 4', "limits is 4; give a table"),
        ("", "the key currency is missing"),
    ],
)
def test_a_mistake_at_the_top_is_one_line(plans: Path, top: str, line: str) -> None:
    assert line in refused(plans, LEAST.replace('currency = "CNY"', top))


@pytest.mark.parametrize("key", ["history", "leads", "channels"])
def test_the_three_tables_must_be_named(plans: Path, key: str) -> None:
    text = "\n".join(line for line in LEAST.splitlines() if not line.startswith(key))
    assert f"the key {key} is missing in [data]" in refused(plans, text)


@pytest.mark.parametrize("key", ["identities"])
def test_tables_of_later_versions_are_not_ignored_in_silence(plans: Path, key: str) -> None:
    with pytest.raises(NotBuiltYet, match=rf"\[data\] {key} is not read by this version; remove the key"):
        read(plans, f"{LEAST}{key} = 'table.csv'\n")


def test_a_plan_file_that_is_missing_or_not_text_stops(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"plan\.toml is not there"):
        read_plan_file(tmp_path / "plan.toml")
    with pytest.raises(BadInput, match="cannot be read"):
        read_plan_file(tmp_path)
    (tmp_path / "latin.toml").write_bytes('currency = "é"'.encode("latin-1"))
    with pytest.raises(BadInput, match="is not UTF-8 text"):
        read_plan_file(tmp_path / "latin.toml")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_share_is_kept_exactly_or_refused(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = f"{LEAST}[holdout]\ncontrol_share = {share!r}\n"
    if 0 <= share < 1:
        assert read(folder, text).control_share == share
    else:
        assert "control_share is" in refused(folder, text)


@pytest.mark.parametrize("name", ["kz/plan", "taiwan/plan", "taiwan/plan_value"])
def test_the_plans_of_the_public_markets_are_read(kz_market: Path, name: str) -> None:
    plan = read_plan_file(kz_market.parent / f"{name}.toml")
    assert plan.name == name
    assert plan.control_share == 0
    assert plan.sources.history.exists()
