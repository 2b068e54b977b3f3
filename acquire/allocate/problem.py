"""The allocation as arrays: gains, people, rows; and the rows made linear around the current plan."""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.certainty import Spread
from acquire.allocate.options import Floats, Ints
from acquire.allocate.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Which options belong to the same person.

    Attributes:
        code: Person of each option, 0 .. n_people - 1, shape (n,).
        order: Options sorted by person, shape (n,).
        starts: Where each person begins in `order`, shape (n_people,).
    """

    code: Ints
    order: Ints
    starts: Ints

    @classmethod
    def of(cls, person: Ints) -> "People":
        """Number the people of an option table from 0."""
        code = np.unique(person, return_inverse=True)[1]
        order = np.argsort(code, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(code[order]) > 0]) if len(code) else np.empty(0, dtype=np.int64)
        return cls(code=code, order=order, starts=starts)

    def __len__(self) -> int:
        return len(self.starts)

    def best(self, score: Floats) -> Floats:
        """Each person's best option's score, or 0 for no contact where that is better, shape (n_people,)."""
        if not len(self):
            return np.zeros(0)
        return np.maximum(np.maximum.reduceat(score[self.order], self.starts), 0.0)

    def choice(self, score: Floats) -> Ints:
        """Each person's best option where it beats no contact (the first of equals); no entry for the others."""
        if not len(self):
            return np.empty(0, dtype=np.int64)
        best = self.best(score)
        sorted_code = self.code[self.order]
        winners = np.flatnonzero((score[self.order] == best[sorted_code]) & (best[sorted_code] > 0))
        firsts = np.unique(sorted_code[winners], return_index=True)[1]
        return self.order[winners[firsts]]

    def margin(self, score: Floats) -> Floats:
        """By how much each person's best course (an option, or none) beats the second best, shape (n_people,)."""
        chosen = self.choice(score)
        others = score.copy()
        others[chosen] = -np.inf
        best, second = self.best(score), self.best(others)
        idle = np.ones(len(self), dtype=bool)
        idle[self.code[chosen]] = False
        nearest = np.maximum.reduceat(score[self.order], self.starts) if len(self) else best
        return np.where(idle, -nearest, best - second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Choose at most one option per person for the most gain, within the rows.

    Attributes:
        gain: Shape (n,), in the objective's unit.
        people: Who is who.
        rows: The limits.
    """

    gain: Floats
    people: People
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.gain)

    @property
    def spreads(self) -> dict[int, Spread]:
        """The spreads of the rows that have one, by the row's position."""
        return {i: row.spread for i, row in enumerate(self.rows) if row.spread is not None}

    def sample(self, people: Ints, weight: float) -> tuple["Problem", Ints]:
        """The problem of some people only, each of whom stands for `weight` people; and the positions of their options."""
        chosen = np.zeros(len(self.people), dtype=bool)
        chosen[people] = True
        at = np.flatnonzero(chosen[self.people.code])
        part = Problem(
            gain=self.gain[at] * weight,
            people=People.of(self.people.code[at]),
            rows=tuple(row.take(at, weight) for row in self.rows),
        )
        return part, at


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearRows:
    """The rows as sum(matrix[i] x) <= right_side[i], every floor turned into a cap by its sign.

    Attributes:
        matrix: Shape (m, n).
        right_side: Shape (m,).
        names: Name of each, shape (m,); tangents after the first are numbered.
        owner: Position of the limit each belongs to, shape (m,).
        signs: -1 for a floor, shape (m,).
    """

    matrix: Floats
    right_side: Floats
    names: tuple[str, ...]
    owner: Ints
    signs: Floats

    def bound(self, problem: Problem, prices: Floats) -> float:
        """No plan within these rows gains more than this, for ANY prices >= 0 (weak duality).

        bound = sum(prices * right_side) + sum over people of max(0, best gain - prices' matrix)
        """
        reduced = problem.gain - prices @ self.matrix
        return float(prices @ self.right_side + problem.people.best(reduced).sum())
