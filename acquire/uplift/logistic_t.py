"""The plain baseline: one logistic regression per arm; the uplift is the difference of two chances."""

import numpy as np
from numpy.typing import NDArray

from acquire.statistics.logistic import fit_logistic
from acquire.uplift.columns import ColumnTerms
from acquire.uplift.linear import Design, Linear
from acquire.uplift.scorer import EffectScorer, Term

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fit_logistic_t(
    matrix: Floats, arm: Ints, booked: Floats, n_arms: int, penalty: float, columns: ColumnTerms
) -> EffectScorer:
    """Fit the regression of every arm.

    Args:
        matrix: Features, shape (n, n_features).
        arm: 0 = control, j = offer j - 1, shape (n,).
        booked: 0 or 1, shape (n,).
        n_arms: Number of arms, control included.
        penalty: Ridge penalty on scaled columns: bookings are rare, so coefficients are pulled to 0.
        columns: Categories, and signs of the chance to book that are declared: those coefficients keep their sign.

    References:
        Hansotia and Rukstales (2002), "Incremental value modeling", Journal of Interactive Marketing 16(3): the two-model
        approach.
    """
    design = fit_design(matrix, columns)
    rows = design.columns(matrix)
    sign = _signs(columns)
    models = tuple(_fit_arm(rows[arm == a], booked[arm == a], sign, penalty, design) for a in range(n_arms))
    control = Term(weight=-1.0, model=0)
    return EffectScorer(
        models=models,
        control=(Term(weight=1.0, model=0),),
        effects=tuple((Term(weight=1.0, model=j), control) for j in range(1, n_arms)),
    )


def fit_design(matrix: Floats, columns: ColumnTerms) -> Design:
    """Learn centre and scale of the numbers; a constant or empty column keeps the scale 1."""
    known = ~np.isnan(matrix)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, matrix, 0.0).sum(axis=0) / count
    scale = np.sqrt((np.where(known, matrix - centre, 0.0) ** 2).sum(axis=0) / count)
    numeric = np.asarray(columns.n_levels) == 0
    return Design(
        n_levels=columns.n_levels,
        centre=tuple(np.where(numeric, centre, 0.0).tolist()),
        scale=tuple(np.where(numeric & (scale > 1e-12 * np.abs(centre)) & (scale > 0), scale, 1.0).tolist()),
    )


def _signs(columns: ColumnTerms) -> Floats:
    """The declared sign of every column of the regression; the marks of missing values have none."""
    parts = [
        [0.0] * levels if levels else [float(sign), 0.0]
        for sign, levels in zip(columns.signs, columns.n_levels, strict=True)
    ]
    return np.asarray([sign for part in parts for sign in part])


def _fit_arm(rows: Floats, booked: Floats, sign: Floats, penalty: float, design: Design) -> Linear:
    """A column that must not rise is turned round, so that every declared coefficient has the bound 0 from below."""
    if booked.min() == booked.max():  # all or none booked: one chance for everybody, half a booking away from certainty
        rate = (booked.sum() + 0.5) / (len(booked) + 1)
        return Linear(design=design, intercept=float(np.log(rate / (1 - rate))), coefficients=(0.0,) * rows.shape[1])
    turned = np.where(sign < 0, -1.0, 1.0)
    fit = fit_logistic(
        rows * turned,
        booked,
        weight=np.ones(len(booked)),
        penalty=penalty,
        lowest=np.where(sign == 0, -np.inf, 0.0),
    )
    return Linear(design=design, intercept=fit.intercept, coefficients=tuple((fit.coefficients * turned).tolist()))
