"""The price of safety in words: the plan beside a limit held on average and one held cell by cell."""

import math

from acquire.outlook import SafetyLine, SafetyPrice
from campaigns import report_words as words

HEADS = ("The limit on the bad rate is held", "Extra accounts", "Value", "Spend", "Bad rate", "Held below")
NEAR = 0.99  # of the limit: nearer, it holds the plan back
NAMES = {
    "average": "on average",
    "promised": "as this plan holds it",
    "cell by cell": "cell by cell, every estimate at its worst",
}


def safety_rows(price: SafetyPrice, currency: str) -> list[tuple[str, ...]]:
    """Give the three plans as rows of `HEADS`."""
    return [
        (NAMES[line.promise], *(_figures(line, currency) if line.met else ("no plan", "", "", "", "")))
        for line in price.lines
    ]


def say_safety(price: SafetyPrice, currency: str) -> str:
    """Say what the promise costs, and what it spares: one or two sentences."""
    average, promised, strict = price.lines
    promise = f"{words.say_percent(price.max_bad_rate)} with {words.say_percent(price.confidence, 0)} confidence"
    held = f"Keeping the bad rate below {promise}"
    costs = _difference(average, promised, currency)
    # A limit that holds the average plan back is where chance alone decides.
    often = ", which chance breaks about every other time" if average.bad_rate >= NEAR * price.max_bad_rate else ""
    first = f"{held} costs {costs} beside a limit held on average{often}."
    if not strict.met:
        return f"{first} Held cell by cell, nobody could be contacted."
    return f"{first} Held cell by cell it would cost {_difference(average, strict, currency)}."


def _difference(more: SafetyLine, less: SafetyLine, currency: str) -> str:
    """What the one plan has beyond the other, in accounts and in money."""
    accounts = more.incremental - less.incremental
    share = f" ({words.say_percent(accounts / more.incremental)})" if more.incremental > 0 else ""
    said = f"{words.say_count(round(accounts, 1))} extra accounts{share}"
    if not math.isfinite(more.value - less.value):
        return said
    return f"{said} and {words.say_money(more.value - less.value, currency)} of value"


def _figures(line: SafetyLine, currency: str) -> tuple[str, ...]:
    return (
        words.say_count(round(line.incremental, 1)),
        words.say_money(line.value, currency),
        words.say_money(line.spend, currency),
        words.say_percent(line.bad_rate),
        words.say_percent(line.bad_rate_held),
    )
