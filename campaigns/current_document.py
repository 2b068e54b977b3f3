"""What plan.json says beside the plan itself: how it compares with what runs today, with last week's plan, and with prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acquire.allocate.current import Breach, Shortfall
from acquire.domain import Estimate
from campaigns.json_values import estimate, lines, number


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallStep:
    """Where one step from today's plan to the plan arrives. Figures in the objective's unit and money are whole cents.

    Attributes:
        step: "today", "people", "offers", "channels", "budget" or "plan".
        gain: The objective: value, extra accounts, or spend where that is minimised.
        change: `gain` less that of the step before; 0 for today. The changes add up to plan less today, exactly.
        contacts, booked, incremental: Numbers.
        spend, value: Money.
        bad_rate: Fraction.
    """

    step: str
    gain: float
    change: float
    contacts: float
    spend: float
    booked: float
    incremental: float
    bad_rate: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """From what runs today to the plan.

    Attributes:
        steps: In order; the first is today, the last the plan.
        breaches: Limits that what runs today does not keep.
        shortfalls: Contacts of today that the leads at hand do not allow.
        today_stays: Whether what runs today was found better than any other plan, and so is the plan.
        verdict: One sentence for people.
    """

    steps: tuple[WaterfallStep, ...]
    breaches: tuple[Breach, ...]
    shortfalls: tuple[Shortfall, ...]
    today_stays: bool
    verdict: str

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "Waterfall":
        """Read what plan.json holds."""
        return cls(
            steps=lines(WaterfallStep, raw["steps"]),
            breaches=lines(Breach, raw["breaches"]),
            shortfalls=lines(Shortfall, raw["shortfalls"]),
            today_stays=raw["today_stays"],
            verdict=raw["verdict"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FairUnit:
    """All-in prices of one line of the price sheet per contact, per application or per booking.

    Attributes:
        unit: "contact", "application" or "booking".
        paid: Expected price of those planned, as prices are.
        break_even: Price at which those planned are worth nothing: the plan does as well without them.
        next_paid: Expected price of the next one.
        next_break_even: Price at which the next one adds nothing.
    """

    unit: str
    paid: float
    break_even: Estimate
    next_paid: float
    next_break_even: Estimate

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "FairUnit":
        """Read what plan.json holds."""
        return cls(
            unit=raw["unit"],
            paid=number(raw["paid"]),
            break_even=estimate(raw["break_even"]),
            next_paid=number(raw["next_paid"]),
            next_break_even=estimate(raw["next_break_even"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FairPriceLine:
    """One channel and tier of the price sheet, or all that is planned with one partner.

    Attributes:
        channel: Empty where the line is over all channels and tiers of the partner.
        from_contacts: Where the tier begins; 0 = the first.
        contacts: Planned in it.
        worth: Money that all of it is worth beyond what it costs.
        is_bounded: Whether it would be worth more, but the limits allow no plan that pays more for all of it.
        units: Prices per contact, application and booking.
        people_share: Share of the people that the sheet was solved on; below 1 it is a sample.
    """

    partner: str
    channel: str
    from_contacts: float
    contacts: float
    worth: Estimate
    is_bounded: bool
    units: tuple[FairUnit, ...]
    people_share: float = 1.0

    @classmethod
    def from_content(cls, raw: Mapping[str, Any]) -> "FairPriceLine":
        """Read what plan.json holds."""
        figures: dict[str, Any] = {
            "worth": estimate(raw["worth"]),
            "units": tuple(FairUnit.from_content(unit) for unit in raw["units"]),
        }
        return cls(**{**raw, **figures})
