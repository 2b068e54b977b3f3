"""How busy each day is: weekdays, holidays, sales days, growth. Month lengths come with the days themselves."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from acquire.ingest.market.terms import Floats

_WEEKDAY = np.array([1.06, 1.05, 1.04, 1.02, 1.0, 0.95, 0.88])  # Monday first
_GROWTH_PER_YEAR = 0.25
_LUNAR_NEW_YEAR = (
    date(2019, 2, 5),
    date(2020, 1, 25),
    date(2021, 2, 12),
    date(2022, 2, 1),
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
    date(2031, 1, 23),
    date(2032, 2, 11),
    date(2033, 1, 31),
    date(2034, 2, 19),
    date(2035, 2, 8),
)


def days_between(starts_on: date, ends_on: date) -> pd.DatetimeIndex:
    """Every day from `starts_on` to `ends_on`, both included."""
    return pd.date_range(starts_on, ends_on, freq="D", unit="us")


def busyness(days: pd.DatetimeIndex) -> Floats:
    """How busy each day is beside an average day of the first month, shape (n_days,).

    weekday * holiday * growth. Chinese New Year (its eve to six days after, 2019 to 2035) and the National Day week are
    slow; 11.11 and 18 June are peaks.
    """
    elapsed_years = np.arange(len(days)) / 365.0
    weekday = _WEEKDAY[np.asarray(days.day_of_week)]
    return np.asarray(weekday * _holidays(days) * (1 + _GROWTH_PER_YEAR * elapsed_years), dtype=float)


def _holidays(days: pd.DatetimeIndex) -> Floats:
    special = _special_days()
    return np.array([special.get(day.date(), _yearly(day.month, day.day)) for day in days])


def _yearly(month: int, day: int) -> float:
    if month == 10 and day <= 7:
        return 0.55
    if month == 11 and 9 <= day <= 11:
        return {9: 1.2, 10: 1.35, 11: 1.7}[day]
    return 1.3 if (month, day) == (6, 18) else 1.0


def _special_days() -> dict[date, float]:
    return {new_year + timedelta(days=shift): 0.4 for new_year in _LUNAR_NEW_YEAR for shift in range(-1, 7)}
