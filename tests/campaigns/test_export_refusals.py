"""`acquire export` on a folder that is damaged, foreign or no plan: one line, and nothing is written."""

import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acquire.modelfile import ModelManifest, read_model_folder, write_model_folder
from campaigns.cli import main
from campaigns.plan_terms import TERMS
from campaigns.validation import VALIDATION
from tests.campaigns.handovers import Fitted, fit_small_market, write_plan
from tests.campaigns.small_plans import contents


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fit_small_market(tmp_path_factory.mktemp("handover"))


def test_a_table_without_a_name_is_refused(fitted: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for table in ("", ".", ".leads", "risk."):
        assert main(["export", str(fitted.folder), "--out", str(tmp_path / "out"), "--table", table]) == 2
        assert "--table" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["[" * 100_000, '{"format": 1' + "0" * 400 + "}"])
def test_brackets_and_numbers_without_end_are_a_damaged_plan(
    fitted: Fitted, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = dict(read_model_folder(fitted.folder / "models").parts)
    for part in ("risk.json", VALIDATION, TERMS):
        write_plan(tmp_path / "plan", {**parts, part: content.encode()})
        assert main(["export", str(tmp_path / "plan"), "--out", str(tmp_path / "out")]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "plan" / "plan.json").write_text(content)
    assert main(["export", str(tmp_path / "plan"), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# --- what is wrong with the folder of the plan -------------------------------------------------------------------------------


def no_plan(plan: Path) -> None:
    (plan / "plan.json").unlink()


def truncate_plan(plan: Path) -> None:
    path = plan / "plan.json"
    path.write_bytes(path.read_bytes()[:-300])


def another_plan_json(plan: Path) -> None:
    (plan / "plan.json").write_text('{"plan_id": 1}')


def no_utf8(plan: Path) -> None:
    (plan / "plan.json").write_bytes(b"\xff\xfe{}")


def truncate_part(plan: Path) -> None:
    path = plan / "models" / "risk.json"
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(plan: Path) -> None:
    path = plan / "models" / "risk.json"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def wrong_hash(plan: Path) -> None:
    path = plan / "models" / "manifest.json"
    path.write_text(re.sub(r'"sha256": "\w', '"sha256": "0', path.read_text()))


def pickle_beside(plan: Path) -> None:
    (plan / "models" / "model.pkl").write_bytes(pickle.dumps([1]))


def other_models(plan: Path) -> None:
    parts = dict(read_model_folder(plan / "models").parts)
    write_model_folder(plan / "models", parts | {"more.json": b"{}"}, ModelManifest(features=()))


def rewrite(plan: Path, change: Callable[[dict[str, bytes]], Any]) -> None:
    parts = dict(read_model_folder(plan / "models").parts)
    change(parts)
    write_plan(plan, parts)


def pickle_as_model(plan: Path) -> None:
    rewrite(plan, lambda parts: parts.update({"risk.json": pickle.dumps([1])}))


def no_risk_model(plan: Path) -> None:
    rewrite(plan, lambda parts: parts.pop("risk.json"))


def average_only(plan: Path) -> None:
    def change(parts: dict[str, bytes]) -> None:
        parts["risk.json"] = json.dumps({**json.loads(parts["risk.json"]), "ranking": None}).encode()

    rewrite(plan, change)


def earlier_version(plan: Path) -> None:
    rewrite(plan, lambda parts: parts.pop(VALIDATION))


def other_facts(plan: Path) -> None:
    rewrite(plan, lambda parts: parts.update({VALIDATION: b'{"bookings": 1}'}))


WRONG = {
    no_plan: "no folder of a plan",
    truncate_plan: "plan.json of plan is damaged",
    another_plan_json: "plan.json of plan is damaged",
    no_utf8: "plan.json of plan cannot be read",
    truncate_part: "risk.json has",
    flip_a_bit: "risk.json is damaged or was changed",
    wrong_hash: "was changed after it was written",
    pickle_beside: "'model.pkl', which its manifest does not list",
    other_models: "are not those of its plan.json",
    pickle_as_model: "the risk model cannot be read",
    no_risk_model: "no risk model to hand over",
    average_only: "no scorecard to hand over",
    earlier_version: "plan again",
    other_facts: "facts that this version cannot read",
}


@pytest.mark.parametrize("spoil", WRONG, ids=lambda spoil: spoil.__name__)
def test_a_damaged_or_foreign_plan_stops_with_one_line(
    spoil: Callable[[Path], None], fitted: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, out = tmp_path / "plan", tmp_path / "out"
    shutil.copytree(fitted.folder, plan)
    spoil(plan)
    before = contents(plan)
    assert main(["export", str(plan), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert WRONG[spoil] in said
    assert said.count("\n") == 1
    assert not out.exists()
    assert contents(plan) == before


@pytest.mark.parametrize("place", ["plan", "plan/handover", ".", "plan/models"])
def test_the_folder_of_the_plan_is_never_written_into(
    place: str, fitted: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(fitted.folder, tmp_path / "all" / "plan")
    before = contents(tmp_path / "all")
    assert main(["export", str(tmp_path / "all" / "plan"), "--out", str(tmp_path / "all" / place)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert contents(tmp_path / "all") == before


def test_a_handover_that_holds_the_plan_is_not_replaced(fitted: Fitted, tmp_path: Path) -> None:
    """An earlier handover, into which somebody has put the plan's folder."""
    out = tmp_path / "out"
    assert main(["export", str(fitted.folder), "--out", str(out)]) == 0
    shutil.copytree(fitted.folder, out / "plan")
    before = contents(out)
    assert main(["export", str(out / "plan"), "--out", str(out)]) == 2
    assert contents(out) == before
