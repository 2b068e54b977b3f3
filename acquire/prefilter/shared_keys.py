"""What is known of the keys that a lead itself has, when it arrives: how many people use them, and who owns the company."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.prefilter.arrivals import NEVER, Rows
from acquire.prefilter.ring_graph import Ties

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def people_on(kind: str, rows: Rows, ties: Ties) -> Floats:
    """Count people on the row's key of a kind, of earlier days and its own, shape (n,): the most of several keys, 0 of none."""
    of_kind = ties.kind == kind
    row, key = ties.row[of_kind], ties.key[of_kind]
    pairs = pd.DataFrame({"key": key, "person": rows.person[row], "since": rows.day[row]})
    since = pairs.groupby(["key", "person"])["since"].transform("min").to_numpy()
    first = pairs.assign(since=since).drop_duplicates(["key", "person"])
    span = int(rows.day.max()) + 2
    # One sorted axis for all keys: where a key's own stretch begins, and how far it has come by the row's day. The eve may be -1.
    events = np.sort(first["key"].to_numpy() * span + first["since"].to_numpy() + 1)
    before = np.searchsorted(events, key * span + rows.day[row] + 1) - np.searchsorted(events, key * span)
    is_new = since == rows.day[row]
    people = np.zeros(len(rows.day))
    np.maximum.at(people, row, (before + is_new).astype(np.float64))
    return people


def owner_figures(rows: Rows, ties: Ties) -> dict[str, Floats]:
    """Tell who owns or directs a company, and whose company has an owner or director known bad or refused, each shape (n,)."""
    n, at_company = len(rows.day), ties.kind == "company"
    is_owner = np.zeros(n)
    is_owner[ties.row[ties.is_owner]] = 1.0
    adverse = _adverse_since(rows)[rows.person]
    # A company is marked from the day on which somebody is known both as its owner and as bad or refused.
    marked = np.full(int(ties.key.max()) + 1, NEVER)
    owner = ties.row[ties.is_owner]
    np.minimum.at(marked, ties.key[ties.is_owner], np.maximum(rows.day[owner], adverse[owner]))
    owner_bad = np.zeros(n)
    row = ties.row[at_company]
    np.maximum.at(owner_bad, row, (marked[ties.key[at_company]] < rows.day[row]).astype(np.float64))
    return {"ring_is_owner": is_owner, "ring_owner_bad": owner_bad}


def _adverse_since(rows: Rows) -> Ints:
    """Day from which (exclusive) each person is known bad or refused, shape (n_people,)."""
    since = np.full(int(rows.person.max()) + 1, NEVER)
    for which, day in ((rows.is_refused == 1, rows.day), (rows.is_bad == 1, rows.bad_known)):
        np.minimum.at(since, rows.person[which], day[which])
    return since
