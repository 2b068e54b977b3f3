"""Row by row: what is wrong with a value, and which rows are set aside for it.

A `Sieve` goes through one table column by column. Each named column is read into the type that `acquire.frames` states;
rows whose value cannot be meant are marked with a reason. At the end the table falls into accepted rows and quarantined
ones: accepted + quarantined = read.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.errors import BadInput
from acquire.ingest.sources import RawTable, nearest

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

MORE_THAN_ONCE = "it is there more than once"
_MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "none", "null"})
_TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Rows that cannot be used, and why. `rule` never holds a value; the value is added row by row."""

    column: str
    rows: Flags
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """What became of the rows of one table: accepted + quarantined = read.

    `unused` of the accepted rows are sound, but of an offer that this plan does not have.
    """

    table: str
    read: int
    accepted: int
    quarantined: int
    unused: int = 0


def read_numbers(values: "pd.Series[Any]") -> tuple[Floats, Flags]:
    """Numbers of a column, NaN where missing; and which rows hold something that is no number.

    Words for "missing" (NA, null ...) are missing; true and false are 1 and 0.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan), np.zeros(len(values), dtype=np.bool_)
    if not isinstance(values.dtype, pd.StringDtype):
        return np.full(len(values), np.nan), values.notna().to_numpy()
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    odd = np.flatnonzero(np.isnan(numbers) & values.notna().to_numpy())
    words = values.iloc[odd].astype(object).str.strip().str.casefold()
    numbers[odd] = words.map(_TRUTH).to_numpy(dtype=np.float64)
    is_text = np.zeros(len(values), dtype=np.bool_)
    is_text[odd] = np.isnan(numbers[odd]) & ~words.isin(_MISSING_WORDS).to_numpy()
    return numbers, is_text


def read_texts(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column as text; missing where it is empty. 3.0 becomes "3", as a CSV file would say it."""
    if isinstance(values.dtype, pd.StringDtype):
        return values.where(values != "")
    if pd.api.types.is_numeric_dtype(values.dtype):
        texts = values.astype("Float64").map(lambda number: f"{number:.15g}", na_action="ignore")
        return texts.astype("str")
    return values.map(str, na_action="ignore").astype("str")


class Sieve:
    """Takes one raw table apart, column by column.

    Attributes:
        raw: The table as it was written.
        clean: Columns read so far, in the types of `acquire.frames`.
        faults: What was found wrong.
    """

    def __init__(self, raw: RawTable) -> None:
        self.raw = raw
        self.clean: dict[str, Any] = {}
        self.faults: list[Fault] = []

    def __contains__(self, column: str) -> bool:
        return column in self.raw.frame.columns

    def __len__(self) -> int:
        return len(self.raw.frame)

    def require(self, *columns: str) -> None:
        """Raise BadInput unless the table has every one of `columns`."""
        for column in columns:
            if column not in self:
                hint = nearest(column, self.raw.frame.columns)
                remedy = "" if hint else "; if it has another name there, say so in [columns]"
                raise BadInput(f"{self.raw.file} has no column {column}{hint}{remedy}")

    def reject(self, column: str, rows: Flags, rule: str) -> None:
        """Mark `rows`, shape (n,), as unusable because of `column`."""
        if rows.any():
            self.faults.append(Fault(column=column, rows=rows, rule=rule))

    def read_name(self, column: str, *, required: bool) -> None:
        """Read an id or a name: text, kept as written."""
        if column not in self:
            return
        texts = read_texts(self.raw.frame[column])
        if required:
            self.reject(column, texts.isna().to_numpy(), "it may not be empty")
        self.clean[column] = texts

    def read_flag(self, column: str, *, required: bool = False) -> None:
        """Read a 0/1 column, NaN where not known."""
        numbers = self._read_numbers(column, "give 0 or 1")
        if numbers is None:
            return
        known = ~np.isnan(numbers)
        self.reject(column, known & ~np.isin(numbers, (0.0, 1.0)), "give 0 or 1")
        if required:
            self._reject_empty(column, ~known)

    def read_money(self, column: str) -> None:
        """Read money that may not be negative, NaN where not known."""
        numbers = self._read_numbers(column, "give a number")
        if numbers is not None:
            self.reject(column, np.isinf(numbers), "give a finite number")
            self.reject(column, numbers < 0, "money may not be negative here")

    def read_revenue(self, column: str) -> None:
        """Read money that may be negative, NaN where not known."""
        numbers = self._read_numbers(column, "give a number")
        if numbers is not None:
            self.reject(column, np.isinf(numbers), "give a finite number")

    def read_positive(self, column: str, *, most: float = math.inf) -> None:
        """Read a number above 0 and at most `most`, always known."""
        numbers = self._read_numbers(column, "give a number")
        if numbers is None:
            return
        rule = "give a finite number above 0" if math.isinf(most) else f"give a number above 0 and at most {most:g}"
        self.reject(column, ~np.isnan(numbers) & ~((numbers > 0) & (numbers <= most) & np.isfinite(numbers)), rule)
        self._reject_empty(column, np.isnan(numbers))

    def read_day(self, column: str, today: date) -> None:
        """Read a date that is not after `today`; missing where not known."""
        if column not in self:
            return
        texts = read_texts(self.raw.frame[column])
        days = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None).dt.normalize()
        self.reject(column, (texts.notna() & days.isna()).to_numpy(), "give a date as 2026-01-31")
        self.reject(column, (days > pd.Timestamp(today)).to_numpy(), "the date is in the future")
        self.clean[column] = days.astype("datetime64[us]")

    def reject_copies(self, column: str) -> None:
        """Mark every row whose `column` another row has too: nobody can say which is right."""
        ids = self.clean[column]
        self.reject(column, (ids.duplicated(keep=False) & ids.notna()).to_numpy(), MORE_THAN_ONCE)

    def rejected(self) -> Flags:
        """Which rows are marked, shape (n,)."""
        marked = np.zeros(len(self), dtype=np.bool_)
        for fault in self.faults:
            marked |= fault.rows
        return marked

    def accepted(self) -> pd.DataFrame:
        """The rows without a fault, in the order of the file."""
        frame = pd.DataFrame(self.clean, index=self.raw.frame.index)
        return frame.loc[~self.rejected()].reset_index(drop=True)

    def count(self) -> TableCount:
        """How many rows were read, accepted and quarantined."""
        marked = int(self.rejected().sum())
        return TableCount(table=self.raw.table, read=len(self), accepted=len(self) - marked, quarantined=marked)

    def quarantine(self) -> pd.DataFrame:
        """The marked rows as written: table, row_number (data rows from 1), reason, content (JSON)."""
        rows = np.flatnonzero(self.rejected())
        return pd.DataFrame(
            {
                "table": pd.Series([self.raw.table] * len(rows), dtype="str"),
                "row_number": rows.astype(np.int64) + 1,
                "reason": pd.Series(self._reasons(rows), dtype="str"),
                "content": pd.Series(self._contents(rows), dtype="str"),
            }
        )

    def check_usable(self) -> None:
        """Raise BadInput when more than half of the rows are marked, naming the most frequent reason."""
        count = self.count()
        if 2 * count.quarantined <= count.read:
            return
        worst = max(self.faults, key=lambda fault: int(fault.rows.sum()))
        raise BadInput(
            f"{self.raw.file}: {count.quarantined} of {count.read} rows cannot be used, more than half; the most "
            f"frequent reason ({int(worst.rows.sum())} rows): {self.raw.own(worst.column)}: {worst.rule}"
        )

    def _read_numbers(self, column: str, rule: str) -> Floats | None:
        if column not in self:
            return None
        numbers, is_text = read_numbers(self.raw.frame[column])
        self.reject(column, is_text, rule)
        self.clean[column] = numbers
        return numbers

    def _reject_empty(self, column: str, empty: Flags) -> None:
        already = [fault.rows for fault in self.faults if fault.column == column]
        for rows in already:
            empty = empty & ~rows
        self.reject(column, empty, "it may not be empty")

    def _reasons(self, rows: NDArray[np.int64]) -> list[str]:
        reasons: dict[int, list[str]] = {int(row): [] for row in rows}
        for fault in self.faults:
            own, at = self.raw.own(fault.column), np.flatnonzero(fault.rows)
            for row, value in zip(at, self.raw.frame[fault.column].iloc[at], strict=True):
                reasons[int(row)].append(f"{own} is {_shown(value)}: {fault.rule}")
        return ["; ".join(reasons[int(row)]) for row in rows]

    def _contents(self, rows: NDArray[np.int64]) -> list[str]:
        marked = self.raw.frame.iloc[rows].rename(columns=dict(self.raw.own_names))
        records = cast(Sequence[dict[str, Any]], marked.to_dict("records"))
        return [json.dumps({k: _json_value(v) for k, v in record.items()}, ensure_ascii=False) for record in records]


def _shown(value: object) -> str:
    plain = _json_value(value)
    if plain is None:
        return "empty"
    return repr(plain if len(str(plain)) <= 80 else f"{str(plain)[:77]}...")


def _json_value(value: object) -> object:
    """JSON has no NaN and no infinity: missing is null, the infinite is written out."""
    if isinstance(value, np.ndarray | list | tuple):
        return [_json_value(item) for item in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) else float(value) if math.isfinite(value) else str(value)
    if isinstance(value, np.integer):
        return int(value)
    return value if isinstance(value, bool | int | str) else str(value)
