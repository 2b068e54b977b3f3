"""Protected groups in a plan: who passes the pre-filter and who is contacted, group by group. Warnings, never verdicts."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.ingest.sources import Columns
from acquire.prefilter.impact import FOUR_FIFTHS, GroupImpact, adverse_impact
from acquire.prefilter.screen import DO_NOT_CONTACT, NO_CONSENT

Flags = NDArray[np.bool_]


def protected_columns(columns: Columns) -> frozenset[str]:
    """Names of the protected columns as the frames have them."""
    return frozenset(columns.rename.get(name, name) for name in columns.protected)


def impact_notes(leads: pd.DataFrame, decisions: pd.DataFrame, protected: Iterable[str]) -> tuple[str, ...]:
    """Say where a protected group gets through less than four fifths as often as the best group.

    Leads that may not be contacted at all (no consent, an objection) are left out: that was not the lender's choice.

    Args:
        leads: All accepted leads.
        decisions: The plan's decisions, same rows.
        protected: Columns whose groups are watched.
    """
    asked = ~decisions["reason"].isin([NO_CONSENT, DO_NOT_CONTACT]).to_numpy()
    steps = {
        "pass the pre-filter": (decisions["decision"] != "refuse").to_numpy(dtype=np.bool_),
        "are contacted": (decisions["decision"] == "contact").to_numpy(dtype=np.bool_),
    }
    notes = []
    for column in sorted(protected):
        if column not in leads:
            notes.append(f"{column} is protected, but the leads lack it: its groups cannot be watched")
            continue
        for did, flags in steps.items():
            groups = adverse_impact(leads[column][asked], flags[asked])
            notes += [impact_note(column, one, did) for one in groups if one.stands_out]
    return tuple(notes)


def impact_note(column: str, impact: GroupImpact, did: str) -> str:
    """One sentence on one group that stands out."""
    chance = "" if np.isnan(impact.low) else f" (90 % interval {impact.low:.2f} to {impact.high:.2f})"
    return (
        f"{column} {impact.group}: {impact.share:.1%} of {impact.n:,} leads {did}, {impact.ratio:.2f} of the best group's "
        f"share{chance}, below {FOUR_FIFTHS:g}: look why; this is a warning, not a verdict"
    )
