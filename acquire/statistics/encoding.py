"""Features as one numeric matrix, the same way at fitting and at scoring: names, kinds, order and levels are frozen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import BadInput

Floats = NDArray[np.float64]

_MAX_LEVELS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """How feature columns become a matrix.

    Attributes:
        features: Columns in their order.
        levels: Per feature, the known levels of a category from most to least frequent; empty for a number.
    """

    features: tuple[Feature, ...]
    levels: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the matrix."""
        return tuple(feature.name for feature in self.features)

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """Give the features of `frame` as floats, shape (n, n_features); missing and unseen levels are NaN.

        Raises:
            BadInput: A feature column is not in the frame.
        """
        missing = [name for name in self.names if name not in frame]
        if missing:
            raise BadInput(f"the model needs column {missing[0]}, which the table lacks; score tables like the history")
        columns = [
            _codes(frame[feature.name], levels) if feature.kind == "category" else _numbers(frame[feature.name])
            for feature, levels in zip(self.features, self.levels, strict=True)
        ]
        return np.column_stack(columns)


def fit_encoder(history: pd.DataFrame, features: tuple[Feature, ...]) -> Encoder:
    """Learn the levels of each category from history; rare ones beyond the first 200 count as unseen."""
    levels = tuple(
        tuple(str(level) for level in history[feature.name].value_counts().index[:_MAX_LEVELS])
        if feature.kind == "category"
        else ()
        for feature in features
    )
    return Encoder(features=features, levels=levels)


def _numbers(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _codes(column: pd.Series, levels: tuple[str, ...]) -> Floats:
    codes = pd.Index(list(levels), dtype="str").get_indexer(pd.Index(column)).astype(np.float64)
    codes[codes < 0] = np.nan
    return codes
