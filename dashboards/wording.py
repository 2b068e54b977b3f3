"""Figures as the screens print them. Long forms come from campaigns.report_words; here are the short ones for cards and axes."""

import math
from collections.abc import Callable
from datetime import date

from acquire.domain import Estimate
from campaigns.report_words import say, say_count, say_money, say_percent

UNDEFINED = "–"
_FIXED_SPACE = "\u00a0"
_MINUS = "\u2212"
# From which amount on a letter is used, so that rounding never shows 1,000k; k begins at ten thousand: 1,250 keeps its digits.
_STEPS = ((999.5e6, 1e9, "B"), (999.5e3, 1e6, "M"), (1e4, 1e3, "k"))


def short_count(value: float) -> str:
    """Give a number that fits a card: 984, 1,250, 12.4k, 3.14M."""
    if not math.isfinite(value):
        return UNDEFINED
    for begins_at, size, letter in _STEPS:
        if abs(value) >= begins_at:
            shown = value / size
            return _minus(f"{shown:,.{_decimals(shown)}f}{letter}")
    return say_count(value)


def short_money(value: float, currency: str) -> str:
    """Give money that fits a card: 'CNY 84.20', 'CNY 1,250', 'CNY 12.4k'."""
    if not math.isfinite(value):
        return UNDEFINED
    if abs(value) < 1e4:
        return say_money(value, currency)
    digits = f"{currency}{_FIXED_SPACE}{short_count(abs(value))}"
    return f"{_MINUS}{digits}" if value < 0 else digits


def short(value: float, unit: str, currency: str) -> str:
    """Give a figure in the short form of its unit ("money", "rate" or a count)."""
    if not math.isfinite(value):
        return UNDEFINED
    if unit == "money":
        return short_money(value, currency)
    return say_percent(value) if unit in {"rate", "share"} else short_count(value)


def say_change(now: float, before: float, unit: str) -> str:
    """Say how a figure moved: in per cent, or in percentage points where it is a rate; empty where unknown."""
    if not (math.isfinite(now) and math.isfinite(before)):
        return ""
    if unit in {"rate", "share"}:
        return f"{_plus(100 * (now - before), 2)}{_FIXED_SPACE}pp"
    if before == 0:
        return ""
    return f"{_plus(100 * (now / before - 1), 1)}{_FIXED_SPACE}%"


def say_range(
    low: float, high: float, unit: str, currency: str, in_words: Callable[[float, str, str], str] = say
) -> str:
    """Give an interval: 'CNY 560 to 690'; a dash where it is not known. `in_words` says one end, `say` or `short`."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNDEFINED
    upper = in_words(high, unit, currency)
    # The currency once is enough; a minus keeps its own.
    return f"{in_words(low, unit, currency)} to {upper.removeprefix(f'{currency}{_FIXED_SPACE}')}"


def say_expected(figure: Estimate, unit: str, currency: str) -> str:
    """Give the expectation of a figure; a dash where it is undefined."""
    return say(figure.expected, unit, currency) if math.isfinite(figure.expected) else UNDEFINED


def say_day(day: date) -> str:
    """Give a day as people write it: '3 Mar 2026'."""
    return f"{day.day} {day:%b %Y}"


def _decimals(shown: float) -> int:
    """Keep three digits."""
    return 2 if abs(shown) < 9.995 else 1 if abs(shown) < 99.95 else 0


def _plus(value: float, decimals: int) -> str:
    digits = f"{abs(value):,.{decimals}f}"
    if float(digits.replace(",", "")) == 0:
        return digits
    return f"+{digits}" if value > 0 else f"{_MINUS}{digits}"


def _minus(digits: str) -> str:
    return digits.replace("-", _MINUS)
