"""Rings of the plan's own tables: what was known of a lead's ring when it arrived, as features and as fields for rules."""

import dataclasses
from datetime import date

import numpy as np
import pandas as pd

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve
from acquire.ingest.links import read_link_source, read_links
from acquire.ingest.sources import read_source
from acquire.ingest.tables import Tables
from acquire.prefilter.arrivals import arrivals_of, estimate_maturity_days
from acquire.prefilter.fraud import DAY_SIZE, ring_features
from campaigns.plan_file import PlanFile


def with_rings(tables: Tables, *, maturity_days: int | None, today: date) -> Tables:
    """Add the figures of each lead's ring to history and leads; without links the tables stay as they are.

    Args:
        tables: The plan's tables.
        maturity_days: Age from which a booking's label is known; None: as history shows it.
        today: The day on which the leads arrive.

    Returns:
        Tables with the columns of `acquire.prefilter.fraud.ring_features`. Those that differ between history's rows are
        features too. Where history has no dates only the leads have the columns.

    Raises:
        BadInput: A table has a column of such a name already.
    """
    if tables.links is None:
        return tables
    days = maturity_days or estimate_maturity_days(tables.history, today=today)
    figures = ring_features(tables.links, arrivals_of(tables.history, tables.leads, today=today, maturity_days=days))
    n = len(tables.history)
    past, coming = figures[:n], figures[n:].reset_index(drop=True)
    is_dated = bool(past["ring_size"].notna().any())
    for frame in (tables.history, tables.leads):
        _check_free(frame, figures)
    return dataclasses.replace(
        tables,
        history=pd.concat([tables.history, past], axis=1) if is_dated else tables.history,
        leads=pd.concat([tables.leads, coming], axis=1),
        features=(*tables.features, *_features(past)),
        notes=(*tables.notes, *_notes(tables, past, coming, days)),
    )


def with_rings_of_leads(leads: pd.DataFrame, plan_file: PlanFile, *, today: date) -> pd.DataFrame:
    """Add the figures of their rings to the leads of a pilot, whose history may be incomplete or missing.

    Args:
        leads: Leads.
        plan_file: Says where links and history are.
        today: The day on which the leads arrive.
    """
    if plan_file.sources.links is None:
        return leads
    links = Sieve(read_link_source(plan_file.sources.links, plan_file.columns))
    read_links(links)
    links.check_usable()
    history = _history_of_pilot(plan_file, today)
    days = plan_file.risk.maturity_days or estimate_maturity_days(history, today=today)
    figures = ring_features(links.accepted(), arrivals_of(history, leads, today=today, maturity_days=days))
    _check_free(leads, figures)
    return pd.concat([leads, figures[len(history) :].set_index(leads.index)], axis=1)


def _history_of_pilot(plan_file: PlanFile, today: date) -> pd.DataFrame:
    """What there is of history to know rings by; no rows where its leads have no ids."""
    nobody = pd.DataFrame({"lead_id": pd.Series(dtype="str"), "channel": pd.Series(dtype="str")})
    if not plan_file.sources.history.exists():
        return nobody
    history = Sieve(read_source("history", plan_file.sources.history, plan_file.columns))
    if not {"lead_id", "channel", "booked"} <= set(history.raw.frame.columns):
        return nobody
    for name in ("lead_id", "channel"):
        history.read_name(name, required=True)
    history.read_name("person_id", required=False)
    for day in ("contacted_on", "bad_on"):
        history.read_day(day, today)
    for outcome in ("booked", "applied", "approved", "bad"):
        history.read_flag(outcome)
    return history.accepted()


def _features(past: pd.DataFrame) -> tuple[Feature, ...]:
    """Figures that differ between history's rows; that of the day is known too late to be a feature."""
    told = [str(name) for name in past if name != DAY_SIZE and past[name].nunique(dropna=False) > 1]
    return tuple(Feature(name=name, kind="numeric") for name in told if past[name].notna().any())


def _check_free(frame: pd.DataFrame, figures: pd.DataFrame) -> None:
    taken = [str(name) for name in figures if name in frame]
    if taken:
        raise BadInput(f"a table has a column {taken[0]}, which links fill here; rename it, or plan without links")


def _notes(tables: Tables, past: pd.DataFrame, coming: pd.DataFrame, days: int) -> tuple[str, ...]:
    size = coming["ring_size"].to_numpy(dtype=np.float64)
    found = (
        f"links: {int((size > 1).sum()):,} of {len(size):,} leads are tied to somebody who came before, "
        f"{int((size >= 5).sum()):,} of them to a ring of 5 or more people (the largest has {int(size.max()):,})"
    )
    if past["ring_size"].isna().all():
        return (
            found,
            "history has no contacted_on: what was known of a ring when its rows arrived cannot be told, so rings are "
            "fields for rules on the leads, not features",
        )
    undated = int(past["ring_size"].isna().sum())
    known = f"whether a booking is bad counts as known {days} days after its contact, unless bad_on says when"
    return (
        found,
        *([f"rings: {known}"] if tables.has_bad else []),
        *([f"rings: {undated:,} rows of history without contacted_on have none of their own"] if undated else []),
    )
