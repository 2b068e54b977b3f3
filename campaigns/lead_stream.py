"""A Parquet file of leads, some rows at a time: each part is checked and typed as `acquire plan` would, and memory stays flat."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve, read_numbers, read_texts
from acquire.ingest.named import read_some_leads
from acquire.ingest.sources import Columns, nearest, raw_table

Flags = NDArray[np.bool_]

ROWS_AT_ONCE = 20_000
_BUFFER_BYTES = 1 << 20
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
    """

    lead_id: pd.Series
    channel: pd.Series
    leads: pd.DataFrame
    usable: Flags
    reason: NDArray[np.object_]


def read_parts(path: Path, terms: LeadTerms) -> Iterator[LeadPart]:
    """Read a file of leads part by part.

    Whether a lead is there twice is not looked for: that would take memory for every lead.

    Raises:
        BadInput: The file is no Parquet file, is damaged, or lacks a column that the models read.
    """
    file = _open(path)
    with file:
        if not file.metadata.num_rows:
            raise BadInput(f"{path.name} has no leads; nothing to score")
        batches = file.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError):
                raise _damaged(path) from None
            if batch is None:
                return
            if batch.num_rows:
                yield _part(path, pa.Table.from_batches([batch]).replace_schema_metadata(None), terms)


def _open(path: Path) -> pq.ParquetFile:
    try:
        with path.open("rb") as raw:
            start = raw.read(4)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}") from None
    if start != b"PAR1":
        raise BadInput(f"{path.name} is not a Parquet file; write the leads as Parquet")
    try:
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)
    except (pa.ArrowException, OSError):
        raise _damaged(path) from None


def _damaged(path: Path) -> BadInput:
    return BadInput(f"{path.name} is not what it says: the Parquet file is damaged; write it again")


def _part(path: Path, rows: pa.Table, terms: LeadTerms) -> LeadPart:
    sieve = Sieve(raw_table("leads", path, rows, terms.columns))
    if "consent" not in sieve and not terms.assume_consent:
        raise BadInput(
            f"{path.name} has no column consent, and the plan that fitted the models did not assume it; add the column"
        )
    read_some_leads(sieve, terms.channels)
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
        lead_id=sieve.clean["lead_id"], channel=sieve.clean["channel"], leads=leads, usable=~rejected, reason=reason
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
