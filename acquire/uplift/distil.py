"""Distilling: what many boosted trees say of a lead, learnt by a few hundred small ones that answer for all offers at once.

The pupil learns the teacher's own figures, which have no noise, so small and many leaves are no danger. Each tree is grown on one
random mixture of what is still missing of all figures (a sketch); its leaves then hold the mean of what is missing of each.

References:
    Bucila, C., Caruana, R. and Niculescu-Mizil, A. (2006), "Model compression", KDD, section 2.
    Iosipoi, L. and Vakhrushev, A. (2022), "SketchBoost: fast gradient boosted decision tree for multioutput problems", section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.uplift.oblivious import ObliviousTrees

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

_DIGITS = 6  # of figures whose standard deviation is 1: what is rounded away adds up to nothing
_MOST_ROUNDS = 50  # of putting leaves in order; trees of seven questions need a few


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilSettings:
    """Size of the pupil.

    Attributes:
        n_trees, n_questions: Its trees, and questions per tree: up to 2^n_questions leaves each.
        learning_rate: Share of what is missing that a tree takes on.
        most_bins: Thresholds per column, and one for "missing".
        rows_per_tree: Rows that choose the questions of a tree; all rows fill its leaves.
        l2_penalty: Rows that say "nothing is missing" in every leaf.
    """

    n_trees: int = 200
    n_questions: int = 7
    learning_rate: float = 0.3
    most_bins: int = 60
    rows_per_tree: int = 8_000
    l2_penalty: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Binned:
    """The matrix as numbers of bins: column > thresholds[k] exactly where code > k.

    Attributes:
        codes: Shape (n, n_columns).
        thresholds: Per column, rising.
    """

    codes: Codes
    thresholds: tuple[Floats, ...]


def distil(
    matrix: Floats,
    figures: Floats,
    rng: np.random.Generator,
    *,
    signs: Sequence[int] = (),
    settings: DistilSettings | None = None,
) -> ObliviousTrees:
    """Fit trees that give the teacher's figures.

    Args:
        matrix: Features, shape (n, n_columns); NaN = missing.
        figures: What the teacher says, shape (n, K); the first is the chance to book without the campaign.
        rng: Draws sketches and rows.
        signs: Per column, how the first figure moves as the value grows: 1 never down, -1 never up, 0 either way.
        settings: Size of the pupil.
    """
    settings = settings or DistilSettings()
    start, spread = figures.mean(axis=0), figures.std(axis=0)
    # A figure that is the same for all but for rounding has nothing to be learnt.
    scale = np.where(spread > 1e-9 * np.abs(figures).max(axis=0, initial=0.0), spread, 0.0)
    missing = np.divide(figures - start, scale, out=np.zeros_like(figures), where=scale > 0)
    binned = _bin(matrix, settings.most_bins)
    n_trees = settings.n_trees if scale.any() and any(len(t) for t in binned.thresholds) else 0
    columns = np.zeros((n_trees, settings.n_questions), dtype=np.int64)
    at = np.zeros_like(columns)
    value = np.zeros((n_trees, 2**settings.n_questions, figures.shape[1]))
    for tree in range(n_trees):
        rows = rng.choice(len(matrix), min(len(matrix), settings.rows_per_tree), replace=False)
        sketch = missing[rows] @ rng.normal(size=figures.shape[1])
        columns[tree], at[tree] = _choose_questions(binned, rows, sketch, settings)
        code = _code(binned, columns[tree], at[tree])
        leaves = _fill(code, missing, 2**settings.n_questions, settings)
        leaves[:, 0] = _keep_signs(leaves[:, 0], [signs[column] if signs else 0 for column in columns[tree]])
        value[tree] = leaves.round(_DIGITS)
        missing -= value[tree].take(code, axis=0)
    asked = [[binned.thresholds[c][k] for c, k in zip(*tree, strict=True)] for tree in zip(columns, at, strict=True)]
    return ObliviousTrees(
        n_columns=matrix.shape[1],
        column=columns,
        threshold=np.asarray(asked, dtype=np.float64).reshape(columns.shape),
        value=value,
        start=start,
        scale=scale,
    )


def _bin(matrix: Floats, most: int) -> _Binned:
    codes, thresholds = np.zeros(matrix.shape, dtype=np.uint8), []
    for j, column in enumerate(matrix.T):
        cuts = _cuts(column, most)
        codes[:, j] = np.searchsorted(cuts, np.where(np.isnan(column), -np.inf, column), side="left")
        thresholds.append(cuts)
    return _Binned(codes=codes, thresholds=tuple(thresholds))


def _cuts(column: Floats, most: int) -> Floats:
    """Thresholds between values, at most `most` of them by frequency; and one below all numbers where some are missing."""
    gaps = np.isnan(column)
    known = np.unique(column[~gaps])
    cuts = (known[:-1] + known[1:]) / 2
    if len(cuts) > most:
        quantiles = np.quantile(column[~gaps], np.linspace(0, 1, most + 2)[1:-1], method="inverted_cdf")
        cuts = np.unique(cuts[np.clip(np.searchsorted(known, quantiles), 0, len(cuts) - 1)])
    return np.concatenate([[-np.inf], cuts]) if gaps.any() and len(known) else cuts


def _choose_questions(binned: _Binned, rows: Ints, sketch: Floats, settings: DistilSettings) -> tuple[Ints, Ints]:
    """Choose, one after the other, the question that leaves least squared error over all leaves, shapes (D,) and (D,).

    gain of a question = sum over leaves of  (sum left)^2 / (rows left + l2) + (sum right)^2 / (rows right + l2)
    """
    codes = binned.codes[rows].astype(np.int64)
    n_columns, n_bins = codes.shape[1], settings.most_bins + 2
    allowed = np.array([[k < len(cuts) for k in range(n_bins)] for cuts in binned.thresholds])
    place = codes + np.arange(n_columns) * n_bins
    weights = np.repeat(sketch, n_columns)
    leaf = np.zeros(len(rows), dtype=np.int64)
    columns, at = np.zeros((2, settings.n_questions), dtype=np.int64)
    for question in range(settings.n_questions):
        n_leaves = 2**question
        cell = (place + leaf[:, None] * (n_columns * n_bins)).ravel()
        shape = (n_leaves, n_columns, n_bins)
        count = np.bincount(cell, minlength=n_leaves * n_columns * n_bins).reshape(shape).cumsum(axis=2)
        total = np.bincount(cell, weights, n_leaves * n_columns * n_bins).reshape(shape).cumsum(axis=2)
        rest, others = total[:, :, -1:] - total, count[:, :, -1:] - count
        gain = (total**2 / (count + settings.l2_penalty) + rest**2 / (others + settings.l2_penalty)).sum(axis=0)
        best = int(np.where(allowed, gain, -1.0).argmax())
        columns[question], at[question] = divmod(best, n_bins)
        leaf = 2 * leaf + (codes[:, columns[question]] > at[question])
    return columns, at


def _code(binned: _Binned, columns: Ints, at: Ints) -> Codes:
    code = np.zeros(len(binned.codes), dtype=np.uint8)
    for column, k in zip(columns.tolist(), at.tolist(), strict=True):
        code <<= 1
        code |= (binned.codes[:, column] > k).view(np.uint8)
    return code


def _fill(code: Codes, missing: Floats, n_leaves: int, settings: DistilSettings) -> Floats:
    """Give each leaf the mean of what is missing of each figure, pulled to nothing, shape (n_leaves, K)."""
    rows = np.bincount(code, minlength=n_leaves) + settings.l2_penalty
    sums = [np.bincount(code, missing[:, k], n_leaves) for k in range(missing.shape[1])]
    return settings.learning_rate * np.column_stack(sums) / rows[:, None]


def _keep_signs(leaves: Floats, signs: Sequence[int]) -> Floats:
    """Move leaves as little as a few rounds allow until none falls where its question has a sign, shape (2^D,).

    Leaves that differ in one answer only, in the wrong order, both get their mean; that can undo a neighbour, so it is done until
    nothing moves. What is still wrong after the last round is levelled: the tree gives all leaves their mean.
    """
    asked = [(len(signs) - 1 - question, sign) for question, sign in enumerate(signs) if sign]
    kept = leaves.copy()
    for _ in range(_MOST_ROUNDS):
        moved = False
        for bit, sign in asked:
            pairs = kept.reshape(-1, 2, 2**bit)
            wrong = sign * (pairs[:, 1] - pairs[:, 0]) < 0
            mean = pairs.mean(axis=1)
            kept = np.where(wrong[:, None], mean[:, None], pairs).reshape(-1)
            moved = moved or bool(wrong.any())
        if not moved:
            return kept
    return np.full_like(leaves, leaves.mean())
