"""Who got something other than what the lot gave: controls reached by another channel, contacts that never arrived.

The difference by what the lot gave stays honest, but it is then the difference of two mixtures: smaller than what a contact does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acquire.uplift.trial import Flags, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """How many controls of one channel were contacted in another (or in the same) one."""

    control_of: str
    contacted_in: str
    leads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contamination:
    """How far delivery departed from the lot.

    Attributes:
        reached_contacts, reached_controls: Shares of contacts and of controls that really were contacted; NaN where not known.
        crossings: Controls by the channel that contacted them, most first.
        people_in_both: People who are a control in one row and a contact in another.
        people_more_than_once: People with more than one row.
    """

    reached_contacts: float
    reached_controls: float
    crossings: tuple[Crossing, ...]
    people_in_both: int
    people_more_than_once: int

    @property
    def dilution(self) -> float:
        """Share of a contact's effect that is left in the difference by lot; NaN where delivery is not known."""
        return self.reached_contacts - self.reached_controls


def find_contamination(
    is_control: Flags,
    person: Ints,
    *,
    reached: Floats | None,
    control_of: Sequence[str],
    contacted_in: Sequence[str | None],
) -> Contamination:
    """Compare what was delivered with what the lot gave.

    Args:
        is_control: Whether the lot made the row a control, shape (n,).
        person: Number of the human behind the row, shape (n,).
        reached: 1 = was contacted by anybody meanwhile, 0 = was not, NaN = not known, shape (n,); None: nobody wrote it down.
        control_of: The row's channel, shape (n,).
        contacted_in: Channel that really contacted the row's person, None where none did or it is not known, shape (n,).

    References:
        Angrist, J., Imbens, G. and Rubin, D. (1996), "Identification of causal effects using instrumental variables", JASA 91.
    """
    rows = pd.DataFrame({"person": person, "control": is_control})
    by_person = rows.groupby("person")["control"].agg(["size", "mean"])
    return Contamination(
        reached_contacts=_mean(reached, ~is_control),
        reached_controls=_mean(reached, is_control),
        crossings=_crossings(is_control, control_of, contacted_in),
        people_in_both=int(((by_person["mean"] > 0) & (by_person["mean"] < 1)).sum()),
        people_more_than_once=int((by_person["size"] > 1).sum()),
    )


def _mean(values: Floats | None, rows: Flags) -> float:
    if values is None or not (known := values[rows & ~np.isnan(values)]).size:
        return math.nan
    return float(known.mean())


def _crossings(
    is_control: Flags, control_of: Sequence[str], contacted_in: Sequence[str | None]
) -> tuple[Crossing, ...]:
    pairs = pd.DataFrame({"control_of": list(control_of), "contacted_in": list(contacted_in)})[is_control].dropna()
    counts = (
        pairs.value_counts(sort=False).reset_index(name="leads").sort_values("leads", ascending=False, kind="stable")
    )
    return tuple(
        Crossing(control_of=one, contacted_in=other, leads=int(n))
        for one, other, n in zip(counts["control_of"], counts["contacted_in"], counts["leads"], strict=True)
    )
