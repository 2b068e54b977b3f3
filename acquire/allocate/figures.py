"""What the columns count in a sum, without a copy of the option table."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.options import Floats, Ints

Codes = NDArray[Any]  # whole numbers or flags
_NONE: Floats = np.empty(0)


class Taken:
    """Some of the columns: every array of the option table is cut to them once, so that what was one array stays one.

    Attributes:
        options: Positions of the options that are kept, ascending.
        extra: Positions, among the columns that are no contacts, of those that are kept.
    """

    def __init__(self, at: Ints, n_options: int) -> None:
        n_kept = int(np.searchsorted(at, n_options))
        self.options, self.extra = at[:n_kept], at[n_kept:] - n_options
        self._cut: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}

    def cut(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array of the option table at the kept options."""
        known = self._cut.get(id(array))
        if known is None:
            known = self._cut[id(array)] = (array, array[self.options])  # holding the array keeps its id its own
        return known[1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """What each column counts: an array of the option table (or 1 each), all of it or where a code array has one code.

        figure_j = values_j  where among_j == code, else 0            j < n_options
        figure_j = extra_(j - n_options)                              the columns that are no contacts, after the options

    Attributes:
        n_options: How many columns are options.
        values: Shape (n_options,); None = 1 each. Read, never changed.
        among: Codes or flags, shape (n_options,); None = all options.
        code: The code that counts; with flags True.
        extra: Shape (n_extra,).
    """

    n_options: int
    values: Floats | None = None
    among: Codes | None = None
    code: int = 1
    extra: Floats = field(default_factory=lambda: _NONE)

    @classmethod
    def of(cls, values: Floats, among: Codes | None = None, code: int = 1) -> "Figure":
        """An array of the option table, all of it or where `among == code`."""
        return cls(n_options=len(values), values=values, among=among, code=code)

    @classmethod
    def count(cls, n_options: int, among: Codes | None = None, code: int = 1) -> "Figure":
        """1 for each option, or for those where `among == code`."""
        return cls(n_options=n_options, among=among, code=code)

    def __len__(self) -> int:
        return self.n_options + len(self.extra)

    def dense(self) -> Floats:
        """What every column counts, shape (n,); a copy."""
        return self.at(slice(None))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.dense(), dtype=dtype)

    def at(self, columns: Ints | slice) -> Floats:
        """What some columns count, in their order."""
        if isinstance(columns, slice):
            return np.concatenate([self._at_options(slice(None)), self.extra])[columns]
        if not len(self.extra):
            return self._at_options(columns)
        counted = np.empty(len(columns))
        is_option = columns < self.n_options
        counted[is_option] = self._at_options(columns[is_option])
        counted[~is_option] = self.extra[columns[~is_option] - self.n_options]
        return counted

    def _at_options(self, at: Ints | slice) -> Floats:
        among = None if self.among is None else self.among[at] == self.code
        if self.values is None:
            n = self.n_options if isinstance(at, slice) else len(at)
            return np.ones(n) if among is None else among.astype(float)
        values = self.values[at].astype(float)
        return values if among is None else np.where(among, values, 0.0)

    def __matmul__(self, x: Floats) -> float:
        """The sum over a plan x, shape (n,)."""
        used = np.flatnonzero(x)
        return float(self.at(used) @ x[used])

    def take(self, taken: Taken) -> "Figure":
        """The same over fewer columns."""
        return replace(
            self,
            n_options=len(taken.options),
            values=None if self.values is None else taken.cut(self.values),
            among=None if self.among is None else taken.cut(self.among),
            extra=self.extra[taken.extra],
        )

    def followed_by(self, extra: Floats) -> "Figure":
        """The same with more columns at the end."""
        return replace(self, extra=np.concatenate([self.extra, extra]))


def as_figure(counted: "Figure | Floats") -> Figure:
    """An array as a figure of options only; a figure as it is."""
    return counted if isinstance(counted, Figure) else Figure.of(counted)


def add_up(terms: Iterable[tuple[Figure, float]], n: int) -> Floats:
    """sum over the terms of factor * figure, shape (n,), in one pass per array of the option table and code array.

    Limits that count the same array (spend: the budget, a CAC, a partner's share) are added up as factors first, one per code.
    """
    added = np.zeros(n)
    grouped: dict[int, _Factors] = {}
    for figure, factor in terms:
        if factor:
            grouped.setdefault(id(figure.values), _Factors(figure.values)).add(figure, factor)
            added[figure.n_options :] += factor * figure.extra
    for factors in grouped.values():
        factors.add_to(added)
    return added


class _Factors:
    """The factors of one array of the option table: one for all options, and one per code of each code array."""

    def __init__(self, values: Floats | None) -> None:
        self.values = values
        self.n_options = 0
        self.of_all = 0.0
        self.of_codes: dict[int, tuple[Codes, dict[int, float]]] = {}

    def add(self, figure: Figure, factor: float) -> None:
        self.n_options = figure.n_options
        if figure.among is None:
            self.of_all += factor
            return
        by_code = self.of_codes.setdefault(id(figure.among), (figure.among, {}))[1]
        by_code[int(figure.code)] = by_code.get(int(figure.code), 0.0) + factor

    def add_to(self, added: Floats) -> None:
        """Add the array times its factors to the options of `added`."""
        each: Floats | float = self.of_all
        for among, by_code in self.of_codes.values():
            each = each + _look_up(among, by_code)
        of_options = added[: self.n_options]
        if self.values is None:
            of_options += each
        elif self.of_all:
            of_options += self.values * each
        else:  # what is not counted may be unknown
            of_options += np.where(each != 0, self.values * each, 0.0)


def _look_up(among: Codes, by_code: dict[int, float]) -> Floats:
    """The factor of each option's code, shape (n_options,); code -1 reads the last place of the list, which is 0."""
    if among.dtype == np.bool_:
        return np.where(among, by_code.get(1, 0.0), by_code.get(0, 0.0))
    factors = np.zeros(max(int(among.max(initial=0)), *by_code) + 2)
    factors[list(by_code)] = list(by_code.values())
    return factors[among]
