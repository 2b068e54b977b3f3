"""The plan of a real randomised e-mail in CSV files under its owner's column names, without a bad label and without revenue."""

from pathlib import Path

import pandas as pd
import pytest

from campaigns import cli
from tests.campaigns.small_plans import Planned, change_plan_file, check_files_are_complete, check_limits_hold, plan
from tests.markets import write_hillstrom_market


@pytest.fixture(scope="module")
def hillstrom(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan file of the market."""
    return write_hillstrom_market(tmp_path_factory.mktemp("hillstrom") / "market", shared_data / "hillstrom.parquet")


@pytest.fixture(scope="module")
def planned(hillstrom: Path) -> Planned:
    """Its plan."""
    return plan(hillstrom, hillstrom.parents[1])


def test_the_plan_is_complete_and_its_limits_hold(planned: Planned) -> None:
    check_files_are_complete(planned)
    check_limits_hold(planned)
    assert planned.json["headline"]["contacts"]["expected"] > 5_000


def test_visits_count_as_bookings_and_each_mail_is_an_offer(planned: Planned) -> None:
    evidence = planned.json["evidence"]
    effects = {offer["offer"]: offer["average_effect"]["expected"] for offer in evidence["offers"]}
    assert effects == {"Mens E-Mail": pytest.approx(0.077, abs=0.015), "Womens E-Mail": pytest.approx(0.045, abs=0.015)}
    assert evidence["randomised"] is True


def test_what_needs_a_bad_label_or_revenue_is_null_and_the_rest_is_not(planned: Planned) -> None:
    expected = {name: figure["expected"] for name, figure in planned.json["headline"].items()}
    unknown = {"bad_rate", "incremental_bad_rate", "break_even_bad_rate", "value"}
    assert {name for name, figure in expected.items() if figure is None} == unknown
    assert all(line["bad_rate"] is None for line in planned.json["allocation"])
    assert planned.allocation[["bad_rate", "value"]].isna().all(axis=None)
    assert planned.decisions.filter(regex="^p_bad").isna().all(axis=None)
    assert planned.json["evidence"]["risk"] is None
    assert any("no bad label" in warning for warning in planned.json["warnings"])


def test_what_happened_afterwards_is_no_feature(planned: Planned) -> None:
    manifest = (planned.out / "models" / "manifest.json").read_text(encoding="utf-8")
    assert '"recency"' in manifest
    assert not any(f'"{name}"' in manifest for name in ("conversion", "spend", "visit", "segment"))


def test_ids_keep_their_leading_zeros(planned: Planned) -> None:
    leads = pd.read_csv(planned.plan_file.parent / "leads.csv", dtype=str)["lead_id"]
    assert planned.decisions["lead_id"].tolist() == leads.tolist()
    assert all(rows["id"].isin(leads).all() for rows in planned.lists.values())


def test_a_limit_on_bad_is_refused_with_one_line(
    hillstrom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    limited = hillstrom.with_name("limited.toml")
    limited.write_text(hillstrom.read_text(encoding="utf-8"), encoding="utf-8")
    change_plan_file(limited, ("[limits]", "[limits]\nmax_bad_rate = 0.1"))
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", f"sqlite:///{tmp_path / 'acquire.db'}")
    assert cli.main(["plan", str(limited), "--out", str(tmp_path / "plan")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "acquire: max_bad_rate is 0.1, but history has no bad label; add column bad, or drop the limit\n"
    assert list(tmp_path.iterdir()) == []
