"""The limits that hold on to the plan in force: channels that stay as they are, and how far the others may move."""

from collections.abc import Iterator

import numpy as np

from acquire.allocate.limits import limit_contact_floor, limit_contacts
from acquire.allocate.options import Options
from acquire.allocate.parts import Part, code_of
from acquire.allocate.problem import People
from acquire.allocate.rows import Row
from acquire.domain import Channel, CurrentPlan, Limits, Shares
from acquire.errors import BadInput


def limit_changes(options: Options, limits: Limits, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """All rows about the plan in force.

    Raises:
        BadInput: There is no plan in force.
    """
    if limits.current_plan is None:
        if limits.need_current is not None:
            raise BadInput(
                f"{limits.need_current} speaks of the plan in force, which is not given; name its table as current_plan in "
                "[data]"
            )
        return
    for name in (channel.channel for channel in channels):
        if name in limits.locked_channels:
            yield from limit_locked(options, name, limits.current_plan)
        else:
            yield from limit_change(options, name, limits.max_change, limits.current_plan)


def open_options(options: Options, limits: Limits) -> Options:
    """The options that the plan in force leaves open: in a channel that is locked, or may only change by a share, what it has.

    What may have no contact at all is no choice, and so has no price.
    """
    current = limits.current_plan
    if current is None:
        return options
    closed = np.zeros((len(options.channel_names), len(options.offer_names)), dtype=np.bool_)
    for i, channel in enumerate(options.channel_names):
        if channel in limits.locked_channels:
            closed[i] = [current.of(channel, offer) == 0 for offer in options.offer_names]
        elif limits.max_change.get(channel, limits.max_change.get("*")) is not None:
            closed[i] = current.of_channel(channel) == 0
    shut = closed[options.channel, options.offer]
    return options.take(np.flatnonzero(~shut)) if shut.any() else options


def limit_locked(options: Options, channel: str, current: CurrentPlan) -> Iterator[Row]:
    """Leave a channel as it is: for every offer as many contacts as in the plan in force.

        sum(x, of channel and offer) <= contacts;   sum(x, of channel and offer) >= contacts, as far as there are people

    Who is contacted may differ: the plan in force is given as numbers of contacts.
    """
    code = code_of(options.channel_names, channel)
    for offer, name in enumerate(options.offer_names):
        mine = (options.channel == code) & (options.offer == offer)
        part = Part(options=options, whose=f"{channel} {name}, locked_channels", among=mine)
        contacts = current.of(channel, name)
        if contacts or len(part.members):
            yield limit_contacts(part, contacts)
        if least := min(contacts, _people(part)):
            yield limit_contact_floor(part, least)


def limit_change(options: Options, channel: str, shares: Shares, current: CurrentPlan) -> Iterator[Row]:
    """Move a channel by no more than a share of its contacts in the plan in force; "*" is the share of all not named.

    (1 - share) * contacts <= sum(x, of the channel) <= (1 + share) * contacts;   the floor as far as there are people
    """
    share = shares.get(channel, shares.get("*"))
    if share is None:
        return
    code, contacts = code_of(options.channel_names, channel), current.of_channel(channel)
    part = Part(options=options, whose=f"{channel}, max_change", among=options.channel, code=code)
    yield limit_contacts(part, (1 + share) * contacts)
    least = min((1 - share) * contacts, _people(part))
    if least > 0:
        yield limit_contact_floor(part, least)


def change_notes(options: Options, limits: Limits) -> tuple[str, ...]:
    """Sentences about floors that the people at hand do not fill: so many leads less than in the plan in force."""
    if limits.current_plan is None:
        return ()
    notes = []
    for channel in sorted(limits.locked_channels):
        code = code_of(options.channel_names, channel)
        for offer, name in enumerate(options.offer_names):
            mine = (options.channel == code) & (options.offer == offer)
            people = _people(Part(options=options, among=mine))
            contacts = limits.current_plan.of(channel, name)
            if people < contacts:
                notes.append(
                    f"channel {channel} is locked at {contacts:,} contacts with offer {name}, but only {people:,} people may "
                    "get it: controls and refused leads are left out"
                )
    return tuple(notes)


def _people(part: Part) -> int:
    """How many people have an option in the part, a group counted as many times as it stands for."""
    at, size = part.members, part.options.size
    return int(People.of(part.options.person[at], None if size is None else size[at]).size.sum())
