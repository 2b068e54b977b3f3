"""What limits speak of: totals of a plan, each with a variable of its own in one live linear model.

A limit never speaks of single contacts but of sums over the plan: its figure, its base, and where it has a spread the sums of the
model errors and of the coin flips. With a variable for each such sum

    total = sum(what each column counts x)

a limit is a row of two or three numbers, and moving its figure changes one of them: hundreds of questions "and if this limit were
another" are answered on one model. Coins depend on the cap r as v = v0 + v1 r + v2 r^2, so they are three totals.
"""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from acquire.allocate.certainty import Spread
from acquire.allocate.figures import Figure, as_figure
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row

Columns = NDArray[np.int32]
NO_COLUMNS: Columns = np.zeros(0, dtype=np.int32)
NO_VALUES: Floats = np.zeros(0)
SOMEBODY = 0  # the row that asks for a contact


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTotals:
    """The columns of one limit in the live model.

    Attributes:
        figure: Of what is counted.
        base: Of the denominator; None for an amount.
        coins: The three coefficients of the coins' variance in the cap; none without coin flips.
    """

    figure: int
    base: int | None
    coins: tuple[int, ...]


class Totals:
    """A live model of who can be contacted, with a variable for each total that a limit speaks of.

    Attributes:
        model: Columns: what people can get, then the totals. Rows: somebody, people, then the definitions of the totals.
        of_limit: The totals of each limit, by its position.
        n: How many columns people can get; the first `n_contacts` of them are contacts.
    """

    __slots__ = ("_known", "model", "n", "n_contacts", "of_limit")

    def __init__(self, problem: Problem) -> None:
        self.n, self.n_contacts = len(problem), problem.n_options
        self.model = _people(problem)
        self._known: dict[tuple[object, ...], tuple[Figure, int]] = {}
        self.of_limit = tuple(self._of(row) for row in problem.rows)

    def _of(self, row: Row) -> LimitTotals:
        return LimitTotals(
            figure=self._of_figure(as_figure(row.figure)),
            base=None if row.base is None else self._of_figure(as_figure(row.base)),
            coins=() if row.spread is None or not row.spread.realised else self._of_coins(row.spread),
        )

    def of_errors(self, spread: Spread, a: Floats) -> tuple[int, int | None]:
        """Totals of the model errors along one tangent: of bad accounts, and of booked ones where those have errors too."""
        at = spread.members.astype(np.int32)
        bad = self._add(at, spread.bad_loadings[spread.members] @ a)
        if not spread.errors_of_booked:
            return bad, None
        return bad, self._add(at, spread.booked_loadings[spread.members] @ a)

    def _of_coins(self, spread: Spread) -> tuple[int, ...]:
        at, coins = spread.members.astype(np.int32), coins_in_cap(spread)
        return tuple(self._add(at, coins[:, power]) for power in range(coins.shape[1]))

    def _of_figure(self, figure: Figure) -> int:
        """The variable of a sum; limits that speak of the same sum share it."""
        key = (id(figure.values), id(figure.among), figure.code, figure.extra.tobytes())
        if key not in self._known:
            counted = figure.dense()
            at = np.flatnonzero(counted).astype(np.int32)
            self._known[key] = (figure, self._add(at, counted[at]))  # holding the figure keeps its ids its own
        return self._known[key][1]

    def _add(self, at: Columns, counted: Floats) -> int:
        """Add a variable that is the sum, in units of a typical contact so that all totals are of one size."""
        column = int(self.model.getNumCol())
        self.model.addCol(0.0, -highspy.kHighsInf, highspy.kHighsInf, 0, NO_COLUMNS, NO_VALUES)
        unit = float(np.abs(counted).mean()) if len(counted) else 1.0
        scale = 1 / unit if unit > 0 else 1.0
        index = np.r_[at, np.int32(column)].astype(np.int32)
        self.model.addRow(0.0, 0.0, len(index), index, np.r_[counted * scale, -scale])
        return column


def coins_in_cap(spread: Spread) -> Floats:
    """Coefficients of 1, r and r^2 in the coins' variance at cap r (certainty.coin_variance), shape (m, 3)."""
    bad, booked = spread.bad, spread.booked
    return np.column_stack([bad - bad**2, 2 * bad * (booked - 1), booked * (1 - booked)])


def _people(problem: Problem) -> highspy.Highs:
    """At most `size` contacts per person, what is forced at its size, and somebody contacted at all."""
    n, people = len(problem), problem.people
    model = highspy.Highs()
    model.silent()
    model.setOptionValue("threads", 1)
    upper = people.size[people.code]
    lower = np.zeros(n)
    lower[problem.forced] = upper[problem.forced]
    model.addCols(n, np.zeros(n), lower, upper, 0, NO_COLUMNS, NO_COLUMNS, NO_VALUES)
    contacts = np.arange(problem.n_options, dtype=np.int32)
    model.addRow(1.0, highspy.kHighsInf, len(contacts), contacts, np.ones(len(contacts)))
    starts = np.r_[people.starts, n]
    for person in np.flatnonzero(np.diff(starts) > 1).tolist():
        mine = people.order[starts[person] : starts[person + 1]].astype(np.int32)
        model.addRow(-highspy.kHighsInf, float(people.size[person]), len(mine), mine, np.ones(len(mine)))
    return model
