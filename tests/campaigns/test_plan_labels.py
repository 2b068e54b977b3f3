"""Labels that are missing, early, late or wrong, from the tables to the plan."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from campaigns.demo import write_demo_market
from tests.campaigns.small_plans import NOW, SMALLER, Planned, change_plan_file, copy_market, plan, small_market

LIMITS = """max_bad_rate = 0.10
bad_rate_confidence = 0.95
max_partner_share = 0.4
min_region_share = { home = 0.5 }"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small market with 300 leads under a loose limit: a plan in seconds. Read-only by agreement."""
    plan_file = write_demo_market(tmp_path_factory.mktemp("small"), small_market(SMALLER))
    leads = plan_file.parent / "leads.parquet"
    pd.read_parquet(leads).head(300).to_parquet(leads, index=False)
    change_plan_file(plan_file, (LIMITS, "max_contacts = 100\nmax_bad_rate = 0.5"))
    return plan_file.parent


@pytest.fixture
def planned(small: Path, tmp_path: Path) -> Callable[..., Planned]:
    """Plan with a changed history, and with changed texts in the plan file."""

    def run(change: Callable[[pd.DataFrame], pd.DataFrame], *texts: tuple[str, str]) -> Planned:
        plan_file = copy_market(small, tmp_path / "market")
        path = plan_file.parent / "history.parquet"
        change(pd.read_parquet(path)).to_parquet(path, index=False)
        change_plan_file(plan_file, *texts)
        return plan(plan_file, tmp_path)

    return run


def some_bookings(history: pd.DataFrame, n: int) -> pd.Index:
    return history.index[history["booked"] == 1][:n]


def spoil(history: pd.DataFrame) -> pd.DataFrame:
    """Three bookings each: contacted tomorrow, a first payment of 2, gone bad before the contact, gone bad tomorrow."""
    rows = some_bookings(history, 12)
    tomorrow = pd.Timestamp(NOW.date()) + pd.Timedelta(days=1)
    history = history.assign(bad_on=pd.Series(pd.NaT, index=history.index, dtype="datetime64[us]"))
    history.loc[rows[:3], "contacted_on"] = tomorrow
    history.loc[rows[3:6], "fpd1"] = 2.0
    history.loc[rows[6:9], "bad_on"] = history.loc[rows[6:9], "contacted_on"] - pd.Timedelta(days=1)
    history.loc[rows[9:12], "bad_on"] = tomorrow
    return history


def test_bookings_of_the_future_and_signs_that_are_none_are_set_aside_and_the_plan_goes_on(
    planned: Callable[..., Planned],
) -> None:
    done = planned(spoil)
    set_aside = pd.read_parquet(done.out / "quarantine.parquet")
    reasons = set_aside.loc[set_aside["table"] == "history", "reason"].str.split().str[0]
    assert reasons.value_counts().to_dict() == {"bad_on": 6, "contacted_on": 3, "fpd1": 3}
    read = next(table for table in done.json["tables"] if table["table"] == "history")
    assert read["quarantined"] == 12


def test_a_history_of_good_bookings_only_still_makes_a_plan_that_doubts_it(planned: Callable[..., Planned]) -> None:
    done = planned(lambda history: history.assign(bad=history["bad"].where(history["bad"].isna(), 0.0)))
    bad_rate = done.json["headline"]["bad_rate"]
    assert 0 < bad_rate["low"] < bad_rate["expected"] < bad_rate["high"] < 1
    assert any("every lead gets the average" in warning for warning in done.json["warnings"])


@pytest.mark.parametrize(
    ("change", "texts", "line"),
    [
        (lambda history: history, [("[risk]", "[risk]\nmaturity_days = 900")], "is 900 days old"),
        (lambda history: history.assign(bad=np.nan), [], "no bad label"),
        (lambda history: history.assign(bad=history["bad"] + 2), [], "bad"),
    ],
)
def test_labels_that_teach_nothing_stop_the_plan_with_the_way_out(
    planned: Callable[..., Planned],
    change: Callable[[pd.DataFrame], pd.DataFrame],
    texts: list[tuple[str, str]],
    line: str,
) -> None:
    with pytest.raises(BadInput, match=line):
        planned(change, *texts)
