"""`acquire experiment read` on small folders: a plan with its holdout, a pilot, and what became of their leads."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from campaigns import cli
from campaigns.experiment_reading import ExperimentReading, ReadSettings, read_experiment
from campaigns.experiment_size import size_experiment
from campaigns.experiment_words import reading_lines, verdict
from tests.campaigns.small_experiments import what_became, write_plan

LATER = date(2027, 3, 1)
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The folder of a plan of 1,000 contacts and 160 controls in two channels."""
    write_plan(tmp_path / "plan")
    return tmp_path / "plan"


def outcomes_of(plan: Path, change: Change = lambda rows: rows) -> Path:
    """Write what became of the leads of `plan`, beside it."""
    file = plan.parent / "outcomes.csv"
    change(what_became(pd.read_parquet(plan / "decisions.parquet"))).to_csv(file, index=False)
    return file


def read(plan: Path, change: Change = lambda rows: rows, **settings: object) -> ExperimentReading:
    asked = ReadSettings(**settings)  # type: ignore[arg-type]
    return read_experiment([plan], outcomes_of(plan, change), today=LATER, settings=asked)


def test_a_plan_is_read_against_those_it_kept_back(plan: Path) -> None:
    found = read(plan)
    total = found.reading.total
    assert (total.contacts, total.controls) == (1_000, 160)
    assert total.plain.expected == pytest.approx(0.2 - 0.1)
    assert {one.name for one in found.reading.lines} == {"all", "feed", "mail"}
    assert found.by_lot == "contact"
    assert verdict(found).startswith("Contacts added bookings")


def test_what_the_plan_predicted_takes_variance_away(plan: Path) -> None:
    decisions = pd.read_parquet(plan / "decisions.parquet")
    # The prediction knows more here than any could.
    became = what_became(decisions)
    decisions["p_booked_control"] = decisions["lead_id"].isin(became.loc[became["booked"] == 1, "lead_id"]) * 0.3
    decisions.to_parquet(plan / "decisions.parquet", index=False)
    found = read(plan)
    assert found.before == ("p_booked_control",)
    assert found.reading.total.variance_saved > 0.9


def test_what_was_paid_is_used_where_it_is_written_down_and_else_what_was_expected(plan: Path) -> None:
    expected = read(plan)
    assert expected.is_spend_expected
    assert expected.reading.total.spend == pytest.approx(2_000)
    paid = read(plan, lambda rows: rows.assign(cost=3.0))
    assert not paid.is_spend_expected
    assert paid.reading.total.spend == pytest.approx(3_000)
    some = read(plan, lambda rows: rows.assign(cost=np.where(rows.index == 7, np.nan, 3.0)))
    assert some.reading.total.spend == pytest.approx(2_000)
    assert any("cost is empty for 1 of 1,000 contacts" in note for note in some.notes)


def test_controls_whose_outcomes_are_lost_make_the_figures_not_to_be_believed(plan: Path) -> None:
    controls = set(pd.read_parquet(plan / "decisions.parquet").query("decision == 'control'")["lead_id"].iloc[:40])
    found = read(plan, lambda rows: rows[~rows["lead_id"].isin(controls)])
    assert not found.ratio.sound
    assert verdict(found).startswith("Do not believe these figures")
    assert np.isnan(found.reading.total.incremental_cac.expected)


def test_a_holdout_of_another_size_than_declared_makes_them_so_too(plan: Path) -> None:
    assert not read(plan, control_share=0.05).ratio.sound
    assert read(plan, control_share=160 / 1_160).ratio.sound


def test_a_file_of_bookings_alone_is_read_as_one(plan: Path) -> None:
    def booked(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[rows["booked"] == 1]

    with pytest.raises(BadInput, match="add --rest not-booked"):
        read(plan, booked)
    found = read(plan, booked, rest="not-booked")
    assert found.ratio.sound
    assert any("outcomes that were lost cannot be seen" in note for note in found.notes)
    assert found.reading.total.difference.expected == pytest.approx(read(plan).reading.total.difference.expected)


def test_a_row_that_cannot_be_used_is_not_taken_for_no_booking(plan: Path) -> None:
    def spoilt(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.astype({"booked": str}).assign(booked=lambda r: r["booked"].where(r.index != 0, "perhaps"))

    found = read(plan, spoilt, rest="not-booked")
    assert found.reading.total.contacts == 999
    assert found.count.quarantined == 1


def test_controls_that_were_contacted_all_the_same_dilute_the_effect(plan: Path) -> None:
    decisions = pd.read_parquet(plan / "decisions.parquet").set_index("lead_id")["decision"]

    def delivered(rows: pd.DataFrame) -> pd.DataFrame:
        is_control = (rows["lead_id"].map(decisions) == "control").to_numpy()
        crossed = is_control & (np.cumsum(is_control) <= 32)
        return rows.assign(contacted_channel=np.where(~is_control, "feed", np.where(crossed, "sms", None)))

    found = read(plan, delivered)
    assert found.contamination.reached_controls == pytest.approx(32 / 160)
    assert [(one.contacted_in, one.leads) for one in found.contamination.crossings] == [("sms", 32)]
    assert found.per_reached.expected == pytest.approx(found.reading.total.difference.expected / 0.8)
    assert "32 controls of feed were contacted in sms" in "\n".join(reading_lines(found))


def test_two_plans_are_read_as_one_and_people_on_both_sides_are_counted(tmp_path: Path) -> None:
    first, second = write_plan(tmp_path / "one"), write_plan(tmp_path / "two", first=50_000)
    became = pd.concat([what_became(first), what_became(second)], ignore_index=True)
    half = len(became) // 2
    # The first 10 controls of the first plan are contacts of the second.
    person = np.concatenate([np.arange(half), half + np.arange(half)])
    person[half : half + 10] = np.arange(600, 610)
    became.assign(person_id=[f"P{i}" for i in person]).to_csv(tmp_path / "both.csv", index=False)
    found = read_experiment([tmp_path / "one", tmp_path / "two"], tmp_path / "both.csv", today=LATER)
    assert found.reading.total.contacts == 2_000
    assert found.contamination.people_in_both == 10
    assert any("10 people are a control in one row" in told for told in reading_lines(found))


def test_history_tells_who_booked_before(plan: Path) -> None:
    leads = what_became(pd.read_parquet(plan / "decisions.parquet"))
    leads["person_id"] = "P" + leads["lead_id"]
    history = pd.DataFrame({"person_id": leads["person_id"], "booked": leads["booked"], "contacted_on": "2026-01-05"})
    too_late = history.assign(contacted_on="2026-12-24", booked=1)
    pd.concat([history, too_late]).to_csv(plan.parent / "history.csv", index=False)
    found = read(plan, lambda rows: leads, history=plan.parent / "history.csv")
    assert found.before == ("p_booked_control", "earlier_rows", "earlier_booked")
    assert found.reading.total.variance_saved > 0.9


def test_what_went_bad_is_read_once_it_is_final(plan: Path) -> None:
    def labelled(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(bad=np.where(rows["booked"] == 1, rows.index % 4 == 0, np.nan))

    lines = list(reading_lines(read(plan, labelled)))
    told = next(line for line in lines if line.startswith("Bad: "))
    assert "of contacts' bookings" in told
    assert "bad rate of the extra: " in told
    assert json.loads(read(plan, labelled).to_json())["reading"]["lines"][0]["bad"]["matured"] == 1
    early = read(plan, lambda rows: labelled(rows).assign(bad=lambda r: r["bad"].where(r.index < 500)))
    assert any(line.startswith("Bad so far: ") and "not yet known" in line for line in reading_lines(early))
    assert not any(line.startswith("Bad") for line in reading_lines(read(plan)))
    # Where people were sorted by something other than the lot, the extra is not given.
    unsound = read(plan, labelled, control_share=0.05).reading.total.bad
    assert unsound is not None
    assert np.isnan(unsound.incremental_bad_rate.expected)


def test_a_reading_before_all_bookings_count_says_so(plan: Path) -> None:
    found = read_experiment([plan], outcomes_of(plan), today=date(2026, 12, 1))
    assert found.readable_on == date(2026, 12, 23)
    assert verdict(found).endswith("Too early: not all bookings count before 2026-12-23.")


def test_a_pilot_is_read_offer_by_offer(tmp_path: Path) -> None:
    pilot = tmp_path / "pilot"
    pilot.mkdir()
    offers = np.repeat(["control", "letter", "coupon"], [400, 300, 300])
    rows = pd.DataFrame({"lead_id": [f"L{i}" for i in range(1_000)], "channel": "crm", "offer": offers})
    rows.assign(propensity=0.3).to_parquet(pilot / "assignment.parquet", index=False)
    made = {
        "created_at": "2026-11-01T00:00:00+00:00",
        "currency": "CNY",
        "design": {"booked_readable_on": "2027-01-05"},
    }
    (pilot / "design.json").write_text(json.dumps(made), encoding="utf-8")
    place = rows.groupby("offer").cumcount()
    rows["booked"] = (place % rows["offer"].map({"control": 10, "letter": 10, "coupon": 4}) == 0).astype(int)
    rows[["lead_id", "booked"]].to_csv(tmp_path / "outcomes.csv", index=False)
    found = read_experiment([pilot], tmp_path / "outcomes.csv", today=LATER)
    by_offer = {one.name: one for one in found.reading.lines if one.what == "offer"}
    assert by_offer["coupon"].difference.expected == pytest.approx(0.15)
    assert not by_offer["letter"].is_known
    assert (found.by_lot, found.readable_on) == ("offer", date(2027, 1, 5))


def test_the_reading_is_json_with_null_where_nothing_is_known(plan: Path) -> None:
    content = json.loads(read(plan).to_json(), parse_constant=pytest.fail)
    assert content["reading"]["lines"][0]["is_known"] is True
    assert content["contamination"]["reached_controls"] is None
    assert content["ratio"]["sound"] is True


def test_the_columns_of_the_table_stand_under_each_other(plan: Path) -> None:
    table = [told for told in reading_lines(read(plan)) if told.startswith(("all ", "feed ", "mail "))]
    assert len(table) == 3
    assert len({row.index("points") for row in table}) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.drop(columns="booked"), "no column booked"),
        (lambda rows: rows.iloc[:0], "has no rows"),
        (lambda rows: rows.assign(lead_id="X" + rows["lead_id"]), "none of the 1160 leads"),
        (lambda rows: rows.assign(booked="often"), "rows cannot be used"),
        (lambda rows: rows.assign(cost=1e308), "cost: give a number within 1e.15 of 0"),
        (lambda rows: rows.assign(bad=1, booked=0), "only a booking can go bad"),
    ],
)
def test_outcomes_that_cannot_be_read_stop_in_one_line(plan: Path, change: Change, told: str) -> None:
    with pytest.raises(BadInput, match=told) as stopped:
        read(plan, change)
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"before": ("age",)}, "no column age"),
        ({"before": ("cost",)}, "--before cost is no column of your own"),
        ({"control_share": 1.0}, "control_share is 1"),
        ({"rest": "not-booked", "before": ("age",)}, "need a row for every lead"),
        ({"looks": 0}, "read 0 times"),
        ({"history": Path("absent.csv")}, "no person_id"),
    ],
)
def test_settings_that_do_not_fit_stop_in_one_line(plan: Path, settings: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        read(plan, **settings)


def test_a_folder_that_is_no_experiment_stops_in_one_line(plan: Path, tmp_path: Path) -> None:
    outcomes = outcomes_of(plan)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="neither a plan nor a pilot"):
        read_experiment([tmp_path / "empty"], outcomes, today=LATER)
    with pytest.raises(BadInput, match="drawn in two of the folders"):
        read_experiment([plan, plan], outcomes, today=LATER)
    decisions = pd.read_parquet(plan / "decisions.parquet")
    decisions[decisions["decision"] != "control"].to_parquet(plan / "decisions.parquet", index=False)
    with pytest.raises(BadInput, match="kept nobody back"):
        read_experiment([plan], outcomes, today=LATER)
    (plan / "plan.json").write_text("[]", encoding="utf-8")
    for stop in (lambda: read_experiment([plan], outcomes, today=LATER), lambda: size_experiment(plan)):
        with pytest.raises(BadInput, match="damaged or of another version"):
            stop()


@pytest.mark.parametrize(
    "change",
    [
        {"p_booked_control": np.inf},
        {"p_booked_control": -0.1},
        {"spend_coupon": 1e308},
        {"channel": None},
        {"lead_id": None},
    ],
)
def test_decisions_that_no_plan_writes_stop_in_one_line(plan: Path, change: dict[str, object]) -> None:
    pd.read_parquet(plan / "decisions.parquet").assign(**change).to_parquet(plan / "decisions.parquet", index=False)
    outcomes = plan.parent / "outcomes.csv"
    outcomes.write_text("lead_id,booked\nL00001,1\n")
    with pytest.raises(BadInput, match="damaged or of another version"):
        read_experiment([plan], outcomes, today=LATER)


def test_a_plan_of_absurd_size_is_not_sized(plan: Path) -> None:
    content = json.loads((plan / "plan.json").read_text())
    content["allocation"][0]["contacts"] = 1e308
    (plan / "plan.json").write_text(json.dumps(content))
    with pytest.raises(BadInput, match="damaged or of another version"):
        size_experiment(plan)


def test_the_commands_print_what_people_read_and_what_machines_read(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = str(outcomes_of(plan))
    assert cli.main(["experiment", "read", str(plan), outcomes]) == 0
    assert "Contacts added bookings" in capsys.readouterr().out
    assert cli.main(["experiment", "read", str(plan), outcomes, "--json", "--looks", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["looks"] == 2
    assert cli.main(["experiment", "size", str(plan), "--control-share", "0.1"]) == 0
    assert "days until readable" in capsys.readouterr().out
    assert cli.main(["experiment", "size", str(plan), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"][0]["name"] == "all"
    assert cli.main(["experiment", "size", str(plan), "--control-share", "2"]) == 2
    assert "control_share" in capsys.readouterr().err
