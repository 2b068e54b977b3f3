"""The allocation as one column table: gains, people and their sizes, rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.certainty import Spread
from acquire.allocate.figures import Taken
from acquire.allocate.options import Flags, Floats, Ints
from acquire.allocate.rows import Row

_NOBODY: Ints = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Which columns belong to the same person, and how many contacts the person stands for.

    A lead is a person of size 1. A group of leads (a cell, a weighted lead) has the number of leads it stands for. What is no
    contact is a person of its own with one column: a price tier of the tier's width, a switch of size 1.

    Attributes:
        code: Person of each column, 0 .. n_people - 1, shape (n,).
        order: Columns sorted by person, shape (n,).
        starts: Where each person begins in `order`, shape (n_people,).
        size: At most so much of one person's columns together, shape (n_people,).
        in_order: Whether the columns are sorted by person as they are.
    """

    code: Ints
    order: Ints
    starts: Ints
    size: Floats
    in_order: bool = False

    @classmethod
    def of(cls, person: Ints, size: Floats | None = None) -> "People":
        """Number the people of an option table from 0.

        Args:
            person: Number of the person behind each option, shape (n,).
            size: What that person stands for, shape (n,), the same for all of a person's options; None = 1.
        """
        code = _numbered(person)
        in_order = bool(np.all(code[1:] >= code[:-1]))
        order = np.arange(len(code)) if in_order else np.argsort(code, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(code[order]) > 0]) if len(code) else _NOBODY
        sizes = np.ones(len(starts)) if size is None else np.asarray(size, dtype=float)[order[starts]]
        return cls(code=code, order=order, starts=starts, size=sizes, in_order=in_order)

    def followed_by(self, size: Floats) -> "People":
        """The same with more people at the end, of one column each."""
        n = len(self.code)
        more = np.arange(len(size))
        return People(
            code=np.r_[self.code, len(self) + more],
            order=np.r_[self.order, n + more],
            starts=np.r_[self.starts, n + more],
            size=np.r_[self.size, size],
            in_order=self.in_order,
        )

    def __len__(self) -> int:
        return len(self.starts)

    def best(self, score: Floats) -> Floats:
        """Each person's best score of a contact, or 0 for no contact where that is better, shape (n_people,)."""
        return np.maximum(self.best_contact(score), 0.0)

    def best_contact(self, score: Floats) -> Floats:
        """Each person's best score of a contact, shape (n_people,)."""
        return np.maximum.reduceat(self._sorted(score), self.starts) if len(self) else np.zeros(0)

    def choice(self, score: Floats) -> Ints:
        """Each person's best option where it beats no contact (the first of equals); no entry for the others."""
        best, code = self.best_contact(score), self._sorted(self.code)
        best[best <= 0] = np.inf
        winners = np.flatnonzero(self._sorted(score) == best[code])
        whose = code[winners]
        firsts = winners[np.r_[True, whose[1:] > whose[:-1]]] if len(winners) else winners
        return firsts if self.in_order else self.order[firsts]

    def margin(self, score: Floats) -> Floats:
        """By how much each person's best course (an option, or none) beats the second best, shape (n_people,)."""
        best, others = self.best_contact(score), score.copy()
        others[self.choice(score)] = -np.inf
        return np.where(best > 0, best - self.best(others), -best)

    def _sorted(self, values: NDArray[Any]) -> NDArray[Any]:
        return values if self.in_order else values[self.order]


def _numbered(person: Ints) -> Ints:
    """People by number 0, 1 ... in the order of their old numbers."""
    if not len(person) or person.min() < 0 or person.max() > 4 * len(person):
        return np.unique(person, return_inverse=True)[1]
    there = np.zeros(int(person.max()) + 1, dtype=np.int64)
    there[person] = 1
    numbers: Ints = np.cumsum(there) - 1
    return numbers[person]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """Columns that are no contacts: each is a person of its own. They come after the options, in every row and in `gain`.

    Attributes:
        gain: Shape (k,).
        size: Most of each, shape (k,): the width of a price tier, 1 for a switch.
        figures: What each counts in the figure of the row of that name, shape (k,); rows that are not named: nothing.
        bases: The same for the denominator of a ratio.
        whole: Whether each is all or nothing, shape (k,).
    """

    gain: Floats
    size: Floats
    figures: Mapping[str, Floats] = field(default_factory=dict)
    bases: Mapping[str, Floats] = field(default_factory=dict)
    whole: Flags

    def __len__(self) -> int:
        return len(self.gain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Choose at most one contact per person for the most gain, within the rows: 0 <= x, sum(x of one person) <= size.

    Attributes:
        gain: Shape (n,), in the objective's unit.
        people: Who is who.
        rows: The limits.
        n_extra: How many of the columns, the last ones, are no contacts.
        forced: Columns that are held at their person's size in any case, positions; at most one per person.
        switches: Columns among the last `n_extra` that are all or nothing, positions.
    """

    gain: Floats
    people: People
    rows: tuple[Row, ...]
    n_extra: int = 0
    forced: Ints = field(default_factory=lambda: _NOBODY)
    switches: Ints = field(default_factory=lambda: _NOBODY)

    def __len__(self) -> int:
        return len(self.gain)

    @property
    def n_options(self) -> int:
        """How many of the columns, the first ones, are options."""
        return len(self.gain) - self.n_extra

    @property
    def spreads(self) -> dict[int, Spread]:
        """The spreads of the rows that have one, by the row's position."""
        return {i: row.spread for i, row in enumerate(self.rows) if row.spread is not None}

    @property
    def whole(self) -> Flags:
        """Columns that are all or nothing: options of people of size 1, and switches, shape (n,).

        A person of another size is a group, which may be contacted in part.
        """
        whole: Flags = self.people.size[self.people.code] == 1
        whole[self.n_options :] = False
        whole[self.switches] = True
        return whole

    @property
    def held(self) -> Floats:
        """The part of the plan that is forced, shape (n,)."""
        held = np.zeros(len(self))
        held[self.forced] = self.people.size[self.people.code[self.forced]]
        return held

    @property
    def is_held(self) -> Flags:
        """Whose course is forced, shape (n_people,)."""
        is_held = np.zeros(len(self.people), dtype=bool)
        is_held[self.people.code[self.forced]] = True
        return is_held

    def of_the_free(self, score: Floats) -> Floats:
        """A score per column, -inf for all columns of those whose course is forced: nothing is chosen for them any more."""
        return np.where(self.is_held[self.people.code], -np.inf, score) if len(self.forced) else score

    def at_best(self, score: Floats) -> float:
        """The most that people make of a score per contact, shape (n,), when those who are forced do as they must."""
        free = float(self.people.size @ self.people.best(self.of_the_free(score)))
        return free + float(self.held[self.forced] @ score[self.forced])

    def best_plan(self, score: Floats) -> Floats:
        """The plan that makes the most of a score per contact, shape (n,)."""
        x = self.held
        chosen = self.people.choice(self.of_the_free(score))
        x[chosen] = self.people.size[self.people.code[chosen]]
        return x

    def extended(self, extra: Extra, rows: tuple[Row, ...] = (), forced: Ints | None = None) -> "Problem":
        """The same problem with columns that are no contacts after its own, and with rows about them.

        Args:
            extra: The columns.
            rows: More rows, over all columns: `Figure.of(...).followed_by(...)`.
            forced: Positions among all columns to force on top of those that are.
        """
        nothing = np.zeros(len(extra))
        longer = tuple(
            row.followed_by(extra.figures.get(row.name, nothing), extra.bases.get(row.name, nothing))
            for row in self.rows
        )
        return Problem(
            gain=np.r_[self.gain, extra.gain],
            people=self.people.followed_by(extra.size),
            rows=(*longer, *rows),
            n_extra=self.n_extra + len(extra),
            forced=self.forced if forced is None else np.union1d(self.forced, forced),
            switches=np.r_[self.switches, len(self) + np.flatnonzero(extra.whole)],
        )

    def sample(self, people: Ints, weight: float) -> tuple["Problem", Ints]:
        """The problem of some people only, each of whom stands for `weight` people; and the positions of their columns.

        Columns that are no contacts stay as they are: there is one of each.
        """
        chosen = np.zeros(len(self.people), dtype=bool)
        chosen[people] = True
        chosen[self.people.code[self.n_options :]] = True
        at = np.flatnonzero(chosen[self.people.code])
        size = self.people.size * weight
        size[self.people.code[self.n_options :]] /= weight
        return self.take(at, size[self.people.code[at]]), at

    def take(self, at: Ints, size: Floats) -> "Problem":
        """The problem of some columns only, positions ascending, of people of the given sizes, shape (len(at),)."""
        taken = Taken(at, self.n_options)
        return Problem(
            gain=self.gain[at],
            people=People.of(self.people.code[at], size),
            rows=tuple(row.take(taken) for row in self.rows),
            n_extra=len(taken.extra),
            forced=np.flatnonzero(np.isin(at, self.forced)),
            switches=np.flatnonzero(np.isin(at, self.switches)),
        )
