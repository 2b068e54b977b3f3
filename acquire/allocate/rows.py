"""A limit as one named inequality over all options, in the units of the plan file."""

from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.certainty import Spread
from acquire.allocate.options import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One limit: an amount or a ratio held below (or above) the figure of the plan file.

    With x_j in {0, 1} for "option j is chosen":

        amount   sum(figure x) <= allowed
        ratio    sum(figure x) / sum(base x) <= allowed   made linear:   sum((figure - allowed * base) x) <= 0

    and the same with >= where `at_least`. A row with a `spread` holds with a probability (see certainty.py).

    Attributes:
        name: The plan file's key, with `[channel]`, `[partner]` ... where there is one per channel, partner ...
        unit: "money", "rate", "contacts", "accounts".
        figure: What is counted, shape (n,).
        base: Denominator of a ratio, shape (n,); None for an amount.
        allowed: The limit as written in the plan file.
        at_least: True for a floor, False for a cap.
        spread: How uncertain the row is; None where it is held on expectation.
    """

    name: str
    unit: str
    figure: Floats
    base: Floats | None = None
    allowed: float
    at_least: bool = False
    spread: Spread | None = None

    @property
    def coefficients(self) -> Floats:
        """Left side of the linear row per option, shape (n,)."""
        return self.figure if self.base is None else self.figure - self.allowed * self.base

    @property
    def right_side(self) -> float:
        """Right side of the linear row: the limit itself for an amount, 0 for a ratio."""
        return self.allowed if self.base is None else 0.0

    @property
    def sign(self) -> float:
        """+1 for a cap, -1 for a floor: `sign * (left - right) <= 0` holds for both."""
        return -1.0 if self.at_least else 1.0

    def used(self, x: Floats) -> float:
        """The figure that a plan x, shape (n,), makes of this limit on expectation; NaN for a ratio of nothing."""
        total = float(self.figure @ x)
        if self.base is None:
            return total
        base = float(self.base @ x)
        return total / base if base else float("nan")

    def at(self, allowed: float) -> "Row":
        """The same limit with another figure in the plan file."""
        # A bad rate of at most 1 is certain: nobody goes bad who did not book.
        spread = None if self.spread is None or allowed >= 1 else self.spread.at_cap(allowed)
        return replace(self, allowed=allowed, spread=spread)

    def take(self, at: Ints, weight: float) -> "Row":
        """The same limit over the options `at` only, each of which stands for `weight` options."""
        return replace(
            self,
            figure=self.figure[at] * weight,
            base=None if self.base is None else self.base[at] * weight,
            spread=None if self.spread is None else self.spread.take(at, len(self.figure), weight),
        )

    def excess(self, x: Floats) -> float:
        """How far a plan x, shape (n,), breaks the limit, in the row's own units; <= 0 when it holds.

        For a row with a spread: sum((bad - cap * booked) x) + z * sd(x), exactly.
        """
        excess = self.sign * (float(self.coefficients @ x) - self.right_side)
        return excess if self.spread is None else excess + self.spread.z * self.spread.deviation(x)

    def tolerance(self, x: Floats) -> float:
        """What rounding of floating point sums can amount to in this row."""
        return 1e-9 * (float(np.abs(self.coefficients) @ np.abs(x)) + abs(self.right_side))
