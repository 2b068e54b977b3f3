"""`acquire explain` says of any lead of a plan why it is contacted, or why not; the plan says what its limits do."""

import json
from pathlib import Path

import pytest

from campaigns import cli
from campaigns.explaining import explain_leads
from campaigns.plan_document import PlanDocument
from campaigns.report_page import render_report
from tests.campaigns.small_plans import Planned, change_plan_file, plan, write_small_market


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """The small market, where only so many may be contacted that money is left."""
    folder = tmp_path_factory.mktemp("explained")
    plan_file = write_small_market(folder / "market")
    change_plan_file(plan_file, ("max_partner_share = 0.4", "max_contacts = 120"))
    return plan(plan_file, folder)


def test_every_decision_has_a_sentence_of_its_own_kind(planned: Planned) -> None:
    firsts = planned.decisions.groupby("decision").head(3)
    starts = {"contact": "Contacted with ", "hold": "Not contacted", "control": "Kept back", "refuse": "Refused"}
    for decision, sentence in zip(firsts["decision"], explain_leads(planned.out, list(firsts["lead_id"])), strict=True):
        assert sentence.startswith(starts[decision]) or sentence.startswith("Kept back")
        assert sentence.endswith(".")


def test_the_command_prints_a_line_per_lead(planned: Planned, capsys: pytest.CaptureFixture[str]) -> None:
    leads = list(planned.decisions["lead_id"].head(2))
    assert cli.main(["explain", str(planned.out), *leads]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == leads


def test_a_lead_that_is_not_in_the_plan_is_said_to_be_missing(
    planned: Planned, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", str(planned.out), "nobody"]) == 2
    assert "has no lead nobody; give a lead_id of its decisions.parquet" in capsys.readouterr().err


def test_a_folder_without_a_plan_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", str(tmp_path), "L1"]) == 2
    assert "give a folder that acquire plan wrote" in capsys.readouterr().err


def test_the_plan_says_what_each_limit_does_and_where_money_stays(planned: Planned) -> None:
    explained = planned.json["explained"]
    assert [one["name"] for one in explained["limits"]] == [limit["name"] for limit in planned.json["limits"]]
    contacts = next(one for one in explained["limits"] if one["name"] == "max_contacts")
    assert contacts["tighter"]["objective"] < 0 < contacts["looser"]["objective"]
    assert explained["unspent"]["stopped_by"][0] == "max_contacts"
    assert explained["unspent"]["left"] == pytest.approx(
        6_000 - planned.json["headline"]["spend"]["expected"], rel=0.01
    )


def test_the_report_says_it_in_words(planned: Planned) -> None:
    report = render_report(planned.document).replace("\u00a0", " ")
    assert "What stops it is the limit on contacts: at 126 instead of 120" in report
    assert "At 114 (5 % lower):" in report


def test_a_plan_of_an_earlier_version_still_opens_and_has_a_report(planned: Planned) -> None:
    raw = {key: value for key, value in planned.json.items() if key != "explained"}
    document = PlanDocument.from_json(json.dumps(raw))
    assert document.explained is None
    assert "5 % lower" not in render_report(document)


def test_what_is_written_is_read_back(planned: Planned) -> None:
    document = PlanDocument.from_json((planned.out / "plan.json").read_text())
    assert repr(document.explained) == repr(planned.document.explained)
