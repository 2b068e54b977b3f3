"""How a feature is cut into bins: numbers by monotone merging of quantile bins, categories with the rare ones pooled.

The last bin of every feature holds missing values; a category's last but one holds all that is rare or was never seen.
Codes are integers from 0; the bin of a number reads `lower < value <= upper`.

References:
    Siddiqi, N. (2006), "Credit Risk Scorecards", chapter 6 (grouping).
    Ayer, M. et al. (1955), "An empirical distribution function for sampling with incomplete information" (pool adjacent
    violators).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from acquire.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericBins:
    """Bins of a number: `edges[i-1] < value <= edges[i]`, the outer ones open; the last bin is "missing"."""

    edges: tuple[float, ...]

    @property
    def n_bins(self) -> int:
        """Number of bins, the missing one included."""
        return len(self.edges) + 2

    def codes(self, values: pd.Series) -> Ints:
        """Bin number of each value, shape (n,)."""
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        found = np.searchsorted(np.asarray(self.edges, dtype=float), numbers, side="left")
        return np.where(np.isnan(numbers), self.n_bins - 1, found).astype(np.int64)

    def unseen(self, values: pd.Series) -> int:
        """Number of values that no bin was made for: none, the outer bins are open."""
        return 0

    def labels(self) -> list[str]:
        """The bins in words, in the order of their codes."""
        ends = [f"{edge:.12g}" for edge in self.edges]
        if not ends:
            return ["any value", "missing"]
        between = [f"{lower} < x <= {upper}" for lower, upper in pairwise(ends)]
        return [f"x <= {ends[0]}", *between, f"x > {ends[-1]}", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryBins:
    """Bins of a category: one per level, then "other" (rare or never seen), then "missing"."""

    levels: tuple[str, ...]
    rare: frozenset[str] = frozenset()

    @property
    def n_bins(self) -> int:
        """Number of bins, "other" and "missing" included."""
        return len(self.levels) + 2

    def codes(self, values: pd.Series) -> Ints:
        """Bin number of each value, shape (n,)."""
        found = pd.Index(self.levels, dtype="str").get_indexer(pd.Index(values.astype("str")))
        coded = np.where(found < 0, self.n_bins - 2, found)
        return np.where(values.isna().to_numpy(), self.n_bins - 1, coded).astype(np.int64)

    def unseen(self, values: pd.Series) -> int:
        """Number of values that history never held."""
        known = set(self.levels) | self.rare
        return int((values.notna() & ~values.astype("str").isin(known)).sum())

    def labels(self) -> list[str]:
        """The bins in words, in the order of their codes."""
        return [*self.levels, "other", "missing"]


Bins = NumericBins | CategoryBins


def fit_numeric_bins(
    values: pd.Series, bad: Floats, weight: Floats, *, n_pre_bins: int, smallest: float
) -> NumericBins:
    """Cut a number so that the bad rate only rises, or only falls, along the bins.

    Quantile bins are pooled (pool adjacent violators) in the direction that explains `bad` better, then bins with fewer
    than `smallest` rows join the neighbour whose bad rate is nearer.

    Args:
        values: The feature, shape (n,); missing values take no part.
        bad: 0 or 1, shape (n,).
        weight: Weight per row, shape (n,).
        n_pre_bins: Quantile bins to begin with.
        smallest: Smallest number of rows in a bin.

    Returns:
        The bins; a single one where the feature is constant or always missing.
    """
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    here = ~np.isnan(numbers)
    edges = _quantile_edges(numbers[here], n_pre_bins)
    if not edges.size:
        return NumericBins(edges=())
    codes = np.searchsorted(edges, numbers[here], side="left")
    tally = _Tally(
        count=np.bincount(codes, minlength=len(edges) + 1).astype(float),
        total=np.bincount(codes, weights=weight[here], minlength=len(edges) + 1).astype(float),
        n_bad=np.bincount(codes, weights=(weight * bad)[here], minlength=len(edges) + 1).astype(float),
    )
    starts = _merge_small(_monotone_starts(tally), tally, smallest)
    return NumericBins(edges=tuple(float(edges[start - 1]) for start in starts[1:]))


def fit_category_bins(values: pd.Series, *, smallest: float) -> CategoryBins:
    """One bin per level that holds at least `smallest` rows; the others share the bin "other"."""
    counts = values.dropna().astype("str").value_counts()
    enough = counts >= smallest
    levels = tuple(sorted(str(level) for level in counts.index[enough]))
    return CategoryBins(levels=levels, rare=frozenset(str(level) for level in counts.index[~enough]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tally:
    """Rows, weight and weight of the bad per pre-bin, each shape (n_pre_bins,)."""

    count: Floats
    total: Floats
    n_bad: Floats

    def bad_rate(self, starts: list[int]) -> Floats:
        """Bad rate of the bins that begin at the pre-bins `starts`."""
        return np.asarray(np.add.reduceat(self.n_bad, starts) / np.add.reduceat(self.total, starts), dtype=float)


def _quantile_edges(numbers: Floats, n_pre_bins: int) -> Floats:
    """Upper edges between quantile bins: values that occur, so that a copy of the cut in SQL agrees exactly."""
    unique = np.unique(numbers)
    if len(unique) > n_pre_bins:
        shares = np.arange(1, n_pre_bins) / n_pre_bins
        unique = np.unique(np.r_[np.quantile(numbers, shares, method="inverted_cdf"), unique[-1]])
    return unique[:-1]


def _monotone_starts(tally: _Tally) -> list[int]:
    """First pre-bin of each pooled bin, in the direction with the higher likelihood."""
    rate = tally.n_bad / tally.total
    fits = [isotonic_regression(rate, weights=tally.total, increasing=up) for up in (True, False)]
    likelihood = [_likelihood(np.clip(fit.x, 1e-12, 1 - 1e-12), tally) for fit in fits]
    return [int(start) for start in fits[int(np.argmax(likelihood))].blocks[:-1]]


def _likelihood(rate: Floats, tally: _Tally) -> float:
    return float(tally.n_bad @ np.log(rate) + (tally.total - tally.n_bad) @ np.log(1 - rate))


def _merge_small(starts: list[int], tally: _Tally, smallest: float) -> list[int]:
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


def bins_to_json(bins: Bins) -> dict[str, Any]:
    """The bins as plain JSON values."""
    if isinstance(bins, NumericBins):
        return {"kind": "numeric", "edges": list(bins.edges)}
    return {"kind": "category", "levels": list(bins.levels), "rare": sorted(bins.rare)}


def bins_from_json(content: Mapping[str, Any]) -> Bins:
    """The bins that `bins_to_json` wrote.

    Raises:
        BadInput: The kind is unknown.
    """
    if content["kind"] == "numeric":
        return NumericBins(edges=tuple(float(edge) for edge in content["edges"]))
    if content["kind"] == "category":
        return CategoryBins(levels=tuple(content["levels"]), rare=frozenset(content["rare"]))
    raise BadInput(f"the scorecard has bins of kind {content['kind']!r}; use a file written by this version")
