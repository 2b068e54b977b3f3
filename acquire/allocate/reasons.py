"""Why this lead, and why not that one: what a contact brings, what the room it takes in the limits is worth to others.

At the prices of the plan every contact pays for what it uses of each limit:

    net = gain - sum over limits of price * use,   toll of a limit = price * use

A toll below nought is room that the contact makes for others: a safe booking under a limit on the bad rate. The plan gives each
person the option with the largest net where that is above nought; at a net of about nought whole contacts decide.
"""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.options import Floats, Ints
from acquire.allocate.posed import Question
from acquire.allocate.prices import Prices, beside_limits, lowered


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """What the use of one limit by one contact is worth to other contacts, in the objective's unit."""

    limit: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One way to contact a lead.

    Attributes:
        channel, offer: Names.
        gain: What the objective counts.
        tolls: Of every limit that has a price, the largest first.
        beside_limits: What the contact costs beside the limits: a dearer price tier; infinite in a channel that is not used.
        contacts: How many contacts of the plan it is.
        by_lot: Whether it is part of the plan in any case.
    """

    channel: str
    offer: str
    gain: float
    tolls: tuple[Toll, ...]
    beside_limits: float
    contacts: float
    by_lot: bool

    @property
    def toll(self) -> float:
        """All tolls together."""
        return sum(toll.amount for toll in self.tolls)

    @property
    def net(self) -> float:
        """What is left of the gain."""
        return self.gain - self.toll - self.beside_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadReason:
    """Why a lead is contacted, or not.

    Attributes:
        best: The contact of the plan, else the one with the largest net.
        next_best: Of the lead's other offers the one with the largest net; None where there is no other.
        elsewhere: The contact of the same person as another lead; None where there is none.
    """

    best: Course
    next_best: Course | None
    elsewhere: Course | None


def reason_for(question: Question, prices: Prices, contacts: Floats, lead: Ints) -> LeadReason | None:
    """Say why a lead is contacted or not.

    Args:
        question: What the plan was asked.
        prices: What each limit cost at the margin.
        contacts: The plan: contacts of each option, shape (n,).
        lead: Positions of the lead's options.

    Returns:
        None where the lead has no option: nothing was weighed.
    """
    if not len(lead):
        return None
    person = np.flatnonzero(np.isin(question.options.person, question.options.person[lead]))
    courses = _courses(question, prices, contacts, person)
    mine = np.isin(person, lead)
    own = sorted((c for c, is_own in zip(courses, mine, strict=True) if is_own), key=lambda c: (-c.contacts, -c.net))
    others = (c for c, is_own in zip(courses, mine, strict=True) if not is_own and c.contacts > 0)
    return LeadReason(best=own[0], next_best=own[1] if len(own) > 1 else None, elsewhere=next(others, None))


def _courses(question: Question, prices: Prices, contacts: Floats, at: Ints) -> list[Course]:
    options = question.options
    linear = lowered(options, prices)
    uses = prices.along(linear)[:, None] * linear.at(at)
    tolls = np.array([uses[linear.owner == i].sum(axis=0) for i in range(len(linear.rows))])
    beside = beside_limits(options, prices)[at]
    return [
        Course(
            channel=options.channel_names[options.channel[j]],
            offer=options.offer_names[options.offer[j]],
            gain=float(options.gain[j]),
            tolls=_largest_first([row.name for row in linear.rows], tolls[:, k]) if len(tolls) else (),
            beside_limits=float(beside[k]),
            contacts=float(contacts[j]),
            by_lot=bool(np.isin(j, question.forced)),
        )
        for k, j in enumerate(at.tolist())
    ]


def _largest_first(names: list[str], amounts: Floats) -> tuple[Toll, ...]:
    tolls = [Toll(limit=name, amount=amount) for name, amount in zip(names, amounts.tolist(), strict=True) if amount]
    return tuple(sorted(tolls, key=lambda toll: -abs(toll.amount)))
