"""What prefilter.py compares: fits that take a table, its training rows and a seed and give back a way to score leads."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
from _risk_tables import Table
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingClassifier

from acquire.prefilter.calibrate import fit_calibration
from acquire.prefilter.challenger_fit import cross_fit_challenger, fit_challenger
from acquire.prefilter.grouping import cut_finely
from acquire.prefilter.scorecard import ScorecardSettings
from acquire.prefilter.scorecard_fit import cross_fit, fit_scorecard, stratified_folds

Chances = Callable[[pd.DataFrame], np.ndarray]
Fit = Callable[[Table, np.ndarray, int], Chances]


def fit_champion(table: Table, train: np.ndarray, seed: int) -> Chances:
    """The scorecard as a plan fits it: penalty by cross-fitting, errors of the points, calibration out of fold."""
    return _calibrated_scorecard(table, train, seed, ScorecardSettings())


def fit_champion_without_errors(table: Table, train: np.ndarray, seed: int) -> Chances:
    """The same scorecard without measuring how sure its points are, which no peer measures."""
    return _calibrated_scorecard(table, train, seed, replace(ScorecardSettings(), n_errors=0))


def _calibrated_scorecard(table: Table, train: np.ndarray, seed: int, settings: ScorecardSettings) -> Chances:
    bad, rng = table.bad[train], np.random.default_rng(seed)
    cut = cut_finely(table.frame.iloc[train], table.features, settings)
    held_out = cross_fit(cut, table.features, bad, stratified_folds(bad, 5, rng), settings=settings)
    card = fit_scorecard(cut, table.features, bad, rng=rng, settings=settings, penalty=held_out.penalty)
    calibration = fit_calibration(held_out.p_bad, bad, folds=stratified_folds(bad, 5, rng)).calibration
    return lambda leads: calibration.apply(card.p_bad(leads))


def fit_our_challenger(table: Table, train: np.ndarray, seed: int) -> Chances:
    """The challenger as it is put beside the scorecard: recipe by cross-fitting, errors by refits, calibration out of fold."""
    frame, bad, rng = table.frame.iloc[train], table.bad[train], np.random.default_rng(seed)
    held_out = cross_fit_challenger(frame, table.features, bad, stratified_folds(bad, 5, rng), rng=rng)
    trees = fit_challenger(frame, table.features, bad, rng=rng, recipe=held_out.recipe)
    calibration = fit_calibration(held_out.p_bad, bad, folds=stratified_folds(bad, 5, rng)).calibration
    return lambda leads: calibration.apply(trees.p_bad(leads))


def fit_lightgbm(table: Table, train: np.ndarray, seed: int) -> Chances:
    """LightGBM free of any sign."""
    return _lightgbm(table, train, seed, monotone=None)


def fit_lightgbm_monotone(table: Table, train: np.ndarray, seed: int) -> Chances:
    """LightGBM with the sign of each number's rank correlation with bad among the training rows."""
    bad = table.bad[train]
    signs = [
        0 if feature.kind == "category" else int(np.sign(_rank_correlation(table.frame[feature.name].iloc[train], bad)))
        for feature in table.features
    ]
    return _lightgbm(table, train, seed, monotone=signs)


def _lightgbm(table: Table, train: np.ndarray, seed: int, monotone: list[int] | None) -> Chances:
    """Leaves and number of trees by early stopping in five-fold cross-validation, then fitted on all rows."""
    settings = {
        "objective": "binary", "learning_rate": 0.05, "min_data_in_leaf": 20, "lambda_l2": 5.0,
        "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1, "cat_smooth": 20.0,
        "num_threads": 1, "verbose": -1, "seed": seed, "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    settings |= {} if monotone is None else {"monotone_constraints": monotone}
    frame = as_categories(table.frame, table.categories)
    rows = lgb.Dataset(frame.iloc[train], table.bad[train], free_raw_data=False)
    stop = lgb.early_stopping(50, verbose=False)
    tried = {
        n: lgb.cv(settings | {"num_leaves": n}, rows, num_boost_round=1000, nfold=5, seed=seed, callbacks=[stop])
        for n in (4, 8, 16)
    }
    losses = {n: history["valid binary_logloss-mean"] for n, history in tried.items()}
    best = min(losses, key=lambda n: losses[n][-1])
    booster = lgb.train(settings | {"num_leaves": best}, rows, num_boost_round=len(losses[best]))
    return lambda leads: booster.predict(as_categories(leads, table.categories, like=frame))


def fit_hist_gradient_boosting(table: Table, train: np.ndarray, seed: int) -> Chances:
    """scikit-learn's gradient boosting with its defaults."""
    frame = as_categories(table.frame, table.categories)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)
    model.fit(frame.iloc[train], table.bad[train])
    return lambda leads: model.predict_proba(as_categories(leads, table.categories, like=frame))[:, 1]


OURS: dict[str, Fit] = {
    "acquire scorecard": fit_champion,
    "- without errors": fit_champion_without_errors,
    "acquire challenger": fit_our_challenger,
}
PEERS: dict[str, Fit] = {
    "LightGBM": fit_lightgbm,
    "LightGBM monotone": fit_lightgbm_monotone,
    "HistGradientBoosting": fit_hist_gradient_boosting,
}


def as_categories(frame: pd.DataFrame, columns: Sequence[str], like: pd.DataFrame | None = None) -> pd.DataFrame:
    """The frame with `columns` as pandas categories, those of `like` where given."""
    return frame.astype({column: "category" if like is None else like[column].dtype for column in columns})


def _rank_correlation(values: pd.Series, bad: np.ndarray) -> float:
    return 0.0 if values.nunique() < 2 else float(spearmanr(values, bad).statistic)
