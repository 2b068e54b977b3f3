"""The uplift stage: from history to what each offer changes for each lead, with out-of-fold estimates for every history row."""

import dataclasses
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Feature
from acquire.statistics.aipw import aipw_scores
from acquire.statistics.encoding import Encoder, fit_encoder
from acquire.uplift.calibrate import EffectCalibration, fit_effect_calibration
from acquire.uplift.learners import LearnerSettings, fit_x_learner
from acquire.uplift.randomness import Randomness, check_randomness
from acquire.uplift.scorer import EffectScorer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST_PROPENSITY = 0.02
_LEAST_CHANCE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """How history's offers came about.

    Attributes:
        offers: Names of the offers without control; arm j is offers[j - 1].
        arm: Arm of each history row, 0 = control, shape (n,).
        propensity: Chance of every arm for every row, shape (n, n_arms).
        own_propensity: Chance of the arm that the row was given, shape (n,).
        randomness: Test that no feature tells who got what.
        how: "uniform", "given propensity" or "estimated propensity".
    """

    offers: tuple[str, ...]
    arm: Ints
    propensity: Floats
    own_propensity: Floats
    randomness: Randomness
    how: str

    @property
    def randomised(self) -> bool:
        """Whether chance alone, known to us, decided who got what."""
        return self.how != "estimated propensity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Fitted effects of all offers.

    Attributes:
        scorers: One per fold of history; leads get their average.
        calibration: Learnt on out-of-fold estimates.
        control_scale: Observed over predicted bookings without the campaign.
        p_control, uplift: Calibrated out-of-fold estimates of the history rows, shapes (n,) and (n, n_offers).
        fold: Fold in which each history row was held out, shape (n,).
    """

    assignment: Assignment
    encoder: Encoder
    scorers: tuple[EffectScorer, ...]
    calibration: EffectCalibration
    control_scale: float
    p_control: Floats
    uplift: Floats
    fold: Ints

    def averaged(self, keep: tuple[bool, ...]) -> "Effects":
        """Give the effects in which every lead has the average effect of each offer that is not kept.

        For offers of which history does not show that leads differ in how they react.
        """
        if all(keep):
            return self
        mean = np.asarray(self.calibration.mean)
        flat = np.where(np.asarray(keep), self.uplift, mean)
        p_control, uplift = keep_chances(self.p_control, flat)
        return dataclasses.replace(
            self, calibration=self.calibration.averaged(keep), p_control=p_control, uplift=uplift
        )

    def score(self, leads: pd.DataFrame) -> tuple[Floats, Floats]:
        """Give calibrated p_booked_control, shape (n,), and uplifts, shape (n, n_offers), of the leads."""
        matrix = self.encoder.matrix(leads)
        scores = [scorer.score(matrix) for scorer in self.scorers]
        p_control = np.mean([control for control, _ in scores], axis=0)
        uplift = np.mean([effect for _, effect in scores], axis=0)
        return keep_chances(p_control * self.control_scale, self.calibration.apply(uplift))


def keep_chances(p_control: Floats, uplift: Floats) -> tuple[Floats, Floats]:
    """Keep p_control and p_control + uplift inside (0, 1); the uplift gives way."""
    control = np.clip(p_control, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    booked = np.clip(control[:, None] + uplift, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    return control, booked - control[:, None]


def read_assignment(
    history: pd.DataFrame, features: tuple[Feature, ...], offers: tuple[str, ...], matrix: Floats, fold: Ints, seed: int
) -> Assignment:
    """Find out how offers were assigned: given propensity, else uniform if the test allows it, else estimated.

    Args:
        history: The History frame.
        features: Columns the models may use.
        offers: Names of the offers without control.
        matrix: Encoded features, shape (n, n_features).
        fold: Fold of each row for the cross-fitted propensity, shape (n,).
        seed: Of the propensity model.
    """
    arm = pd.Categorical(history["offer"], categories=[CONTROL, *offers]).codes.astype(np.int64)
    randomness = check_randomness(history, features, arm)
    shares = np.bincount(arm, minlength=len(offers) + 1) / len(arm)
    propensity = np.tile(shares, (len(arm), 1))
    own, how = shares[arm], "uniform"
    if "propensity" in history:
        own, how = history["propensity"].to_numpy(np.float64), "given propensity"
    elif not randomness.uniform:
        propensity = _cross_fit_propensity(matrix, arm, fold, seed)
        own, how = propensity[np.arange(len(arm)), arm], "estimated propensity"
    return Assignment(offers=offers, arm=arm, propensity=propensity, own_propensity=own, randomness=randomness, how=how)


def fit_effects(
    history: pd.DataFrame,
    features: tuple[Feature, ...],
    offers: tuple[str, ...],
    *,
    settings: LearnerSettings,
    seed: int,
    n_folds: int = 5,
) -> Effects:
    """Fit the X-learner on every fold's complement and calibrate on the rows left out.

    Args:
        history: The History frame.
        features: Columns the models may use.
        offers: Names of the offers without control, all seen in history.
        settings: Of the learner.
        seed: Of folds and trees.
        n_folds: Number of folds; a person's rows stay in one fold.
    """
    encoder = fit_encoder(history, features)
    matrix = encoder.matrix(history)
    fold = deal_folds(history, n_folds, np.random.default_rng(seed))
    assignment = read_assignment(history, features, offers, matrix, fold, seed)
    booked = history["booked"].to_numpy(np.float64)
    scorers, p_control, uplift = _cross_fit(matrix, assignment, booked, fold, settings, seed)
    scores = aipw_scores(
        booked, assignment.arm, assignment.own_propensity, np.column_stack([p_control, p_control[:, None] + uplift])
    )
    control_scale = float(max(scores[:, 0].mean(), _LEAST_CHANCE) / p_control.mean())
    calibration = fit_effect_calibration(uplift, scores[:, 1:] - scores[:, :1], np.ones(len(booked)))
    p_control, uplift = keep_chances(p_control * control_scale, calibration.apply(uplift))
    return Effects(
        assignment=assignment,
        encoder=encoder,
        scorers=scorers,
        calibration=calibration,
        control_scale=control_scale,
        p_control=p_control,
        uplift=uplift,
        fold=fold,
    )


def deal_folds(history: pd.DataFrame, n_folds: int, rng: np.random.Generator) -> Ints:
    """Deal rows into folds of near-equal size; all rows of one person go to the same fold."""
    if "person_id" not in history:
        return rng.permutation(len(history)) % n_folds
    person = pd.factorize(history["person_id"].fillna(history["lead_id"]))[0]
    return (rng.permutation(int(person.max()) + 1) % n_folds)[person]


def _cross_fit(
    matrix: Floats, assignment: Assignment, booked: Floats, fold: Ints, settings: LearnerSettings, seed: int
) -> tuple[tuple[EffectScorer, ...], Floats, Floats]:
    scorers = []
    p_control, uplift = np.empty(len(booked)), np.empty((len(booked), len(assignment.offers)))
    for k in np.unique(fold):
        fit, held_out = fold != k, fold == k
        scorer = fit_x_learner(
            matrix[fit], assignment.arm[fit], booked[fit], assignment.propensity[fit], settings, seed + 10 * int(k)
        )
        p_control[held_out], uplift[held_out] = scorer.score(matrix[held_out])
        scorers.append(scorer)
    return tuple(scorers), p_control, uplift


def _cross_fit_propensity(matrix: Floats, arm: Ints, fold: Ints, seed: int) -> Floats:
    propensity = np.zeros((len(arm), int(arm.max()) + 1))
    for k in np.unique(fold):
        model = lgb.LGBMClassifier(
            n_estimators=100,
            learning_rate=0.05,
            num_leaves=8,
            min_child_samples=200,
            n_jobs=1,
            random_state=seed,
            verbose=-1,
        )
        model.fit(matrix[fold != k], arm[fold != k])
        held_out = np.flatnonzero(fold == k)
        propensity[np.ix_(held_out, model.classes_)] = model.predict_proba(matrix[held_out])
    clipped: Floats = np.maximum(propensity, _LEAST_PROPENSITY)
    clipped /= clipped.sum(axis=1, keepdims=True)
    return clipped
