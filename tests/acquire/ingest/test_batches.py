"""Tables part by part: the same cells as the whole file at once, and the same words where it is not what it says."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acquire.errors import BadInput
from acquire.ingest import batches
from acquire.ingest.batches import column_names, read_batches
from acquire.ingest.sources import Columns, raw_table, read_source

TEXT = 'lead_id,channel,note\n007,feed,"one, two\nthree"\n008,,\n\n009,mail,Zürich\n'


def whole(path: Path) -> pd.DataFrame:
    return raw_table("leads", path, pa.concat_tables(read_batches(path)), Columns()).frame


def test_a_csv_read_in_parts_holds_what_the_whole_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode() + b"".join(b"%d,feed,x\n" % i for i in range(100, 400)))

    monkeypatch.setattr(batches, "_BLOCK_BYTES", 300)

    assert len(list(read_batches(path))) > 3
    pd.testing.assert_frame_equal(whole(path), read_source("leads", path, Columns()).frame)
    assert column_names(path) == ["lead_id", "channel", "note"]


@pytest.mark.parametrize("cell", ['5" screen', '"5"" screen"', '"one\ntwo"'])
def test_a_quote_that_means_itself_is_no_mistake(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(f"lead_id,channel\n1,{cell}\n2,b\n")

    for frame in (whole(path), read_source("leads", path, Columns()).frame):
        assert frame["lead_id"].tolist() == ["1", "2"]


def test_one_column_is_read_alone(tmp_path: Path) -> None:
    path, table = tmp_path / "leads.csv", tmp_path / "leads.parquet"
    path.write_text(TEXT)
    pq.write_table(pa.table({"lead_id": ["007", "008", "009"], "channel": ["feed", None, "mail"]}), table)

    for file in (path, table):
        (only,) = read_batches(file, ["lead_id"])
        assert only.to_pydict() == {"lead_id": ["007", "008", "009"]}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("leads.csv", b"", "is empty"),
        ("leads.csv", b" \n", "is empty"),
        ("leads.csv", b"PK\x03\x04rest", "workbook or zip"),
        ("leads.csv", b"lead_id,channel\n1,\x00", "neither Parquet nor UTF-8"),
        ("leads.csv", b"lead_id,channel\n1,a\n2,\xe9\n", "line 3"),
        ("leads.csv", b"lead_id,channel\n1,a\n2,\xc3", "line 3"),
        ("leads.csv", b"lead_id,channel\n1,a\n2,a,b\n", "line 3 has 3 cells"),
        ("leads.csv", b"lead_id,lead_id\n1,a\n", "more than once"),
        ("leads.csv", b'lead_id,channel\n0,z\n1,"a\n2,b\n', "line 3 is not closed"),
        ("leads.csv", b'lead_id,channel\n1,"a""\n2,"b"\n', "line 2 is not closed"),
        ("leads.parquet", b"lead_id,channel\n1,a\n", "not a Parquet file"),
        ("leads.csv", b"PAR1", "it is a Parquet file"),
        ("leads.parquet", b"PAR1", "damaged"),
        ("leads.parquet", b"PAR1" + bytes(100) + b"PAR1", "damaged"),
    ],
)
def test_what_is_not_what_it_says_is_told_in_the_same_words_as_of_a_whole_file(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(BadInput, match=told) as in_parts:
        list(read_batches(path))
    with pytest.raises(BadInput) as at_once:
        read_source("leads", path, Columns())

    assert str(in_parts.value) == str(at_once.value)


def test_bytes_that_are_no_text_are_found_after_the_first_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(b"lead_id\n" + "ü\n".encode() * 100 + b"\xff\n")
    monkeypatch.setattr(batches, "_BLOCK_BYTES", 64)

    with pytest.raises(BadInput, match="line 102"):
        list(read_batches(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"leads\.csv cannot be read"):
        list(read_batches(tmp_path / "leads.csv"))
