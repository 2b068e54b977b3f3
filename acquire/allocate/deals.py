"""What a channel is worth to a plan: the best plan with so many of its contacts, when it charges so much more for all of them.

A premium is a column that is no contact, one per channel: it spends one unit of money and brings nothing, so it counts wherever
spend counts. With G(v, m) the most that can be gained with v contacts of the channel at a premium of m in all, G falls in m, is
concave in it, and the premium at which having the contacts is worth nothing is where

    G(v, m) = G(u, 0)      u < v the contacts that would be left without the deal

It is found by chords, from the first guess (G(v, 0) - G(u, 0)) / (gain per unit of money). All plans are solved on one live
handle, each from where the last one stands: v, u and m are right sides of rows.

The handle holds the MOST_COLUMNS options that gain most after the plan's prices, PER_PERSON of each person: whoever leaves or
joins when one channel's contacts go is near the margin, far behind it nobody moves. Where those who pay are more, a sample of the
people is taken first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.charged import Setting, charge_channels
from acquire.allocate.charges import Charge, as_columns
from acquire.allocate.figures import Figure
from acquire.allocate.leads import Relaxed
from acquire.allocate.live import LiveModel
from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.allocate.parts import code_of
from acquire.allocate.problem import People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits, Objective

MOST_COLUMNS = 10_000
PER_PERSON = 2  # options: the one that is planned, and what else the person might get
ROOM = 0.75  # of the columns, for those who pay
MOST_STEPS = 30
WITHIN = 1e-6  # of the deal's worth
SUDDEN = 1e-3
IMPOSSIBLE = -np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of one channel: between so many contacts, at such a premium for all of them."""

    least: float
    most: float
    premium: float


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
    """

    problem: Problem
    option: Ints
    options: Options
    channels: tuple[Channel, ...]
    live: LiveModel
    base: Relaxed

    def mine(self, channel: str) -> Flags:
        """Which columns that are options are contacts of the channel, shape (n_options,)."""
        flags: Flags = self.options.channel[self.option] == code_of(self.options.channel_names, channel)
        return flags

    def volume(self, channel: str) -> float:
        """Contacts of the channel in the plan."""
        return float(self.base.x[: len(self.option)] @ self.mine(channel))

    def money(self, channel: str) -> float:
        """What the plan would gain from one unit of money less to be paid to the channel; 0 = money is not scarce."""
        return -float(self.reduced()[self._premium(channel)])

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

    def gain(self, channel: str, least: float, most: float, premium: float = 0.0) -> float:
        """The most that can be gained with `least` to `most` contacts of the channel at a premium; IMPOSSIBLE = no such plan."""
        moved = _asks(channel, Ask(least=least, most=most, premium=premium))
        rows = tuple(row.at(moved[row.name]) if row.name in moved else row for row in self.problem.rows)
        relaxed = self.live.solve(replace(self.problem, rows=rows))
        return IMPOSSIBLE if relaxed.broken else relaxed.objective

    def worth(self, channel: str, least: float, most: float) -> Worth:
        """The premium at which the contacts from `least` to `most` are worth nothing; NaN where money is not scarce."""
        money = self.money(channel)
        if money <= 0:
            return Worth(premium=float("nan"))
        without = self.gain(channel, 0.0, least)
        full = self.gain(channel, most, most)
        if IMPOSSIBLE in (without, full):
            # A floor or a lock demands the contacts at any price.
            return Worth(premium=float("nan"))
        return self._premium_for(channel, most, full, without, money)

    def _premium_for(self, channel: str, volume: float, full: float, without: float, money: float) -> Worth:
        """Where a falling concave function meets `without`: below it at `high`, not at `low`.

        A chord lies below the function, so where it meets `without` is a new `low`; a line through two lows lies above it further
        on, so where that meets `without` is a new `high`. Where the limits allow no such premium at all, the middle is tried.
        """
        close = WITHIN * max(abs(full - without), 1e-12)
        if full - without <= WITHIN * abs(full):
            return Worth(premium=0.0)  # the plan does as well without them
        low, at_low = 0.0, full
        high = (full - without) / money
        at_high = self.gain(channel, volume, volume, high)
        for _ in range(MOST_STEPS):
            if at_high >= without - close:
                return Worth(premium=high)
            drop = (at_low - without) / (at_low - at_high) if IMPOSSIBLE < at_high < at_low else 0.5
            middle = low + drop * (high - low)
            at_middle = self.gain(channel, volume, volume, middle)
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
                high, at_high = beyond, self.gain(channel, volume, volume, beyond)
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
    part, at = _nearest(problem, score[kept[: problem.n_options]], seed)
    unit = [Charge(channel=channel.channel, begins_at=None, spend=1.0, size=0.0) for channel in channels]
    extra = as_columns(unit, options, limits, channels, objective)
    beyond_all = 10 * float(np.abs(options.spend).sum() + np.abs(options.gain).sum()) + 1
    extra = replace(extra, size=np.full(len(unit), beyond_all), whole=np.zeros(len(unit), dtype=bool))
    option = kept[at[: part.n_options]]
    ready = part.extended(extra)
    ready = replace(ready, rows=(*ready.rows, *_ask_rows(ready, options.channel[option], options, channels)))
    live = LiveModel(ready, frozenset())
    return Deals(problem=ready, option=option, options=options, channels=channels, live=live, base=live.solve(ready))


def _asks(channel: str, ask: Ask) -> dict[str, float]:
    """The right sides of a channel's rows."""
    return {
        f"deal at most {channel}": ask.most,
        f"deal at least {channel}": ask.least,
        f"premium at most {channel}": ask.premium,
        f"premium at least {channel}": ask.premium,
    }


def _ask_rows(problem: Problem, codes: Ints, options: Options, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """Four rows per channel: its contacts and its premium, each from below and above; at first they ask for nothing."""
    everybody = Ask(least=0.0, most=float(problem.people.size[problem.people.code[: len(codes)]].sum()), premium=0.0)
    n_more = problem.n_extra - len(channels)
    for place, channel in enumerate(channels):
        premium = np.zeros(problem.n_extra)
        premium[n_more + place] = 1.0
        contacts = Figure.count(len(codes), codes, code_of(options.channel_names, channel.channel))
        contacts = contacts.followed_by(np.zeros(problem.n_extra))
        money = Figure.of(np.zeros(len(codes))).followed_by(premium)
        for name, figure in _asks(channel.channel, everybody).items():
            counted = contacts if name.startswith("deal") else money
            yield Row(name=name, unit="contacts", figure=counted, allowed=figure, at_least=" at least " in name)


def _nearest(problem: Problem, score: Floats, seed: int) -> tuple[Problem, Ints]:
    """The problem of the options that gain most, and the positions of its columns; what is no contact stays."""
    if problem.n_options <= MOST_COLUMNS:
        return problem, np.arange(len(problem))
    part, at = _sampled(problem, score, seed)
    first = _first_of_each_person(part, score[at[: part.n_options]])
    kept = np.r_[np.sort(first[:MOST_COLUMNS]), np.arange(part.n_options, len(part))]
    return part.take(kept, part.people.size[part.people.code[kept]]), at[kept]


def _first_of_each_person(problem: Problem, score: Floats) -> Ints:
    """The options among the PER_PERSON best of their person, those that gain most first."""
    order = np.argsort(-score, kind="stable")
    code = problem.people.code[order]
    by_person = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(code[by_person]) > 0])
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_person] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    first: Ints = order[rank < PER_PERSON]
    return first


def _sampled(problem: Problem, score: Floats, seed: int) -> tuple[Problem, Ints]:
    """So few of the people that those who pay leave room for others; all of them where that is so anyway."""
    n_paying = len(np.unique(problem.people.code[: problem.n_options][score > 0]))
    share = ROOM * MOST_COLUMNS / (PER_PERSON * max(n_paying, 1))
    if share >= 1:
        return problem, np.arange(len(problem))
    n_people = len(problem.people) - problem.n_extra
    n_sampled = int(share * n_people)
    people = np.sort(np.random.default_rng(seed).permutation(n_people)[:n_sampled])
    return problem.sample(people, n_people / n_sampled)
