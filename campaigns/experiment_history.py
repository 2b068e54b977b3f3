"""What history knows of the people of an experiment from before it: each person's earlier bookings, for CUPED."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from acquire.errors import BadInput
from acquire.ingest.checks import Sieve
from acquire.ingest.sources import Columns, read_source

EARLIER = ("earlier_rows", "earlier_booked")


def add_earlier_bookings(became: pd.DataFrame, history: Path, *, before: date) -> pd.DataFrame:
    """Add how often each row's person is in history, and how often it booked there.

    Args:
        became: Outcomes, with person_id.
        history: A table of history with person_id and booked; with contacted_on, rows of later days are left out.
        before: The day of the experiment; what history knows from this day on is no longer "before".

    Returns:
        `became` with the columns EARLIER; 0 for people whom history does not know.

    Raises:
        BadInput: The history cannot be read, or outcomes or history have no person_id.
    """
    if not became["person_id"].notna().any():
        raise BadInput("outcomes have no person_id, so history tells nothing of them; add it, or leave --history out")
    known = _read(history, before).groupby("person_id")["booked"].agg(["size", "sum"])
    rows, booked = (_looked_up(known[name], became["person_id"]) for name in ("size", "sum"))
    return became.assign(**dict(zip(EARLIER, (rows, booked), strict=True)))


def _looked_up(values: "pd.Series[Any]", person: "pd.Series[Any]") -> "pd.Series[Any]":
    return person.map(values).fillna(0.0).astype("float64")


def _read(path: Path, before: date) -> pd.DataFrame:
    sieve = Sieve(read_source("history", path, Columns()))
    sieve.require("person_id", "booked")
    sieve.read_name("person_id", required=False)
    sieve.read_flag("booked", required=True)
    # Rows of later days are no fault of the file: they are only not "before".
    sieve.read_day("contacted_on", date.max)
    sieve.check_usable()
    rows = sieve.accepted()
    if "contacted_on" in rows:
        rows = rows[rows["contacted_on"] < pd.Timestamp(before)]
    return rows[rows["person_id"].notna()]
