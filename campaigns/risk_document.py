"""`evidence.risk` of plan.json as types: what is known about the chance to go bad, for the people who sign.

Everything but the figures of the first version may be missing in a document that an earlier version wrote.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from acquire.domain import Unseen
from acquire.prefilter.comparison import Comparison
from acquire.prefilter.quality_intervals import RiskIntervals
from campaigns.json_values import estimate, line, lines, number

# Stands for all channels in the early-to-late table, and for channels history never saw among the trends.
EVERY = "*"
QUARTERS = {1: "nearest", 2: "second", 3: "third", 4: "farthest"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardLine:
    """One bin of the white-box scorecard."""

    variable: str
    bin: str
    count: int
    bad_rate: float
    woe: float
    points: float
    information_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationMethod:
    """How the scorecard's chances are bent until what is promised is what happens.

    Attributes:
        method: "none", "platt", "beta" or "isotonic".
        words: The formula with its numbers, in one sentence.
        gain: Log loss it saves on rows held out, nats per booking.
    """

    method: str
    words: str
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlySign:
    """What one early sign tells in one channel.

    Attributes:
        sign: "fpd1" or "dpd30".
        of_bad, of_good: Share of the bookings that went bad, that stayed good, which showed the sign.
        bad_after: Share of those with the sign that went bad.
    """

    sign: str
    of_bad: float
    of_good: float
    bad_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyToLate:
    """From early to late in one channel; shares are pulled to those of all channels where it has few bookings.

    Attributes:
        channel: Its name; "*" = all.
        matured, partly: Bookings with a final label; bookings that count in part, by their early signs.
        bad_rate: Of the matured.
    """

    channel: str
    matured: int
    partly: int
    bad_rate: float
    signs: tuple[EarlySign, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTrend:
    """How the odds to go bad move in one channel.

    Attributes:
        channel: Its name; "*" = one that history never saw.
        trend, sd: ln(odds bad) per year and its standard deviation.
        shift_now: What is added to ln(odds bad) for the time since the channel's labels.
    """

    channel: str
    trend: float
    sd: float
    shift_now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceQuarter:
    """A quarter of the leads by distance from the bookings with a label; 1 = the nearest.

    Attributes:
        leads, bookings: Leads of the quarter; labelled bookings that lie as near or far as they do.
        distance: Mean of ln(density of leads / density of labelled bookings), 0 = as a booking on average.
        p_bad, sd: Mean chance to go bad, and mean of its standard deviation.
    """

    quarter: int
    leads: int
    bookings: int
    distance: float
    p_bad: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenLevels:
    """Leads with a level of one category that no labelled booking had.

    Attributes:
        leads, share: How many, and their share of the leads that were scored.
        scored_as: "pooled" (as the rare ones) or "worst".
    """

    variable: str
    leads: int
    share: float
    scored_as: Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEvidence:
    """How well the champion tells good from bad, on bookings not used for fitting.

    Attributes:
        champion: Which kind of model ranks the leads of this plan: "scorecard" or "challenger".
        challenger: Scorecard and challenger on the same held-out bookings; None where too few have a known label.
        log_loss: Nats per booking.
        intervals: The five figures with their 90 % intervals.
        calibration: How chances are calibrated.
        early_to_late: One line per channel, the last for all.
        drift: Trend per channel, the last for channels never seen; empty where history has no dates.
        distance: Quarters of the leads, nearest first; empty where nothing can be compared.
        unseen: Categories of leads that no labelled booking had.
        notes: What a reader must know, a sentence each.
    """

    n: int
    n_bad: int
    auc: float
    ks: float
    brier: float
    ece: float
    scorecard: tuple[ScorecardLine, ...]
    champion: str = "scorecard"
    challenger: Comparison | None = None
    log_loss: float = math.nan
    intervals: RiskIntervals | None = None
    calibration: CalibrationMethod | None = None
    early_to_late: tuple[EarlyToLate, ...] = ()
    drift: tuple[ChannelTrend, ...] = ()
    distance: tuple[DistanceQuarter, ...] = ()
    unseen: tuple[UnseenLevels, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "RiskEvidence":
        """Read back what stands in plan.json."""
        compared, intervals, calibration = (raw.get(key) for key in ("challenger", "intervals", "calibration"))
        return cls(
            **{
                **raw,
                **{name: number(raw.get(name)) for name in ("auc", "ks", "brier", "ece", "log_loss")},
                "scorecard": lines(ScorecardLine, raw["scorecard"]),
                "challenger": None if compared is None else Comparison.from_content(compared),
                "intervals": None if intervals is None else _intervals(intervals),
                "calibration": None if calibration is None else line(CalibrationMethod, calibration),
                "early_to_late": tuple(_early_to_late(one) for one in raw.get("early_to_late", [])),
                "drift": lines(ChannelTrend, raw.get("drift", [])),
                "distance": lines(DistanceQuarter, raw.get("distance", [])),
                "unseen": lines(UnseenLevels, raw.get("unseen", [])),
                "notes": tuple(raw.get("notes", [])),
            }
        )


def _intervals(raw: Mapping[str, Any]) -> RiskIntervals:
    return RiskIntervals(**{field.name: estimate(raw[field.name]) for field in fields(RiskIntervals)})


def _early_to_late(raw: Mapping[str, Any]) -> EarlyToLate:
    flat = {**raw, "bad_rate": number(raw["bad_rate"])}
    return EarlyToLate(**{**flat, "signs": lines(EarlySign, raw["signs"])})
