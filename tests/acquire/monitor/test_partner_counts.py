"""Leads into counts: what stands in the rows stands in the counts, week by local week."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from acquire.monitor.partner_counts import count_weeks
from acquire.monitor.partner_signals import _typical
from acquire.partner_weeks import PartnerWeeks

SHANGHAI = ZoneInfo("Asia/Shanghai")


def instants(*texts: str | None) -> "pd.Series":
    return pd.to_datetime(pd.Series(texts), utc=True, format="ISO8601").astype("datetime64[us, UTC]")


def five_leads(**columns: object) -> pd.DataFrame:
    """A's leads arrive on three days in one week, B's on the Monday after it (Sunday evening UTC)."""
    clicked = ("2026-01-05T00:00Z", "2026-01-06T04:00Z", "2026-01-07T20:00Z", "2026-01-11T15:59Z", "2026-01-11T16:01Z")
    frame = pd.DataFrame({"partner": ["A", "A", "A", "B", "B"], "clicked_at": instants(*clicked)})
    return frame.assign(**columns)


def counts(frame: pd.DataFrame, *features: str, booking_days: int = 30) -> PartnerWeeks:
    return count_weeks(frame, features, time_zone=SHANGHAI, booking_days=booking_days)


def test_a_week_begins_on_the_local_monday() -> None:
    weeks = counts(five_leads())
    assert [str(monday) for monday in weeks.mondays] == ["2026-01-05", "2026-01-12"]
    assert weeks.leads.tolist() == [[3, 0], [1, 1]]


def test_hours_are_local() -> None:
    hours = counts(five_leads()).hours
    assert hours is not None
    assert np.flatnonzero(hours[0, 0]).tolist() == [4, 8, 12]


def test_times_are_counted_in_doubling_bins_and_repeats_beside_the_one_before() -> None:
    seconds = pd.to_timedelta([30, 30, 100, -5, 1], unit="s")
    frame = five_leads()
    weeks = counts(frame.assign(applied_at=frame["clicked_at"] + seconds))
    assert weeks.times is not None
    assert weeks.repeats is not None
    assert weeks.times[0, 0, 5] == 2  # over 16 up to 32 seconds
    assert weeks.times[0, 0, 7] == 1
    assert weeks.times[1, :, 0].tolist() == [1, 1]  # before the click counts as 0 seconds
    assert weeks.repeats.seen.tolist() == [[1, 0], [0, 0]]
    assert weeks.repeats.of.tolist() == [[2, 0], [0, 1]]


def test_perfect_and_equal_forms_are_counted_where_the_form_is_known() -> None:
    weeks = counts(five_leads(n_missing=[0.0, 0, 1, np.nan, 2], n_edits=[0.0, 0, 0, 1, 0]))
    assert weeks.perfect is not None
    assert weeks.alike is not None
    assert (weeks.perfect.seen.tolist(), weeks.perfect.of.tolist()) == ([[2, 0], [0, 0]], [[3, 0], [0, 1]])
    assert (weeks.alike.seen.tolist(), weeks.alike.of.tolist()) == ([[1, 0], [0, 0]], [[2, 0], [0, 0]])


def test_only_leads_that_had_all_their_days_are_asked_whether_they_drew() -> None:
    frame = five_leads(approved=[1.0, 1, 1, 1, 1], booked=[0.0, 1, np.nan, 0, 0])
    undrawn = counts(frame, booking_days=5).undrawn
    assert undrawn is not None
    assert (undrawn.seen[0].tolist(), undrawn.of[0].tolist()) == ([1, 0], [2, 0])
    assert undrawn.of[1].sum() == 0


def test_a_booking_after_those_days_counts_for_nothing() -> None:
    booked_at = instants("2026-01-11T00:00Z", "2026-01-07T00:00Z", None, None, None)
    frame = five_leads(approved=1.0, booked=[1.0, 1, 0, 0, 0], booked_at=booked_at)
    undrawn = counts(frame, booking_days=4).undrawn
    assert undrawn is not None
    assert (undrawn.seen[0, 0], undrawn.of[0, 0]) == (1, 2)


def test_what_the_events_lack_is_not_counted() -> None:
    weeks = counts(five_leads())
    missing = (weeks.times, weeks.repeats, weeks.perfect, weeks.alike, weeks.clients, weeks.undrawn)
    assert missing == (None,) * 6
    assert weeks.mixes == ()


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        (["x", "y", "x", None, "y"], ("x", "y", "other", "missing")),
        ([1.0, 2.0, 1.0, np.nan, 2.0], ("1", "2", "other", "missing")),
    ],
)
def test_a_feature_is_counted_by_class_and_missing_is_a_class(values: list[object], bins: tuple[str, ...]) -> None:
    [mix] = counts(five_leads(region=values), "region").mixes
    assert mix.bins == bins
    assert mix.counts.sum(axis=(0, 1)).tolist() == [2, 2, 0, 1]


def test_a_number_with_many_values_is_counted_in_fifths() -> None:
    frame = pd.concat([five_leads()] * 20, ignore_index=True).assign(amount=np.arange(100.0))
    [mix] = counts(frame, "amount").mixes
    assert mix.counts.sum(axis=(0, 1)).tolist() == [20, 20, 20, 20, 20, 0]


def test_partners_with_a_lead_each_leave_no_typical_hour_and_no_warning() -> None:
    histogram = np.zeros((5, 1, 24))
    histogram[np.arange(5), 0, np.arange(5)] = 1
    assert _typical(histogram).tolist() == [1 / 24] * 24
