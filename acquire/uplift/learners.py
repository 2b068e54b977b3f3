"""The learner: causalml's X-learner over LightGBM. The only file that imports causalml."""

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from acquire.uplift.scorer import EffectScorer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerSettings:
    """Size and regularisation of the boosted trees under the learner.

    Attributes:
        n_outcome_trees, n_effect_trees: Trees of the outcome models and of the effect models.
        min_rows_per_leaf: Rows a leaf must have: bookings are rare, so small leaves hold noise only.
    """

    n_outcome_trees: int = 100
    n_effect_trees: int = 100
    learning_rate: float = 0.05
    n_leaves: int = 8
    min_rows_per_leaf: int = 200
    l2_penalty: float = 10.0


def fit_x_learner(
    matrix: Floats, arm: Ints, booked: Floats, propensity: Floats, settings: LearnerSettings, seed: int
) -> EffectScorer:
    """Fit one X-learner for all offers at once.

    Args:
        matrix: Features, shape (n, n_features).
        arm: 0 = control, j = offer j - 1, shape (n,).
        booked: 0 or 1, shape (n,).
        propensity: Chance of every arm for every row, shape (n, n_arms).
        settings: Size and regularisation of the trees.
        seed: Seed of the trees' row and column sampling.

    Returns:
        The fitted boosters, which score without causalml.

    References:
        Kuenzel, Sekhon, Bickel and Yu (2019), PNAS 116(10).
    """
    from causalml.inference.meta import BaseXRegressor  # noqa: PLC0415 - takes seconds, so only where a model is fitted

    offers = range(1, propensity.shape[1])
    against_control = {j: propensity[:, j] / (propensity[:, j] + propensity[:, 0]) for j in offers}
    outcome = _trees("cross_entropy", settings.n_outcome_trees, settings, seed)
    effect = _trees("regression", settings.n_effect_trees, settings, seed + 1)
    learner = BaseXRegressor(
        control_outcome_learner=outcome,
        treatment_outcome_learner=outcome,
        control_effect_learner=effect,
        treatment_effect_learner=effect,
        control_name=0,
    )
    learner.fit(X=matrix, treatment=arm, y=booked, p=against_control)
    return EffectScorer(
        control=learner.model_mu_c.booster_,
        from_control=tuple(learner.models_tau_c[j].booster_ for j in offers),
        from_treated=tuple(learner.models_tau_t[j].booster_ for j in offers),
        share=tuple(float(against_control[j].mean()) for j in offers),
    )


def _trees(objective: str, n_trees: int, settings: LearnerSettings, seed: int) -> Any:
    return lgb.LGBMRegressor(
        objective=objective,
        n_estimators=n_trees,
        learning_rate=settings.learning_rate,
        num_leaves=settings.n_leaves,
        min_child_samples=settings.min_rows_per_leaf,
        reg_lambda=settings.l2_penalty,
        colsample_bytree=0.5,
        subsample=0.7,
        subsample_freq=1,
        max_bin=63,
        n_jobs=1,
        random_state=seed,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )
