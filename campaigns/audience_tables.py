"""The two tables of an audience, read and held against each other: known members, and leads to find more of them among."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve
from acquire.ingest.features import check_columns, choose_features
from acquire.ingest.named import check_one_each, read_leads
from acquire.ingest.sources import Columns, nearest, read_source

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

IDS = ("lead_id", "person_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceTables:
    """What an audience is found from.

    Attributes:
        seeds: Known members.
        base: The other rows of the seeds' table, members hidden among them; None where all its rows are seeds.
        leads: Leads that may be contacted and are no seeds themselves.
        features: Columns by which they are compared.
        hashes: SHA-256 (hex) per file.
        notes: What a reader should know, a sentence each.
    """

    seeds: pd.DataFrame
    base: pd.DataFrame | None
    leads: pd.DataFrame
    features: tuple[Feature, ...]
    hashes: Mapping[str, str]
    notes: tuple[str, ...]


def read_audience_tables(
    seeds_path: Path, leads_path: Path, *, flag: str | None, columns: Columns, assume_consent: bool
) -> AudienceTables:
    """Read seeds and leads.

    Args:
        seeds_path: The known members; with `flag`, the whole of the own base.
        leads_path: The leads.
        flag: Column of the seeds' table that is 1 for known members; anything else says nothing.
        columns: The owner's names, and what may not be a feature.
        assume_consent: All leads count as having consented where the leads have no consent column.

    Raises:
        BadInput: A file or column is wrong, or nobody is left.
    """
    known, coming = (
        Sieve(read_source(table, path, columns)) for table, path in (("seeds", seeds_path), ("leads", leads_path))
    )
    check_columns(known, coming, columns)
    _read_seeds(known, flag)
    # The channels table is the plan's: here every channel that the leads come from is one.
    notes = read_leads(coming, coming.raw.frame.get("channel", pd.Series()).dropna(), assume_consent=assume_consent)
    check_one_each(coming, "an audience names single leads")
    barred = {known.raw.own(flag), flag} if flag else set()
    features, told = choose_features(known, coming, _without(columns, barred))
    for sieve in (known, coming):
        sieve.check_usable()
    people, leads = known.accepted(), coming.accepted()
    may = (leads["consent"] == 1) & (leads.get("do_not_contact", 0.0) != 1)
    is_seed = _is_seed(people, flag)
    allowed = people.get("consent", pd.Series(1.0, index=people.index)) == 1
    free = may & ~is_among(leads, people[is_seed])
    notes += [*told, *_counts(known, coming, people, leads, may, free, is_seed, allowed)]
    others = people[~is_seed & allowed]
    return AudienceTables(
        seeds=people[is_seed & allowed].reset_index(drop=True),
        base=others.reset_index(drop=True) if flag else None,
        leads=leads[free].reset_index(drop=True),
        features=features,
        hashes={sieve.raw.table: sieve.raw.hash for sieve in (known, coming)},
        notes=(*known.raw.notes, *coming.raw.notes, *notes),
    )


def is_among(people: pd.DataFrame, others: pd.DataFrame) -> "pd.Series[bool]":
    """Which of `people` are also in `others`, by lead_id or person_id where both tables have it."""
    same = pd.Series(False, index=people.index)
    for name in IDS:
        if name in people and name in others:
            same |= people[name].notna() & people[name].isin(others[name].dropna())
    return same


def fold_of(people: pd.DataFrame, fitted: pd.DataFrame, fold: Ints, unseen: int) -> Ints:
    """Give the fold in which each of `people` was held out when `fitted` was learnt from; `unseen` for who was not there."""
    found = pd.Series(np.nan, index=people.index)
    for name in IDS:
        if name in people and name in fitted:
            folds = pd.Series(fold, index=fitted[name]).loc[lambda s: s.index.notna()]
            found = found.fillna(people[name].map(folds[~folds.index.duplicated()]))
    return found.fillna(unseen).to_numpy().astype(np.int64)


def _read_seeds(seeds: Sieve, flag: str | None) -> None:
    if not len(seeds):
        raise BadInput(f"{seeds.raw.file} has no rows; give the known members of the group")
    for name in (*IDS, "channel", "region"):
        seeds.read_name(name, required=False)
    seeds.read_money("amount")
    seeds.read_flag("consent")
    if flag is None:
        return
    if flag not in seeds:
        hint = nearest(flag, seeds.raw.frame.columns)
        raise BadInput(
            f"{seeds.raw.file} has no column {flag}{hint}; --flag names the column that is 1 for known members"
        )
    seeds.read_flag(flag)


def _without(columns: Columns, barred: set[str]) -> Columns:
    return Columns(
        rename=columns.rename,
        control=columns.control,
        exclude=columns.exclude | frozenset(barred),
        protected=columns.protected,
    )


def _is_seed(people: pd.DataFrame, flag: str | None) -> "pd.Series[bool]":
    if flag is None:
        return pd.Series(True, index=people.index)
    is_seed = people[flag] == 1
    if not is_seed.any():
        raise BadInput(f"{flag} is 1 in no row of the seeds; --flag names the column that is 1 for known members")
    return is_seed


def _counts(
    known: Sieve,
    coming: Sieve,
    people: pd.DataFrame,
    leads: pd.DataFrame,
    may: "pd.Series[bool]",
    free: "pd.Series[bool]",
    is_seed: "pd.Series[bool]",
    allowed: "pd.Series[bool]",
) -> list[str]:
    notes = [
        f"{count.table}: {count.read:,} read = {count.accepted:,} accepted + {count.quarantined:,} quarantined"
        for count in (known.count(), coming.count())
    ]
    if not may.all():
        notes.append(
            f"{int((~may).sum()):,} leads without consent or with do_not_contact are neither learnt from nor chosen"
        )
    if (may & ~free).any():
        notes.append(f"{int((may & ~free).sum()):,} leads are seeds themselves and are left out")
    if not allowed.all():
        notes.append(f"{int((is_seed & ~allowed).sum()):,} seeds without consent are not learnt from")
    return notes
