"""The random reserve of a plan, and the chance with which every lead got what it got: what later history calls `propensity`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.options import Options
from acquire.allocate.prices import Prices, would_contact
from acquire.allocate.reserve import Reserve, draw_reserve, propensities
from acquire.allocate.rulebook import list_limits
from acquire.domain import Correction

if TYPE_CHECKING:
    from campaigns.choice import Market

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

_OWN_STREAM = 5  # of the seed, so that a plan without a reserve stays as it was


def _nobody() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What chance alone decides.

    Attributes:
        everyone: The options of all who may be contacted, those kept back as controls too; None without a reserve.
        reserve: Who is contacted by chance; None without a reserve.
        forced: The options drawn, as positions among the options of those not kept back.
    """

    everyone: Options | None = None
    reserve: Reserve | None = None
    forced: Ints = field(default_factory=_nobody)

    @property
    def leads(self) -> Ints:
        """The leads drawn, ascending."""
        return _nobody() if self.everyone is None or self.reserve is None else self.everyone.lead[self.reserve.chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """How chance and plan came together.

    Attributes:
        reserve: Leads contacted by chance.
        anyway: Of these the ones whose person the plan would have contacted too, shape of `reserve`.
        table: Chance of each offer, and last of no contact, for every lead, shape (n, J + 1); NaN for whom no lot could contact,
            and for leads that stand for several.
    """

    reserve: Ints = field(default_factory=_nobody)
    anyway: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    table: Floats | None = None


def draw_lot(market: "Market", kept_back: Flags) -> Lot:
    """Draw the reserve before anybody is chosen, among those who are not kept back."""
    if market.explore_share == 0:
        return Lot()
    everyone = market.options(market.eligible, Correction())
    apart = [everyone.channel_names.index(name) for name in _apart(market)]
    free = ~kept_back[everyone.lead]
    reserve = draw_reserve(
        everyone,
        list_limits(everyone, market.limits, market.channels),
        market.explore_share,
        np.random.default_rng([market.seed, _OWN_STREAM]),
        may=~np.isin(everyone.channel, apart) & market.is_single[everyone.lead],
        free=free,
        control_share=market.control_share,
    )
    return Lot(everyone=everyone, reserve=reserve, forced=np.searchsorted(np.flatnonzero(free), reserve.chosen))


def _apart(market: "Market") -> list[str]:
    """Channels that chance leaves alone: those that stay as they are, and those that cost something once they are used."""
    return [
        channel.channel
        for channel in market.channels
        if channel.channel in market.limits.locked_channels or channel.fixed_cost > 0 or channel.min_spend_if_used
    ]


def log_chances(
    market: "Market", lot: Lot, options: Options, chosen: Ints, spare: Options, controls: Ints, prices: Prices
) -> Chances:
    """The chance of everything that could have happened to every lead.

    Args:
        market: Leads and shares.
        lot: What was drawn.
        options, chosen: What could be chosen for those not kept back, and what was.
        spare, controls: The options of those kept back, and which of them the plan would have chosen.
        prices: What the plan would have chosen for those who were drawn.
    """
    if lot.everyone is None or lot.reserve is None:
        return Chances(table=_without_reserve(market, options, chosen, spare, controls))
    everyone, reserve = lot.everyone, lot.reserve
    place = np.full((len(market.leads), len(market.offer_names)), -1)
    place[everyone.lead, everyone.offer] = np.arange(len(everyone))
    mine = chosen[~np.isin(chosen, lot.forced)]
    drawn = np.isin(options.person, options.person[lot.forced])
    instead = _would(options, np.flatnonzero(drawn), prices)
    pairs = [(options, mine), (options, instead), (spare, controls)]
    planned = np.concatenate([place[table.lead[at], table.offer[at]] for table, at in pairs])
    table = propensities(
        everyone.lead,
        everyone.offer,
        reserve.chance,
        reserve.chance_of_option,
        planned,
        market.control_share,
        shape=place.shape,
    )
    table[~market.is_single] = np.nan
    leads = options.lead[lot.forced]
    return Chances(reserve=leads, anyway=np.isin(options.person[lot.forced], options.person[instead]), table=table)


def _without_reserve(market: "Market", options: Options, chosen: Ints, spare: Options, controls: Ints) -> Floats:
    nothing = np.zeros(len(options) + len(spare))
    table = propensities(
        np.r_[options.lead, spare.lead],
        np.r_[options.offer, spare.offer],
        nothing,
        nothing,
        np.r_[chosen, len(options) + controls],
        market.control_share,
        shape=(len(market.leads), len(market.offer_names)),
    )
    table[~market.is_single] = np.nan
    return table


def _would(options: Options, at: Ints, prices: Prices) -> Ints:
    """What the plan would have chosen for the people behind some options: positions in the whole table."""
    return at[would_contact(options.take(at), prices)]
