"""What a validation report adds to the figures of quality: whether the leads are like the booked.

References:
    Siddiqi, N. (2006), "Credit Risk Scorecards", chapter 9 (population stability index).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.prefilter.scorecard import Scorecard

Floats = NDArray[np.float64]

_N_PARTS = 10


def population_stability(expected: Floats, seen: Floats) -> float:
    """Population stability index: sum over bins of (seen share - expected share) * ln(seen share / expected share).

    Half a row is added to each cell so that an empty one stays finite; bins that hold nothing on either side do not count.

    Args:
        expected, seen: Rows per bin, shape (n_bins,), here of the booked and of the leads.
    """
    held = (expected + seen) > 0
    before, after = ((rows[held] + 0.5) / (rows[held] + 0.5).sum() for rows in (expected, seen))
    return float(((after - before) * np.log(after / before)).sum())


def stability(card: Scorecard, booked: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Population stability index of the points and of every variable of the scorecard, leads against bookings.

    Args:
        card: The scorecard.
        booked: The bookings it was fitted on.
        leads: The traffic it is going to score.

    Returns:
        Columns variable ("points" first, in tenths of the bookings), psi.
    """
    before, after = card.coded(booked), card.coded(leads)
    ends = np.unique(np.quantile(card.points(before), np.arange(1, _N_PARTS) / _N_PARTS))
    parts = [np.searchsorted(ends, card.points(side), side="left") for side in (before, after)]
    lines = [("points", _psi_of_codes(parts[0], parts[1], len(ends) + 1))]
    for variable, codes, codes_after in zip(card.variables, before.codes, after.codes, strict=True):
        lines.append((variable.feature.name, _psi_of_codes(codes, codes_after, variable.bins.n_bins)))
    return pd.DataFrame(lines, columns=["variable", "psi"])


def _psi_of_codes(before: NDArray[np.integer], after: NDArray[np.integer], n_bins: int) -> float:
    counts = [np.bincount(codes, minlength=n_bins).astype(float) for codes in (before, after)]
    return population_stability(counts[0], counts[1])
