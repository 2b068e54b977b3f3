"""From the fitted learner to what is served: distil, hold the pupil against its teacher, and let the gates decide who serves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Direction
from acquire.statistics.aipw import aipw_scores
from acquire.uplift.columns import column_terms
from acquire.uplift.distil import DistilSettings, distil
from acquire.uplift.effects import Effects, channels_of
from acquire.uplift.fidelity import Fidelity, Trial, measure_fidelity
from acquire.uplift.oblivious import ObliviousTrees
from acquire.uplift.served import ServedEffects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_ROWS = 40_000
_KEPT_BACK = 0.15
_LOW, _USUAL, _HIGH = 1 / 3, 1 / 2, 2 / 3


def serve(
    effects: Effects,
    history: pd.DataFrame,
    rng: np.random.Generator,
    *,
    direction: Mapping[str, Direction] | None = None,
    settings: DistilSettings | None = None,
) -> ServedEffects:
    """Make what is shipped out of fitted effects.

    The pupil learns from the average of the folds' models on up to 40,000 rows of history; no outcome is looked at. Parity is
    measured on rows that it was not shown. The value of its policy is measured on a trial: a pupil of one fold's models, on the
    fold that neither has seen. Where a gate is not passed, the teacher's own models serve: slower, and the same figures.

    Args:
        effects: As they will be used, with what has no evidence averaged.
        history: The history the effects were fitted on.
        rng: Draws rows, sketches and bootstrap weights.
        direction: Declared signs: the pupil's chance to book without the campaign keeps them.
        settings: Size of the pupil.
    """
    matrix, channel = effects.encoder.matrix(history), channels_of(history)
    signs = column_terms(effects.encoder, direction or {}).signs
    rows = _some(np.arange(len(matrix)), rng)
    asked = _raw_average(effects, matrix[rows])
    shown = rng.random(len(rows)) >= _KEPT_BACK
    pupil = distil(matrix[rows][shown], asked[shown], rng, signs=signs, settings=settings)
    hidden = rows[~shown]
    answers = pupil.predict(matrix[hidden])
    fidelity = measure_fidelity(
        effects.finished(asked[~shown][:, 0], asked[~shown][:, 1:], channel[hidden]),
        effects.finished(answers[:, 0], answers[:, 1:], channel[hidden]),
        _try_out(effects, history, matrix, signs, rng, settings),
        rng,
    )
    return _served(effects, matrix, pupil, fidelity)


def _served(effects: Effects, matrix: Floats, pupil: ObliviousTrees, fidelity: Fidelity) -> ServedEffects:
    return ServedEffects(
        offers=effects.assignment.offers,
        encoder=effects.encoder,
        pupil=pupil,
        teacher=() if fidelity.passed else effects.scorers,
        calibration=effects.calibration,
        control_scale=effects.control_scale,
        dose=effects.dose,
        support=effects.assignment.support,
        usual=_usual(effects, matrix),
        fidelity=fidelity,
    )


def _try_out(
    effects: Effects,
    history: pd.DataFrame,
    matrix: Floats,
    signs: tuple[int, ...],
    rng: np.random.Generator,
    settings: DistilSettings | None,
) -> Trial:
    """Teach a pupil what the first fold's models say, and let both decide on the rows of that fold."""
    first, scorer = int(effects.fold.min()), effects.scorers[0]
    others, unseen = (_some(np.flatnonzero(rows), rng) for rows in (effects.fold != first, effects.fold == first))
    pupil = distil(matrix[others], np.column_stack(scorer.score(matrix[others])), rng, signs=signs, settings=settings)
    channel = channels_of(history)[unseen]
    teacher = effects.finished(*scorer.score(matrix[unseen]), channel)
    answers = pupil.predict(matrix[unseen])
    p_control, uplift = effects.p_control[unseen], effects.uplift[unseen]
    assignment = effects.assignment
    return Trial(
        teacher=teacher[1],
        pupil=effects.finished(answers[:, 0], answers[:, 1:], channel)[1],
        covered=assignment.covered[unseen],
        scores=aipw_scores(
            history["booked"].to_numpy(np.float64)[unseen],
            assignment.arm[unseen],
            assignment.own_propensity[unseen],
            np.column_stack([p_control, p_control[:, None] + uplift]),
        ),
    )


def _raw_average(effects: Effects, matrix: Floats) -> Floats:
    """The teacher's figures before they are finished: p_control and uplifts side by side, shape (n, 1 + J)."""
    return np.asarray(np.mean([np.column_stack(scorer.score(matrix)) for scorer in effects.scorers], axis=0))


def _usual(effects: Effects, matrix: Floats) -> Floats:
    """Low, usual and high value of each number; of a category the most frequent level, thrice; NaN where mostly missing."""
    usual = np.full((matrix.shape[1], 3), np.nan)
    for j, (feature, column) in enumerate(zip(effects.encoder.features, matrix.T, strict=True)):
        known = column[~np.isnan(column)]
        if len(known) <= len(column) / 2:
            continue
        usual[j] = 0.0 if feature.kind == "category" else np.quantile(known, [_LOW, _USUAL, _HIGH])
    return usual


def _some(rows: Ints, rng: np.random.Generator) -> Ints:
    return rows if len(rows) <= _MOST_ROWS else np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
