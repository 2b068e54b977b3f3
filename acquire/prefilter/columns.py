"""Features as columns of numbers for trees: categories in the order of their bad rate, special codes as flags of their own.

    number      its value (missing where it is a special code), then one 0/1 column per special code
    category    ln(odds bad) of its level, `smoothing` rows at the average rate added; rare levels share one value

So trees see every category as a number that risk rises with, and nothing is left to LightGBM's own idea of categories, of
columns' order, or of missing values that the fit never saw.

References:
    Micci-Barreca, D. (2001), "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 3(1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Direction, Feature
from acquire.errors import BadInput
from acquire.prefilter.bins import CategoryBins, bins_from_json, bins_to_json

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Beyond this LightGBM cuts numbers off by itself.
LARGEST = 1e300


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """A number.

    Attributes:
        special: Values that are no measurement but a code.
        missing_as: What a missing value counts as where the fit saw none; None where it saw some.
        sign: How the bad rate moves as the value grows, as the rows say: 1, -1, or 0 where it does not.
        spread: Standard deviation of ln(odds bad) between its bins.
    """

    feature: Feature
    special: tuple[float, ...]
    missing_as: float | None
    sign: int
    spread: float

    def values(self, column: pd.Series) -> list[Floats]:
        """The columns of numbers, each shape (n,)."""
        numbers = np.clip(column.to_numpy(dtype=np.float64, na_value=np.nan), -LARGEST, LARGEST)
        flags = [(numbers == code).astype(np.float64) for code in self.special]
        value = np.where(np.isin(numbers, self.special), np.nan, numbers)
        if self.missing_as is not None:
            value[np.isnan(numbers)] = self.missing_as
        return [value, *flags]

    def never_seen(self, column: pd.Series) -> Flags:
        """Rows whose value the fit can say nothing about, shape (n,)."""
        if self.missing_as is None:
            return np.zeros(len(column), dtype=bool)
        return column.isna().to_numpy(dtype=bool)

    def unseen(self, column: pd.Series) -> int:
        """Number of categories that the fit never saw: none."""
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryColumn:
    """A category.

    Attributes:
        bins: Its levels.
        log_odds: ln(odds bad) per bin beyond the average, shape (n_bins,).
        held: Bins that some row of the fit was in, shape (n_bins,).
        spread: Standard deviation of `log_odds` over the rows of the fit.
    """

    feature: Feature
    bins: CategoryBins
    log_odds: Floats
    held: Flags
    spread: float

    def __post_init__(self) -> None:
        if {len(self.log_odds), len(self.held)} != {self.bins.n_bins} or not np.isfinite(self.log_odds).all():
            raise BadInput(f"the levels of {self.feature.name!r} in the challenger do not fit their values; fit again")

    def values(self, column: pd.Series) -> list[Floats]:
        """The one column of numbers, shape (n,)."""
        return [self.log_odds[self.bins.codes(column)]]

    def never_seen(self, column: pd.Series) -> Flags:
        """Rows whose value the fit can say nothing about, shape (n,)."""
        known = column.astype("str").isin([*self.bins.levels, *self.bins.rare]).to_numpy(dtype=bool)
        return np.where(column.isna().to_numpy(dtype=bool), ~self.held[-1], ~known)

    def unseen(self, column: pd.Series) -> int:
        """Number of categories that the fit never saw."""
        return self.bins.unseen(column)


Column = NumberColumn | CategoryColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """All features of a model, in the order of the matrix."""

    columns: tuple[Column, ...]

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features in their order."""
        return tuple(column.feature for column in self.columns)

    @property
    def width(self) -> int:
        """Columns of the matrix."""
        return sum(1 + len(_codes(column)) for column in self.columns)

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """The features as numbers, shape (n, width), found by name whatever the order of the table.

        Raises:
            BadInput: A column is missing, or holds texts where the model reads numbers.
        """
        blocks = [values for column in self.columns for values in _values(column, frame)]
        return np.column_stack(blocks) if blocks else np.zeros((len(frame), 0))

    def signs(self, direction: Mapping[str, Direction], *, learnt: bool) -> list[int]:
        """How ln(odds bad) must move with each column of the matrix: 1 up, -1 down, 0 either way.

        Args:
            direction: Declared directions of numbers.
            learnt: Whether numbers without a declared direction move as the rows of the fit say; else either way.
        """
        signs: list[int] = []
        for column in self.columns:
            signs += [_sign(column, direction.get(column.feature.name), learnt=learnt), *(0 for _ in _codes(column))]
        return signs

    def never_seen(self, frame: pd.DataFrame) -> Floats:
        """Error in ln(odds bad) of values the fit can say nothing about: the spread of their features, shape (n,)."""
        variance = np.zeros(len(frame))
        for column in self.columns:
            variance += np.where(column.never_seen(frame[column.feature.name]), column.spread**2, 0.0)
        return np.asarray(np.sqrt(variance), dtype=float)

    def to_content(self) -> list[dict[str, Any]]:
        """The columns as plain JSON values."""
        return [_column_to_content(column) for column in self.columns]

    @classmethod
    def from_content(cls, content: Sequence[Mapping[str, Any]]) -> "Columns":
        """The columns that `to_content` gave."""
        return cls(columns=tuple(_column_from_content(column) for column in content))


def _codes(column: Column) -> tuple[float, ...]:
    return column.special if isinstance(column, NumberColumn) else ()


def _sign(column: Column, declared: Direction | None, *, learnt: bool) -> int:
    if isinstance(column, CategoryColumn):
        return 1
    if declared is not None:
        return 1 if declared == "rising" else -1
    return column.sign if learnt else 0


def _values(column: Column, frame: pd.DataFrame) -> list[Floats]:
    name = column.feature.name
    if name not in frame.columns:
        raise BadInput(f"the challenger reads column {name!r}, which the table lacks; add it or fit again without it")
    try:
        return column.values(frame[name])
    except (TypeError, ValueError):
        kind = "numbers" if column.feature.kind == "numeric" else "texts"
        raise BadInput(f"column {name!r} holds other values than {kind}; give it as it was in the fit") from None


def _column_to_content(column: Column) -> dict[str, Any]:
    if isinstance(column, NumberColumn):
        return {
            "name": column.feature.name,
            "special": list(column.special),
            "missing_as": column.missing_as,
            "sign": column.sign,
            "spread": column.spread,
        }
    return {
        "name": column.feature.name,
        "bins": bins_to_json(column.bins),
        "log_odds": column.log_odds.tolist(),
        "held": column.held.tolist(),
        "spread": column.spread,
    }


def _column_from_content(content: Mapping[str, Any]) -> Column:
    if "bins" not in content:
        return NumberColumn(
            feature=Feature(name=content["name"], kind="numeric"),
            special=tuple(float(code) for code in content["special"]),
            missing_as=None if content["missing_as"] is None else float(content["missing_as"]),
            sign=int(content["sign"]),
            spread=float(content["spread"]),
        )
    bins = bins_from_json(content["bins"])
    if not isinstance(bins, CategoryBins):
        raise BadInput(f"the challenger has levels of {content['name']!r} that are none; fit again")
    return CategoryColumn(
        feature=Feature(name=content["name"], kind="category"),
        bins=bins,
        log_odds=np.asarray(content["log_odds"], dtype=float),
        held=np.asarray(content["held"], dtype=bool),
        spread=float(content["spread"]),
    )
