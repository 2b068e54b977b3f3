"""`acquire replan`: the rest of a running campaign, from the folder of its plan and a list of contacts made."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from acquire.domain import Limits
from acquire.errors import BadInput, Infeasible
from campaigns.cli import main
from campaigns.frontier_lines import replan_lines
from campaigns.option_table import read_option_table
from campaigns.replan_document import Course
from campaigns.replans import replan
from tests.campaigns.small_frontiers import NOW, write_folder
from tests.campaigns.small_plan import CHANNELS

COURSE = Course(days=10, days_left=5, spent=math.nan, most_rise=0.5, changes={})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan's folder; no test changes it."""
    place: Path = tmp_path_factory.mktemp("replans") / "plan"
    write_folder(place, Limits(budget=300, max_bad_rate=0.4))
    return place


@pytest.fixture
def done(folder: Path, tmp_path: Path) -> Path:
    """The first third of the planned contacts was made."""
    decisions = pd.read_parquet(folder / "decisions.parquet")
    ids = decisions.loc[decisions["decision"] == "contact", ["lead_id"]]
    file = tmp_path / "done.csv"
    ids.iloc[: len(ids) // 3].to_csv(file, index=False)
    return file


def test_a_campaign_on_course_goes_on_as_planned(folder: Path, done: Path, tmp_path: Path) -> None:
    found = replan(folder, done, tmp_path / "out", COURSE, now=NOW)
    assert found.done.contacts == len(pd.read_csv(done))
    assert found.whole.spend <= 300 + 1e-6
    assert found.done.contacts + found.rest.contacts == found.whole.contacts
    assert found.rest.incremental == pytest.approx(found.planned_rest.incremental, rel=0.03)
    assert found.kept > 0.8 * found.planned_rest.contacts
    contacts = pd.read_parquet(tmp_path / "out" / "contacts.parquet")
    assert contacts["lead_id"].is_unique
    assert contacts["offer"].notna().sum() == found.rest.contacts
    assert (contacts["change"] == "kept").sum() == found.kept
    assert not set(contacts["lead_id"]) & set(pd.read_csv(done)["lead_id"])
    assert json.loads((tmp_path / "out" / "replan.json").read_text())["plan_id"] == found.plan_id


def test_what_was_overspent_is_spent_less_on_the_rest(folder: Path, done: Path) -> None:
    on_course = replan(folder, done, None, COURSE, now=NOW)
    over = replan(folder, done, None, replace(COURSE, spent=on_course.done.spend + 60), now=NOW)
    assert over.done.spend == pytest.approx(on_course.done.spend + 60)
    assert over.whole.spend <= 300 + 1e-6
    assert over.rest.contacts < on_course.rest.contacts
    assert over.dropped > 0


def test_what_channels_charge_once_they_are_used_is_counted_once_and_the_parts_add_up(tmp_path: Path) -> None:
    feed, mail = CHANNELS
    write_folder(tmp_path / "plan", Limits(budget=300), (replace(feed, fixed_cost=40.0), mail))
    decisions = pd.read_parquet(tmp_path / "plan" / "decisions.parquet")
    made = decisions.loc[(decisions["decision"] == "contact") & (decisions["channel"] == "feed"), ["lead_id"]].iloc[:10]
    made.to_csv(tmp_path / "done.csv", index=False)

    found = replan(tmp_path / "plan", tmp_path / "done.csv", None, replace(COURSE, spent=75.0), now=NOW)

    # Of the 75 that were spent in all, 40 were the channel's own charge; the rest pays for its contacts alone.
    assert found.done.spend == pytest.approx(75.0)
    for name in ("contacts", "spend", "booked", "incremental", "value"):
        assert getattr(found.done, name) + getattr(found.rest, name) == pytest.approx(getattr(found.whole, name))
    assert found.whole.spend <= 300 + 1e-6


def test_costs_of_single_contacts_count_as_they_are(folder: Path, done: Path) -> None:
    rows = pd.read_csv(done).assign(cost=4.0)
    rows.to_csv(done, index=False)
    assert replan(folder, done, None, COURSE, now=NOW).done.spend == pytest.approx(4.0 * len(rows))


def test_what_booked_so_far_counts_as_it_is(folder: Path, done: Path) -> None:
    rows = pd.read_csv(done)
    n = len(rows)
    expected = replan(folder, done, None, COURSE, now=NOW)
    rows.assign(booked=[1] * 20 + [0] * (n - 20), bad=[1.0] * 2 + [0.0] * 8 + [math.nan] * (n - 10)).to_csv(
        done, index=False
    )
    found = replan(folder, done, None, COURSE, now=NOW)
    assert (found.outcomes.known, found.outcomes.booked, found.outcomes.matured, found.outcomes.bad) == (n, 20, 10, 2)
    assert found.outcomes.booked_expected == pytest.approx(expected.done.booked)
    assert found.done.booked == 20
    # Two of the ten matured ones are bad; the ten others are as bad as such bookings are.
    assert 2 < found.done.bad_rate * 20 < 10
    told = "\n".join(replan_lines(found))
    assert f"Of {n} contacts with a known outcome 20 booked (" in told
    assert "; of 10 matured bookings 2 went bad." in told
    assert "known outcome" not in "\n".join(replan_lines(expected))


def test_bad_outcomes_so_far_use_up_room_for_risk(folder: Path, done: Path) -> None:
    rows = pd.read_csv(done)

    def after(n_bad: int) -> float:
        rows.assign(booked=1, bad=[1] * n_bad + [0] * (len(rows) - n_bad)).to_csv(done, index=False)
        found = replan(folder, done, None, COURSE, now=NOW)
        assert found.done.bad_rate == pytest.approx(n_bad / len(rows))
        return next(limit.used for limit in found.limits if limit.name == "max_bad_rate")

    assert after(0) < after(len(rows) // 3) <= 0.4
    with pytest.raises(Infeasible, match=r"raise max_bad_rate from 0\.4"):
        after(len(rows))


def test_what_went_bad_must_have_booked(folder: Path, done: Path) -> None:
    rows = pd.read_csv(done)
    cases: tuple[dict[str, int | None], ...] = ({"bad": 1}, {"booked": 0, "bad": 1}, {"booked": None, "bad": 1})
    for outcomes in cases:
        rows.assign(**outcomes).to_csv(done, index=False)
        with pytest.raises(BadInput, match=f"{len(rows)} rows are bad but not booked; give booked 1"):
            replan(folder, done, None, COURSE, now=NOW)


def test_more_money_from_now_on_is_spent_no_faster_than_channels_deliver(folder: Path, done: Path) -> None:
    rich = replan(folder, done, None, replace(COURSE, changes={"budget": 10_000.0}, most_rise=0.0), now=NOW)
    paces = {limit.name: limit for limit in rich.limits if limit.name.startswith("pace")}
    assert set(paces) == {"pace[feed]", "pace[mail]"}
    assert all(limit.used <= limit.allowed for limit in paces.values())
    assert any(limit.binding for limit in paces.values())


def test_another_offer_than_planned_may_have_been_made(folder: Path, done: Path) -> None:
    rows = pd.read_csv(done).assign(offer="coupon")
    rows.to_csv(done, index=False)
    table = read_option_table(folder)
    found = replan(folder, done, None, COURSE, now=NOW)
    leads = pd.read_parquet(folder / "decisions.parquet")["lead_id"]
    mine = leads.iloc[table.row].isin(rows["lead_id"]).to_numpy() & (table.options.offer == 0)
    assert found.done.incremental == pytest.approx(table.options.incremental[mine].sum())


def test_a_promise_that_the_rest_cannot_keep_says_what_to_raise(folder: Path, done: Path) -> None:
    with pytest.raises(Infeasible, match=r"raise max_bad_rate from 0\.2 to at least 0\."):
        replan(folder, done, None, replace(COURSE, changes={"max_bad_rate": 0.2}), now=NOW)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ({"lead_id": ["stranger"]}, "1 of 1 rows are of leads or offers that the plan could not contact"),
        ({"lead_id": ["L0000"], "offer": ["gift"]}, "that the plan could not contact"),
        ({"lead": ["L0000"]}, "lead_id"),
    ],
)
def test_contacts_that_the_plan_could_not_make_are_bad_input(
    folder: Path, tmp_path: Path, rows: dict[str, list[str]], line: str
) -> None:
    file = tmp_path / "done.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    with pytest.raises(BadInput, match=line):
        replan(folder, file, None, COURSE, now=NOW)


@pytest.mark.parametrize(("days", "left"), [(0.0, 0.0), (10.0, 11.0), (10.0, 0.0)])
def test_days_that_cannot_be_are_bad_input(days: float, left: float) -> None:
    with pytest.raises(BadInput, match="give days above 0"):
        replace(COURSE, days=days, days_left=left)


def test_the_command_says_what_changed(folder: Path, done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["replan", str(folder), str(done), "--days", "10", "--days-left", "5"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "5 of 10 days are left." in printed
    assert "to do now" in printed
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["days_left"] == 5
    assert main([*words, "--set", "budget"]) == 2
    assert "is not LIMIT=FIGURE" in capsys.readouterr().err
    assert replan_lines(replan(folder, done, None, COURSE, now=NOW))
