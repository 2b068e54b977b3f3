"""A frontier in words: where the plan in force stands, what a step along either limit would change, and the grid as a table."""

import math
from dataclasses import dataclass

from acquire.outlook import FrontierPoint
from campaigns import report_words as words
from campaigns.frontier_document import FrontierDocument
from campaigns.report_words import GOALS, WordTable

MOST_CURVES = 5
BUDGET = "budget"
NO_CAP = "no cap"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step from where the plan stands.

    Attributes:
        name: What changes.
        point: The best plan then.
        gained: Objective beyond the point of the plan's own limits.
    """

    name: str
    point: FrontierPoint
    gained: float


def say_here(document: FrontierDocument) -> str:
    """Say where the plan in force stands."""
    here = document.here
    goal, unit = GOALS[document.objective]
    figures = [
        f"{words.say(here.objective, unit, document.currency)} {goal}",
        f"{words.say_money(here.spend, document.currency)} spend",
        f"{words.say_count(here.incremental)} extra accounts",
    ]
    if math.isfinite(here.bad_rate):
        figures.append(f"bad rate {words.say_percent(here.bad_rate)} on average")
    if math.isfinite(here.max_bad_rate) and document.confidence > 0.5:
        figures.append(
            f"below {words.say_percent(here.bad_rate_held)} with {words.say_percent(document.confidence, 0)} confidence"
        )
    # What is counted twice is said once.
    return "You are here: " + ", ".join(dict.fromkeys(figures)) + "."


def say_promise(document: FrontierDocument) -> str:
    """Say what holds at every point."""
    if not math.isfinite(document.caps[0]):
        held = "History has no bad label, so bad rates are not known. All other limits hold at every point"
    elif document.confidence > 0.5:
        of = "realised" if document.basis == "realised" else "expected"
        held = (
            f"At every point the {of} bad rate stays below its cap with a probability of "
            f"{words.say_percent(document.confidence, 0)}, and all other limits hold"
        )
    else:
        held = "At every point the bad rate stays below its cap on average, and all other limits hold"
    return f"{held}{_say_sample(document)}."


def _say_sample(document: FrontierDocument) -> str:
    """What is known of points that were solved on some of the people."""
    off = max((point.gap for point in document.points if point.met and math.isfinite(point.gap)), default=math.nan)
    if not document.sampled or not math.isfinite(off):
        return ""
    return (
        "; solved on a weighted sample of the people: the curve is what no plan of everybody can pass, "
        f"the sample's own plans come within {words.say_percent(off)} of it"
    )


def limit_name(document: FrontierDocument) -> tuple[str, str]:
    """Name the limit along the curves, and its unit."""
    return ("Budget", "money") if document.limit == BUDGET else ("Extra accounts asked for", "accounts")


def say_allowed(document: FrontierDocument, allowed: float) -> str:
    """Give a figure of the limit along the curves in its unit."""
    return words.say(allowed, limit_name(document)[1], document.currency)


def say_cap(cap: float) -> str:
    """Give a cap on the bad rate: '12 %', 'no cap'."""
    if not math.isfinite(cap):
        return "bad rate not known"
    return NO_CAP if cap >= 1 else f"{100 * cap:.3g}\u00a0%"


def say_point(document: FrontierDocument, point: FrontierPoint) -> str:
    """Give a point in one line."""
    goal, unit = GOALS[document.objective]
    cap = "" if math.isnan(point.max_bad_rate) else f", {_capped(point.max_bad_rate)}"
    spent = say_allowed(document, point.allowed)
    return (
        f"{limit_name(document)[0].lower()} {spent}{cap}: {words.say(point.objective, unit, document.currency)} {goal}"
    )


def _capped(cap: float) -> str:
    return "no cap on the bad rate" if cap >= 1 else f"bad rate at most {say_cap(cap)}"


def cap_in_force(document: FrontierDocument) -> float:
    """The cap of the curve that the plan in force belongs to."""
    return 1.0 if math.isnan(document.here.max_bad_rate) else document.here.max_bad_rate


def some_allowed(document: FrontierDocument) -> tuple[float, ...]:
    """A few figures along the curves, that of the plan in force among them."""
    figures = document.allowed
    every = max(1, math.ceil(len(figures) / MOST_CURVES))
    return tuple(figure for n, figure in enumerate(figures) if n % every == 0 or figure == document.here.allowed)


def step_lines(document: FrontierDocument) -> tuple[StepLine, ...]:
    """The points next to the plan in force, along either limit; none where the plan's own limits are not on the grid."""
    caps, figures, cap = document.caps, document.allowed, cap_in_force(document)
    if document.here.allowed not in figures or (math.isfinite(caps[0]) and cap not in caps):
        return ()
    at = figures.index(document.here.allowed)
    near = [(figures[n], cap) for n in (at - 1, at + 1) if 0 <= n < len(figures)]
    if math.isfinite(caps[0]):
        place = caps.index(cap)
        near += [(document.here.allowed, caps[n]) for n in (place - 1, place + 1) if 0 <= n < len(caps)]
    found = [(allowed, c, _at(document, allowed, c)) for allowed, c in near]
    # Beside the point of the plan's own limits, which is found as its neighbours are: in shares of contacts, maybe of a sample.
    own = _at(document, document.here.allowed, cap)
    now = own.objective if own is not None and own.met else document.here.objective
    return tuple(
        StepLine(name=_step_name(document, allowed, c), point=p, gained=p.objective - now)
        for allowed, c, p in found
        if p is not None and p.met
    )


def _at(document: FrontierDocument, allowed: float, cap: float) -> FrontierPoint | None:
    return next(
        (p for p in document.curve(cap if math.isfinite(document.caps[0]) else math.nan) if p.allowed == allowed), None
    )


def _step_name(document: FrontierDocument, allowed: float, cap: float) -> str:
    if allowed != document.here.allowed:
        return f"{limit_name(document)[0]} {say_allowed(document, allowed)}"
    return "No cap on the bad rate" if cap >= 1 else f"Bad rate at most {say_cap(cap)}"


def say_step(document: FrontierDocument, step: StepLine) -> tuple[str, str, str, str]:
    """Give a step's figures: objective, change, spend, bad rate on average."""
    unit = GOALS[document.objective][1]
    sign = "+" if step.gained > 0 else ""
    return (
        words.say(step.point.objective, unit, document.currency),
        f"{sign}{words.say(step.gained, unit, document.currency)}",
        words.say_money(step.point.spend, document.currency),
        words.say_percent(step.point.bad_rate),
    )


def grid_table(document: FrontierDocument) -> WordTable:
    """The objective at every setting: one row per figure along the curves, one column per cap."""
    unit = GOALS[document.objective][1]
    cells = {(p.allowed, p.max_bad_rate): p for p in document.points}
    heads = (limit_name(document)[0], *(say_cap(cap) for cap in document.caps))

    def cell(allowed: float, cap: float) -> str:
        point = cells.get((allowed, cap)) or _at(document, allowed, cap)
        return words.say(point.objective, unit, document.currency) if point is not None and point.met else "no plan"

    rows = [
        (say_allowed(document, allowed), *(cell(allowed, cap) for cap in document.caps)) for allowed in document.allowed
    ]
    return WordTable(heads=heads, rows=tuple(rows))
