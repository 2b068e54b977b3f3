"""`acquire fit` and `acquire score`: the same figures as `acquire plan`, from folders that anybody may have made."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acquire.ingest import batches
from acquire.ingest.market import MarketSpec, make_market
from campaigns.cli import main
from campaigns.demo import write_demo_market
from campaigns.fit_run import fidelity_text, fit_folder
from campaigns.fitting import Fitted
from campaigns.progress import SilentProgress
from campaigns.score_leads import ring_figures, score_file
from campaigns.settings import Settings
from tests.campaigns.resealed import changed, reseal
from tests.campaigns.small_plans import NOW, SPEC, Planned, change_plan_file, plan

SMALL = MarketSpec(n_history=4_000, n_leads=700, ends_on=SPEC.ends_on)


@pytest.fixture(scope="module")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market without links and without a limit on bad; some amounts are missing, some leads did not consent."""
    folder = tmp_path_factory.mktemp("market")
    path = write_demo_market(folder, make_market(SMALL, np.random.default_rng(7)))
    change_plan_file(path, ("max_bad_rate = 0.10\n", ""))
    text = re.sub(r"(?m)^(links|policy) = .*\n", "", path.read_text())
    path.write_text(text)
    leads = pd.read_parquet(folder / "leads.parquet")
    leads.loc[:9, "amount"] = np.nan
    leads.loc[5:20, "consent"] = False
    leads.to_parquet(folder / "leads.parquet", index=False)
    return path


@pytest.fixture(scope="module")
def planned(plan_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return plan(plan_file, tmp_path_factory.mktemp("planned"))


@pytest.fixture(scope="module")
def fitted(plan_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fitted, Path]:
    folder = tmp_path_factory.mktemp("fitted")
    settings = Settings(database_url=f"sqlite:///{folder / 'acquire.db'}")
    done = fit_folder(plan_file, folder / "models", progress=SilentProgress(), now=NOW, settings=settings)
    return done, folder / "models"


@pytest.fixture(scope="module")
def scores(fitted: tuple[Fitted, Path], plan_file: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    out = tmp_path_factory.mktemp("scores") / "scores.parquet"
    score_file(fitted[1], plan_file.parent / "leads.parquet", out, with_reasons=True)
    return pd.read_parquet(out)


def test_fit_writes_the_very_models_that_plan_writes(planned: Planned, fitted: tuple[Fitted, Path]) -> None:
    of_plan, of_fit = ({p.name: p.read_bytes() for p in f.iterdir()} for f in (planned.out / "models", fitted[1]))
    assert of_plan == of_fit


def test_scores_are_the_figures_of_the_plans_decisions(planned: Planned, scores: pd.DataFrame) -> None:
    both = planned.decisions.merge(scores, on="lead_id", suffixes=("", "_scored"), validate="one_to_one")
    names = [name for name in planned.decisions if name in scores and planned.decisions[name].dtype == "float64"]
    assert len(names) >= 20
    for name in set(names) - {"p_bad"}:
        assert np.array_equal(both[name], both[f"{name}_scored"], equal_nan=True), name
    # p_bad is that of the chosen offer in a plan, and of the best one where nothing is chosen.
    others = both[both["decision"] != "contact"]
    assert np.array_equal(others["p_bad"], others["p_bad_scored"], equal_nan=True)


def test_a_lead_without_consent_is_not_scored(planned: Planned, scores: pd.DataFrame) -> None:
    without = scores["reason"] == "NO_CONSENT"
    assert without.sum() >= 16
    assert scores.loc[without].drop(columns=["lead_id", "channel", "reason"]).isna().all(axis=None)
    assert scores.loc[~without, "p_booked_control"].notna().all()


def test_every_scored_lead_has_a_reason_in_words(scores: pd.DataFrame) -> None:
    scored = scores["p_booked_control"].notna()
    assert scores.loc[scored, "uplift_reason"].str.startswith("books ").all()
    assert scores.loc[~scored, "uplift_reason"].isna().all()


def test_the_size_of_the_parts_does_not_move_a_score(
    fitted: tuple[Fitted, Path],
    plan_file: Path,
    scores: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", 97)
    score_file(fitted[1], plan_file.parent / "leads.parquet", tmp_path / "s.parquet", with_reasons=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "s.parquet"), scores, check_exact=True)


def test_a_csv_of_the_leads_has_the_same_scores(
    fitted: tuple[Fitted, Path],
    plan_file: Path,
    scores: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "_BLOCK_BYTES", 20_000)
    leads = pd.read_parquet(plan_file.parent / "leads.parquet")
    leads[leads.columns[::-1]].to_csv(tmp_path / "leads.csv", index=False)
    score_file(fitted[1], tmp_path / "leads.csv", tmp_path / "s.parquet", with_reasons=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "s.parquet"), scores)


@pytest.mark.parametrize("name", ["leads.parquet", "leads.csv"])
def test_no_copy_of_a_lead_that_is_there_twice_is_scored_however_far_apart(
    fitted: tuple[Fitted, Path], plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", 50)
    monkeypatch.setattr(batches, "_BLOCK_BYTES", 8_000)
    leads = pd.read_parquet(plan_file.parent / "leads.parquet").tail(300)
    twice = pd.concat([leads, leads.head(2)])
    write = twice.to_csv if name.endswith("csv") else twice.to_parquet
    write(tmp_path / name, index=False)
    count = score_file(fitted[1], tmp_path / name, tmp_path / "s.parquet")
    result = pd.read_parquet(tmp_path / "s.parquet")
    told = result["reason"].str.contains("it is there more than once", na=False)
    assert told.to_numpy().nonzero()[0].tolist() == [0, 1, 300, 301]
    assert count.invalid == 4
    assert result.loc[told, "p_booked_control"].isna().all()


def test_what_an_offer_of_another_price_would_change_lies_on_the_line_between_the_prices_tried(
    fitted: tuple[Fitted, Path], plan_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leads, out = plan_file.parent / "leads.parquet", tmp_path / "s.parquet"
    assert "do not differ in a number" in refused(capsys, "score", fitted[1], leads, "--out", out, "--dose", "15")
    folder = shutil.copytree(fitted[1], tmp_path / "models")
    offers = json.loads((folder / "served.json").read_text())["offers"]
    values = [10.0, 20.0] + [None] * (len(offers) - 2)
    reseal(
        folder,
        "served.json",
        changed(dose={"name": "price", "values": values, "sign": -1})((folder / "served.json").read_bytes()),
    )
    asked = ["score", folder, leads, "--out", out, "--dose", "12.5", "--dose", "99"]
    assert main([str(word) for word in asked]) == 0
    scores = pd.read_parquet(out)
    cheap, dear = (scores[f"uplift_{offer}"] for offer in offers[:2])
    assert np.allclose(scores["uplift_price_12.5"], 0.75 * cheap + 0.25 * dear, equal_nan=True)
    assert np.allclose(scores["uplift_price_99"], dear, equal_nan=True)
    assert "cannot be given a column" in refused(capsys, *asked[:-1], "inf")


def test_the_folder_of_a_plan_scores_too(planned: Planned, scores: pd.DataFrame, tmp_path: Path) -> None:
    leads = planned.plan_file.parent / "leads.parquet"
    score_file(planned.out, leads, tmp_path / "s.parquet", with_reasons=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "s.parquet"), scores)


def test_a_row_that_cannot_be_used_is_kept_with_its_reason(
    fitted: tuple[Fitted, Path], plan_file: Path, tmp_path: Path
) -> None:
    leads = pd.read_parquet(plan_file.parent / "leads.parquet").head(100)
    leads.loc[50, "amount"] = -3.0
    leads.loc[51, "channel"] = "nowhere"
    leads.to_parquet(tmp_path / "leads.parquet")
    count = score_file(fitted[1], tmp_path / "leads.parquet", tmp_path / "s.parquet")
    result = pd.read_parquet(tmp_path / "s.parquet")
    assert result["lead_id"].tolist() == leads["lead_id"].tolist()
    assert count.invalid == 2
    assert count.scored + count.without_consent + count.invalid == count.read == 100
    assert result.loc[50, "reason"] == "INVALID: amount is -3.0: money may not be negative here"
    assert result.loc[51, "reason"] == "INVALID: channel is 'nowhere': the channels table lacks it"
    assert result.loc[[50, 51], "p_booked_control"].isna().all()


def test_the_gates_are_printed_with_their_figures(fitted: tuple[Fitted, Path]) -> None:
    text = fidelity_text(fitted[0])
    assert "correlation with the teacher" in text
    assert "extra accounts per 1,000 leads, pupil less teacher" in text
    assert text.endswith(("Leads are scored by the compact model.", "since a gate is not passed."))


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Run a command that must end with exit 2 and one line."""
    assert main([str(word) for word in words]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def write_leads(path: Path, plan_file: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    change(pd.read_parquet(plan_file.parent / "leads.parquet")).to_parquet(path, index=False)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda leads: pd.concat([leads, leads]), "lead_id: it is there more than once"),
        (lambda leads: leads.drop(columns="bureau_score"), "no column bureau_score"),
        (lambda leads: leads.drop(columns="lead_id"), "no column lead_id"),
        (lambda leads: leads.drop(columns="consent"), "no column consent"),
        (lambda leads: leads.head(0), "no leads"),
        (lambda leads: leads.assign(age="old"), "age: a text where the models read a number"),
    ],
)
def test_a_file_that_does_not_fit_the_models_is_one_line_and_leaves_nothing(
    fitted: tuple[Fitted, Path],
    plan_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[pd.DataFrame], pd.DataFrame],
    message: str,
) -> None:
    leads = write_leads(tmp_path / "leads.parquet", plan_file, change)
    assert message in refused(capsys, "score", fitted[1], leads, "--out", tmp_path / "s.parquet")
    assert {p.name for p in tmp_path.iterdir()} == {"leads.parquet"}


def test_what_is_no_parquet_or_breaks_off_is_one_line_and_the_older_scores_stay(
    fitted: tuple[Fitted, Path], plan_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, text, cut = tmp_path / "s.parquet", tmp_path / "leads.txt.parquet", tmp_path / "cut.parquet"
    out.write_bytes(b"older")
    text.write_text("lead_id,channel\n1,a\n")
    content = (plan_file.parent / "leads.parquet").read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    garbled = bytearray(content)
    garbled[200:2_000] = bytes(1_800)
    (tmp_path / "garbled.parquet").write_bytes(garbled)
    assert "not a Parquet file" in refused(capsys, "score", fitted[1], text, "--out", out)
    assert "damaged" in refused(capsys, "score", fitted[1], cut, "--out", out)
    refused(capsys, "score", fitted[1], tmp_path / "garbled.parquet", "--out", out)
    assert out.read_bytes() == b"older"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_scores_never_go_where_they_would_destroy_what_is_read(
    fitted: tuple[Fitted, Path], plan_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leads = plan_file.parent / "leads.parquet"
    assert "leads itself" in refused(capsys, "score", fitted[1], leads, "--out", leads)
    assert "folder of the models" in refused(capsys, "score", fitted[1], leads, "--out", fitted[1] / "s.parquet")
    assert "does not exist" in refused(capsys, "score", fitted[1], leads, "--out", tmp_path / "no" / "s.parquet")
    assert "is a device" in refused(capsys, "score", fitted[1], leads, "--out", "/dev/null")
    assert "is a folder" in refused(capsys, "score", fitted[1], leads, "--out", tmp_path)


def test_a_folder_that_is_no_model_folder_is_one_line(
    plan_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    leads = plan_file.parent / "leads.parquet"
    assert "lacks manifest.json" in refused(capsys, "score", tmp_path / "empty", leads, "--out", tmp_path / "s.parquet")


def test_fit_needs_to_be_told_what_to_do(plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--compare" in refused(capsys, "fit", plan_file)


def test_fit_never_replaces_a_folder_that_holds_something_else(
    plan_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    assert "holds something else" in refused(capsys, "fit", plan_file, "--out", tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_rings_of_the_leads_come_from_the_plans_links(tmp_path: Path) -> None:
    market = make_market(MarketSpec(n_history=800, n_leads=200, ends_on=SPEC.ends_on), np.random.default_rng(7))
    path = write_demo_market(tmp_path, market)
    rings = ring_figures(path, tmp_path / "leads.parquet", NOW)
    assert rings.index.tolist() == market.leads["lead_id"].tolist()
    assert "ring_size" in rings


def test_nested_columns_of_a_file_are_no_obstacle(fitted: tuple[Fitted, Path], plan_file: Path, tmp_path: Path) -> None:
    table = pq.read_table(plan_file.parent / "leads.parquet").slice(0, 50)
    table = table.append_column("notes", pa.array([["a", "b"]] * 50))
    pq.write_table(table, tmp_path / "leads.parquet", row_group_size=7)
    assert score_file(fitted[1], tmp_path / "leads.parquet", tmp_path / "s.parquet").read == 50
