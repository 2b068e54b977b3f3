"""The rows of an experiment whose outcome is known: who was to get what by lot, and what became of it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FEWEST_CONTROLS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """Leads with a known outcome, n rows; the arm is what the lot gave, whether or not it was delivered.

    Attributes:
        channels: Names of the channels.
        offers: Names of the offers, without control.
        channel: Number of the row's channel in `channels`, shape (n,).
        arm: 0 = control, j = `offers[j - 1]`, shape (n,).
        booked: 0 or 1, shape (n,).
        before: What was known of the lead before the lot was drawn, shape (n, k); k may be 0.
        cost: Money that was spent on the row, shape (n,); NaN where not known.
        person: Number of the human behind the row, shape (n,); the same person's rows share their luck.
        bad: Of a booking 0 or 1, whether it went bad; NaN where that is not final, and of rows that did not book, shape (n,).
            None where nobody wrote it down.
    """

    channels: tuple[str, ...]
    offers: tuple[str, ...]
    channel: Ints
    arm: Ints
    booked: Floats
    before: Floats
    cost: Floats
    person: Ints
    bad: Floats | None = None

    def __len__(self) -> int:
        return len(self.arm)

    def of(self, rows: Flags) -> "Trial":
        """Give some of the rows."""
        kept = {name: getattr(self, name)[rows] for name in ("channel", "arm", "booked", "before", "cost", "person")}
        return replace(self, **kept, bad=None if self.bad is None else self.bad[rows])

    def strata(self) -> Ints:
        """Group the rows in whose groups contacted and controls are compared, shape (n,).

        A channel is a group of its own if it has enough controls; those with fewer are put together, the fewest first, until
        there are enough. The lot gives control the same share in every channel of a plan, so this moves nothing but chance.
        """
        controls = np.bincount(self.channel[self.arm == 0], minlength=len(self.channels))
        group = np.arange(len(self.channels))
        order = np.argsort(controls, kind="stable")
        together: list[int] = []
        for channel in order.tolist():
            if together and controls[together].sum() >= FEWEST_CONTROLS:
                break
            if not together and controls[channel] >= FEWEST_CONTROLS:
                break
            together.append(channel)
        group[together] = together[0] if together else 0
        return np.asarray(group[self.channel], dtype=np.int64)
