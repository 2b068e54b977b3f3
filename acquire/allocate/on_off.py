"""Which channels to use at all, and what that proves: the search over the switches, the whole plan, and the bound of both.

Where people are many, the switches are searched on a weighted sample of them; the plan, and the bound of every setting that was
closed, are those of everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from acquire.allocate.blocks import BlockModel
from acquire.allocate.bound import certified_bound
from acquire.allocate.charged import Charged, Setting
from acquire.allocate.decided import Decided, plan_decided
from acquire.allocate.leads import Relaxed, solve_shares
from acquire.allocate.links import all_linked
from acquire.allocate.options import Floats, Ints
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Problem
from acquire.allocate.switch_search import Closed, Leaf, Search
from acquire.allocate.switches import Link
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import FEW

N_SEARCHED = 20_000  # people: the switches are about totals, which a sample of so many knows well
MOST_LISTED = 6  # switches: with few people all their settings are planned
RELATIVE_GAP = 2e-5  # of the plan's gain: a setting that promises no more is not planned in whole contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the search came to.

    Attributes:
        plan: The best whole plan with its setting; without a plan where none was found.
        bound: A gain that no plan can pass, whatever the switches.
    """

    plan: Decided
    bound: float


@dataclass(slots=True, kw_only=True)
class _Planner:
    """Settings in whole contacts, each planned once."""

    charged: Charged
    seed: int
    tangents: Tangents
    best: Decided | None = None
    gains: dict[frozenset[str], float] = field(default_factory=dict)

    @property
    def best_gain(self) -> float:
        """What the best plan so far gains; -inf where there is none."""
        return -np.inf if self.best is None else self.best.gain

    def try_leaves(self, leaves: Sequence[Leaf]) -> None:
        """Plan the best of some decided settings in whole contacts; where it has no plan, the one before."""
        for leaf in reversed(leaves[-3:]):
            if self.gain(leaf.setting, dict(leaf.prices)) > -np.inf:
                break

    def gain(self, setting: Setting, prices: dict[str, float]) -> float:
        """What the best whole plan of a setting gains; -inf where there is none."""
        if setting.on not in self.gains:
            plan = plan_decided(self.charged, setting, self.seed, prices, self.tangents)
            self.gains[setting.on] = plan.gain
            if self.best is None or plan.gain > self.best.gain:
                self.best = plan
        return self.gains[setting.on]


def settle(charged: Charged, seed: int) -> Settled:
    """Decide every switch, and who is contacted.

    First the settings are compared by their relaxed plans; where the whole plan of the best falls short of what others promise,
    as with few people, they are compared by their whole plans.

    Args:
        charged: The problem with what channels charge.
        seed: Of the order in which people are sampled.
    """
    searched, first = _sampled(charged, seed), first_setting(charged)
    planner = _Planner(charged=charged, seed=seed, tangents=_tangents(searched, seed))
    if charged.problem.spreads:
        bound = _settle_on_average(charged, searched, first, planner)
    else:
        bound = _settle_exactly(charged, searched, first, planner)
    if planner.best_gain < 0:
        planner.gain(_all(charged, first, on=False), {})
    if planner.best is None:
        planner.gain(_all(charged, first, on=True), {})
    assert planner.best is not None  # noqa: S101 - some setting was planned
    return Settled(plan=planner.best, bound=float(max(bound, planner.best_gain)))


def _settle_exactly(charged: Charged, searched: Charged, first: Setting, planner: _Planner) -> float:
    """Plan the settings that matter where no row has a confidence; gives the bound."""
    model = BlockModel(searched, planner.tangents)
    search = Search(charged=searched, model=model, fixes=searched is charged)
    search.run(first)
    planner.try_leaves(search.leaves)
    best = planner.best_gain
    if searched is not charged:
        return _bound(charged, search.closed, (), planner.tangents)
    if np.isinf(best) or search.bound > best + RELATIVE_GAP * abs(best):
        search = Search(charged=charged, model=model, fixes=True, best=best, whole=planner.gain)
        search.run(first)
    return search.bound


def _settle_on_average(charged: Charged, searched: Charged, first: Setting, planner: _Planner) -> float:
    """The same where rows have a confidence: they are linear around one plan only, so that is done around the best plan again.

    With few people all settings are planned: coin flips then weigh too much for any line.
    """
    n_people = len(np.unique(charged.problem.people.code[: charged.problem.n_options]))
    names = charged.open_switches(first)
    if n_people <= FEW and len(names) <= MOST_LISTED:
        for on in product([True, False], repeat=len(names)):
            planner.gain(_with(first, names, on), {})
    for _ in range(2):
        model = BlockModel(searched, planner.tangents)
        search = Search(charged=searched, model=model, fixes=False)
        search.run(first)
        before = planner.best
        planner.try_leaves(search.leaves)
        if planner.best is before or planner.best is None:
            break
        planner.tangents = planner.best.tangents
    return _bound(charged, search.closed, model.links if searched is charged else (), model.tangents)


def _with(setting: Setting, names: Sequence[str], on: Sequence[bool]) -> Setting:
    for name, is_on in zip(names, on, strict=True):
        setting = setting.with_on(name) if is_on else setting.with_off(name)
    return setting


def _all(charged: Charged, first: Setting, *, on: bool) -> Setting:
    names = charged.open_switches(first)
    return _with(first, names, [on] * len(names))


def first_setting(charged: Charged) -> Setting:
    """A channel in which somebody is contacted in any case is on."""
    forced = charged.problem.forced
    forced = forced[forced < charged.problem.n_options]
    return Setting(on=frozenset(name for name in charged.switched if charged.mine(name)[forced].any()))


def _sampled(charged: Charged, seed: int) -> Charged:
    """The problem of a sample of the people, each of whom stands for many; as it is where people are few."""
    people = np.unique(charged.problem.people.code[: charged.problem.n_options])
    if len(people) <= N_SEARCHED:
        return charged
    chosen = np.sort(np.random.default_rng(seed).permutation(people)[:N_SEARCHED])
    problem, at = charged.problem.sample(chosen, len(people) / N_SEARCHED)
    return replace(charged, problem=problem, options=charged.options.take(at[: problem.n_options]))


def _tangents(charged: Charged, seed: int) -> Tangents:
    """What the rows with a confidence are made linear with: found with every switch open and its cost shared."""
    tangents = Tangents()
    if charged.problem.spreads:
        problem, _ = charged.at(Setting(), all_linked(charged, Setting()))
        solve_shares(problem, tangents, seed)
    return tangents


def _bound(charged: Charged, closed: Sequence[Closed], links: Sequence[Link], tangents: Tangents) -> float:
    """The largest of the bounds of all closed settings, recomputed on everybody."""
    bounds = [bound_of(charged, one, links, tangents) if one.prices else one.bound for one in closed]
    return max(bounds, default=-np.inf)


def bound_of(charged: Charged, closed: Closed, links: Sequence[Link], tangents: Tangents) -> float:
    """A gain that no plan of a closed setting can pass, from its prices.

    Besides the rows, an open switch z ties every contact of its channel, x_j <= z. At a price of this per person, as high as what
    the person gains in the channel beyond the best course elsewhere and all of them together as high as what the switch costs,
    gains move from contacts to the switch, and no plan of the setting gains less than before.
    """
    problem, at = charged.at(closed.setting, links)
    rows = tangents.lower(problem)
    start = Prices(of_row=dict(closed.prices), tangents=tangents, limits=charged.limits, channels=charged.channels)
    prices = start.along(rows)
    gain = _moved_to_switches(charged, closed.setting, problem, at, problem.gain - rows.priced(prices))
    moved = replace(problem, gain=problem.gain + gain)
    if not problem.spreads:
        return rows.bound(moved, prices)
    relaxed = Relaxed(x=problem.held, rows=rows, prices=prices, broken=(), objective=0.0, bound=np.inf)
    return certified_bound(moved, relaxed, tangents)


def _moved_to_switches(charged: Charged, setting: Setting, problem: Problem, at: Ints, reduced: Floats) -> Floats:
    """What each column gains or loses by the prices of its tie to a switch, shape (n,)."""
    moved, people, n = np.zeros(len(problem)), problem.people, problem.n_options
    score = problem.of_the_free(reduced).copy()
    score[n:] = -np.inf
    for name in charged.open_switches(setting):
        switch = int(np.searchsorted(at, charged.column(name)))
        mine = np.zeros(len(problem), dtype=bool)
        mine[:n] = charged.mine(name)[at[:n]]
        inside = people.best(np.where(mine, score, -np.inf))
        excess = np.maximum(inside - people.best(np.where(mine, -np.inf, score)), 0.0)
        total = float(people.size @ excess)
        share = min(1.0, max(0.0, -reduced[switch]) / total) if total > 0 else 0.0
        moved[mine] -= share * excess[people.code[mine]]
        moved[switch] += share * total
        score[mine] -= share * excess[people.code[mine]]
    return moved
