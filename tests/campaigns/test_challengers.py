"""The challenger beside the champion on a plan's own history."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from campaigns.challengers import compare_for_plan, person_folds
from campaigns.cli import main
from campaigns.progress import SilentProgress
from tests.campaigns.small_plans import NOW, write_small_market


@pytest.fixture(scope="module")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_market(tmp_path_factory.mktemp("market"))


def test_the_comparison_of_a_plan_is_of_matured_bookings_and_writes_nothing(plan_file: Path) -> None:
    before = {path.name: path.read_bytes() for path in plan_file.parent.iterdir() if path.is_file()}
    comparison = compare_for_plan(plan_file, progress=SilentProgress(), now=NOW)
    history = pd.read_parquet(plan_file.parent / "history.parquet")
    matured = history[(history["booked"] == 1) & history["bad"].notna()]
    assert 0 < comparison.n <= len(matured)
    assert comparison.n_bad <= matured["bad"].sum()
    assert comparison.auc.low <= comparison.auc.expected <= comparison.auc.high
    assert comparison.challenger.auc > 0.55
    assert {path.name: path.read_bytes() for path in plan_file.parent.iterdir() if path.is_file()} == before
    assert json.loads(json.dumps(comparison.to_content())) == comparison.to_content()


def test_the_same_plan_file_gives_the_same_comparison(plan_file: Path) -> None:
    one, other = (compare_for_plan(plan_file, progress=SilentProgress(), now=NOW) for _ in range(2))
    assert one == other


def test_the_command_prints_the_table_and_what_it_means(
    plan_file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", f"sqlite:///{tmp_path / 'acquire.db'}")
    assert main(["risk", "compare", str(plan_file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["AUC", "log", "Brier"]
    assert "matured bookings" in lines[4]
    assert "Keep the scorecard" in lines[5] or "may be promoted" in lines[5]
    assert list(tmp_path.iterdir()) == []


def test_too_few_labels_are_bad_input(plan_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "market"
    folder.mkdir()
    for path in plan_file.parent.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    history = pd.read_parquet(folder / "history.parquet")
    history["bad"] = history["bad"].where(history["bad"].eq(1).cumsum() < 20)
    history.to_parquet(folder / "history.parquet")
    with pytest.raises(BadInput, match="fewer than 50 bad or 50 good bookings whose label is known"):
        compare_for_plan(folder / plan_file.name, progress=SilentProgress(), now=NOW)


def test_all_bookings_of_a_person_are_in_one_fold() -> None:
    rng = np.random.default_rng(1)
    booked = pd.DataFrame(
        {"lead_id": [f"L{i}" for i in range(300)], "person_id": [f"P{i // 3}" for i in range(270)] + [None] * 30}
    )
    bad = (np.arange(300) % 5 == 0).astype(float)
    folds = person_folds(booked, bad, rng)
    assert (pd.Series(folds[:270]).groupby(np.arange(270) // 3).nunique() == 1).all()
    assert len(set(folds[270:])) > 1
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    assert bad[folds == 0].mean() == pytest.approx(bad.mean(), abs=0.1)
