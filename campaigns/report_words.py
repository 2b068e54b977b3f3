"""Figures in words, as the report prints them: 'CNY 60,000', '11.8 %', 'between 560 and 690', 'not known'."""

import math
from dataclasses import dataclass
from typing import Literal

from acquire.domain import Certificate, Estimate, LimitUse

NOT_KNOWN = "not known"

Unit = Literal["money", "rate", "contacts", "accounts"]
Row = tuple[str, ...]

_MINUS = "\u2212"
_FIXED_SPACE = "\u00a0"
# Half a 90 % interval, in standard deviations.
HALF_WIDTH = 1.645
_ODDS = "9 times in 10".replace(" ", _FIXED_SPACE)

LIMIT_NAMES = {
    "budget": "Budget",
    "max_bad_rate": "Bad rate",
    "max_incremental_bad_rate": "Bad rate of the extra accounts",
    "max_bad_amount_rate": "Bad rate by amount",
    "max_cac": "Cost per account",
    "max_incremental_cac": "Cost per extra account",
    "min_incremental_accounts": "Extra accounts, at least",
    "max_contacts": "Contacts",
    "min_contacts": "Contacts, at least",
    "max_approvals": "Approvals",
    "max_calls": "Calls",
    "max_expected_loss": "Expected loss of what is booked",
    "max_partner_share": "Share of spend of one partner",
    "max_channel_share": "Share of spend of one channel",
    "max_affiliate_share": "Share of spend of one group of partners",
    "min_region_share": "Share of contacts of a region, at least",
    "max_region_share": "Share of contacts of a region",
    "min_group_share": "Share of contacts of a group, at least",
    "max_spend": "Spend",
    "min_spend": "Spend, at least",
    "min_spend_if_used": "Spend of a channel once it is used, at least",
}

GOALS = {
    "incremental_value": ("value", "money"),
    "incremental_accounts": ("extra accounts", "accounts"),
    "spend": ("spend", "money"),
}

LEARNERS = {"logistic_t": "logistic T", "s": "S", "t": "T", "x": "X", "dr": "DR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTable:
    """A table in words: the first column is text, all others are figures.

    Attributes:
        heads: Name of each column.
        rows: Cells.
        groups: Names over several columns each, with their number; empty = none.
    """

    heads: Row
    rows: tuple[Row, ...]
    groups: tuple[tuple[str, int], ...] = ()


def say_count(value: float) -> str:
    """Give a number with thousands separators; one decimal where it is small and not whole."""
    if not math.isfinite(value):
        return NOT_KNOWN
    decimals = 1 if abs(value) < 10 and value != round(value) else 0
    return _signed(value, f"{abs(value):,.{decimals}f}")


def say_money(value: float, currency: str) -> str:
    """Give money in whole units, or with two decimals below 100: 'CNY 60,000', 'CNY 84.20'."""
    if not math.isfinite(value):
        return NOT_KNOWN
    decimals = 2 if abs(value) < 100 and value != round(value) else 0
    return _signed(value, f"{currency}{_FIXED_SPACE}{abs(value):,.{decimals}f}")


def say_percent(value: float, decimals: int = 1) -> str:
    """Give a fraction as a percentage: 0.118 is '11.8 %'."""
    if not math.isfinite(value):
        return NOT_KNOWN
    return _signed(value, f"{abs(100 * value):,.{decimals}f}{_FIXED_SPACE}%")


def say_points(value: float) -> str:
    """Give a difference of two rates in percentage points with its sign: 0.0132 is '+1.32 points'."""
    if not math.isfinite(value):
        return NOT_KNOWN
    sign = "+" if value > 0 else ""
    return f"{sign}{_signed(value, f'{abs(100 * value):.2f}')}{_FIXED_SPACE}points"


def say_known_to(sd: float) -> str:
    """Give half of a 90 % interval of a rate, from its standard deviation: 0.02 is '\u00b1 3.3 points'."""
    return f"\u00b1{_FIXED_SPACE}{100 * HALF_WIDTH * sd:.1f}{_FIXED_SPACE}points" if math.isfinite(sd) else NOT_KNOWN


def say_factor(log_odds: float) -> str:
    """Give a change of ln(odds) as a factor of the odds: 0.0488 is '1.05'."""
    return f"{math.exp(log_odds):.2f}" if math.isfinite(log_odds) else NOT_KNOWN


def say_decimals(value: float) -> str:
    """Give a bare number with three decimals."""
    return _signed(value, f"{abs(value):.3f}") if math.isfinite(value) else NOT_KNOWN


def say_p_value(value: float) -> str:
    """Give a p-value with two decimals, or 'below 0.001' where it is that small."""
    if not math.isfinite(value):
        return NOT_KNOWN
    return "below 0.001" if value < 0.001 else f"{value:.2g}"


def say_tick(value: float, unit: str) -> str:
    """Give a round number for an axis, as short as can be; money and points stand bare, the title has the unit."""
    if unit in {"rate", "share"}:
        return _signed(value, f"{round(abs(100 * value), 6):g}{_FIXED_SPACE}%")
    shown = 100 * value if unit == "points" else value
    return _signed(shown, f"{round(abs(shown), 6):,.15g}")


def say(value: float, unit: str, currency: str) -> str:
    """Give a figure in the words of its unit."""
    if unit == "money":
        return say_money(value, currency)
    return say_percent(value) if unit in {"rate", "share"} else say_count(value)


def say_exactly(value: float, unit: str, currency: str) -> str:
    """Give a figure with two decimals, for comparing two that are close."""
    if not math.isfinite(value):
        return NOT_KNOWN
    digits = f"{abs(value):,.2f}"
    return _signed(value, f"{currency}{_FIXED_SPACE}{digits}" if unit == "money" else digits)


def say_interval(estimate: Estimate, unit: str, currency: str) -> str:
    """Give both 90 % intervals of a figure as one sentence without a full stop."""
    low, high = say(estimate.low, unit, currency), say(estimate.high, unit, currency)
    seen_low, seen_high = (say(x, unit, currency) for x in (estimate.predictive_low, estimate.predictive_high))
    if NOT_KNOWN in (low, high):
        return "range not known"
    if low == high == seen_low == seen_high:
        return "set by the plan" if estimate.low == estimate.high else "moves by less than the digits shown"
    expected = f"between {low} and {high} expected"
    if NOT_KNOWN in (seen_low, seen_high):
        return expected
    return f"{expected}; {seen_low} to {seen_high} will be observed {_ODDS}"


def say_limit(name: str) -> str:
    """Turn the plan file's key, as 'max_spend[search_ads]', into words: 'Spend of a channel: search_ads'."""
    key, _, of = name.partition("[")
    words = LIMIT_NAMES.get(key, key.replace("_", " "))
    return f"{words}: {say_whose(key, of)}" if of else words


def say_whose(key: str, of: str) -> str:
    """Turn what stands in a limit's brackets into words: of a share inside a part, 'home, feed]', it is 'home in feed'."""
    whose = of.removesuffix("]")
    piece, _, part = whose.rpartition(", ")
    return f"{piece} in {part}" if piece and key.endswith("_share") else whose


def step_worth_asking(allowed: float, unit: str) -> float:
    """Give the change of a limit people think in: a percentage point, or a power of ten of at most a tenth of it."""
    if unit in {"rate", "share"}:
        return 0.01
    return 10.0 ** math.floor(math.log10(allowed / 10)) if allowed >= 10 else 1.0


def say_shadow_price(limit: LimitUse, goal: str, currency: str) -> str:
    """Say what moving the limit is worth: 'raising it by CNY 1,000 would bring 8.4 extra accounts more'.

    The change of the objective is shadow_price x step; when spend is minimised, a fall is what is wanted.
    """
    step = step_worth_asking(limit.allowed, limit.unit)
    change = limit.shadow_price * step
    if not math.isfinite(change) or change == 0:
        return ""
    noun, goal_unit = GOALS.get(goal, (goal.replace("_", " "), "accounts"))
    amount = say(abs(change), goal_unit, currency)
    by = f"{step * 100:g} percentage point" if limit.unit in {"rate", "share"} else say(step, limit.unit, currency)
    if goal == "spend":
        return f"raising it by {by} would {'save' if change < 0 else 'cost'} {amount}"
    return f"raising it by {by} would {'bring' if change > 0 else 'cost'} {amount}{_noun_of(noun, goal_unit)}"


def say_certificate(certificate: Certificate, goal: str, currency: str) -> str:
    """Say in one sentence how far the plan can be from the best there is under the same limits and estimates."""
    gap = certificate.gap
    if not math.isfinite(gap):
        return "How far the plan is from the best there is, is not known."
    noun, _ = GOALS.get(goal, (goal.replace("_", " "), "accounts"))
    best = "lowest spend" if goal == "spend" else f"most {noun}"
    distance = f"within {say_percent(max(gap, 1e-5), 3)}"
    return f"Under these limits and these estimates, the plan is {distance} of the {best} that any plan could reach."


def _noun_of(noun: str, unit: str) -> str:
    return f" of {noun}" if unit == "money" else f" {noun}"


def _signed(value: float, digits: str) -> str:
    shows_zero = not any(d in "123456789" for d in digits)
    return f"{_MINUS}{digits}" if value < 0 and not shows_zero else digits
