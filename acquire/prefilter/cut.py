"""Cutting a feature into bins: numbers by monotone merging of quantile bins, categories with the rare ones pooled.

References:
    Siddiqi, N. (2006), "Credit Risk Scorecards", chapter 6 (grouping).
    Ayer, M. et al. (1955), "An empirical distribution function for sampling with incomplete information" (pool adjacent
    violators).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from acquire.domain import Direction, Unseen
from acquire.prefilter.bins import CategoryBins, Codes, NumericBins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows, weight and weight of the bad per bin, each shape (n_bins,)."""

    count: Floats
    total: Floats
    n_bad: Floats

    def of_intervals(self, n: int) -> "Tally":
        """The first `n` bins, all of which have a bad rate between 0 and 1."""
        # A bin of no weight would have no rate: next to nothing keeps it defined and without a say.
        total = np.maximum(self.total[:n], _TINY)
        return Tally(count=self.count[:n], total=total, n_bad=np.clip(self.n_bad[:n], 0.0, total))

    def bad_rate(self, starts: list[int]) -> Floats:
        """Bad rate of the merged bins that begin at the bins `starts`."""
        return np.asarray(np.add.reduceat(self.n_bad, starts) / np.add.reduceat(self.total, starts), dtype=float)

    def merged(self, place: Ints, n_bins: int) -> tuple[Floats, Floats]:
        """Weight, and weight of the bad between 0 and that, per merged bin that each bin became part of."""
        total = np.bincount(place, weights=self.total, minlength=n_bins).astype(float)
        return total, np.clip(np.bincount(place, weights=self.n_bad, minlength=n_bins), 0.0, total)


def count_bins(codes: Codes, bad: Floats, weight: Floats, n_bins: int) -> Tally:
    """Count rows in the bins `codes`, shape (n,), of which there are `n_bins`."""
    count, total, n_bad = (
        np.bincount(codes, weights=each, minlength=n_bins).astype(float) for each in (None, weight, weight * bad)
    )
    return Tally(count=count, total=total, n_bad=n_bad)


def fit_numeric_bins(
    values: pd.Series,
    bad: Floats,
    weight: Floats,
    *,
    n_pre_bins: int,
    smallest: float,
    direction: Direction | None = None,
    special: tuple[float, ...] = (),
) -> NumericBins:
    """Cut a number so that the bad rate only rises, or only falls, along the intervals.

    Quantile bins are pooled (pool adjacent violators) in the declared direction, else in the one that explains `bad` better;
    then bins with fewer than `smallest` rows join the neighbour whose bad rate is nearer.

    Args:
        values: The feature, shape (n,); missing values and special codes take no part.
        bad: 0 or 1, shape (n,); fractions and values a little outside count as what they add up to.
        weight: Weight per row, shape (n,).
        n_pre_bins: Quantile bins to begin with.
        smallest: Smallest number of rows in an interval.
        direction: How the bad rate moves as the value grows; None = as the rows say.
        special: Codes that each get a bin of their own, however few rows hold them.

    Returns:
        The bins; a single interval where the feature is constant or always missing.
    """
    fine = fine_numeric_bins(values, n_pre_bins=n_pre_bins, special=special)
    tally = count_bins(fine.codes(values), bad, weight, fine.n_bins)
    return merge_numeric_bins(fine, tally, smallest=smallest, direction=direction)[0]


def fit_category_bins(
    values: pd.Series, *, smallest: float, special: tuple[str, ...] = (), unseen: Unseen = "pooled"
) -> CategoryBins:
    """One bin per level that holds at least `smallest` rows or is a special code; the others share the bin "other"."""
    fine = fine_category_bins(values, special=special)
    count = np.bincount(fine.codes(values), minlength=fine.n_bins).astype(float)
    return merge_category_bins(fine, count, smallest=smallest, special=special, unseen=unseen)[0]


def fine_numeric_bins(values: pd.Series, *, n_pre_bins: int, special: tuple[float, ...] = ()) -> NumericBins:
    """The quantile bins of a number, and its special codes: as fine as its bins can become. Outcomes play no part."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    edges = _quantile_edges(numbers[~np.isnan(numbers) & ~np.isin(numbers, special)], n_pre_bins)
    return NumericBins(edges=tuple(edges.tolist()), special=special)


def merge_numeric_bins(
    fine: NumericBins, tally: Tally, *, smallest: float, direction: Direction | None = None, smoothing: float = 0.0
) -> tuple[NumericBins, Ints]:
    """Merge the fine bins of a number by what rows in them did; see `fit_numeric_bins`.

    Args:
        fine: The bins to begin with.
        tally: What rows in them did.
        smallest, direction: As there.
        smoothing: Rows at the average bad rate that each bin will be given: the rates stay in order with them too.

    Returns:
        The merged bins, and the merged bin that each fine bin became part of, shape (fine.n_bins,).
    """
    n_intervals, others = len(fine.edges) + 1, np.arange(len(fine.special) + 1)
    intervals = tally.of_intervals(n_intervals)
    starts = _merge_small(_monotone_starts(intervals, direction), intervals, smallest) if fine.edges else [0]
    starts = _merge_turned(starts, intervals, smoothing, tally.bad_rate([0]).item())
    place = np.repeat(np.arange(len(starts)), np.diff([*starts, n_intervals]))
    edges = tuple(fine.edges[start - 1] for start in starts[1:])
    return NumericBins(edges=edges, special=fine.special), np.r_[place, len(starts) + others].astype(np.int64)


def fine_category_bins(values: pd.Series, *, special: tuple[str, ...] = ()) -> CategoryBins:
    """A bin for every level that occurs or is a special code."""
    return CategoryBins(levels=tuple(sorted({str(level) for level in values.dropna().unique()} | set(special))))


def merge_category_bins(
    fine: CategoryBins, count: Floats, *, smallest: float, special: tuple[str, ...] = (), unseen: Unseen = "pooled"
) -> tuple[CategoryBins, Ints]:
    """Pool the rare levels, with the rows per fine bin at hand; see `fit_category_bins` and `merge_numeric_bins`."""
    count = count[: len(fine.levels)]
    own = (count >= smallest) | np.isin(np.array(fine.levels, dtype=object), special)
    named = np.array(fine.levels, dtype=object)
    rare = frozenset(named[~own & (count > 0)].tolist())
    bins = CategoryBins(levels=tuple(named[own].tolist()), rare=rare, scored_unseen=unseen)
    new = len(bins.levels) if bins.never_seen is None else bins.never_seen
    place = np.where(own, np.cumsum(own) - 1, np.where(count > 0, len(bins.levels), new))
    return bins, np.r_[place, new, bins.n_bins - 1].astype(np.int64)


def _quantile_edges(numbers: Floats, n_pre_bins: int) -> Floats:
    """Upper edges between quantile bins: values that occur, so that a copy of the cut in SQL agrees exactly."""
    ordered = np.sort(numbers)
    rises = np.flatnonzero(ordered[1:] > ordered[:-1])
    if len(rises) < n_pre_bins:
        edges = ordered[rises]
    else:
        ranks = -(-np.arange(1, n_pre_bins) * len(ordered) // n_pre_bins) - 1
        edges = np.unique(ordered[ranks])
        edges = edges[edges < ordered[-1]]
    return np.asarray(edges[np.isfinite(edges)], dtype=float)


def _monotone_starts(tally: Tally, direction: Direction | None) -> list[int]:
    """First pre-bin of each pooled bin, in the declared direction or the one with the higher likelihood."""
    rate = tally.n_bad / tally.total
    ways = {"rising": (True,), "falling": (False,), None: (True, False)}[direction]
    fits = [isotonic_regression(rate, weights=tally.total, increasing=up) for up in ways]
    likelihood = [_likelihood(np.clip(fit.x, _TINY, 1 - _TINY), tally) for fit in fits]
    return [int(start) for start in fits[int(np.argmax(likelihood))].blocks[:-1]]


def _likelihood(rate: Floats, tally: Tally) -> float:
    return float(tally.n_bad @ np.log(rate) + (tally.total - tally.n_bad) @ np.log(1 - rate))


def _merge_small(starts: list[int], tally: Tally, smallest: float) -> list[int]:
    """Join the smallest bin with the neighbour of the nearer bad rate until none is too small."""
    while len(starts) > 1:
        held = np.add.reduceat(tally.count, starts)
        i = int(np.argmin(held))
        if held[i] >= smallest:
            break
        gaps = np.abs(np.diff(tally.bad_rate(starts), prepend=np.inf, append=np.inf))
        joined = i if gaps[i] <= gaps[i + 1] else i + 1
        starts = [start for j, start in enumerate(starts) if j != joined]
    return starts


def _merge_turned(starts: list[int], tally: Tally, smoothing: float, average: float) -> list[int]:
    """Join neighbours whose order turns once rows at the average rate are added: a few extreme rows beside many."""
    while len(starts) > 1:
        rate = tally.bad_rate(starts)
        total = np.add.reduceat(tally.total, starts)
        smoothed = (rate * total + smoothing * average) / (total + smoothing)
        rises = np.diff(smoothed) * np.sign(rate[-1] - rate[0])
        turned = int(np.argmin(rises))
        if rises[turned] >= 0:
            break
        starts = [*starts[: turned + 1], *starts[turned + 2 :]]
    return starts
