"""Who may decide which model ranks leads by risk, on what, and how it is taken back."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from acquire.domain import Estimate
from acquire.errors import AcquireError, BadInput
from acquire.prefilter.comparison import Comparison, RankingFigures
from campaigns.champions import (
    Decision,
    Identity,
    champion_history,
    champion_in_force,
    champion_of_settings,
    promote,
    roll_back,
)
from campaigns.cli import main
from campaigns.commands_risk import _identity, comparison_text, risk
from campaigns.lists import record_plan
from campaigns.plan_document import PlanDocument
from campaigns.settings import Settings
from campaigns.store.session import Store, open_store, upgrade
from campaigns.users import add_user, disable_user
from tests.campaigns.plan_documents import sample_plan

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PASSWORD = "correct horse"
RITA = Identity(login="rita", password=PASSWORD)
WHY = "better on the autumn bookings"

BETTER = Comparison(
    n=3_440,
    n_bad=757.0,
    champion=RankingFigures(auc=0.762, log_loss=0.47, brier=0.139),
    challenger=RankingFigures(auc=0.781, log_loss=0.458, brier=0.136),
    auc=Estimate(expected=0.019, low=0.011, high=0.027),
    log_loss=Estimate(expected=-0.012, low=-0.017, high=-0.007),
    brier=Estimate(expected=-0.003, low=-0.005, high=-0.001),
)


def _plan(comparison: Comparison | None = BETTER) -> PlanDocument:
    plan = sample_plan()
    assert plan.evidence.risk is not None
    risk_evidence = replace(plan.evidence.risk, challenger=comparison)
    return replace(plan, evidence=replace(plan.evidence, risk=risk_evidence))


def _write(folder: Path, plan: PlanDocument) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    return folder


@pytest.fixture
def folder(store: Store, tmp_path: Path) -> Path:
    """A finished plan's folder, recorded, and users of three roles."""
    return _prepare(store, tmp_path)


def _prepare(store: Store, tmp_path: Path) -> Path:
    for login, role in (("rita", "risk"), ("abe", "approver"), ("gus", "growth")):
        add_user(store, login, PASSWORD, role)  # type: ignore[arg-type]
    record_plan(store, _plan(), {})
    return _write(tmp_path / "plan", _plan())


def _rows(store: Store) -> int:
    with store.reading() as session:
        return int(session.scalar(text("SELECT count(*) FROM champions")) or 0)


def test_until_somebody_decides_the_scorecard_ranks(store: Store) -> None:
    assert champion_in_force(store) == "scorecard"
    assert champion_history(store) == ()


def test_a_promotion_is_in_force_and_on_record_with_its_figures(store: Store, folder: Path) -> None:
    decision = promote(store, RITA, folder, reason=f" {WHY}\n", now=NOW)
    assert champion_in_force(store) == "challenger"
    assert champion_history(store) == (decision,)
    assert decision == Decision(
        number=1,
        decided_at=NOW,
        decided_by="rita",
        action="promote",
        kind="challenger",
        reason=WHY,
        plan_id=_plan().plan_id,
        comparison=BETTER,
    )


def test_a_rollback_restores_and_both_decisions_stay_on_record(store: Store, folder: Path) -> None:
    promote(store, RITA, folder, reason=WHY, now=NOW)
    later = NOW + timedelta(days=3)
    roll_back(store, Identity(login="ABE", password=PASSWORD), reason="alarms on new channels", now=later)
    assert champion_in_force(store) == "scorecard"
    said = [(one.decided_by, one.action, one.kind, one.plan_id) for one in champion_history(store)]
    assert said == [("rita", "promote", "challenger", _plan().plan_id), ("abe", "roll back", "scorecard", None)]
    promote(store, RITA, folder, reason="mended", now=later)
    assert champion_in_force(store) == "challenger"
    assert _rows(store) == 3


def test_with_no_promotion_in_force_there_is_nothing_to_roll_back(store: Store, folder: Path) -> None:
    promote(store, RITA, folder, reason=WHY, now=NOW)
    roll_back(store, RITA, reason=WHY, now=NOW)
    with pytest.raises(BadInput, match="the scorecard is the champion and no promotion is in force"):
        roll_back(store, RITA, reason=WHY, now=NOW)
    assert _rows(store) == 2


@pytest.mark.parametrize(
    ("who", "line"),
    [
        (Identity(login="gus", password=PASSWORD), "gus has role growth; the champion is decided by risk or approver"),
        (Identity(login="rita", password="wrong horse"), "login or password is wrong"),
        (Identity(login="nobody", password=PASSWORD), "login or password is wrong"),
        (Identity(login="rita", password=""), "login or password is wrong"),
    ],
)
def test_who_may_not_decide_leaves_no_row(store: Store, folder: Path, who: Identity, line: str) -> None:
    with pytest.raises(BadInput, match=line):
        promote(store, who, folder, reason=WHY, now=NOW)
    with pytest.raises(BadInput, match=line):
        roll_back(store, who, reason=WHY, now=NOW)
    assert _rows(store) == 0


def test_who_was_shut_out_decides_nothing(store: Store, folder: Path) -> None:
    disable_user(store, "rita")
    with pytest.raises(BadInput, match="login or password is wrong"):
        promote(store, RITA, folder, reason=WHY, now=NOW)
    assert _rows(store) == 0


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "bell \x07"])
def test_a_decision_needs_a_reason_that_can_be_read(store: Store, folder: Path, reason: str) -> None:
    with pytest.raises(BadInput, match="the reason has"):
        promote(store, RITA, folder, reason=reason, now=NOW)
    assert _rows(store) == 0


def test_who_is_champion_already_is_not_promoted(store: Store, folder: Path) -> None:
    promote(store, RITA, folder, reason=WHY, now=NOW)
    with pytest.raises(BadInput, match="the challenger is the champion already"):
        promote(store, RITA, folder, reason=WHY, now=NOW)
    assert _rows(store) == 1


def test_figures_that_were_changed_in_the_folder_promote_nothing(store: Store, folder: Path) -> None:
    forged = replace(BETTER, auc=Estimate(expected=0.2, low=0.19, high=0.21))
    _write(folder, _plan(forged))
    with pytest.raises(BadInput, match="is not one that this database recorded; make the plan again here"):
        promote(store, RITA, folder, reason=WHY, now=NOW)
    assert _rows(store) == 0


def test_a_plan_without_a_comparison_promotes_nothing(store: Store, folder: Path) -> None:
    plan = replace(_plan(None), plan_id="another")
    record_plan(store, plan, {})
    with pytest.raises(BadInput, match="holds no comparison of champion and challenger"):
        promote(store, RITA, _write(folder, plan), reason=WHY, now=NOW)
    assert _rows(store) == 0


def test_a_folder_that_holds_no_plan_promotes_nothing(store: Store, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no plan\.json"):
        promote(store, RITA, tmp_path, reason=WHY, now=NOW)
    (folder / "plan.json").write_text('{"plan_id": 7}')
    with pytest.raises(BadInput, match=r"plan\.json in --plan .* cannot be read"):
        promote(store, RITA, folder, reason=WHY, now=NOW)
    assert _rows(store) == 0


def test_of_two_promotions_at_once_one_is_recorded(store: Store, folder: Path) -> None:
    def decide(login: str) -> str:
        try:
            promote(store, Identity(login=login, password=PASSWORD), folder, reason=WHY, now=NOW)
        except AcquireError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(decide, ["rita", "abe"]))
    assert said.count("done") == 1
    assert _rows(store) == 1


@pytest.mark.parametrize(
    "change",
    [
        "decided_by = 'nobody'",
        "plan_id = 'no plan'",
        "kind = 'forest'",
        "action = 'hope'",
        "comparison = NULL",
    ],
)
def test_the_database_keeps_decisions_whole(store: Store, folder: Path, change: str) -> None:
    promote(store, RITA, folder, reason=WHY, now=NOW)
    with pytest.raises(IntegrityError), store.writing() as session:
        session.execute(text(f"UPDATE champions SET {change}"))  # noqa: S608 - the test's own words


def test_a_plan_before_the_first_database_has_the_scorecard(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'acquire.db'}")
    assert champion_of_settings(settings) == "scorecard"
    assert list(tmp_path.iterdir()) == []
    upgrade(settings.database_url)
    store = open_store(settings.database_url)
    promote(store, RITA, _prepare(store, tmp_path), reason=WHY, now=NOW)
    store.close()
    assert champion_of_settings(settings) == "challenger"


def test_the_password_is_never_shown() -> None:
    assert PASSWORD not in repr(RITA)


def test_a_plan_document_carries_the_comparison_there_and_back() -> None:
    plan = _plan()
    read = PlanDocument.from_json(plan.to_json()).evidence.risk
    assert read is not None
    assert read.challenger == BETTER
    older = json.loads(plan.to_json())
    del older["evidence"]["risk"]["challenger"], older["evidence"]["risk"]["champion"]
    risk_before = PlanDocument.from_json(json.dumps(older)).evidence.risk
    assert risk_before is not None
    assert (risk_before.champion, risk_before.challenger) == ("scorecard", None)


@pytest.fixture
def run(sqlite_store: Store, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", sqlite_url)
    _prepare(sqlite_store, tmp_path)
    return CliRunner()


def _by(run: CliRunner, *words: str | Path, login: str = "rita", typed: str = f"{PASSWORD}\n") -> Result:
    return run.invoke(risk, [*map(str, words), "--by", login, "--reason", WHY], input=typed)


def test_the_commands_promote_show_and_roll_back(run: CliRunner, tmp_path: Path) -> None:
    assert run.invoke(risk, ["champions"]).output == "champion in force: scorecard\n"
    promoted = _by(run, "promote", "--plan", tmp_path / "plan")
    assert promoted.exit_code == 0
    assert "+0.0190 (+0.0110 to +0.0270)" in promoted.output
    assert "The challenger ranks leads from the next plan on" in promoted.output
    shown = run.invoke(risk, ["champions"]).output.splitlines()
    assert shown[0] == "champion in force: challenger"
    assert shown[1].split("\t")[1:] == ["rita", "promote", "challenger", _plan().plan_id, "AUC +0.0190", WHY]
    assert _by(run, "rollback").output == "The scorecard ranks leads again from the next plan on\n"
    assert run.invoke(risk, ["champions"]).output.startswith("champion in force: scorecard\n")


def test_a_wrong_password_is_one_line_and_exit_2(
    run: CliRunner, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = _by(run, "promote", "--plan", tmp_path / "plan", typed="wrong horse\n")
    assert isinstance(refused.exception, BadInput)
    assert refused.exception.exit_code == 2
    assert main(["risk", "promote", "--plan", str(tmp_path / "nowhere"), "--by", "rita", "--reason", WHY]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_table_says_what_was_measured_on_what_and_what_it_means() -> None:
    lines = comparison_text(BETTER).splitlines()
    assert lines[0].split()[:2] == ["scorecard", "challenger"]
    assert lines[1].split()[:3] == ["AUC", "0.7620", "0.7810"]
    assert "on 3,440 matured bookings, 757 of them bad" in lines[4]
    assert lines[5].startswith("The challenger tells bad from good better")
    worse = replace(BETTER, auc=Estimate(expected=-0.02, low=-0.03, high=-0.01))
    assert "Keep the scorecard" in comparison_text(worse)
    unclear = replace(BETTER, auc=Estimate(expected=0.002, low=-0.001, high=0.005))
    assert "No difference beyond chance" in comparison_text(unclear)


def test_a_password_that_is_no_text_is_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), encoding="utf-8"))
    with pytest.raises(BadInput, match="login or password is wrong"):
        _identity("rita")
