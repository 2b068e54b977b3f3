"""Fitting the challenger: encode, boost, choose the shape of the trees and their number by held-out log loss."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from acquire.domain import Feature
from acquire.prefilter.challenger import Boosted, Challenger
from acquire.prefilter.challenger_settings import ChallengerSettings, Recipe, Shape
from acquire.prefilter.columns import Columns
from acquire.prefilter.columns_fit import fit_columns
from acquire.prefilter.grouping import Labels
from acquire.prefilter.quality import log_loss
from acquire.prefilter.scorecard_fit import stratified_folds

__all__ = [
    "ChallengerCrossFit",
    "ChallengerSettings",
    "Recipe",
    "Shape",
    "cross_fit_challenger",
    "fit_challenger",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengerCrossFit:
    """Predictions of rows by challengers that never saw them.

    Attributes:
        p_bad: Chance to go bad under the chosen recipe, shape (n,).
        recipe: The shape and number of trees with the lowest held-out log loss.
        log_loss: Held-out log loss per shape of the settings at its best number of trees, nats per row.
    """

    p_bad: Floats
    recipe: Recipe
    log_loss: tuple[float, ...]


def cross_fit_challenger(
    frame: pd.DataFrame,
    features: Sequence[Feature],
    bad: Floats,
    folds: Ints,
    *,
    rng: np.random.Generator,
    weight: Floats | None = None,
    settings: ChallengerSettings | None = None,
) -> ChallengerCrossFit:
    """Fit on all folds but one and predict that one: levels, signs and trees are learnt anew each time.

    Args:
        frame: Rows with the features, n of them.
        features: Columns to use.
        bad: 0 or 1, shape (n,); fractions and values a little outside count as what they add up to.
        folds: Fold number of each row, shape (n,); the champion's, so that the two are compared on the same rows.
        rng: Source of the rows and columns that each tree looks at.
        weight: Weight per row, shape (n,); default 1.
        settings: How to fit.

    Returns:
        Out-of-fold predictions under the recipe that predicts best. As for the champion, the same folds choose one of a short
        list and give the predictions.
    """
    settings = settings or ChallengerSettings()
    labels = _labels(bad, weight)
    parts = [_HeldOut.of(frame, features, labels, folds == fold, settings) for fold in np.unique(folds)]
    seed = int(rng.integers(2**31))
    tried = [_try_shape(parts, labels, shape, settings, seed) for shape in settings.shapes]
    return replace(
        min(tried, key=lambda one: one.log_loss), log_loss=tuple(loss for one in tried for loss in one.log_loss)
    )


def fit_challenger(
    frame: pd.DataFrame,
    features: Sequence[Feature],
    bad: Floats,
    *,
    rng: np.random.Generator,
    weight: Floats | None = None,
    settings: ChallengerSettings | None = None,
    recipe: Recipe | None = None,
) -> Challenger:
    """Fit the challenger of `acquire.prefilter.challenger`.

    Args:
        frame: Rows with the features, n of them.
        features: Columns to use.
        bad: 0 or 1, shape (n,), both present.
        rng: Source of the random weights behind the errors, of the trees' samples, and of the folds where needed.
        weight: Weight per row, shape (n,); default 1.
        settings: How to fit.
        recipe: Shape and number of trees; default: those with the lowest log loss over 5 folds.

    Returns:
        The challenger.
    """
    settings = settings or ChallengerSettings()
    labels = _labels(bad, weight)
    if recipe is None:
        folds = stratified_folds(bad, 5, rng)
        recipe = cross_fit_challenger(frame, features, bad, folds, rng=rng, weight=weight, settings=settings).recipe
    columns = _columns(frame, features, labels, settings)
    signs = columns.signs(settings.direction, learnt=recipe.shape.learnt_signs)
    matrix = columns.matrix(frame)

    # One seed for all: which rows and columns a tree looks at is no uncertainty about the leads.
    seed = int(rng.integers(2**31))

    def boost(learnt_from: Labels, speed: float = 1.0) -> Boosted:
        faster = replace(settings, learning_rate=settings.learning_rate * speed)
        fewer = replace(recipe, n_trees=max(1, round(recipe.n_trees / speed)))
        return _boost(matrix, learnt_from, signs, fewer, faster, seed)

    boosted = boost(labels)
    weights = (rng.exponential(size=len(labels)) for _ in range(settings.n_draws))
    drawn = tuple(boost(labels.reweighted(random), settings.draw_speed) for random in weights)
    return Challenger(columns=columns, signs=tuple(signs), boosted=boosted, drawn=drawn, widening=settings.widening)


@dataclass(frozen=True, slots=True, kw_only=True)
class _HeldOut:
    """One fold: what its models learn from, and the rows they predict."""

    columns: Columns
    x: Floats
    labels: Labels
    x_held: Floats
    held: Ints

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        features: Sequence[Feature],
        labels: Labels,
        held: NDArray[np.bool_],
        settings: ChallengerSettings,
    ) -> "_HeldOut":
        learnt_from = labels.of(~held)
        columns = _columns(frame[~held], features, learnt_from, settings)
        return cls(
            columns=columns,
            x=columns.matrix(frame[~held]),
            labels=learnt_from,
            x_held=columns.matrix(frame[held]),
            held=np.flatnonzero(held),
        )


class _Growing:
    """A booster that grows tree by tree, and what it says so far of rows it does not learn from."""

    def __init__(self, part: _HeldOut, shape: Shape, settings: ChallengerSettings, seed: int) -> None:
        signs = part.columns.signs(settings.direction, learnt=shape.learnt_signs)
        self._start = _start(part.labels)
        self._labels = part.labels
        self._x_held = part.x_held
        self._booster = _empty_booster(part.x, part.labels, signs, shape, settings, seed) if signs else None
        self.log_odds = np.full(len(part.held), self._start)

    def grow(self, n_trees: int) -> Floats:
        """Add trees; gives ln(odds bad) of the held-out rows after each, shape (n_trees, n_held)."""
        steps = np.empty((n_trees, len(self.log_odds)))
        for i in range(n_trees):
            self._add_tree()
            steps[i] = self.log_odds
        return steps

    def _add_tree(self) -> None:
        booster = self._booster
        if booster is None:
            return
        n_before = booster.num_trees()
        if _add_tree(booster, self._labels, self._start):
            self._booster = None
        if booster.num_trees() > n_before:
            tree = booster.predict(
                self._x_held, raw_score=True, start_iteration=n_before, num_iteration=1, num_threads=1
            )
            self.log_odds = self.log_odds + np.asarray(tree, dtype=np.float64)


def _try_shape(
    parts: Sequence[_HeldOut], labels: Labels, shape: Shape, settings: ChallengerSettings, seed: int
) -> ChallengerCrossFit:
    """Grow the models of all folds side by side until the log loss of what they do not see has stopped falling."""
    growing = [_Growing(part, shape, settings, seed) for part in parts]
    predicted, best, best_loss, n_trees = np.empty(len(labels)), 0, np.inf, 0
    while n_trees < settings.most_trees and n_trees - best < settings.patience:
        steps = np.empty((10, len(labels)))
        for part, one in zip(parts, growing, strict=True):
            steps[:, part.held] = expit(one.grow(len(steps)))
        for step in steps:
            n_trees += 1
            loss = log_loss(step, labels.bad, labels.weight)
            if loss < best_loss:
                predicted, best, best_loss = step, n_trees, loss
    return ChallengerCrossFit(p_bad=predicted, recipe=Recipe(shape=shape, n_trees=best), log_loss=(best_loss,))


def _labels(bad: Floats, weight: Floats | None) -> Labels:
    return Labels(bad=bad, weight=np.ones(len(bad)) if weight is None else weight)


def _columns(frame: pd.DataFrame, features: Sequence[Feature], labels: Labels, settings: ChallengerSettings) -> Columns:
    return fit_columns(
        frame,
        features,
        labels,
        smallest=settings.smallest_level,
        smoothing=settings.smoothing,
        special_codes=settings.special_codes,
        unseen=settings.unseen,
    )


def _boost(
    matrix: Floats, labels: Labels, signs: list[int], recipe: Recipe, settings: ChallengerSettings, seed: int
) -> Boosted:
    start = _start(labels)
    if not signs:
        return Boosted(start=start, booster=None)
    booster = _empty_booster(matrix, labels, signs, recipe.shape, settings, seed)
    for _ in range(recipe.n_trees):
        if _add_tree(booster, labels, start):
            break
    return Boosted(start=start, booster=booster.free_dataset())


def _start(labels: Labels) -> float:
    return float(logit(labels.bad_rate))


def _empty_booster(
    matrix: Floats, labels: Labels, signs: list[int], shape: Shape, settings: ChallengerSettings, seed: int
) -> lgb.Booster:
    """A booster without trees. Rows that weigh nothing are in it, but add nothing to any leaf."""
    params = {
        "objective": "none",
        "num_leaves": shape.n_leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_rows_per_leaf,
        "lambda_l2": settings.l2_penalty,
        "feature_fraction": settings.feature_share,
        "bagging_fraction": settings.row_share,
        "bagging_freq": 1,
        "max_bin": settings.most_bins,
        "monotone_constraints": signs,
        "monotone_constraints_method": "advanced",
        "feature_pre_filter": False,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    return lgb.Booster(params, lgb.Dataset(matrix, labels.bad, params=params))


def _add_tree(booster: lgb.Booster, labels: Labels, start: float) -> bool:
    """Add one tree; True where none can be found any more.

    Gradient and curvature of weight * -(bad ln p + (1 - bad) ln(1 - p)) are given here, because the library's own refuse
    outcomes outside [0, 1], which those of partly matured bookings can be.
    """

    def slope(log_odds: Floats, data: lgb.Dataset) -> tuple[Floats, Floats]:
        p = expit(start + log_odds)
        return labels.weight * (p - labels.bad), labels.weight * p * (1 - p)

    return bool(booster.update(fobj=slope))
