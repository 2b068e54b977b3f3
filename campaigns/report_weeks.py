"""The report's words for the coming weeks: response curves, pacing, and rules for leads to come."""

import math

from acquire.domain import Estimate
from campaigns.pacing_document import CurveLine, Pacing, RuleLine, TrafficRules
from campaigns.report_words import NOT_KNOWN, WordTable, say_count, say_money, say_percent

PACED_BY = {"curve": "where money brings most", "traffic": "as leads come", "even": "evenly"}


def curve_table(pacing: Pacing, currency: str) -> WordTable:
    """What spend does in the channels that have a curve."""
    heads = (
        "Channel",
        "Spend a week: usual",
        "planned",
        "Booked a week: usual",
        "planned",
        "One booking more",
        "Carried over",
    )
    return WordTable(
        heads=heads, rows=tuple(_curve_row(curve, currency) for curve in pacing.curves if not curve.refused)
    )


def _curve_row(curve: CurveLine, currency: str) -> tuple[str, ...]:
    return (
        curve.channel,
        say_money(curve.usual_spend, currency),
        say_money(curve.planned_spend, currency),
        _range(curve.booked_usual),
        _range(curve.booked_planned),
        say_money(curve.next_money.expected, currency),
        say_percent(curve.carry.expected),
    )


def refusals(pacing: Pacing) -> tuple[str, ...]:
    """Why channels have no curve."""
    return tuple(curve.refused for curve in pacing.curves if curve.refused)


def week_table(pacing: Pacing, currency: str) -> WordTable:
    """Spend per channel and week."""
    channels = dict.fromkeys(line.channel for line in pacing.lines)
    of = {(line.channel, line.week): line for line in pacing.lines}
    return WordTable(
        heads=("Channel", *pacing.weeks, "Spread"),
        rows=tuple(
            (
                channel,
                *(say_money(of[channel, week].spend, currency) for week in pacing.weeks),
                PACED_BY[of[channel, pacing.weeks[0]].paced_by],
            )
            for channel in channels
        ),
    )


def rule_table(rules: TrafficRules, currency: str) -> WordTable:
    """Who, which offer, which price at most."""
    return WordTable(
        heads=("Who", "Offer", "Arrivals", "Contact", "Price now", "Price at most", "Extra accounts", "Bad rate"),
        rows=tuple(_rule_row(line, currency) for line in rules.lines),
    )


def _rule_row(line: RuleLine, currency: str) -> tuple[str, ...]:
    most = line.max_price
    known = math.isfinite(most.low)
    return (
        f"{line.channel}: {line.who}",
        line.offer,
        _range(line.arrivals),
        "all" if line.share.expected > 0.999 else say_percent(line.share.expected),
        say_money(line.price, currency),
        f"{say_money(most.expected, currency)} ({most.low:,.2f} to {most.high:,.2f})" if known else NOT_KNOWN,
        _range(line.incremental),
        say_percent(line.bad_rate),
    )


def say_kept(rules: TrafficRules) -> str:
    """How much of the plan the rules keep."""
    if not math.isfinite(rules.kept):
        return "What the rules keep of the plan is not known."
    return (
        f"The rules keep {say_percent(rules.kept)} of what the plan reaches when every lead is scored as it comes. They keep all "
        "limits by themselves."
    )


def _range(figure: Estimate) -> str:
    if not math.isfinite(figure.expected):
        return NOT_KNOWN
    centre = say_count(figure.expected)
    return f"{centre} ({say_count(figure.low)} to {say_count(figure.high)})" if math.isfinite(figure.low) else centre
