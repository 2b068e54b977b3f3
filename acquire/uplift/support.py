"""Where history can tell what an offer changes: where both the offer and control were given, not only one of them.

Where assignment followed a rule, some people were never given the offer, or never left alone. A model answers for them too, but
by continuing what it saw of others. Such leads are not ranked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from acquire.errors import BadInput
from acquire.statistics.trees import REPEATABLE, booster_from_content, trees_to_content

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_N_TREES = 60
_MIN_LEAF_ROWS = 200
_KEYS = {"trees", "bounds"}
_OF_SHARE = 0.2
Bounds = tuple[float, float]
NOBODY: Bounds = (0.5, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The chance of each offer against control, and where it is too near 0 or 1.

    Attributes:
        boosters: Per offer, boosted trees for the log odds of the offer against control.
        bounds: Per offer, the chances against control between which overlap holds.
    """

    boosters: tuple[lgb.Booster, ...]
    bounds: tuple[Bounds, ...]

    def covers(self, matrix: Floats) -> Flags:
        """Give the offers whose effect on each row history can tell, shape (n, J)."""
        return within(predict_against_control(self.boosters, matrix), self.bounds)

    def to_content(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "trees": [trees_to_content(booster) for booster in self.boosters],
            "bounds": [list(pair) for pair in self.bounds],
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any], n_columns: int) -> "Support":
        """Read back what `to_content` gave, from anybody.

        Raises:
            BadInput: The content is not that of a support over `n_columns` columns.
        """
        if not isinstance(content, Mapping) or set(content) != _KEYS or not _are_bounds(content["bounds"]):
            raise BadInput("the overlap model has keys or bounds that are not ours; use a file that this version wrote")
        if not isinstance(content["trees"], list) or len(content["trees"]) != len(content["bounds"]):
            raise BadInput("the overlap model lacks trees for an offer; use a file that this version wrote")
        return cls(
            boosters=tuple(booster_from_content(trees, n_columns) for trees in content["trees"]),
            bounds=tuple((float(low), float(high)) for low, high in content["bounds"]),
        )


def fit_against_control(matrix: Floats, arm: Ints, n_offers: int, seed: int) -> tuple[lgb.Booster, ...]:
    """Fit one model per offer, on the rows with that offer or control: together they give the chance of every arm.

    Args:
        matrix: Features, shape (n, n_features).
        arm: 0 = control, j = offer j - 1, shape (n,).
        n_offers: Number of offers J.
        seed: Of the trees.

    References:
        Begg and Gray (1984), "Calculation of polychotomous logistic regression parameters using individualized regressions",
        Biometrika 71(1).
    """
    return tuple(_fit_pair(matrix, arm, j, seed) for j in range(1, n_offers + 1))


def predict_against_control(boosters: Sequence[lgb.Booster], matrix: Floats) -> Floats:
    """P(offer | offer or control) by each offer's model, shape (n, J)."""
    # The sigmoid is ours: trees that were read back are bare, they know no objective.
    log_odds = [np.asarray(booster.predict(matrix, raw_score=True, num_threads=1)) for booster in boosters]
    return np.asarray(1 / (1 + np.exp(-np.column_stack(log_odds))), dtype=np.float64)


def within(against_control: Floats, bounds: Sequence[Bounds]) -> Flags:
    """Where the chance against control lies between the offer's bounds, shape (n, J)."""
    low, high = np.asarray(bounds).T
    inside: Flags = (against_control > low) & (against_control < high)
    return inside


def choose_bounds(share: float, most: float) -> Bounds:
    """Give the bounds of P(offer | offer or control) between which overlap holds.

        from min(most, share / 5) to 1 - min(most, (1 - share) / 5)

    Where offer and control were given equally often that is Crump and others' rule of thumb, .1 to .9. What is rare everywhere,
    a small pilot say, is no lack of overlap: only what is a fifth as frequent there as it is on average.

    Args:
        share: Share of the offer in history's rows with it or control.
        most: How far the bounds are from 0 and 1 at most.

    References:
        Crump, Hotz, Imbens and Mitnik (2009), "Dealing with limited overlap in estimation of average treatment effects",
        Biometrika 96(1).
    """
    return min(most, _OF_SHARE * share), 1 - min(most, _OF_SHARE * (1 - share))


def _fit_pair(matrix: Floats, arm: Ints, j: int, seed: int) -> lgb.Booster:
    rows = (arm == 0) | (arm == j)
    # As a regressor: a classifier would number the labels anew where a fold holds one side only.
    model = lgb.LGBMRegressor(
        objective="binary",
        n_estimators=_N_TREES,
        learning_rate=0.1,
        num_leaves=8,
        min_child_samples=int(np.clip(rows.sum() // 100, 20, _MIN_LEAF_ROWS)),
        reg_lambda=1.0,
        random_state=seed,
        **REPEATABLE,
    )
    model.fit(matrix[rows], (arm[rows] == j).astype(np.float64))
    return model.booster_


def _are_bounds(values: object) -> bool:
    return isinstance(values, list) and len(values) > 0 and all(_is_pair(pair) for pair in values)


def _is_pair(pair: object) -> bool:
    if not isinstance(pair, list) or len(pair) != 2 or any(isinstance(v, bool) for v in pair):
        return False
    return all(isinstance(v, int | float) for v in pair) and 0 <= pair[0] <= 0.5 <= pair[1] <= 1
