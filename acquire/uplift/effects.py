"""The uplift stage: from history to what each offer changes for each lead, with out-of-fold estimates for every history row."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Direction, Feature
from acquire.errors import BadInput
from acquire.statistics.aipw import aipw_scores
from acquire.statistics.encoding import Encoder, fit_encoder
from acquire.uplift.calibrate import (
    EffectCalibration,
    EffectRows,
    chance_variance,
    cross_calibrate,
    fit_effect_calibration,
)
from acquire.uplift.columns import ColumnTerms, column_terms
from acquire.uplift.dose import Dose
from acquire.uplift.learners import LearnerSettings, fit_learner
from acquire.uplift.propensity import Assignment, read_assignment
from acquire.uplift.scorer import EffectScorer
from acquire.uplift.support import Support

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Names = NDArray[np.str_]

_LEAST_CHANCE = 1e-4
_FEWEST_ROWS = 2
_PEOPLE_PER_FOLD = 2
_FEWEST_FOR_DR = 24  # of which each third needs some
_ROWS_FOR_SPREAD = 10_000  # enough to see how much less the average of the folds' models spreads than one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Fitted effects of all offers.

    Attributes:
        scorers: One per fold of history; leads get their average.
        calibration: Learnt on out-of-fold estimates, for the average of the scorers.
        control_scale: Observed over predicted bookings without the campaign.
        p_control, uplift: Calibrated out-of-fold estimates of the history rows, shapes (n,) and (n, n_offers).
        average: Average effects of each history row's channel, as other folds show them, shape (n, n_offers).
        fold: Fold in which each history row was held out, shape (n,).
        dose: The number in which offers differ, along which no lead's effect turns; None where they differ otherwise.
    """

    assignment: Assignment
    encoder: Encoder
    scorers: tuple[EffectScorer, ...]
    calibration: EffectCalibration
    control_scale: float
    p_control: Floats
    uplift: Floats
    average: Floats
    fold: Ints
    dose: Dose | None = None

    @property
    def support(self) -> Support | None:
        """Where history can tell effects; None where it can for everybody."""
        return self.assignment.support

    def averaged(self, keep: tuple[bool, ...]) -> "Effects":
        """Give the effects in which every lead has its channel's average effect of each offer that is not kept.

        For offers of which history does not show that leads differ in how they react.
        """
        if all(keep):
            return self
        flat = np.where(np.asarray(keep), self.uplift, self.average)
        p_control, uplift = keep_chances(self.p_control, along_dose(self.dose, flat))
        return dataclasses.replace(
            self, calibration=self.calibration.averaged(keep), p_control=p_control, uplift=uplift
        )

    def score(self, leads: pd.DataFrame) -> tuple[Floats, Floats]:
        """Give calibrated p_booked_control, shape (n,), and uplifts, shape (n, n_offers), of the leads."""
        matrix = self.encoder.matrix(leads)
        scores = [scorer.score(matrix) for scorer in self.scorers]
        p_control = np.mean([control for control, _ in scores], axis=0)
        uplift = np.mean([effect for _, effect in scores], axis=0)
        return self.finished(p_control, uplift, channels_of(leads))

    def finished(self, p_control: Floats, uplift: Floats, channel: Names) -> tuple[Floats, Floats]:
        """Give what becomes of the scorers' average figures; see `finish`."""
        return finish(self.calibration, self.control_scale, self.dose, p_control, uplift, channel)


def finish(
    calibration: EffectCalibration,
    control_scale: float,
    dose: Dose | None,
    p_control: Floats,
    uplift: Floats,
    channel: Names,
) -> tuple[Floats, Floats]:
    """Give what becomes of the scorers' average figures: calibrated, monotone in the dose, chances kept in (0, 1).

    Args:
        calibration: Of the effects.
        control_scale: Observed over predicted bookings without the campaign.
        dose: The number in which offers differ; None where they differ otherwise.
        p_control, uplift: As `EffectScorer.score` gives them, shapes (n,) and (n, n_offers).
        channel: Each lead's channel, shape (n,).
    """
    return keep_chances(p_control * control_scale, along_dose(dose, calibration.apply(uplift, channel)))


def channels_of(frame: pd.DataFrame) -> Names:
    """Give each row's channel, shape (n,); all alike where the frame has none."""
    if "channel" not in frame:
        return np.full(len(frame), "")
    return frame["channel"].to_numpy(dtype=np.str_)


def along_dose(dose: Dose | None, uplift: Floats) -> Floats:
    """Give the uplifts with every lead's curve along the dose, where there is one, made monotone."""
    return uplift if dose is None else dose.monotone(uplift)


def keep_chances(p_control: Floats, uplift: Floats) -> tuple[Floats, Floats]:
    """Keep p_control and p_control + uplift inside (0, 1); the uplift gives way."""
    control = np.clip(p_control, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    booked = np.clip(control[:, None] + uplift, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    return control, booked - control[:, None]


def fit_effects(
    history: pd.DataFrame,
    features: tuple[Feature, ...],
    offers: tuple[str, ...],
    *,
    settings: LearnerSettings,
    seed: int,
    n_folds: int = 5,
    direction: Mapping[str, Direction] | None = None,
    dose: Dose | None = None,
) -> Effects:
    """Fit the learner that the settings name on every fold's complement and calibrate on the rows left out.

    Args:
        history: The History frame.
        features: Columns the models may use.
        offers: Names of the offers without control, all seen in history.
        settings: Of the learner.
        seed: Of folds and trees.
        n_folds: Number of folds; a person's rows stay in one fold.
        direction: Per numeric feature, how the chance to book moves as the value grows; nothing is declared of the others.
        dose: The number in which offers differ; None where they differ otherwise.
    """
    encoder = fit_encoder(history, features)
    matrix = encoder.matrix(history)
    fold = deal_folds(history, n_folds, np.random.default_rng(seed))
    assignment = read_assignment(history, features, offers, matrix, fold, seed)
    _check_counts(assignment, fold, settings)
    booked = history["booked"].to_numpy(np.float64)
    scorers, p_control, uplift = _cross_fit(
        matrix,
        assignment,
        booked,
        fold,
        people_of(history),
        settings,
        seed,
        column_terms(encoder, direction or {}),
        dose,
    )
    scores = aipw_scores(
        booked, assignment.arm, assignment.own_propensity, np.column_stack([p_control, p_control[:, None] + uplift])
    )
    control_scale = float(max(scores[:, 0].mean(), _LEAST_CHANCE) / p_control.mean())
    rows = EffectRows(
        predicted=uplift,
        scores=scores[:, 1:] - scores[:, :1],
        variance=chance_variance(p_control, uplift, assignment.propensity, float(booked.mean())),
        counts=assignment.covered,
        channel=channels_of(history),
    )
    calibrated, average = cross_calibrate(rows, fold)
    p_control, calibrated = keep_chances(p_control * control_scale, along_dose(dose, calibrated))
    return Effects(
        assignment=assignment,
        encoder=encoder,
        scorers=scorers,
        calibration=_calibrate(rows, matrix, scorers),
        control_scale=control_scale,
        p_control=p_control,
        uplift=calibrated,
        average=average,
        fold=fold,
        dose=dose,
    )


def _check_counts(assignment: Assignment, fold: Ints, settings: LearnerSettings) -> None:
    """Raise BadInput where an arm has too few rows left once a fold is taken away."""
    fewest = _FEWEST_FOR_DR if settings.name == "dr" else _FEWEST_ROWS
    arms = range(assignment.propensity.shape[1])
    for arm, name in zip(arms, ("control", *assignment.offers), strict=True):
        if min(int(((assignment.arm == arm) & (fold != k)).sum()) for k in np.unique(fold)) < fewest:
            raise BadInput(
                f"history has {int((assignment.arm == arm).sum())} rows of {name}, too few to learn from; take it out of the "
                "offers table, or try it in a pilot (`acquire experiment design`)"
            )


def _calibrate(rows: EffectRows, matrix: Floats, scorers: tuple[EffectScorer, ...]) -> EffectCalibration:
    """Calibrate for the average of the scorers."""
    some = slice(None, None, max(1, len(matrix) // _ROWS_FOR_SPREAD))
    by_model = np.stack([scorer.score(matrix[some])[1] for scorer in scorers])
    return fit_effect_calibration(rows).for_average_of_models(rows.predicted[some], by_model)


def deal_folds(history: pd.DataFrame, n_folds: int, rng: np.random.Generator) -> Ints:
    """Deal rows into folds of near-equal size; all rows of one person go to the same fold.

    Raises:
        BadInput: There are hardly any people.
    """
    person = people_of(history)
    n_people = int(person.max()) + 1
    if n_people < _PEOPLE_PER_FOLD * n_folds < len(history):
        raise BadInput(
            f"history's rows are of {n_people} people (person_id), too few to learn from some and judge by others; check it"
        )
    return (rng.permutation(n_people) % n_folds)[person]


def people_of(history: pd.DataFrame) -> Ints:
    """Number the people behind the rows from 0, shape (n,); a row without person_id is a person of its own."""
    if "person_id" not in history:
        return np.arange(len(history))
    named = history["person_id"].notna()
    own = "lead " + history["lead_id"].astype("str")
    return pd.factorize(("person " + history["person_id"].astype("str")).where(named, own))[0]


def _cross_fit(
    matrix: Floats,
    assignment: Assignment,
    booked: Floats,
    fold: Ints,
    person: Ints,
    settings: LearnerSettings,
    seed: int,
    columns: ColumnTerms,
    dose: Dose | None,
) -> tuple[tuple[EffectScorer, ...], Floats, Floats]:
    scorers = []
    p_control, uplift = np.empty(len(booked)), np.empty((len(booked), len(assignment.offers)))
    for k in np.unique(fold):
        fit, held_out = fold != k, fold == k
        scorer = fit_learner(
            matrix[fit],
            assignment.arm[fit],
            booked[fit],
            assignment.propensity[fit],
            settings,
            seed + 10 * int(k),
            columns=columns,
            dose=dose,
            person=person[fit],
        )
        p_control[held_out], uplift[held_out] = scorer.score(matrix[held_out])
        scorers.append(scorer)
    return tuple(scorers), p_control, uplift
