"""The smallest set of limits to relax where channels charge once they are used: over every setting of their switches.

A set of limits helps where some setting leaves a plan without them. So a conflict has to stand in every setting: the switches are
decided one after the other, each time in one live model with the others open (in parts), until either a plan is found whose
switches are on or off, or every branch has a proof; the limits of all those proofs together are the core. Which setting asks for
the least is found in the same way, the most promising branch first: with a switch open no less is asked for than with it decided.

Where that takes more than MOST_NODES branches it is given up, and whoever asked says so.

References:
    Land, Doig (1960), An Automatic Method of Solving Discrete Programming Problems.
"""

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from acquire.allocate.charged import Charged, Setting, charge_channels
from acquire.allocate.elastic import Elastic
from acquire.allocate.iis import Core
from acquire.allocate.mended import Everybody, anybody, plan_of, without
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.proof import Proof
from acquire.allocate.relax import (
    GROWTH,
    MOST_COLUMNS,
    N_COLUMNS,
    SHOWN,
    Search,
    nearest_first,
    nearness,
    sampled_people,
)
from acquire.allocate.relax_words import say_conflict, say_nothing_helps
from acquire.allocate.remedies import Remedy, draw_nearer, guess_remedy
from acquire.allocate.whole import FEW
from acquire.domain import Objective
from acquire.errors import Infeasible

MOST_NODES = 4_000  # branches of all searches for cores together
MOST_PRICED = 120  # branches of the search for the nearest figures of one set; the best setting by then counts
WHOLE = 1e-6  # a switch this near to on or off is


class TooManySettings(Exception):
    """The settings of the switches are too many to be searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A problem with its switches open.

    Attributes:
        problem: Rows as `Charged.undecided` has them.
        switch: Position of each channel's switch.
        columns: All columns of the channel: its contacts, what it charges, its switch.
        first: The channels that are on in any case.
    """

    problem: Problem
    switch: Mapping[str, int]
    columns: Mapping[str, Ints]
    first: Setting

    @classmethod
    def of(cls, charged: Charged) -> "Switched":
        """The switches of a problem; no channel's own cap is built into what it charges, so that caps can be moved."""
        loose = _without_caps(charged)
        problem, n = loose.undecided(), loose.problem.n_options
        columns = {
            name: np.r_[
                np.flatnonzero(loose.mine(name)), n + np.flatnonzero([c.channel == name for c in loose.charges])
            ].astype(np.int64)
            for name in loose.switched
        }
        on = frozenset(name for name, at in columns.items() if np.isin(at[at < n], problem.forced).any())
        switch = {name: loose.column(name) for name in loose.switched}
        return cls(problem=problem, switch=switch, columns=columns, first=Setting(on=on))

    def sampled(self, n_columns: int, seed: int) -> "Switched":
        """The same of some people, each of whom stands for several; of everybody where there are few."""
        people, weight = sampled_people(self.problem, n_columns, seed)
        if weight == 1:
            return self
        problem, at = self.problem.sample(people, weight)
        switch = {name: int(np.searchsorted(at, place)) for name, place in self.switch.items()}
        columns = {name: np.flatnonzero(np.isin(at, own)) for name, own in self.columns.items()}
        return replace(self, problem=problem, switch=switch, columns=columns)

    def decided(self, setting: Setting) -> Problem:
        """The problem with some switches on and others, with all that is theirs, taken away; its rows stay where they are."""
        on = np.array([self.switch[name] for name in sorted(setting.on)], dtype=np.int64)
        problem = replace(self.problem, forced=np.union1d(self.problem.forced, on))
        if not setting.off:
            return problem
        gone = np.concatenate([self.columns[name] for name in setting.off])
        kept = np.setdiff1d(np.arange(len(problem)), gone)
        return problem.take(kept, problem.people.size[problem.people.code[kept]])

    def open_in(self, setting: Setting) -> tuple[str, ...]:
        """Channels whose switch is neither on nor off."""
        return tuple(name for name in self.switch if name not in setting.on and name not in setting.off)

    def is_empty(self, setting: Setting) -> bool:
        """Whether the channels that are off are all there are."""
        n = self.problem.n_options
        return sum(int((self.columns[name] < n).sum()) for name in setting.off) == n

    def bounds(self, setting: Setting) -> tuple[Floats, Floats]:
        """Least and most of every column under a setting, each shape (n,)."""
        most, least = self.problem.people.size[self.problem.people.code].copy(), self.problem.held
        least[[self.switch[name] for name in setting.on]] = 1.0
        for name in setting.off:
            most[self.columns[name]] = 0.0
        return least, most

    def rounded(self, setting: Setting, x: Floats) -> Setting:
        """The open switches on where their channel contacts somebody in a plan x, else off."""
        n = self.problem.n_options
        for name in self.open_in(setting):
            own = self.columns[name]
            used = x[own[own < n]].sum() > WHOLE or x[self.switch[name]] > 1 - WHOLE
            setting = setting.with_on(name) if used else setting.with_off(name)
        return setting

    def sides(self, setting: Setting, x: Floats) -> tuple[Setting, Setting]:
        """The two sides of the open switch that is least clear in a plan x, the likelier first."""
        name = min(self.open_in(setting), key=lambda name: abs(x[self.switch[name]] - 0.5))
        on, off = setting.with_on(name), setting.with_off(name)
        return (on, off) if x[self.switch[name]] >= 0.5 else (off, on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Figures of some limits, and the setting of the switches in which there is a plan with them."""

    remedy: Remedy
    setting: Setting


def explain_over_settings(charged: Charged, seed: int) -> Infeasible | None:
    """The line that names the smallest set of limits to relax over all settings of the switches; None where there is no such set.

    Raises:
        TooManySettings: They were not all searched.
    """
    everybody = Switched.of(charged)
    search, sets = _search(everybody, seed)
    guesses = [guess for chosen in sets if (guess := search.nearest(chosen)) is not None]
    guesses = sorted(guesses, key=lambda guess: nearness(guess.remedy))[:SHOWN]
    if not guesses:
        return None
    mended = nearest_first(_mended(everybody, search.switched, guess, seed) for guess in guesses)
    moving = [remedy for remedy in mended if remedy.figures]
    if not moving:
        return say_nothing_helps(everybody.problem.rows)
    return say_conflict(everybody.problem.rows, moving, frozenset().union(*search.cores))


def _mended(everybody: Switched, part: Switched, guess: Guess, seed: int) -> Remedy:
    """The figures at which everybody has a plan in the setting that was found."""
    elastic = Elastic(part.decided(guess.setting))
    remedy = guess_remedy(elastic, frozenset(guess.remedy.figures)) or guess.remedy
    return Everybody(everybody.decided(guess.setting), seed).mend(draw_nearer(elastic, remedy), elastic)


def _search(everybody: Switched, seed: int) -> tuple["_Search", list[frozenset[int]]]:
    """The search over a sample that grows until its proofs hold on everybody, and the sets it found."""
    n_columns = N_COLUMNS
    while True:
        part = everybody.sampled(n_columns, seed)
        search = _Search(part, seed)
        sets = search.sets()
        if part is everybody or n_columns >= MOST_COLUMNS or search.holds_on(everybody):
            return search, sets
        n_columns *= GROWTH


class _Search(Search):
    """The search for sets over all settings, on one sample.

    Attributes:
        switched: The sample.
        branches: Of every conflict met, the settings that were proven apart, each with its proof.
    """

    __slots__ = ("_n_nodes", "branches", "switched")

    def __init__(self, switched: Switched, seed: int) -> None:
        Search.__init__(self, switched.problem, seed)
        self.switched = switched
        self.branches: dict[Core, list[tuple[Setting, Proof]]] = {}
        self._n_nodes = 0

    def find_core(self, dropped: Collection[int]) -> Core | None:
        """Limits that conflict in every setting; None where some setting leaves a plan without those that are dropped."""
        kept = frozenset(dropped) - self.unstated
        core: Core = frozenset()
        branches, waiting = [], [self.switched.first]
        while waiting:
            setting = waiting.pop()
            if self.switched.is_empty(setting):
                continue  # nobody to contact, whatever the limits
            shortfall = self._solve(setting, kept)
            if shortfall is None:
                return self.core_of_few(kept)
            if isinstance(shortfall, Proof):
                branches.append((setting, shortfall))
                core |= shortfall.limits - self.unstated
            else:
                likelier, other = self.switched.sides(setting, shortfall)
                waiting += [other, likelier]
        self.branches[core] = branches
        return core

    def holds_on(self, everybody: Switched) -> bool:
        """Whether every branch of every core is proven over everybody."""
        return all(
            proof.holds(everybody.decided(setting))
            for core in self.cores
            for setting, proof in self.branches.get(core, [])
        )

    def nearest(self, chosen: frozenset[int]) -> Guess | None:
        """The figures of some limits that have to move least, over all settings; None where there are none."""
        best: Guess | None = None
        order, waiting = count(), [(0.0, 0, self.switched.first)]
        for _ in range(MOST_PRICED):
            if not waiting or (best is not None and waiting[0][0] >= best.remedy.distance):
                break
            _, _, setting = heapq.heappop(waiting)
            for node in self._to_price(setting):
                remedy = self._priced(node, chosen)
                if remedy is None or (best is not None and remedy.distance >= best.remedy.distance):
                    continue
                if not self.switched.open_in(node):
                    best = Guess(remedy=remedy, setting=node)
                else:
                    heapq.heappush(waiting, (remedy.distance, -next(order), node))
        return best

    def _priced(self, setting: Setting, chosen: frozenset[int]) -> Remedy | None:
        """How far some limits have to move in a setting; of few people, once it is decided, in whole contacts."""
        if self.switched.is_empty(setting):
            return None
        self.elastic.bound(*self.switched.bounds(setting))
        remedy = guess_remedy(self.elastic, chosen)
        if remedy is None or len(self.switched.problem.people) > FEW or self.switched.open_in(setting):
            return remedy
        decided = self.switched.decided(setting)
        if plan_of(without(anybody(decided), chosen), self.seed) is None:
            return None
        return Everybody(decided, self.seed).mend(remedy, self.elastic)

    def _to_price(self, setting: Setting) -> Iterator[Setting]:
        """The sides of the first open switch; the setting itself where all are decided."""
        names = self.switched.open_in(setting)
        if names:
            yield setting.with_on(names[0])
            yield setting.with_off(names[0])
        else:
            yield setting

    def _solve(self, setting: Setting, dropped: frozenset[int]) -> Proof | Floats | None:
        """A proof that a branch has no plan; a plan with switches that are on in part; None where there is a plan."""
        self._n_nodes += 1
        if self._n_nodes > MOST_NODES:
            raise TooManySettings
        self.elastic.bound(*self.switched.bounds(setting))
        shortfall = self.elastic.solve(dropped)
        if shortfall.proof is not None:
            return shortfall.proof
        names = self.switched.open_in(setting)
        if all(not WHOLE < shortfall.x[self.switch_of(name)] < 1 - WHOLE for name in names):
            return None
        rounded = self.switched.rounded(setting, shortfall.x)
        if self.switched.is_empty(rounded):
            return shortfall.x
        self.elastic.bound(*self.switched.bounds(rounded))
        return None if self.elastic.solve(dropped).proof is None else shortfall.x

    def switch_of(self, name: str) -> int:
        """Position of a channel's switch."""
        return self.switched.switch[name]


def _without_caps(charged: Charged) -> Charged:
    problem = charged.problem
    contacts = np.arange(problem.n_options)
    alone = problem.take(contacts, problem.people.size[problem.people.code[contacts]])
    channels = tuple(replace(channel, max_contacts=None) for channel in charged.channels)
    goal = Objective(maximise="incremental_accounts")
    loose = charge_channels(alone, charged.options, charged.limits, channels, goal)
    return charged if loose is None else loose
