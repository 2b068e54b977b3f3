"""A limit as one named inequality over all columns, in the units of the plan file."""

from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.certainty import EVERYBODY, Spread
from acquire.allocate.figures import Figure, Taken, as_figure
from acquire.allocate.options import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One limit: an amount or a ratio held below (or above) the figure of the plan file.

    With x_j the number of contacts by column j (0 or 1 for a single lead):

        amount   sum(figure x) <= allowed
        ratio    sum(figure x) / sum(base x) <= allowed   made linear:   sum((figure - allowed * base) x) <= 0

    and the same with >= where `at_least`. A row with a `spread` holds with a probability (see certainty.py). A row refers to the
    arrays of the option table and copies none of them (figures.py).

    Attributes:
        name: The plan file's key, with `[channel]`, `[partner]` ... where there is one per channel, partner ...
        unit: "money", "rate", "contacts", "accounts".
        figure: What is counted; an array of shape (n,) is taken as it is.
        base: Denominator of a ratio; None for an amount.
        allowed: The limit as written in the plan file.
        at_least: True for a floor, False for a cap.
        spread: How uncertain the row is; None where it is held on expectation.
        stated: Whether the plan file states it; other rows tie columns together, as tiers to contacts, and cannot be relaxed.
    """

    name: str
    unit: str
    figure: Figure | Floats
    base: Figure | Floats | None = None
    allowed: float
    at_least: bool = False
    spread: Spread | None = None
    stated: bool = True

    @property
    def terms(self) -> tuple[tuple[Figure, float], ...]:
        """The figures that the linear row adds up, with their factors."""
        counted = (as_figure(self.figure), 1.0)
        return (counted,) if self.base is None else (counted, (as_figure(self.base), -self.allowed))

    @property
    def coefficients(self) -> Floats:
        """Left side of the linear row per column, shape (n,); a copy."""
        return self.coefficients_at(slice(None))

    def coefficients_at(self, columns: Ints | slice) -> Floats:
        """Left side of the linear row for some columns."""
        counted, *bases = (factor * figure.at(columns) for figure, factor in self.terms)
        return counted + bases[0] if bases else counted

    def typical_use(self, some: Ints | slice = EVERYBODY) -> float:
        """Mean size of what those of some columns count that count at all; where none does, of all columns; else 1."""
        uses = np.abs(self.coefficients_at(some))
        uses = uses[uses > 0]
        if len(uses):
            return float(uses.mean())
        return 1.0 if isinstance(some, slice) else self.typical_use()

    @property
    def right_side(self) -> float:
        """Right side of the linear row: the limit itself for an amount, 0 for a ratio."""
        return self.allowed if self.base is None else 0.0

    @property
    def sign(self) -> float:
        """+1 for a cap, -1 for a floor: `sign * (left - right) <= 0` holds for both."""
        return -1.0 if self.at_least else 1.0

    def left(self, x: Floats) -> float:
        """Left side of the linear row for a plan x, shape (n,)."""
        columns = np.flatnonzero(x)
        return self.left_of(columns, x[columns])

    def left_of(self, columns: Ints, contacts: Floats) -> float:
        """The same for so many contacts by each of some columns."""
        return sum(factor * float(figure.at(columns) @ contacts) for figure, factor in self.terms)

    def used(self, x: Floats) -> float:
        """The figure that a plan x, shape (n,), makes of this limit on expectation; NaN for a ratio of nothing."""
        total = as_figure(self.figure) @ x
        if self.base is None:
            return total
        base = as_figure(self.base) @ x
        return total / base if base else float("nan")

    def at(self, allowed: float) -> "Row":
        """The same limit with another figure in the plan file."""
        # A bad rate of at most 1 is certain: nobody goes bad who did not book.
        spread = None if self.spread is None or allowed >= 1 else self.spread.at_cap(allowed)
        return replace(self, allowed=allowed, spread=spread)

    def take(self, taken: Taken) -> "Row":
        """The same limit over some of the columns only."""
        return replace(
            self,
            figure=as_figure(self.figure).take(taken),
            base=None if self.base is None else as_figure(self.base).take(taken),
            spread=None if self.spread is None else self.spread.take(taken),
        )

    def followed_by(self, counted: Floats, base: Floats) -> "Row":
        """The same limit with more columns at the end: what each counts in the figure and in the denominator."""
        return replace(
            self,
            figure=as_figure(self.figure).followed_by(counted),
            base=None if self.base is None else as_figure(self.base).followed_by(base),
        )

    def excess(self, x: Floats) -> float:
        """How far a plan x, shape (n,), breaks the limit, in the row's own units; <= 0 when it holds.

        For a row with a spread: sum((bad - cap * booked) x) + z * sd(x), exactly.
        """
        excess = self.sign * (self.left(x) - self.right_side)
        return excess if self.spread is None else excess + self.spread.z * self.spread.deviation(x)

    def tolerance(self, x: Floats) -> float:
        """What rounding of floating point sums can amount to in this row."""
        used = np.flatnonzero(x)
        return 1e-9 * (float(np.abs(self.coefficients_at(used)) @ np.abs(x[used])) + abs(self.right_side))
