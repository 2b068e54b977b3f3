"""Which links (switches.py) a relaxed plan needs: the sets of people who are contacted more than their channel is on."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np

from acquire.allocate.charged import Charged, Setting, most_contacts
from acquire.allocate.options import Flags, Floats
from acquire.allocate.switches import Link

NOUGHT = 1e-6  # of a contact


def all_linked(charged: Charged, setting: Setting) -> tuple[Link, ...]:
    """One link per open switch over everybody in the channel: nobody is contacted where the switch is off."""
    everybody = np.ones(charged.problem.n_options, dtype=bool)
    return tuple(links_of(charged, charged.open_switches(setting), everybody))


def links_of(charged: Charged, channels: tuple[str, ...], among: Flags) -> Iterator[Link]:
    """One link per channel over all options `among`, shape (n_options,), that it has."""
    for name in channels:
        members = charged.mine(name) & among
        if members.any():
            yield Link(
                name=f"linked[{name}]", channel=name, members=members, capacity=_capacity(charged, name, members)
            )


def broken_links(charged: Charged, channels: tuple[str, ...], among: Flags, x: Floats) -> Iterator[Link]:
    """The link that a plan x of all columns breaks most, for each of some channels where it breaks one.

    The set is everybody with a larger share of a contact than the switch is on: any other set is broken less.

    Args:
        charged: The problem.
        channels: Whose links.
        among: The options that may be in a set, shape (n_options,).
        x: The plan of these options and of the switches.
    """
    n, people = charged.problem.n_options, charged.problem.people
    for name in channels:
        on, mine = float(x[charged.column(name)]), charged.mine(name) & among
        share = np.bincount(people.code[:n], weights=np.where(mine, x[:n], 0.0), minlength=len(people)) / people.size
        members = mine & (share > on + NOUGHT)[people.code[:n]]
        capacity, contacts = _capacity(charged, name, members), float(x[:n] @ members)
        if contacts - capacity * on > NOUGHT * max(1.0, contacts):
            yield Link(name=f"linked[{name}]_{_mark(members)}", channel=name, members=members, capacity=capacity)


def _capacity(charged: Charged, channel: str, members: Flags) -> float:
    """Most contacts of a set: its people, and what the channel can deliver."""
    people = charged.problem.people
    size = float(people.size[np.unique(people.code[np.flatnonzero(members)])].sum())
    by_name = {c.channel: c for c in charged.channels}
    return min(size, most_contacts(charged.problem, charged.options, by_name[channel]))


def _mark(members: Flags) -> str:
    """A name for a set of options: the same set has the same."""
    return f"{int(members.sum())}_{crc32(members.tobytes()):08x}"
