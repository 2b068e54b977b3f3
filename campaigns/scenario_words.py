"""Scenarios in words, side by side: figure by figure, with the difference from the plan."""

import math
from collections.abc import Sequence

from campaigns import report_words as words
from campaigns.report_words import LIMIT_NAMES
from campaigns.scenario_document import Scenario

HEADS = ("Scenario", "Limits changed", "Extra accounts", "Value", "Spend", "Bad rate", "Cost per extra account")
IN_SHARES = "in shares of contacts, not whole ones"
_MONEY = ("budget", "max_cac", "max_incremental_cac", "max_spend", "min_spend", "max_expected_loss")


def scenario_rows(scenarios: Sequence[Scenario], currency: str) -> list[tuple[tuple[str, str], ...]]:
    """Give each scenario as cells of (figure, difference from the first), in the order of `HEADS`.

    Beside the limits stands what kind of plan it is, where that is not one of whole contacts.
    """
    first = scenarios[0]
    return [
        (
            (one.name, ""),
            (say_changes(one, currency), IN_SHARES if one.in_shares else ""),
            _cell(one.incremental, first.incremental, "accounts", currency),
            _cell(one.value, first.value, "money", currency),
            _cell(one.spend, first.spend, "money", currency),
            _cell(one.bad_rate, first.bad_rate, "rate", currency),
            _cell(one.incremental_cac, first.incremental_cac, "money", currency),
        )
        for one in scenarios
    ]


def say_changes(scenario: Scenario, currency: str) -> str:
    """Say which limits differ from the plan's: 'budget CNY 70,000, no max_bad_rate'."""
    return ", ".join(_say_change(key, figure, currency) for key, figure in scenario.changes.items()) or "none"


def _say_change(key: str, figure: float | None, currency: str) -> str:
    *whose, name = key.split(".")
    stated = LIMIT_NAMES.get(name, name).lower() + (f" of {whose[-1]}" if whose else "")
    if figure is None or (name == "max_bad_rate" and figure >= 1):
        return f"no limit on {stated}"
    unit = "money" if name in _MONEY else "rate" if name.endswith(("_rate", "_confidence")) else "accounts"
    return f"{stated} {words.say(figure, unit, currency)}"


def _cell(figure: float, first: float, unit: str, currency: str) -> tuple[str, str]:
    gained = figure - first
    if not math.isfinite(gained) or abs(gained) <= 1e-9 * abs(first):
        return words.say(figure, unit, currency), ""
    said = words.say_points(gained) if unit == "rate" else words.say(gained, unit, currency)
    return words.say(figure, unit, currency), f"+{said}" if gained > 0 and unit != "rate" else said


def flat(row: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{figure} ({gained})" if gained else figure for figure, gained in row]
