"""Mistakes in a plan file: each is one clear line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput, NotBuiltYet
from campaigns.plan_file import read_plan_file
from tests.campaigns.plan_texts import LEAST, read, refused


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
