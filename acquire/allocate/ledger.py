"""What all people would do at given prices, and what that uses of the limits: block by block, so that no large array is made.

For millions of people the option table itself is what fills the memory. A ledger reads it in blocks that fit the processor's
cache and keeps only sums, and per person a column and a margin.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.figures import Codes, Figure
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


@dataclass(slots=True)
class _Account:
    """One array of the option table and the rows that count it: all of it, or where a code array has a code.

    Attributes:
        values: Shape (n,); None = 1 each.
        of_all: (row, factor).
        of_codes: By code array: the array, how many codes it has, and (code, row, factor).
    """

    values: Floats | None
    of_all: list[tuple[int, float]]
    of_codes: dict[int, tuple[Codes, int, list[tuple[int, int, float]]]]


class Ledger:
    """The books of one problem of single leads or groups: rows without a spread, columns sorted by person, nothing forced."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._accounts: dict[int, _Account] = {}
        for i, row in enumerate(problem.rows):
            for figure, factor in row.terms:
                self._enter(i, figure, row.sign * factor)

    def _enter(self, row: int, figure: Figure, factor: float) -> None:
        account = self._accounts.setdefault(id(figure.values), _Account(figure.values, [], {}))
        if figure.among is None:
            account.of_all.append((row, factor))
            return
        among = figure.among
        if id(among) not in account.of_codes:
            n_codes = 2 if among.dtype == np.bool_ else int(among.max(initial=0)) + 2
            account.of_codes[id(among)] = (among, n_codes, [])
        account.of_codes[id(among)][2].append((int(figure.code), row, factor))

    def read(self, prices: Floats) -> Reading:
        """The sums of everybody's best course at the prices of the rows, shape (m,)."""
        reading = Reading(worth=0.0, gain=0.0, use=np.zeros(len(self.problem.rows)))
        for block, best, chosen in self._best(prices):
            reading += self._reading(block, best, chosen)
        return reading

    def courses(self, prices: Floats) -> Courses:
        """Everybody's best course at the prices of the rows, and how clear it is."""
        n_people = len(self.problem.people)
        column, margin = np.full(n_people, -1, dtype=np.int32), np.empty(n_people, dtype=np.float32)
        reading = Reading(worth=0.0, gain=0.0, use=np.zeros(len(self.problem.rows)))
        for block, best, chosen in self._best(prices):
            column[block.first + np.flatnonzero(best > 0)] = chosen
            margin[block.first : block.last] = self._margins(block, best, chosen)
            reading += self._reading(block, best, chosen)
        return Courses(column=column, margin=margin, reading=reading)

    def _best(self, prices: Floats) -> Iterator[tuple["_Block", Floats, Ints]]:
        """Per block: best reduced gain of each person, and the columns of those who gain."""
        starts, n = self.problem.people.starts, len(self.problem)
        for first in range(0, len(starts), BLOCK):
            last = min(first + BLOCK, len(starts))
            low, high = int(starts[first]), int(starts[last]) if last < len(starts) else n
            block = _Block(
                first, last, slice(low, high), starts[first:last] - low, self._reduced(prices, slice(low, high))
            )
            best = np.maximum.reduceat(block.reduced, block.starts)
            counts = np.diff(np.r_[block.starts, high - low])
            best_of_column = np.repeat(np.where(best > 0, best, np.inf), counts)
            winners = np.flatnonzero(block.reduced == best_of_column)
            person = np.searchsorted(block.starts, winners, side="right")
            yield block, best, low + winners[np.r_[True, person[1:] > person[:-1]]] if len(winners) else winners

    def _reduced(self, prices: Floats, at: slice) -> Floats:
        """Gain less the prices of what each column uses, of some columns."""
        reduced = self.problem.gain[at].astype(float)
        for account in self._accounts.values():
            each: Floats | float = sum(prices[row] * factor for row, factor in account.of_all)
            for among, n_codes, entries in account.of_codes.values():
                table = np.zeros(n_codes)
                np.add.at(table, [code for code, _, _ in entries], [prices[row] * factor for _, row, factor in entries])
                each = each + table[among[at].view(np.int8) if among.dtype == np.bool_ else among[at]]
            reduced -= each if account.values is None else account.values[at] * each
        return reduced

    def _reading(self, block: "_Block", best: Floats, chosen: Ints) -> Reading:
        size = self.problem.people.size[block.first : block.last][best > 0]
        return Reading(
            worth=float(size @ best[best > 0]), gain=float(self.problem.gain[chosen] @ size), use=self.use(chosen, size)
        )

    def use(self, columns: Ints, contacts: Floats) -> Floats:
        """What some columns use of each row at so many contacts each, shape (m,)."""
        use = np.zeros(len(self.problem.rows))
        for account in self._accounts.values():
            counted = contacts if account.values is None else account.values[columns] * contacts
            for row, factor in account.of_all:
                use[row] += factor * counted.sum()
            for among, n_codes, entries in account.of_codes.values():
                codes = among[columns].astype(np.int64)
                totals = np.bincount(np.where(codes < 0, n_codes - 1, codes), weights=counted, minlength=n_codes)
                for code, row, factor in entries:
                    use[row] += factor * totals[code]
        return use

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
