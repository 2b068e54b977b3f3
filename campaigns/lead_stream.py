"""A file of leads, some rows at a time: each part is checked and typed as `acquire plan` would, and memory stays flat."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.util import hash_array

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.ingest.batches import column_names, read_batches
from acquire.ingest.checks import MORE_THAN_ONCE, Sieve, read_numbers, read_texts
from acquire.ingest.named import read_some_leads
from acquire.ingest.sources import Columns, nearest, raw_table

Flags = NDArray[np.bool_]

_ID = "lead_id"
_RINGS = "ring_"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTerms:
    """What every part of the file is read by.

    Attributes:
        features: Columns that the models read.
        numbers: Further columns that are read as numbers: the score that an approval goes by.
        channels: Names of the channels that leads may come from.
        columns: The owner's column names.
        assume_consent: Leads count as having consented where they have no consent column.
        rings: Figures of each lead's ring by lead_id, where links are known; None: the file has them, or none are read.
    """

    features: tuple[Feature, ...]
    numbers: tuple[str, ...]
    channels: tuple[str, ...]
    columns: Columns
    assume_consent: bool
    rings: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPart:
    """Some rows of the file, in its order.

    Attributes:
        lead_id, channel: As written, for every row.
        leads: The rows that can be used, typed.
        usable: Which rows those are, shape (n,).
        reason: Why a row cannot be used, shape (n,); None where it can.
        faults: What is wrong, whatever the value, with the number of rows.
    """

    lead_id: pd.Series
    channel: pd.Series
    leads: pd.DataFrame
    usable: Flags
    reason: NDArray[np.object_]
    faults: Mapping[str, int]


def read_parts(path: Path, terms: LeadTerms) -> Iterator[LeadPart]:
    """Read a file of leads (Parquet or CSV) part by part; before that its ids once, to find leads that are there twice.

    Raises:
        BadInput: The file cannot be read, is not what it says, or lacks a column that the models read.
    """
    copies, is_empty = _find_copies(path, terms.columns), True
    for rows in read_batches(path):
        yield _part(path, rows, terms, copies)
        is_empty = False
    if is_empty:
        raise BadInput(f"{path.name} has no leads; nothing to score")


def _find_copies(path: Path, columns: Columns) -> frozenset[str]:
    """Give the ids that are there more than once. Holds 8 bytes per lead: a hash of its id."""
    names = column_names(path)
    own = [name for name in (columns.own(_ID), _ID) if name in names][:1]
    if not own:
        return frozenset()
    hashes = np.sort(np.concatenate([np.empty(0, np.uint64), *(_hashes(ids) for ids in _read_ids(path, own, columns))]))
    suspects = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if not len(suspects):
        return frozenset()
    counts: Counter[str] = Counter()
    for ids in _read_ids(path, own, columns):
        counts.update(ids[np.isin(_hashes(ids), suspects)].tolist())
    return frozenset(name for name, times in counts.items() if times > 1)


def _read_ids(path: Path, own: list[str], columns: Columns) -> Iterator["pd.Series[str]"]:
    for rows in read_batches(path, own):
        sieve = Sieve(raw_table("leads", path, rows, columns))
        sieve.read_name(_ID, required=False)
        if _ID in sieve.clean:
            yield sieve.clean[_ID].dropna()


def _hashes(ids: "pd.Series[str]") -> NDArray[np.uint64]:
    return hash_array(ids.to_numpy(dtype=object), categorize=False)


def _part(path: Path, rows: pa.Table, terms: LeadTerms, copies: frozenset[str]) -> LeadPart:
    sieve = Sieve(raw_table("leads", path, rows, terms.columns))
    if "consent" not in sieve and not terms.assume_consent:
        raise BadInput(
            f"{path.name} has no column consent, and the plan that fitted the models did not assume it; add the column"
        )
    read_some_leads(sieve, terms.channels)
    sieve.reject(_ID, sieve.clean[_ID].isin(copies).to_numpy(), MORE_THAN_ONCE)
    if terms.rings is not None:
        _add_rings(sieve, terms.rings)
    for feature in terms.features:
        _read_feature(sieve, feature)
    for name in terms.numbers:
        _read_feature(sieve, Feature(name=name, kind="numeric"))
    rejected = sieve.rejected()
    reason = np.full(len(sieve), None, dtype=object)
    reason[rejected] = [f"INVALID: {why}" for why in sieve.quarantine()["reason"]]
    leads = sieve.accepted()
    leads["consent"] = leads["consent"].astype("bool")
    return LeadPart(
        lead_id=sieve.clean[_ID],
        channel=sieve.clean["channel"],
        leads=leads,
        usable=~rejected,
        reason=reason,
        faults={f"{sieve.raw.own(fault.column)}: {fault.rule}": int(fault.rows.sum()) for fault in sieve.faults},
    )


def _add_rings(sieve: Sieve, rings: pd.DataFrame) -> None:
    known = rings.reindex(sieve.clean["lead_id"])
    for name in rings:
        sieve.clean[str(name)] = known[name].to_numpy(dtype=np.float64)


def _read_feature(sieve: Sieve, feature: Feature) -> None:
    name = feature.name
    if name in sieve.clean:
        return
    if name not in sieve and name.startswith(_RINGS):
        raise BadInput(
            f"{sieve.raw.file} has no column {name}, which the models read and acquire fills from links; name the plan file that "
            "has them with --plan"
        )
    if name not in sieve:
        raise BadInput(
            f"{sieve.raw.file} has no column {sieve.raw.own(name)}, which the models read"
            f"{nearest(name, sieve.raw.frame.columns)}; give it, or fit again without it"
        )
    values = sieve.raw.frame[name]
    if feature.kind == "category":
        sieve.clean[name] = read_texts(values)
        return
    numbers, is_text = read_numbers(values)
    sieve.clean[name] = numbers
    sieve.reject(name, is_text, "a text where the models read a number; give a number")
    sieve.reject(name, np.isinf(numbers), "give a finite number")
