"""CSV files as their owners wrote them: cells stay text, and what is no such file is told in one line."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from acquire.errors import BadInput

QUOTE = b'"'
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_csv(path: Path, content: bytes) -> pa.Table:
    """Read the bytes of a CSV file; every cell is text.

    Raises:
        BadInput: It is no UTF-8 text, or no CSV of lines of one length.
    """
    content = content.removeprefix(_BYTE_ORDER_MARK)
    _check_text(path, content)
    if content.count(QUOTE) % 2:
        check_quotes(path, io.StringIO(content.decode("utf-8"), newline=""))
    names = read_header(path, content)
    ragged: list[str] = []

    def note_ragged(row: Any) -> str:
        ragged.append(f"line {row.number} has {row.actual_columns} cells, the header {row.expected_columns}")
        return "skip"

    parsing, converting = csv_options(names, note_ragged)
    try:
        table = pa_csv.read_csv(
            io.BytesIO(content),
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=parsing,
            convert_options=converting,
        )
    except pa.ArrowException:
        raise BadInput(f"{path.name} is not what it says: it cannot be read as CSV; check its quotes") from None
    if ragged:
        raise BadInput(f"{path.name}: {ragged[0]}; mend the line, or put cells that hold commas in quotes")
    return table


def csv_options(
    names: Sequence[str], on_ragged: Callable[[Any], str], only: Sequence[str] | None = None
) -> tuple[pa_csv.ParseOptions, pa_csv.ConvertOptions]:
    """How every CSV is read: cells are text, an empty one is missing; `on_ragged` hears of lines of another length."""
    return (
        pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_ragged),
        pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            include_columns=only,
        ),
    )


def read_header(path: Path, content: bytes) -> list[str]:
    """Give the column names of a CSV file from its bytes, or the first of them.

    Raises:
        BadInput: It has no header.
    """
    refuse_no_text(path, content)
    text = content.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    try:
        return next(row for row in csv.reader(io.StringIO(text, newline="")) if row)
    except (StopIteration, csv.Error):
        raise BadInput(f"{path.name} is not what it says: it has no header line of column names") from None


def refuse_no_text(path: Path, content: bytes) -> None:
    """Raise BadInput where some bytes of a file say that it is no text."""
    if content.startswith(b"PK\x03\x04"):
        raise BadInput(f"{path.name} is not what it says: it is a workbook or zip archive; save the sheet as CSV UTF-8")
    if b"\x00" in content:
        raise BadInput(f"{path.name} is not what it says: it is neither Parquet nor UTF-8 text")


def check_quotes(path: Path, lines: Iterable[str]) -> None:
    """Raise BadInput where a cell's quote is never closed: everything after it would pass for that one cell.

    Asked of files with an odd number of quotes only, as it takes its time.
    """
    reader, started = csv.reader(lines, strict=True), 1
    try:
        for _ in reader:
            started = reader.line_num + 1
    except csv.Error:
        raise BadInput(
            f"{path.name} is not what it says: a quote in the cells of line {started} is not closed; check its quotes"
        ) from None


def _check_text(path: Path, content: bytes) -> None:
    refuse_no_text(path, content)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path.name} is not UTF-8 text (line {line}); save it as CSV UTF-8") from None
