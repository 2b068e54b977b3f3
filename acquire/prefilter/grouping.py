"""Variables cut into bins and weighed: everything a scorecard knows before any regression.

References:
    Siddiqi, N. (2006), "Credit Risk Scorecards", chapter 6 (WOE, information value).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.bins import Bins, CategoryBins, Codes
from acquire.prefilter.cut import (
    Tally,
    count_bins,
    fine_category_bins,
    fine_numeric_bins,
    merge_category_bins,
    merge_numeric_bins,
)
from acquire.prefilter.scorecard import ScorecardSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_EDGE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Outcomes of the rows of a fit.

    Attributes:
        bad: 0 or 1, shape (n,); both occur. Fractions, and values a little outside, count as what they add up to.
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
        """Weighted share of bad rows, inside (0, 1)."""
        return float(np.clip(np.average(self.bad, weights=self.weight), _EDGE, 1 - _EDGE))

    def tally(self, codes: Codes | Ints, n_bins: int) -> tuple[Floats, Floats]:
        """Weighted rows and weighted bad rows per bin, each shape (n_bins,); never more bad than rows, nor fewer than 0."""
        count = np.bincount(codes, weights=self.weight, minlength=n_bins).astype(float)
        n_bad = np.bincount(codes, weights=self.weight * self.bad, minlength=n_bins).astype(float)
        return count, np.clip(n_bad, 0.0, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class FineCut:
    """Features cut once, as finely as a fit may: bins are then merged, on all rows or on some, without reading a value again.

    Attributes:
        bins: The fine bins of each feature.
        codes: The fine bin of each row, shape (n,), per feature.
        n: Number of rows.
    """

    bins: Mapping[Feature, Bins]
    codes: Mapping[Feature, Codes]
    n: int

    def __len__(self) -> int:
        return self.n

    def of(self, rows: Flags) -> "FineCut":
        """The cut of some rows, shape (n,) flags."""
        codes = {feature: codes[rows] for feature, codes in self.codes.items()}
        return replace(self, codes=codes, n=int(rows.sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Variables cut into bins; the bins of all variables stand one after the other ("stacked").

    Attributes:
        features: The features kept.
        bins: Their bins.
        places: Per variable, which of its bins each bin of the fine cut became part of.
        codes: Each row's position in the stacked bins, per variable, shape (n, m).
        starts: First position of each variable in the stacked bins, shape (m,).
        n_stacked: Number of stacked bins.
    """

    features: tuple[Feature, ...]
    bins: tuple[Bins, ...]
    places: tuple[Ints, ...]
    codes: Ints
    starts: Ints
    n_stacked: int

    def span(self, j: int) -> slice:
        """Where variable `j` stands in the stacked bins."""
        return slice(int(self.starts[j]), int(self.starts[j]) + self.bins[j].n_bins)

    def variable(self) -> Ints:
        """Number of the variable each stacked bin belongs to, shape (n_stacked,)."""
        return np.repeat(np.arange(len(self.bins)), [b.n_bins for b in self.bins]).astype(np.int64)

    def codes_of(self, cut: FineCut) -> Ints:
        """The same positions for other rows, shape (n, m)."""
        # A variable's codes lie side by side in memory: they are written, and counted, one variable at a time.
        codes = np.empty((len(self.features), len(cut)), dtype=np.int64)
        for j, (feature, place) in enumerate(zip(self.features, self.places, strict=True)):
            codes[j] = (place + self.starts[j])[cut.codes[feature]]
        return codes.T

    def tally(self, labels: Labels) -> tuple[Floats, Floats]:
        """Weighted rows and weighted bad rows per stacked bin, each shape (n_stacked,)."""
        own = [
            labels.tally(self.codes[:, j] - start, bins.n_bins)
            for j, (start, bins) in enumerate(zip(self.starts, self.bins, strict=True))
        ]
        none = np.zeros(0)
        return np.concatenate([none, *(count for count, _ in own)]), np.concatenate([none, *(bad for _, bad in own)])

    def woe(self, labels: Labels, smoothing: float) -> Floats:
        """Weight of evidence per stacked bin, shape (n_stacked,); `smoothing` rows at the average rate are added to each.

        woe = ln(odds good in the bin) - ln(odds good in all); 0 for a bin nobody is in, and that of the worst bin for levels
        that history never held, where so declared.
        """
        count, n_bad = self.tally(labels)
        average = labels.bad_rate
        with np.errstate(invalid="ignore"):
            rate = np.clip((n_bad + smoothing * average) / (count + smoothing), _EDGE, 1 - _EDGE)
        woe = np.log((1 - rate) / rate) - np.log((1 - average) / average)
        woe = np.where(count > 0, woe, 0.0)
        for j, bins in enumerate(self.bins):
            if isinstance(bins, CategoryBins) and bins.never_seen is not None:
                woe[self.starts[j] + bins.never_seen] = woe[self.span(j)][count[self.span(j)] > 0].min()
        return np.asarray(woe, dtype=float)

    def only(self, used: Ints) -> tuple["Grouping", Ints]:
        """The grouping of some variables, and where their bins stood in the old stack."""
        starts = _starts([self.bins[j].n_bins for j in used.tolist()])
        positions = [np.arange(self.n_stacked)[self.span(j)] for j in used.tolist()]
        smaller = Grouping(
            features=tuple(self.features[j] for j in used.tolist()),
            bins=tuple(self.bins[j] for j in used.tolist()),
            places=tuple(self.places[j] for j in used.tolist()),
            codes=self.codes[:, used] - self.starts[used] + starts,
            starts=starts,
            n_stacked=sum(len(position) for position in positions),
        )
        return smaller, np.concatenate([np.zeros(0, dtype=np.int64), *positions])


def group(frame: pd.DataFrame, features: Sequence[Feature], labels: Labels, settings: ScorecardSettings) -> Grouping:
    """Cut every feature into bins and keep those that tell more than a useless one would by chance.

    Raises:
        BadInput: A feature is not a column of the frame.
    """
    return merge(cut_finely(frame, features, settings), labels, settings)


def cut_finely(frame: pd.DataFrame, features: Sequence[Feature], settings: ScorecardSettings) -> FineCut:
    """Cut every feature as finely as a fit may; outcomes play no part.

    Raises:
        BadInput: A feature is not a column of the frame.
    """
    missing = [f.name for f in features if f.name not in frame.columns]
    if missing:
        raise BadInput(f"feature {missing[0]!r} is not a column of the table; add it or fit without it")
    bins = {feature: _fine_bins(frame[feature.name], feature, settings) for feature in features}
    codes = {feature: fine.codes(frame[feature.name]) for feature, fine in bins.items()}
    return FineCut(bins=bins, codes=codes, n=len(frame))


def merge(cut: FineCut, labels: Labels, settings: ScorecardSettings) -> Grouping:
    """Merge the fine bins of every feature by the outcomes and keep the features that tell more than chance would."""
    kept: list[tuple[Feature, Bins, Ints]] = []
    for feature, fine in cut.bins.items():
        tally = count_bins(cut.codes[feature], labels.bad, labels.weight, fine.n_bins)
        bins, place = _merged(fine, feature, tally, settings)
        if _net_information(*tally.merged(place, bins.n_bins)) > settings.min_information:
            kept.append((feature, bins, place))
    sizes = [bins.n_bins for _, bins, _ in kept]
    empty = Grouping(
        features=tuple(feature for feature, _, _ in kept),
        bins=tuple(bins for _, bins, _ in kept),
        places=tuple(place for _, _, place in kept),
        codes=np.zeros((0, len(kept)), dtype=np.int64),
        starts=_starts(sizes),
        n_stacked=sum(sizes),
    )
    return replace(empty, codes=empty.codes_of(cut))


def information_value(n_bad: Floats, n_good: Floats) -> float:
    """Information value: sum over bins of (share of good - share of bad) * ln(share of good / share of bad).

    Half a row is added to each cell so that an empty one stays finite; bins that hold nothing do not count.
    """
    held = (n_bad + n_good) > 0
    bad_share = (n_bad[held] + 0.5) / (n_bad[held] + 0.5).sum()
    good_share = (n_good[held] + 0.5) / (n_good[held] + 0.5).sum()
    return float(((good_share - bad_share) * np.log(good_share / bad_share)).sum())


def _net_information(count: Floats, n_bad: Floats) -> float:
    """Information value less (bins - 1) * (1 / bad + 1 / good): about what a useless variable would show."""
    n_good = count - n_bad
    spare = int((count > 0).sum()) - 1
    return information_value(n_bad, n_good) - spare * float(1 / n_bad.sum() + 1 / n_good.sum())


def _fine_bins(values: pd.Series, feature: Feature, settings: ScorecardSettings) -> Bins:
    if feature.kind == "category":
        return fine_category_bins(values, special=_special_levels(feature, settings))
    codes = settings.special_codes.get(feature.name, ())
    special = tuple(float(code) for code in codes if not isinstance(code, str))
    return fine_numeric_bins(values, n_pre_bins=settings.n_pre_bins, special=special)


def _merged(fine: Bins, feature: Feature, tally: Tally, settings: ScorecardSettings) -> tuple[Bins, Ints]:
    smallest = max(settings.min_share * float(tally.count.sum()), settings.min_count)
    if isinstance(fine, CategoryBins):
        special = _special_levels(feature, settings)
        return merge_category_bins(fine, tally.count, smallest=smallest, special=special, unseen=settings.unseen)
    direction = settings.direction.get(feature.name)
    return merge_numeric_bins(fine, tally, smallest=smallest, direction=direction, smoothing=settings.smoothing)


def _special_levels(feature: Feature, settings: ScorecardSettings) -> tuple[str, ...]:
    return tuple(code for code in settings.special_codes.get(feature.name, ()) if isinstance(code, str))


def _starts(sizes: list[int]) -> Ints:
    return np.cumsum([0, *sizes])[:-1].astype(np.int64)
