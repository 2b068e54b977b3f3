"""The rows made linear around the current plan, without a matrix of all columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.figures import add_up
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A linear row that a row with a spread implies: its own line, and so much more (certainty.py).

    Attributes:
        row: Position of the limit.
        name: Its own name.
        errors: What a unit of each model error counts, shape (k,).
        coins: What a unit of the coin flips' variance counts.
        constant: What is counted in any case.
        members: More that each member of the row counts, shape (m,); None = nothing.
    """

    row: int
    name: str
    errors: Floats
    coins: float
    constant: float
    members: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearRows:
    """The rows as sum(matrix[i] x) <= right_side[i], every floor turned into a cap by its sign.

    Every row on expectation comes first, then the cuts of those with a spread. The matrix is never made: only its product with
    prices or with a plan, and some of its columns.

    Attributes:
        rows: The limits.
        cuts: What holds those with a spread.
        right_side: Shape (m,).
        n: Number of columns.
    """

    rows: tuple[Row, ...]
    cuts: tuple[Cut, ...]
    right_side: Floats
    n: int

    @classmethod
    def of(cls, problem: Problem, cuts: Sequence[Cut] = ()) -> "LinearRows":
        """The rows of a problem and some cuts."""
        right = np.array([row.sign * row.right_side for row in problem.rows])
        return cls(rows=problem.rows, cuts=(), right_side=right, n=len(problem)).with_cuts(cuts)

    def with_cuts(self, cuts: Sequence[Cut]) -> "LinearRows":
        """The same with more cuts."""
        more = [self.right_side[cut.row] - cut.constant for cut in cuts]
        return replace(self, cuts=(*self.cuts, *cuts), right_side=np.r_[self.right_side, more])

    def without_cuts(self) -> "LinearRows":
        """The rows on expectation."""
        return replace(self, cuts=(), right_side=self.right_side[: len(self.rows)])

    def without_coins(self) -> "LinearRows":
        """The same with cuts that do not count the coin flips' variance."""
        return replace(self, cuts=tuple(replace(cut, coins=0.0) for cut in self.cuts))

    def only_cuts(self, first: int) -> "LinearRows":
        """The same without the cuts before the `first`."""
        kept = np.r_[self.right_side[: len(self.rows)], self.right_side[len(self.rows) + first :]]
        return replace(self, cuts=self.cuts[first:], right_side=kept)

    def tightened(self, by: Floats) -> "LinearRows":
        """The same with less room in each limit, shape (n_limits,)."""
        return replace(self, right_side=self.right_side - by[self.owner])

    def __len__(self) -> int:
        return len(self.right_side)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each, shape (m,)."""
        return (*(row.name for row in self.rows), *(cut.name for cut in self.cuts))

    @property
    def owner(self) -> Ints:
        """Position of the limit each belongs to, shape (m,)."""
        return np.array([*range(len(self.rows)), *(cut.row for cut in self.cuts)], dtype=np.int64)

    @property
    def signs(self) -> Floats:
        """-1 for a floor, shape (m,)."""
        return np.array([self.rows[i].sign for i in self.owner])

    @property
    def matrix(self) -> Floats:
        """All columns of all rows, shape (m, n): for small problems only."""
        return self.at(np.arange(self.n))

    def at(self, columns: Ints) -> Floats:
        """Some columns of the matrix, shape (m, len(columns))."""
        lines = np.zeros((len(self), len(columns)))
        for i, row in enumerate(self.rows):
            lines[i] = row.sign * row.coefficients_at(columns)
        for i, (places, cuts) in self._cuts_by_row().items():
            inside, members = _places(self.rows[i], columns)
            lines[places] = lines[i]
            lines[np.ix_(np.array(places), inside)] += _more(self.rows[i], cuts, members)
        return lines

    def _cuts_by_row(self) -> dict[int, tuple[list[int], list[Cut]]]:
        """The cuts of each limit and their positions among all rows."""
        by_row: dict[int, tuple[list[int], list[Cut]]] = {}
        for place, cut in enumerate(self.cuts, len(self.rows)):
            places, cuts = by_row.setdefault(cut.row, ([], []))
            places.append(place)
            cuts.append(cut)
        return by_row

    def priced(self, prices: Floats) -> Floats:
        """prices' matrix, shape (n,): what each contact costs at these prices of the rows."""
        of_row = np.bincount(self.owner, weights=prices, minlength=len(self.rows))
        terms = [(f, float(p * row.sign * c)) for row, p in zip(self.rows, of_row, strict=True) for f, c in row.terms]
        costs = add_up(terms, self.n)
        for i, (places, cuts) in self._cuts_by_row().items():
            spread = self.rows[i].spread
            if spread is not None and prices[places].any():
                costs[spread.members] += _more(self.rows[i], [_mixed(cuts, prices[places])], slice(None))[0]
        return costs

    def used_by(self, x: Floats) -> Floats:
        """matrix x, shape (m,), for a plan x, shape (n,)."""
        uses = np.zeros(len(self))
        uses[: len(self.rows)] = [row.sign * row.left(x) for row in self.rows]
        for i, (places, cuts) in self._cuts_by_row().items():
            uses[places] = uses[i] + _used(self.rows[i], cuts, x)
        return uses

    def bound(self, problem: Problem, prices: Floats) -> float:
        """No plan within these rows gains more than this, for ANY prices >= 0 (weak duality).

        bound = sum(prices * right_side) + sum over people of size * max(0, best gain - prices' matrix)

        where those who are forced do as they must.
        """
        return float(prices @ self.right_side) + problem.at_best(problem.gain - self.priced(prices))


def _places(row: Row, columns: Ints) -> tuple[Ints, Ints]:
    """Which of some columns are members of the row's spread, and which members they are."""
    members = np.empty(0, dtype=np.int64) if row.spread is None else row.spread.members
    if not len(members):
        return members, members
    at = np.minimum(np.searchsorted(members, columns), len(members) - 1)
    inside = np.flatnonzero(members[at] == columns)
    return inside, at[inside]


def _more(row: Row, cuts: Sequence[Cut], members: Ints | slice) -> Floats:
    """What cuts of a row count of some members on top of the row, shape (len(cuts), len(members))."""
    if row.spread is None:
        return np.zeros((len(cuts), 0))
    errors = np.array([cut.errors for cut in cuts])
    coins = np.array([cut.coins for cut in cuts])
    more: Floats = errors @ row.spread.loadings[members].T + coins[:, None] * row.spread.coins[members]
    for i, cut in enumerate(cuts):
        if cut.members is not None:
            more[i] += cut.members[members]
    return more


def _used(row: Row, cuts: Sequence[Cut], x: Floats) -> Floats:
    """What a plan makes of cuts of a row on top of the row, shape (len(cuts),)."""
    if row.spread is None:
        return np.zeros(len(cuts))
    error, variance, mine = row.spread.error(x), row.spread.coin_deviation(x) ** 2, x[row.spread.members]
    return np.array(
        [
            cut.errors @ error + cut.coins * variance + (0.0 if cut.members is None else cut.members @ mine)
            for cut in cuts
        ]
    )


def _mixed(cuts: Sequence[Cut], prices: Floats) -> Cut:
    """The cuts of one row, times their prices, as one cut: one pass over the members however many there are."""
    priced = list(zip(cuts, prices.tolist(), strict=True))
    everybody = [price * cut.members for cut, price in priced if cut.members is not None]
    return Cut(
        row=cuts[0].row,
        name="mixed",
        errors=np.sum([price * cut.errors for cut, price in priced], axis=0),
        coins=sum(price * cut.coins for cut, price in priced),
        constant=sum(price * cut.constant for cut, price in priced),
        members=np.sum(everybody, axis=0) if everybody else None,
    )
