"""What all people would do at given prices, and what that uses of the limits: block by block, so that no large array is made.

For millions of people the option table itself is what fills the memory. A ledger reads it in blocks that fit the processor's
cache and keeps only sums, and per person a column and a margin.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.linear import LinearRows, Tariff
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem

BLOCK = 8_192  # people


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What people make of their best courses at some prices.

    Attributes:
        worth: sum(size * best reduced gain).
        gain: The gain of those courses themselves.
        use: What they use of each row, floors with the sign of a cap, shape (m,).
    """

    worth: float
    gain: float
    use: Floats

    def __add__(self, other: "Reading") -> "Reading":
        return Reading(worth=self.worth + other.worth, gain=self.gain + other.gain, use=self.use + other.use)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """Everybody's best course at some prices.

    Attributes:
        column: Shape (n_people,); -1 = no contact.
        margin: By how much it beats the second best, shape (n_people,).
        reading: Their sums.
    """

    column: NDArray[np.int32]
    margin: NDArray[np.float32]
    reading: Reading


class Ledger:
    """The books of one problem whose columns are sorted by person; those whose course is forced stay out of them."""

    def __init__(self, problem: Problem, rows: LinearRows) -> None:
        """Open the books.

        Args:
            problem: Gains and people.
            rows: Its limits, linear.
        """
        self.problem, self.rows = problem, rows
        self._is_held = problem.is_held

    def read(self, prices: Floats) -> Reading:
        """The sums of everybody's best course at the prices of the rows, shape (m,)."""
        reading = Reading(worth=0.0, gain=0.0, use=np.zeros(len(self.rows)))
        for block, best, chosen in self._best(prices):
            reading += self._reading(block, best, chosen)
        return reading

    def courses(self, prices: Floats) -> Courses:
        """Everybody's best course at the prices of the rows, and how clear it is."""
        n_people = len(self.problem.people)
        column, margin = np.full(n_people, -1, dtype=np.int32), np.empty(n_people, dtype=np.float32)
        reading = Reading(worth=0.0, gain=0.0, use=np.zeros(len(self.rows)))
        for block, best, chosen in self._best(prices):
            column[block.first + np.flatnonzero(best > 0)] = chosen
            margin[block.first : block.last] = self._margins(block, best, chosen)
            reading += self._reading(block, best, chosen)
        return Courses(column=column, margin=margin, reading=reading)

    def _best(self, prices: Floats) -> Iterator[tuple["_Block", Floats, Ints]]:
        """Per block: best reduced gain of each person, and the columns of those who gain."""
        starts, n, tariff = self.problem.people.starts, len(self.problem), self.rows.tariff(prices)
        for first in range(0, len(starts), BLOCK):
            last = min(first + BLOCK, len(starts))
            low, high = int(starts[first]), int(starts[last]) if last < len(starts) else n
            block = _Block(first, last, slice(low, high), starts[first:last] - low, self._reduced(tariff, low, high))
            best = np.maximum.reduceat(block.reduced, block.starts)
            best[self._is_held[first:last]] = -np.inf
            counts = np.diff(np.r_[block.starts, high - low])
            best_of_column = np.repeat(np.where(best > 0, best, np.inf), counts)
            winners = np.flatnonzero(block.reduced == best_of_column)
            person = np.searchsorted(block.starts, winners, side="right")
            yield block, best, low + winners[np.r_[True, person[1:] > person[:-1]]] if len(winners) else winners

    def _reduced(self, tariff: Tariff, low: int, high: int) -> Floats:
        """Gain less the prices of what each column uses, of some columns."""
        return self.problem.gain[low:high] - tariff.of(slice(low, high))

    def _reading(self, block: "_Block", best: Floats, chosen: Ints) -> Reading:
        size = self.problem.people.size[block.first : block.last][best > 0]
        return Reading(
            worth=float(size @ best[best > 0]),
            gain=float(self.problem.gain[chosen] @ size),
            use=self.rows.used_of(chosen, size),
        )

    def _margins(self, block: "_Block", best: Floats, chosen: Ints) -> Floats:
        others = block.reduced
        others[chosen - block.columns.start] = -np.inf
        second = np.maximum(np.maximum.reduceat(others, block.starts), 0.0)
        return np.where(best > 0, best - second, -best)


@dataclass(frozen=True, slots=True)
class _Block:
    """Some people in a row: from, to; their columns; where each begins among those; the columns' reduced gains."""

    first: int
    last: int
    columns: slice
    starts: Ints
    reduced: Floats
