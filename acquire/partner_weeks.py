"""What each partner's traffic looked like, week by week, as counts: the input of the monitor of partner fraud.

A week of a partner is a few dozen counts, however many leads it had; so a year of many partners fits in memory, and a
made-up market can draw the counts instead of the rows.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Seconds from click to application: bins that double, the first up to 1 second, the last from about 24 days on.
TIME_EDGES: Floats = np.exp2(np.arange(22, dtype=np.float64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many leads show one thing, out of how many that could.

    Attributes:
        seen: Leads that show it, shape (n_partners, n_weeks).
        of: Leads of which it is known, same shape; 0 where none is.
    """

    seen: Floats
    of: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Who the leads are by one feature.

    Attributes:
        feature: Name of the column.
        bins: What each bin is called.
        counts: Leads, shape (n_partners, n_weeks, n_bins).
    """

    feature: str
    bins: tuple[str, ...]
    counts: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerWeeks:
    """Counts per partner and week; None where the events lack the columns.

    Attributes:
        partners: Names, in the order of the first axis of every array.
        mondays: First day of each week, in the order of the second axis; no week is left out.
        leads: All leads that arrived, shape (n_partners, n_weeks).
        times: Applications by seconds since the click, in the bins between TIME_EDGES,
            shape (n_partners, n_weeks, len(TIME_EDGES) + 1).
        repeats: Applications whose seconds since the click equal those of the partner's application before.
        hours: Leads by local hour of arrival, shape (n_partners, n_weeks, 24).
        perfect: Forms without a correction and without an empty optional field.
        alike: Forms with as many corrections and empty fields as the partner's form before.
        clients: Leads who were our clients already.
        undrawn: Approved leads who drew nothing within the days that all of them had.
        mixes: The features.
    """

    partners: tuple[str, ...]
    mondays: tuple[date, ...]
    leads: Floats
    times: Floats | None = None
    repeats: Tally | None = None
    hours: Floats | None = None
    perfect: Tally | None = None
    alike: Tally | None = None
    clients: Tally | None = None
    undrawn: Tally | None = None
    mixes: tuple[Mix, ...] = ()
