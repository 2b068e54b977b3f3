"""The geometry of the report's pictures: figures in, positions in percent out. The templates only draw.

Horizontal positions are percentages of the picture's width, so a picture keeps round dots and sharp lines at any width.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from acquire.domain import Estimate
from campaigns.plan_document import AllocationLine, CalibrationBin

N_COLOURS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A straight axis from `low` to `high` with round ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Give the position of `value` in percent of the axis, kept inside it."""
        return round(min(100.0, max(0.0, 100 * (value - self.low) / (self.high - self.low))), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One figure with its intervals on an axis; positions in percent, None where not known."""

    dot: float | None
    low: float | None
    high: float | None
    seen_low: float | None
    seen_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One piece of a stacked bar; `left` and `width` in percent, `colour` a number of the palette."""

    name: str
    amount: float
    left: float
    width: float
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelBars:
    """Contacts and spend of one channel, each stacked by offer."""

    channel: str
    partner: str
    contacts: float
    spend: float
    contacts_by_offer: tuple[Segment, ...]
    spend_by_offer: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationDot:
    """One tenth of the rows: x predicted, y observed with its interval, in percent of the square, y upwards."""

    x: float
    y: float
    y_low: float
    y_high: float
    bin: CalibrationBin


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationChart:
    """Predicted against observed, both on one scale."""

    scale: Scale
    dots: tuple[CalibrationDot, ...]


def scale_over(values: Iterable[float], *, around_zero: bool) -> Scale:
    """Make an axis that holds all finite `values`, ends on round ticks and, if asked, holds zero."""
    known = [v for v in values if math.isfinite(v)] + ([0.0] if around_zero else [])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-9):
        high = low + max(abs(low) * 0.1, 1e-3)
    step = _round_step((high - low) / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(low=first * step, high=last * step, ticks=tuple(i * step for i in range(first, last + 1)))


def _round_step(rough: float) -> float:
    """Give the smallest of 1, 2, 2.5, 5 or 10 times a power of ten that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= rough * (1 - 1e-9))


def strip(estimate: Estimate, scale: Scale) -> Strip:
    """Place one figure and its intervals on an axis."""

    def place(value: float) -> float | None:
        return scale.at(value) if math.isfinite(value) else None

    return Strip(
        dot=place(estimate.expected),
        low=place(estimate.low),
        high=place(estimate.high),
        seen_low=place(estimate.predictive_low),
        seen_high=place(estimate.predictive_high),
    )


def values_of(estimates: Iterable[Estimate]) -> list[float]:
    """List every number of the estimates, for an axis that must hold them all (what may be observed left aside)."""
    return [value for e in estimates for value in (e.expected, e.low, e.high)]


def own_scale(estimate: Estimate) -> Scale:
    """Make the axis of one headline figure: from zero to a little beyond its widest interval.

    Starting at zero shows how large the uncertainty is against the figure, and lets cards be compared.
    """
    numbers = (estimate.expected, estimate.low, estimate.high, estimate.predictive_low, estimate.predictive_high)
    known = [v for v in numbers if math.isfinite(v)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.06 * (high - low) or 1.0
    return Scale(low=low - room if low < 0 else 0.0, high=high + room, ticks=())


def offers_of(allocation: Sequence[AllocationLine]) -> tuple[str, ...]:
    """Name the offers of the plan, most spend first (then most contacts, then by name): the order of the colours."""
    totals = {line.offer: [0.0, 0.0] for line in allocation}
    for line in allocation:
        totals[line.offer][0] -= line.spend
        totals[line.offer][1] -= line.contacts
    return tuple(sorted(totals, key=lambda offer: (*totals[offer], offer)))


def channel_bars(allocation: Sequence[AllocationLine]) -> tuple[ChannelBars, ...]:
    """Lay out one pair of bars per channel, most spend first, all on the scale of the largest channel."""
    by_channel: dict[str, list[AllocationLine]] = {}
    for line in allocation:
        by_channel.setdefault(line.channel, []).append(line)
    offers = offers_of(allocation)
    most_contacts = max((sum(line.contacts for line in lines) for lines in by_channel.values()), default=0)
    most_spend = max((sum(line.spend for line in lines) for lines in by_channel.values()), default=0.0)
    bars = [
        ChannelBars(
            channel=channel,
            partner=lines[0].partner,
            contacts=sum(line.contacts for line in lines),
            spend=sum(line.spend for line in lines),
            contacts_by_offer=stack([(line.offer, line.contacts) for line in lines], offers, most_contacts),
            spend_by_offer=stack([(line.offer, line.spend) for line in lines], offers, most_spend),
        )
        for channel, lines in by_channel.items()
    ]
    return tuple(sorted(bars, key=lambda bar: (-bar.spend, -bar.contacts, bar.channel)))


def stack(amounts: Sequence[tuple[str, float]], order: Sequence[str], whole: float) -> tuple[Segment, ...]:
    """Lay `amounts` end to end in the given order; `whole` fills the bar."""
    left, pieces = 0.0, []
    for name, amount in sorted(amounts, key=lambda one: order.index(one[0])):
        width = 100 * amount / whole if whole > 0 else 0.0
        if width > 0:
            colour = order.index(name) % N_COLOURS
            pieces.append(Segment(name=name, amount=amount, left=round(left, 3), width=round(width, 3), colour=colour))
        left += width
    return tuple(pieces)


def calibration_chart(bins: Sequence[CalibrationBin]) -> CalibrationChart:
    """Lay out predicted against observed on one square, so that the diagonal means 'came true'."""
    scale = scale_over([v for b in bins for v in (b.predicted, b.observed, b.low, b.high)], around_zero=True)
    dots = [
        CalibrationDot(
            x=scale.at(b.predicted),
            y=scale.at(b.observed),
            y_low=scale.at(b.low if math.isfinite(b.low) else b.observed),
            y_high=scale.at(b.high if math.isfinite(b.high) else b.observed),
            bin=b,
        )
        for b in bins
        if math.isfinite(b.predicted) and math.isfinite(b.observed)
    ]
    return CalibrationChart(scale=scale, dots=tuple(dots))
