"""The few people whose course is open, with everybody else as one column: millions of leads in a problem of thousands.

A limit never speaks of single people but of sums over the plan. So whoever keeps his course can be written as a single column
that is part of the plan in any case and counts what all of them together count: their gain, their use of each limit, their sum
of every model error and of the coin flips' variance. Whatever solves the small problem solves the large one as far as the others
keep their course.
"""

from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.master import Play
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Extra, Problem
from acquire.allocate.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """Some columns of a problem as a problem of its own.

    Attributes:
        problem: The columns in play, then one more that is forced: the plan of all others.
        at: Positions of the columns in play, ascending, shape (n_open,).
        others: The plan of all others, shape (n,).
    """

    problem: Problem
    at: Ints
    others: Floats

    @classmethod
    def of(cls, problem: Problem, play: Play) -> "Focus":
        """The columns in play of a problem, and the fixed part as one column."""
        at, fixed = np.flatnonzero(play.open), np.flatnonzero(play.fixed)
        contacts = play.fixed[fixed]
        few = problem.take(at, problem.people.size[problem.people.code[at]])
        others = Extra(
            gain=np.array([problem.gain[fixed] @ contacts]),
            size=np.ones(1),
            figures={row.name: np.array([row.left_of(fixed, contacts)]) for row in problem.rows},
            whole=np.zeros(1, dtype=bool),
        )
        extended = few.extended(others, forced=np.array([len(few)]))
        rows = [
            _with_errors(row, of, len(few), fixed, contacts)
            for row, of in zip(extended.rows, problem.rows, strict=True)
        ]
        return cls(problem=replace(extended, rows=tuple(rows)), at=at, others=play.fixed)

    def plan(self, x: Floats) -> Floats:
        """A plan of the small problem as one of all columns, shape (n,)."""
        whole_plan = self.others.copy()
        whole_plan[self.at] = x[:-1]
        return whole_plan

    def of_plan(self, x: Floats) -> Floats:
        """A plan of all columns that gives all others what they have here, as one of the small problem."""
        few: Floats = np.r_[x[self.at], 1.0]
        return few


def _with_errors(row: Row, of: Row, column: int, fixed: Ints, contacts: Floats) -> Row:
    """A row of the few with what the others add to its spread; a gamble is no smaller because few are left to take it."""
    if row.spread is None or of.spread is None:
        return row
    inside, members = of.spread.places_of(fixed)
    mine = contacts[inside]
    variance = float(of.spread.coins[members] @ mine)
    spread = row.spread.followed_by(column, of.spread.error_of(members, mine), variance)
    return replace(row, spread=replace(spread, least=of.spread.least))
