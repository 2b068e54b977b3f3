"""Reading a table as its owner wrote it: a Parquet or CSV file becomes a raw frame, nothing dropped, nothing guessed.

CSV cells stay text, so that an id keeps its leading zeros; what is a number is decided column by column later. Parquet
keeps its types, except that names and ids become text and every instant becomes UTC.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from acquire.domain import CONTROL
from acquire.errors import BadInput
from acquire.ingest.csv_files import read_csv

TEXT_COLUMNS = frozenset(
    {"lead_id", "person_id", "channel", "offer", "region", "partner", "affiliate_group", "channels", "contacted_on"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the input tables are.

    Attributes:
        offers: None: every offer of history other than control, free of charge.
        links: None: nothing is known of what leads share.
        current_plan: None: nobody said what runs today.
        price_tiers: None: a channel charges every contact the same.
        spend_history: None: nothing is known of what more or less spend did.
        traffic: None: the leads are those to decide on, not a picture of those to come.
    """

    history: Path
    leads: Path
    channels: Path
    offers: Path | None = None
    links: Path | None = None
    current_plan: Path | None = None
    price_tiers: Path | None = None
    spend_history: Path | None = None
    traffic: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How the owner's columns differ from the contract's.

    Attributes:
        rename: Own name -> contract's name.
        control: The value of `offer` that means control.
        exclude: Never a feature: leaking or useless.
        protected: Never a feature nor a rule field; its groups are watched.
        dose: Column of the offers table that holds a number in which offers differ, besides `price` and `limit`.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    control: str = CONTROL
    exclude: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    dose: str | None = None

    def own(self, standard: str) -> str:
        """The owner's name of a column of the contract."""
        return next((own for own, name in self.rename.items() if name == standard), standard)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One file as it was written, its columns under the contract's names.

    Attributes:
        table: "history", "leads", "channels" or "offers".
        file: The file's name, for messages.
        frame: One row per data row; CSV cells are text.
        own_names: Contract's name -> the owner's, where the two differ.
        hash: SHA-256 of the file, hex.
        notes: What was left out while reading.
    """

    table: str
    file: str
    frame: pd.DataFrame
    own_names: Mapping[str, str]
    hash: str
    notes: tuple[str, ...]

    def own(self, column: str) -> str:
        """The owner's name of `column`."""
        return self.own_names.get(column, column)


def nearest(word: str, known: "pd.Index[Any] | list[str]") -> str:
    """A hint for a misspelt word: "; did you mean x?" where something is near, else empty."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def read_source(table: str, path: Path, columns: Columns, *, texts: frozenset[str] = TEXT_COLUMNS) -> RawTable:
    """Read one table from its file.

    Args:
        table: The table's name in the contract.
        path: A Parquet or CSV file; its content decides which, and its ending must agree.
        columns: The owner's names. Only those that the file has are renamed.
        texts: Columns that are text whatever they look like.

    Raises:
        BadInput: The file is missing, cannot be read, is not what it says, or names a column twice.
    """
    content = _content(path)
    return raw_table(table, path, _arrow(path, content), columns, hash=hashlib.sha256(content).hexdigest(), texts=texts)


def raw_table(
    table: str,
    path: Path,
    arrow: pa.Table,
    columns: Columns,
    *,
    hash: str = "",  # noqa: A002 - the field's name
    texts: frozenset[str] = TEXT_COLUMNS,
) -> RawTable:
    """Give a table, or some rows of one, that was read from the file at `path`; see `read_source`.

    Raises:
        BadInput: A column is named twice.
    """
    check_names(path, arrow.column_names)
    arrow, nested = _without_nested(path, arrow)
    arrow, notes = _without_row_numbers(path, arrow)
    renamed = {own: name for own, name in columns.rename.items() if own in arrow.column_names and own != name}
    arrow, dropped = _renamed(path, arrow, renamed)
    return RawTable(
        table=table,
        file=path.name,
        frame=pd.DataFrame({name: _series(arrow.column(name), is_text=name in texts) for name in arrow.column_names}),
        own_names={name: own for own, name in renamed.items()},
        hash=hash,
        notes=(*nested, *notes, *dropped),
    )


def _without_nested(path: Path, arrow: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """Leave out columns whose cells are lists or records: they are no number, text or date."""
    nested = [field.name for field in arrow.schema if pa.types.is_nested(field.type)]
    notes = tuple(f"column {name} of {path.name} holds lists or records and is ignored" for name in nested)
    return arrow.drop_columns(nested), notes


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path.name} is not there (looked in {path.parent}); correct [data] in the plan file") from None
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise BadInput(f"{path.name} is empty; give a Parquet or CSV file with a header")
    return content


def _arrow(path: Path, content: bytes) -> pa.Table:
    return _parquet(path, content) if check_ending(path, content) else read_csv(path, content)


def check_ending(path: Path, start: bytes) -> bool:
    """Tell whether a file that starts like this is Parquet (else it should be CSV).

    Raises:
        BadInput: The file's ending says otherwise.
    """
    is_parquet = start.startswith(b"PAR1")
    said = path.suffix.lower()
    if said in {".parquet", ".pq"} and not is_parquet:
        raise BadInput(f"{path.name} is not what it says: it is not a Parquet file; name it .csv if it holds CSV")
    if said in {".csv", ".txt", ".tsv"} and is_parquet:
        raise BadInput(f"{path.name} is not what it says: it is a Parquet file; name it .parquet")
    return is_parquet


def _parquet(path: Path, content: bytes) -> pa.Table:
    try:
        return pq.ParquetFile(io.BytesIO(content)).read(use_threads=False).replace_schema_metadata(None)
    except (pa.ArrowException, OSError):
        raise BadInput(f"{path.name} is not what it says: the Parquet file is damaged; write it again") from None


def check_names(path: Path, names: list[str]) -> None:
    """Raise BadInput where a file names a column twice."""
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise BadInput(f"{path.name} has the column {twice[0]} more than once; keep one")


def _without_row_numbers(path: Path, arrow: pa.Table) -> tuple[pa.Table, list[str]]:
    """Row numbers that other tools write beside the data follow the order of the file: never a feature."""
    kept = [i for i, name in enumerate(arrow.column_names) if name and not name.startswith("__index_level_")]
    if len(kept) == arrow.num_columns:
        return arrow, []
    return arrow.select(kept), [f"{path.name}: a column of row numbers without a name is ignored"]


def _renamed(path: Path, arrow: pa.Table, renamed: Mapping[str, str]) -> tuple[pa.Table, list[str]]:
    shadowed = [name for own, name in renamed.items() if name in arrow.column_names and name not in renamed]
    arrow = arrow.drop_columns(shadowed).rename_columns(
        [renamed.get(name, name) for name in arrow.column_names if name not in shadowed]
    )
    return arrow, [f"{path.name}: its own column {name} is ignored, [columns] names another" for name in shadowed]


def _series(column: pa.ChunkedArray, *, is_text: bool) -> "pd.Series[Any]":
    plain = _plain(column)
    if is_text and not pa.types.is_nested(plain.type):
        plain = _as_text(plain)
    series: pd.Series[Any] = plain.to_pandas()
    return series


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_decimal(kind) or pa.types.is_null(kind) or pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8())
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us"), safe=False)
    return _decoded(column) if _holds_bytes(kind) else column


def _holds_bytes(kind: pa.DataType) -> bool:
    return any(is_kind(kind) for is_kind in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_string_view))


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Some writers store texts as bytes without saying so; bytes that are no UTF-8 text stay bytes."""
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        return column


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Ids and names as text. A whole number that became 12.0 because others are missing is 12 again."""
    if pa.types.is_floating(column.type):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:
            return column.cast(pa.string())
    return column if _holds_bytes(column.type) else column.cast(pa.string())
