"""How likely a lead is to book whatever it is shown: learnt from the rows of all arms, and handed to the learners as a column.

Effects tend to follow the chance to book: who never books cannot be moved, nor who always does. One arm has few bookings to
learn that chance from, all arms together have many.

References:
    Hahn, Murray and Carvalho (2020), "Bayesian regression tree models for causal inference", Bayesian Analysis 15(3), section 4.
    Hansen (2008), "The prognostic analogue of the propensity score", Biometrika 95(2).
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from acquire.uplift.columns import ColumnTerms
from acquire.uplift.learner_rows import Experience, LearnerSettings, grow_trees
from acquire.uplift.scorer import Trees

Floats = NDArray[np.float64]

_SEED_STEP = 5


def with_prognosis(history: Experience, settings: LearnerSettings, seed: int) -> tuple[Experience, tuple[Trees, ...]]:
    """Give the history with the column at its end, and the models that give it for new leads: their mean.

    Every row's value is that of the model of the other half, which did not see whether the row's person booked.

    Args:
        history: As it is.
        settings: `n_prognosis_trees`, and the size of the trees.
        seed: Of the halves and the trees.
    """
    people, person = np.unique(history.person, return_inverse=True)
    half = (np.random.default_rng(seed).permutation(len(people)) % 2)[person]
    models, column = [], np.empty(len(history.arm))
    for k in (0, 1):
        model = _fit(history, half != k, settings, seed + _SEED_STEP + k)
        column[half == k] = model.predict(history.matrix[half == k])
        models.append(model)
    longer = dataclasses.replace(
        history, matrix=np.column_stack([history.matrix, column]), columns=_with_sign(history.columns)
    )
    return longer, tuple(models)


def _fit(history: Experience, rows: NDArray[np.bool_], settings: LearnerSettings, seed: int) -> Trees:
    trees = grow_trees("cross_entropy", settings.n_prognosis_trees, history.columns.signs, settings, seed)
    trees.fit(history.matrix[rows], history.booked[rows])
    return Trees(booster=trees.booster_, n_columns=history.matrix.shape[1], chance=False)


def _with_sign(columns: ColumnTerms) -> ColumnTerms:
    """Where signs are declared the chance under an offer must rise with the column, else it could turn them round."""
    return ColumnTerms(signs=(*columns.signs, int(any(columns.signs))), n_levels=(*columns.n_levels, 0))
