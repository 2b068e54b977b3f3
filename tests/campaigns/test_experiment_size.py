"""`acquire experiment size`: what a plan's own holdout will be able to tell, from the folder of the plan."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.frames import decisions_schema
from campaigns.experiment_size import SizeSettings, size_experiment, size_lines
from tests.campaigns.small_experiments import write_plan


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The folder of a plan of 1,000 contacts and 160 controls in two channels."""
    write_plan(tmp_path / "plan")
    return tmp_path / "plan"


def test_a_plan_says_what_its_holdout_will_tell_and_when(plan: Path) -> None:
    size = size_experiment(plan, SizeSettings(leads_weeks=2, booking_window_days=30, maturity_days=60))
    total = size.lines[0]
    assert (total.contacts, total.controls) == (1_000, 160)
    assert (total.p_control, total.uplift) == pytest.approx((0.1, 0.1))
    assert size.ends_on == date(2026, 12, 6)
    assert size.booked_readable_on == date(2027, 1, 6)
    assert size.bad_readable_on == date(2027, 3, 7)
    assert size.readable[0].days == np.ceil(14 * total.times_needed) + 30
    told = "\n".join(size_lines(size))
    assert "1,000 contacts against 160 controls" in told
    assert json.loads(size.to_json())["booked_readable_on"] == "2027-01-06"


def test_a_plan_that_kept_nobody_back_will_never_tell_and_says_what_would(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan", channels={"feed": (1_000, 0)})
    size = size_experiment(tmp_path / "plan")
    assert np.isnan(size.readable[0].days)
    assert 0 < size.share_needed < 0.2
    assert "never" in "\n".join(size_lines(size))


def test_whom_only_the_lot_contacts_is_left_out_as_nobody_was_kept_back_to_compare_them_with(tmp_path: Path) -> None:
    # Of 600 contacts of the feed 100 are the lot's, with half the chance to book of the others and nothing gained by contact.
    decisions = write_plan(tmp_path / "plan", channels={"feed": (600, 100)})
    by_lot = np.arange(len(decisions)) < 100
    decisions["reason"] = np.where(by_lot, "RANDOM_RESERVE", "CHOSEN")
    decisions["p_booked_coupon"] = np.where(by_lot, 0.1, 0.2)
    decisions["uplift_coupon"] = np.where(by_lot, 0.0, 0.1)
    decisions.to_parquet(tmp_path / "plan" / "decisions.parquet", index=False)
    size = size_experiment(tmp_path / "plan")
    total = size.lines[0]
    assert (total.contacts, total.controls, size.by_lot) == (500, 100, 100)
    assert total.uplift == pytest.approx(60 / 500)  # all 60 extra accounts are those of the plan's own 500
    assert total.p_control == pytest.approx((120 * 100 / 110 - 60) / 500)
    assert "100 contacts by lot ([explore]) are left out" in "\n".join(size_lines(size))


def test_other_shares_of_control_are_compared_by_what_they_tell_and_forgo(plan: Path) -> None:
    size = size_experiment(plan, SizeSettings(shares=(0.05, 0.4)))
    few, many = size.shares
    assert few.forgone < 0 < many.forgone
    assert few.chance < many.chance


def test_the_small_plan_has_the_columns_that_plans_promise(plan: Path) -> None:
    assert set(pd.read_parquet(plan / "decisions.parquet")) <= set(decisions_schema(["coupon"]).columns)


@pytest.mark.parametrize(
    ("settings", "told"), [({"leads_weeks": 0.0}, "stand for 0 weeks"), ({"shares": (0.0,)}, "control_share is 0")]
)
def test_settings_that_cannot_be_meant_stop_in_one_line(settings: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        SizeSettings(**settings)  # type: ignore[arg-type]


def test_a_folder_without_a_plan_or_with_one_that_contacts_nobody_stops_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"holds no plan\.json"):
        size_experiment(tmp_path / "empty")
    write_plan(tmp_path / "nobody", channels={})
    with pytest.raises(BadInput, match="contacts nobody"):
        size_experiment(tmp_path / "nobody")
