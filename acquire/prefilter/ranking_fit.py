"""Fitting the model that ranks leads, whichever kind is the champion in force, on the same folds and under the same terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature, RiskTerms
from acquire.prefilter.calibrate import fit_calibration
from acquire.prefilter.challenger import Challenger
from acquire.prefilter.challenger_fit import ChallengerSettings, Recipe, cross_fit_challenger, fit_challenger
from acquire.prefilter.comparison import Comparison, compare
from acquire.prefilter.ranking import RankingKind, RankingModel
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_fit import cross_fit, fit_scorecard, stratified_folds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingSettings:
    """How either kind is fitted."""

    scorecard: ScorecardSettings
    challenger: ChallengerSettings

    @classmethod
    def of(cls, terms: RiskTerms) -> "RankingSettings":
        """The usual settings of both under the terms that a lender declares."""
        return cls.beside(ScorecardSettings.of(terms))

    @classmethod
    def beside(cls, scorecard: ScorecardSettings) -> "RankingSettings":
        """A challenger under the terms of a scorecard."""
        terms = RiskTerms(special_codes=scorecard.special_codes, direction=scorecard.direction, unseen=scorecard.unseen)
        return cls(scorecard=scorecard, challenger=ChallengerSettings.of(terms))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfFold:
    """Chances by models that did not see the row, shape (n,), and what the folds chose for a fit on all rows."""

    p_bad: Floats
    choice: float | Recipe


def cross_fit_ranking(
    kind: RankingKind,
    frame: pd.DataFrame,
    features: Sequence[Feature],
    bad: Floats,
    folds: Ints,
    *,
    rng: np.random.Generator,
    settings: RankingSettings,
    weight: Floats | None = None,
) -> OutOfFold:
    """Out-of-fold chances of the scorecard or of the challenger; see `cross_fit` and `cross_fit_challenger`."""
    if kind == "scorecard":
        card = cross_fit(frame, features, bad, folds, weight=weight, settings=settings.scorecard)
        return OutOfFold(p_bad=card.p_bad, choice=card.penalty)
    trees = cross_fit_challenger(frame, features, bad, folds, rng=rng, weight=weight, settings=settings.challenger)
    return OutOfFold(p_bad=trees.p_bad, choice=trees.recipe)


def fit_ranking(
    choice: float | Recipe,
    frame: pd.DataFrame,
    features: Sequence[Feature],
    bad: Floats,
    *,
    rng: np.random.Generator,
    settings: RankingSettings,
    weight: Floats | None = None,
) -> RankingModel:
    """Fit on all rows what `cross_fit_ranking` chose: a scorecard with that penalty, or a challenger by that recipe."""
    if isinstance(choice, Recipe):
        return fit_challenger(frame, features, bad, rng=rng, weight=weight, settings=settings.challenger, recipe=choice)
    return fit_scorecard(frame, features, bad, rng=rng, weight=weight, settings=settings.scorecard, penalty=choice)


def ranking_from_content(content: Mapping[str, Any]) -> RankingModel:
    """The model that `to_content` of either kind gave."""
    return Challenger.from_content(content) if content.get("kind") == "challenger" else Scorecard.from_content(content)


def compare_rankings(
    frame: pd.DataFrame,
    features: Sequence[Feature],
    bad: Floats,
    folds: Ints,
    *,
    rng: np.random.Generator,
    settings: RankingSettings,
    weight: Floats | None = None,
) -> Comparison:
    """Scorecard and challenger on the same folds, each calibrated on folds of its own chances, as a plan would use them.

    Args:
        frame: Bookings with the features, n of them.
        features: Columns to use.
        bad: 0 or 1, shape (n,); fractions and values a little outside count as what they add up to.
        folds: Fold number of each row, shape (n,).
        rng: Source of the trees' samples, of the folds for calibration, and of the bootstrap.
        settings: How both are fitted.
        weight: Weight per row, shape (n,); default 1.
    """
    second = stratified_folds(bad, int(folds.max()) + 1, rng)

    def calibrated(kind: RankingKind) -> Floats:
        raw = cross_fit_ranking(kind, frame, features, bad, folds, rng=rng, settings=settings, weight=weight).p_bad
        return fit_calibration(raw, bad, folds=second, weight=weight).p_bad

    return compare(calibrated("scorecard"), calibrated("challenger"), bad, rng, weight)
