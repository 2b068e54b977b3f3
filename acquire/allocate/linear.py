"""The rows made linear around the current plan, without a matrix of all columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.certainty import EVERYBODY, Spread
from acquire.allocate.figures import WeightedSum
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row

BLOCK = 65_536  # columns that are priced together


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
            spread = _spread(self.rows[i])
            inside, members = spread.places_of(columns)
            lines[places] = lines[i]
            lines[np.ix_(np.array(places), inside)] += _more(spread, cuts, members)
        return lines

    def _cuts_by_row(self) -> dict[int, tuple[list[int], list[Cut]]]:
        """The cuts of each limit and their positions among all rows."""
        by_row: dict[int, tuple[list[int], list[Cut]]] = {}
        for place, cut in enumerate(self.cuts, len(self.rows)):
            places, cuts = by_row.setdefault(cut.row, ([], []))
            places.append(place)
            cuts.append(cut)
        return by_row

    def tariff(self, prices: Floats) -> "Tariff":
        """What contacts cost at these prices of the rows, shape (m,)."""
        of_row = np.bincount(self.owner, weights=prices, minlength=len(self.rows))
        terms = [(f, float(p * row.sign * c)) for row, p in zip(self.rows, of_row, strict=True) for f, c in row.terms]
        mixed = [
            (_spread(self.rows[i]), _mixed(cuts, prices[places]))
            for i, (places, cuts) in self._cuts_by_row().items()
            if prices[places].any()
        ]
        return Tariff(on_expectation=WeightedSum(terms, self.n), of_safety=tuple(mixed))

    def priced(self, prices: Floats) -> Floats:
        """prices' matrix, shape (n,): what each contact costs at these prices of the rows."""
        tariff, costs = self.tariff(prices), np.empty(self.n)
        for first in range(0, self.n, BLOCK):
            block = slice(first, first + BLOCK)
            costs[block] = tariff.of(block)
        return costs

    def used_by(self, x: Floats) -> Floats:
        """matrix x, shape (m,), for a plan x, shape (n,)."""
        columns = np.flatnonzero(x)
        return self.used_of(columns, x[columns])

    def used_of(self, columns: Ints, contacts: Floats) -> Floats:
        """The same for so many contacts by each of some columns, positions ascending."""
        uses = np.zeros(len(self))
        known: dict[tuple[int, int, int], float] = {}
        for i, row in enumerate(self.rows):
            for figure, factor in row.terms:
                key = (
                    (id(figure.values), id(figure.among), figure.code) if not len(figure.extra) else (-1, i, len(known))
                )
                if key not in known:
                    known[key] = float(figure.at(columns) @ contacts)
                uses[i] += row.sign * factor * known[key]
        for i, (places, cuts) in self._cuts_by_row().items():
            uses[places] = uses[i] + _used(_spread(self.rows[i]), cuts, columns, contacts)
        return uses

    def bound(self, problem: Problem, prices: Floats) -> float:
        """No plan within these rows gains more than this, for ANY prices >= 0 (weak duality).

        bound = sum(prices * right_side) + sum over people of size * max(0, best gain - prices' matrix)

        where those who are forced do as they must.
        """
        return self.bound_at(problem, prices, problem.gain - self.priced(prices))

    def bound_at(self, problem: Problem, prices: Floats, reduced: Floats) -> float:
        """The same where the reduced gain at these prices is known, shape (n,)."""
        return float(prices @ self.right_side) + problem.at_best(reduced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What contacts cost at some prices of the limits.

    Attributes:
        on_expectation: The rows times their prices; those with a spread at the prices of their tangents too.
        of_safety: What the tangents of each spread count on top, as one cut at their prices.
    """

    on_expectation: WeightedSum
    of_safety: tuple[tuple[Spread, Cut], ...]

    def of(self, columns: slice) -> Floats:
        """What a contact by each of some columns in a row costs."""
        costs = self.on_expectation.at(columns)
        first, end = columns.start, columns.start + len(costs)
        for spread, cut in self.of_safety:
            members = slice(*np.searchsorted(spread.members, (first, end)).tolist())
            costs[spread.members[members] - first] += _more(spread, [cut], members)[0]
        return costs


def _spread(row: Row) -> Spread:
    assert row.spread is not None  # noqa: S101 - only rows with a spread have cuts
    return row.spread


def _more(spread: Spread, cuts: Sequence[Cut], members: Ints | slice = EVERYBODY) -> Floats:
    """What cuts of a row count of some members on top of the row, shape (len(cuts), len(members))."""
    errors = np.array([cut.errors for cut in cuts])
    coins = np.array([cut.coins for cut in cuts])
    more: Floats = spread.along(errors.T, members).T + coins[:, None] * spread.coins[members]
    for i, cut in enumerate(cuts):
        if cut.members is not None:
            more[i] += cut.members[members]
    return more


def _used(spread: Spread, cuts: Sequence[Cut], columns: Ints, contacts: Floats) -> Floats:
    """What a plan makes of cuts of a row on top of the row, shape (len(cuts),)."""
    inside, members = spread.places_of(columns)
    mine = contacts[inside]
    error, variance = spread.error_of(members, mine), float(spread.coins[members] @ mine)
    return np.array(
        [
            cut.errors @ error + cut.coins * variance + (0.0 if cut.members is None else cut.members[members] @ mine)
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
