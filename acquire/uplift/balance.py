"""Are the rows with an offer and the rows without comparable? Standardised differences, and how many rows the weights leave."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureBalance:
    """How far one feature is apart between an offer and control, in standard deviations; of a category, its worst level.

    Attributes:
        before: As history is.
        after: Where overlap holds, each row weighted by 1 / its chance to be given what it was given; NaN where no row is left.
    """

    feature: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferOverlap:
    """How comparable the rows with one offer and the controls are.

    Attributes:
        n, n_control: History rows with the offer, and with control.
        effective_n, effective_n_control: Rows where overlap holds that would say as much if all weighed the same.
        share_clipped: Of the rows of both: share whose chance to be given what they were given was so small that it was clipped.
        ranked_from, ranked_to: Chances of the offer, against control, between which overlap holds; 0 and 1 where nothing tells
            who got what.
        share_without_overlap: Share of all history rows where it fails.
        leads_not_ranked: Leads where it fails; they are not ranked for this offer.
        balance: The features that are furthest apart, most before weighting first.
    """

    offer: str
    n: int
    n_control: int
    effective_n: float
    effective_n_control: float
    share_clipped: float
    ranked_from: float
    ranked_to: float
    share_without_overlap: float
    leads_not_ranked: int = 0
    balance: tuple[FeatureBalance, ...]

    @property
    def largest_before(self) -> float:
        """The largest standardised difference as history is."""
        return max((line.before for line in self.balance), default=0.0)

    @property
    def worst_after(self) -> FeatureBalance | None:
        """The feature that is furthest apart after weighting; None where that is not known of any."""
        known = [line for line in self.balance if np.isfinite(line.after)]
        return max(known, key=lambda line: line.after, default=None)

    @property
    def chance_difference(self) -> float:
        """Standard error of a standardised difference between groups that are alike; infinite without rows."""
        rows = (self.effective_n, self.effective_n_control)
        return math.sqrt(sum(1 / n for n in rows)) if min(rows) > 0 else math.inf

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "OfferOverlap":
        """Read back what plan.json holds; null is NaN."""
        figures: dict[str, Any] = _undefined_as_nan(raw)
        lines: list[dict[str, Any]] = [_undefined_as_nan(line) for line in raw["balance"]]
        return cls(**{**figures, "balance": tuple(FeatureBalance(**line) for line in lines)})


def effective_rows(weight: Floats) -> float:
    """Give the number of equally weighted rows whose mean is as certain: (sum w)^2 / sum w^2; 0 without rows.

    References:
        Kish (1965), "Survey Sampling", section 11.7.
    """
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0


def standardised_difference(offer: Floats, control: Floats, spread: float, weights: tuple[Floats, Floats]) -> float:
    """Give |mean with the offer - mean without| / spread, weighted; NaN without rows, 0 where nothing varies.

    Args:
        offer, control: Values of the two groups.
        spread: Standard deviation before weighting (see `pooled_spread`), so that before and after are in one unit.
        weights: Of the rows of the two groups.

    References:
        Austin (2009), "Balance diagnostics for comparing the distribution of baseline covariates between treatment groups in
        propensity-score matched samples", Statistics in Medicine 28(25).
    """
    of_offer, of_control = weights
    if not of_offer.sum() > 0 or not of_control.sum() > 0:
        return float("nan")
    apart = abs(float(np.average(offer, weights=of_offer) - np.average(control, weights=of_control)))
    return apart / spread if spread > 0 else 0.0


def pooled_spread(offer: Floats, control: Floats) -> float:
    """Give sqrt((variance with the offer + variance without) / 2); 0 without rows."""
    if not len(offer) or not len(control):
        return 0.0
    return float(np.sqrt((offer.var() + control.var()) / 2))


def _undefined_as_nan(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in raw.items()}
