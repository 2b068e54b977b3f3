"""How far a set of limits is from being met together: one live linear model, solved again and again.

    minimise   sum(short, of the limits that count)
    where      limit <= unit * short                every linear line of a limit; all lines of one limit share one `short`
               sum(x) >= 1                          somebody is contacted
               sum(x of one person) <= size, x >= 0

A total of nought: there is a plan in shares of contacts. Otherwise the prices of the lines prove that there is none (proof.py).
A limit with a spread is made linear step by step (certainty.py): on expectation; with tangents of its model errors, which say
nothing that is not so; and only where a plan keeps all that, with coin flips, whose level follows the plan. Where no plan is
found at any level met on the way, the limits count as in conflict: for coin flips alone that is a search, not a proof.

References:
    Chinneck (2008), Feasibility and Infeasibility in Optimization, ch. 6 (elastic programs).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from acquire.allocate.certainty import Spread
from acquire.allocate.figures import as_figure
from acquire.allocate.limit_lines import NOUGHT, Broken, LimitLines
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.proof import Line, Proof

MAX_ROUNDS = 60
STEP = 1e-3  # of a coin level or of a standard deviation: smaller moves do not turn "no plan" into a plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """The nearest that a plan comes to meeting a set of limits.

    Attributes:
        x: The plan in shares of contacts, shape (n,).
        proof: That the limits cannot be met together; None where x meets them.
    """

    x: Floats
    proof: Proof | None


class Elastic:
    """The live model of one problem; which limits count, and their figures, change from solve to solve."""

    __slots__ = ("_lines", "problem")

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._lines = LimitLines(problem)

    def bound(self, least: Floats, most: Floats) -> None:
        """Hold every column between two figures, each shape (n,), from now on."""
        self._lines.bound(least, most)

    def solve(self, dropped: Collection[int] = (), moved: Mapping[int, float] | None = None) -> Shortfall:
        """The plan that comes nearest to meeting the limits.

        Args:
            dropped: Positions of limits that do not count.
            moved: Figures of limits, by position, in place of those of the plan file.
        """
        self._move(moved or {})
        counted = self._but(dropped)
        without_coins = self._settle_errors(counted)
        if without_coins.proof is not None or not self._with_coins(counted):
            return without_coins
        return self._settle_coins(counted)

    def nearest(self, chosen: Collection[int], moved: Mapping[int, float]) -> Floats | None:
        """A plan that keeps all limits but the chosen ones, and passes those by the least: the sum of their relative changes.

        A single limit that is chosen need not be passed: the plan then stays as far below it as it can.

        Args:
            chosen: Positions of limits.
            moved: Figures of limits, by position, in place of those of the plan file.

        Returns:
            Shape (n,); None where the other limits cannot be met.
        """
        start = self.solve(chosen, moved)
        if start.proof is not None:
            return None
        held = self._but(chosen)
        self._lines.lower({i: self._weight(i, start.x) for i in chosen}, held)
        for _ in range(MAX_ROUNDS):
            x = self._lines.run().x
            changed = self._touch_errors([*held, *chosen], x, STEP)
            for i, spread in self._with_coins([*held, *chosen]).items():
                changed |= i in self._lines.levels and self._follow(i, spread, x)
            if not changed:
                break
        return x if all(self._is_kept(i, x) for i in held) else start.x

    def _is_kept(self, i: int, x: Floats) -> bool:
        """Whether a plan keeps a limit as closely as its tangents are drawn."""
        row = self._lines.rows[i]
        room = 0.0 if row.spread is None else 2 * STEP * row.spread.z * row.spread.deviation(x)
        return row.excess(x) <= room + 10 * NOUGHT * self._lines.units[i]

    def _move(self, moved: Mapping[int, float]) -> None:
        for i, row in enumerate(self.problem.rows):
            figure = moved.get(i, row.allowed)
            if figure != self._lines.rows[i].allowed:
                self._lines.move(row.at(figure), i)

    def _but(self, dropped: Collection[int]) -> list[int]:
        return [i for i in range(len(self.problem.rows)) if i not in dropped]

    def _weight(self, i: int, x: Floats) -> float:
        """What one typical use beyond limit i is of the limit itself, near plan x."""
        row = self._lines.rows[i]
        base = 1.0 if row.base is None else max(abs(as_figure(row.base) @ x), self._lines.units[i])
        return self._lines.units[i] / max(abs(row.allowed) * base, NOUGHT)

    def _spreads(self, counted: Collection[int]) -> dict[int, Spread]:
        return {i: spread for i in counted if (spread := self._lines.rows[i].spread) is not None}

    def _with_coins(self, counted: Collection[int]) -> dict[int, Spread]:
        return {i: spread for i, spread in self._spreads(counted).items() if spread.realised}

    def _settle_errors(self, counted: list[int]) -> Shortfall:
        """Solve with model errors alone, tangents added until the plan breaks none."""
        self._lines.drop_coins()
        self._lines.count(counted)
        for _ in range(MAX_ROUNDS):
            broken = self._lines.run()
            is_met = _is_met(broken, counted)
            if not self._touch_errors(counted, broken.x, NOUGHT if is_met else STEP):
                break
        return Shortfall(x=broken.x, proof=None if is_met else self._lines.proof())

    def _touch_errors(self, counted: list[int], x: Floats, precision: float) -> bool:
        added = False
        for i, spread in self._spreads(counted).items():
            row, error = self._lines.rows[i], spread.error(x)
            excess = row.sign * (row.left(x) - row.right_side) + spread.z * float(np.linalg.norm(error))
            if excess > NOUGHT * self._lines.units[i]:
                added |= self._touch(i, np.r_[error, 0.0], precision)
        return added

    def _touch(self, i: int, point: Floats, precision: float) -> bool:
        """Add the tangent at a point (model errors, coins), unless one that there is says as much already."""
        norm = float(np.linalg.norm(point))
        seen = max((float(line.a @ point[:-1]) + line.b * point[-1] for line in self._lines.tangents(i)), default=0.0)
        if norm - seen <= precision * norm:
            return False
        self._lines.add(Line(limit=i, a=point[:-1] / norm, b=float(point[-1]) / norm))
        return True

    def _settle_coins(self, counted: list[int]) -> Shortfall:
        """Solve with coin flips, from levels that fit the largest plan within model errors."""
        spreads, closed = self._with_coins(counted), set[int]()
        self._lines.hold(counted)
        large = self._lines.run().x
        for i, spread in spreads.items():
            self._lines.level(i, spread.coin_deviation(large))
        self._lines.count(counted)
        for _ in range(MAX_ROUNDS):
            broken = self._lines.run()
            is_met = _is_met(broken, counted)
            precision = NOUGHT if is_met else STEP
            changed = self._touch_errors(counted, broken.x, precision)
            for i, spread in spreads.items():
                changed |= self._refine(i, spread, broken.x, precision, is_closed=i in closed)
            if changed:
                continue
            if is_met:
                return Shortfall(x=broken.x, proof=None)
            part = self._smallest_part([i for i in spreads if broken.short[i] > NOUGHT and i not in closed])
            if part is None:
                break
            closed.add(part)
            self._lines.level(part, 0.0)
        return Shortfall(x=broken.x, proof=self._lines.proof())

    def _refine(self, i: int, spread: Spread, x: Floats, precision: float, *, is_closed: bool) -> bool:
        """Move the coin level of a limit to plan x and add a tangent at x, where x breaks it; whether anything changed."""
        if self._lines.rows[i].excess(x) <= NOUGHT * self._lines.units[i]:
            return False
        coin, level = spread.coin_deviation(x), self._lines.levels[i]
        moves = not is_closed and abs(coin - level) > precision * level
        if moves:
            self._lines.level(i, coin)
        per_w, constant = spread.line_of_coins(self._lines.levels[i])
        return self._touch(i, np.r_[spread.error(x), per_w * coin**2 + constant], precision) or moves

    def _follow(self, i: int, spread: Spread, x: Floats) -> bool:
        """Bring a limit's coins to plan x, also where x leaves it more room than there need be; whether anything changed."""
        coin, level = spread.coin_deviation(x), self._lines.levels[i]
        moves = level > 0 and coin > 0 and abs(coin - level) > STEP * level
        if moves:
            self._lines.level(i, coin)
        return self._refine(i, spread, x, STEP, is_closed=level == 0) or moves

    def _smallest_part(self, broken: list[int]) -> int | None:
        """Of the broken limits about a part of the options the smallest, to be held with nobody in it."""
        sizes = {i: len(spread.members) for i, spread in self._spreads(broken).items()}
        parts = [i for i, size in sizes.items() if size < self.problem.n_options]
        return min(parts, key=lambda i: sizes[i], default=None)


def _is_met(broken: Broken, counted: list[int]) -> bool:
    return float(np.maximum(broken.short[counted], 0.0).sum()) <= NOUGHT * max(len(counted), 1)
