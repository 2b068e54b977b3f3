"""What is seen of bookings before their label is final: final and early labels told apart, and the early-to-late table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.errors import BadInput
from acquire.prefilter.days import day_since_1970, days_since_1970

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

EARLY = ("fpd1", "dpd30")
# A channel's early-to-late step counts as if this many bookings of each outcome had shown the step of all channels.
POOLED_BOOKINGS = 50.0
_N_AGES = 6
# So many bad bookings may be younger than the youngest good one by chance.
_EARLY_BY_CHANCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLabels:
    """The final labels of some bookings; `bad` is NaN where it is not final."""

    bad: Floats
    matured: Flags
    age_days: Floats
    notes: tuple[str, ...]


def read_labels(booked: pd.DataFrame, *, on: date | None, maturity_days: int | None) -> KnownLabels:
    """Tell final labels from early ones.

    Where `maturity_days` is given, a label of a younger booking is not final: bookings that turn bad early would otherwise enter
    before those of the same age that stay good.

    Args:
        booked: Bookings: `bad` 0/1/null; optional `contacted_on`, `fpd1`, `dpd30`.
        on: The present day; None = ages are unknown.
        maturity_days: Age at which bad is final; None = a label counts as final as soon as it is there.

    Raises:
        BadInput: There are labels, and none of them is final; or an early sign holds something else than 0 and 1.
    """
    _check_signs(booked)
    bad = booked["bad"].to_numpy(dtype=float, na_value=np.nan)
    age = _ages(booked, on)
    known = ~np.isnan(bad)
    matured = known if maturity_days is None else known & ~(age < maturity_days)
    if known.any() and not matured.any():
        raise BadInput(
            f"no booking with a known label is {maturity_days} days old; "
            "lower maturity_days in [risk], or drop the bad-rate limit"
        )
    notes = _notes(bad, age) if maturity_days is None else _notes_on(maturity_days, known, matured, age)
    return KnownLabels(bad=np.where(matured, bad, np.nan), matured=matured, age_days=age, notes=notes)


def _check_signs(booked: pd.DataFrame) -> None:
    for sign in (sign for sign in EARLY if sign in booked):
        flag = booked[sign].to_numpy(dtype=float, na_value=np.nan)
        wrong = flag[~np.isin(flag, (0.0, 1.0)) & ~np.isnan(flag)]
        if len(wrong):
            raise BadInput(f"{sign} is {wrong[0]:g} in a booking; give 0, 1 or leave it empty")


def _notes(bad: Floats, age: Floats) -> tuple[str, ...]:
    """Warn of a history that labels the bad as soon as they go bad and the good only later."""
    good, ages_of_bad = age[bad == 0], age[bad == 1]
    early = int((ages_of_bad < good.min(initial=np.inf)).sum()) if len(good) else 0
    if early <= max(_EARLY_BY_CHANCE, 0.05 * len(ages_of_bad)):
        return ()
    return (
        f"{early} bookings are labelled bad that are younger than any labelled good: the bad rate is learnt too high; "
        "give maturity_days in [risk]",
    )


def _notes_on(maturity_days: int, known: Flags, matured: Flags, age: Floats) -> tuple[str, ...]:
    notes = []
    if (known & ~matured).any():
        early = int((known & ~matured).sum())
        notes.append(f"{early} labels of bookings younger than {maturity_days} days are not final and are set aside")
    if (known & np.isnan(age)).any():
        ageless = int((known & np.isnan(age)).sum())
        notes.append(f"{ageless} bookings have no date: their labels count as final whatever maturity_days says")
    return tuple(notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is seen of every booking.

    Attributes:
        view: Number of the view of each booking (what can be seen at its age), shape (n,); -1 = matured or nothing.
        views: The views in use.
        state: What every booking shows in each view, shape (n, n_views); -1 where it is not known.
        n_states: States per view.
    """

    view: Ints
    views: tuple[int, ...]
    state: Ints
    n_states: tuple[int, ...]


def early_signs(booked: pd.DataFrame, labels: KnownLabels) -> Signs:
    """Read what is seen of every booking: `fpd1` and `dpd30` where there are any, else whether it is bad yet at its age."""
    present = [sign for sign in EARLY if sign in booked and booked[sign].notna().any()]
    if present:
        return _signs_of_flags(booked[present].to_numpy(dtype=float, na_value=np.nan), labels)
    if "bad_on" in booked and booked["bad_on"].notna().any() and not np.isnan(labels.age_days).all():
        return _signs_of_age(booked, labels)
    nothing = np.full(len(booked), -1, dtype=np.int64)
    return Signs(view=nothing, views=(), state=np.zeros((len(booked), 0), dtype=np.int64), n_states=())


def _signs_of_flags(flags: Floats, labels: KnownLabels) -> Signs:
    """A view is the set of early signs that are known; its states are their combinations."""
    known = ~np.isnan(flags)
    powers = 2 ** np.arange(flags.shape[1])
    n_views = 2 ** flags.shape[1]
    view = np.where(labels.matured, -1, known @ powers).astype(np.int64)
    view[view == 0] = -1
    state = np.full((len(flags), n_views), -1, dtype=np.int64)
    for v in range(1, n_views):
        asked = (v & powers) > 0
        complete = known[:, asked].all(axis=1)
        state[complete, v] = (flags[complete][:, asked] @ 2 ** np.arange(asked.sum())).astype(np.int64)
    sizes = tuple(2 ** int(((v & powers) > 0).sum()) for v in range(n_views))
    return Signs(view=view, views=_used(view), state=state, n_states=sizes)


def _signs_of_age(booked: pd.DataFrame, labels: KnownLabels) -> Signs:
    """A view is an age; its states are "not bad yet" (0) and "bad by then" (1)."""
    hit = days_since_1970(booked["bad_on"]) - days_since_1970(booked["contacted_on"])
    hit = np.where(np.isnan(hit), np.inf, hit)
    young = ~labels.matured & ~np.isnan(labels.age_days)
    ends = (
        np.unique(np.quantile(labels.age_days[young], np.linspace(0, 1, _N_AGES + 1)))
        if young.any()
        else np.array([0.0])
    )
    group = np.clip(np.searchsorted(ends, labels.age_days, side="right") - 1, 0, max(len(ends) - 2, 0))
    view = np.where(young, group, -1).astype(np.int64)
    state = np.full((len(booked), max(len(ends) - 1, 1)), -1, dtype=np.int64)
    for v in _used(view):
        rows = view == v
        state[rows, v] = hit[rows] <= labels.age_days[rows]
        state[labels.matured, v] = hit[labels.matured] <= labels.age_days[rows].mean()
    return Signs(view=view, views=_used(view), state=state, n_states=(2,) * state.shape[1])


def _used(view: Ints) -> tuple[int, ...]:
    return tuple(int(v) for v in np.unique(view[view >= 0]))


def early_to_late(booked: pd.DataFrame, labels: KnownLabels, partly: Flags) -> pd.DataFrame:
    """The early-to-late table, one line per channel and one for all ("*")."""
    channel = booked["channel"].astype("str").to_numpy(dtype=object)
    names = [*sorted(set(channel)), "*"]
    inside = {name: (channel == name) | (name == "*") for name in names}
    table = pd.DataFrame(
        {
            "channel": names,
            "matured": [int((labels.matured & inside[name]).sum()) for name in names],
            "partly": [int((partly & inside[name]).sum()) for name in names],
            "bad_rate": [_share(labels.bad == 1, labels.matured & inside[name]) for name in names],
        }
    )
    for sign in (s for s in EARLY if s in booked):
        flag = booked[sign].to_numpy(dtype=float, na_value=np.nan)
        usable = labels.matured & ~np.isnan(flag)
        for kind, rows, outcome in (
            ("of_bad", usable & (labels.bad == 1), flag == 1),
            ("of_good", usable & (labels.bad == 0), flag == 1),
            ("bad_after", usable & (flag == 1), labels.bad == 1),
        ):
            name = f"bad_after_{sign}" if kind == "bad_after" else f"{sign}_{kind}"
            table[name] = _pooled_shares(outcome, rows, [inside[channel] for channel in names])
    return table


def _pooled_shares(outcome: Flags, rows: Flags, groups: Sequence[Flags]) -> list[float]:
    """Share per group, pulled to the share of all (the last group) as if POOLED_BOOKINGS rows had shown that."""
    overall = _share(outcome, rows & groups[-1])
    shares = [
        (float((outcome & rows & group).sum()) + POOLED_BOOKINGS * overall)
        / (float((rows & group).sum()) + POOLED_BOOKINGS)
        for group in groups[:-1]
    ]
    return [*shares, overall]


def _share(outcome: Flags, rows: Flags) -> float:
    return float(outcome[rows].mean()) if rows.any() else float("nan")


def _ages(booked: pd.DataFrame, on: date | None) -> Floats:
    if on is None or "contacted_on" not in booked:
        return np.full(len(booked), np.nan)
    return np.asarray(day_since_1970(on) - days_since_1970(booked["contacted_on"]), dtype=float)
