"""replan.json as types: the rest of a running campaign beside what the plan in force would still do."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from acquire.domain import LimitUse
from acquire.errors import BadInput
from campaigns.json_values import plain

MOST = 1e15  # money in one campaign, or a share: beyond, whole cents are no longer told apart


def check_sum(name: str, figure: float) -> None:
    """Raise BadInput if a figure is larger than any campaign has."""
    if figure > MOST:
        raise BadInput(f"{name} is {figure:g}; give at most {MOST:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is known of a running campaign.

    Attributes:
        days, days_left: Of the whole campaign, and still to come.
        spent: Money spent so far in all; NaN = as the rows of the file say, else as expected.
        most_rise: By how much a channel's contacts a day may rise, as a share.
        changes: Limits by key that are different from now on, as of a scenario.
    """

    days: float
    days_left: float
    spent: float
    most_rise: float
    changes: Mapping[str, float | None]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.days) and self.days > 0 and 0 < self.days_left <= self.days):
            raise BadInput(
                f"days {self.days:g} with {self.days_left:g} left; give days above 0, of which some are left"
            )
        if not (math.isnan(self.spent) or (math.isfinite(self.spent) and self.spent >= 0)):
            raise BadInput(f"spent is {self.spent}; give a finite amount of money that is not negative")
        if not (math.isfinite(self.most_rise) and self.most_rise >= 0):
            raise BadInput(f"the most rise is {self.most_rise}; give a share of at least 0, as 0.25")
        check_sum("spent", self.spent)
        check_sum("the most rise", self.most_rise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Expected totals of a part of a campaign; what was done, at what it cost and as it turned out so far."""

    contacts: float
    spend: float
    booked: float
    incremental: float
    value: float
    bad_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What is known of the contacts made.

    Attributes:
        known: Contacts of which it is known whether they booked.
        booked, booked_expected: How many of them did, and how many were expected to.
        matured, bad: Bookings of which it is known whether they went bad, and how many did.
    """

    known: int
    booked: int
    booked_expected: float
    matured: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPace:
    """One channel: contacts made, contacts to come in the plan in force and in the new one, and the latter a day."""

    channel: str
    made: float
    planned: float
    now: float
    a_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """All of replan.json.

    Attributes:
        plan_id, name, currency: Of the plan.
        made_at: Instant, UTC.
        days, days_left: Of the whole campaign, and still to come.
        done, planned_rest, rest, whole: What was done; what the plan in force would still do; what to do now; done and rest.
        outcomes: What is known of what was done.
        channels: Pace by channel.
        limits: Over the whole campaign, the pace of each channel among them.
        kept, dropped, added, other_offer: Leads still to contact as planned, not any more, newly, with another offer.
    """

    plan_id: str
    name: str
    currency: str
    made_at: datetime
    days: float
    days_left: float
    done: Leg
    planned_rest: Leg
    rest: Leg
    whole: Leg
    outcomes: Outcomes
    channels: tuple[ChannelPace, ...]
    limits: tuple[LimitUse, ...]
    kept: int
    dropped: int
    added: int
    other_offer: int

    def to_json(self) -> str:
        """Give the document as JSON text; undefined figures are null."""
        return json.dumps(plain(asdict(self)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
