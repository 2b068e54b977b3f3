"""Bookings whose label is not final yet: what their first months tell, as an outcome and a weight.

Bad becomes known late (90 days past due at mob 6 takes eight or nine months), so matured bookings are last year's traffic.
Younger ones already show something: the first payment (`fpd1`), 30 days past due (`dpd30`), or, where history has `bad_on`,
that they are not bad yet at their age. With s for what is seen of a booking, and L1(s), L0(s) the chance to see it of a bad and
of a good booking, learnt from the matured ones as they looked at that age (the chain ladder's early-to-late step),

    q      = p L1(s) / (p L1(s) + (1 - p) L0(s))            chance to go bad, given what is seen
    weight = sum over s of (L1(s) - L0(s)) q(s)             share of a final label's information, in [0, 1]
    y      = p + (q - p) / weight                           outcome that stands for the label, beyond [0, 1] at times

with p from matured bookings alone. If p is wrong because bookings got worse, y is still right on average: its mean is the new
p, because E[q - p] = (new p - p) * weight, exactly, however far p is off. A matured booking has y = bad and weight 1; one about
which nothing is seen has weight 0. L1 and L0 are those of the booking's channel and third of risk: risky people pay late more
often also where they pay in the end. The one thing assumed is that the step from early to late did not change.

References:
    Mack, T. (1993), "Distribution-free calculation of the standard error of chain ladder reserve estimates", section 2.
    Banasik, J., Crook, J. and Thomas, L. (1999), "Not if but when will borrowers default", section 2.
    Louis, T. (1982), "Finding the observed information matrix when using the EM algorithm", section 3.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.prefilter.early_signs import POOLED_BOOKINGS, KnownLabels, Signs, early_signs, early_to_late

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FEWEST_OF_EACH = 30
# Thirds of risk within which the step is taken as the same for all.
N_BANDS = 3
_LEAST_WEIGHT = 0.02
_N_DRAWS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """What is known of each booking, in the order of the rows given, n of them.

    Attributes:
        y: Outcome that stands for the label, shape (n,); NaN where nothing is known.
        weight: Share of a final label's information, shape (n,): 1 matured, 0 where nothing is known.
        matured: Bookings whose label is final, shape (n,).
        table: One row per channel: `channel`, `matured`, `partly` (bookings), `bad_rate` of the matured, and per early sign
            `<sign>_of_bad`, `<sign>_of_good` (share that shows it) and `bad_after_<sign>`; NaN where a sign was never seen.
            Pooled over channels as far as a channel is young.
        level_sd: What the early-to-late step's own error does to the level of the partly matured, in ln(odds).
        notes: What a reader must know, a sentence each.
    """

    y: Floats
    weight: Floats
    matured: Flags
    table: pd.DataFrame
    level_sd: float
    notes: tuple[str, ...]


def partly_matured(booked: pd.DataFrame, labels: KnownLabels, p: Floats, rng: np.random.Generator) -> Maturity:
    """Let bookings that are only partly matured enter by what is seen of them.

    Args:
        booked: Bookings: `channel`; optional `fpd1`, `dpd30` (0/1/null), or `bad_on` with `contacted_on`.
        labels: Their final labels.
        p: Chance to go bad by a model that learnt from matured bookings and did not see the row, shape (n,).
        rng: For the error of the early-to-late step.
    """
    signs = early_signs(booked, labels)
    y = np.where(labels.matured, labels.bad, np.nan)
    weight = labels.matured.astype(float)
    shifts = np.zeros((0, _N_DRAWS))
    for view in signs.views:
        rows = np.flatnonzero(signs.view == view)
        steps = _steps(signs, labels, booked["channel"], p, view)
        # A sign that is newer than the matured bookings says nothing yet.
        if steps.seen_of_each < FEWEST_OF_EACH:
            continue
        y[rows], weight[rows] = steps.stand_ins(p, rows, signs, steps.expected())
        shifts = np.vstack([shifts, _shifts(p, rows, steps, signs, rng)])
    partly = (weight > 0) & ~labels.matured
    return Maturity(
        y=y,
        weight=weight,
        matured=labels.matured,
        table=early_to_late(booked, labels, partly),
        level_sd=_level_sd(shifts, p, partly, weight),
        notes=(*labels.notes, *_notes(labels, partly, weight)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """Counts behind L1 and L0 of one view.

    Attributes:
        view: Which one.
        channel, band: Number of each booking's channel, and of its band of risk, shape (n,).
        bad, good: Matured bookings of each outcome per channel, band and state, shape (n_channels, N_BANDS, n_states).
    """

    view: int
    channel: Ints
    band: Ints
    bad: Floats
    good: Floats

    @property
    def seen_of_each(self) -> float:
        """Matured bookings of the rarer outcome that show what they looked like in this view."""
        return float(min(self.bad.sum(), self.good.sum()))

    def expected(self) -> tuple[Floats, Floats]:
        """L1 and L0, each of the shape of the counts."""
        return _shares(self.bad), _shares(self.good)

    def drawn(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """L1 and L0 drawn from their posteriors."""
        return _drawn_shares(self.bad, rng), _drawn_shares(self.good, rng)

    def stand_ins(self, p: Floats, rows: Ints, signs: Signs, shares: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """y and weight of the bookings `rows`, each shape (len(rows),), with the L1 and L0 given."""
        of_bad, of_good = (share[self.channel[rows], self.band[rows]] for share in shares)
        return stand_in(p[rows], of_bad, of_good, signs.state[rows, self.view])


def _shares(count: Floats) -> Floats:
    """Of all bookings; of each band, pulled towards those; of each channel within it, pulled towards the band's."""
    shares = count.sum(axis=(0, 1)) + 0.5
    for held in (count.sum(axis=0), count):
        shares = held + POOLED_BOOKINGS * shares / shares.sum(axis=-1, keepdims=True)
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), dtype=float)


def _drawn_shares(count: Floats, rng: np.random.Generator) -> Floats:
    """The same, each step drawn around the one before: a young channel's shares are hardly known."""
    shares = rng.dirichlet(count.sum(axis=(0, 1)) + 0.5)
    for held in (count.sum(axis=0), count):
        drawn = np.maximum(rng.gamma(held + POOLED_BOOKINGS * shares), 1e-9)
        shares = drawn / drawn.sum(axis=-1, keepdims=True)
    return np.asarray(shares, dtype=float)


def _steps(signs: Signs, labels: KnownLabels, channel: pd.Series, p: Floats, view: int) -> _Steps:
    names, at = np.unique(channel.astype("str").to_numpy(dtype=object), return_inverse=True)
    band = _band(p, p[labels.bad == 1])
    state = signs.state[:, view]
    counts = []
    for outcome in (1.0, 0.0):
        rows = labels.matured & (labels.bad == outcome) & (state >= 0)
        count = np.zeros((len(names), N_BANDS, signs.n_states[view]))
        np.add.at(count, (at[rows], band[rows], state[rows]), 1.0)
        counts.append(count)
    return _Steps(view=view, channel=at.astype(np.int64), band=band, bad=counts[0], good=counts[1])


def _band(p: Floats, of_bad: Floats) -> Ints:
    """Bands of risk that hold as many bad bookings each: those are what a step is short of. Equal chances stay together."""
    of_bad = np.sort(of_bad)
    below, up_to = (np.searchsorted(of_bad, p, side=side) for side in ("left", "right"))
    rank = (below + up_to) / max(2 * len(of_bad), 1)
    return np.minimum(rank * N_BANDS, N_BANDS - 1).astype(np.int64)


def stand_in(p: Floats, of_bad: Floats, of_good: Floats, state: Ints) -> tuple[Floats, Floats]:
    """y and weight of the module's formula, each shape (n,); NaN and 0 where what is seen tells next to nothing.

    Args:
        p: Chance to go bad by matured bookings, shape (n,).
        of_bad, of_good: L1 and L0 of every state, each shape (n, n_states).
        state: The state seen, shape (n,).
    """
    q = p[:, None] * of_bad / (p[:, None] * of_bad + (1 - p[:, None]) * of_good)
    weight = ((of_bad - of_good) * q).sum(axis=1)
    seen = q[np.arange(len(p)), state]
    tells = weight > _LEAST_WEIGHT
    y = p + (seen - p) / np.where(tells, weight, 1.0)
    return np.where(tells, y, np.nan), np.where(tells, weight, 0.0)


def _shifts(p: Floats, rows: Ints, steps: _Steps, signs: Signs, rng: np.random.Generator) -> Floats:
    """weight * (y - p) of each row under drawn steps, shape (len(rows), draws)."""
    drawn = np.empty((len(rows), _N_DRAWS))
    for i in range(_N_DRAWS):
        y, weight = steps.stand_ins(p, rows, signs, steps.drawn(rng))
        drawn[:, i] = np.nan_to_num(y - p[rows]) * weight
    return drawn


def _level_sd(shifts: Floats, p: Floats, partly: Flags, weight: Floats) -> float:
    """Standard deviation, over redrawn steps, of sum(weight (y - p)) / sum(weight p (1 - p)) of the partly matured."""
    information = float((weight * p * (1 - p))[partly].sum())
    return float(shifts.sum(axis=0).std() / information) if information > 0 else 0.0


def _notes(labels: KnownLabels, partly: Flags, weight: Floats) -> tuple[str, ...]:
    waiting = ~labels.matured
    if not waiting.any():
        return ()
    if not partly.any():
        return (
            f"{int(waiting.sum())} bookings have not matured and show no early sign: the bad rate is learnt without them",
        )
    worth = float(weight[partly].sum())
    return (
        f"{int(partly.sum())} of {int(waiting.sum())} bookings that have not matured enter by their early signs, "
        f"worth {worth:.0f} final labels",
    )
