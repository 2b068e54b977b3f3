"""Trees that ask every row the same few questions: a handful of comparisons and one look-up give all figures of a lead at once.

    code(tree)  = the answers to  value of column > threshold,  one bit per question, the first the highest
    figures     = start + scale * sum over trees of  value[tree, code(tree)]

A missing value counts as less than every number, so that the threshold "missing" (-infinity) tells it apart. What is kept is
plain numbers; no library parses them, and reading them back checks every one.

References:
    Kohavi, R. and Li, C. (1995), "Oblivious decision trees, graphs, and top-down pruning", IJCAI, section 2.
    Prokhorenkova, L. et al. (2018), "CatBoost: unbiased boosting with categorical features", section 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.errors import UNREADABLE, BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_TREES = 2_000
MOST_QUESTIONS = 8
MOST_FIGURES = 200

_FEW_ROWS = 64
_ROWS_AT_ONCE = 4_096
_KEYS = {"n_columns", "trees", "questions", "column", "threshold", "value", "start", "scale"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObliviousTrees:
    """T trees of D questions that give K figures; see the module's formula.

    Attributes:
        n_columns: Columns of the matrix they ask for.
        column: Which column each question is about, shape (T, D).
        threshold: -infinity asks whether there is a value at all, shape (T, D).
        value: Shape (T, 2^D, K).
        start, scale: Of each figure, shape (K,).
    """

    n_columns: int
    column: Ints
    threshold: Floats
    value: Floats
    start: Floats
    scale: Floats

    def predict(self, matrix: Floats) -> Floats:
        """Give the K figures of each row, shape (n, K); the same bits however many rows are asked for together."""
        known = np.where(np.isnan(matrix), -np.inf, matrix)
        if not len(self.column):
            return np.tile(self.start, (len(matrix), 1))
        if len(known) <= _FEW_ROWS:
            return self.start + self.scale * self._few(known)
        starts = range(0, len(known), _ROWS_AT_ONCE)
        total: Floats = np.concatenate([self._many(known[i : i + _ROWS_AT_ONCE]) for i in starts])
        return self.start + self.scale * total

    def columns_asked(self) -> tuple[int, ...]:
        """Columns that any tree asks about, in order."""
        return tuple(np.unique(self.column).tolist())

    def contributions(self, matrix: Floats, usual: Floats, figure: int) -> Floats:
        """Give by how much each column moves a figure away from what it would be were the column at its usual value.

        A column takes part in a few of the trees only, and a usual value fixes its answers there, so that this costs no more than
        a few times the figure itself.

        Args:
            matrix: Features, shape (n, n_columns).
            usual: Usual value of each column, shape (n_columns,); NaN = missing.
            figure: Which of the K.

        Returns:
            Shape (n, n_columns); 0 for columns that no tree asks about.
        """
        known, typical = (np.where(np.isnan(values), -np.inf, values) for values in (matrix, usual))
        columns = np.ascontiguousarray(known.T)
        moved = np.zeros((self.n_columns, len(matrix)))
        for asked, thresholds, value in zip(self.column, self.threshold, self.value[:, :, figure], strict=True):
            bits = 1 << np.arange(len(asked) - 1, -1, -1)
            code = np.zeros(len(matrix), dtype=np.uint8)
            for column, threshold in zip(asked.tolist(), thresholds.tolist(), strict=True):
                code <<= 1
                code |= (columns[column] > threshold).view(np.uint8)
            here = value.take(code)
            for column in np.unique(asked).tolist():
                own = asked == column
                fixed = int(bits[own & (typical[column] > thresholds)].sum())
                moved[column] += here - value.take((code & np.uint8(255 - bits[own].sum())) | np.uint8(fixed))
        return np.asarray(self.scale[figure] * moved.T, dtype=np.float64)

    def _few(self, known: Floats) -> Floats:
        """All trees at once: one row costs a few calls, not thousands."""
        powers = 1 << np.arange(self.column.shape[1] - 1, -1, -1)
        codes = (known[:, self.column] > self.threshold) @ powers
        total = np.zeros((len(known), len(self.start)))
        for row, code in zip(total, codes, strict=True):
            # The running sum adds tree after tree, as `_many` does; a plain sum would add in another order.
            row[:] = np.cumsum(self.value[np.arange(len(code)), code], axis=0)[-1]
        return total

    def _many(self, known: Floats) -> Floats:
        """Tree by tree over whole columns, which lie together in memory."""
        columns = np.ascontiguousarray(known.T)
        total = np.zeros((len(known), len(self.start)))
        for asked, thresholds, value in zip(self.column.tolist(), self.threshold.tolist(), self.value, strict=True):
            code = np.zeros(len(known), dtype=np.uint8)
            for column, threshold in zip(asked, thresholds, strict=True):
                code <<= 1
                code |= (columns[column] > threshold).view(np.uint8)
            total += value.take(code, axis=0)
        return total

    def to_content(self) -> dict[str, Any]:
        """Give the trees as plain JSON values; a threshold of null asks whether there is a value."""
        return {
            "n_columns": self.n_columns,
            "trees": self.column.shape[0],
            "questions": self.column.shape[1],
            "column": self.column.ravel().tolist(),
            "threshold": [None if np.isneginf(t) else t for t in self.threshold.ravel().tolist()],
            "value": self.value.ravel().tolist(),
            "start": self.start.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any], n_columns: int, n_figures: int) -> "ObliviousTrees":
        """Give the trees that `to_content` gave; they predict the same, bit for bit.

        Args:
            content: From anybody.
            n_columns, n_figures: What the matrix has, and what is asked for.

        Raises:
            BadInput: It is no such trees over that many columns, for that many figures.
        """
        try:
            return cls._from_content(content, n_columns, n_figures)
        except UNREADABLE:
            raise _damaged("a form that is not of this version") from None

    @classmethod
    def _from_content(cls, content: Mapping[str, Any], n_columns: int, n_figures: int) -> "ObliviousTrees":
        if set(content) != _KEYS or content["n_columns"] != n_columns:
            raise _damaged(f"other keys, or other columns than the {n_columns} of the model")
        trees, questions = content["trees"], content["questions"]
        if type(trees) is not int or type(questions) is not int or not 0 <= trees <= MOST_TREES:
            raise _damaged("an impossible number of trees")
        if not 1 <= questions <= MOST_QUESTIONS or not 1 <= n_figures <= MOST_FIGURES:
            raise _damaged("an impossible number of questions or figures")
        column = _whole_numbers(content["column"], trees * questions)
        if ((column < 0) | (column >= n_columns)).any():
            raise _damaged("a question about no column of ours")
        asked = [-np.inf if t is None else t for t in content["threshold"]]
        return cls(
            n_columns=n_columns,
            column=column.reshape(trees, questions),
            threshold=_numbers(asked, trees * questions, finite=False).reshape(trees, questions),
            value=_numbers(content["value"], trees * 2**questions * n_figures).reshape(trees, 2**questions, n_figures),
            start=_numbers(content["start"], n_figures),
            scale=_numbers(content["scale"], n_figures),
        )


def _whole_numbers(values: object, n: int) -> Ints:
    if not isinstance(values, list) or len(values) != n or any(type(value) is not int for value in values):
        raise _damaged("a list that is not of whole numbers, or too short or too long")
    return np.asarray(values, dtype=np.int64)


def _numbers(values: object, n: int, *, finite: bool = True) -> Floats:
    if not isinstance(values, list) or len(values) != n or any(type(value) not in (int, float) for value in values):
        raise _damaged("a list that is not of numbers, or too short or too long")
    numbers = np.asarray(values, dtype=np.float64)
    if np.isnan(numbers).any() or np.isposinf(numbers).any() or (finite and np.isneginf(numbers).any()):
        raise _damaged("a number that is not finite")
    return numbers


def _damaged(what: str) -> BadInput:
    return BadInput(f"the trees of the served model have {what}; use a file that this version wrote")
