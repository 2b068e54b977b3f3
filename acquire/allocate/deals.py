"""What a channel is worth to a plan: the best plan with so many of its contacts, when it charges so much more for all of them.

A premium is a column that is no contact, one per channel: it spends one unit of money and brings nothing, so it counts wherever
spend counts. With G(v, m) the most that can be gained with v contacts of the channel at a premium of m in all, G falls in m, is
concave in it, and the premium at which having the contacts is worth nothing is where

    G(v, m) = G(u, 0)      u < v the contacts that would be left without the deal

Of several channels of one partner the premium is shared out by their contacts. A channel with a fixed cost or a minimum once used
is switched off where all its contacts go.

It is found by chords, from the first guess (G(v, 0) - G(u, 0)) / (gain per unit of money). All plans are solved on one live
handle, each from where the last one stands: v, u and m are right sides of rows.

The handle holds the options near the margin (margin.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.charged import Charged, Setting, charge_channels
from acquire.allocate.charges import Charge, as_columns
from acquire.allocate.figures import Figure
from acquire.allocate.leads import Relaxed
from acquire.allocate.live import LiveModel
from acquire.allocate.margin import nearest, share_of_people
from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.allocate.parts import code_of
from acquire.allocate.problem import People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits, Objective

MOST_STEPS = 30
WITHIN = 1e-6  # of the deal's worth
SUDDEN = 1e-3
IMPOSSIBLE = -np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of one channel: between so many contacts, at such a premium for all of them."""

    channel: str
    least: float
    most: float
    premium: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Some contacts of one channel: number `begins` to `ends`, the best first."""

    channel: str
    begins: float
    ends: float

    @property
    def contacts(self) -> float:
        """How many they are."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What some contacts are worth beyond what they cost.

    Attributes:
        premium: Money that could be paid on top.
        is_bounded: Whether they would be worth more, but no plan within the limits can pay more for all of them.
    """

    premium: float
    is_bounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deals:
    """The plan made ready for "what if this channel charged more".

    Attributes:
        problem: Options, what channels charge besides, and a premium of each channel as the last columns.
        option: Row in the option table of each column that is an option, shape (n_options,).
        options: The option table.
        channels: All channels; the premium columns are in their order.
        live: The handle; its last rows are the asks, in the order of the channels.
        base: The plan with shares of contacts, without premiums.
        people_share: Share of the people that it was solved on.
    """

    problem: Problem
    option: Ints
    options: Options
    channels: tuple[Channel, ...]
    live: LiveModel
    base: Relaxed
    people_share: float = 1.0

    def mine(self, channel: str) -> Flags:
        """Which columns that are options are contacts of the channel, shape (n_options,)."""
        flags: Flags = self.options.channel[self.option] == code_of(self.options.channel_names, channel)
        return flags

    def volume(self, channel: str) -> float:
        """Contacts of the channel in the plan."""
        return float(self.base.x[: len(self.option)] @ self.mine(channel))

    def money(self, *channels: str) -> float:
        """What the plan would gain at least from one unit of money less to be paid to channels; 0 = money is not scarce."""
        reduced = self.reduced()
        return min(-float(reduced[self._premium(channel)]) for channel in channels)

    def price_of(self, limit: str) -> float:
        """What one unit of a limit costs in gain; 0 where the plan has no such limit."""
        names = [row.name for row in self.problem.rows]
        return float(self.base.prices[names.index(limit)]) if limit in names else 0.0

    def reduced(self, without: tuple[str, ...] = ()) -> Floats:
        """What each column gains after the prices of all limits but some, shape (n,); what is asked has no price."""
        prices = self.base.prices.copy()
        limits = [row.name for row in self.problem.rows[: -4 * len(self.channels)]]
        priced = [i for i, name in enumerate(limits) if name not in without]
        prices[~np.isin(self.base.rows.owner, priced)] = 0.0
        reduced: Floats = self.problem.gain - self.base.rows.priced(prices)
        return reduced

    def gain(self, asks: Sequence[Ask]) -> float:
        """The most that can be gained when so much is asked of some channels; IMPOSSIBLE = no such plan."""
        moved = {name: figure for ask in asks for name, figure in _asks(ask).items()}
        rows = tuple(row.at(moved[row.name]) if row.name in moved else row for row in self.problem.rows)
        relaxed = self.live.solve(replace(self.problem, rows=rows))
        return IMPOSSIBLE if relaxed.broken else relaxed.objective

    def worth(self, *bundles: Bundle) -> Worth:
        """The premium at which some contacts, a bundle per channel, are worth nothing; NaN where money is not scarce."""
        money = self.money(*(bundle.channel for bundle in bundles))
        if money <= 0:
            return Worth(premium=float("nan"))
        without = self.gain([Ask(channel=b.channel, least=0.0, most=b.begins, premium=0.0) for b in bundles])
        full = self._with(bundles, 0.0)
        if IMPOSSIBLE in (without, full):
            # A floor or a lock demands the contacts at any price.
            return Worth(premium=float("nan"))
        return self._premium_for(bundles, full, without, money)

    def _with(self, bundles: Sequence[Bundle], premium: float) -> float:
        """The most that can be gained with all the contacts, at a premium that is shared out by contacts."""
        each = premium / sum(bundle.contacts for bundle in bundles)
        return self.gain(
            [Ask(channel=b.channel, least=b.ends, most=b.ends, premium=each * b.contacts) for b in bundles]
        )

    def _premium_for(self, bundles: Sequence[Bundle], full: float, without: float, money: float) -> Worth:
        """Where a falling concave function meets `without`: below it at `high`, not at `low`.

        A chord lies below the function, so where it meets `without` is a new `low`; a line through two lows lies above it further
        on, so where that meets `without` is a new `high`. Where the limits allow no such premium at all, the middle is tried.
        """
        close = WITHIN * max(abs(full - without), 1e-12)
        if full - without <= WITHIN * abs(full):
            return Worth(premium=0.0)  # the plan does as well without them
        low, at_low = 0.0, full
        high = (full - without) / money
        at_high = self._with(bundles, high)
        for _ in range(MOST_STEPS):
            if at_high >= without - close:
                return Worth(premium=high)
            drop = (at_low - without) / (at_low - at_high) if IMPOSSIBLE < at_high < at_low else 0.5
            middle = low + drop * (high - low)
            at_middle = self._with(bundles, middle)
            if abs(at_middle - without) <= close:
                return Worth(premium=middle)
            if high - low <= WITHIN * high:
                break
            if at_middle < without:
                high, at_high = middle, at_middle
                continue
            beyond = middle + (at_middle - without) / max((at_low - at_middle) / (middle - low), money)
            low, at_low = middle, at_middle
            if beyond < high:
                high, at_high = beyond, self._with(bundles, beyond)
        # Where the plan still gains by them at the highest premium that the limits allow, the fall is sudden.
        return Worth(premium=low, is_bounded=at_low - without > SUDDEN * (full - without))

    def _premium(self, channel: str) -> int:
        names = [c.channel for c in self.channels]
        return len(self.problem) - len(names) + names.index(channel)


def prepare_deals(
    options: Options,
    used: frozenset[str],
    limits: Limits,
    channels: tuple[Channel, ...],
    objective: Objective,
    *,
    score: Floats,
    seed: int,
) -> Deals:
    """Make a plan ready for questions about its channels.

    Args:
        options: The option table of the plan.
        used: Channels that the plan contacts anybody in; the others stay switched off where they have a fixed cost.
        limits, channels: Of the plan.
        objective: What `options.gain` counts.
        score: What each option gains after the plan's prices, shape (n,) (prices.py).
        seed: Of the sample.
    """
    rows = tuple(list_limits(options, limits, channels))
    problem = Problem(gain=options.gain, people=People.of(options.person, options.size), rows=rows)
    kept = np.arange(len(problem))
    charged = charge_channels(problem, options, limits, channels, objective)
    if charged is not None:
        on = frozenset(charged.switched) & used
        problem, kept = charged.at(Setting(on=on, off=frozenset(charged.switched) - used), ())
        problem = _with_loose_switches(problem, charged, kept)
    part, at = nearest(problem, score[kept[: problem.n_options]], seed)
    unit = [Charge(channel=channel.channel, begins_at=None, spend=1.0, size=0.0) for channel in channels]
    extra = as_columns(unit, options, limits, channels, objective)
    beyond_all = 10 * float(np.abs(options.spend).sum() + np.abs(options.gain).sum()) + 1
    extra = replace(extra, size=np.full(len(unit), beyond_all), whole=np.zeros(len(unit), dtype=bool))
    option = kept[at[: part.n_options]]
    ready = part.extended(extra)
    ready = replace(ready, rows=(*ready.rows, *_ask_rows(ready, options.channel[option], options, channels)))
    live = LiveModel(ready, frozenset())
    return Deals(
        problem=ready,
        option=option,
        options=options,
        channels=channels,
        live=live,
        base=live.solve(ready),
        people_share=share_of_people(problem, score[kept[: problem.n_options]]),
    )


def _with_loose_switches(problem: Problem, charged: Charged, kept: Ints) -> Problem:
    """Hold the switches that are on by a row each, which an ask may move, instead of for good."""
    rows, loose = [], []
    for name in charged.switched:
        place = np.flatnonzero(kept == charged.column(name))
        if len(place):
            loose.append(int(place[0]))
            switch = np.zeros(len(problem))
            switch[place] = 1.0
            figure = Figure.of(switch[: problem.n_options]).followed_by(switch[problem.n_options :])
            rows.append(Row(name=f"switch {name}", unit="contacts", figure=figure, allowed=1.0, at_least=True))
    forced = np.setdiff1d(problem.forced, np.array(loose, dtype=np.int64))
    return replace(problem, rows=(*problem.rows, *rows), forced=forced)


def _asks(ask: Ask) -> dict[str, float]:
    """The right sides of a channel's rows; without contacts it is not used, so that it neither costs nor asks for anything."""
    name = ask.channel
    moved = {
        f"deal at most {name}": ask.most,
        f"deal at least {name}": ask.least,
        f"premium at most {name}": ask.premium,
        f"premium at least {name}": ask.premium,
    }
    off = (f"switch {name}", f"min_spend_if_used[{name}]", f"used[{name}]")
    return moved if ask.most > 0 else moved | dict.fromkeys(off, 0.0)


def _ask_rows(problem: Problem, codes: Ints, options: Options, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """Four rows per channel: its contacts and its premium, each from below and above; at first they ask for nothing."""
    everybody = float(problem.people.size[problem.people.code[: len(codes)]].sum())
    n_more = problem.n_extra - len(channels)
    for place, channel in enumerate(channels):
        premium = np.zeros(problem.n_extra)
        premium[n_more + place] = 1.0
        contacts = Figure.count(len(codes), codes, code_of(options.channel_names, channel.channel))
        contacts = contacts.followed_by(np.zeros(problem.n_extra))
        money = Figure.of(np.zeros(len(codes))).followed_by(premium)
        for name, figure in _asks(Ask(channel=channel.channel, least=0.0, most=everybody, premium=0.0)).items():
            counted = contacts if name.startswith("deal") else money
            yield Row(name=name, unit="contacts", figure=counted, allowed=figure, at_least=" at least " in name)
