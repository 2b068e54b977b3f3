"""The evidence part of report and dashboard: which figures and tables are shown, in which words."""

import math
from collections.abc import Callable, Sequence

from acquire.domain import Estimate
from acquire.uplift.balance import OfferOverlap
from acquire.uplift.both_sides import EVERY, BothSides
from campaigns.plan_document import Evidence, OfferEvidence, PolicyValue
from campaigns.report_words import (
    LEARNERS,
    NOT_KNOWN,
    Row,
    WordTable,
    say_count,
    say_decimals,
    say_p_value,
    say_percent,
)

BEYOND = (
    "What the plan's way of choosing brings more than each other way, on the same rows of history, so that the luck that both "
    "share drops out."
)
OVERLAP = (
    "Apart: difference of the means in standard deviations, of the feature where it is largest; below 0.1 counts as comparable. "
    "Leads like people to whom history always or never gave an offer are not ranked for it, and never contacted where that is so "
    "of all their offers."
)
BOTH_SIDES = (
    "Over all of history, whoever was contacted, with 90 % intervals. The bad rate of the extra accounts is not known where it "
    "is not clear that the offer adds any."
)

_SHORT = (0, 1, 2, 3, 5, 7)
_REFUSED = "refused: offers were not given at random"


def say_source(evidence: Evidence) -> str:
    """Say how offers were given in history, and which model scored the leads."""
    random = "at random" if evidence.randomised else "not at random"
    test = f"test of randomness p = {say_p_value(evidence.randomness_p_value)}"
    scored_by = "a compact model distilled from it" if evidence.served == "compact" else "its own models"
    learnt = f"Effects were learnt by {say_learner(evidence.learner)}; {scored_by} scored the leads. "
    return (
        f"Offers were given {random} in history (assignment: {evidence.assignment}; {test}). "
        f"{learnt if evidence.learner else ''}All of this was measured on rows that were not used for fitting."
    )


def say_learner(name: str) -> str:
    """Name a learner as people do: "x" is "learner X"."""
    return f"learner {LEARNERS.get(name, name)}"


def say_qini(offer: OfferEvidence, *, randomised: bool) -> str:
    """Give the Qini coefficient, or why there is none."""
    if offer.qini is not None:
        return say_decimals(offer.qini.expected)
    return NOT_KNOWN if randomised else _REFUSED


def beyond_table(policies: Sequence[PolicyValue]) -> WordTable:
    """What the plan brings beyond each other policy; without rows in a plan that does not know it."""
    others = [one for one in policies if one.policy != "plan" and math.isfinite(one.plan_beyond.expected)]
    return WordTable(
        heads=("Instead of the plan", "Extra accounts per 1,000 leads that the plan adds", "90 % interval", "So"),
        rows=tuple(
            (
                one.policy,
                say_count(one.plan_beyond.expected),
                _between(one.plan_beyond),
                _say_difference(one.plan_beyond),
            )
            for one in others
        ),
    )


def _say_difference(plan_beyond: Estimate) -> str:
    if plan_beyond.low > 0:
        return "the plan brings more"
    return "the plan brings less" if plan_beyond.high < 0 else "cannot be told apart"


def overlap_table(lines: Sequence[OfferOverlap]) -> WordTable:
    """How comparable rows with each offer and controls are, and who is not ranked for it."""
    return WordTable(
        heads=(
            "Offer",
            "Furthest apart before",
            "After weighting",
            "Rows as good as",
            "Controls as good as",
            "Chances clipped",
            "History without overlap",
            "Leads not ranked",
        ),
        rows=tuple(_overlap_row(line) for line in lines),
    )


def short_overlap_table(lines: Sequence[OfferOverlap]) -> WordTable:
    """The same for a narrower page."""
    whole = overlap_table(lines)

    def short(row: Row) -> Row:
        return tuple(row[column] for column in _SHORT)

    return WordTable(heads=short(whole.heads), rows=tuple(short(row) for row in whole.rows))


def _overlap_row(line: OfferOverlap) -> Row:
    after = line.worst_after
    return (
        line.offer,
        f"{say_decimals(line.largest_before)} ({line.balance[0].feature})" if line.balance else NOT_KNOWN,
        f"{say_decimals(after.after)} ({after.feature})" if after else NOT_KNOWN,
        f"{say_count(round(line.effective_n))} of {say_count(line.n)}",
        f"{say_count(round(line.effective_n_control))} of {say_count(line.n_control)}",
        say_percent(line.share_clipped),
        say_percent(line.share_without_overlap),
        say_count(line.leads_not_ranked),
    )


def both_sides_table(lines: Sequence[BothSides]) -> WordTable:
    """What each offer adds over all channels, in bookings and in bad ones."""
    return _sides("Offer", [(line.offer, line) for line in lines if line.channel == EVERY])


def channel_sides_table(lines: Sequence[BothSides]) -> WordTable:
    """The same in each channel."""
    named = [(f"{line.offer}, {line.channel}", line) for line in lines if line.channel != EVERY]
    return _sides("Offer, channel", named)


def _sides(first: str, lines: Sequence[tuple[str, BothSides]]) -> WordTable:
    return WordTable(
        heads=(
            first,
            "History rows",
            "Extra accounts per 1,000 leads",
            "Extra bad accounts per 1,000 leads",
            "Bad rate of the extra",
        ),
        rows=tuple(
            (
                name,
                say_count(line.n),
                _with_interval(line.extra_booked),
                _with_interval(line.extra_bad),
                _with_interval(line.incremental_bad_rate, say_percent),
            )
            for name, line in lines
        ),
    )


def _with_interval(estimate: Estimate, say: Callable[[float], str] = say_count) -> str:
    return f"{say(estimate.expected)} ({_between(estimate, say)})" if math.isfinite(estimate.expected) else NOT_KNOWN


def _between(estimate: Estimate, say: Callable[[float], str] = say_count) -> str:
    return f"{say(estimate.low)} to {say(estimate.high)}"
