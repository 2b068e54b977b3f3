"""Why an offer does what it does for a lead, in one sentence.

    "books 3.1 points more often with coupon (average 1.9), mostly because bureau_score is low and channel is mail"

A feature counts by what the uplift would lose were it at its usual value: the middle of history, or the most frequent level.
Above the offer's average the features that raise the uplift most are named, below it those that lower it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.uplift.served import ServedEffects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

_N_NAMED = 2
_LEAST_SHARE = 0.15  # of the largest contribution: what is smaller is no reason


def explain(served: ServedEffects, leads: pd.DataFrame, offer: Ints, uplift: Floats) -> Texts:
    """Give one sentence per lead, shape (n,); None where the uplift is not known.

    Args:
        served: The model that scored the leads. Where its teacher serves, the pupil still says why.
        leads: With every feature.
        offer: Number of the offer to explain for each lead, 0 = the first, shape (n,).
        uplift: As the leads were scored, shape (n, J).
    """
    matrix = served.encoder.matrix(leads)
    words = _words(served, matrix)
    sentences = np.full(len(leads), None, dtype=object)
    for j, name in enumerate(served.offers):
        rows = np.flatnonzero((offer == j) & ~np.isnan(uplift[:, j]))
        if not len(rows):
            continue
        own, average = uplift[rows, j], served.calibration.average[j]
        if not served.calibration.differs[j]:
            sentences[rows] = [
                f"{_points(effect)} with {name}, as everybody in the channel: history does not show that leads differ"
                for effect in own.tolist()
            ]
            continue
        moved = served.pupil.contributions(matrix[rows], served.usual[:, 1], j + 1)
        above = own >= average
        because = _because(np.where(above[:, None], moved, -moved), [column[rows] for column in words])
        sentences[rows] = [
            f"{_points(effect)} with {name} (average {100 * average:.1f}){why}"
            for effect, why in zip(own.tolist(), because, strict=True)
        ]
    return sentences


def _points(effect: float) -> str:
    """A difference of chances in points; none, and less often, in words."""
    if abs(effect) < 0.0005:
        return "books as often"
    return f"books {abs(100 * effect):.1f} points {'more' if effect > 0 else 'less'} often"


def _because(towards: Floats, words: Sequence[Texts]) -> list[str]:
    """Name the features that move most in the direction of interest, shape (n, n_columns) -> n texts."""
    order = np.argsort(-towards, axis=1, kind="stable")[:, :_N_NAMED]
    rows = np.arange(len(towards))
    size = towards[rows[:, None], order]
    counts = (size > 0) & (size >= _LEAST_SHARE * size[:, :1])
    named = np.stack([_picked(words, order[:, k]) for k in range(order.shape[1])], axis=1)
    texts = []
    for phrases, kept in zip(named.tolist(), counts.tolist(), strict=True):
        chosen = [phrase for phrase, keep in zip(phrases, kept, strict=True) if keep]
        texts.append(f", mostly because {' and '.join(chosen)}" if chosen else "")
    return texts


def _picked(words: Sequence[Texts], column: Ints) -> Texts:
    """Of each row the words of the column that is asked for."""
    picked = np.empty(len(column), dtype=object)
    for j in np.unique(column).tolist():
        rows = column == j
        picked[rows] = words[j][rows]
    return picked


def _words(served: ServedEffects, matrix: Floats) -> list[Texts]:
    """Say per column what each lead has: few different phrases, each made once."""
    encoder = served.encoder
    return [
        _level_words(feature, levels, column) if feature.kind == "category" else _size_words(feature, column, usual)
        for feature, levels, column, usual in zip(encoder.features, encoder.levels, matrix.T, served.usual, strict=True)
    ]


def _level_words(feature: Feature, levels: Sequence[str], column: Floats) -> Texts:
    phrases = np.array(
        [*(f"{feature.name} is {level}" for level in levels), f"{feature.name} is not known"], dtype=object
    )
    known = np.where(np.isnan(column), len(levels), column).astype(np.int64)
    return np.asarray(phrases[known], dtype=object)


def _size_words(feature: Feature, column: Floats, usual: Floats) -> Texts:
    """Low, middling or high, by thirds of history; of a feature that is 0 or 1, or all alike by thirds, its own value."""
    low, middle, high = usual.tolist()
    sizes = ("is not known", "is low", "is high", "is middling")
    if low == high:
        sizes = ("is not known", f"is below {middle:g}", f"is above {middle:g}", f"is {middle:g}")
    phrases = np.array([f"{feature.name} {size}" for size in sizes], dtype=object)
    below = column < low if low == high else column <= low
    above = column > high if low == high else column >= high
    return np.asarray(phrases[np.select([np.isnan(column), below, above], [0, 1, 2], 3)], dtype=object)
