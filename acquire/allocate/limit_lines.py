"""The limits as rows of a live model, each of which may be broken at a price: their figures move, and tangents are added.

line of a limit <= unit * short            all lines of one limit share one `short`
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import highspy
import numpy as np

from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.proof import Line, PricedLine, Proof
from acquire.allocate.rows import Row
from acquire.allocate.totals import NO_COLUMNS, NO_VALUES, SOMEBODY, Totals

NOUGHT = 1e-7  # of a typical use of a limit: what rounding of the solver amounts to


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A plan in shares of contacts, shape (n,), and how far it breaks each limit, in typical uses, shape (m,)."""

    x: Floats
    short: Floats


class LimitLines:
    """The live model.

    Attributes:
        rows: The limits at their present figures.
        units: A typical use of each, shape (m,).
        levels: Coin level of each limit with coin flips.
    """

    __slots__ = ("_errors", "_lines", "_model", "_shorts", "_totals", "levels", "rows", "units")

    def __init__(self, problem: Problem) -> None:
        self.rows = list(problem.rows)
        self.units = [row.typical_use() for row in problem.rows]
        self.levels: dict[int, float] = {}
        self._totals = Totals(problem)
        self._model = self._totals.model
        self._shorts = self._model.getNumCol() + np.arange(len(self.rows), dtype=np.int32)
        for _ in self.rows:
            self._model.addVar(0.0, highspy.kHighsInf)
        self._lines: dict[int, Line] = {}  # by the row of the model
        self._errors: dict[int, tuple[int, int | None]] = {}  # totals of the model errors, by the row of a tangent
        for i in range(len(self.rows)):
            self.add(Line(limit=i, a=NO_VALUES, b=0.0))

    def run(self) -> Broken:
        """Solve as the model stands."""
        self._model.run()
        columns = np.array(self._model.getSolution().col_value)
        return Broken(x=np.maximum(columns[: self._totals.n], 0.0), short=columns[self._shorts])

    def bound(self, least: Floats, most: Floats) -> None:
        """Hold every column that people can get between two figures, each shape (n,)."""
        at = np.arange(self._totals.n, dtype=np.int32)
        self._model.changeColsBounds(len(at), at, least, most)

    def count(self, counted: Collection[int]) -> None:
        """Let only some limits count, and make for the least short."""
        self._ask(dict.fromkeys(counted, 1.0), held=(), free=())

    def hold(self, counted: Collection[int]) -> None:
        """Let some limits, which can be met, be met, and make for the most contacts."""
        self._ask({}, held=counted, free=())
        at = np.arange(self._totals.n_contacts, dtype=np.int32)
        self._model.changeColsCost(len(at), at, np.full(len(at), -1.0))

    def lower(self, weights: Mapping[int, float], held: Collection[int]) -> None:
        """Let some limits be met, and break others by the least weighted sum; one alone may also leave as much room as it can."""
        self._ask(weights, held=held, free=weights if len(weights) == 1 else ())

    def _ask(self, costs: Mapping[int, float], *, held: Collection[int], free: Collection[int]) -> None:
        n, everyone = len(self.rows), np.arange(self._totals.n_contacts, dtype=np.int32)
        cost, least, most = np.zeros(n), np.zeros(n), np.full(n, highspy.kHighsInf)
        cost[list(costs)] = list(costs.values())
        least[list(free)] = -highspy.kHighsInf
        most[list(held)] = 2 * NOUGHT
        self._model.changeColsCost(len(everyone), everyone, np.zeros(len(everyone)))
        self._model.changeColsCost(n, self._shorts, cost)
        self._model.changeColsBounds(n, self._shorts, least, most)

    def proof(self) -> Proof:
        """The prices of the last solve."""
        duals = np.array(self._model.getSolution().row_dual)
        priced = [
            PricedLine(
                line=line, price=-float(duals[at]) / self.units[line.limit], level=self.levels.get(line.limit, 0.0)
            )
            for at, line in self._lines.items()
            if -duals[at] > NOUGHT
        ]
        return Proof(lines=tuple(priced), price_of_somebody=abs(float(duals[SOMEBODY])))

    def move(self, row: Row, i: int) -> None:
        """Put a limit at another figure."""
        if row.allowed != self.rows[i].allowed:
            self.rows[i] = row
            self._rewrite(i)

    def level(self, i: int, level: float) -> None:
        """Make the coins of a limit linear at another level."""
        self.levels[i] = level
        self._rewrite(i)

    def drop_coins(self) -> None:
        """Leave coin flips out: all lines with coins say nothing until the limit has a level again."""
        for at, line in self._lines.items():
            if line.b > 0:
                self._model.changeRowBounds(at, -highspy.kHighsInf, highspy.kHighsInf)

    def tangents(self, i: int) -> list[Line]:
        """The tangents of a limit so far."""
        return [line for line in self._lines.values() if line.limit == i and not line.on_expectation]

    def add(self, line: Line) -> None:
        """Add a line of a limit."""
        spread = self.rows[line.limit].spread
        errors = None if line.on_expectation or spread is None else self._totals.of_errors(spread, line.a)
        at = self._model.getNumRow()
        self._model.addRow(-highspy.kHighsInf, highspy.kHighsInf, 0, NO_COLUMNS, NO_VALUES)
        self._lines[at] = line
        if errors is not None:
            self._errors[at] = errors
        self._write(at, line)

    def _rewrite(self, i: int) -> None:
        for at, line in self._lines.items():
            if line.limit == i:
                self._write(at, line)

    def _write(self, at: int, line: Line) -> None:
        """Write a line at its limit's present figure and coin level."""
        i, row, totals = line.limit, self.rows[line.limit], self._totals.of_limit[line.limit]
        factor = row.sign / self.units[i]
        right_side = factor * row.right_side
        terms = [(totals.figure, factor), (int(self._shorts[i]), -1.0)]
        if totals.base is not None:
            terms.append((totals.base, -factor * row.allowed))
        if not line.on_expectation:
            more, constant = self._safety(at, line)
            terms += more
            right_side -= constant
        self._model.changeRowBounds(at, -highspy.kHighsInf, right_side)
        for column, value in terms:
            self._model.changeCoeff(at, column, value)

    def _safety(self, at: int, line: Line) -> tuple[list[tuple[int, float]], float]:
        """z * (a' L' x + b h) in the totals: terms and a constant; nothing where the limit is certain (a cap of 1)."""
        i, row = line.limit, self.rows[line.limit]
        if row.spread is None:
            return [], -highspy.kHighsInf
        safety, coins = row.spread.z / self.units[i], self._totals.of_limit[i].coins
        per_w, constant = row.spread.line_of_coins(self.levels.get(i, 0.0)) if line.b else (0.0, 0.0)
        bad, booked = self._errors[at]
        terms = [(column, safety * line.b * per_w * row.allowed**power) for power, column in enumerate(coins)]
        terms += [(bad, safety)] if booked is None else [(bad, safety), (booked, -safety * row.allowed)]
        return terms, safety * line.b * constant
