"""How the level of the bad rate moves with time, per channel: a trend for the worse is carried on to the day of the plan.

    trend(channel) = common + own(channel)                                                     in ln(odds bad) per year
    shift(row)     = max(trend, 0) * years from the middle of the channel's labels to the row's day

A trend for the better is not carried on: it counts once the labels that prove it have matured.

`common` and `own` have normal priors around "no trend". One scoring step from out-of-fold chances gives their posterior:

    precision = prior + X' diag(weight p (1 - p)) X          mean = precision^-1 X' (weight (y - p))

The posterior is wide where history is short or labels are old, and that width is part of the plan's uncertainty: a channel
that went bad yesterday cannot be told from one that did not by labels of last winter.

References:
    Rao, C. R. (1948), "Large sample tests of statistical hypotheses concerning several parameters" (scoring step).
    Laird, N. and Ware, J. (1982), "Random-effects models for longitudinal data", section 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.prefilter.days import days_since_1970
from acquire.prefilter.effects import places_of

Floats = NDArray[np.float64]

# What is thought of trends before history is asked, in ln(odds) per year. Channels change hands and mixes: one of them may move
# by a tenth a year. Whole markets move too, but that shows between months (the error of the common level) more than as a line.
COMMON_SD = 0.03
CHANNEL_SD = 0.1
_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Trends in ln(odds bad) per year.

    Attributes:
        channels: Names; one more row below stands for channels that history never saw.
        slope: Posterior mean per channel, shape (C + 1,).
        errors: Factor of its covariance over channels, shape (C + 1, C + 2): slope + errors @ standard normals.
        middle: Information-weighted mean day of the labels per channel, in days since 1970, shape (C + 1,); the last of all.
        plan_day: Day on which rows without a date of their own are judged, in days since 1970.
    """

    channels: tuple[str, ...]
    slope: Floats
    errors: Floats
    middle: Floats
    plan_day: float

    def shift(self, frame: pd.DataFrame) -> Floats:
        """Shift of ln(odds bad) of each row on its own day (`contacted_on`), else on the plan's, shape (n,)."""
        return np.asarray(np.maximum(self.slope, 0.0)[self._channel(frame)] * self._years(frame), dtype=float)

    def log_odds_errors(self, frame: pd.DataFrame) -> Floats:
        """Change of ln(odds bad) under C + 2 independent standard normal errors, shape (n, C + 2)."""
        return np.asarray(self.errors[self._channel(frame)] * self._years(frame)[:, None], dtype=float)

    def table(self) -> pd.DataFrame:
        """Columns channel ("*" = not seen before), trend (ln odds per year), sd, shift_now (on the plan's day)."""
        sd = np.linalg.norm(self.errors, axis=1)
        shift = np.maximum(self.slope, 0.0) * (self.plan_day - self.middle) / _DAYS_PER_YEAR
        return pd.DataFrame({"channel": [*self.channels, "*"], "trend": self.slope, "sd": sd, "shift_now": shift})

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "channels": list(self.channels),
            "slope": self.slope.tolist(),
            "errors": self.errors.tolist(),
            "middle": self.middle.tolist(),
            "plan_day": self.plan_day,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Drift":
        """What `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: The content is not what `to_json` wrote.
        """
        channels = tuple(str(name) for name in content["channels"])
        slope, middle = (np.asarray(content[name], dtype=float) for name in ("slope", "middle"))
        if slope.shape != (len(channels) + 1,) or middle.shape != slope.shape or not np.isfinite(middle).all():
            raise ValueError("a trend that does not fit its channels")
        return cls(
            channels=channels,
            slope=slope,
            errors=np.asarray(content["errors"], dtype=float).reshape(len(slope), -1),
            middle=middle,
            plan_day=float(content["plan_day"]),
        )

    def _channel(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        return places_of(frame["channel"], self.channels)

    def _years(self, frame: pd.DataFrame) -> Floats:
        middle = self.middle[self._channel(frame)]
        day = np.full(len(frame), self.plan_day)
        if "contacted_on" in frame:
            day = days_since_1970(frame["contacted_on"])
        return np.asarray((np.where(np.isnan(day), middle, day) - middle) / _DAYS_PER_YEAR, dtype=float)


def no_drift() -> Drift:
    """Nothing moves, with a single error of 0: history has no dates, or nobody says which day it is."""
    return Drift(channels=(), slope=np.zeros(1), errors=np.zeros((1, 1)), middle=np.zeros(1), plan_day=0.0)


def fit_drift(booked: pd.DataFrame, p: Floats, y: Floats, weight: Floats, *, plan_day: float) -> Drift:
    """Learn trends from what out-of-fold chances missed.

    Args:
        booked: Bookings with `channel` and `contacted_on`.
        p: Out-of-fold chances, shape (n,).
        y, weight: Outcomes and their weights, shape (n,).
        plan_day: Day of the plan, in days since 1970.
    """
    day = days_since_1970(booked["contacted_on"])
    known = ~np.isnan(day)
    information = np.where(known, weight * p * (1 - p), 0.0)
    if not information.sum() > 0:
        return no_drift()
    day = np.where(known, day, 0.0)
    names, at = np.unique(booked["channel"].astype("str").to_numpy(dtype=object), return_inverse=True)
    of_all, held = float(np.average(day, weights=information)), np.bincount(at, weights=information)
    # A channel's own level is the scorecard's, so its trend is measured around its own middle.
    middle = np.where(held > 0, np.bincount(at, weights=information * day) / np.maximum(held, 1e-12), of_all)
    years = (day - middle[at]) / _DAYS_PER_YEAR
    moved = np.bincount(at, weights=np.where(known, weight * (y - p) * years, 0.0))
    curvature = np.bincount(at, weights=information * years**2)
    spread = np.column_stack([np.ones(len(names)), np.eye(len(names))])
    prior = np.diag(np.r_[COMMON_SD**-2, np.full(len(names), CHANNEL_SD**-2)])
    covariance = np.linalg.inv(prior + (spread * curvature[:, None]).T @ spread)
    # The row of a channel never seen: the common trend, and a trend of its own from the prior.
    rows = np.vstack([spread, np.r_[1.0, np.zeros(len(names))]])
    factor = rows @ np.linalg.cholesky(covariance)
    unseen = np.r_[np.zeros(len(names)), CHANNEL_SD]
    return Drift(
        channels=tuple(str(name) for name in names),
        slope=rows @ covariance @ spread.T @ moved,
        errors=np.column_stack([factor, unseen]),
        middle=np.r_[middle, of_all],
        plan_day=plan_day,
    )
