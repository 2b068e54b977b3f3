"""How far leads lie outside what was seen: only people who were approved and booked have a label.

    distance(x) = ln( P(x | a lead) / P(x | a booking with a label) )  -  its mean over the labels' information

from a scorecard that tells leads from labelled bookings. A chance to go bad that is right for the booked can be off where there
were few of them, so it has an error that grows with distance:

    ln odds bad += tilt * distance,      tilt ~ Normal(0, TILT_SD^2), then what the booked show along their own distances

The mean of tilt is the correction that reweighting the booked towards the leads would make in one step; its standard deviation
is what widens the intervals out there.

References:
    Sugiyama, M., Suzuki, T. and Kanamori, T. (2012), "Density Ratio Estimation in Machine Learning", section 4.2.
    Banasik, J., Crook, J. and Thomas, L. (2003), "Sample selection bias in credit scoring models".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_fit import fit_scorecard

Floats = NDArray[np.float64]

TILT_SD = 0.1
_MOST_ROWS = 20_000
_PENALTY = 10.0
FARTHEST = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The distance of a lead from the labelled bookings, and what it does to its chance to go bad.

    Attributes:
        card: Tells leads (its "bad") from labelled bookings; None where there are no leads to compare with.
        centre: Mean of its log odds over the labelled bookings, by their information once it has learnt from them.
        tilt, tilt_sd: Posterior mean and standard deviation of the shift in ln(odds bad) per unit of distance.
    """

    card: Scorecard | None = None
    centre: float = 0.0
    tilt: float = 0.0
    tilt_sd: float = 0.0

    def distance(self, frame: pd.DataFrame) -> Floats:
        """ln density ratio, centred on the booked, shape (n,); 0 where there is nothing to compare with."""
        if self.card is None:
            return np.zeros(len(frame))
        return np.clip(self.card.log_odds_bad(frame) - self.centre, -FARTHEST, FARTHEST)

    def learnt(self, frame: pd.DataFrame, p: Floats, y: Floats, weight: Floats) -> "Seen":
        """The same distance with the tilt that labelled bookings show: out-of-fold `p` against `y`, each shape (n,).

        Distance is measured anew from where the labels' information lies, so that a tilt does not move their level.
        """
        if self.card is None:
            return self
        information = weight * p * (1 - p)
        centred = replace(self, centre=self.centre + float(np.average(self.distance(frame), weights=information)))
        distance = centred.distance(frame)
        precision = TILT_SD**-2 + float(information @ distance**2)
        return replace(centred, tilt=float((weight * (y - p)) @ distance) / precision, tilt_sd=precision**-0.5)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        card = None if self.card is None else self.card.to_content()
        return {"card": card, "centre": self.centre, "tilt": self.tilt, "tilt_sd": self.tilt_sd}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Seen":
        """What `to_json` wrote."""
        card = None if content["card"] is None else Scorecard.from_content(content["card"])
        numbers = {name: float(content[name]) for name in ("centre", "tilt", "tilt_sd")}
        return cls(card=card, **numbers)


def fit_seen(
    labelled: pd.DataFrame,
    leads: pd.DataFrame | None,
    features: Sequence[Feature],
    settings: ScorecardSettings,
    rng: np.random.Generator,
) -> Seen:
    """Learn to tell leads from labelled bookings, each side with the same total weight.

    Args:
        labelled: Bookings with a label, with the features.
        leads: The traffic to decide on; None or empty = distance is 0 everywhere.
        features: Columns to compare.
        settings: How the scorecard is cut; directions do not apply here.
        rng: Draws the rows where there are more than 20,000 of a side.
    """
    if leads is None or not len(leads):
        return Seen()
    sides = [_some(labelled, rng), _some(leads, rng)]
    columns = [f.name for f in features]
    both = pd.concat([side[columns] for side in sides], ignore_index=True)
    is_lead = np.repeat([0.0, 1.0], [len(side) for side in sides])
    # The smaller side bounds what can be told: with more weight than rows, three leads would look like another world.
    weight = min(len(side) for side in sides) / np.repeat([len(side) for side in sides], [len(side) for side in sides])
    plain = replace(settings, n_errors=0, direction={})
    card = fit_scorecard(both, features, is_lead, rng=rng, weight=weight, settings=plain, penalty=_PENALTY)
    return Seen(card=card, centre=float(card.log_odds_bad(labelled).mean()))


def distance_table(seen: Seen, labelled: pd.DataFrame, leads: pd.DataFrame, p: Floats, sd: Floats) -> pd.DataFrame:
    """The leads in quarters of their distance from the labelled bookings, nearest first.

    Args:
        seen: The distance.
        labelled, leads: Both sides.
        p, sd: Chance to go bad of the leads and its standard deviation, each shape (n_leads,).

    Returns:
        Columns quarter (from 1), leads, bookings (labelled ones as near), distance (mean), p_bad (mean), sd (mean).
    """
    distance, of_booked = seen.distance(leads), seen.distance(labelled)
    edges = np.quantile(distance, [0.25, 0.5, 0.75])
    quarter, held = np.searchsorted(edges, distance, side="left"), np.searchsorted(edges, of_booked, side="left")
    n_leads, n_booked = (np.bincount(at, minlength=4) for at in (quarter, held))
    means = {
        name: np.bincount(quarter, weights=column, minlength=4) / np.maximum(n_leads, 1)
        for name, column in {"distance": distance, "p_bad": p, "sd": sd}.items()
    }
    table = pd.DataFrame({"quarter": np.arange(1, 5), "leads": n_leads, "bookings": n_booked, **means})
    return table[n_leads > 0].reset_index(drop=True)


def _some(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= _MOST_ROWS:
        return frame
    return frame.iloc[np.sort(rng.choice(len(frame), _MOST_ROWS, replace=False))]
