"""Adverse impact: whether groups of people get through at very different rates. A warning for people, never a verdict.

    ratio of a group = share let through in the group / share let through in the best group

Below four fifths the ratio is worth a look: the figure comes from the law of employment and is no rule of credit.

References:
    Uniform Guidelines on Employee Selection Procedures (1978), 29 CFR 1607.4(D).
    Katz, D. and others (1978), "Obtaining confidence intervals for the risk ratio in cohort studies", Biometrics 34.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.statistics.normal import Z_90

Flags = NDArray[np.bool_]

FOUR_FIFTHS = 0.8
FEWEST_ROWS = 30
NOT_STATED = "(not stated)"
_MOST_GROUPS = 20
_N_BANDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupImpact:
    """One group of people, and how it fares beside the best.

    Attributes:
        group: Name of the group; a band for a column of many numbers.
        n: Rows of the group.
        share: Fraction let through.
        ratio: share / share of the best group with at least 30 rows; NaN where nobody of that group gets through.
        low, high: 90 % interval of the ratio by chance; NaN where it cannot be told, and for the best group itself.
    """

    group: str
    n: int
    share: float
    ratio: float
    low: float
    high: float

    @property
    def too_few(self) -> bool:
        """Whether the group is too small to say anything."""
        return self.n < FEWEST_ROWS

    @property
    def stands_out(self) -> bool:
        """Whether the ratio is below four fifths in a group large enough to tell."""
        return not self.too_few and self.ratio < FOUR_FIFTHS


def adverse_impact(groups: "pd.Series[Any]", let_through: Flags) -> tuple[GroupImpact, ...]:
    """Compare the share let through between groups.

    Args:
        groups: Group of every row; a column of more than 20 different numbers is cut into five bands of equal size.
        let_through: Who gets through, shape (n,).

    Returns:
        One entry per group, the best share first; the best group is the first that has enough rows.
    """
    codes, names = pd.factorize(_named(groups), sort=True)
    n = np.bincount(codes, minlength=len(names))
    passed = np.bincount(codes, weights=let_through, minlength=len(names))
    share = passed / n
    order = np.lexsort((np.arange(len(n)), -share))
    large = [k for k in order if n[k] >= FEWEST_ROWS] or list(order)
    best = large[0] if large else 0
    variance = np.divide(1 - share, n * share, out=np.full(len(n), np.nan), where=share > 0)  # of ln(share)
    ratio = share / share[best] if len(n) and share[best] > 0 else np.full(len(n), np.nan)
    spread = np.exp(Z_90 * np.sqrt(variance + variance[best])) if len(n) else variance
    spread[best : best + 1] = np.nan
    return tuple(
        GroupImpact(
            group=str(names[k]),
            n=int(n[k]),
            share=float(share[k]),
            ratio=float(ratio[k]),
            low=float(ratio[k] / spread[k]),
            high=float(ratio[k] * spread[k]),
        )
        for k in order
    )


def _named(groups: "pd.Series[Any]") -> NDArray[np.object_]:
    """Names of the groups as texts; numbers of many values as bands."""
    if pd.api.types.is_numeric_dtype(groups) and groups.nunique() > _MOST_GROUPS:
        groups = _bands(groups.astype(float))
    else:
        groups = groups.map(_name, na_action="ignore")
    return groups.astype(object).where(groups.notna(), NOT_STATED).to_numpy(dtype=object)


def _bands(numbers: "pd.Series[Any]") -> "pd.Series[Any]":
    edges = np.unique(np.nanquantile(numbers, np.arange(1, _N_BANDS) / _N_BANDS))
    inner = [f"{low:g} to under {high:g}" for low, high in pairwise(edges)]
    names = [f"below {edges[0]:g}", *inner, f"{edges[-1]:g} and above"]
    band = np.array(names, dtype=object)[np.searchsorted(edges, numbers.to_numpy(), side="right")]
    return pd.Series(band, index=numbers.index).where(numbers.notna())


def _name(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
