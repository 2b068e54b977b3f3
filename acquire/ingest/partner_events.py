"""The table of partner events: one row per lead that a partner brought, checked and typed.

Rows that cannot be meant are set aside with a reason; a column that is not there only means that some kinds of partner fraud
cannot be watched.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from acquire.errors import BadInput
from acquire.ingest.checks import Sieve, TableCount, read_numbers, read_texts
from acquire.ingest.named import RESERVED
from acquire.ingest.sources import Columns, nearest, read_source

INSTANTS = ("clicked_at", "applied_at", "booked_at")
FLAGS = ("approved", "booked", "is_client")
COUNTS = ("n_missing", "n_edits")
NAMED = ("partner", "lead_id", *INSTANTS, *FLAGS, *COUNTS)

# Features by name although the contract reserves them elsewhere.
_FEATURES_BY_NAME = frozenset({"region", "amount"})
_EARLIEST = pd.Timestamp("2000-01-01", tz="UTC")
_MOST_OF_IDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerEvents:
    """What a file of partner events holds.

    Attributes:
        frame: Accepted rows: `partner`, `lead_id`, and what there is of INSTANTS (UTC), FLAGS and COUNTS (float, NaN where
            unknown), then the features (float or text).
        features: Columns that say who the leads are.
        quarantine: Rows set aside: table, row_number (data rows from 1), reason, content (JSON of the row as written).
        count: accepted + quarantined = read.
        reasons: Why rows were set aside, without their values: column and rule, with the number of rows, most first.
        notes: What a reader should know, a sentence each.
    """

    frame: pd.DataFrame
    features: tuple[str, ...]
    quarantine: pd.DataFrame
    count: TableCount
    reasons: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


def read_partner_events(path: Path, now: datetime) -> PartnerEvents:
    """Read a Parquet or CSV file of partner events.

    Args:
        path: The file.
        now: An instant after it is in the future, and its row set aside.

    Raises:
        BadInput: The file is not what it says, lacks `partner`, `lead_id` or both of `clicked_at` and `applied_at`, has no
            rows, or more than half of its rows cannot be used.
    """
    raw = read_source("events", path, Columns())
    sieve = Sieve(raw)
    _check_columns(sieve)
    sieve.read_name("partner", required=True)
    sieve.read_name("lead_id", required=True)
    _reject_copies(sieve)
    for name in INSTANTS:
        _read_instant(sieve, name, now)
    _reject_without_arrival(sieve)
    for name in FLAGS:
        sieve.read_flag(name)
    for name in COUNTS:
        _read_count(sieve, name)
    features, notes = _read_features(sieve)
    sieve.check_usable()
    return PartnerEvents(
        frame=sieve.accepted(),
        features=features,
        quarantine=sieve.quarantine(),
        count=sieve.count(),
        reasons=_reasons(sieve),
        notes=(*raw.notes, *notes),
    )


def _reasons(sieve: Sieve) -> tuple[tuple[str, int], ...]:
    rows = {f"{fault.column}: {fault.rule}": int(fault.rows.sum()) for fault in sieve.faults}
    return tuple(sorted(rows.items(), key=lambda reason: -reason[1]))


def _check_columns(sieve: Sieve) -> None:
    there = sieve.raw.frame.columns
    for column in ("partner", "lead_id"):
        if column not in sieve:
            raise BadInput(
                f"{sieve.raw.file} has no column {column}{nearest(column, there)}; rename the column that is meant"
            )
    if "clicked_at" not in sieve and "applied_at" not in sieve:
        hint = nearest("clicked_at", there)
        raise BadInput(
            f"{sieve.raw.file} has neither clicked_at nor applied_at{hint}; give one instant of arrival per lead"
        )
    if not len(sieve):
        raise BadInput(f"{sieve.raw.file} has no rows; give one row per lead that a partner brought")


def _reject_copies(sieve: Sieve) -> None:
    """A partner's lead id stands once; another partner may use the same id."""
    pairs = pd.DataFrame({name: sieve.clean[name] for name in ("partner", "lead_id")})
    copies = pairs.duplicated(keep=False) & pairs.notna().all(axis=1)
    sieve.reject("lead_id", copies.to_numpy(), "it is there more than once for this partner")


def _read_instant(sieve: Sieve, name: str, now: datetime) -> None:
    if name not in sieve:
        return
    values = sieve.raw.frame[name]
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        instants = pd.to_datetime(values, utc=True)
        is_text = np.zeros(len(values), dtype=np.bool_)
    else:
        texts = read_texts(values)
        instants = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
        is_text = (texts.notna() & instants.isna()).to_numpy()
    sieve.reject(name, is_text, "give an instant as 2026-01-31T08:00:00Z")
    sieve.reject(name, (instants > pd.Timestamp(now)).to_numpy(), "the instant is in the future")
    sieve.reject(name, (instants < _EARLIEST).to_numpy(), "the instant is before the year 2000")
    sieve.clean[name] = instants.astype("datetime64[us, UTC]")


def _reject_without_arrival(sieve: Sieve) -> None:
    columns = [name for name in ("clicked_at", "applied_at") if name in sieve]
    empty = np.logical_and.reduce([sieve.raw.frame[name].isna().to_numpy() for name in columns])
    sieve.reject(columns[0], empty, "give clicked_at or applied_at")


def _read_count(sieve: Sieve, name: str) -> None:
    if name not in sieve:
        return
    numbers, is_text = read_numbers(sieve.raw.frame[name])
    is_bad = is_text | np.isinf(numbers) | (numbers < 0)
    sieve.reject(name, is_bad, "give a whole number of at least 0")
    sieve.clean[name] = np.round(numbers)


def _read_features(sieve: Sieve) -> tuple[tuple[str, ...], list[str]]:
    """Every column that has no other meaning; those with nearly as many values as rows are ids, not features."""
    features, notes = [], []
    for name in sieve.raw.frame.columns:
        if name in NAMED or (name in RESERVED and name not in _FEATURES_BY_NAME):
            continue
        values = sieve.raw.frame[name]
        numbers, is_text = read_numbers(values)
        if not is_text.any() and not np.isinf(numbers).any():
            sieve.clean[name] = numbers
        elif _looks_like_ids(values):
            notes.append(
                f"{name} is ignored: it has nearly as many values as there are rows, so it says nothing of a mix"
            )
            continue
        else:
            sieve.clean[name] = read_texts(values)
        features.append(name)
    return tuple(features), notes


def _looks_like_ids(values: "pd.Series[Any]") -> bool:
    return len(values) > 20 and values.nunique() > _MOST_OF_IDS * len(values)
