"""The links table: which leads share a device, an address, a card or a company, and in what role."""

from pathlib import Path

import numpy as np
import pandas as pd

from acquire.domain import LINK_KINDS
from acquire.ingest.checks import Sieve
from acquire.ingest.sources import TEXT_COLUMNS, Columns, RawTable, nearest, read_source

LINK_COLUMNS = ("lead_id", "kind", "key", "role")


def read_link_source(path: Path, columns: Columns) -> RawTable:
    """Read the links file as it was written; of the owner's names only that of `lead_id` is looked for.

    Raises:
        BadInput: The file is missing, cannot be read, is not what it says, or names a column twice.
    """
    own = Columns(rename={own: name for own, name in columns.rename.items() if name == "lead_id"})
    return read_source("links", path, own, texts=TEXT_COLUMNS | set(LINK_COLUMNS))


def read_links(links: Sieve) -> list[str]:
    """Read the columns of links and mark the rows that cannot be meant; return notes.

    Kinds and roles are read without regard to case. A role may be missing or empty: it is not known.

    Raises:
        BadInput: `lead_id`, `kind` or `key` is missing.
    """
    links.require("lead_id", "kind", "key")
    for required in ("lead_id", "kind", "key"):
        links.read_name(required, required=True)
    links.read_name("role", required=False)
    for word in ("kind", "role"):
        if word in links:
            links.clean[word] = links.clean[word].str.strip().str.casefold()
    kind = links.clean["kind"]
    is_other = (kind.notna() & ~kind.isin(LINK_KINDS)).to_numpy(dtype=np.bool_)
    links.reject("kind", is_other, f"give one of {', '.join(LINK_KINDS)}")
    return [
        f"links: column {column} is not used{nearest(column, list(LINK_COLUMNS))}"
        for column in links.raw.frame.columns
        if column not in LINK_COLUMNS
    ]


def strangers_note(links: pd.DataFrame, history: pd.DataFrame, leads: pd.DataFrame) -> list[str]:
    """Tell how many links are of leads that neither table has."""
    known = links["lead_id"].isin(history["lead_id"]) | links["lead_id"].isin(leads["lead_id"])
    if known.all():
        return []
    return [f"links: {int((~known).sum()):,} rows of leads that are in neither history nor leads are not used"]
