"""What one call of a learner gets: its rows, the trees it grows, and the settings of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from acquire.domain import LearnerName
from acquire.statistics.trees import REPEATABLE
from acquire.uplift.columns import ColumnTerms
from acquire.uplift.dose import Dose

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerSettings:
    """Which learner, and size and regularisation of the boosted trees under it.

    Attributes:
        name: "x", "s", "t", "dr" (causalml's, over LightGBM) or "logistic_t".
        n_prognosis_trees: Trees of the chance to book whatever is shown, an extra column of all trees; 0: no such column.
        n_outcome_trees, n_effect_trees: Trees of the outcome models and of the effect models.
        min_rows_per_leaf: Rows a leaf must have: bookings are rare, so small leaves hold noise only.
        ridge: Penalty of the logistic regressions, on scaled columns.
    """

    name: LearnerName = "x"
    n_prognosis_trees: int = 150
    n_outcome_trees: int = 200
    n_effect_trees: int = 100
    learning_rate: float = 0.05
    n_leaves: int = 8
    min_rows_per_leaf: int = 200
    l2_penalty: float = 10.0
    ridge: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """History as a learner sees it.

    Attributes:
        matrix: Features, shape (n, n_features).
        arm: 0 = control, j = offer j - 1, shape (n,).
        booked: 0 or 1, shape (n,).
        propensity: Chance of every arm for every row, shape (n, n_arms).
        columns: Categories and declared signs of the features.
        person: Number of the human behind the row, shape (n,).
    """

    matrix: Floats
    arm: Ints
    booked: Floats
    propensity: Floats
    columns: ColumnTerms
    person: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerRows:
    """What one call of causalml gets.

    Attributes:
        matrix: Leading columns and features, shape (n, n_columns).
        group: 0 = control, else the treatment group, shape (n,).
        booked: 0 or 1, shape (n,).
        against_control: Per group, P(group | group or control), shape (n,).
        outcome_signs, effect_signs: Per column, the sign that trees of outcomes, of effects, must keep.
        leading: Number of leading columns; what happens without the campaign does not depend on them.
        settings, seed: Of the trees.
    """

    matrix: Floats
    group: Ints
    booked: Floats
    against_control: Mapping[int, Floats]
    outcome_signs: tuple[int, ...]
    effect_signs: tuple[int, ...]
    leading: int
    settings: LearnerSettings
    seed: int

    @property
    def groups(self) -> Sequence[int]:
        """The treatment groups in their order."""
        return sorted(self.against_control)

    def outcome(self) -> Any:
        """Trees of the chance to book."""
        return grow_trees("cross_entropy", self.settings.n_outcome_trees, self.outcome_signs, self.settings, self.seed)

    def outcome_without(self) -> Any:
        """Trees of the chance to book without the campaign: a split by a leading column gains nothing."""
        trees = self.outcome()
        if self.leading:
            trees.set_params(feature_contri=[0.0] * self.leading + [1.0] * (self.matrix.shape[1] - self.leading))
        return trees

    def effect(self) -> Any:
        """Trees of the difference that an offer makes."""
        return grow_trees("regression", self.settings.n_effect_trees, self.effect_signs, self.settings, self.seed + 1)


def plain_rows(history: Experience, offers: Sequence[int], settings: LearnerSettings, seed: int) -> LearnerRows:
    """Give the rows of control and of some offers (arms) that are different things."""
    used = np.isin(history.arm, [0, *offers])
    chance = history.propensity[used]
    return LearnerRows(
        matrix=history.matrix[used],
        group=history.arm[used],
        booked=history.booked[used],
        against_control={j: chance[:, j] / (chance[:, j] + chance[:, 0]) for j in offers},
        outcome_signs=history.columns.signs,
        effect_signs=(0,) * history.matrix.shape[1],
        leading=0,
        settings=settings,
        seed=seed,
    )


def dosed_rows(
    history: Experience, offers: Sequence[int], dose: Dose, settings: LearnerSettings, seed: int
) -> LearnerRows:
    """Give the rows of control and of the offers (arms) with a dose as one treatment, the dose as the leading column."""
    used = np.isin(history.arm, [0, *offers])
    arm, chance = history.arm[used], history.propensity[used]
    given = _by_lot(chance[:, offers], np.random.default_rng(seed))
    for number, j in enumerate(offers):
        given[arm == j] = number
    treated = chance[:, offers].sum(axis=1)
    return LearnerRows(
        matrix=np.column_stack([np.asarray([dose.values[j - 1] for j in offers])[given], history.matrix[used]]),
        group=(arm > 0).astype(np.int64),
        booked=history.booked[used],
        against_control={1: treated / (treated + chance[:, 0])},
        outcome_signs=(dose.sign, *history.columns.signs),
        effect_signs=(dose.sign, *((0,) * history.matrix.shape[1])),
        leading=1,
        settings=settings,
        seed=seed,
    )


def _by_lot(chance: Floats, rng: np.random.Generator) -> Ints:
    """Draw one column per row, each with its share of the row."""
    upper = chance.cumsum(axis=1) / chance.sum(axis=1, keepdims=True)
    drawn = (rng.random((len(chance), 1)) > upper).sum(axis=1)
    lot: Ints = np.minimum(drawn, chance.shape[1] - 1)
    return lot


def grow_trees(objective: str, n_trees: int, signs: Sequence[int], settings: LearnerSettings, seed: int) -> Any:
    """Give trees that are yet to be fitted.

    Args:
        objective: "cross_entropy" for the log odds of a chance, "regression" for a difference.
        n_trees: Number of trees.
        signs: Per column, 1 or -1 where the prediction must not fall or rise with it, else 0.
        settings: Size and regularisation.
        seed: Of the sampling of rows and columns.
    """
    declared: dict[str, Any] = {}
    if any(signs):
        declared = {"monotone_constraints": list(signs), "monotone_constraints_method": "intermediate"}
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
        random_state=seed,
        **REPEATABLE,
        **declared,
    )
