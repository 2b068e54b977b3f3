"""Rows that cannot be used are set aside with a reason; accepted + quarantined = read."""

import json
import math
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.ingest.checks import read_numbers
from acquire.ingest.tables import Columns, Sources, read_tables
from tests.acquire.ingest.conftest import SmallMarket


def spoil(frame: pd.DataFrame, row: int, column: str, value: Any, otherwise: Any = None) -> None:
    """Put one wrong value into a column that is sound (`otherwise`) everywhere else."""
    if column not in frame:
        frame[column] = otherwise
    frame[column] = frame[column].astype(object)
    frame.loc[row, column] = value


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("column", "value", "otherwise", "rule"),
    [
        ("booked", 7, None, "give 0 or 1"),
        ("booked", None, None, "it may not be empty"),
        ("booked", 0.5, None, "give 0 or 1"),
        ("channel", None, None, "it may not be empty"),
        ("offer", None, None, "it may not be empty"),
        ("lead_id", None, None, "it may not be empty"),
        ("contacted_on", "2026-06-02", "2026-05-01", "the date is in the future"),
        ("contacted_on", "31/12/2025", "2026-05-01", "give a date as 2026-01-31"),
        ("clicked", 2, 1, "give 0 or 1"),
        ("applied", -1, 1, "give 0 or 1"),
        ("approved", 9, 1, "give 0 or 1"),
        ("bad", 3, None, "give 0 or 1"),
        ("amount", -5, 10, "money may not be negative here"),
        ("amount", math.inf, 10, "give a finite number"),
        ("cost", -0.01, 1, "money may not be negative here"),
        ("revenue", math.inf, 0, "give a finite number"),
        ("propensity", 0, 0.5, "give a number above 0 and at most 1"),
        ("propensity", 1.5, 0.5, "give a number above 0 and at most 1"),
        ("propensity", None, 0.5, "it may not be empty"),
        ("income", math.inf, None, "give a finite number"),
        ("income", -math.inf, None, "give a finite number"),
    ],
)
def test_a_bad_value_in_history_sets_its_row_aside(
    market: SmallMarket, ending: str, column: str, value: object, otherwise: object, rule: str
) -> None:
    market.ending = ending
    spoil(market.history, 5, column, value, otherwise)
    if ending == "parquet" and isinstance(otherwise, str):
        market.history[column] = market.history[column].astype("str")
    tables = market.read()
    found = tables.quarantine
    assert found[["table", "row_number"]].values.tolist() == [["history", 6]]
    assert found["reason"][0].startswith(f"{column} is ")
    assert rule in found["reason"][0]
    assert json.loads(found["content"][0])["income"] is not None
    assert len(tables.history) == 39


@pytest.mark.parametrize(
    ("column", "value", "otherwise", "rule"),
    [
        ("lead_id", None, None, "it may not be empty"),
        ("channel", None, None, "it may not be empty"),
        ("channel", "fax", None, "the channels table lacks it"),
        ("consent", "maybe", None, "give 0 or 1"),
        ("do_not_contact", 2, 0, "give 0 or 1"),
        ("do_not_contact", None, 0, "it may not be empty"),
        ("amount", "plenty", 10, "give a number"),
        ("weight", 0, 1, "give a finite number above 0"),
        ("weight", math.inf, 1, "give a finite number above 0"),
        ("weight", "two", 1, "give a number"),
    ],
)
def test_a_bad_value_in_leads_sets_its_row_aside(
    market: SmallMarket, column: str, value: object, otherwise: object, rule: str
) -> None:
    spoil(market.leads, 3, column, value, otherwise)
    found = market.read().quarantine
    assert found[["table", "row_number"]].values.tolist() == [["leads", 4]]
    assert rule in found["reason"][0]


def test_every_copy_of_a_duplicate_lead_is_set_aside(market: SmallMarket) -> None:
    market.leads["lead_id"] = market.leads["lead_id"].replace("00107", "00102")
    tables = market.read()
    assert tables.quarantine["row_number"].tolist() == [3, 8]
    assert tables.quarantine["reason"].str.contains("more than once").all()
    assert len(tables.leads) == 18


def test_only_a_booking_can_be_bad_or_earn(market: SmallMarket) -> None:
    market.history["bad"] = [0.0, 1.0, None, None, None] + [None] * 35
    market.history["revenue"] = [0.0] * 4 + [9.0] + [0.0] * 35
    found = market.read().quarantine
    assert found["row_number"].tolist() == [2, 5]
    assert "leave it empty where nothing was booked" in found["reason"][0]
    assert "it is 0 where nothing was booked" in found["reason"][1]


def test_a_row_with_two_faults_is_set_aside_once_with_both_reasons(market: SmallMarket) -> None:
    spoil(market.history, 0, "booked", 7)
    spoil(market.history, 0, "amount", -1, 5)
    tables = market.read()
    assert len(tables.quarantine) == 1
    reason = tables.quarantine["reason"][0]
    assert reason.startswith("booked is ")
    assert "; amount is " in reason


def test_reason_and_content_speak_in_the_owners_names_and_values(market: SmallMarket) -> None:
    market.history = market.history.rename(columns={"booked": "visit"})
    spoil(market.history, 0, "visit", 7)
    found = market.read(rename={"visit": "booked"}).quarantine
    assert found["reason"][0] == "visit is '7': give 0 or 1"
    content = json.loads(found["content"][0])
    assert content["visit"] == "7"
    assert content["lead_id"] == "00000"


def test_content_is_json_even_where_a_value_is_infinite_or_missing(market: SmallMarket) -> None:
    market.ending = "parquet"
    market.history.loc[0, "income"] = math.inf
    market.history.loc[0, "job"] = None
    content = json.loads(market.read().quarantine["content"][0])
    assert content["income"] == "inf"
    assert content["job"] is None


def test_one_text_among_two_hundred_numbers_sets_its_row_aside(market: SmallMarket) -> None:
    market.history = pd.concat([market.history] * 5, ignore_index=True)
    market.history["lead_id"] = [f"h{i}" for i in range(200)]
    spoil(market.history, 9, "income", "a lot")
    tables = market.read()
    assert tables.quarantine["row_number"].tolist() == [10]
    assert "a lot" in tables.quarantine["reason"][0]
    assert {feature.name: feature.kind for feature in tables.features}["income"] == "numeric"


def test_texts_in_one_percent_and_more_make_a_category_with_a_note(market: SmallMarket) -> None:
    spoil(market.history, 9, "income", "a lot")
    tables = market.read()
    assert tables.quarantine.empty
    assert {feature.name: feature.kind for feature in tables.features}["income"] == "category"
    assert tables.notes == ("income holds texts in 2.5% of history: read as a category",)
    assert tables.leads["income"][0] == "1500.0"


def test_a_number_in_one_table_and_a_text_in_the_other_is_a_category_with_a_note(market: SmallMarket) -> None:
    market.ending = "parquet"
    market.history["grade"] = 1.0
    market.leads["grade"] = "A"
    tables = market.read()
    assert {feature.name: feature.kind for feature in tables.features}["grade"] == "category"
    assert tables.notes == ("grade is a number in history and a text in the other table: read as a category",)
    assert tables.history["grade"].unique().tolist() == ["1"]


def test_a_bad_value_in_an_excluded_column_harms_nobody(market: SmallMarket) -> None:
    spoil(market.history, 0, "income", math.inf)
    assert market.read(exclude=("income",)).quarantine.empty


def test_more_than_half_a_table_unusable_stops_and_says_why(market: SmallMarket) -> None:
    market.leads.loc[:10, "channel"] = "fax"
    message = r"leads\.csv: 11 of 20 rows .* more than half.*11 rows\): channel: the channels table lacks it"
    with pytest.raises(BadInput, match=message):
        market.read()


def test_exactly_half_a_table_unusable_goes_on(market: SmallMarket) -> None:
    market.leads.loc[:9, "channel"] = "fax"
    assert len(market.read().leads) == 10


def test_the_line_that_stops_holds_no_value_of_a_person(market: SmallMarket) -> None:
    market.leads["lead_id"] = "13800138000"
    with pytest.raises(BadInput) as stopped:
        market.read()
    assert "13800138000" not in str(stopped.value)


CELL: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, 7, -3, None, math.inf, -math.inf, math.nan, "", "x", "1", "true", "2026-01-31", "2031-01-01", "web", "00"]
)


@settings(max_examples=25, deadline=None)
@given(
    history=st.lists(st.tuples(st.integers(0, 39), st.sampled_from(range(6)), CELL), max_size=20),
    leads=st.lists(st.tuples(st.integers(0, 19), st.sampled_from(range(4)), CELL), max_size=10),
)
def test_whatever_is_in_the_cells_accepted_and_quarantined_add_up_to_read(
    history: list[tuple[int, int, Any]], leads: list[tuple[int, int, Any]]
) -> None:
    past = pd.DataFrame(
        {
            "lead_id": [f"{i:05d}" for i in range(40)],
            "channel": "web",
            "offer": ["control", "coupon"] * 20,
            "booked": [0, 0, 1, 1] * 10,
            "contacted_on": "2026-01-01",
            "income": range(40),
        }
    ).astype(object)
    coming = pd.DataFrame({"lead_id": range(20), "channel": "web", "consent": 1, "income": range(20)}).astype(object)
    for frame, cells in ((past, history), (coming, leads)):
        for row, column, value in cells:
            frame.iat[row, column] = value
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        past.to_csv(folder / "history.csv", index=False)
        coming.to_csv(folder / "leads.csv", index=False)
        (folder / "channels.csv").write_text("channel,partner,cost_per_contact,cost_per_booked\nweb,acme,1,0\n")
        sources = Sources(history=folder / "history.csv", leads=folder / "leads.csv", channels=folder / "channels.csv")
        try:
            tables = read_tables(sources, Columns(), assume_consent=False, today=date(2026, 6, 1))
        except BadInput:
            return
    assert [count.read for count in tables.counts] == [40, 20]
    for count, frame in zip(tables.counts, (tables.history, tables.leads), strict=True):
        assert count.accepted + count.quarantined == count.read
        assert len(frame) == count.accepted - count.unused
        assert (tables.quarantine["table"] == count.table).sum() == count.quarantined
    rows = tables.quarantine.groupby("table")["row_number"]
    assert rows.apply(lambda numbers: numbers.is_unique).all()


@given(st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=4)), max_size=8))
def test_a_cell_is_a_number_or_a_text_or_missing_and_never_two_of_them(cells: list[object]) -> None:
    values = pd.Series([None if cell is None else str(cell) for cell in cells], dtype="str")
    numbers, is_text = read_numbers(values)
    assert not (is_text & ~pd.isna(numbers)).any()
    assert not (is_text & values.isna().to_numpy()).any()
