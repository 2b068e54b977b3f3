"""Variables cut into bins and weighed: everything a scorecard knows before any regression.

References:
    Siddiqi, N. (2006), "Credit Risk Scorecards", chapter 6 (WOE, information value).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.prefilter.bins import Bins, fit_category_bins, fit_numeric_bins
from acquire.prefilter.scorecard import ScorecardSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Outcomes of the rows of a fit.

    Attributes:
        bad: 0 or 1, shape (n,); both occur.
        weight: Weight per row, shape (n,).
    """

    bad: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.bad)

    def of(self, rows: Flags) -> "Labels":
        """The labels of some rows, shape (n,) flags."""
        return Labels(bad=self.bad[rows], weight=self.weight[rows])

    def reweighted(self, factor: Floats) -> "Labels":
        """The same outcomes with every weight multiplied, shape (n,)."""
        return replace(self, weight=self.weight * factor)

    @property
    def bad_rate(self) -> float:
        """Weighted share of bad rows."""
        return float(np.average(self.bad, weights=self.weight))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Variables cut into bins; the bins of all variables stand one after the other ("stacked").

    Attributes:
        features: The features kept.
        bins: Their bins.
        codes: Each row's position in the stacked bins, per variable, shape (n, m).
        starts: First position of each variable in the stacked bins, shape (m,).
        n_stacked: Number of stacked bins.
    """

    features: tuple[Feature, ...]
    bins: tuple[Bins, ...]
    codes: Ints
    starts: Ints
    n_stacked: int

    def span(self, j: int) -> slice:
        """Where variable `j` stands in the stacked bins."""
        return slice(int(self.starts[j]), int(self.starts[j]) + self.bins[j].n_bins)

    def variable(self) -> Ints:
        """Number of the variable each stacked bin belongs to, shape (n_stacked,)."""
        return np.repeat(np.arange(len(self.bins)), [b.n_bins for b in self.bins]).astype(np.int64)

    def codes_of(self, frame: pd.DataFrame) -> Ints:
        """The same positions for other rows, shape (n, m)."""
        return _stack(
            [b.codes(frame[f.name]) for f, b in zip(self.features, self.bins, strict=True)], self.starts, frame
        )

    def tally(self, labels: Labels) -> tuple[Floats, Floats]:
        """Weighted rows and weighted bad rows per stacked bin, each shape (n_stacked,)."""
        flat, m = self.codes.ravel(), self.codes.shape[1]
        count = np.bincount(flat, weights=np.repeat(labels.weight, m), minlength=self.n_stacked)
        n_bad = np.bincount(flat, weights=np.repeat(labels.weight * labels.bad, m), minlength=self.n_stacked)
        return count.astype(float), n_bad.astype(float)

    def woe(self, labels: Labels, smoothing: float) -> Floats:
        """Weight of evidence per stacked bin, shape (n_stacked,); `smoothing` rows at the average rate are added to each.

        woe = ln(odds good in the bin) - ln(odds good in all); 0 for a bin nobody is in.
        """
        count, n_bad = self.tally(labels)
        average = labels.bad_rate
        rate = (n_bad + smoothing * average) / (count + smoothing)
        woe = np.log((1 - rate) / rate) - np.log((1 - average) / average)
        return np.asarray(np.where(count > 0, woe, 0.0), dtype=float)

    def only(self, used: Ints) -> tuple["Grouping", Ints]:
        """The grouping of some variables, and where their bins stood in the old stack."""
        starts = _starts([self.bins[j].n_bins for j in used.tolist()])
        positions = [np.arange(self.n_stacked)[self.span(j)] for j in used.tolist()]
        smaller = Grouping(
            features=tuple(self.features[j] for j in used.tolist()),
            bins=tuple(self.bins[j] for j in used.tolist()),
            codes=self.codes[:, used] - self.starts[used] + starts,
            starts=starts,
            n_stacked=sum(len(position) for position in positions),
        )
        return smaller, np.concatenate([np.zeros(0, dtype=np.int64), *positions])


def group(frame: pd.DataFrame, features: Sequence[Feature], labels: Labels, settings: ScorecardSettings) -> Grouping:
    """Cut every feature into bins and keep those that tell more than a useless one would by chance."""
    cut = [(f, _fit_bins(frame[f.name], f, labels, settings)) for f in features]
    coded = [(f, b, b.codes(frame[f.name])) for f, b in cut]
    kept = [(f, b, c) for f, b, c in coded if _net_information(c, b.n_bins, labels) > settings.min_information]
    starts = _starts([b.n_bins for _, b, _ in kept])
    return Grouping(
        features=tuple(f for f, _, _ in kept),
        bins=tuple(b for _, b, _ in kept),
        codes=_stack([c for _, _, c in kept], starts, frame),
        starts=starts,
        n_stacked=sum(b.n_bins for _, b, _ in kept),
    )


def information_value(n_bad: Floats, n_good: Floats) -> float:
    """Information value: sum over bins of (share of good - share of bad) * ln(share of good / share of bad).

    Half a row is added to each cell so that an empty one stays finite; bins that hold nothing do not count.
    """
    held = (n_bad + n_good) > 0
    bad_share = (n_bad[held] + 0.5) / (n_bad[held] + 0.5).sum()
    good_share = (n_good[held] + 0.5) / (n_good[held] + 0.5).sum()
    return float(((good_share - bad_share) * np.log(good_share / bad_share)).sum())


def _net_information(codes: Ints, n_bins: int, labels: Labels) -> float:
    """Information value less (bins - 1) * (1 / bad + 1 / good): about what a useless variable would show."""
    n_bad = np.bincount(codes, weights=labels.weight * labels.bad, minlength=n_bins).astype(float)
    n_good = np.bincount(codes, weights=labels.weight * (1 - labels.bad), minlength=n_bins).astype(float)
    spare = int((n_bad + n_good > 0).sum()) - 1
    return information_value(n_bad, n_good) - spare * float(1 / n_bad.sum() + 1 / n_good.sum())


def _fit_bins(values: pd.Series, feature: Feature, labels: Labels, settings: ScorecardSettings) -> Bins:
    smallest = max(settings.min_share * len(labels), settings.min_count)
    if feature.kind == "category":
        return fit_category_bins(values, smallest=smallest)
    return fit_numeric_bins(values, labels.bad, labels.weight, n_pre_bins=settings.n_pre_bins, smallest=smallest)


def _starts(sizes: list[int]) -> Ints:
    return np.cumsum([0, *sizes])[:-1].astype(np.int64)


def _stack(codes: list[Ints], starts: Ints, frame: pd.DataFrame) -> Ints:
    return np.column_stack(codes) + starts if codes else np.zeros((len(frame), 0), dtype=np.int64)
