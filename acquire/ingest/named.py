"""The columns the contract names: what each must hold, and which rows are set aside when it does not."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from acquire.domain import CONTROL
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve
from acquire.ingest.sources import Columns

# Never ordinary features, in whichever table they stand; channel, region and amount are features by name.
RESERVED = frozenset(
    {
        "lead_id",
        "person_id",
        "channel",
        "offer",
        "booked",
        "contacted_on",
        "clicked",
        "applied",
        "approved",
        "bad",
        "fpd1",
        "dpd30",
        "bad_on",
        "amount",
        "revenue",
        "cost",
        "propensity",
        "region",
        "consent",
        "do_not_contact",
        "weight",
    }
)


def read_history(history: Sieve, columns: Columns, today: date) -> None:
    """Read the named columns of history, and mark the rows that contradict themselves.

    Raises:
        BadInput: A required column is missing, there are no rows, or two values of `offer` claim to be control.
    """
    history.require("lead_id", "channel", "offer", "booked")
    if not len(history):
        raise BadInput(f"{history.raw.file} has no rows; history needs past contacts and controls")
    history.read_name("lead_id", required=True)
    history.reject_copies("lead_id")
    history.read_name("channel", required=True)
    history.read_name("offer", required=True)
    _name_control(history, columns.control)
    history.read_flag("booked", required=True)
    for optional in ("clicked", "applied", "approved", "bad", "fpd1", "dpd30"):
        history.read_flag(optional)
    for optional in ("person_id", "region"):
        history.read_name(optional, required=False)
    for optional in ("contacted_on", "bad_on"):
        history.read_day(optional, today)
    for optional in ("amount", "cost"):
        history.read_money(optional)
    history.read_revenue("revenue")
    history.read_positive("propensity", most=1.0)
    _check_outcomes(history)


def _name_control(history: Sieve, label: str) -> None:
    offers = history.clean["offer"]
    if label == CONTROL:
        return
    if (offers == CONTROL).any():
        raise BadInput(f"offer holds both {CONTROL!r} and {label!r}, which [columns] names as control; rename one")
    history.clean["offer"] = offers.replace(label, CONTROL)


def _check_outcomes(history: Sieve) -> None:
    """Only a booking can turn bad or earn: anything else is a mistake in one of the two columns."""
    not_booked = np.asarray(history.clean["booked"] == 0)
    for outcome in ("bad", "fpd1", "dpd30"):
        if outcome in history:
            known = ~np.isnan(history.clean[outcome])
            history.reject(outcome, not_booked & known, "leave it empty where nothing was booked")
    if "bad_on" in history:
        known = np.asarray(pd.notna(history.clean["bad_on"]))
        history.reject("bad_on", not_booked & known, "leave it empty where nothing was booked")
        if "contacted_on" in history:
            before = np.asarray(history.clean["bad_on"] < history.clean["contacted_on"])
            history.reject("bad_on", known & before, "a booking cannot go bad before its contact")
    if "revenue" in history:
        revenue = history.clean["revenue"]
        earned = ~np.isnan(revenue) & (revenue != 0)
        history.reject("revenue", not_booked & earned, "it is 0 where nothing was booked")
        history.clean["revenue"] = np.where(not_booked & np.isnan(revenue), 0.0, revenue)


def read_leads(leads: Sieve, channels: Iterable[str], *, assume_consent: bool) -> list[str]:
    """Read the named columns of leads; return notes.

    A lead whose consent is not known has not consented: it is kept, and never contacted.

    Raises:
        BadInput: A required column is missing, there are no rows, or nothing says who consented.
    """
    leads.require("lead_id", "channel")
    if not len(leads):
        raise BadInput(f"{leads.raw.file} has no leads; nothing to plan")
    if "consent" not in leads and not assume_consent:
        raise BadInput(
            f"{leads.raw.file} has no column consent; add it, or write assume_consent = true at the top of the plan "
            "file"
        )
    leads.read_name("lead_id", required=True)
    leads.reject_copies("lead_id")
    return _read_rest_of_leads(leads, channels)


def read_some_leads(leads: Sieve, channels: Iterable[str]) -> None:
    """Read the named columns of some rows of a table of leads; whether a lead is there twice the caller must find out.

    Raises:
        BadInput: A required column is missing.
    """
    leads.require("lead_id", "channel")
    leads.read_name("lead_id", required=True)
    _read_rest_of_leads(leads, channels)


def _read_rest_of_leads(leads: Sieve, channels: Iterable[str]) -> list[str]:
    leads.read_name("channel", required=True)
    names = leads.clean["channel"]
    leads.reject("channel", (names.notna() & ~names.isin(list(channels))).to_numpy(), "the channels table lacks it")
    for optional in ("person_id", "region"):
        leads.read_name(optional, required=False)
    leads.read_money("amount")
    leads.read_positive("weight")
    leads.read_flag("do_not_contact", required=True)
    return _read_consent(leads)


def _read_consent(leads: Sieve) -> list[str]:
    if "consent" not in leads:
        leads.clean["consent"] = np.ones(len(leads), dtype=np.float64)
        return []
    leads.read_flag("consent")
    unknown = np.isnan(leads.clean["consent"])
    leads.clean["consent"] = np.where(unknown, 0.0, leads.clean["consent"])
    unknown &= ~leads.rejected()
    if not unknown.any():
        return []
    return [f"leads: {int(unknown.sum())} leads with an empty {leads.raw.own('consent')} count as without consent"]


def check_one_each(leads: Sieve, needs: str) -> None:
    """Raise BadInput where a row stands for more or less than one arrival; `needs` says why that cannot be."""
    if "weight" not in leads:
        return
    others = ~leads.rejected() & (leads.clean["weight"] != 1)
    if others.any():
        raise BadInput(
            f"{leads.raw.file}: weight is {leads.clean['weight'][others][0]:g} in a row, but {needs}; give one row per lead"
        )
