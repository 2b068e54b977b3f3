"""Who arrived when, and since when it is known what became of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from acquire.prefilter.arrivals import arrivals_of, estimate_maturity_days
from acquire.prefilter.fraud import ring_features
from tests.acquire.prefilter.ring_rows import TODAY, links, on_one

# Arrivals, by what the tables say


def past(rows: Sequence[tuple[str, str | None, float, float, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["lead_id", "contacted_on", "booked", "applied", "approved", "bad"])
    return frame.assign(channel="web", contacted_on=pd.to_datetime(frame["contacted_on"]).astype("datetime64[us]"))


LEADS = pd.DataFrame({"lead_id": ["x"], "channel": ["web"]})


def test_history_arrives_on_its_contact_and_leads_today() -> None:
    history = past(
        [("a", "2026-01-05", 1, 1, 1, 1), ("b", "2026-01-06", 0, 1, 0, np.nan), ("c", None, 0, 0, 0, np.nan)]
    )
    came = arrivals_of(history, LEADS, today=TODAY, maturity_days=30)
    assert came["lead_id"].tolist() == ["a", "b", "c", "x"]
    assert came["arrived_on"].tolist()[:2] == [pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-06")]
    assert came["arrived_on"].isna().tolist() == [False, False, True, False]
    assert came["arrived_on"].iloc[3] == pd.Timestamp(TODAY)
    assert came["bad_known_on"].iloc[0] == pd.Timestamp("2026-02-04")
    np.testing.assert_array_equal(came["refused"], [0, 1, np.nan, np.nan])


def test_the_day_it_went_bad_counts_where_history_has_it() -> None:
    history = past([("a", "2026-01-05", 1, 1, 1, 1), ("b", "2026-01-05", 1, 1, 1, 0)])
    history["bad_on"] = pd.to_datetime(["2026-01-20", None]).astype("datetime64[us]")
    known = arrivals_of(history, LEADS, today=TODAY, maturity_days=30)["bad_known_on"]
    assert known.tolist()[:2] == [pd.Timestamp("2026-01-20"), pd.Timestamp("2026-02-04")]


def test_a_history_of_four_columns_is_enough() -> None:
    history = pd.DataFrame({"lead_id": ["a"], "channel": ["web"], "offer": ["control"], "booked": [0.0]})
    came = arrivals_of(history, LEADS, today=TODAY, maturity_days=30)
    assert came["arrived_on"].isna().tolist() == [True, False]
    told = ring_features(links(*on_one("device", "D", "ax")), came)
    np.testing.assert_array_equal(told["ring_size"], [np.nan, 2])


@pytest.mark.parametrize(
    ("labelled_ages", "open_ages", "days"),
    [
        ([90, 80, 60], [10, 50], 60),
        ([90, 80, 20], [], 20),
        ([400, 300], [], 180),
        ([], [10, 20], 180),
        ([90, 80, 10], [20, 30, 60], 80),  # one label came early
    ],
)
def test_maturity_is_the_age_that_parts_known_labels_from_open_ones(
    labelled_ages: list[int], open_ages: list[int], days: int
) -> None:
    ages = [*labelled_ages, *open_ages]
    known = [0.0] * len(labelled_ages) + [np.nan] * len(open_ages)
    contacted = [str((pd.Timestamp(TODAY) - pd.Timedelta(days=age)).date()) for age in ages]
    history = past([(str(i), day, 1, 1, 1, bad) for i, (day, bad) in enumerate(zip(contacted, known, strict=True))])
    assert estimate_maturity_days(history, today=TODAY) == days


def test_maturity_is_the_default_without_dates_or_labels() -> None:
    history = past([("a", "2026-01-05", 1, 1, 1, 1)])
    assert estimate_maturity_days(history.drop(columns="contacted_on"), today=TODAY) == 180
    assert estimate_maturity_days(history.drop(columns="bad"), today=TODAY) == 180
