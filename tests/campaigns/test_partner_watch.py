"""`acquire monitor partners` as a person or a script meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acquire.ingest.market.partner_draws import Fraud, draw_events, with_fraud
from acquire.ingest.market.partner_traffic import TrafficSpec, make_traffic
from campaigns import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Partner 02 of 4 takes to bots in its week 14, which begins on 14 April 2025."""
    traffic = make_traffic(TrafficSpec(n_partners=4, n_weeks=20, smallest=300, largest=400), np.random.default_rng(5))
    fraud = Fraud(kind="fast_bots", share=0.8, from_week=14, partners=(1,))
    file = tmp_path_factory.mktemp("events") / "events.parquet"
    draw_events(with_fraud(traffic, fraud), np.random.default_rng(6)).to_parquet(file)
    return file


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_words(*words: object) -> tuple[int, str, str]:
        exit_code = cli.main(["monitor", "partners", *map(str, words)])
        said = capsys.readouterr()
        return exit_code, said.out, said.err

    return run_words


def test_an_alarm_is_shown_with_its_evidence_and_the_exit_code_stays_0(run: Run, events: Path) -> None:
    exit_code, shown, _ = run(events)
    assert exit_code == 0
    assert "4 partners, 20 weeks from 2025-01-06" in shown
    assert "partner 02" in shown
    assert "applications came within" in shown
    assert "ask for click logs" in shown
    assert "at most this share of honest partners" in shown


def test_machines_get_the_same_as_json(run: Run, events: Path) -> None:
    exit_code, shown, _ = run(events, "--json")
    found = json.loads(shown)
    assert exit_code == 0
    assert {alarm["partner"] for alarm in found["alarms"]} == {"partner 02"}
    assert found["alarms"][0]["kind"] == "click_to_apply"
    assert found["read"] == found["accepted"] + found["quarantined"]
    assert found["skipped"] == []


def test_one_partner_and_a_day_narrow_what_is_shown(run: Run, events: Path) -> None:
    assert "No alarm" in run(events, "--partner", "partner 01")[1]
    assert "partner 02" in run(events, "--since", "2025-05-01")[1]
    assert "No alarm" in run(events, "--since", "2026-05-01")[1]


def test_what_cannot_be_watched_and_what_was_set_aside_is_said(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("partner,lead_id,applied_at\nA,1,2025-01-06\nA,2,2025-01-07\nB,3,soon\n")
    exit_code, shown, _ = run(file)
    assert exit_code == 0
    assert "3 rows read, 2 accepted, 1 set aside" in shown
    assert "1 x applied_at: give an instant as 2026-01-31T08:00:00Z" in shown
    assert "Not watched: click_to_apply (needs clicked_at and applied_at)" in shown
    assert "Not watched: resold_clients (needs is_client)" in shown


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--partner", "partner 99"), "has no partner 'partner 99'"),
        (("--time-zone", "Mars/North"), "time zone 'Mars/North' is not known"),
        (("--since", "soon"), "'soon' does not match the format"),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_code_2(run: Run, events: Path, words: tuple[str, ...], line: str) -> None:
    exit_code, shown, said = run(events, *words)
    assert (exit_code, shown) == (2, "")
    assert said.count("\n") == 1
    assert line in said


def test_a_table_without_partners_is_one_line_and_exit_code_2(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("lead_id,clicked_at\n1,2025-01-06\n")
    exit_code, _, said = run(file)
    assert exit_code == 2
    assert said == "acquire: events.csv has no column partner; rename the column that is meant\n"
