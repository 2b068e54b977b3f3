"""`acquire frontier` and `acquire scenario`: from the folder of a plan to files, database and words."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Limits
from acquire.errors import BadInput, Infeasible, NotFound
from campaigns.cli import main
from campaigns.frontier_document import FrontierDocument
from campaigns.frontier_lines import frontier_lines, scenario_lines
from campaigns.frontier_page import render_frontier
from campaigns.frontier_words import step_lines
from campaigns.frontiers import frontier_table, keep_frontier, make_frontier, write_frontier
from campaigns.kept_frontiers import kept_frontier
from campaigns.option_table import OPTIONS, read_option_table
from campaigns.plan_document import PlanDocument
from campaigns.report_page import render_report
from campaigns.scenario_document import Scenario, in_force, point_scenario
from campaigns.scenarios import changed_limits, drop_scenario, list_scenarios, save_scenario
from campaigns.settings import Settings
from campaigns.store.session import open_store
from tests.campaigns.frontier_documents import sample_frontier, sample_safety
from tests.campaigns.plan_documents import sample_plan
from tests.campaigns.small_frontiers import LIMITS, NOW, settings_of, write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan's folder; no test changes it."""
    place: Path = tmp_path_factory.mktemp("frontiers") / "plan"
    write_folder(place)
    return place


@pytest.fixture(scope="module")
def made(folder: Path) -> FrontierDocument:
    return make_frontier(folder, now=NOW, budgets=(150, 300, 450), bad_rates=(0.28, 0.3, 1.0))


def test_the_option_table_comes_back_as_it_was_solved(folder: Path) -> None:
    table = read_option_table(folder)
    assert table.limits == LIMITS
    assert table.options.channel_names == ("feed", "mail")
    assert table.options.bad_loadings.shape == (len(table.options), 1)
    assert table.options.spend @ table.contacts <= 300
    assert len(table.prices.tangents.found) >= 1
    leads = pd.read_parquet(folder / "decisions.parquet")
    chosen = leads.iloc[table.row[table.contacts > 0]]
    assert set(chosen["decision"]) == {"contact"}


def test_more_budget_buys_more_around_the_plan(made: FrontierDocument) -> None:
    assert made.allowed == (150, 300, 450)
    assert made.caps == (0.28, 0.3, 1.0)
    for cap in made.caps:
        curve = [point.objective for point in made.curve(cap) if point.met]
        assert curve == sorted(curve)
    [same] = [point for point in made.curve(0.3) if point.allowed == 300]
    assert made.here.objective == pytest.approx(same.objective, rel=0.01)
    assert made.here.spend <= 300


def test_a_frontier_is_written_whole_and_read_back(made: FrontierDocument, tmp_path: Path) -> None:
    write_frontier(tmp_path / "out", made)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"frontier.json", "frontier.csv", "frontier.html"}
    text = (tmp_path / "out" / "frontier.json").read_text()
    assert FrontierDocument.from_json(text).to_json() == text
    table = pd.read_csv(tmp_path / "out" / "frontier.csv")
    assert len(table) == 9
    assert {"budget", "worth_of_budget", "worth_of_max_bad_rate"} < set(table.columns)
    assert len(frontier_table(made)) == 9
    write_frontier(tmp_path / "out", made)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match="holds something else"):
        write_frontier(tmp_path / "mine", made)


def test_the_page_asks_no_other_host_and_marks_the_plan(made: FrontierDocument) -> None:
    page = render_frontier(made)
    assert "you are here" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert page.count("<polyline") == 3 + 3


def test_the_lines_say_where_the_plan_stands_and_what_a_step_changes() -> None:
    told = "\n".join(frontier_lines(sample_frontier(sample_plan())))
    assert "You are here: 661 extra accounts" in told
    assert "no plan" in told
    assert "Bad rate at most 13.8\u00a0%" in told
    assert "Budget CNY\u00a072,000" in told


def test_a_step_is_measured_from_the_point_of_the_plan_s_own_limits() -> None:
    document = sample_frontier(sample_plan())
    at_own = [
        p
        for p in document.points
        if p.allowed == document.here.allowed and p.max_bad_rate == document.here.max_bad_rate
    ]
    own = at_own[0].objective
    raised = replace(document, here=replace(document.here, objective=own - 5))
    assert [step.gained for step in step_lines(raised)] == [step.point.objective - own for step in step_lines(raised)]


def test_a_name_from_outside_is_text_on_the_page() -> None:
    document = replace(sample_frontier(sample_plan()), name="<b>bold</b>")
    assert "<b>bold</b>" not in render_frontier(document)


def test_the_database_keeps_the_newest_frontier_of_a_plan(folder: Path, made: FrontierDocument) -> None:
    settings = settings_of(folder)
    assert keep_frontier(settings, made)
    newer = replace(made, points=made.points[:3])
    assert keep_frontier(settings, newer)
    store = open_store(settings.database_url)
    kept = kept_frontier(store, made.plan_id)
    assert kept is not None
    assert kept.to_json() == newer.to_json() != made.to_json()
    assert kept_frontier(store, "another") is None
    store.close()


def test_a_database_that_does_not_know_the_plan_keeps_nothing(made: FrontierDocument, tmp_path: Path) -> None:
    assert not keep_frontier(Settings(database_url=f"sqlite:///{tmp_path / 'none.db'}"), made)


@pytest.mark.parametrize(
    ("budgets", "rates", "line"),
    [((-1.0,), (), "budget is -1.0"), ((), (1.5,), "max_bad_rate is 1.5; give a fraction")],
)
def test_settings_out_of_range_are_bad_input(
    folder: Path, budgets: tuple[float, ...], rates: tuple[float, ...], line: str
) -> None:
    with pytest.raises(BadInput, match=line):
        make_frontier(folder, now=NOW, budgets=budgets, bad_rates=rates)


def test_a_folder_without_a_plan_says_what_to_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["frontier", str(tmp_path / "empty")]) == 2
    assert "holds no plan.json; give a folder that acquire plan wrote" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["frontier"], ["scenario", "list"]])
def test_a_plan_file_in_place_of_the_plan_s_folder_says_how_to_make_one(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.toml").write_text("seed = 7\n")
    assert main([*command, str(tmp_path / "plan.toml")]) == 2
    said = capsys.readouterr().err
    assert "plan.toml is a file; give the folder of a plan: acquire plan plan.toml --out DIR makes one" in said
    assert said.count("\n") == 1


def test_a_table_that_was_tampered_with_is_bad_input(folder: Path, tmp_path: Path) -> None:
    (tmp_path / OPTIONS).write_bytes((folder / OPTIONS).read_bytes()[:-40])
    with pytest.raises(BadInput, match="is not what this version writes"):
        read_option_table(tmp_path)
    pd.DataFrame({"lead": [1]}).to_parquet(tmp_path / OPTIONS)
    with pytest.raises(BadInput, match="is not what this version writes"):
        read_option_table(tmp_path)


def test_the_command_prints_the_grid_and_keeps_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", settings_of(folder).database_url)
    words = ["frontier", str(folder), "--budget", "200", "--max-bad-rate", "0.3", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "You are here:" in printed
    assert (tmp_path / "out" / "frontier.html").is_file()
    assert main([*words[:-2], "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["points"]) == 1


def test_a_scenario_is_the_plan_under_other_limits(folder: Path) -> None:
    plan, more, free = (
        save_scenario(folder, "more", {"budget": 450.0}, now=NOW, settings=settings_of(folder))
        + save_scenario(folder, "no cap", {"max_bad_rate": None}, now=NOW, settings=settings_of(folder))[-1:]
    )
    assert plan.name == "the plan"
    assert more.spend <= 450
    assert more.changes == {"budget": 450.0}
    table = read_option_table(folder)
    assert more.incremental > table.options.incremental @ table.contacts
    assert math.isnan(free.bad_rate_held)
    told = scenario_lines((plan, more, free), "CNY")
    assert "budget CNY\u00a0450" in told[2]
    assert "no limit on bad rate" in told[3]
    assert [one.name for one in list_scenarios(folder, settings_of(folder))] == ["the plan", "more", "no cap"]
    drop_scenario(folder, "no cap", settings_of(folder))
    assert [one.name for one in list_scenarios(folder, settings_of(folder))] == ["the plan", "more"]
    with pytest.raises(NotFound, match="no scenario"):
        drop_scenario(folder, "no cap", settings_of(folder))


def test_a_scenario_at_the_plan_s_own_limits_is_the_plan(folder: Path) -> None:
    found = save_scenario(folder, "same", {"budget": 300.0}, now=NOW, settings=settings_of(folder))[-1]
    table = read_option_table(folder)
    assert found.incremental == pytest.approx(table.options.incremental @ table.contacts, rel=1e-6)
    drop_scenario(folder, "same", settings_of(folder))


def test_a_point_of_the_frontier_says_that_it_is_in_shares_of_contacts() -> None:
    plan = sample_plan()
    document = sample_frontier(plan)
    point = point_scenario(plan, document, document.points[0], "less", login="ann", now=NOW)
    assert Scenario.from_json(point.to_json()) == point
    assert "(in shares of contacts, not whole ones)" in scenario_lines((in_force(plan), point), "CNY")[2]
    assert "shares" not in scenario_lines((in_force(plan),), "CNY")[1]
    # Before, pages saved points without saying it; the command line has always saved whole contacts.
    older = json.loads(point.to_json())
    del older["in_shares"]
    assert Scenario.from_json(json.dumps(older)).in_shares
    assert not Scenario.from_json(json.dumps({**older, "made_by": ""})).in_shares


def test_limits_of_one_channel_can_be_tried() -> None:
    limits = changed_limits(Limits(budget=1), {"channel.feed.max_spend": 5.0, "bad_rate_confidence": 0.9})
    assert limits.channel["feed"].max_spend == 5
    assert limits.bad_rate_confidence == 0.9
    assert changed_limits(limits, {"channel.feed.max_spend": None}).channel["feed"].max_spend is None


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"max_bad_rat": 0.1}, "max_bad_rat is no limit that is one number"),
        ({"refuse_regions": 1.0}, "refuse_regions is no limit that is one number"),
        ({"channel.feed.colour": 1.0}, "is no limit that is one number"),
        ({"max_bad_rate": 2.0}, "max_bad_rate is 2.0; give a fraction"),
        ({"bad_rate_confidence": None}, "cannot be dropped"),
    ],
)
def test_a_limit_that_is_none_is_bad_input(changes: dict[str, float | None], line: str) -> None:
    with pytest.raises(BadInput, match=line):
        changed_limits(Limits(budget=1), changes)


def test_a_scenario_that_cannot_be_is_not_saved(folder: Path) -> None:
    before = list_scenarios(folder, settings_of(folder))
    with pytest.raises(Infeasible):
        save_scenario(folder, "much", {"min_incremental_accounts": 1e6}, now=NOW, settings=settings_of(folder))
    with pytest.raises(BadInput, match="cannot be called"):
        save_scenario(folder, "  ", {"budget": 1.0}, now=NOW, settings=settings_of(folder))
    assert list_scenarios(folder, settings_of(folder)) == before


def test_the_price_of_safety_is_kept_in_plan_json_and_told_in_the_report() -> None:
    plan = replace(sample_plan(), price_of_safety=sample_safety())
    assert PlanDocument.from_json(plan.to_json()).price_of_safety == plan.price_of_safety
    older = json.loads(plan.to_json())
    del older["price_of_safety"]
    assert PlanDocument.from_json(json.dumps(older)).price_of_safety is None
    report = render_report(plan)
    assert "costs 35 extra accounts (5.0\u00a0%) and CNY\u00a02,100 of value" in report
    assert "238 extra accounts" in report
    assert "price of safety" not in render_report(sample_plan())


def test_prices_of_the_plan_are_kept_with_its_options(folder: Path) -> None:
    table = read_option_table(folder)
    assert table.prices.of_row["budget"] > 0
    assert np.isfinite(table.prices.tangents.found[0].a).all()
