"""The others of each partner: one sorted row of values, seen by every member without its own.

Leaving one value out of a sorted row moves the values after it down by one place, so what the others say is read off the one row:

    value number k of the others     = ordered[k]  where k < place, else ordered[k + 1]
    sum of the first m of the others = sum of the first m, or of the first m + 1 less the own value where place < m

which takes memory for the values once, and not once per partner.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.partner_weeks import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Rows of values, and who looks at them. Arrays of places and answers have the shape of `row`.

    Attributes:
        ordered: Each row ascending, unknown values (NaN) last and one more at the end, shape (n_rows, n_values + 1).
        row: The row that each one looks at.
        place: Where its own value stands in that row; n_values where it has none in it.
        n: How many known values of others it sees.
    """

    ordered: Floats
    row: Ints
    place: Ints
    n: Ints

    def value(self, number: Ints) -> Floats:
        """Value of the others by its number, ascending from 0; NaN beyond the last."""
        last = self.ordered.shape[1] - 1
        at = np.minimum(number + (number >= self.place), last)
        return np.asarray(self.ordered[self.row, at], dtype=np.float64)

    def sum_of_first(self, m: Ints, *, power: int = 1) -> Floats:
        """Sum of the `power`-th powers of the first `m` of the others."""
        powers = np.nan_to_num(self.ordered) ** power
        sums = np.concatenate([np.zeros((len(powers), 1)), np.cumsum(powers, axis=1)], axis=1)
        is_past_own = m > self.place
        total = sums[self.row, m + is_past_own] - np.where(is_past_own, powers[self.row, self.place], 0.0)
        return np.asarray(total, dtype=np.float64)

    def median(self) -> Floats:
        """Median of the others; NaN where there are none."""
        return (self.value(np.maximum(self.n - 1, 0) // 2) + self.value(self.n // 2)) / 2


def see_others(values: Floats) -> Others:
    """Let each member of each row look at the others of its row.

    Args:
        values: NaN = unknown, shape (n_rows, n_values).
    """
    n_rows, n_values = values.shape
    return look_at(values, np.arange(n_rows)[:, None], np.arange(n_values)[None, :])


def look_at(values: Floats, row: Ints, own: Ints) -> Others:
    """Let somebody look at one row each, without the own value where it is in it.

    Args:
        values: NaN = unknown, shape (n_rows, n_values).
        row, own: The row each one looks at, and the position of its own value there, -1 = none; they broadcast.
    """
    order = np.argsort(values, axis=1, kind="stable")  # unknown values come last
    place = np.full((len(values), values.shape[1] + 1), values.shape[1])
    np.put_along_axis(place, order, np.arange(values.shape[1])[None, :], axis=1)
    known = np.concatenate([np.isfinite(values), np.zeros((len(values), 1), dtype=np.bool_)], axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    row, own = np.broadcast_arrays(row, own)
    return Others(
        ordered=np.concatenate([ordered, np.full((len(values), 1), np.nan)], axis=1),
        row=row,
        place=place[row, own],
        n=np.asarray(known.sum(axis=1)[row] - known[row, own], dtype=np.int64),
    )
