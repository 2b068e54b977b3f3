"""A plan's folder that was damaged or tampered with is refused in one line by whatever reads it."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from acquire.domain import Limits
from acquire.errors import BadInput
from campaigns.cli import main
from campaigns.decided_leads import DECISIONS, read_decided_leads
from campaigns.explaining import explain_leads
from campaigns.option_table import OPTIONS, read_option_table
from campaigns.plan_diff import read_snapshot
from campaigns.plan_file import read_plan_file
from campaigns.replan_document import Course
from campaigns.replans import replan
from tests.campaigns.compared_plans import decisions
from tests.campaigns.plan_documents import sample_plan
from tests.campaigns.small_frontiers import NOW, write_folder

COURSE = Course(days=10, days_left=5, spent=math.nan, most_rise=0.5, changes={})
Harm = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan's folder with reasons and offers; no test changes it."""
    place: Path = tmp_path_factory.mktemp("damaged") / "plan"
    write_folder(place, Limits(budget=300, max_bad_rate=0.4))
    file = place / DECISIONS
    pd.read_parquet(file).assign(reason="CHOSEN", offer="coupon").to_parquet(file, index=False)
    return place


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(whole, tmp_path / "plan"))


@pytest.fixture
def done(folder: Path, tmp_path: Path) -> Path:
    rows = pd.read_parquet(folder / DECISIONS)
    file = tmp_path / "done.csv"
    rows.loc[rows["decision"] == "contact", ["lead_id"]].head(20).to_csv(file, index=False)
    return file


def _rewrite(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Harm:
    return lambda file: change(pd.read_parquet(file)).to_parquet(file, index=False)


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def _make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGES: dict[str, tuple[Harm, str]] = {
    "truncated": (_truncate, "cannot be read"),
    "garbage": (lambda file: file.write_bytes(b"PAR1 nothing"), "cannot be read"),
    "missing": (lambda file: file.unlink(), "is missing"),
    "a directory": (_make_folder, "is no file"),
    "no lead_id": (_rewrite(lambda rows: rows.drop(columns="lead_id")), "has no column lead_id of text"),
    "numbers as lead_id": (_rewrite(lambda rows: rows.assign(lead_id=range(len(rows)))), "no column lead_id of text"),
    "an empty lead_id": (
        _rewrite(lambda rows: rows.assign(lead_id=rows["lead_id"].where(rows.index > 0))),
        "without a",
    ),
    "duplicates": (_rewrite(lambda rows: rows.assign(lead_id="L0000")), "the same lead_id more than once"),
    "another decision": (_rewrite(lambda rows: rows.assign(decision="perhaps")), "none of contact, hold, control"),
}
OTHER_LEADS: dict[str, Harm] = {
    "half the rows": _rewrite(lambda rows: rows.head(len(rows) // 2)),
    "shuffled": _rewrite(lambda rows: rows.sample(frac=1.0, random_state=1)),
    "two leads of a kind exchanged": _rewrite(
        lambda rows: rows.assign(lead_id=[*rows["lead_id"].iloc[[1, 0]], *rows["lead_id"].iloc[2:]])
    ),
    "nobody contacted": _rewrite(lambda rows: rows.assign(decision="hold")),
}


@pytest.mark.parametrize("damage", [*DAMAGES, *OTHER_LEADS])
def test_decisions_that_are_not_the_plans_are_refused_by_replan_and_explain(
    folder: Path, done: Path, damage: str
) -> None:
    harm, words = (
        DAMAGES[damage] if damage in DAMAGES else (OTHER_LEADS[damage], "is not the one of this plan's options")
    )
    harm(folder / DECISIONS)
    with pytest.raises(BadInput, match=rf"^plan/decisions\.parquet .*{words}.*; plan again$"):
        replan(folder, done, None, COURSE, now=NOW)
    with pytest.raises(BadInput, match=words):
        explain_leads(folder, ["L0000"])


@pytest.mark.parametrize("damage", DAMAGES)
def test_decisions_that_are_damaged_are_no_earlier_plan(folder: Path, damage: str) -> None:
    harm, words = DAMAGES[damage]
    (folder / "plan.json").write_text(replace(sample_plan(), currency="CNY").to_json())
    decisions(10, 2).to_parquet(folder / DECISIONS, index=False)
    harm(folder / DECISIONS)
    with pytest.raises(BadInput, match=rf"^--against plan/decisions\.parquet .*{words}"):
        read_snapshot(folder, "CNY")


def test_a_plan_of_before_the_stamp_is_still_read(whole: Path) -> None:
    table = replace(read_option_table(whole), stamp=None)
    assert len(read_decided_leads(whole, table)) == 200


def _at(raw: Any, path: list[Any], value: object) -> None:
    for key in path[:-1]:
        raw = raw[key]
    raw[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["plan_id"], ["a"]),
        (["name"], 1),
        (["currency"], ["CNY"]),
        (["objective"], ["spend"]),
        (["objective"], "fame"),
        (["headline"], "x"),
        (["headline", "contacts", "expected"], "x"),
        (["headline", "spend", "expected"], 10**400),
        (["allocation", 0, "contacts"], "x"),
        (["allocation", 0, "spend"], [1]),
        (["limits", 0, "name"], 1),
        (["limits", 0, "binding"], "x"),
    ],
)
def test_a_plan_whose_values_are_of_another_kind_is_refused_by_every_reader(
    folder: Path, path: list[Any], value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = json.loads((folder / "plan.json").read_text())
    _at(raw, path, value)
    (folder / "plan.json").write_text(json.dumps(raw))
    for words in (["explain", str(folder), "L0000"], ["frontier", str(folder)], ["scenario", "list", str(folder)]):
        assert main(words) == 2
        said = capsys.readouterr().err
        assert "plan/plan.json cannot be read; plan again" in said
        assert said.count("\n") == 1
    with pytest.raises(BadInput, match=r"plan\.json is damaged or of another version"):
        read_snapshot(folder, "CNY")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("person", math.nan),
        ("person", -1),
        ("person", 2**40),
        ("row", 10_000),
        ("row", -1),
        ("row", 0),
        ("channel", 9),
        ("offer", -2),
        ("contacts", math.inf),
        ("contacts", math.nan),
        ("contacts", -1.0),
        ("contacts", "x"),
        ("spend", math.nan),
        ("booked", math.nan),
        ("forced", 1.5),
    ],
)
def test_options_that_cannot_be_are_refused(folder: Path, column: str, value: object) -> None:
    kept = pq.read_schema(folder / OPTIONS).metadata
    content = pq.read_table(folder / OPTIONS)
    changed = content.to_pandas()[column].astype(object)
    changed[: None if isinstance(value, str) else 3] = value
    damaged = content.set_column(content.column_names.index(column), column, [changed.infer_objects().to_numpy()])
    pq.write_table(damaged.replace_schema_metadata(kept), folder / OPTIONS)
    with pytest.raises(BadInput, match=r"^plan/options\.parquet is not what this version writes; plan again$"):
        read_option_table(folder)


def test_options_of_a_history_without_a_bad_label_are_read(folder: Path) -> None:
    content = pq.read_table(folder / OPTIONS)
    unknown = content.set_column(content.column_names.index("bad"), "bad", [[math.nan] * len(content)])
    pq.write_table(unknown.replace_schema_metadata(content.schema.metadata), folder / OPTIONS)
    assert read_option_table(folder).options.bad.tolist() == pytest.approx([math.nan] * len(content), nan_ok=True)


@pytest.mark.parametrize("place", ["", "new", "lists/new"])
def test_results_do_not_go_into_the_plan(
    folder: Path, done: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "lists").mkdir()
    before = sorted(folder.rglob("*"))
    (folder / OPTIONS).write_bytes(b"")  # it is refused before anything is read
    out = str(folder / place)
    for words in (["frontier", str(folder)], ["replan", str(folder), str(done), "--days", "10", "--days-left", "5"]):
        assert main([*words, "--out", out]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "--out" in said
        assert "name a" in said
    assert sorted(folder.rglob("*")) == before


def test_a_path_with_the_character_0_is_said_to_hold_it(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    tables = 'history = "h\\u0000.csv"\nleads = "l.csv"\nchannels = "c.csv"\n'
    file.write_text(f'currency = "CNY"\n[data]\n{tables}', encoding="utf-8")
    with pytest.raises(
        BadInput, match=r"history is 'h\\x00\.csv' in \[data\]; no path holds the character 0; take it out"
    ):
        read_plan_file(file)


@pytest.mark.parametrize(("name", "words"), [("spent", "spent"), ("most_rise", "the most rise")])
def test_figures_beyond_any_campaign_are_refused(name: str, words: str) -> None:
    changed: dict[str, Any] = {name: 1e16}
    with pytest.raises(BadInput, match=rf"^{words} is 1e\+16; give at most 1e\+15$"):
        replace(COURSE, **changed)


def test_costs_beyond_any_campaign_are_refused(folder: Path, done: Path) -> None:
    pd.read_csv(done).assign(cost=9e14).to_csv(done, index=False)
    with pytest.raises(BadInput, match=r"^done\.csv: the sum of cost is 1\.8e\+16; give at most 1e\+15$"):
        replan(folder, done, None, COURSE, now=NOW)
