"""The relaxed model kept open: limits move on a live solver handle, and each answer starts from the one before.

The model is written once, in PuLP. What changes from one plan to the next is then changed in place:

* an amount (the budget) is a right side;
* a ratio (a bad rate) is written over totals of its own, F = sum(figure x) and B = sum(base x), so that a new cap is one
  coefficient: F - cap * B <= 0;
* the coin flips of a confidence (certainty.py) are quadratic in the cap, v = q0 + cap q1 + cap^2 q2 with q0 = bad - bad^2,
  q1 = -2 bad (1 - booked), q2 = booked - booked^2, so that with Qi = sum(qi x) a tangent reads

      F - cap * B + z * (sum((L a) x) + b * (per_w * (Q0 + cap Q1 + cap^2 Q2) + constant)) <= 0

  and moves with cap and level in five coefficients; a new tangent is a new row.

The solver's word is not taken: the limits are checked on the plan itself, and the bound is recomputed from the prices.

References:
    Gal (1995), Postoptimal Analyses, Parametric Programming, and Related Topics, ch. 4 (limits that move).
    Kelley (1960), The Cutting-Plane Method for Solving Convex Programs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from acquire.allocate.certainty import Spread
from acquire.allocate.leads import Relaxed
from acquire.allocate.linear import Cut, LinearRows
from acquire.allocate.live_model import Written, write_model
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem

MOST_ROUNDS = 40
LEVEL_WITHIN = 0.03  # of itself: the line of the coins is then within 5e-4 of their standard deviation
RATE_WITHIN = 2e-6  # a bad rate is held to this much
_FREE = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class _LiveCut:
    """A tangent on the handle: the unit vector (a, b) of certainty.py for one limit, and its row there."""

    limit: int
    a: Floats
    b: float
    row: int


class LiveModel:
    """One problem on a live handle; `solve` moves its limits to other figures."""

    def __init__(self, problem: Problem, moving: frozenset[str]) -> None:
        """Write the model.

        Args:
            problem: Gains, people and rows.
            moving: Names of the limits that will be moved; the others stay where they are.
        """
        self._problem = problem
        self._written: Written = write_model(problem, moving)
        self._handle = self._written.handle
        self._cuts: list[_LiveCut] = []
        self._levels: dict[str, float] = {}
        self._closed: set[int] = set()

    def solve(self, problem: Problem, levels: Mapping[str, float] | None = None) -> Relaxed:
        """Move the limits to those of `problem` and solve from where the last answer stands.

        Args:
            problem: The same options, people and limits by name; those that move at other figures.
            levels: Levels of coins to start from, by the limit's name; else those of the plan before.
        """
        self._problem = problem
        self._closed.clear()
        self._levels |= {name: level for name, level in (levels or {}).items() if level > 0}
        before = dict(self._levels)
        for i in range(len(problem.rows)):
            self._move(i)
        x = self._solve_rounds()
        while closable := [i for i in self._broken() if i in problem.spreads and i not in self._closed]:
            self._close(min(closable, key=lambda i: len(problem.spreads[i].members)))
            x = self._solve_rounds()
        relaxed = self._relaxed(x)
        # A limit that nobody is in now says nothing of how much chance will weigh for the next plan.
        idle = [i for i, spread in problem.spreads.items() if not spread.coin_deviation(x) > 0]
        self._levels |= {name: before[name] for name in (problem.rows[i].name for i in idle) if name in before}
        return relaxed

    @property
    def levels(self) -> dict[str, float]:
        """Levels of coins of the last plan, by the limit's name."""
        return dict(self._levels)

    def _move(self, i: int) -> None:
        row, totals = self._problem.rows[i], self._written.totals.get(i)
        if totals is None:
            self._handle.changeRowBounds(self._written.rows[i], -_FREE, row.sign * row.right_side)
            return
        self._handle.changeCoeff(self._written.rows[i], totals.base, -row.sign * row.allowed)
        self._write_cuts(i)

    def _close(self, i: int) -> None:
        """Give a row up that no volume of contacts meets: at level 0 it holds with nobody in it, and hardly with anybody."""
        self._closed.add(i)
        self._write_cuts(i)

    def _level(self, i: int) -> float:
        return 0.0 if i in self._closed else self._levels.get(self._problem.rows[i].name, 0.0)

    def _solve_rounds(self) -> Floats:
        for _ in range(MOST_ROUNDS):
            self._handle.run()
            values = np.array(self._handle.getSolution().col_value)
            x: Floats = np.clip(values[self._written.columns], 0.0, None)
            changed = [self._refine(i, spread, x) for i, spread in self._problem.spreads.items()]
            if not any(changed):
                break
        return x

    def _refine(self, i: int, spread: Spread, x: Floats) -> bool:
        """Move the level of one limit to plan x, and add the tangent that x breaks; whether anything changed."""
        coins = spread.coin_deviation(x)
        moved = i not in self._closed and abs(self._level(i) - coins) > LEVEL_WITHIN * coins
        if moved:
            self._levels[self._problem.rows[i].name] = coins
            self._write_cuts(i)
        per_w, constant = spread.line_of_coins(self._level(i))
        error, h = spread.error(x), per_w * coins**2 + constant
        norm = float(np.hypot(np.linalg.norm(error), h))
        row, totals = self._problem.rows[i], self._written.totals[i]
        room = RATE_WITHIN * float(totals.base_use @ x)
        if row.left(x) + spread.z * norm <= room or norm - self._said(i, error, h) <= room / spread.z:
            return moved
        self._add_cut(i, spread, error / norm, h / norm)
        return True

    def _said(self, i: int, error: Floats, h: float) -> float:
        """The most that a tangent which is there says of a plan."""
        return max((float(cut.a @ error) + cut.b * h for cut in self._cuts if cut.limit == i), default=0.0)

    def _add_cut(self, i: int, spread: Spread, a: Floats, b: float) -> None:
        totals = self._written.totals[i]
        members = self._written.columns[spread.members]
        at = np.r_[members, totals.figure, totals.base, totals.coins, self._written.beyond[i]]
        uses = np.r_[spread.z * spread.along(a), 1.0, np.zeros(1 + len(totals.coins)), -1.0]
        self._handle.addRow(-_FREE, 0.0, len(at), at.astype(np.int32), uses)
        cut = _LiveCut(limit=i, a=a, b=b, row=self._handle.getNumRow() - 1)
        self._cuts.append(cut)
        self._write_cut(cut)

    def _write_cuts(self, i: int) -> None:
        for cut in self._cuts:
            if cut.limit == i:
                self._write_cut(cut)

    def _write_cut(self, cut: _LiveCut) -> None:
        """Bring a tangent to the cap and level of its limit; where the limit has no spread any more, it says nothing."""
        spread, totals = self._problem.spreads.get(cut.limit), self._written.totals[cut.limit]
        if spread is None:
            self._handle.changeRowBounds(cut.row, -_FREE, _FREE)
            return
        per_w, constant = spread.line_of_coins(self._level(cut.limit))
        weight = spread.z * cut.b
        self._handle.changeCoeff(cut.row, totals.base, -spread.cap)
        for power, column in enumerate(totals.coins):
            self._handle.changeCoeff(cut.row, column, weight * per_w * spread.cap**power)
        self._handle.changeRowBounds(cut.row, -_FREE, -weight * constant)

    def _broken(self) -> list[int]:
        """Limits that could not be met: breaking them costs more than rounding."""
        values = np.array(self._handle.getSolution().col_value)
        cost = values[self._written.beyond] * self._written.penalties
        rounding = 1e-6 * float(np.abs(self._problem.gain).max(initial=0.0))
        return [int(i) for i in np.flatnonzero(cost > rounding)]

    def _relaxed(self, x: Floats) -> Relaxed:
        """The plan with its prices; the handle minimises, so that a row that costs gain has a dual below 0."""
        duals = -np.array(self._handle.getSolution().row_dual)
        alive = [cut for cut in self._cuts if duals[cut.row] > 0 and cut.limit in self._problem.spreads]
        rows = LinearRows.of(self._problem, [self._cut(cut, number) for number, cut in enumerate(alive, 1)])
        prices = np.maximum(np.r_[duals[self._written.rows], [duals[cut.row] for cut in alive]], 0.0)
        return Relaxed(
            x=x,
            rows=rows,
            prices=prices,
            broken=tuple(self._broken()),
            objective=float(self._problem.gain @ x),
            bound=rows.bound(self._problem, prices),
        )

    def _cut(self, cut: _LiveCut, number: int) -> Cut:
        """A tangent apart from the handle, where it serves a sample and everybody alike."""
        row, spread = self._problem.rows[cut.limit], self._problem.spreads[cut.limit]
        per_w, constant = spread.line_of_coins(self._level(cut.limit))
        return Cut(
            row=cut.limit,
            name=f"{row.name}_tangent_{number}",
            errors=spread.z * cut.a,
            coins=spread.z * cut.b * per_w,
            constant=spread.z * cut.b * constant,
        )
