"""`acquire export`: the handover folder gives the engine's figures without the engine, and damage stops it."""

import ast
import csv
import hashlib
import io
import json
import re
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.modelfile import read_model_folder
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.rules import apply_rules
from campaigns import score_csv
from campaigns.cli import main
from campaigns.plan_terms import POLICY, terms_parts
from campaigns.policy_file import read_policy_file
from campaigns.report_words import say_percent
from campaigns.validation import read_validation
from tests.campaigns.handovers import FILES, Fitted, ask, fit_small_market, hand_over, run_script, write_plan
from tests.campaigns.plan_documents import sample_plan
from tests.campaigns.small_plans import NOW


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fit_small_market(tmp_path_factory.mktemp("handover"))


@pytest.fixture(scope="module")
def handed(fitted: Fitted) -> Path:
    return hand_over(fitted)


def test_every_file_is_there_and_the_check_sums_are_theirs(handed: Path) -> None:
    assert {path.name for path in handed.iterdir()} == FILES
    sums = dict(line.split("  ")[::-1] for line in (handed / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((handed / name).read_bytes()).hexdigest() for name in FILES - {"SHA256SUMS"}}


def test_the_scorecard_is_the_plans_byte_for_byte_and_the_sql_names_it(handed: Path, fitted: Fitted) -> None:
    content = (handed / "scorecard.json").read_bytes()
    assert content == read_model_folder(fitted.folder / "models").parts["risk.json"]
    assert hashlib.sha256(content).hexdigest() in (handed / "scorecard.sql").read_text()
    back = RiskModel.from_json(content.decode())
    assert np.array_equal(back.p_bad(fitted.leads), fitted.risk.p_bad(fitted.leads))


def test_a_bank_gets_the_engines_points_and_chances_from_the_select(handed: Path, fitted: Fitted) -> None:
    answer = ask(handed, "scorecard.sql", fitted.leads)
    assert answer["lead_id"].tolist() == fitted.leads["lead_id"].tolist()
    assert answer["points"].tolist() == fitted.risk.scorecard.points(fitted.leads).tolist()
    assert np.abs(answer["p_bad"] - fitted.risk.p_bad(fitted.leads)).max() < 1e-12
    for offer in fitted.risk.offers.sd:
        assert np.abs(answer[f"p_bad_{offer}"] - fitted.risk.p_bad(fitted.leads, offer)).max() < 1e-12


def test_the_script_gives_the_same_without_any_library(handed: Path, fitted: Fitted, tmp_path: Path) -> None:
    odd = fitted.leads.head(6).assign(lead_id=list("abcdef"), region=["new", None, "a,b", 'q"', "", "x\ny"])
    odd.loc[odd.index[0], "inquiries_3m"] = None
    leads = pd.concat([fitted.leads, odd], ignore_index=True)
    leads.to_csv(tmp_path / "leads.csv", index=False)
    run = run_script(handed, tmp_path / "leads.csv")
    assert run.stderr == ""
    scores = pd.read_csv(io.StringIO(run.stdout))
    answer = ask(handed, "scorecard.sql", leads)
    assert list(scores)[: len(answer.columns)] == list(answer)
    assert scores["lead_id"].tolist() == leads["lead_id"].tolist()
    assert scores["points"].tolist() == answer["points"].tolist() == fitted.risk.scorecard.points(leads).tolist()
    for name in answer.columns[1:]:
        assert np.abs(scores[name] - answer[name]).max() < 1e-12, name


def test_the_scripts_reasons_are_the_engines(handed: Path, fitted: Fitted, tmp_path: Path) -> None:
    fitted.leads.to_csv(tmp_path / "leads.csv", index=False)
    scores = pd.read_csv(io.StringIO(run_script(handed, tmp_path / "leads.csv").stdout))
    expected = fitted.risk.scorecard.reasons(fitted.leads)
    for name in expected:
        left, right = (
            side.astype(object).where(side.notna(), None).tolist() for side in (scores[name], expected[name])
        )
        assert left == right, name
    assert scores["words_1"].str.contains("points below the best").all()


def test_the_script_needs_the_standard_library_only() -> None:
    tree = ast.parse(Path(score_csv.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


def test_every_calibration_reads_the_same_in_the_script(fitted: Fitted) -> None:
    model = json.loads(fitted.risk.to_json())
    z = np.array([-800.0, -30.0, -2.5, -0.3, 0.0, 0.7, 4.0, 800.0])
    knots = [[-2.5, -2.0], [-1.0, -1.4], [0.5, 0.9]]
    for numbers in (
        {"method": "none", "slope_low": 1.0, "slope_high": 1.0, "shift": 0.0, "knots": []},
        {"method": "beta", "slope_low": 0.7, "slope_high": 1.3, "shift": -0.2, "knots": []},
        {"method": "isotonic", "slope_low": 1.0, "slope_high": 1.0, "shift": 0.0, "knots": knots},
    ):
        calibration = type(fitted.risk.calibration).from_content({**model["calibration"], **numbers})
        expected = 1 / (1 + np.exp(-np.clip(calibration.log_odds(z), -700, 700)))
        found = [score_csv.chance(score_csv.calibrate(numbers, one)) for one in z.tolist()]
        assert np.abs(found - expected).max() < 1e-12


def test_the_rules_decide_in_sql_as_in_the_plan(handed: Path, fitted: Fitted) -> None:
    policy = read_policy_file(fitted.plan_file.policy)
    answer = ask(handed, "policy.sql", fitted.leads)
    expected = apply_rules(fitted.leads, policy, on=NOW.date()).reasons().tolist()
    assert [None if pd.isna(reason) else reason for reason in answer["reason"]] == expected
    assert 0 < (answer["decision"] == "refuse").sum() < len(answer)
    assert (handed / "policy.toml").read_bytes() == fitted.plan_file.policy.read_bytes()


def test_the_committees_table_is_the_scorecards(handed: Path, fitted: Fitted) -> None:
    rows = list(csv.DictReader(io.StringIO((handed / "scorecard.csv").read_text(encoding="utf-8"))))
    table = fitted.risk.scorecard.table()
    assert [row["bin"] for row in rows] == table["bin"].tolist()
    assert [float(row["points"]) for row in rows] == table["points"].tolist()
    assert (handed / "scorecard.txt").read_text(encoding="utf-8") == fitted.risk.scorecard.to_text()


def test_the_model_card_says_what_the_model_learnt_from_and_must_not_be_used_for(handed: Path, fitted: Fitted) -> None:
    card, facts = (handed / "MODEL_CARD.md").read_text(encoding="utf-8"), fitted.facts
    history = fitted.tables.history
    booked = history[history["booked"] == 1]
    assert f"| bookings among them | {len(booked):,} |" in card
    assert facts.matured == int(booked["bad"].notna().sum())
    assert f"{facts.bad} ({100 * booked['bad'].mean():.2f}" in card
    assert f"{booked['contacted_on'].min().date()} to {booked['contacted_on'].max().date()}" in card
    assert "**not** for approving" in card
    assert "`gender`" in card.split("Protected")[1].splitlines()[0]
    assert "codes 0" in card
    for variable in fitted.risk.scorecard.variables:
        assert f"| {variable.feature.name} |" in card
    for number in (fitted.risk.scorecard.offset, fitted.risk.scorecard.factor):
        assert repr(number) in card
    assert json.loads((fitted.folder / "plan.json").read_text())["hashes"]["models"] in card
    assert sum(line.bad for line in facts.channels) == facts.bad


def test_the_validation_report_shows_the_plans_figures(handed: Path, fitted: Fitted) -> None:
    report, plan = (handed / "VALIDATION.md").read_text(encoding="utf-8"), sample_plan()
    risk = plan.evidence.risk
    assert risk is not None
    assert risk.intervals is not None
    for name in ("auc", "ks", "brier", "log_loss"):
        value, interval = getattr(risk, name), getattr(risk.intervals, name)
        assert f"| {value:.3f} | {interval.low:.3f} to {interval.high:.3f} |" in report
    assert f"| ECE | {say_percent(risk.ece)} | {say_percent(risk.intervals.ece.low)} to" in report
    deciles = [line for line in plan.evidence.calibration if line.what == "p_bad"]
    assert len(re.findall(r"^\| \d+ \| 1,204 \|", report, re.MULTILINE)) == len(deciles) == 10
    assert "| **points** |" in report
    assert "| all |" in report
    assert all(note in report for note in fitted.risk.notes)


def test_no_page_holds_a_figure_that_is_none_or_a_line_of_a_lead(handed: Path, fitted: Fitted) -> None:
    ids = set(fitted.leads["lead_id"]) | set(fitted.leads["person_id"].dropna())
    for path in handed.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bnan\b|\bNone\b|\{\{|\}\}", text) or path.suffix in {".py", ".sql"}, path.name
        assert not ids & set(re.findall(r"[A-Za-z0-9_-]+", text)), path.name


def test_tables_of_the_pages_have_as_many_cells_in_each_row(handed: Path) -> None:
    for page in ("MODEL_CARD.md", "VALIDATION.md", "README.md"):
        lines = (handed / page).read_text(encoding="utf-8").splitlines()
        for before, line in pairwise(lines):
            if before.startswith("|") and line.startswith("|"):
                assert before.rstrip().count("|") == line.rstrip().count("|"), (page, line)


def test_the_facts_come_back_as_they_were_written(fitted: Fitted) -> None:
    back = read_validation(read_model_folder(fitted.folder / "models"), "plan")
    assert back == fitted.facts


def test_a_second_export_replaces_the_first_whole(fitted: Fitted, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["export", str(fitted.folder), "--out", str(out)]) == 0
    (out / "left over.txt").write_text("old")
    assert main(["export", str(fitted.folder), "--out", str(out), "--table", "risk desk.my leads"]) == 0
    assert {path.name for path in out.iterdir()} == FILES
    assert 'FROM "risk desk"."my leads" AS lead' in (out / "scorecard.sql").read_text()
    assert 'FROM "risk desk"."my leads" AS lead' in (out / "policy.sql").read_text()


def test_a_bank_that_names_its_columns_otherwise_runs_it_on_its_own_names(fitted: Fitted, tmp_path: Path) -> None:
    renamed = replace(fitted.plan_file.columns, rename={"Kunden-Nr": "lead_id", "Gebiet": "region"})
    parts = dict(read_model_folder(fitted.folder / "models").parts)
    parts |= terms_parts(replace(fitted.plan_file, columns=renamed), fitted.tables, None)
    write_plan(tmp_path / "plan", parts)
    assert main(["export", str(tmp_path / "plan"), "--out", str(tmp_path / "out")]) == 0
    own = fitted.leads.rename(columns={"lead_id": "Kunden-Nr", "region": "Gebiet"})
    own.to_csv(tmp_path / "leads.csv", index=False)
    answer = ask(tmp_path / "out", "scorecard.sql", own)
    scores = pd.read_csv(io.StringIO(run_script(tmp_path / "out", tmp_path / "leads.csv").stdout))
    expected = fitted.risk.scorecard.points(fitted.leads).tolist()
    assert answer["points"].tolist() == scores["points"].tolist() == expected
    assert ask(tmp_path / "out", "policy.sql", own)["lead_id"].tolist() == fitted.leads["lead_id"].tolist()


def test_a_plan_without_a_policy_hands_over_the_scorecard_alone(fitted: Fitted, tmp_path: Path) -> None:
    parts = dict(read_model_folder(fitted.folder / "models").parts)
    del parts[POLICY]
    write_plan(tmp_path / "plan", parts)
    assert main(["export", str(tmp_path / "plan"), "--out", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES - {"policy.toml", "policy.sql"}
    assert "no policy file" in (tmp_path / "out" / "README.md").read_text()


def test_the_script_says_in_one_line_what_is_wrong_with_a_table(handed: Path, fitted: Fitted, tmp_path: Path) -> None:
    leads = fitted.leads.head(3)
    leads.drop(columns="age").to_csv(tmp_path / "lacks.csv", index=False)
    leads.assign(age=["30", "very old", "31"]).to_csv(tmp_path / "text.csv", index=False)
    for name, said in (("lacks", "lacks the column age"), ("text", "row 2 holds a text where")):
        run = run_script(handed, tmp_path / f"{name}.csv")
        assert run.returncode == 1
        assert said in run.stderr
        assert run.stderr.count("\n") == 1
        assert "very old" not in run.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read or write"),
        (b"", "lacks the column"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b'lead_id,"', "is no CSV"),
    ],
)
def test_the_script_refuses_a_file_that_is_no_table(
    handed: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "leads.csv").write_bytes(content)
    run = run_script(handed, tmp_path / "leads.csv")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert said in run.stderr


def test_the_script_gives_no_scores_where_the_last_row_is_wrong(handed: Path, fitted: Fitted, tmp_path: Path) -> None:
    leads = fitted.leads.head(3)
    path = tmp_path / "leads.csv"
    for wrong, said in (("1_000", "row 3 holds a text"), ("30,5", "row 3 has")):
        leads.assign(age=["30", "31", "AGE"]).to_csv(path, index=False)
        path.write_text(path.read_text(encoding="utf-8").replace("AGE", wrong), encoding="utf-8")
        run = run_script(handed, path)
        assert (run.returncode, run.stdout) == (1, "")
        assert said in run.stderr
