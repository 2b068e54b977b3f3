"""Why a lead is contacted, or why not, in one sentence."""

import math

from acquire.allocate.reasons import Course, LeadReason
from campaigns.limit_words import name_limit, say_amount

MOST_LIMITS = 3
WORTH_NAMING = 0.02  # of all tolls together
ABOUT_NOUGHT = 1e-6  # of the gain

_WITHOUT_FIGURES = {
    "NO_CONSENT": "there is no consent to contact this person",
    "DO_NOT_CONTACT": "the person asked not to be contacted",
    "REGION_REFUSED": "its region is refused",
    "NO_OFFER_IN_CHANNEL": "no offer may be used in its channel",
    "NO_OVERLAP": "history holds nobody like this lead with an offer, so nobody knows what one would do",
    "NO_TRAFFIC_EXPECTED": "no traffic is expected where it comes from",
}


def say_why(decision: str, code: str, reason: LeadReason | None, goal: str, currency: str) -> str:
    """Say why a lead is contacted or not.

    Args:
        decision: contact, hold, control or refuse.
        code: The reason in decisions.parquet.
        reason: What was weighed; None where nothing was.
        goal: What the plan maximises or minimises.
        currency: Of all money.

    Returns:
        One sentence without the lead's name.
    """
    if decision == "refuse":
        return _say_refusal(code)
    if code == "RANDOM_CONTROL":
        would = "would have contacted it" if decision == "control" else "would not have contacted it anyway"
        return f"Kept back by lot, so that what the plan adds can be measured; the plan {would}."
    if reason is None:
        return f"Not contacted: {_WITHOUT_FIGURES.get(code, code)}."
    if decision == "contact":
        return _say_contact(code, reason, goal, currency)
    return _say_hold(code, reason, goal, currency)


def _say_refusal(code: str) -> str:
    if code in _WITHOUT_FIGURES:
        return f"Refused: {_WITHOUT_FIGURES[code]}."
    if code.startswith("REFER:"):
        return f"Not contacted: the policy refers it to a person, for {code.removeprefix('REFER:')}."
    return f"Refused by the policy, for {code}."


def _say_contact(code: str, reason: LeadReason, goal: str, currency: str) -> str:
    best = reason.best
    if best.by_lot or code in {"RANDOM_RESERVE", "RANDOM_OFFER"}:
        return f"Contacted with {best.offer} by lot, as part of the share that is spent at random to learn from."
    brings = f"Contacted with {best.offer}: it is expected to {_say_gain(best.gain, goal, currency)}"
    room = _say_room(best, goal, currency)
    if abs(best.net) <= ABOUT_NOUGHT * max(abs(best.gain), 1e-12):
        return f"{brings}{room}; it is one of the last for whom there is room."
    left = say_amount(abs(best.net), goal, currency)
    if best.net < 0:
        return f"{brings}{room}; in whole contacts there is room for it, {left} short of its place."
    return f"{brings}{room}; {left} is left{_say_next(reason, goal, currency)}."


def _say_next(reason: LeadReason, goal: str, currency: str) -> str:
    """Compare with the next best offer, where there is one that may be used."""
    other = reason.next_best
    if other is None or not math.isfinite(other.net):
        return ""
    less = say_amount(reason.best.net - other.net, goal, currency)
    return f", {less} more than with {other.offer}" if reason.best.net > other.net else f", as with {other.offer}"


def _say_hold(code: str, reason: LeadReason, goal: str, currency: str) -> str:
    best = reason.best
    if reason.elsewhere is not None:
        other = reason.elsewhere
        return f"Not contacted here: the same person is contacted in {other.channel} with {other.offer}."
    if math.isinf(best.beside_limits):
        return f"Not contacted: {best.channel} is not used, as what it charges once it is used does not pay."
    if code == "NO_OFFER_PAYS":
        return f"Not contacted: no offer pays; with {best.offer}, the best, it would {_say_gain(best.gain, goal, currency)}."
    would = f"Not contacted: with {best.offer}, its best offer, it would {_say_gain(best.gain, goal, currency)}"
    room, short = _say_room(best, goal, currency), say_amount(abs(best.net), goal, currency)
    if best.net > 0:
        return f"{would}{room}; it would pay by {short}, but no whole contact more fits."
    return f"{would}{room}; it is {short} short."


def _say_gain(gain: float, goal: str, currency: str) -> str:
    if goal == "spend":
        return f"cost {say_amount(-gain, goal, currency)}"
    return f"bring {say_amount(gain, goal, currency)}" if gain >= 0 else f"lose {say_amount(-gain, goal, currency)}"


def _say_room(course: Course, goal: str, currency: str) -> str:
    """Say what the room it takes in the limits is worth to others, limit by limit, and what room it makes for them."""
    toll = course.toll + course.beside_limits
    named = [t for t in course.tolls if abs(t.amount) >= WORTH_NAMING * sum(abs(o.amount) for o in course.tolls)]
    if not named and not course.beside_limits:
        return ", and no limit is short"
    parts = [f"{name_limit(t.limit)} {say_amount(t.amount, goal, currency)}" for t in named[:MOST_LIMITS]]
    if course.beside_limits:
        parts.append(f"dearer contacts of the channel {say_amount(course.beside_limits, goal, currency)}")
    verb = "the room it takes is worth" if toll >= 0 else "it makes room worth"
    return f"; {verb} {say_amount(abs(toll), goal, currency)} to other leads ({', '.join(parts)})"
