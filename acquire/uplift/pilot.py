"""The words of a pilot: what is asked of it, its arms, what each offer's arm will tell, and the design."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from acquire.domain import Channel, Offer, check_fraction, check_money
from acquire.errors import BadInput

LimitedBy = Literal["effect", "budget", "contacts", "weeks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotRequest:
    """What is known before the pilot, and what it should find.

    Attributes:
        traffic: Leads a week that may be contacted, by channel.
        channels, offers: What each may charge; offers without control. An offer's `channels` says where it may be used.
        p_booked: Guess of the booked share without contact.
        p_bad: Guess of the share of bookings that go bad; NaN where nobody knows.
        smallest_uplift: The smallest effect worth finding: a difference of booked shares.
        max_weeks: Longest time the pilot may take in leads.
        budget: Money for the whole pilot; None: not limited.
        max_contacts: Most leads that are sent an offer; None: not limited.
        mean_amount: Money of an average booking, for costs that are a share of it.
        p_clicked, p_applied, p_approved: Shares of contacts that are charged for these events; 1 is the most it can be.
        booking_window_days: Days after contact within which a booking counts.
        maturity_days: Days after a booking until bad is known.
        starts_on: First day of taking in leads.
        significance: Chance of one false alarm or more over all offers, two-sided.
        power: Chance to find an offer whose effect is `smallest_uplift`.
    """

    traffic: Mapping[str, float]
    channels: Sequence[Channel]
    offers: Sequence[Offer]
    p_booked: float
    smallest_uplift: float
    max_weeks: int
    starts_on: date
    p_bad: float = math.nan
    budget: float | None = None
    max_contacts: float | None = None
    mean_amount: float = 0.0
    p_clicked: float = 1.0
    p_applied: float = 1.0
    p_approved: float = 1.0
    booking_window_days: int = 30
    maturity_days: int = 60
    significance: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        check_money("budget", self.budget)
        check_money("max_contacts", self.max_contacts)
        for name in ("p_clicked", "p_applied", "p_approved"):
            check_fraction(name, getattr(self, name))
        if not 0 < self.p_booked < 1:
            raise BadInput(f"the base booking rate is {self.p_booked:g}; give a fraction above 0 and below 1")
        if not 0 < self.smallest_uplift < 1 - self.p_booked:
            raise BadInput(
                f"the smallest uplift is {self.smallest_uplift:g}; give a fraction above 0 and below "
                f"{1 - self.p_booked:g}, what the base booking rate leaves"
            )
        if not (math.isnan(self.p_bad) or 0 <= self.p_bad <= 1):
            raise BadInput(f"the bad rate is {self.p_bad:g}; give a fraction in [0, 1]")
        if self.max_weeks < 1:
            raise BadInput(f"the pilot may take {self.max_weeks} weeks; give at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One offer in one channel. `leads` and `spend` are expected over the whole pilot; `share` is P(offer | channel)."""

    channel: str
    offer: str
    share: float
    leads: float
    spend: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferReading:
    """What the pilot will be able to tell about one offer.

    Attributes:
        leads, controls: Leads with the offer, and controls of the same channels.
        detectable_uplift: Effect found with the asked power; NaN where even the largest could be missed.
        half_width: Half of the 90 % interval of the effect, should the effect be the smallest worth finding.
        booked, bad: Bookings and bads expected under that effect; bad is NaN where no rate was given.
    """

    offer: str
    leads: float
    controls: float
    detectable_uplift: float
    half_width: float
    booked: float
    bad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotDesign:
    """Who gets what at random, how many, for how long, at what cost, and what it will tell.

    Attributes:
        weeks: Whole weeks of taking in leads.
        enrolled_share: Share of each channel's traffic of those weeks that takes part.
        spend: Expected money, fixed costs included.
        finds_smallest_uplift: Whether every offer's detectable uplift is at most the smallest worth finding.
        limited_by: "effect": large enough, no more is needed; else which limit stopped it short.
        weeks_needed, spend_needed: To find the smallest uplift for every offer with all traffic; NaN where no length would.
        booked, bad: Expected over all arms, control included.
        bad_rate_half_width: Half of the 90 % interval of the bad rate of all bookings; NaN where no rate was given.
        ends_on, booked_readable_on, bad_readable_on: Last day of taking in leads; days from which each can be read.
    """

    arms: tuple[Arm, ...]
    readings: tuple[OfferReading, ...]
    weeks: int
    enrolled_share: Mapping[str, float]
    leads: float
    spend: float
    finds_smallest_uplift: bool
    limited_by: LimitedBy
    weeks_needed: float
    spend_needed: float
    booked: float
    bad: float
    bad_rate_half_width: float
    ends_on: date
    booked_readable_on: date
    bad_readable_on: date
