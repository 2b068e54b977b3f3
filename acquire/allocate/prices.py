"""The plan as a rule: what each limit costs at the margin, and so what anybody would be offered at these prices."""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.leads import Relaxed
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rulebook import list_limits
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The prices of the limits, with what is needed to apply them to any option table.

    Attributes:
        of_row: Price per linear row, by the row's name; a row that is not named costs nothing.
        tangents: Where the rows with a confidence were made linear.
        limits, channels: The limits the prices belong to.
    """

    of_row: dict[str, float]
    tangents: Tangents
    limits: Limits
    channels: tuple[Channel, ...]

    @classmethod
    def of(cls, relaxed: Relaxed, tangents: Tangents, limits: Limits, channels: tuple[Channel, ...]) -> "Prices":
        """The prices of a relaxed plan."""
        named = zip(relaxed.rows.names, relaxed.prices.tolist(), strict=True)
        return cls(of_row={n: p for n, p in named if p > 0}, tangents=tangents, limits=limits, channels=channels)


def score(options: Options, prices: Prices) -> Floats:
    """What each option gains after paying the prices of the limits it uses.

    reduced gain = gain - sum over limits of price * (use of the limit by this contact)

    Returns:
        Shape (n,), in the objective's unit; positive = worth a contact at these prices.
    """
    rows = tuple(list_limits(options, prices.limits, prices.channels))
    linear = prices.tangents.lower(Problem(gain=options.gain, people=People.of(options.person), rows=rows))
    each = np.array([prices.of_row.get(name, 0.0) for name in linear.names])
    reduced: Floats = options.gain - each @ linear.matrix
    return reduced


def would_contact(options: Options, prices: Prices) -> Ints:
    """The option each person would get at these prices: the one with the best positive score, none for the others.

    The rule that the plan follows, for people who were not planned for (a holdout, a held-out fold): it applies the plan's
    trade-offs and does not count how often they use up a limit.

    Returns:
        Positions of the options, at most one per person, ascending.
    """
    return np.sort(People.of(options.person).choice(score(options, prices)))
