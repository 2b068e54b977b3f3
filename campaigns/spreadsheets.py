"""CSV that is safe to open in a spreadsheet.

A cell that starts with = + - @, a tab or a line break runs as a formula, also with full-width characters or behind
blanks. Such a text gets one apostrophe in front, which spreadsheets take as "this is text". Programs that read the file
take it off again: `original_cell` undoes exactly what `safe_cell` did. Numbers are never changed.
"""

import csv
import re

import pandas as pd

_RUNS = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def safe_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run."""
    return f"'{text}" if _RUNS.match(text) else text


def original_cell(cell: str) -> str:
    """Undo `safe_cell`."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Write a frame as CSV: UTF-8, one header line, undefined as an empty cell, instants as 2026-11-30T08:00:00Z."""
    safe = frame.assign(**{str(name): _safe_column(frame[name]) for name in frame.columns})
    # The writer quotes a line feed by itself, but not a lone carriage return, which readers take for the end of a row.
    if any("\r" in cell for name in safe.columns for cell in safe[name] if isinstance(cell, str)):
        return safe.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).encode()
    return safe.to_csv(index=False, lineterminator="\n").encode()


def _safe_column(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        instants: pd.Series = column.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        return instants
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    return column.map(lambda cell: safe_cell(cell) if isinstance(cell, str) else cell)
