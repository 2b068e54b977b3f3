"""A plan beside what runs today, beside itself a second time, and beside a bank that has no Acquire."""

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from acquire.ingest.tables import read_tables
from campaigns.cli import main
from campaigns.plan_file import read_plan_file
from campaigns.rings import with_rings
from tests.campaigns.planned_beside_today import OFFERS, plan_beside_today
from tests.campaigns.small_plans import (
    NOW,
    Planned,
    check_files_are_complete,
    plan,
)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return plan_beside_today(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def planned_again(planned: Planned) -> tuple[dict[str, bytes], Planned]:
    """What the folder held before, and a second run of the same plan into it."""
    (planned.out / "lists" / "gone.csv").write_text("of an earlier plan", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in planned.out.iterdir() if path.is_file()}
    return before, plan(planned.plan_file, planned.out.parent, against=planned.out)


def test_the_same_seed_gives_the_same_decisions(planned_again: tuple[dict[str, bytes], Planned]) -> None:
    before, again = planned_again
    assert (again.out / "decisions.parquet").read_bytes() == before["decisions.parquet"]
    assert (again.out / "allocation.csv").read_bytes() == before["allocation.csv"]
    assert {**again.json, "diff": None} == json.loads(before["plan.json"])


def test_beside_the_same_plan_nothing_changed(planned_again: tuple[dict[str, bytes], Planned]) -> None:
    diff = planned_again[1].json["diff"]
    assert diff["plan_id"] == planned_again[1].json["plan_id"]
    assert diff["lines"] == diff["limits"] == diff["prices"] == diff["moves"] == []
    assert diff["leads_before"] == diff["leads_after"] == diff["leads_in_both"]


def test_the_way_from_what_runs_today_adds_up_and_ends_at_the_plan(planned: Planned) -> None:
    way = planned.json["waterfall"]
    first, *_, last = way["steps"]
    assert first["contacts"] == pytest.approx(280, rel=1e-6)
    assert sum(Decimal(str(step["change"])) for step in way["steps"]) == Decimal(str(last["gain"])) - Decimal(
        str(first["gain"])
    )
    assert last["gain"] == pytest.approx(planned.json["certificate"]["objective"], abs=0.005)
    assert last["gain"] >= first["gain"] or way["breaches"]
    assert "what runs today" in way["verdict"]


def test_every_channel_has_a_highest_price(planned: Planned) -> None:
    sheet = planned.json["price_sheet"]
    assert {line["channel"] for line in sheet} >= {line["channel"] for line in planned.json["allocation"]}
    for line in sheet:
        contact, application, booking = line["units"]
        assert contact["paid"] < application["paid"] < booking["paid"] or line["contacts"] == 0
        assert line["worth"]["expected"] is None or line["worth"]["expected"] >= -1e-6


def test_a_second_run_replaces_the_folder_whole(planned_again: tuple[dict[str, bytes], Planned]) -> None:
    _, again = planned_again
    check_files_are_complete(again)
    assert "gone" not in again.lists
    assert {path.name for path in again.out.parent.iterdir()} == {"market", "plan", "acquire.db"}


def test_a_bank_without_acquire_gets_the_plans_own_chances_and_refusals(planned: Planned, tmp_path: Path) -> None:
    assert main(["export", str(planned.out), "--out", str(tmp_path / "handover")]) == 0
    plan_file = read_plan_file(planned.plan_file)
    tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=False, today=NOW.date())
    leads = with_rings(tables, maturity_days=None, today=NOW.date()).leads
    with closing(sqlite3.connect(":memory:")) as bank:
        leads.to_sql("leads", bank, index=False)
        scores, rules = (
            pd.read_sql_query((tmp_path / "handover" / f"{name}.sql").read_text(), bank).set_index("lead_id")
            for name in ("scorecard", "policy")
        )
    decisions = planned.decisions.set_index("lead_id")
    scored = decisions[decisions["p_booked_control"].notna()]
    for offer in OFFERS:
        assert (scores.loc[scored.index, f"p_bad_{offer}"] - scored[f"p_bad_{offer}"]).abs().max() < 1e-12
    refused = rules["reason"].dropna()
    before_rules = {"NO_CONSENT", "DO_NOT_CONTACT", "REGION_REFUSED"}
    by_policy = decisions[(decisions["decision"] == "refuse") & ~decisions["reason"].isin(before_rules)]
    assert len(by_policy) > 10
    assert by_policy["reason"].to_dict().items() <= refused.to_dict().items()
    assert (decisions.loc[refused.index, "decision"] == "refuse").all()
