"""The smooth half of a likeness: one logistic regression over ranks. With few seeds it sees more than trees do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.statistics.logistic import fit_logistic
from acquire.uplift.columns import ColumnTerms
from acquire.uplift.linear import Linear
from acquire.uplift.logistic_t import fit_design

Floats = NDArray[np.float64]

_QUANTILES = np.linspace(0.0, 1.0, 101)
_MOST_LEVELS = 30  # codes run from the most to the least frequent level: rarer ones count as none of these


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedLogit:
    """A regression of seed against other over ranks, so that no outlier and no unit matters.

    Attributes:
        knots: Per column the values at its quantiles; empty for a category.
    """

    knots: tuple[tuple[float, ...], ...]
    linear: Linear

    def log_odds(self, matrix: Floats) -> Floats:
        """Log-odds to be a seed, shape (n,), were seeds and others as many."""
        columns = self.linear.design.columns(_ranked(matrix, self.knots))
        score: Floats = self.linear.intercept + columns @ np.asarray(self.linear.coefficients)
        return score


def fit_ranked_logit(known: Floats, hidden: Floats, n_levels: tuple[int, ...], penalty: float) -> RankedLogit:
    """Fit the regression; the others together weigh as much as the seeds.

    Args:
        known, hidden: Encoded features of seeds and others, shapes (n_seeds, n_features) and (n_others, n_features).
        n_levels: Per column, levels of a category; 0 for a number.
        penalty: Ridge penalty on scaled columns, against as many rows as there are seeds.
    """
    matrix = np.concatenate([known, hidden])
    knots = tuple(_knots(matrix[:, j]) if not levels else () for j, levels in enumerate(n_levels))
    ranked = _ranked(matrix, knots)
    kept = tuple(min(levels, _MOST_LEVELS) for levels in n_levels)
    design = fit_design(ranked, ColumnTerms(signs=(0,) * len(kept), n_levels=kept))
    fit = fit_logistic(
        design.columns(ranked),
        np.repeat([1.0, 0.0], [len(known), len(hidden)]),
        weight=np.repeat([1.0, len(known) / len(hidden)], [len(known), len(hidden)]),
        penalty=penalty,
        lowest=-np.inf,
    )
    linear = Linear(design=design, intercept=fit.intercept, coefficients=tuple(fit.coefficients.tolist()))
    return RankedLogit(knots=knots, linear=linear)


def _knots(column: Floats) -> tuple[float, ...]:
    known = column[~np.isnan(column)]
    return tuple(np.quantile(known, _QUANTILES).tolist()) if len(known) else (0.0,)


def _ranked(matrix: Floats, knots: tuple[tuple[float, ...], ...]) -> Floats:
    """Numbers as the share of people below, ties at their middle; categories as they are."""
    ranked = matrix.copy()
    for j, at in enumerate(knots):
        if at:
            column = matrix[:, j]
            below, upto = (np.searchsorted(at, column, side=side) for side in ("left", "right"))
            ranked[:, j] = np.where(np.isnan(column), np.nan, (below + upto) / (2 * len(at)))
    return ranked
