"""Shapes that change: which classes of a histogram grew lately, and how many leads of this week are in them.

The classes are chosen by the weeks before, so this week's share in them is a plain share again: if nothing changed, it falls
back to what the past says, whichever classes chance had picked.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from acquire.monitor.partner_others import look_at
from acquire.monitor.partner_reference import Calendar, Sums, common_move
from acquire.partner_weeks import Floats

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """One histogram of one week, boiled down to a share.

    Attributes:
        classes: Which classes grew, shape (n_partners, n_bins).
        seen: Leads of the week in them, shape (n_partners,).
        of: Leads of the week.
        past: Sums over the past of the same classes, shape (1, n_partners).
        moved: What most partners' share in these classes moved by in the same week, log-odds, shape (n_partners,).
    """

    classes: Flags
    seen: Floats
    of: Floats
    past: Sums
    moved: Floats


def read_grown(counts: Floats, week: int, calendar: Calendar) -> Grown:
    """Boil week number `week` of a histogram, shape (n_partners, n_weeks, n_bins), down to the share of grown classes."""
    before, now = counts[:, :week], counts[:, week]
    past, recent = (np.einsum("ptb,pt->pb", before, weights) for weights in (calendar.past, calendar.recent))
    classes = (_shares(recent) > _shares(past)) & (recent.sum(axis=1, keepdims=True) > 0)
    of_before = before.sum(axis=-1)
    squared = calendar.past**2
    return Grown(
        classes=classes,
        seen=(now * classes).sum(axis=1),
        of=np.where(classes.any(axis=1), now.sum(axis=1), 0.0),
        past=Sums(
            seen=(past * classes).sum(axis=1)[None],
            of=past.sum(axis=1)[None],
            of_w2=(of_before * squared).sum(axis=1)[None],
            of2_w2=(of_before**2 * squared).sum(axis=1)[None],
        ),
        moved=_moved_together(classes, past, now),
    )


def _shares(counts: Floats) -> Floats:
    smooth = counts + 0.5
    return np.asarray(smooth / smooth.sum(axis=1, keepdims=True), dtype=np.float64)


def _moved_together(classes: Flags, past: Floats, now: Floats) -> Floats:
    """How the others' share in each partner's grown classes departs from their own past."""
    usable = np.flatnonzero((past.sum(axis=1) >= 30) & (now.sum(axis=1) >= 30))
    sets, set_of = np.unique(classes, axis=0, return_inverse=True)
    departures = _log_odds_inside(sets, now[usable]) - _log_odds_inside(sets, past[usable])
    own = np.full(len(classes), -1)
    own[usable] = np.arange(len(usable))
    return common_move(look_at(departures, set_of, own))


def _log_odds_inside(sets: Flags, counts: Floats) -> Floats:
    """Log-odds of partner j's share in set i of classes, shape (n_sets i, n_partners j)."""
    seen, of = sets.astype(np.float64) @ counts.T, counts.sum(axis=1)[None, :]
    return np.asarray(logit((seen + 0.5) / (of + 1)), dtype=np.float64)
