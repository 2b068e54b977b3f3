"""The plan over the coming weeks: what more or less spend does in each channel, and how much to spend when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.value.pacing import Horizon, spread_spend
from acquire.value.response import NoCurve, ResponseCurve, fit_responses, interval
from campaigns.pacing_document import CurveLine, CurvePoint, PacedBy, Pacing, WeekLine
from campaigns.plan_document import AllocationLine

Floats = NDArray[np.float64]

DEFAULT_WEEKS: Final = 4
N_POINTS: Final = 13
FURTHEST_POINT: Final = 2.0  # times the highest of usual, planned and seen spend
_UNKNOWN: Final = Estimate(expected=math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPlan:
    """What the plan does in one channel over all weeks.

    Attributes:
        spend: Money.
        contacts: Number.
        volume: Leads expected in each week, shape (n_weeks,); None without a forecast.
    """

    channel: str
    spend: float
    contacts: int
    volume: Floats | None


def coming_weeks(
    today: date, traffic: pd.DataFrame | None, past: pd.DataFrame | None, n_weeks: int
) -> tuple[date, ...]:
    """First day of each week of the plan: those of the forecast, else so many from today on the weekday of the past ones."""
    if traffic is not None:
        first, last = traffic["week"].min().date(), traffic["week"].max().date()
        return tuple(first + timedelta(weeks=k) for k in range((last - first).days // 7 + 1))
    weekday = 0 if past is None or past.empty else int(past["week"].iloc[0].day_of_week)
    first = today + timedelta(days=(weekday - today.weekday()) % 7)
    return tuple(first + timedelta(weeks=k) for k in range(n_weeks))


def learn_curves(past: pd.DataFrame | None, seed: int) -> tuple[ResponseCurve | NoCurve, ...]:
    """Learn the response curve of each channel that has past weeks."""
    if past is None or past.empty:
        return ()
    return fit_responses(past, np.random.default_rng([seed, 7]))


def make_pacing(
    allocation: Sequence[AllocationLine],
    curves: Sequence[ResponseCurve | NoCurve],
    weeks: Sequence[date],
    traffic: pd.DataFrame | None,
) -> Pacing:
    """Spread the plan's spend and contacts of each channel over the weeks.

    Where the channel has a curve, money goes where the next unit of it brings most, no faster than leads are expected; else as
    leads are expected; else evenly.

    Args:
        allocation: The plan per channel and offer.
        curves: From `learn_curves`.
        weeks: First days.
        traffic: The forecast; None without one.
    """
    by_name = {curve.channel: curve for curve in curves if isinstance(curve, ResponseCurve)}
    plans = [_channel_plan(name, allocation, weeks, traffic) for name in dict.fromkeys(a.channel for a in allocation)]
    planned = {plan.channel: plan.spend / len(weeks) for plan in plans}
    return Pacing(
        weeks=tuple(week.isoformat() for week in weeks),
        curves=tuple(_curve_line(curve, planned.get(curve.channel, 0.0)) for curve in curves),
        lines=tuple(line for plan in plans for line in _week_lines(plan, by_name.get(plan.channel), weeks)),
    )


def pacing_warnings(pacing: Pacing) -> tuple[str, ...]:
    """What somebody should know before spending: channels without a curve, and spend that history has never seen."""
    refused = tuple(f"no response curve: {curve.refused}" for curve in pacing.curves if curve.refused)
    beyond = tuple(
        f"the plan spends {curve.planned_spend:,.0f} a week in {curve.channel}; history has seen at most {curve.seen_to:,.0f}: "
        "what more brings is an extrapolation of its response curve"
        for curve in pacing.curves
        if curve.planned_spend > curve.seen_to
    )
    return (*refused, *beyond)


def _channel_plan(
    name: str, allocation: Sequence[AllocationLine], weeks: Sequence[date], traffic: pd.DataFrame | None
) -> ChannelPlan:
    mine = [line for line in allocation if line.channel == name]
    volume = None
    if traffic is not None:
        listed = traffic[traffic["channel"] == name].set_index("week")["volume"]
        volume = listed.reindex(pd.DatetimeIndex(list(weeks))).fillna(0.0).to_numpy(np.float64)
    return ChannelPlan(
        channel=name,
        spend=sum(line.spend for line in mine),
        contacts=sum(line.contacts for line in mine),
        volume=volume,
    )


def _week_lines(plan: ChannelPlan, curve: ResponseCurve | None, weeks: Sequence[date]) -> list[WeekLine]:
    share, paced_by = _shares(plan, curve, len(weeks))
    cents = whole_parts(round(plan.spend * 100), share)
    contacts = whole_parts(plan.contacts, share)
    booked = _booked(curve, np.array(cents) / 100) if curve else np.full(len(weeks), np.nan)
    return [
        WeekLine(
            channel=plan.channel,
            week=week.isoformat(),
            spend=cents[k] / 100,
            contacts=contacts[k],
            booked=float(booked[k]),
            paced_by=paced_by,
        )
        for k, week in enumerate(weeks)
    ]


def _shares(plan: ChannelPlan, curve: ResponseCurve | None, n_weeks: int) -> tuple[Floats, PacedBy]:
    """Share of the channel's spend per week, shape (n_weeks,)."""
    known = plan.volume is not None and plan.volume.sum() > 0
    if curve is not None and plan.spend > 0:
        most = np.full(n_weeks, np.inf)
        if plan.volume is not None and known:
            # No week can have more contacts than leads; where the plan wants nearly all leads, that leaves no choice.
            reachable = max(float(plan.volume.sum()), float(plan.contacts))
            most = plan.volume * (plan.spend / max(plan.contacts, 1)) * (reachable / plan.volume.sum())
        return spread_spend(curve, plan.spend, most) / plan.spend, "curve"
    if plan.volume is not None and known:
        return plan.volume / plan.volume.sum(), "traffic"
    return np.full(n_weeks, 1 / n_weeks), "even"


def whole_parts(total: int, shares: Floats) -> list[int]:
    """Cut a whole number into whole parts by shares, the largest remainders first; the parts add up to it.

    References:
        Balinski, Young (2001), Fair Representation, ch. 3 (Hamilton's method).
    """
    exact = total * shares / shares.sum()
    parts = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:left]] += 1
    return [int(part) for part in parts]


def _booked(curve: ResponseCurve, spend: Floats) -> Floats:
    """What each week's money brings, then and later, shape (n_weeks,): what all of it brings, in parts by what each adds last."""
    horizon = Horizon(curve, len(spend))
    everything = float(horizon.added(spend).mean())
    without = [np.where(week, 0.0, spend) for week in np.eye(len(spend), dtype=bool)]
    alone = np.array([everything - float(horizon.added(others).mean()) for others in without])
    return alone * everything / alone.sum() if alone.sum() > 0 else np.zeros(len(spend))


def _curve_line(curve: ResponseCurve | NoCurve, planned: float) -> CurveLine:
    if isinstance(curve, NoCurve):
        return CurveLine(
            channel=curve.channel,
            refused=curve.why,
            n_weeks=math.nan,
            usual_spend=math.nan,
            planned_spend=planned,
            carry=_UNKNOWN,
            booked_usual=_UNKNOWN,
            booked_planned=_UNKNOWN,
            next_money=_UNKNOWN,
            seen_to=math.nan,
        )
    seen = float(np.median(curve.seen))
    furthest = FURTHEST_POINT * max(curve.usual, planned, seen)
    return CurveLine(
        channel=curve.channel,
        refused="",
        n_weeks=curve.n_weeks,
        usual_spend=curve.usual,
        planned_spend=planned,
        carry=interval(curve.carry),
        booked_usual=curve.estimate(curve.usual),
        booked_planned=curve.estimate(planned),
        next_money=_next_money(curve, planned),
        seen_to=seen,
        points=tuple(
            CurvePoint(spend=float(spend), booked=curve.estimate(float(spend)))
            for spend in np.linspace(0.0, furthest, N_POINTS)
        ),
    )


def _next_money(curve: ResponseCurve, spend: float) -> Estimate:
    """What one booking more costs at a steady weekly spend: one over the slope, by its mean and its interval."""
    slope = interval(curve.slope(spend))
    return Estimate(expected=_inverse(slope.expected), low=_inverse(slope.high), high=_inverse(slope.low))


def _inverse(slope: float) -> float:
    return 1 / slope if slope > 0 else math.nan
