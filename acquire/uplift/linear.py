"""A logistic regression over encoded features: numbers scaled, missing ones marked, one column per level of a category."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a matrix becomes the columns of a regression.

    A number gives two columns, (value - centre) / scale (0 where missing) and 1 where it is missing; a category gives one
    column per level, so a level that is missing or unseen gives none.

    Attributes:
        n_levels: Per column of the matrix, levels of a category; 0 for a number.
        centre, scale: Per column of the matrix; 0 and 1 for a category.
    """

    n_levels: tuple[int, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]

    @property
    def n_columns(self) -> int:
        """Columns of the regression."""
        return sum(levels or 2 for levels in self.n_levels)

    def columns(self, matrix: Floats) -> Floats:
        """Give the columns of the regression, shape (n, n_columns)."""
        parts = []
        for j, (levels, centre, scale) in enumerate(zip(self.n_levels, self.centre, self.scale, strict=True)):
            value = matrix[:, j]
            if levels:
                parts.append((value[:, None] == np.arange(levels)).astype(np.float64))
                continue
            missing = np.isnan(value)
            parts.append(np.column_stack([np.where(missing, 0.0, (value - centre) / scale), missing]))
        return np.column_stack(parts) if parts else np.zeros((len(matrix), 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A fitted regression: chance = 1 / (1 + exp(-(intercept + columns @ coefficients)))."""

    design: Design
    intercept: float
    coefficients: tuple[float, ...]

    def predict(self, matrix: Floats) -> Floats:
        """Give the chance of each row, shape (n,)."""
        # Summed row by row in one order, so that one row scores as it does among many.
        score = np.einsum("ij,j->i", self.design.columns(matrix), np.asarray(self.coefficients))
        return np.asarray(expit(self.intercept + score))

    def to_content(self) -> dict[str, Any]:
        """Give the model as plain JSON values."""
        return {
            "kind": "linear",
            "n_levels": list(self.design.n_levels),
            "centre": list(self.design.centre),
            "scale": list(self.design.scale),
            "intercept": self.intercept,
            "coefficients": list(self.coefficients),
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any], n_columns: int) -> "Linear":
        """Give the model that `to_content` wrote.

        Raises:
            ValueError: The numbers are no regression over that many columns.
        """
        levels = content["n_levels"]
        if len(levels) != n_columns or not all(type(one) is int and 0 <= one <= 1000 for one in levels):
            raise ValueError("levels that are not those of the columns")
        design = Design(
            n_levels=tuple(levels),
            centre=_numbers(content["centre"], n_columns),
            scale=_numbers(content["scale"], n_columns),
        )
        if any(scale <= 0 for scale in design.scale):
            raise ValueError("a scale that is not positive")
        return cls(
            design=design,
            intercept=_numbers([content["intercept"]], 1)[0],
            coefficients=_numbers(content["coefficients"], design.n_columns),
        )


def _numbers(values: Any, size: int) -> tuple[float, ...]:
    if not isinstance(values, list) or len(values) != size:
        raise ValueError("a list of another length")
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and np.isfinite(one) for one in values):
        raise ValueError("not numbers")
    return tuple(float(one) for one in values)
