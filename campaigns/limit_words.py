"""What each limit does to the plan, in sentences for people who set limits."""

import math
from collections.abc import Callable, Sequence

from acquire.explained import FURTHER, STEP, Explained, LimitEffect, LimitMove, Unspent
from campaigns.report_words import GOALS, LIMIT_NAMES, say_count, say_money, say_percent, say_whose

_SMALL = 5e-4  # of a unit: less is not worth a word
_WHOSE = (
    " of one partner",
    " of one channel",
    " of one group of partners",
    " of a region",
    " of a group",
    " of a channel",
)


def say_effect(effect: LimitEffect, goal: str, currency: str) -> tuple[str, ...]:
    """Say how far the worth of a limit can be trusted, and what moving it by 5 % really does, in sentences."""
    moves = (effect.looser, effect.tighter)
    said = tuple(say_move(effect, move, goal, currency) for move in moves if move.allowed != effect.allowed)
    if effect.binding:
        return (say_range(effect, currency), *said)
    if all(move.met and move.objective == 0 for move in moves):
        return tuple(sentence for sentence in (say_room(effect, currency),) if sentence)
    return tuple(sentence for sentence in (say_room(effect, currency), said[-1]) if sentence)


def say_move(effect: LimitEffect, move: LimitMove, goal: str, currency: str) -> str:
    """Say what a moved limit changes: 'At CNY 63,000 (5 % higher): 24 more extra accounts, CNY 3,000 more spend.'"""
    by = abs(move.allowed / effect.allowed - 1) if effect.allowed else STEP
    way = "higher" if move.allowed > effect.allowed else "lower"
    at = f"At {say_figure(move.allowed, effect.unit, currency)} ({say_percent(by, 0)} {way})"
    if not move.met:
        return f"{at} there is no plan."
    changes = say_changes(move, goal, currency)
    return f"{at}: {', '.join(changes)}." if changes else f"{at} nothing changes."


def say_changes(move: LimitMove, goal: str, currency: str) -> list[str]:
    """List what changes, the objective first; what an extra account costs at the margin, where more are bought."""
    changes = {
        "incremental_accounts": _more(move.incremental, say_count, "extra accounts"),
        "incremental_value": _more(move.value, lambda x: say_money(x, currency), "value"),
        "spend": _more(move.spend, lambda x: say_money(x, currency), "spend"),
    }
    said = [changes.pop(goal), *changes.values()]
    if goal != "spend" and move.spend > _SMALL and move.incremental > _SMALL:
        said.append(f"{say_money(move.spend / move.incremental, currency)} for each extra account")
    if abs(move.bad_rate) > _SMALL:
        way = "higher" if move.bad_rate > 0 else "lower"
        said.append(f"a bad rate {100 * abs(move.bad_rate):.2f} points {way}")
    return [one for one in said if one]


def say_range(effect: LimitEffect, currency: str) -> str:
    """Say between which figures of a limit its worth per step can be trusted."""
    low = effect.holds_from if math.isfinite(effect.holds_from) else effect.allowed * (1 - FURTHER)
    high = effect.holds_to if math.isfinite(effect.holds_to) else effect.allowed * (1 + FURTHER)
    ends = [say_figure(end, effect.unit, currency) for end in (low, high)]
    if ends[0] == ends[1]:
        return "That figure holds only where the limit stands: for any change look at the next lines."
    lower = "" if math.isfinite(effect.holds_from) else " or lower"
    higher = "" if math.isfinite(effect.holds_to) else " or higher"
    return f"That is right to within a tenth while the limit is from {ends[0]}{lower} to {ends[1]}{higher}."


def say_room(effect: LimitEffect, currency: str) -> str:
    """Say how far a limit that leaves room can be tightened before anything changes."""
    if math.isfinite(effect.holds_from):
        return f"Lowering it changes nothing down to {say_figure(effect.holds_from, effect.unit, currency)}."
    if math.isfinite(effect.holds_to):
        return f"Raising it changes nothing up to {say_figure(effect.holds_to, effect.unit, currency)}."
    return ""


def say_unspent(explained: Explained, goal: str, currency: str) -> str:
    """Say why money of the budget is left; empty where it is spent."""
    unspent = explained.unspent
    if unspent is None:
        return ""
    left = f"{say_money(unspent.left, currency)} of the budget of {say_money(unspent.allowed, currency)} is not spent. "
    return left + _say_stopped(unspent, explained.limits, goal, currency)


def _say_stopped(unspent: Unspent, limits: Sequence[LimitEffect], goal: str, currency: str) -> str:
    if unspent.nobody_left:
        return "Everybody for whom a contact pays is contacted: more money would buy nothing."
    if not unspent.stopped_by:
        return "Nobody who is left pays for the contact within the limits: more money would buy nothing."
    names = [name_limit(name) for name in unspent.stopped_by]
    first = next(limit for limit in limits if limit.name == unspent.stopped_by[0])
    if not first.looser.spend > 0:
        return f"These limits stop it together: {', '.join(names)}; loosening one of them by 5 % is not enough."
    changes = ", ".join(say_changes(first.looser, goal, currency))
    figures = [say_figure(figure, first.unit, currency) for figure in (first.looser.allowed, first.allowed)]
    others = f" So do, less: {', '.join(names[1:])}." if names[1:] else ""
    return f"What stops it is the limit on {names[0]}: at {figures[0]} instead of {figures[1]}, {changes}.{others}"


def say_figure(value: float, unit: str, currency: str) -> str:
    """Give a figure of a limit; rates with two decimals, as 5 % of a rate is a small step."""
    if unit == "money":
        return say_money(value, currency)
    if unit in {"rate", "share"}:
        return say_percent(value, 2 if round(value, 3) != round(value, 6) else 1)
    return say_count(value)


def say_amount(value: float, goal: str, currency: str) -> str:
    """Give what a single contact counts in the objective; accounts per 1,000 such contacts."""
    if GOALS.get(goal, ("", "accounts"))[1] == "money":
        return say_money(round(value, 2), currency)
    return f"{say_count(round(1_000 * value, 1))} extra accounts per 1,000"


def name_limit(name: str) -> str:
    """Name a limit in the middle of a sentence: 'max_partner_share[paywell]' is 'share of spend of paywell'."""
    key, _, of = name.partition("[")
    words = LIMIT_NAMES.get(key, key.replace("_", " ")).removesuffix(", at least")
    for whose in _WHOSE:
        words = words.removesuffix(whose)
    words = words[:1].lower() + words[1:]
    return f"{words} of {say_whose(key, of)}" if of else words


def _more(change: float, say: Callable[[float], str], noun: str) -> str:
    """Say by how much a figure changes; nothing where that shows as nought."""
    if not math.isfinite(change):
        return ""
    words = say(abs(change))
    if not any(digit in "123456789" for digit in words):
        return ""
    fewer = "fewer" if noun.endswith("s") else "less"
    return f"{words} {'more' if change > 0 else fewer} {noun}"
