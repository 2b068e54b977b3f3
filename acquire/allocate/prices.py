"""The plan as a rule: what each limit costs at the margin, and so what anybody would be offered at these prices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from acquire.allocate.linear import LinearRows
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.switches import floor_row, per_contact
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits

if TYPE_CHECKING:
    from acquire.allocate.leads import Relaxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The prices of the limits, with what is needed to apply them to any option table.

    Attributes:
        of_row: Price per linear row, by the row's name; a row that is not named costs nothing.
        tangents: Where the rows with a confidence were made linear.
        limits, channels: The limits the prices belong to.
        off: Channels that are not used at all, because what they charge once they are used does not pay.
        per_contact: What one more contact in a channel costs beside the limits, in gain, by channel: a dearer price tier.
    """

    of_row: dict[str, float]
    tangents: Tangents
    limits: Limits
    channels: tuple[Channel, ...]
    off: frozenset[str] = frozenset()
    per_contact: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        relaxed: "Relaxed",
        tangents: Tangents,
        limits: Limits,
        channels: tuple[Channel, ...],
        *,
        off: frozenset[str] = frozenset(),
    ) -> "Prices":
        """The prices of a relaxed plan, in which the channels `off` are not used."""
        named = dict(zip(relaxed.rows.names, relaxed.prices.tolist(), strict=True))
        return cls(
            of_row={n: p for n, p in named.items() if p > 0},
            tangents=tangents,
            limits=limits,
            channels=channels,
            off=off,
            per_contact=per_contact(relaxed.rows.rows, named),
        )

    def along(self, rows: LinearRows) -> Floats:
        """The price of each of some linear rows, shape (m,)."""
        return np.array([self.of_row.get(name, 0.0) for name in rows.names])


def score(options: Options, prices: Prices) -> Floats:
    """What each option gains after paying the prices of the limits it uses.

    reduced gain = gain - sum over limits of price * (use of the limit by this contact)

    Returns:
        Shape (n,), in the objective's unit; positive = worth a contact at these prices.
    """
    linear = lowered(options, prices)
    return options.gain - linear.priced(prices.along(linear)) - beside_limits(options, prices)


def lowered(options: Options, prices: Prices) -> LinearRows:
    """The rows that the prices are of, over a table of options."""
    used = [channel for channel in prices.channels if channel.channel not in prices.off]
    floors = (floor_row(options, (), channel, is_on=True) for channel in used if channel.min_spend_if_used)
    rows = (*list_limits(options, prices.limits, prices.channels), *floors)
    return prices.tangents.lower(Problem(gain=options.gain, people=People.of(options.person), rows=rows))


def beside_limits(options: Options, prices: Prices) -> Floats:
    """What a contact costs beside the limits, shape (n,), in gain: a dearer tier; infinite in a channel that is not used."""
    of_channel = [np.inf if n in prices.off else prices.per_contact.get(n, 0.0) for n in options.channel_names]
    costs: Floats = np.array([*of_channel, 0.0])[options.channel]
    return costs


def would_contact(options: Options, prices: Prices) -> Ints:
    """The option each person would get at these prices: the one with the best positive score, none for the others.

    The rule that the plan follows, for people who were not planned for (a holdout, a held-out fold): it applies the plan's
    trade-offs and does not count how often they use up a limit.

    Returns:
        Positions of the options, at most one per person, ascending.
    """
    return np.sort(People.of(options.person).choice(score(options, prices)))
