"""The six kinds of partner fraud as shares: of so many leads of a week, so many show it.

click_to_apply   applications sooner after the click than people can; as soon as the one before; times that grew in number
flat_hours       arrivals in the hours in which people sleep
perfect_forms    forms without any correction or empty optional field; forms just like the one before
resold_clients   leads who are our clients already
undrawn          approved leads who draw nothing
mix_swap         leads of the classes that grew lately, beside the weeks before
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from acquire.partner_weeks import TIME_EDGES, Floats, Mix, PartnerWeeks, Tally

FIRST_WEEKS = 8
QUIET_HOURS = 6
_SHORT_SHARE = 0.02
_LONGEST_SHORT = 64.0


class Kind(StrEnum):
    """What an alarm is about."""

    CLICK_TO_APPLY = "click_to_apply"
    FLAT_HOURS = "flat_hours"
    PERFECT_FORMS = "perfect_forms"
    RESOLD_CLIENTS = "resold_clients"
    UNDRAWN = "undrawn"
    MIX_SWAP = "mix_swap"


# Columns of the events that a kind cannot do without.
NEEDS = {
    Kind.CLICK_TO_APPLY: ("clicked_at", "applied_at"),
    Kind.FLAT_HOURS: ("clicked_at or applied_at",),
    Kind.PERFECT_FORMS: ("n_missing", "n_edits"),
    Kind.RESOLD_CLIENTS: ("is_client",),
    Kind.UNDRAWN: ("approved", "booked"),
    Kind.MIX_SWAP: ("a feature, such as region",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One share to watch.

    Attributes:
        kind: What it would be a sign of.
        words: What is counted, to be read after "31 % of the": "applications came within 8 seconds of the click".
        tally: The counts.
    """

    kind: Kind
    words: str
    tally: Tally


def read_signals(weeks: PartnerWeeks) -> tuple[Signal, ...]:
    """The shares that `weeks` has the counts for."""
    return tuple(_signals(weeks))


def read_mixes(weeks: PartnerWeeks) -> tuple[tuple[Kind, Mix], ...]:
    """The histograms whose shape is watched: times from click to application, and each feature."""
    mixes = tuple((Kind.MIX_SWAP, mix) for mix in weeks.mixes)
    if weeks.times is None:
        return mixes
    times = Mix(feature="click-to-apply time", bins=_time_names(), counts=weeks.times)
    return ((Kind.CLICK_TO_APPLY, times), *mixes)


def skipped_kinds(weeks: PartnerWeeks) -> tuple[Kind, ...]:
    """The kinds that `weeks` lacks the counts for."""
    found = {signal.kind for signal in _signals(weeks)} | {kind for kind, _ in read_mixes(weeks)}
    return tuple(kind for kind in Kind if kind not in found)


def _signals(weeks: PartnerWeeks) -> Iterator[Signal]:
    if weeks.times is not None:
        yield _short_times(weeks.times)
    if weeks.repeats is not None:
        yield _told(Kind.CLICK_TO_APPLY, "applications took as many seconds as the one before", weeks.repeats)
    if weeks.hours is not None:
        yield _quiet_hours(weeks.hours)
    if weeks.perfect is not None:
        yield _told(Kind.PERFECT_FORMS, "forms have no correction and no empty field", weeks.perfect)
    if weeks.alike is not None:
        words = "forms have as many corrections and empty fields as the one before"
        yield _told(Kind.PERFECT_FORMS, words, weeks.alike)
    if weeks.clients is not None:
        yield _told(Kind.RESOLD_CLIENTS, "leads were our clients already", weeks.clients)
    if weeks.undrawn is not None:
        yield _told(Kind.UNDRAWN, "approved leads drew nothing", weeks.undrawn)


def _told(kind: Kind, words: str, tally: Tally) -> Signal:
    return Signal(kind=kind, words=words, tally=tally)


def _short_times(times: Floats) -> Signal:
    """Sooner than nearly everybody: up to the longest edge that at most 2 % of a typical partner's applications undercut."""
    below = np.cumsum(_typical(times), axis=-1)[: len(TIME_EDGES)]
    last = max(int(np.sum((below <= _SHORT_SHARE) & (TIME_EDGES <= _LONGEST_SHORT))) - 1, 0)
    tally = Tally(seen=times[..., : last + 1].sum(axis=-1), of=times.sum(axis=-1))
    seconds = f"{TIME_EDGES[last]:.0f} second{'s' if last else ''}"
    return _told(Kind.CLICK_TO_APPLY, f"applications came within {seconds} of the click", tally)


def _quiet_hours(hours: Floats) -> Signal:
    """The six hours in a row in which a typical partner has the fewest leads."""
    round_the_clock = np.concatenate([_typical(hours)] * 2)
    starts = [round_the_clock[hour : hour + QUIET_HOURS].sum() for hour in range(24)]
    first = int(np.argmin(starts))
    quiet = np.arange(first, first + QUIET_HOURS) % 24
    tally = Tally(seen=hours[..., quiet].sum(axis=-1), of=hours.sum(axis=-1))
    until = (first + QUIET_HOURS) % 24
    return _told(Kind.FLAT_HOURS, f"leads arrived between {first:02d}:00 and {until:02d}:00", tally)


def _typical(histogram: Floats) -> Floats:
    """Median over partners of the shares in each one's first weeks, made to sum to 1, shape (n_bins,).

    First weeks only: what is typical may not be learned from what is to be judged; the median, since one may be a fraud.
    """
    active = histogram.sum(axis=-1) > 0
    is_first = active & (np.cumsum(active, axis=1) <= FIRST_WEEKS)
    counts = np.where(is_first[..., None], histogram, 0).sum(axis=1)
    known = counts[counts.sum(axis=-1) > 0]
    if not len(known):
        return np.full(histogram.shape[-1], 1 / histogram.shape[-1])
    middle = np.median(known / known.sum(axis=-1, keepdims=True), axis=0)
    # Many partners with a lead or two have a median of 0 everywhere, which says nothing of what is typical.
    return (
        np.asarray(middle / middle.sum(), dtype=np.float64) if middle.any() else np.full(len(middle), 1 / len(middle))
    )


def _time_names() -> tuple[str, ...]:
    ends = [_duration(edge) for edge in TIME_EDGES]
    return (f"up to {ends[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(ends)), f"over {ends[-1]}")


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
