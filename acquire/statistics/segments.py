"""Segments that anybody can apply: a small tree whose leaves are treated alike, grown for what treating them alike is worth.

With g_ij what treating row i in way j gains, and doing nothing gaining 0, a leaf S is worth

    worth(S) = max(0, max over j of sum over i in S of weight_i * g_ij)

Each split is the one that adds most worth; where none adds any, the one that best tells high gains from low ones, because the
next split may use it.

References:
    Athey, Wager (2021), "Policy Learning with Observational Data", Econometrica 89(1) (the worth of a tree).
    Breiman, Friedman, Olshen, Stone (1984), Classification and Regression Trees, section 4.2 (categories by their means).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

N_CUTS: Final = 24  # candidates per column and node
MOST_NAMED: Final = 6  # categories in one condition
_TIE_BREAK: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one column must be.

    Attributes:
        column: Its name.
        low, high: From `low` to below `high`, for numbers.
        levels: One of these, for categories; None for numbers.
        or_missing: Whether a missing value fits too.
    """

    column: str
    low: float = -math.inf
    high: float = math.inf
    levels: tuple[str, ...] | None = None
    or_missing: bool = False

    @property
    def words(self) -> str:
        """The condition as a sentence part."""
        missing = " or missing" if self.or_missing else ""
        if self.levels is not None:
            return f"{self.column} is {' or '.join(self.levels)}{missing}"
        if math.isinf(self.low):
            return f"{self.column} below {self.high:.6g}{missing}"
        if math.isinf(self.high):
            return f"{self.column} from {self.low:.6g}{missing}"
        return f"{self.column} from {self.low:.6g} to below {self.high:.6g}{missing}"

    def fits(self, values: "pd.Series[Any]") -> Flags:
        """Which values fit, shape (n,)."""
        gone = values.isna().to_numpy(dtype=np.bool_)
        if self.levels is not None:
            inside = values.isin(list(self.levels)).to_numpy(dtype=np.bool_)
        else:
            numbers = values.to_numpy(np.float64)
            with np.errstate(invalid="ignore"):
                inside = (numbers >= self.low) & (numbers < self.high)
        return (inside & ~gone) | (gone & self.or_missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A leaf.

    Attributes:
        conditions: All of them hold; empty = everybody.
        rows: Positions of its rows.
    """

    conditions: tuple[Condition, ...]
    rows: NDArray[np.int64]

    @property
    def words(self) -> str:
        """Who it is, in words."""
        return ", ".join(c.words for c in self.conditions) or "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    """A node cut in two, and what that adds."""

    adds: float
    left: Condition
    right: Condition


def grow_segments(
    frame: pd.DataFrame,
    columns: Sequence[Feature],
    gain: Floats,
    weight: Floats,
    *,
    most: int = 8,
    least_share: float = 0.05,
    least_rows: int = 25,
) -> tuple[Segment, ...]:
    """Cut the rows into at most `most` segments, the most valuable cut first.

    Args:
        frame: Has the columns: numbers (NaN = missing) or categories.
        columns: What conditions may be about.
        gain: What treating each row in each way gains per unit of weight, shape (n, J).
        weight: What each row stands for, shape (n,).
        most: Most segments.
        least_share: Smallest share of all weight that a segment may have.
        least_rows: Fewest rows that a segment may have.
    """
    least = (least_share * float(weight.sum()), least_rows)
    everybody = Segment(conditions=(), rows=np.arange(len(frame)))
    grown = [(everybody, _best_split(everybody, frame, columns, gain, weight, least))]
    while len(grown) < most:
        place = max(range(len(grown)), key=lambda i: _adds_of(grown[i][1]))
        segment, split = grown[place]
        if split is None:
            break
        children = [_child(segment, condition, frame) for condition in (split.left, split.right)]
        grown[place : place + 1] = [
            (child, _best_split(child, frame, columns, gain, weight, least)) for child in children
        ]
    return tuple(segment for segment, _ in grown)


def _adds_of(split: _Split | None) -> float:
    return -math.inf if split is None else split.adds


def _child(segment: Segment, condition: Condition, frame: pd.DataFrame) -> Segment:
    rows = segment.rows[condition.fits(frame[condition.column].iloc[segment.rows])]
    earlier = next((c for c in segment.conditions if c.column == condition.column), None)
    others = tuple(c for c in segment.conditions if c.column != condition.column)
    return Segment(conditions=(*others, _both(earlier, condition)), rows=rows)


def _both(earlier: Condition | None, later: Condition) -> Condition:
    if earlier is None:
        return later
    if later.levels is not None:
        return later  # levels were chosen among those of the node
    return replace(later, low=max(earlier.low, later.low), high=min(earlier.high, later.high))


def _best_split(
    segment: Segment,
    frame: pd.DataFrame,
    columns: Sequence[Feature],
    gain: Floats,
    weight: Floats,
    least: tuple[float, int],
) -> _Split | None:
    rows = segment.rows
    weighted, w = gain[rows] * weight[rows, None], weight[rows]
    found = [
        split
        for column in columns
        for split in _splits(column, frame[column.name].iloc[rows], weighted, w, least)
        if split.adds > 0
    ]
    return max(found, key=lambda split: split.adds, default=None)


def _splits(
    column: Feature, values: "pd.Series[Any]", weighted: Floats, w: Floats, least: tuple[float, int]
) -> Iterator[_Split]:
    """The best cut of one column, where there is one."""
    key, levels = _order(column, values, weighted, w)
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    ends = np.flatnonzero(sorted_key[1:] > sorted_key[:-1])  # last row of each left part
    if len(ends) > N_CUTS:
        wanted = np.linspace(0, float(w.sum()), N_CUTS + 2)[1:-1]
        ends = np.unique(ends[np.minimum(np.searchsorted(np.cumsum(w[order])[ends], wanted), len(ends) - 1)])
    mass = np.cumsum(w[order])[ends]
    n_left = ends + 1
    ends = ends[(np.minimum(mass, w.sum() - mass) >= least[0]) & (np.minimum(n_left, len(w) - n_left) >= least[1])]
    if not len(ends):
        return
    adds = _adds(weighted[order], w[order], ends)
    best = int(adds.argmax())
    left, right = float(key[order][ends[best]]), float(key[order][ends[best] + 1])
    yield _split(column, float(adds[best]), left, right, key, levels)


def _order(
    column: Feature,
    values: "pd.Series[Any]",
    weighted: Floats,
    w: Floats,
) -> tuple[Floats, list[str]]:
    """A number per row to cut along, missing first; for categories also their names in that order."""
    if column.kind == "numeric":
        numbers = values.to_numpy(np.float64)
        return np.where(np.isnan(numbers), -np.inf, numbers), []
    best = pd.Series(weighted.max(axis=1), index=values.index).groupby(values).sum()
    mass = pd.Series(w, index=values.index).groupby(values).sum()
    names = [str(name) for name in (best / mass).sort_values(kind="stable").index]
    place = values.map({name: i for i, name in enumerate(names)}).to_numpy(np.float64)
    return np.where(np.isnan(place), -np.inf, place), names


def _adds(weighted: Floats, w: Floats, ends: NDArray[np.int64]) -> Floats:
    """What each cut adds: worth, and a trace of how well it tells high gains from low ones."""
    sums, total = np.cumsum(weighted, axis=0)[ends], weighted.sum(axis=0)
    adds = np.maximum(sums.max(axis=1), 0) + np.maximum((total - sums).max(axis=1), 0) - max(total.max(), 0.0)
    best, mass = weighted.max(axis=1), np.cumsum(w)[ends]
    left, all_of_it, all_mass = np.cumsum(best)[ends], float(best.sum()), float(w.sum())
    told = left**2 / mass + (all_of_it - left) ** 2 / (all_mass - mass) - all_of_it**2 / all_mass
    scale = float(np.abs(best).sum()) / all_mass or 1.0
    return np.where(adds > 1e-9 * abs(all_of_it), adds, 0.0) + _TIE_BREAK * told / scale


def _split(column: Feature, adds: float, left: float, right: float, key: Floats, levels: list[str]) -> _Split:
    has_missing = bool(np.isinf(key).any())
    if column.kind == "numeric":
        cut = right if math.isinf(left) else _between(left, right)
        low = Condition(column=column.name, high=cut, or_missing=has_missing)
        return _Split(adds=adds, left=low, right=Condition(column=column.name, low=cut))
    after = int(left) + 1 if math.isfinite(left) else 0
    return _Split(
        adds=adds,
        left=Condition(column=column.name, levels=tuple(levels[:after]), or_missing=has_missing),
        right=Condition(column=column.name, levels=tuple(levels[after:])),
    )


def _between(left: float, right: float) -> float:
    """A short number above `left` and not above `right`."""
    for digits in range(1, 16):
        short = float(f"{(left + right) / 2:.{digits}g}")
        if left < short <= right:
            return short
    return right
