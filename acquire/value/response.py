"""Response curves: what a channel's weekly spend brings, learnt from how bookings moved when spend moved.

The curve is concave, carried over from week to week, and comes as draws, so that whatever is made of it has an interval. A
channel whose history cannot show a curve is refused, in one line that says why: a curve that only repeats its assumptions would
steer money as if it were known.

History of spend is no experiment: whoever spent more in weeks that would have been good anyway makes spend look better than it
is. Level, trend and season are taken out, other reasons are not known.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.value.adstock import adstock, saturate, slope
from acquire.value.response_draws import ResponseDraws, draw_responses

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_WEEKS: Final = 26
FEWEST_BOOKED: Final = 50
LEAST_SPREAD: Final = 0.10  # standard deviation of weekly spend, relative to its mean
LEAST_OF_ITS_OWN: Final = 0.05  # share of the variance of spend that level, trend and season do not explain
LEAST_CERTAIN: Final = 0.25  # low end of what half as much again brings beyond half as much, relative to its mean
RECENT_WEEKS: Final = 8
WEEKS_OF_A_YEAR: Final = 365.25 / 7
_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCurve:
    """What spend of one channel does, as D draws.

    Attributes:
        channel: Its name.
        carry: Share of a week's effect that lasts into the next, shape (D,).
        half: Adstock at which half of the most is reached, money per week, shape (D,).
        form: Which saturation, a concave `Form`, shape (D,).
        most: Bookings a week that spend without end would bring, shape (D,).
        stock: Adstock of the last week of history, shape (D,), in money per week.
        usual: Mean weekly spend of the last weeks of history in which money was spent.
        seen: The highest adstock that history reached, per draw, shape (D,): beyond it the curve is an extrapolation.
        n_weeks: Weeks of history.
    """

    channel: str
    carry: Floats
    half: Floats
    form: Ints
    most: Floats
    stock: Floats
    usual: float
    seen: Floats
    n_weeks: int

    def booked(self, stock: Floats) -> Floats:
        """Give bookings a week that an adstock brings, every draw: shape (n, D) for shape (n,) or (n, D)."""
        stock = stock[:, None] if stock.ndim == 1 else stock
        return self.most * saturate(stock, self.half, self.form)

    def slope(self, spend: float) -> Floats:
        """Give bookings per unit of money more a week at steady weekly spend, every draw, shape (D,)."""
        return self.most * slope(np.array(spend), self.half, self.form)

    def estimate(self, spend: float) -> Estimate:
        """Give bookings a week at steady weekly spend, with their 90 % interval."""
        return interval(self.booked(np.array([spend]))[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCurve:
    """A channel whose history cannot show a curve.

    Attributes:
        why: One line: what is missing, and what to do.
    """

    channel: str
    why: str


def interval(draws: Floats) -> Estimate:
    """Give the mean of draws with their 90 % interval, which is of the expected truth."""
    low, high = np.quantile(draws, [_LOW, _HIGH])
    return Estimate(expected=float(draws.mean()), low=float(low), high=float(high))


def fit_responses(
    spend_history: pd.DataFrame, rng: np.random.Generator, n_draws: int = 400
) -> tuple[ResponseCurve | NoCurve, ...]:
    """Learn each channel's curve, or say why there is none; in the order of the channels' names.

    Args:
        spend_history: `week` (first day), `channel`, `spend`, `booked`: one row per channel and week. A week between a channel's
            first and last that has no row counts as one without spend and bookings.
        rng: Randomness; each channel draws from a stream of its own.
        n_draws: Draws per curve.
    """
    channels = sorted(spend_history["channel"].unique())
    streams = rng.spawn(len(channels))
    return tuple(
        fit_response(name, _weekly(spend_history[spend_history["channel"] == name]), stream, n_draws)
        for name, stream in zip(channels, streams, strict=True)
    )


def fit_response(
    channel: str, weekly: pd.DataFrame, rng: np.random.Generator, n_draws: int = 400
) -> ResponseCurve | NoCurve:
    """Learn one channel's curve from its weeks without gaps (index: first day of the week; `spend`, `booked`)."""
    spend, booked = weekly["spend"].to_numpy(np.float64), weekly["booked"].to_numpy(np.float64)
    baseline, sd = season_and_trend(len(weekly), first_week=_week_of_year(weekly.index[0]))
    why = _why_not(channel, spend, booked, baseline)
    if why:
        return NoCurve(channel=channel, why=why)
    usual = usual_spend(spend)
    draws = draw_responses(
        booked, spend[:, None], baseline, sd * max(float(booked.std()), 1e-9), np.array([usual]), rng, n_draws
    )
    curve = curve_of(channel, draws, 0, spend, usual)
    return _or_nothing_seen(curve)


def curve_of(channel: str, draws: ResponseDraws, c: int, spend: Floats, usual: float) -> ResponseCurve:
    """Give the curve of channel number `c` of joint draws; its weekly spend has shape (n_weeks,)."""
    carry, half, form = draws.carry[:, c], draws.half[:, c], draws.form[:, c]
    stocks = {k: adstock(spend, k, before=float(spend.mean())) for k in np.unique(carry).tolist()}
    return ResponseCurve(
        channel=channel,
        carry=carry,
        half=half,
        form=form,
        most=draws.effect[:, c] / saturate(np.array(usual), half, form),
        stock=np.array([stocks[k][-1] for k in carry.tolist()]),
        usual=usual,
        seen=np.array([stocks[k].max() for k in carry.tolist()]),
        n_weeks=len(spend),
    )


def usual_spend(spend: Floats) -> float:
    """Mean of the last eight weeks in which money was spent."""
    return float(spend[spend > 0][-RECENT_WEEKS:].mean())


def season_and_trend(n_weeks: int, *, first_week: float, n_seen: int | None = None) -> tuple[Floats, Floats]:
    """Give what moves bookings without spend, and how far each part may: columns (n_weeks, P), standard deviations (P,).

    A level; a straight trend; a bend every half year; from 78 weeks on two waves a year. The standard deviations are in those
    of the outcome, inf = not held back.

    Args:
        n_weeks: Weeks.
        first_week: Weeks from New Year to the first.
        n_seen: How many of them, the first ones, have been seen; the trend does not bend after them. None = all.
    """
    seen = n_weeks if n_seen is None else n_seen
    t = np.arange(n_weeks, dtype=np.float64)
    parts = [(np.ones(n_weeks), np.inf), ((t - t.mean()) / WEEKS_OF_A_YEAR, 1.0)]
    parts += [(np.maximum(t - knot, 0.0) / WEEKS_OF_A_YEAR, 0.5) for knot in range(26, seen - 13, 26)]
    if seen >= 78:
        angle = 2 * np.pi * (t + first_week) / WEEKS_OF_A_YEAR
        parts += [(wave(k * angle), 0.5) for k in (1, 2) for wave in (np.sin, np.cos)]
    return np.column_stack([column for column, _ in parts]), np.array([sd for _, sd in parts])


def _why_not(channel: str, spend: Floats, booked: Floats, baseline: Floats) -> str:
    """Why these weeks cannot show a curve; empty where they may."""
    if len(spend) < FEWEST_WEEKS:
        return f"spend_history has {len(spend)} weeks of channel {channel}; a curve needs {FEWEST_WEEKS}"
    if not spend.any():
        return f"nothing was ever spent in channel {channel}"
    if booked.sum() < FEWEST_BOOKED or booked.std() == 0:
        return f"channel {channel} booked {booked.sum():,.0f} in {len(spend)} weeks, too few to see what moved them"
    if spend.std() < LEAST_SPREAD * spend.mean():
        return (
            f"spend of channel {channel} never varied ({_range(spend)}): nothing shows what more or less would do; vary it for "
            "some weeks"
        )
    fitted = baseline @ np.linalg.lstsq(baseline, spend, rcond=None)[0]
    if (spend - fitted).var() < LEAST_OF_ITS_OWN * spend.var():
        return (
            f"spend of channel {channel} moved only with trend and season: what it did cannot be told from what they did; "
            "vary it against them for some weeks"
        )
    return ""


def _range(spend: Floats) -> str:
    low, high = f"{spend.min():,.0f}", f"{spend.max():,.0f}"
    return f"{low} every week" if low == high else f"between {low} and {high} a week"


def _or_nothing_seen(curve: ResponseCurve) -> ResponseCurve | NoCurve:
    """The curve, unless history cannot tell from nothing what moving the spend by half does."""
    little, much = curve.booked(curve.usual * np.array([0.5, 1.5]))
    moved = interval(much - little)
    if moved.low >= LEAST_CERTAIN * moved.expected:
        return curve
    return NoCurve(
        channel=curve.channel,
        why=f"bookings of channel {curve.channel} hardly moved with its spend: three times as much (from "
        f"{curve.usual / 2:,.0f} to {curve.usual * 1.5:,.0f} a week) brings {moved.low:,.1f} to {moved.high:,.1f} more a week, "
        "which cannot be told from nothing",
    )


def _weekly(rows: pd.DataFrame) -> pd.DataFrame:
    weekly = rows.groupby("week")[["spend", "booked"]].sum().sort_index()
    every = pd.date_range(weekly.index[0], weekly.index[-1], freq="7D")
    return weekly.reindex(every, fill_value=0.0)


def _week_of_year(day: pd.Timestamp) -> float:
    return (day.day_of_year - 1) / 7
