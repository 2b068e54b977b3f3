"""The rows with a confidence, made linear around the plans met so far (certainty.py)."""

from dataclasses import dataclass, field

import numpy as np

from acquire.allocate.certainty import Spread
from acquire.allocate.options import Floats
from acquire.allocate.problem import LinearRows, Problem

PRECISION = 1e-7  # of a standard deviation; the final plan is checked against the standard deviation itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Tangent:
    """One tangent of one row: the unit vector (a, b) of certainty.py.

    Attributes:
        row: Position of the limit.
        a: Weights of the k model errors, shape (k,).
        b: Weight of the coin flips.
    """

    row: int
    a: Floats
    b: float


@dataclass(slots=True)
class Tangents:
    """All tangents so far. They speak of totals of the whole plan, so they serve a weighted sample and the full problem alike.

    Attributes:
        coin_levels: r of each row with coin flips, by the row's position: the coins' standard deviation it is made linear at.
        found: The tangents, in the order they were added.
        closed: Rows that no volume of contacts was found to meet: nobody in them is contacted.
        frozen: Whether the levels stay where they are.
    """

    coin_levels: dict[int, float] = field(default_factory=dict)
    found: list[Tangent] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    frozen: bool = False

    def lower(self, problem: Problem) -> LinearRows:
        """The linear rows: every row on expectation first, then the tangents of those with a spread."""
        lines = [row.sign * row.coefficients for row in problem.rows]
        right = [row.sign * row.right_side for row in problem.rows]
        names = [row.name for row in problem.rows]
        for number, tangent in enumerate(self.found, 1):
            level = self.coin_levels.get(tangent.row, 0.0)
            extra, constant = problem.spreads[tangent.row].tangent(len(problem), tangent.a, tangent.b, level)
            lines.append(lines[tangent.row] + extra)
            right.append(right[tangent.row] - constant)
            names.append(f"{problem.rows[tangent.row].name}_tangent_{number}")
        owner = np.array([*range(len(problem.rows)), *(tangent.row for tangent in self.found)], dtype=np.int64)
        return LinearRows(
            matrix=np.array(lines).reshape(len(lines), len(problem)),
            right_side=np.array(right),
            names=tuple(names),
            owner=owner,
            signs=np.array([problem.rows[i].sign for i in owner]),
        )

    def refine(self, problem: Problem, x: Floats) -> bool:
        """Move the coin levels to plan x and add a tangent at x to each row that it breaks; whether anything changed."""
        changed = False
        for i, spread in problem.spreads.items():
            changed |= self._move_level(i, spread.coin_deviation(x))
            if spread.deviation(x) > 0:
                changed |= self._touch(i, spread, float(problem.rows[i].coefficients @ x), x)
        return changed

    def close(self, row: int) -> None:
        """Give a row up: at level 0 it holds with nobody in it, and hardly with anybody."""
        self.closed.add(row)
        self.coin_levels[row] = 0.0

    def reopen(self) -> None:
        """Let the next problem find its own levels for the rows that were given up."""
        for row in self.closed:
            del self.coin_levels[row]
        self.closed.clear()

    def _move_level(self, i: int, coin_deviation: float) -> bool:
        """A row that was never used has no level yet, so that its first users are not priced as the only ones."""
        level = self.coin_levels.get(i, 0.0)
        if (
            i in self.closed
            or (self.frozen and i in self.coin_levels)
            or abs(level - coin_deviation) <= PRECISION * level
        ):
            return False
        self.coin_levels[i] = coin_deviation
        return True

    def _touch(self, i: int, spread: Spread, mean: float, x: Floats) -> bool:
        """Add the unit vector of plan x, unless x keeps the row or a tangent that there is says as much already."""
        per_w, constant = spread.line_of_coins(self.coin_levels.get(i, 0.0))
        h = per_w * spread.coin_deviation(x) ** 2 + constant
        error = spread.error(x)
        norm = float(np.hypot(np.linalg.norm(error), h))
        seen = max((float(t.a @ error) + t.b * h for t in self.found if t.row == i), default=0.0)
        broken = mean + spread.z * norm > 0
        if not broken or norm - seen <= PRECISION * norm:
            return False
        self.found.append(Tangent(row=i, a=error / norm, b=h / norm))
        return True
