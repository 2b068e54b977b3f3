"""A problem with what the channels charge besides each contact: its columns, its rows, and what a setting of the switches makes
of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from acquire.allocate.charges import Charge, as_columns
from acquire.allocate.figures import as_figure
from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.allocate.parts import code_of
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row
from acquire.allocate.saturation import saturation_charges, saturation_row
from acquire.allocate.switches import Link, floor_row, link_row, switch_charges, tied_row, used_row
from acquire.allocate.tiers import Span, span_rows, tier_charges, tier_row
from acquire.domain import Channel, Limits, Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Which switches are on, which are off, and between which numbers of contacts a channel is held.

    Attributes:
        on, off: Names of channels; a channel with a switch in neither is open.
        spans: By channel; a channel that is not named may contact as many as it likes.
    """

    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    spans: Mapping[str, Span] = field(default_factory=dict)

    def with_on(self, channel: str) -> "Setting":
        """The same with one switch more on."""
        return replace(self, on=self.on | {channel})

    def with_off(self, channel: str) -> "Setting":
        """The same with one switch more off."""
        return replace(self, off=self.off | {channel})

    def with_span(self, channel: str, span: Span) -> "Setting":
        """The same with the contacts of a channel held."""
        return replace(self, spans={**self.spans, channel: span})


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A problem whose last columns are what channels charge besides each contact.

    Attributes:
        problem: With the charges as columns; only the limits as rows.
        options: The option table of the first columns.
        channels: All channels of the plan.
        charges: The last columns.
        limits: Behind the rows.
    """

    problem: Problem
    options: Options
    limits: Limits
    channels: tuple[Channel, ...]
    charges: tuple[Charge, ...]

    @property
    def switched(self) -> tuple[str, ...]:
        """Channels that have a switch."""
        return tuple(charge.channel for charge in self.charges if charge.is_switch)

    @property
    def tiered(self) -> tuple[str, ...]:
        """Channels whose tiers can be reached."""
        return tuple(dict.fromkeys(charge.channel for charge in self.charges if charge.is_tier))

    def mine(self, channel: str) -> Flags:
        """The options of a channel, shape (n_options,)."""
        flags: Flags = self.options.channel == code_of(self.options.channel_names, channel)
        return flags

    def spending(self) -> Floats:
        """What each charge costs per unit, shape (n_extra,), in money."""
        return np.array([charge.spend for charge in self.charges])

    def column(self, channel: str) -> int:
        """Position of a channel's switch among all columns."""
        names = [c.channel if c.is_switch else None for c in self.charges]
        return self.problem.n_options + names.index(channel)

    def widest(self, channel: str) -> Span:
        """The span in which every number of contacts of a channel with tiers lies."""
        mine = (c for c in self.charges if c.channel == channel and c.is_tier)
        ends = [c.begins_at + c.size for c in mine if c.begins_at is not None]
        return Span(least=0.0, most=max(ends))

    def steps_inside(self, setting: Setting, channel: str) -> list[float]:
        """The beginnings of tiers inside the span in which a channel's contacts are held."""
        span = setting.spans.get(channel, self.widest(channel))
        starts = (c.begins_at for c in self.charges if c.channel == channel and c.begins_at is not None)
        return [start for start in starts if span.least < start < span.most]

    def open_switches(self, setting: Setting) -> tuple[str, ...]:
        """Channels whose switch is neither on nor off."""
        return tuple(name for name in self.switched if name not in setting.on and name not in setting.off)

    def at(self, setting: Setting, links: Sequence[Link]) -> tuple[Problem, Ints]:
        """The problem under a setting, and the positions of its columns among all.

        Args:
            setting: Channels that are off lose their columns; those on have their switch forced.
            links: What ties the contacts of open channels to their switches.
        """
        rows = (*self.problem.rows, *self._rows(setting, links), *self._ties(setting))
        forced = [self.column(name) for name in sorted(setting.on)]
        forced += [self.problem.n_options + i for i, c in enumerate(self.charges) if _is_full(c, setting)]
        whole = replace(
            self.problem, rows=rows, forced=np.union1d(self.problem.forced, np.array(forced, dtype=np.int64))
        )
        kept = np.flatnonzero(~self._closed(setting))
        if len(kept) == len(whole):
            return whole, kept
        return whole.take(kept, whole.people.size[whole.people.code[kept]]), kept

    def undecided(self) -> Problem:
        """The problem with every switch open, in which a limit is one row: it can be moved or left out."""
        people, code = self.problem.people, self.problem.people.code[: self.problem.n_options]
        links = []
        for name in self.switched:
            mine = self.mine(name)
            capacity = float(people.size[np.unique(code[mine])].sum())
            links.append(Link(name=f"linked[{name}]", channel=name, members=mine, capacity=capacity))
        return replace(self.problem, rows=(*self.problem.rows, *self._rows(Setting(), links)))

    def completed(self, x: Floats) -> Floats:
        """A plan x of all columns with its charges as its contacts make them: no tier paid that is not needed, no idle switch."""
        x = x.copy()
        for place, charge in enumerate(self.charges, self.problem.n_options):
            contacts = float(x[: self.problem.n_options] @ self.mine(charge.channel))
            x[place] = charge.units(round(contacts, 9))
        return x

    def _closed(self, setting: Setting) -> Flags:
        closed = np.zeros(len(self.problem), dtype=bool)
        codes = [code_of(self.options.channel_names, name) for name in setting.off]
        closed[: self.problem.n_options] = np.isin(self.options.channel, codes)
        closed[self.problem.n_options :] = [_is_closed(charge, setting) for charge in self.charges]
        return closed

    def _rows(self, setting: Setting, links: Sequence[Link]) -> Iterator[Row]:
        of_switch = {charge.channel: charge for charge in self.charges if charge.is_switch}
        for channel in self.channels:
            name = channel.channel
            if name in setting.off:
                continue
            if name in self.tiered:
                yield tier_row(self.options, self.charges, name)
            if any(c.channel == name and c.step is not None for c in self.charges):
                yield saturation_row(self.options, self.charges, name)
            if name in setting.spans:
                yield from span_rows(self.options, self.charges, name, setting.spans[name])
            if name in of_switch and channel.min_spend_if_used:
                yield floor_row(self.options, self.charges, channel, is_on=name in setting.on)
            if name in of_switch and (channel.min_spend_if_used or 0.0) <= of_switch[name].spend:
                yield used_row(self.options, self.charges, name, is_on=name in setting.on)
        yield from (link_row(link, self.charges) for link in links if link.channel not in setting.on | setting.off)

    def _ties(self, setting: Setting) -> Iterator[Row]:
        """The caps of open channels, each tied to its switch: they say nothing that is not so, and more than the relaxed plan."""
        for name in self.open_switches(setting):
            yield from (tied_row(row, self.charges, name) for row in self._caps_of(name))

    def _caps_of(self, channel: str) -> Iterator[Row]:
        """The caps on amounts that speak of one channel only."""
        code = code_of(self.options.channel_names, channel)
        for row in self.problem.rows:
            figure = as_figure(row.figure)
            own = figure.among is self.options.channel and figure.code == code
            if own and row.base is None and not row.at_least:
                yield row


def charge_channels(
    problem: Problem, options: Options, limits: Limits, channels: tuple[Channel, ...], objective: Objective
) -> Charged | None:
    """Give a problem the columns of what its channels charge besides each contact; None where they charge nothing else.

    Args:
        problem: Over the options only, with the limits as rows.
        options: Its option table.
        limits: Behind its rows.
        channels: All channels of the plan; those without an option are never used.
        objective: What the gain counts.
    """
    charges = tuple(
        charge
        for channel in channels
        if (n := most_contacts(problem, options, channel)) > 0
        for charge in (*switch_charges(channel), *tier_charges(channel, n), *saturation_charges(channel, n))
    )
    if not charges:
        return None
    extended = problem.extended(as_columns(charges, options, limits, channels, objective))
    return Charged(problem=extended, options=options, limits=limits, channels=channels, charges=charges)


def most_contacts(problem: Problem, options: Options, channel: Channel) -> float:
    """How many contacts a channel can have: its people, and what it can deliver."""
    mine = np.flatnonzero(options.channel == code_of(options.channel_names, channel.channel))
    people = float(problem.people.size[np.unique(problem.people.code[mine])].sum())
    return people if channel.max_contacts is None else min(people, channel.max_contacts)


def _is_full(charge: Charge, setting: Setting) -> bool:
    span = setting.spans.get(charge.channel)
    return span is not None and span.fills(charge)


def _is_closed(charge: Charge, setting: Setting) -> bool:
    span = setting.spans.get(charge.channel)
    return charge.channel in setting.off or (span is not None and span.closes(charge))
