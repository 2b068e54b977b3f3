"""A table part by part, for files that need not fit into memory: the same cells as `acquire.ingest.sources` reads at once."""

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from acquire.errors import BadInput
from acquire.ingest.csv_files import QUOTE, check_quotes, csv_options, read_header, refuse_no_text
from acquire.ingest.sources import check_ending, check_names

ROWS_AT_ONCE = 20_000
_BLOCK_BYTES = 1 << 20


def read_batches(path: Path, only: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Read a Parquet or CSV file part by part; its content decides which, and its ending must agree. CSV cells are text.

    Args:
        path: The file.
        only: Columns to read; None: all. The file has them.

    Raises:
        BadInput: The file cannot be read, or is not what it says; for a Parquet file perhaps not before its later parts.
    """
    batches = _parquet(path, only) if _is_parquet(path) else _csv(path, only)
    for batch in batches:
        if batch.num_rows:
            yield pa.Table.from_batches([batch]).replace_schema_metadata(None)


def column_names(path: Path) -> list[str]:
    """Give the names of a file's columns, in their order.

    Raises:
        BadInput: The file cannot be read, or is not what it says.
    """
    if not _is_parquet(path):
        return read_header(path, _first_block(path))
    with _open_parquet(path) as file:
        return list(file.schema_arrow.names)


def _is_parquet(path: Path) -> bool:
    start = _first_block(path)
    if not start.strip():
        raise BadInput(f"{path.name} is empty; give a Parquet or CSV file with a header")
    return check_ending(path, start)


def _first_block(path: Path) -> bytes:
    try:
        with path.open("rb") as raw:
            return raw.read(_BLOCK_BYTES)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}") from None


def _parquet(path: Path, only: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    with _open_parquet(path) as file:
        batches = file.iter_batches(batch_size=ROWS_AT_ONCE, columns=only, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError):
                raise _damaged(path) from None
            if batch is None:
                return
            yield batch


def _open_parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=_BLOCK_BYTES)
    except (pa.ArrowException, OSError):
        raise _damaged(path) from None


def _damaged(path: Path) -> BadInput:
    return BadInput(f"{path.name} is not what it says: the Parquet file is damaged; write it again")


def _csv(path: Path, only: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    names = column_names(path)
    check_names(path, names)
    _check_text(path)
    ragged: list[str] = []

    def note_ragged(row: Any) -> str:
        at = "a line" if row.number is None else f"line {row.number}"
        ragged.append(f"{at} has {row.actual_columns} cells, the header {row.expected_columns}")
        return "skip"

    parsing, converting = csv_options(names, note_ragged, only)
    try:
        with pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=parsing,
            convert_options=converting,
        ) as reader:
            for batch in reader:
                _check_ragged(path, ragged)
                yield batch
    except pa.ArrowException:
        raise BadInput(f"{path.name} is not what it says: it cannot be read as CSV; check its quotes") from None
    _check_ragged(path, ragged)


def _check_ragged(path: Path, ragged: Sequence[str]) -> None:
    if ragged:
        raise BadInput(f"{path.name}: {ragged[0]}; mend the line, or put cells that hold commas in quotes")


def _check_text(path: Path) -> None:
    """Raise BadInput unless the whole file is UTF-8 text; block by block."""
    decoder, line, quotes = codecs.getincrementaldecoder("utf-8")(), 1, 0
    with path.open("rb") as raw:
        while block := raw.read(_BLOCK_BYTES):
            refuse_no_text(path, block)
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                raise BadInput(f"{path.name} is not UTF-8 text (line {line}); save it as CSV UTF-8") from None
            line += block.count(b"\n")
            quotes += block.count(QUOTE)
    if decoder.getstate()[0]:
        raise BadInput(f"{path.name} is not UTF-8 text (line {line}); save it as CSV UTF-8")
    if quotes % 2:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            check_quotes(path, lines)
