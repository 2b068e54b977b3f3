"""Features as one numeric matrix, the same way at fitting and at scoring: names, kinds, order and levels are frozen."""

from collections.abc import Mapping
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

    @classmethod
    def of(cls, features: tuple[Feature, ...], levels: object) -> "Encoder":
        """Give the encoder of these features with levels that may come from anybody.

        Raises:
            BadInput: The levels are no lists of different texts, one per feature, empty for numbers.
        """
        if not isinstance(levels, list) or len(levels) != len(features):
            raise BadInput("the model has other levels than features; use a file that this version wrote")
        for feature, names in zip(features, levels, strict=True):
            most = _MAX_LEVELS if feature.kind == "category" else 0
            if not isinstance(names, list) or len(names) > most or not all(isinstance(name, str) for name in names):
                raise BadInput(f"the levels of {feature.name} are no list of texts; use a file that this version wrote")
            if len(set(names)) < len(names):
                raise BadInput(f"a level of {feature.name} is there twice; use a file that this version wrote")
        return cls(features=features, levels=tuple(tuple(names) for names in levels))

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

    def row(self, lead: Mapping[str, object]) -> Floats:
        """Give the features of one lead, shape (1, n_features), as `matrix` gives those of a table with one row.

        Args:
            lead: Value by feature; None or no entry = missing.

        Raises:
            BadInput: A number is none.
        """
        codes = [
            _code(lead.get(feature.name), levels) if feature.kind == "category" else _number(feature, lead)
            for feature, levels in zip(self.features, self.levels, strict=True)
        ]
        return np.array([codes], dtype=np.float64)


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


def _number(feature: Feature, lead: Mapping[str, object]) -> float:
    value = lead.get(feature.name)
    if value is None:
        return np.nan
    if not isinstance(value, int | float):
        raise BadInput(f"{feature.name} of a lead is no number; give one, or leave it out")
    return float(value)


def _code(value: object, levels: tuple[str, ...]) -> float:
    return float(levels.index(value)) if isinstance(value, str) and value in levels else np.nan
