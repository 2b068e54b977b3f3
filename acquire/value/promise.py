"""The promise: what a plan's totals will really be, measured on history rows that did not choose.

A plan picks the options that look best, so its predicted totals are the best of many guesses. The same rule (scores by models
that did not see the row, at the plan's prices) is applied to history, and there, where offers were given by known chances, its
true totals are estimated without any model having to be right (AIPW). Observed over predicted is the correction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Correction
from acquire.statistics.bootstrap import bootstrap_means

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIGURES = ("booked", "incremental", "bad")
_FEWEST_ROWS = 200
_PRIOR_SD_OF_COMPOSITION = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How the chosen set's totals relate to their predictions.

    Attributes:
        correction: Observed over predicted, pulled towards 1 as far as chance could explain the difference.
        draws: Posterior draws of the three ratios (booked, incremental, bad), shape (n_draws, 3).
        observed: The ratios as measured, before they were pulled towards 1.
        n_rows: History rows the rule would contact.
    """

    correction: Correction
    draws: Floats
    observed: Correction
    n_rows: int


def measure_promise(
    predicted: Floats,
    observed: Floats,
    prior_sd: Floats,
    model_sd: Floats,
    rng: np.random.Generator,
    n_draws: int = 400,
    prior_mean: Floats | None = None,
) -> Promise:
    """Compare predicted with observed totals over the history rows that the plan's rule contacts.

    Each ratio has a normal prior, by default around 1: calibrated scores are right on average, and what choosing adds is
    moderate. What history shows moves it as far as history is more certain than the prior; the bootstrap's correlation between
    figures is kept.

    Args:
        predicted: booked, incremental and bad as predicted out of fold, shape (n, 3).
        observed: AIPW scores of the same under the chosen offer, shape (n, 3).
        prior_sd: Standard deviation of each ratio around 1 before history is asked, shape (3,).
        model_sd: Errors that these rows cannot show, as the models state them, relative to the totals, shape (3,); the draws
            are at least as wide.
        rng: For the bootstrap.
        n_draws: Number of posterior draws.
        prior_mean: Centre of each ratio's prior, shape (3,): what choosing is known to add; default 1.

    References:
        Andrews, Kitagawa and McCloskey (2024), "Inference on Winners", QJE 139(1), on why the best of many guesses must be
        corrected; Dudik, Langford and Li (2011) for the estimate on logged data.
    """
    prior = np.ones(len(FIGURES)) if prior_mean is None else prior_mean
    if len(predicted) < _FEWEST_ROWS:
        draws = prior + np.maximum(prior_sd, model_sd) * rng.standard_normal((n_draws, len(FIGURES)))
        return Promise(correction=_correction(prior), draws=draws, observed=Correction(), n_rows=len(predicted))
    means = bootstrap_means(np.column_stack([predicted, observed]), rng, n_draws)
    n = len(FIGURES)
    replicates = _ratio(means[:, n:], means[:, :n])
    ratio = _ratio(observed.mean(axis=0), predicted.mean(axis=0))
    variance = replicates.var(axis=0)
    trust = prior_sd**2 / (prior_sd**2 + variance)
    centre = prior + trust * (ratio - prior)
    beyond = np.sqrt(np.maximum(0.0, model_sd**2 - trust * variance))
    return Promise(
        correction=_correction(centre),
        draws=centre
        + np.sqrt(trust) * (replicates - replicates.mean(axis=0))
        + beyond * rng.standard_normal((n_draws, n)),
        observed=_correction(ratio),
        n_rows=len(predicted),
    )


def expected_over_predicted(p: Floats, deviation: Floats, weight: Floats) -> float:
    """Expected over predicted bads of bookings whose log odds are not known exactly: more than 1 where chances are low.

        E[p] = p + 1/2 * Var(log odds) * p (1 - p) (1 - 2 p),      to second order

    Calibration holds over all bookings; a plan picks the lowest chances, and among equal ones those that are known least.

    Args:
        p: Predicted chances, shape (n,).
        deviation: Standard deviation of each chance, shape (n,).
        weight: Bookings each stands for, shape (n,).
    """
    spread = p * (1 - p)
    log_odds = np.divide(deviation, spread, out=np.zeros_like(p), where=spread > 0)
    predicted = float(weight @ p)
    return 1 + float(weight @ (log_odds**2 * spread * (1 - 2 * p))) / (2 * predicted) if predicted > 0 else 1.0


def measure_composition(
    p_booked: Floats, booked: Floats, trait: Floats, rng: np.random.Generator, n_draws: int = 400
) -> tuple[float, float]:
    """How much more of a trait (risk, price) those who book of the chosen have than predicted: ratio and its error.

        ratio = (sum(booked * trait) / sum(booked)) / (sum(p_booked * trait) / sum(p_booked))

    A plan prefers safe and cheap people of whom it expects many bookings, so among these it overrates the chance to book more
    than among the risky and the dear. No outcome but the booking itself is looked at. The ratio is pulled towards 1 as far as
    chance could explain it.

    Args:
        p_booked: Predicted chance to book under the chosen offer, of rows the plan's rule would contact, shape (n,).
        booked: AIPW score of the same, shape (n,).
        trait: Chance to go bad, or money that a booking costs, given a booking, shape (n,).
        rng: For the bootstrap.
        n_draws: Number of replicates.
    """
    if len(p_booked) < _FEWEST_ROWS:
        return 1.0, _PRIOR_SD_OF_COMPOSITION
    scores = np.column_stack([booked * trait, booked, p_booked * trait, p_booked])
    variance = float(_composition(bootstrap_means(scores, rng, n_draws)).var())
    trust = _PRIOR_SD_OF_COMPOSITION**2 / (_PRIOR_SD_OF_COMPOSITION**2 + variance)
    ratio = float(_composition(scores.mean(axis=0)[None, :])[0])
    return 1 + trust * (ratio - 1), (trust * variance) ** 0.5


def _composition(means: Floats) -> Floats:
    return _ratio(means[:, 0] * means[:, 3], means[:, 1] * means[:, 2])


def booking_scores(
    booked: Floats,
    arm: Ints,
    propensity: Floats,
    p_booked: Floats,
    outcome: Floats,
    weight: Floats,
    given_booking: Floats,
) -> Floats:
    """Give doubly robust scores of `outcome` of the bookings (bad, revenue), also where the outcome is not known yet.

        score[i, a] = p * m + 1{arm_i = a} / propensity_i * ((booked_i - p) * m + weight_i / k * (outcome_i - m))

    with p = p_booked[i, a], m = given_booking[i, a] and k the mean weight of a booking: a booking that has not matured counts
    as a booking, with the expected outcome.

    Args:
        booked: 0 or 1, shape (n,).
        arm: Arm each row was given, shape (n,).
        propensity: Chance of that arm, shape (n,).
        p_booked: Chance to book under every arm, by models that did not see the row, shape (n, A).
        outcome: Of the bookings; NaN where not booked or not known, shape (n,).
        weight: 1 where the outcome is known, 0 where not or not booked, between where it is known in part, shape (n,).
        given_booking: Expected outcome of a booking under every arm, shape (n, A).

    Returns:
        Scores of the outcome per lead (not per booking), shape (n, A).
    """
    rows = np.arange(len(arm))
    known_share = weight.sum() / max(booked.sum(), 1.0)
    expected = given_booking[rows, arm]
    surprise = np.where(weight > 0, weight * (outcome - expected), 0.0) / max(known_share, 1e-12)
    scores = p_booked * given_booking
    scores[rows, arm] += ((booked - p_booked[rows, arm]) * expected + surprise) / propensity
    return scores


def _correction(ratio: Floats) -> Correction:
    return Correction(**dict(zip(FIGURES, ratio.tolist(), strict=True)))


def _ratio(observed: Floats, predicted: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Floats = observed / predicted
    return np.where(np.isfinite(ratio), np.clip(ratio, 0.05, 5.0), 1.0)
