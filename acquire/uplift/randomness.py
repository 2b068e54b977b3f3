"""Were offers given at random? Asked before any effect is believed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, stats

from acquire.domain import Feature

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MAX_DUMMIES = 15
_MIN_LEVEL_ROWS = 50
_CONSTANT = 1e-9  # columns lie in [0, 1]: a length below this is what rounding left of a constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomness:
    """Answer of the test that no feature and no date tells who got which offer.

    Attributes:
        p_value: Chance of a dependence this strong if assignment were uniform.
        uniform: p_value is not below one in a thousand.
        strongest: Column with the largest association, for the message.
    """

    p_value: float
    uniform: bool
    strongest: str


def check_randomness(history: pd.DataFrame, features: tuple[Feature, ...], arm: Ints) -> Randomness:
    """Test whether shares of offers depend on features or on the day of contact.

    The arms (as dummies) are regressed on the features (numbers, missing flags, dummies of levels and of the month of
    contact). Under uniform assignment n times the Pillai trace is chi-squared with columns x (arms - 1) degrees of freedom.

    Args:
        history: The History frame.
        features: Columns the models may use.
        arm: Arm of each row, 0 = control, shape (n,).

    References:
        Anderson (2003), "An Introduction to Multivariate Statistical Analysis", 3rd ed., section 8.6.
    """
    design, owner = _design(history, features)
    if not design.any():  # all rows are alike: nothing can tell who got what
        return Randomness(p_value=1.0, uniform=True, strongest="none")
    given = np.eye(arm.max() + 1)[arm][:, 1:]
    given = given - given.mean(axis=0)
    basis, kept = _orthonormal(design)
    inner = basis.T @ given
    trace = float(np.trace(np.linalg.solve(given.T @ given, inner.T @ inner)))
    p_value = float(stats.chi2.sf(len(given) * trace, df=basis.shape[1] * given.shape[1]))
    association = np.abs(design[:, kept].T @ given).max(axis=1)
    return Randomness(p_value=p_value, uniform=p_value >= 0.001, strongest=owner[kept[int(association.argmax())]])


def _design(history: pd.DataFrame, features: tuple[Feature, ...]) -> tuple[Floats, list[str]]:
    columns: list[Floats] = []
    owner: list[str] = []
    for feature in features:
        made = _dummies(history[feature.name]) if feature.kind == "category" else _number_columns(history[feature.name])
        columns += made
        owner += [feature.name] * len(made)
    if "contacted_on" in history:
        made = _dummies(history["contacted_on"].dt.to_period("M").astype(str))
        columns += made
        owner += ["contacted_on"] * len(made)
    design = np.column_stack(columns) if columns else np.zeros((len(history), 0))
    design = design - design.mean(axis=0)
    scale = np.sqrt((design**2).sum(axis=0))
    return np.where(scale > _CONSTANT, design / np.maximum(scale, _CONSTANT), 0.0), owner


def _number_columns(column: pd.Series) -> list[Floats]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(values)
    ranks = stats.rankdata(np.where(missing, 0.0, values)) / len(values)  # ranks: outliers cannot fake a dependence
    columns = [np.where(missing, 0.5, ranks)]
    return [*columns, missing.astype(np.float64)] if missing.sum() >= _MIN_LEVEL_ROWS else columns


def _dummies(column: pd.Series) -> list[Floats]:
    counts = column.value_counts()
    levels = counts[counts >= _MIN_LEVEL_ROWS].index[:_MAX_DUMMIES]
    return [(column == level).to_numpy(dtype=np.float64) for level in levels]


def _orthonormal(design: Floats) -> tuple[Floats, Ints]:
    """Give an orthonormal basis of the columns and which columns carry it; constant and repeated columns fall out."""
    kept = np.flatnonzero((design**2).sum(axis=0) > 0.5)
    # Of the small triangle, by the driver that also converges where columns repeat each other to the last digit.
    basis, triangle = np.linalg.qr(design[:, kept])
    left, strength, _ = linalg.svd(triangle, full_matrices=False, lapack_driver="gesvd")
    return basis @ left[:, strength > 1e-6 * strength.max(initial=1.0)], kept
