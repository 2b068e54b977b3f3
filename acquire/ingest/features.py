"""Which columns the models may use, and whether each is a number or a category.

Features are the columns that history and leads share, with channel, region and amount; never ids, flags, dates or
outcomes, nor what the plan file excludes or protects. All other columns are kept in the frames, typed as they look, for
policy rules and groups.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.ingest.checks import Flags, Floats, Sieve, read_numbers, read_texts
from acquire.ingest.named import RESERVED
from acquire.ingest.sources import Columns, nearest

FEW_TEXTS = 0.01
_MOSTLY_DIFFERENT = 0.9
_ENOUGH_ROWS_TO_TELL = 100
_DAY = r"\d{4}-\d{2}-\d{2}(?:[ T].*)?"

Look = Literal["empty", "numeric", "mixed", "category", "date", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one column of one table looks like.

    Attributes:
        look: "mixed" is a number with a few texts in it.
        numbers: The column as numbers, shape (n,); NaN where it is none.
        is_text: Rows that hold a text, shape (n,).
        text_share: Texts among the cells that are not empty.
    """

    look: Look
    numbers: Floats
    is_text: Flags
    text_share: float


def choose_features(history: Sieve, leads: Sieve, columns: Columns) -> tuple[tuple[Feature, ...], list[str]]:
    """Choose the features, read every column that is not named by the contract, and note what is left out."""
    barred = {columns.rename.get(name, name) for name in columns.exclude | columns.protected}
    features, notes = _named_features(history, leads, barred), []
    both = [column for column in history.raw.frame.columns if column in leads and column not in RESERVED]
    for column in both:
        if column in barred:
            _read_as_it_looks(column, history, leads)
            continue
        feature, note = _read_feature(column, history, leads)
        features += [feature] if feature else []
        notes += [note] if note else []
    for sieve, other in ((history, leads), (leads, history)):
        notes += _read_alone(sieve, other, barred)
    return tuple(features), notes


def check_columns(history: Sieve, leads: Sieve, columns: Columns) -> None:
    """Raise BadInput when [columns] names what neither table has: a misspelt column to leave out would leak."""
    known = [sieve.raw.own(column) for sieve in (history, leads) for column in sieve.raw.frame.columns]
    asked = {"exclude": columns.exclude, "protected": columns.protected}
    for key, names in {**asked, **{name: {own} for own, name in columns.rename.items()}}.items():
        for name in sorted(names):
            if name not in known and name not in history and name not in leads:
                raise BadInput(
                    f"[columns] {key} names {name}, which neither {history.raw.file} nor {leads.raw.file} has"
                    f"{nearest(name, known)}"
                )


def _named_features(history: Sieve, leads: Sieve, barred: set[str]) -> list[Feature]:
    named = (
        Feature(name="channel", kind="category"),
        Feature(name="region", kind="category"),
        Feature(name="amount", kind="numeric"),
    )
    return [f for f in named if f.name in history and f.name in leads and f.name not in barred]


def _read_feature(column: str, history: Sieve, leads: Sieve) -> tuple[Feature | None, str | None]:
    readings = {sieve: look_at(sieve.raw.frame[column]) for sieve in (history, leads)}
    looks = {reading.look for reading in readings.values()}
    for look, what in (("date", "a date"), ("other", "neither a number nor a text")):
        if look in looks:
            _read_as_it_looks(column, history, leads)
            return None, f"{column} is {what}: not used as a feature"
    if "category" in looks:
        return _read_category(column, readings)
    for sieve, reading in readings.items():
        sieve.clean[column] = reading.numbers
        sieve.reject(column, reading.is_text, "a text where nearly all others are numbers; give a number")
        sieve.reject(column, np.isinf(reading.numbers), "give a finite number")
    return Feature(name=column, kind="numeric"), None


def _read_category(column: str, readings: dict[Sieve, Reading]) -> tuple[Feature | None, str | None]:
    texts = {sieve: read_texts(sieve.raw.frame[column]) for sieve in readings}
    for sieve, values in texts.items():
        sieve.clean[column] = values
    if any(_is_like_an_id(values) for values in texts.values()):
        return None, f"{column} differs in nearly every row, like an id: not used as a feature"
    return Feature(name=column, kind="category"), _category_note(column, readings)


def _category_note(column: str, readings: dict[Sieve, Reading]) -> str | None:
    for sieve, reading in readings.items():
        if reading.look == "category" and reading.text_share < 1:
            return f"{column} holds texts in {reading.text_share:.1%} of {sieve.raw.table}: read as a category"
    numeric = [sieve.raw.table for sieve, reading in readings.items() if reading.look in {"numeric", "mixed"}]
    if numeric:
        return f"{column} is a number in {numeric[0]} and a text in the other table: read as a category"
    return None


def look_at(values: "pd.Series[Any]") -> Reading:
    """Tell whether a column is a number, a category, a date or something else."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _reading("date", len(values))
    if not (pd.api.types.is_numeric_dtype(values.dtype) or isinstance(values.dtype, pd.StringDtype)):
        return _reading("other", len(values))
    numbers, is_text = read_numbers(values)
    n_texts, n_known = int(is_text.sum()), int(is_text.sum() + np.isfinite(numbers).sum() + np.isinf(numbers).sum())
    share = n_texts / n_known if n_known else 0.0
    look: Look = "empty" if not n_known else "numeric" if not n_texts else "mixed" if share < FEW_TEXTS else "category"
    if share == 1 and bool(values.dropna().str.fullmatch(_DAY).all()):
        look = "date"
    return Reading(look=look, numbers=numbers, is_text=is_text, text_share=share)


def _reading(look: Look, n_rows: int) -> Reading:
    return Reading(look=look, numbers=np.full(n_rows, np.nan), is_text=np.zeros(n_rows, dtype=np.bool_), text_share=0.0)


def _is_like_an_id(values: "pd.Series[Any]") -> bool:
    n_known = int(values.notna().sum())
    return n_known >= _ENOUGH_ROWS_TO_TELL and values.nunique() > _MOSTLY_DIFFERENT * n_known


def _read_as_it_looks(column: str, *sieves: Sieve) -> None:
    """Keep a column that is no feature: numbers only where every table holds nothing else."""
    readings = {sieve: look_at(sieve.raw.frame[column]) for sieve in sieves}
    looks = {reading.look for reading in readings.values()}
    for sieve, reading in readings.items():
        if looks <= {"numeric", "empty"}:
            sieve.clean[column] = reading.numbers
        elif pd.api.types.is_datetime64_any_dtype(sieve.raw.frame[column].dtype):
            sieve.clean[column] = sieve.raw.frame[column]
        else:
            sieve.clean[column] = read_texts(sieve.raw.frame[column])


def _read_alone(sieve: Sieve, other: Sieve, barred: set[str]) -> list[str]:
    alone = [column for column in sieve.raw.frame.columns if column not in other and column not in RESERVED]
    for column in alone:
        _read_as_it_looks(column, sieve)
    told = [column for column in alone if column not in barred]
    return [f"only {sieve.raw.table} has {', '.join(told)}: not used as a feature"] if told else []
