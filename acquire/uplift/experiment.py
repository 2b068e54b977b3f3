"""Day one without an experiment: design a pilot that gives offers at random, and say beforehand what it will be able to tell.

The pilot has one arm per offer and a shared control in every channel. Its reading is the difference in booked share between
an offer and the control of the same channels, each channel weighted by its precision.

    PilotRequest -> design_pilot -> PilotDesign        sizes, cost, what it will tell
    PilotDesign, leads -> draw_assignment              who gets what (assignment.py)
"""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from acquire.domain import CONTROL, Channel, Offer
from acquire.errors import BadInput
from acquire.statistics.bisection import smallest
from acquire.statistics.normal import Z_90
from acquire.uplift.pilot import Arm, LimitedBy, OfferReading, PilotDesign, PilotRequest
from acquire.uplift.pilot_power import arm_shares, detectable_uplift, difference_variance

LONGEST_WEEKS = 520.0


def design_pilot(request: PilotRequest) -> PilotDesign:
    """Design the smallest pilot that finds the smallest uplift worth finding, within budget and time.

    Where the limits do not allow it, the largest pilot they allow is designed, and it says what it can find instead.

    Raises:
        BadInput: No channel has leads and an offer; an offer can be used nowhere; the budget does not pay for a pilot.
    """
    channels = _channels_in_pilot(request)
    most_weeks, stops = _most_weeks(request, channels)
    weeks_needed = smallest(lambda weeks: _finds_all(request, _arms(request, channels, weeks)), LONGEST_WEEKS)
    enough = weeks_needed <= most_weeks
    full_weeks = weeks_needed if enough else most_weeks
    arms = _arms(request, channels, full_weeks)
    return _describe(
        request,
        channels,
        arms,
        weeks=max(1, math.ceil(full_weeks - 1e-9)),
        limited_by="effect" if enough else stops,
        weeks_needed=weeks_needed,
    )


def expected_cost(request: PilotRequest, channel: Channel, offer: Offer) -> float:
    """Give the money one contact is expected to cost, should the offer's effect be the smallest worth finding.

    (contact + sum(event x chance) + p_booked (booked + rate x amount)) (1 - rebate)  +  p_booked (offer's own costs)
    """
    p_booked = request.p_booked + request.smallest_uplift
    charged = (
        channel.cost_per_contact
        + channel.cost_per_click * request.p_clicked
        + channel.cost_per_applied * request.p_applied
        + channel.cost_per_approved * request.p_approved
        + p_booked * (channel.cost_per_booked + channel.cost_rate_of_amount * request.mean_amount)
    )
    own = p_booked * (offer.cost_per_booked + offer.cost_rate_of_amount * request.mean_amount)
    return charged * (1 - channel.rebate_share) + own


def usable_offers(request: PilotRequest, channel: str) -> tuple[Offer, ...]:
    """List the offers that may be used in a channel."""
    return tuple(offer for offer in request.offers if not offer.channels or channel in offer.channels)


def _channels_in_pilot(request: PilotRequest) -> tuple[Channel, ...]:
    with_leads = [c for c in request.channels if request.traffic.get(c.channel, 0) > 0 and c.max_contacts != 0]
    if not with_leads:
        raise BadInput("no channel has leads that may be contacted; a pilot needs some")
    if not request.offers:
        raise BadInput("there is no offer to try; list at least one in offers")
    for offer in request.offers:
        if offer.channels and not any(c.channel in offer.channels for c in with_leads):
            raise BadInput(f"offer {offer.offer} may be used in no channel that has leads; correct its channels")
    usable = [c for c in with_leads if usable_offers(request, c.channel)]
    paying = tuple(c for c in usable if sum(arm.leads for arm in _arms_of_channel(request, c, 1.0)) > 0)
    if not paying:
        raise BadInput("max_spend leaves no channel money for a contact; raise it")
    return paying


def _arms(request: PilotRequest, channels: Sequence[Channel], full_weeks: float) -> tuple[Arm, ...]:
    """Lay out all arms of a pilot that takes `full_weeks` weeks of whole traffic, kept to what each channel can deliver."""
    return tuple(arm for channel in channels for arm in _arms_of_channel(request, channel, full_weeks))


def _arms_of_channel(request: PilotRequest, channel: Channel, full_weeks: float) -> tuple[Arm, ...]:
    offers = usable_offers(request, channel.channel)
    control, each = arm_shares(len(offers))
    costs = {offer.offer: expected_cost(request, channel, offer) for offer in offers}
    leads = full_weeks * request.traffic[channel.channel]
    if channel.max_contacts is not None:
        leads = min(leads, channel.max_contacts / (1 - control))
    cost_per_lead = each * sum(costs.values())
    if channel.max_spend is not None and cost_per_lead > 0:
        leads = min(leads, max(0.0, channel.max_spend - channel.fixed_cost) / cost_per_lead)
    held = Arm(channel=channel.channel, offer=CONTROL, share=control, leads=control * leads, spend=0.0)
    tried = (
        Arm(channel=channel.channel, offer=name, share=each, leads=each * leads, spend=each * leads * cost)
        for name, cost in costs.items()
    )
    return held, *tried


def _spend(channels: Sequence[Channel], arms: Sequence[Arm]) -> float:
    used = {arm.channel for arm in arms if arm.leads > 0}
    return sum(arm.spend for arm in arms) + sum(c.fixed_cost for c in channels if c.channel in used)


def _contacts(arms: Sequence[Arm]) -> float:
    return sum(arm.leads for arm in arms if arm.offer != CONTROL)


def _most_weeks(request: PilotRequest, channels: Sequence[Channel]) -> tuple[float, LimitedBy]:
    """Give the most weeks of whole traffic that time, budget and contacts allow, and which of the three stops it."""

    def weeks_within(cap: float | None, used: Callable[[Sequence[Arm]], float]) -> float:
        if cap is None:
            return math.inf
        # Just short of the first length that is too long.
        return smallest(lambda weeks: used(_arms(request, channels, weeks)) > cap, request.max_weeks) * (1 - 1e-9)

    allowed: tuple[tuple[float, LimitedBy], ...] = (
        (request.max_weeks, "weeks"),
        (weeks_within(request.budget, lambda arms: _spend(channels, arms)), "budget"),
        (weeks_within(request.max_contacts, _contacts), "contacts"),
    )
    weeks, stops = min(allowed)
    arms = _arms(request, channels, weeks)
    if sum(arm.leads for arm in arms) < 2 * len(arms):
        raise BadInput(
            f"the limit on {stops} leaves next to no leads for the {len(arms)} arms of the pilot; raise it, or try fewer "
            "offers or channels"
        )
    return weeks, stops


def _finds_all(request: PilotRequest, arms: Sequence[Arm]) -> bool:
    readings = [_read(request, arms, offer.offer) for offer in request.offers]
    return all(r.detectable_uplift <= request.smallest_uplift * (1 + 1e-9) for r in readings)


def _read(request: PilotRequest, arms: Sequence[Arm], offer: str) -> OfferReading:
    """Say what the arms will tell about one offer; significance is shared out over the offers (Bonferroni)."""
    controls_of = {arm.channel: arm.leads for arm in arms if arm.offer == CONTROL}
    tried = [arm for arm in arms if arm.offer == offer and arm.leads > 0]
    leads, controls = [arm.leads for arm in tried], [controls_of[arm.channel] for arm in tried]
    p_offer = request.p_booked + request.smallest_uplift
    found = half_width = math.nan
    if tried:
        found = detectable_uplift(
            request.p_booked,
            controls,
            leads,
            significance=request.significance / len(request.offers),
            power=request.power,
        )
        half_width = Z_90 * math.sqrt(difference_variance(request.p_booked, p_offer, controls, leads))
    return OfferReading(
        offer=offer,
        leads=sum(leads),
        controls=sum(controls),
        detectable_uplift=found,
        half_width=half_width,
        booked=sum(leads) * p_offer,
        bad=sum(leads) * p_offer * request.p_bad,
    )


def _describe(
    request: PilotRequest,
    channels: Sequence[Channel],
    arms: tuple[Arm, ...],
    *,
    weeks: int,
    limited_by: LimitedBy,
    weeks_needed: float,
) -> PilotDesign:
    readings = tuple(_read(request, arms, offer.offer) for offer in request.offers)
    booked = sum(r.booked for r in readings) + request.p_booked * sum(a.leads for a in arms if a.offer == CONTROL)
    ends_on = request.starts_on + timedelta(days=7 * weeks - 1)
    booked_on = ends_on + timedelta(days=request.booking_window_days + 1)
    known = math.isfinite(weeks_needed)
    return PilotDesign(
        arms=arms,
        readings=readings,
        weeks=weeks,
        enrolled_share=_enrolled_share(request, arms, weeks),
        leads=sum(arm.leads for arm in arms),
        spend=_spend(channels, arms),
        finds_smallest_uplift=limited_by == "effect",
        limited_by=limited_by,
        weeks_needed=weeks_needed if known else math.nan,
        spend_needed=_spend(channels, _arms(request, channels, weeks_needed)) if known else math.nan,
        booked=booked,
        bad=booked * request.p_bad,
        bad_rate_half_width=Z_90 * math.sqrt(request.p_bad * (1 - request.p_bad) / booked),
        ends_on=ends_on,
        booked_readable_on=booked_on,
        bad_readable_on=booked_on + timedelta(days=request.maturity_days),
    )


def _enrolled_share(request: PilotRequest, arms: Sequence[Arm], weeks: int) -> dict[str, float]:
    leads: dict[str, float] = {}
    for arm in arms:
        leads[arm.channel] = leads.get(arm.channel, 0.0) + arm.leads
    return {channel: min(1.0, n / (weeks * request.traffic[channel])) for channel, n in leads.items()}
