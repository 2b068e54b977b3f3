"""Who arrived when, and since when it is known what became of them: history and leads in one table, by what the tables say."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DEFAULT_MATURITY_DAYS = 180
NEVER = np.iinfo(np.int64).max


def arrivals_of(history: pd.DataFrame, leads: pd.DataFrame, *, today: date, maturity_days: int) -> pd.DataFrame:
    """List history's rows, then the leads, which all arrive today.

    Args:
        history: History; `contacted_on` is the day of arrival, missing where not known.
        leads: Leads.
        today: The plan's day.
        maturity_days: A booking's label is known so many days after the contact, unless `bad_on` says when it went bad.

    Returns:
        `lead_id`, `person_id`, `channel`, `arrived_on`, `bad` (1, 0, NaN not known), `bad_known_on` (missing: not known when)
        and `refused` (1 applied and was not approved, 0 was approved, NaN did not apply or not known).
    """
    contacted = pd.to_datetime(_column(history, "contacted_on"))
    past = _listed(history, contacted)
    past["bad_known_on"] = contacted + pd.Timedelta(days=maturity_days)
    if "bad_on" in history:
        has_day = (past["bad"] == 1) & history["bad_on"].notna()
        past["bad_known_on"] = past["bad_known_on"].mask(has_day, history["bad_on"])
    coming = _listed(leads, pd.Series(pd.Timestamp(today), index=leads.index))
    return pd.concat([past, coming], ignore_index=True)


def _listed(frame: pd.DataFrame, arrived_on: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lead_id": frame["lead_id"].astype("str"),
            "person_id": _column(frame, "person_id").astype("str"),
            "channel": frame["channel"].astype("str"),
            "arrived_on": arrived_on.astype("datetime64[us]"),
            "bad": _column(frame, "bad").astype(np.float64),
            "bad_known_on": pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]"),
            "refused": _refused(frame),
        }
    )


def estimate_maturity_days(history: pd.DataFrame, *, today: date) -> int:
    """Tell from history how old a booking is when its label becomes known.

    The age that parts bookings with a label from those without best:

        argmax over a of  #(labelled, age >= a) + #(not labelled, age < a)

    Where every booking has its label, the age of the youngest, but no more than DEFAULT_MATURITY_DAYS, which is also the answer
    where history has no dates or no labels.

    Args:
        history: History.
        today: The plan's day, to which ages count.
    """
    if not {"bad", "contacted_on"} <= set(history.columns):
        return DEFAULT_MATURITY_DAYS
    booked = history[(history["booked"] == 1) & history["contacted_on"].notna()]
    labelled = booked["bad"].notna().to_numpy()
    if not labelled.any():
        return DEFAULT_MATURITY_DAYS
    age = (pd.Timestamp(today) - booked["contacted_on"]).dt.days.to_numpy(dtype=np.int64)
    if labelled.all():
        return max(1, min(DEFAULT_MATURITY_DAYS, int(age.min())))
    return max(1, _parting_age(age, labelled))


def _parting_age(age: NDArray[np.int64], labelled: NDArray[np.bool_]) -> int:
    ages = np.arange(int(age.max()) + 2)
    old = np.bincount(age[labelled], minlength=len(ages))
    young = np.bincount(age[~labelled], minlength=len(ages))
    right = old[::-1].cumsum()[::-1] + np.concatenate([[0], young.cumsum()[:-1]])
    # The oldest of equally good ages: what is known late must not count as known early.
    return int(len(ages) - 1 - right[::-1].argmax())


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(np.nan, index=frame.index, name=name)


def _refused(history: pd.DataFrame) -> pd.Series:
    applied, approved = _column(history, "applied"), _column(history, "approved")
    return (1.0 - approved).where(applied == 1).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The arrivals as numbers, n rows. Days count from the first arrival.

    Attributes:
        is_dated: Whether the day is known; rows without one count as the eve of the last day.
        day: Day of arrival.
        first_day: Day on which the row's person arrived first.
        is_bad, bad_known: 1 bad, 0 good, NaN not known; day from which (exclusive) it is known.
        is_refused: 1 refused, 0 approved, NaN did not apply.
    """

    person: Ints
    channel: Ints
    is_dated: Flags
    day: Ints
    first_day: Ints
    is_bad: Floats
    bad_known: Ints
    is_refused: Floats


def number(arrivals: pd.DataFrame) -> Rows:
    """Number the rows that `arrivals_of` gives."""
    n = len(arrivals)
    days = arrivals["arrived_on"].to_numpy().astype("datetime64[D]")
    is_dated = ~np.isnat(days)
    first, last = (days[is_dated].min(), days[is_dated].max()) if is_dated.any() else (np.datetime64(0, "D"),) * 2
    eve = int((last - first).astype(np.int64)) - 1
    day = np.where(is_dated, _since(days, first), eve)
    person = _persons(arrivals)
    first_day = np.full(int(person.max(initial=-1)) + 1, NEVER)
    np.minimum.at(first_day, person, day)
    known = arrivals["bad_known_on"].to_numpy().astype("datetime64[D]")
    # What a table says today was known by the eve of the last day at the latest, and not before the lead came.
    bad_known = np.maximum(np.where(np.isnat(known), eve, np.minimum(_since(known, first), eve)), day)
    return Rows(
        person=person,
        channel=pd.factorize(arrivals["channel"])[0].astype(np.int64),
        is_dated=is_dated,
        day=day,
        first_day=first_day[person] if n else day,
        is_bad=arrivals["bad"].to_numpy(dtype=np.float64),
        bad_known=bad_known,
        is_refused=arrivals["refused"].to_numpy(dtype=np.float64),
    )


def _since(days: NDArray[np.datetime64], first: np.datetime64) -> Ints:
    return np.asarray((days - first).astype(np.int64))


def _persons(arrivals: pd.DataFrame) -> Ints:
    """Number of each row's person; a lead without a person is one of its own."""
    person, people = pd.factorize(arrivals["person_id"])
    alone, _ = pd.factorize(arrivals["lead_id"])
    return np.where(person >= 0, person, len(people) + alone).astype(np.int64)
