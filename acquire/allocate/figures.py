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


class WeightedSum:
    """sum over terms of factor * figure, for any columns, in one pass per array of the option table and code array.

    Limits that count the same array (spend: the budget, a CAC, a partner's share) are added up as factors first, one per code.
    """

    def __init__(self, terms: Iterable[tuple[Figure, float]], n: int) -> None:
        """Add up the factors.

        Args:
            terms: Figures over the same columns, each with its factor.
            n: Number of columns.
        """
        self._n = self._n_options = n
        self._extra: Floats = _NONE
        grouped: dict[int, _Factors] = {}
        for figure, factor in terms:
            if factor:
                grouped.setdefault(id(figure.values), _Factors(figure.values)).add(figure, factor)
                self._n_options = figure.n_options
                self._extra = factor * figure.extra + (self._extra if len(self._extra) else 0.0)
        self._arrays = [(of_array.values, of_array.of_all, of_array.tables()) for of_array in grouped.values()]

    def at(self, columns: slice) -> Floats:
        """The sum for some columns in a row."""
        first, end, _ = columns.indices(self._n)
        last_option = min(end, self._n_options)
        added = np.zeros(end - first)
        if first < last_option:
            self._add_options(added[: last_option - first], slice(first, last_option))
        if len(self._extra) and end > self._n_options:
            added[max(self._n_options - first, 0) :] += self._extra[
                max(first - self._n_options, 0) : end - self._n_options
            ]
        return added

    def _add_options(self, added: Floats, at: slice) -> None:
        for values, of_all, tables in self._arrays:
            each: Floats | float = of_all
            for among, factors in tables:
                codes = among[at]
                each = each + factors[codes.view(np.int8) if codes.dtype == np.bool_ else codes]
            if values is None:
                added += each
            elif of_all:
                added += values[at] * each
            else:  # what is not counted may be unknown
                added += np.where(each != 0, values[at] * each, 0.0)


class _Factors:
    """The factors of one array of the option table: one for all options, and one per code of each code array."""

    def __init__(self, values: Floats | None) -> None:
        self.values = values
        self.of_all = 0.0
        self._of_codes: dict[int, tuple[Codes, dict[int, float]]] = {}

    def add(self, figure: Figure, factor: float) -> None:
        if figure.among is None:
            self.of_all += factor
            return
        by_code = self._of_codes.setdefault(id(figure.among), (figure.among, {}))[1]
        by_code[int(figure.code)] = by_code.get(int(figure.code), 0.0) + factor

    def tables(self) -> list[tuple[Codes, Floats]]:
        """Per code array the factor of each code; code -1 reads the last place of the list, which is 0."""
        tables = []
        for among, by_code in self._of_codes.values():
            known = {
                code: factor for code, factor in by_code.items() if code >= 0
            }  # below 0: a name that no option has
            factors = np.zeros(max(int(among.max(initial=0)), *known, 0) + 2)
            factors[list(known)] = list(known.values())
            tables.append((among, factors))
        return tables
