"""The plan under whatever its channels charge: plain where they charge per contact only, with switches and tiers where not."""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.bound import certified_bound
from acquire.allocate.charged import Charged, charge_channels
from acquire.allocate.leads import Relaxed, solve_shares
from acquire.allocate.on_off import settle
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import solve_contacts
from acquire.domain import Channel, Limits, Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The best whole plan that was found, and the problem it solves once every switch is on or off.

    Attributes:
        problem: The columns of channels that may be used; what is charged besides contacts comes after the options.
        charged: What the channels charge besides each contact, with every switch open; None where they charge nothing else.
        options: Positions of its options in the option table.
        relaxed: Its plan with shares of contacts, which has the prices.
        x: Its plan in whole contacts, over all its columns; None where none was found.
        bound: What no plan within the limits can gain, whatever the switches.
        prices: What each limit costs at the margin.
    """

    problem: Problem
    charged: Charged | None
    options: Ints
    relaxed: Relaxed
    x: Floats | None
    bound: float
    prices: Prices

    def of_options(self, x: Floats, n_options: int) -> Floats:
        """The contacts of a plan of these columns by each option of the table, shape (n_options,)."""
        contacts = np.zeros(n_options)
        contacts[self.options] = x[: self.problem.n_options]
        return contacts


def decide(
    problem: Problem,
    options: Options,
    limits: Limits,
    channels: tuple[Channel, ...],
    objective: Objective,
    seed: int,
) -> Decision:
    """Find the best plan in whole contacts.

    Args:
        problem: Over the options, with every limit as a row.
        options: Its option table.
        limits: Behind the rows.
        channels: All channels of the plan.
        objective: What the gain counts.
        seed: Of the order in which people are sampled.
    """
    charged = charge_channels(problem, options, limits, channels, objective)
    if charged is None:
        return _plain(problem, limits, channels, seed)
    return _settled(charged, seed)


def _plain(problem: Problem, limits: Limits, channels: tuple[Channel, ...], seed: int) -> Decision:
    tangents = Tangents()
    relaxed = solve_shares(problem, tangents, seed)
    return Decision(
        problem=problem,
        charged=None,
        options=np.arange(len(problem)),
        relaxed=relaxed,
        x=solve_contacts(problem, tangents, relaxed),
        bound=certified_bound(problem, relaxed, tangents),
        prices=Prices.of(relaxed, tangents, limits, channels),
    )


def _settled(charged: Charged, seed: int) -> Decision:
    settled = settle(charged, seed)
    node = settled.plan
    off = frozenset(name for name in charged.switched if name not in node.setting.on)
    return Decision(
        problem=node.problem,
        charged=charged,
        options=node.at[: node.problem.n_options],
        relaxed=node.relaxed,
        x=None if node.x is None else node.x[node.at],
        bound=settled.bound,
        prices=Prices.of(node.relaxed, node.tangents, charged.limits, charged.channels, off=off),
    )
