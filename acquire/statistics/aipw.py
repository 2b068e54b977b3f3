"""Augmented inverse-probability weighting: what would have happened under each offer, one score per row and offer."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def aipw_scores(outcome: Floats, arm: Ints, propensity: Floats, expected: Floats) -> Floats:
    """Give doubly robust scores whose mean over any set of rows estimates the mean outcome there under each arm.

        score[i, a] = expected[i, a] + 1{arm_i = a} * (outcome_i - expected[i, a]) / propensity_i

    Unbiased if either the propensity or the expectation is right, and free of the bias of having looked at the row when
    `expected` was fitted on other rows.

    Args:
        outcome: Observed outcome, shape (n,).
        arm: Arm each row was given, 0 .. A-1, shape (n,).
        propensity: Chance of the arm that the row was given, in (0, 1], shape (n,).
        expected: Predicted outcome under every arm by a model that did not see the row, shape (n, A).

    Returns:
        Scores, shape (n, A), in the unit of the outcome.

    References:
        Robins, Rotnitzky and Zhao (1994), "Estimation of Regression Coefficients When Some Regressors Are Not Always
        Observed", JASA 89. Dudik, Langford and Li (2011), "Doubly Robust Policy Evaluation and Learning", ICML.
    """
    scores = expected.copy()
    rows = np.arange(len(arm))
    scores[rows, arm] += (outcome - expected[rows, arm]) / propensity
    return scores
