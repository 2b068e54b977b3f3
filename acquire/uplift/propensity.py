"""How history's offers came about: by chance known to us, or by a rule whose chances have to be estimated."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Feature
from acquire.errors import BadInput
from acquire.uplift.randomness import Randomness, check_randomness
from acquire.uplift.support import (
    NOBODY,
    Bounds,
    Support,
    choose_bounds,
    fit_against_control,
    predict_against_control,
    within,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LEAST_PROPENSITY = 0.02
_LEAST_OF_SHARE = 0.2  # an offer that few were given is rare everywhere: that alone is no reason to clip
_FARTHEST_BOUND = 0.1
_FEWEST_ROWS = 50  # of each side where overlap holds; fewer, and nobody is ranked for the offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """How history's offers came about.

    Attributes:
        offers: Names of the offers without control; arm j is offers[j - 1].
        arm: Arm of each history row, 0 = control, shape (n,).
        propensity: Chance of every arm for every row, shape (n, n_arms); rows add up to 1.
        own_propensity: Chance of the arm that the row was given, shape (n,).
        randomness: Test that no feature tells who got what.
        how: "uniform", "given propensity" or "estimated propensity".
        support: Where history can tell what an offer changes; None = everywhere, since features do not tell who got what.
        in_overlap: The same for the rows of history, by models that did not see the row, shape (n, J); None = everywhere.
        clipped: Rows whose own estimated chance was so small that it was raised, shape (n,); None = no row.
    """

    offers: tuple[str, ...]
    arm: Ints
    propensity: Floats
    own_propensity: Floats
    randomness: Randomness
    how: str
    support: Support | None = None
    in_overlap: Flags | None = None
    clipped: Flags | None = None

    @property
    def randomised(self) -> bool:
        """Whether chance alone, known to us, decided who got what."""
        return self.how != "estimated propensity"

    @property
    def covered(self) -> Flags:
        """History rows and offers where overlap holds, shape (n, J)."""
        return (
            np.ones((len(self.arm), len(self.offers)), dtype=np.bool_) if self.in_overlap is None else self.in_overlap
        )

    def covers(self, matrix: Floats) -> Flags:
        """Leads and offers where overlap holds, shape (n, J), from the leads' encoded features."""
        if self.support is None:
            return np.ones((len(matrix), len(self.offers)), dtype=np.bool_)
        return self.support.covers(matrix)


def require_randomised(assignment: Assignment, what: str = "Qini") -> None:
    """Refuse a figure that compares those with an offer to those without as they are.

    Raises:
        BadInput: Offers were not given at random: the figure would show who was chosen, not what the offer changes.
    """
    if not assignment.randomised:
        raise BadInput(
            f"{what} needs offers that were given at random, but {assignment.randomness.strongest} tells who got what; "
            "use the AIPW value, or give column propensity"
        )


def read_assignment(
    history: pd.DataFrame, features: tuple[Feature, ...], offers: tuple[str, ...], matrix: Floats, fold: Ints, seed: int
) -> Assignment:
    """Find out how offers were assigned: given propensity, else uniform if the test allows it, else estimated.

    Where features tell who got what, the chances are modelled too (with given chances only to find where overlap fails).

    Args:
        history: The History frame.
        features: Columns the models may use.
        offers: Names of the offers without control.
        matrix: Encoded features, shape (n, n_features).
        fold: Fold of each row for the cross-fitted propensity, shape (n,).
        seed: Of the propensity model.
    """
    arm = pd.Categorical(history["offer"], categories=[CONTROL, *offers]).codes.astype(np.int64)
    shares = np.bincount(arm, minlength=len(offers) + 1) / len(arm)
    uniform = Assignment(
        offers=offers,
        arm=arm,
        propensity=np.tile(shares, (len(arm), 1)),
        own_propensity=shares[arm],
        randomness=check_randomness(history, features, arm),
        how="uniform",
    )
    if "propensity" in history:
        return _with_given(uniform, history["propensity"].to_numpy(np.float64), matrix, fold, seed)
    return uniform if uniform.randomness.uniform else _with_estimated(uniform, history, matrix, fold, seed)


def _with_given(flat: Assignment, own: Floats, matrix: Floats, fold: Ints, seed: int) -> Assignment:
    """Keep the chances that are given; the chances of the other arms share what is left as the model says."""
    given = dataclasses.replace(flat, own_propensity=own, how="given propensity")
    if flat.randomness.uniform:
        return given
    n_offers = len(flat.offers)
    against_control = _cross_fit(matrix, flat.arm, n_offers, fold, seed)
    # Known chances need no model to continue them, so only next to nothing counts as no overlap.
    bounds = _bounds(against_control, flat.arm, _LEAST_PROPENSITY)
    return dataclasses.replace(
        given,
        propensity=_around_own(_chances(against_control), flat.arm, own),
        support=Support(boosters=fit_against_control(matrix, flat.arm, n_offers, seed), bounds=bounds),
        in_overlap=within(against_control, bounds),
    )


def _with_estimated(flat: Assignment, history: pd.DataFrame, matrix: Floats, fold: Ints, seed: int) -> Assignment:
    """Estimate the chances from features and the day of contact; leads have no such day, so theirs are by features alone."""
    n_offers = len(flat.offers)
    against_control = _cross_fit(_with_day(matrix, history), flat.arm, n_offers, fold, seed)
    raw, rows = _chances(against_control), np.arange(len(flat.arm))
    least = np.minimum(_LEAST_PROPENSITY, _LEAST_OF_SHARE * flat.propensity[0])
    propensity = np.maximum(raw, least)
    propensity /= propensity.sum(axis=1, keepdims=True)
    bounds = _bounds(against_control, flat.arm, _FARTHEST_BOUND)
    return dataclasses.replace(
        flat,
        propensity=propensity,
        own_propensity=propensity[rows, flat.arm],
        how="estimated propensity",
        support=Support(boosters=fit_against_control(matrix, flat.arm, n_offers, seed), bounds=bounds),
        in_overlap=within(against_control, bounds),
        clipped=raw[rows, flat.arm] < least[flat.arm],
    )


def _cross_fit(matrix: Floats, arm: Ints, n_offers: int, fold: Ints, seed: int) -> Floats:
    """P(offer | offer or control) of each row, shape (n, J), by models that did not see it."""
    against_control = np.empty((len(arm), n_offers))
    for k in np.unique(fold):
        boosters = fit_against_control(matrix[fold != k], arm[fold != k], n_offers, seed)
        against_control[fold == k] = predict_against_control(boosters, matrix[fold == k])
    return against_control


def _bounds(against_control: Floats, arm: Ints, most: float) -> tuple[Bounds, ...]:
    """Per offer the bounds of overlap; nobody where too few rows of either side lie between them."""
    n_control, *n_given = np.bincount(arm, minlength=against_control.shape[1] + 1).tolist()
    bounds = tuple(choose_bounds(n / (n + n_control), most) for n in n_given)
    inside = within(against_control, bounds)
    sides = [min((inside[:, j] & (arm == side)).sum() for side in (0, j + 1)) for j in range(len(bounds))]
    return tuple(pair if n >= _FEWEST_ROWS else NOBODY for pair, n in zip(bounds, sides, strict=True))


def _chances(against_control: Floats) -> Floats:
    """Chance of every arm from each offer's chance against control: odds against control, made to add up to 1."""
    share = np.clip(against_control, 1e-6, 1 - 1e-6)
    odds = np.column_stack([np.ones(len(share)), share / (1 - share)])
    chances: Floats = odds / odds.sum(axis=1, keepdims=True)
    return chances


def _around_own(chances: Floats, arm: Ints, own: Floats) -> Floats:
    rows = np.arange(len(arm))
    others = chances.copy()
    others[rows, arm] = 0.0
    chances = others * ((1 - own) / np.maximum(others.sum(axis=1), 1e-12))[:, None]
    chances[rows, arm] = own
    return chances


def _with_day(matrix: Floats, history: pd.DataFrame) -> Floats:
    """The features, with the day of contact as one more column where history has dates."""
    if "contacted_on" not in history:
        return matrix
    days = (history["contacted_on"] - history["contacted_on"].min()).dt.days
    return np.column_stack([matrix, days.to_numpy(np.float64, na_value=np.nan)])
