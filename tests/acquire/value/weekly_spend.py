"""Made-up weeks of spend and bookings whose true curve is known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.value.adstock import adstock
from acquire.value.response import ResponseCurve

Floats = NDArray[np.float64]
USUAL = 10_000.0


def hyperbola(u: Floats) -> Floats:
    """100 bookings a week at the usual spend, 50 at a third of it, at most 200."""
    return 200 * u / (1 + u)


def weeks_of(
    truth: Callable[[Floats], Floats] = hyperbola,
    *,
    n_weeks: int = 104,
    spread: float = 0.5,
    carry: float = 0.5,
    noise: float = 10.0,
    seed: int = 3,
) -> pd.DataFrame:
    """Weeks with a level of 100, a season and log-normal spend."""
    rng = np.random.default_rng(seed)
    spend = USUAL * np.exp(spread * rng.standard_normal(n_weeks))
    t = np.arange(n_weeks)
    mean = 100 + truth(adstock(spend, carry, before=float(spend.mean())) / USUAL) + 30 * np.sin(2 * np.pi * t / 52.18)
    booked = np.maximum(mean + noise * rng.standard_normal(n_weeks), 0).round()
    return pd.DataFrame(
        {"spend": spend, "booked": booked}, index=pd.date_range("2024-01-01", periods=n_weeks, freq="7D")
    )


def known_curve(*, carry: float = 0.0, half: float = 100.0, most: float = 40.0, usual: float = 100.0) -> ResponseCurve:
    """A curve without uncertainty: most * s / (s + half) bookings a week; nothing carried over from the past."""
    one = np.ones(2)
    return ResponseCurve(
        channel="feed",
        carry=carry * one,
        half=half * one,
        form=np.zeros(2, dtype=np.int64),
        most=most * one,
        stock=0 * one,
        usual=usual,
        seen=2 * usual * one,
        n_weeks=52,
    )
