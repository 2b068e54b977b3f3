"""The rows with a confidence, made linear around the plans met so far (certainty.py)."""

from dataclasses import dataclass, field

import numpy as np

from acquire.allocate.certainty import Spread
from acquire.allocate.linear import Cut, LinearRows
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem

PRECISION = 1e-7  # of a standard deviation; the final plan is checked against the standard deviation itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Tangent:
    """One tangent of one row: the unit vector (a, b) of certainty.py.

    Attributes:
        row: Name of the limit.
        a: Weights of the k model errors, shape (k,).
        b: Weight of the coin flips.
    """

    row: str
    a: Floats
    b: float


@dataclass(slots=True)
class Tangents:
    """All tangents so far. They speak of totals of the whole plan, so they serve a weighted sample and the full problem alike.

    Attributes:
        coin_levels: r of each row with coin flips, by the row's name: the coins' standard deviation it is made linear at.
        found: The tangents, in the order they were added.
        closed: Rows that no volume of contacts was found to meet: nobody in them is contacted.
        frozen: Whether the levels stay where they are.
    """

    coin_levels: dict[str, float] = field(default_factory=dict)
    found: list[Tangent] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    frozen: bool = False

    def start_from(self, others: "Tangents") -> None:
        """Take over what another problem with rows of the same names found, where nothing was found here yet."""
        if not self.found and not self.coin_levels:
            self.found = list(others.found)
            self.coin_levels = {row: level for row, level in others.coin_levels.items() if row not in others.closed}

    def lower(self, problem: Problem) -> LinearRows:
        """The linear rows: every row on expectation first, then the tangents of those with a spread."""
        position = {row.name: i for i, row in enumerate(problem.rows) if row.spread is not None}
        cuts = [self._cut(problem, n, t, position[t.row]) for n, t in enumerate(self.found, 1) if t.row in position]
        return LinearRows.of(problem, cuts)

    def _cut(self, problem: Problem, number: int, tangent: Tangent, row: int) -> Cut:
        spread = problem.spreads[row]
        per_w, constant = spread.line_of_coins(self.coin_levels.get(tangent.row, 0.0))
        return Cut(
            row=row,
            name=f"{tangent.row}_tangent_{number}",
            errors=spread.z * tangent.a,
            coins=spread.z * tangent.b * per_w,
            constant=spread.z * tangent.b * constant,
        )

    def refine(self, problem: Problem, x: Floats) -> bool:
        """Move the coin levels to plan x and add a tangent at x to each row that it breaks; whether anything changed."""
        changed = False
        for i, spread in problem.spreads.items():
            row = problem.rows[i]
            changed |= self._move_level(row.name, spread.coin_deviation(x))
            if spread.deviation(x) > 0:
                changed |= self._touch(row.name, spread, row.left(x), x)
        return changed

    def close(self, row: str) -> None:
        """Give a row up: at level 0 it holds with nobody in it, and hardly with anybody."""
        self.closed.add(row)
        self.coin_levels[row] = 0.0

    def reopen(self) -> None:
        """Let the next problem find its own levels for the rows that were given up."""
        for row in self.closed:
            del self.coin_levels[row]
        self.closed.clear()

    def _move_level(self, row: str, coin_deviation: float) -> bool:
        """A row that was never used has no level yet, so that its first users are not priced as the only ones."""
        level = self.coin_levels.get(row, 0.0)
        if (
            row in self.closed
            or (self.frozen and row in self.coin_levels)
            or abs(level - coin_deviation) <= PRECISION * level
        ):
            return False
        self.coin_levels[row] = coin_deviation
        return True

    def _touch(self, row: str, spread: Spread, mean: float, x: Floats) -> bool:
        """Add the unit vector of plan x, unless x keeps the row or a tangent that there is says as much already."""
        per_w, constant = spread.line_of_coins(self.coin_levels.get(row, 0.0))
        h = per_w * spread.coin_deviation(x) ** 2 + constant
        error = spread.error(x)
        norm = float(np.hypot(np.linalg.norm(error), h))
        seen = max((float(t.a @ error) + t.b * h for t in self.found if t.row == row), default=0.0)
        broken = mean + spread.z * norm > 0
        if not broken or norm - seen <= PRECISION * norm:
            return False
        self.found.append(Tangent(row=row, a=error / norm, b=h / norm))
        return True
