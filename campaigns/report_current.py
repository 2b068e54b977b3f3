"""The report's words for what stands beside the plan: what runs today, the earlier plan, and the fair prices."""

import math
from datetime import datetime

from acquire.domain import Estimate
from campaigns.current_document import FairPriceLine, FairUnit, Waterfall
from campaigns.diff_document import LimitChange, LineChange, PlanDiff
from campaigns.report_words import NOT_KNOWN, Row, WordTable, say, say_count, say_money, say_percent

STEPS = {
    "today": "What runs today, people taken as they come",
    "people": "The best people, in today's channels and offers",
    "offers": "The best offer for each, in today's channels",
    "channels": "The best channels, for the same money",
    "budget": "The plan's own budget",
    "plan": "The plan: within all its limits",
}
GOALS = {
    "incremental_value": ("Value", "money"),
    "incremental_accounts": ("Extra accounts", "accounts"),
    "spend": ("Spend", "money"),
}
FIGURES = {
    "contacts": ("Contacts", "contacts"),
    "spend": ("Spend", "money"),
    "booked": ("Booked accounts", "accounts"),
    "incremental": ("Extra accounts", "accounts"),
    "bad_rate": ("Bad rate", "rate"),
    "incremental_bad_rate": ("Bad rate of the extra", "rate"),
    "break_even_bad_rate": ("Break-even bad rate", "rate"),
    "cac": ("Cost per account", "money"),
    "incremental_cac": ("Cost per extra account", "money"),
    "value": ("Value", "money"),
}
MOST_LINES = 12


def waterfall_table(waterfall: Waterfall, objective: str, currency: str) -> WordTable:
    """From today's plan to the plan, one row per step."""
    goal, unit = GOALS[objective]
    others = ("Contacts", "Spend", "Booked", "Extra accounts", "Bad rate")
    return WordTable(
        heads=("Step", goal, "Change", *others),
        rows=tuple(
            (
                STEPS[step.step],
                say(step.gain, unit, currency),
                "" if step.step == "today" else _signed(say(step.change, unit, currency), step.change),
                say_count(round(step.contacts)),
                say_money(step.spend, currency),
                say_count(step.booked),
                say_count(step.incremental),
                say_percent(step.bad_rate),
            )
            for step in waterfall.steps
        ),
    )


def price_table(sheet: tuple[FairPriceLine, ...]) -> WordTable:
    """What all that is planned costs, and what it may cost at most, in the plan's currency."""
    return WordTable(
        heads=("", "Contacts", *(("now", "at most") * 3)),
        groups=(("", 1), ("", 1), *((f"Per {unit}", 2) for unit in ("contact", "application", "booking"))),
        rows=tuple(
            (
                _whose(line),
                say_count(round(line.contacts)),
                *(cell for unit in line.units for cell in _whole(line, unit)),
            )
            for line in _by_partner(sheet)
            if line.contacts > 0
        ),
    )


def _by_partner(sheet: tuple[FairPriceLine, ...]) -> list[FairPriceLine]:
    """The lines of one partner together, in the order of the partners; all of a partner together last."""
    partners = [*dict.fromkeys(line.partner for line in sheet)]
    return sorted(sheet, key=lambda line: (partners.index(line.partner), not line.channel))


def next_price_table(sheet: tuple[FairPriceLine, ...]) -> WordTable:
    """What the next contact costs, and what it may cost at most, in the plan's currency."""
    return WordTable(
        heads=("", *(("now", "at most") * 3)),
        groups=(("", 1), *((f"Per {unit}", 2) for unit in ("contact", "application", "booking"))),
        rows=tuple(
            (_whose(line), *(cell for unit in line.units for cell in _next(unit)))
            for line in sheet
            if any(math.isfinite(unit.next_break_even.expected) for unit in line.units)
        ),
    )


def figure_table(diff: PlanDiff, currency: str) -> WordTable:
    """The headline of both plans."""
    return WordTable(
        heads=("", "Before", "Now", "Change"),
        rows=tuple(
            (
                FIGURES[change.name][0],
                say(change.before, FIGURES[change.name][1], currency),
                say(change.after, FIGURES[change.name][1], currency),
                _difference(change.after - change.before, FIGURES[change.name][1], currency),
            )
            for change in diff.figures
        ),
    )


def line_table(diff: PlanDiff) -> WordTable:
    """The channels and offers whose contacts changed most."""
    return WordTable(
        heads=("Channel and offer", "Before", "Now", "By more or fewer leads", "By choice"),
        rows=tuple(
            (
                f"{line.channel}, {line.offer}",
                say_count(line.before),
                say_count(line.after),
                _difference(line.by_traffic, "contacts", ""),
                _difference(line.by_choice, "contacts", ""),
            )
            for line in diff.lines[:MOST_LINES]
        ),
    )


def reasons_of(diff: PlanDiff) -> tuple[tuple[str, LineChange], ...]:
    """The lines that have reasons of their own, named."""
    return tuple((f"{line.channel}, {line.offer}", line) for line in diff.lines[:MOST_LINES] if line.reasons)


def say_limit_change(change: LimitChange, currency: str) -> str:
    """Say in words how a limit changed."""
    then, now = (say(value, change.unit, currency) for value in (change.before, change.after))
    if math.isnan(change.before):
        return f"{change.name} is new: {now}"
    if math.isnan(change.after):
        return f"{change.name} is gone; it was {then}"
    if change.before != change.after:
        return f"{change.name} is {now} instead of {then}"
    return f"{change.name} holds the plan back now" if change.holds_now else f"{change.name} leaves room now"


def move_table(diff: PlanDiff) -> WordTable:
    """Leads of both plans that are treated otherwise now."""
    return WordTable(
        heads=("Before, and now", "Leads"),
        rows=tuple((f"{move.before}, now {move.after}", say_count(move.leads)) for move in diff.moves[:MOST_LINES]),
    )


def say_since(diff: PlanDiff) -> str:
    """Name the earlier plan, and how many leads it shares with this one."""
    made = datetime.fromisoformat(diff.created_at)
    shared = f"{diff.leads_in_both:,} of the {diff.leads_after:,} leads were in that plan too"
    return f"Beside {diff.name}, made on {made:%d %B %Y, %H:%M} UTC with {diff.leads_before:,} leads: {shared}."


def say_sampled(sheet: tuple[FairPriceLine, ...]) -> str:
    """Say on how many of the people the sheet was solved; empty where on all."""
    share = min((line.people_share for line in sheet), default=1.0)
    if share >= 1:
        return ""
    return f"Solved on a random sample of {say_percent(share)} of the people; what that misses is not in the intervals."


def _whose(line: FairPriceLine) -> str:
    if not line.channel:
        return f"{line.partner}: all together"
    tier = f", beyond {line.from_contacts:,.0f} contacts" if line.from_contacts else ""
    return f"{line.partner}: {line.channel}{tier}"


def _whole(line: FairPriceLine, unit: FairUnit) -> Row:
    most = _range(unit.break_even)
    return _bare(unit.paid), f"{most}; the limits allow no more" if line.is_bounded else most


def _next(unit: FairUnit) -> Row:
    return _bare(unit.next_paid), _range(unit.next_break_even)


def _range(price: Estimate) -> str:
    if not math.isfinite(price.expected) or not math.isfinite(price.low):
        return _bare(price.expected)
    return f"{_bare(price.expected)} ({_bare(price.low)} to {_bare(price.high)})"


def _bare(price: float) -> str:
    return say_money(price, "").strip().replace("\u00a0", "") if math.isfinite(price) else NOT_KNOWN


def _difference(change: float, unit: str, currency: str) -> str:
    return _signed(say(change, unit, currency), change)


def _signed(words: str, figure: float) -> str:
    return f"+{words}" if figure > 0 else words
