"""CSV that cannot run in a spreadsheet, and can be read back exactly."""

import csv
import io
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.spreadsheets import csv_bytes, original_cell, safe_cell

STARTS = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize("start", STARTS)
def test_a_text_that_would_run_gets_an_apostrophe(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("start", "=+-@＝＋－＠")
def test_blanks_in_front_do_not_hide_a_formula(start: str) -> None:
    assert safe_cell(f"  {start}1+1") == f"'  {start}1+1"


def test_a_harmless_text_stays_as_it_is() -> None:
    assert [safe_cell(text) for text in ("A-1", "007", "", "'quoted'", "张三")] == [
        "A-1",
        "007",
        "",
        "'quoted'",
        "张三",
    ]


@given(st.text(alphabet=st.sampled_from(STARTS + "'a 0,\"")))
def test_every_text_can_be_read_back(text: str) -> None:
    assert original_cell(safe_cell(text)) == text
    assert safe_cell(text)[:1] not in set(STARTS)


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1
    )
)
def test_ids_survive_the_way_through_a_file(ids: list[str]) -> None:
    written = csv_bytes(pd.DataFrame({"id": pd.Series(ids, dtype="str")})).decode()
    read = [row[0] for row in csv.reader(io.StringIO(written, newline=""))]
    assert [original_cell(cell) for cell in read[1:]] == ids


def test_numbers_stay_numbers_and_undefined_is_an_empty_cell() -> None:
    frame = pd.DataFrame({"channel": ["-north"], "extra": [-3.5], "cac": [np.nan], "at": [pd.NaT]}).assign(
        at=pd.Timestamp(datetime(2026, 11, 30, 8, tzinfo=UTC))
    )
    assert csv_bytes(frame) == b"channel,extra,cac,at\n'-north,-3.5,,2026-11-30T08:00:00Z\n"
