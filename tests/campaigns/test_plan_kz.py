"""The plan for a real mailing with randomised rates, where discounts may not pay: whatever it decides, it is whole and honest."""

from pathlib import Path

import pandas as pd
import pytest

from tests.campaigns.small_plans import Planned, check_files_are_complete, check_limits_hold, plan


@pytest.fixture(scope="module")
def planned(kz_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """The plan of every third row of the mailing."""
    folder = tmp_path_factory.mktemp("kz")
    market = folder / "market"
    market.mkdir()
    for name in ("channels.csv", "offers.csv"):
        (market / name).write_bytes((kz_market / name).read_bytes())
    for name in ("history.parquet", "leads.parquet"):
        pd.read_parquet(kz_market / name).iloc[::3].to_parquet(market / name, index=False)
    asked = (
        (kz_market / "plan.toml").read_text(encoding="utf-8").replace("max_contacts = 8_000", "max_contacts = 2_600")
    )
    (market / "plan.toml").write_text(asked, encoding="utf-8")
    return plan(market / "plan.toml", folder)


def test_the_plan_is_complete_and_its_limits_hold(planned: Planned) -> None:
    check_files_are_complete(planned)
    check_limits_hold(planned)
    limits = {limit["name"]: limit for limit in planned.json["limits"]}
    assert limits["max_contacts"]["used"] <= 2_600
    assert limits["max_bad_rate"]["allowed"] == 0.25


def test_every_lead_that_was_read_is_decided(planned: Planned) -> None:
    [leads] = [table for table in planned.json["tables"] if table["table"] == "leads"]
    assert leads["read"] == 9_751
    assert len(planned.decisions) == leads["accepted"]


def test_offers_given_by_risk_and_wave_are_judged_with_the_given_propensity(planned: Planned) -> None:
    assert planned.json["evidence"]["assignment"] == "given propensity"


def test_the_plan_says_first_when_nobody_is_worth_a_discount(planned: Planned) -> None:
    contacts = planned.json["headline"]["contacts"]["expected"]
    says_nobody = planned.json["evidence"]["verdict"].startswith("Contact nobody")
    assert says_nobody == (contacts == 0)


def test_nobody_is_kept_back_where_the_plan_file_asks_for_no_holdout(planned: Planned) -> None:
    assert "control" not in set(planned.decisions["decision"])
