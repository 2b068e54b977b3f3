"""The table of outcomes: what became of the leads of an experiment, one row each."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.domain import CONTROL
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve, TableCount, read_texts
from acquire.ingest.sources import TEXT_COLUMNS, Columns, read_source

NUMBERS = ("contacted", "cost", "bad")
NAMES = ("person_id", "offer", "contacted_channel")
LARGEST = 1e15
_TAKEN = frozenset({"lead_id", "booked", "channel", f"p_booked_{CONTROL}", *NUMBERS, *NAMES})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """What became of leads.

    Attributes:
        file: The file's name.
        rows: lead_id, booked, bad, contacted, cost (NaN where not known), person_id, offer_told, contacted_channel (missing where
            not known), and what was known before.
        set_aside: Leads whose rows cannot be used.
        count: accepted + quarantined = read.
        notes: Why rows were set aside, a sentence each.
    """

    file: str
    rows: pd.DataFrame
    set_aside: frozenset[str]
    count: TableCount
    notes: tuple[str, ...]


def read_outcomes(path: Path, before: Sequence[str]) -> Outcomes:
    """Read a table of outcomes.

    Args:
        path: Parquet or CSV: lead_id, booked; optional bad, person_id, offer, cost, contacted, contacted_channel, and
            `before`.
        before: Numeric columns that were known before the lot was drawn.

    Raises:
        BadInput: The file is not what it says, lacks a column, has no rows or too many that cannot be used, or `before` names one
            of the columns above.
    """
    _check_before(before)
    sieve = Sieve(read_source("outcomes", path, Columns(), texts=TEXT_COLUMNS | {"contacted_channel"}))
    sieve.require("lead_id", "booked", *before)
    if not len(sieve):
        raise BadInput(f"{path.name} has no rows; give one row per lead that the lot drew")
    sieve.read_name("lead_id", required=True)
    sieve.reject_copies("lead_id")
    sieve.read_flag("booked", required=True)
    sieve.read_flag("contacted")
    sieve.read_flag("bad")
    sieve.read_money("cost")
    _reject_bads_without_booking(sieve)
    for name in NAMES:
        sieve.read_name(name, required=False)
    for name in before:
        sieve.read_revenue(name)
    _reject_beyond_measure(sieve, ("cost", *before))
    sieve.check_usable()
    return Outcomes(
        file=path.name,
        rows=_completed(sieve.accepted()),
        set_aside=frozenset(read_texts(sieve.raw.frame["lead_id"])[sieve.rejected()].dropna()),
        count=sieve.count(),
        notes=tuple(
            f"{int(f.rows.sum()):,} rows of {path.name} are set aside: {f.column}: {f.rule}" for f in sieve.faults
        ),
    )


def _reject_beyond_measure(sieve: Sieve, names: Iterable[str]) -> None:
    """Sums and squares of larger numbers would leave what a float holds."""
    for name in names:
        if name in sieve:
            beyond = np.abs(sieve.clean[name]) > LARGEST
            sieve.reject(name, beyond, f"give a number within {LARGEST:g} of 0")


def _reject_bads_without_booking(sieve: Sieve) -> None:
    if "bad" in sieve:
        wrong = (sieve.clean["bad"] == 1) & (sieve.clean["booked"] == 0)
        sieve.reject("bad", wrong, "only a booking can go bad; leave it empty where nothing was booked")


def _completed(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the optional columns that are not there, as not known."""
    numbers = {name: rows.get(name, math.nan) for name in NUMBERS}
    nothing = pd.Series([None] * len(rows), index=rows.index, dtype="str")
    names = {name: rows.get(name, nothing) for name in NAMES}
    return rows.assign(**numbers, **names).rename(columns={"offer": "offer_told"})


def _check_before(before: Iterable[str]) -> None:
    for name in before:
        if name in _TAKEN:
            raise BadInput(f"--before {name} is no column of your own; name a number that was known before the lot")
