"""The table of partner events: rows that cannot be meant are set aside, the rest is typed."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.ingest.partner_events import PartnerEvents, read_partner_events

NOW = datetime(2026, 2, 1, tzinfo=UTC)
GOOD = ("A,1,2026-01-05T08:00:00Z,0", "A,2,2026-01-05T09:00:00Z,1", "B,1,2026-01-05T09:00:00+08:00,")


def read(tmp_path: Path, *rows: str, header: str = "partner,lead_id,clicked_at,is_client") -> PartnerEvents:
    file = tmp_path / "events.csv"
    file.write_text("\n".join((header, *rows)) + "\n")
    return read_partner_events(file, NOW)


def test_instants_become_utc_and_flags_numbers(tmp_path: Path) -> None:
    events = read(tmp_path, *GOOD)
    assert events.frame["clicked_at"].iloc[2] == pd.Timestamp("2026-01-05T01:00:00Z")
    assert events.frame["is_client"].iloc[:2].tolist() == [0.0, 1.0]
    assert events.frame["is_client"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,9,2027-01-05T08:00:00Z,0", "clicked_at: the instant is in the future"),
        ("A,9,1970-01-01T00:00:00Z,0", "clicked_at: the instant is before the year 2000"),
        ("A,9,yesterday,0", "clicked_at: give an instant as 2026-01-31T08:00:00Z"),
        ("A,9,,0", "clicked_at: give clicked_at or applied_at"),
        ("A,9,2026-01-05T08:00:00Z,2", "is_client: give 0 or 1"),
        (",9,2026-01-05T08:00:00Z,0", "partner: it may not be empty"),
    ],
)
def test_a_row_that_cannot_be_meant_is_set_aside_with_its_reason(tmp_path: Path, row: str, reason: str) -> None:
    events = read(tmp_path, *GOOD, row)
    assert (events.count.read, events.count.accepted, events.count.quarantined) == (4, 3, 1)
    assert events.reasons == ((reason, 1),)
    assert events.quarantine["row_number"].tolist() == [4]


def test_both_copies_of_a_lead_are_set_aside_but_another_partner_may_use_the_same_id(tmp_path: Path) -> None:
    events = read(tmp_path, *GOOD, "B,7,2026-01-05T08:00:00Z,0", "A,2,2026-01-06T08:00:00Z,0")
    assert events.frame["lead_id"].tolist() == ["1", "1", "7"]


def test_every_other_column_is_a_feature_unless_it_is_an_outcome_or_an_id(tmp_path: Path) -> None:
    rows = [f"A,{n},2026-01-05T08:00:00Z,{n % 3},north,{n}.5,0,d{n}" for n in range(30)]
    header = "partner,lead_id,clicked_at,n_edits,region,amount,bad,device"
    events = read(tmp_path, *rows, header=header)
    assert events.features == ("region", "amount")
    assert events.frame["amount"].dtype == float
    [note] = events.notes
    assert note.startswith("device is ignored")


def test_parquet_and_csv_say_the_same(tmp_path: Path) -> None:
    from_csv = read(tmp_path, *GOOD).frame
    from_csv.to_parquet(tmp_path / "events.parquet")
    pd.testing.assert_frame_equal(read_partner_events(tmp_path / "events.parquet", NOW).frame, from_csv)


@pytest.mark.parametrize(
    ("header", "rows", "line"),
    [
        ("partner,lead_id,clicked_at", (), "events.csv has no rows; give one row per lead that a partner brought"),
        ("partners,lead_id,clicked_at", ("A,1,2026-01-05",), "has no column partner; did you mean partners?"),
        ("partner,lead,clicked_at", ("A,1,2026-01-05",), "events.csv has no column lead_id"),
        ("partner,lead_id,day", ("A,1,2026-01-05",), "events.csv has neither clicked_at nor applied_at"),
        ("partner,lead_id,clicked_at", ("A,1,x", "A,2,y"), "2 of 2 rows cannot be used"),
    ],
)
def test_a_table_that_cannot_be_used_stops_with_one_line(
    tmp_path: Path, header: str, rows: tuple[str, ...], line: str
) -> None:
    with pytest.raises(BadInput) as stopped:
        read(tmp_path, *rows, header=header)
    assert line in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_column_of_lists_is_ignored_with_a_note(tmp_path: Path) -> None:
    frame = pd.DataFrame({"partner": "A", "lead_id": ["1", "2"], "clicked_at": "2026-01-05T08:00:00Z"})
    frame.assign(pages=[[1], [2, 3]], form=[{"a": 1}, {"a": 2}]).to_parquet(tmp_path / "events.parquet")
    events = read_partner_events(tmp_path / "events.parquet", NOW)
    assert events.count.accepted == 2
    assert [note for note in events.notes if "holds lists or records and is ignored" in note and "pages" in note]
