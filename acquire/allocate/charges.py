"""What a channel charges besides each contact, as columns that are no contacts: its price tiers and its fixed cost.

One such column is a `Charge`: so much money per unit, at most so many units. To every limit it is an option that costs money and
brings nothing, so it counts wherever spend counts (budget, shares, CAC, a channel's own limits) and nowhere else. A channel that
is worn out (saturation.py) charges accounts instead of money: such a column costs nothing and brings less than nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from acquire.allocate.figures import as_figure
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.parts import code_of
from acquire.allocate.problem import Extra
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits, Objective, SaturationStep
from acquire.saturation import LOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One column that is no contact.

    Attributes:
        channel: Name of the channel that charges it.
        begins_at: Contacts before the price tier begins; None = the switch, whether the channel is used at all.
        spend: Money per unit.
        size: Most units: the width of a tier in contacts, 1 for a switch.
        step: What each unit loses, where contacts beyond the usual number bring less; None = it charges money.
    """

    channel: str
    begins_at: float | None
    spend: float
    size: float
    step: SaturationStep | None = None

    @property
    def is_switch(self) -> bool:
        """Whether it is all or nothing."""
        return self.begins_at is None

    @property
    def is_tier(self) -> bool:
        """Whether it is a price tier."""
        return self.begins_at is not None and self.step is None

    def lost(self, figure: str) -> float:
        """What a unit brings less of one figure of the option table."""
        return 0.0 if self.step is None else self.step.lost(figure)

    def units(self, contacts: float) -> float:
        """How many units so many contacts of the channel make."""
        if self.begins_at is None:
            return float(contacts > 0)
        return min(max(0.0, contacts - self.begins_at), self.size)


def surcharges(options: Options, chosen: Ints, contacts: Floats, channels: Sequence[Channel]) -> Floats:
    """What the channel of each chosen contact charges besides it, spread evenly over the channel's contacts, in money.

    Args:
        options: The option table.
        chosen: Positions of what was chosen.
        contacts: How many contacts each of them is, shape (len(chosen),).
        channels: All channels of the plan.

    Returns:
        Money per contact, shape (len(chosen),); times `contacts` it adds up to what the channels charge.
    """
    code = options.channel[chosen]
    by_channel = np.bincount(code, weights=contacts, minlength=len(options.channel_names))
    by_name = {channel.channel: channel for channel in channels}
    charged = [
        by_name[name].once_used(n) if name in by_name else 0.0
        for name, n in zip(options.channel_names, by_channel.tolist(), strict=True)
    ]
    each: Floats = np.divide(charged, by_channel, out=np.zeros(len(by_channel)), where=by_channel > 0)[code]
    return each


def as_columns(
    charges: Sequence[Charge],
    options: Options,
    limits: Limits,
    channels: tuple[Channel, ...],
    objective: Objective,
) -> Extra:
    """Give the charges as columns of a problem, with what each counts in every limit."""
    table = _as_options(charges, options, channels)
    rows = list(list_limits(table, limits, channels))
    return Extra(
        gain={"incremental_accounts": table.incremental, "incremental_value": table.value, "spend": -table.spend}[
            objective.goal
        ],
        size=np.array([charge.size for charge in charges]),
        figures={row.name: _counted(row.figure) for row in rows},
        bases={row.name: _counted(row.base) for row in rows if row.base is not None},
        whole=np.array([charge.is_switch for charge in charges], dtype=bool),
    )


def _as_options(charges: Sequence[Charge], options: Options, channels: tuple[Channel, ...]) -> Options:
    """The charges as an option table of their own: they spend, or lose what was promised; all their other figures are 0."""
    n = len(charges)
    by_name = {channel.channel: channel for channel in channels}
    whose = [by_name[charge.channel] for charge in charges]
    columns: dict[str, Any] = {
        name: np.zeros((n, *getattr(options, name).shape[1:]))
        for name in options.__dataclass_fields__
        if isinstance(getattr(options, name), np.ndarray)
    }
    columns |= {
        "lead": np.full(n, -1),
        "person": np.arange(n),
        "offer": np.full(n, -1),
        "region": np.full(n, -1),
        "channel": np.array([code_of(options.channel_names, c.channel) for c in whose], dtype=np.int64),
        "partner": np.array([code_of(options.partner_names, c.partner) for c in whose], dtype=np.int64),
        "affiliate": np.array([code_of(options.affiliate_names, c.affiliate_group or "") for c in whose]),
        "spend": np.array([charge.spend for charge in charges]),
        **{name: np.array([-charge.lost(name) for charge in charges]) for name in LOST},
        "value": np.array([-charge.spend - charge.lost("value") for charge in charges]),
        "groups": {name: np.zeros(n, dtype=bool) for name in options.groups},
        "size": None,
    }
    return replace(options, **columns)


def _counted(figure: object) -> Floats:
    """What each charge counts; a figure that counts contacts counts none."""
    counted = as_figure(figure)  # type: ignore[arg-type]
    return np.zeros(len(counted)) if counted.values is None else counted.dense()
