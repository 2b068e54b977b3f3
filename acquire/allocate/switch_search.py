"""Which channels to use at all: branch and bound on their switches, over the relaxed plan with warm prices.

Each node of the search has some switches on, some off, and the others open. Its relaxed plan (blocks.py) gives prices, and the
prices a bound that no plan of the node can pass. A node is closed where its bound does not beat the best setting so far; a switch
is fixed where the prices show that its other side would be closed. The best setting is then solved in whole contacts like any
other plan. The bound of the search is the largest of all closed nodes, from their prices: no status of a solver is taken for it.

References:
    Land, Doig (1960), An Automatic Method of Solving Discrete Programming Problems.
    Balinski (1961), Fixed-Cost Transportation Problems.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from acquire.allocate.blocks import BlockModel, Eased
from acquire.allocate.charged import Charged, Setting

RELATIVE_GAP = 2e-5  # of the best plan's gain: a node that promises no more is closed
MAX_NODES = 4_000
MAX_PLANNED = 100  # settings in whole contacts: with few people, many may promise more than the best plan
WHOLE = 1e-6  # a switch this near to on or off is


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A setting that need not be looked into.

    Attributes:
        setting: What is decided.
        prices: Prices that prove it, by the row's name.
        bound: What they prove.
    """

    setting: Setting
    prices: Mapping[str, float]
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A setting whose switches are all decided.

    Attributes:
        setting: What is decided.
        gain: Of its relaxed plan.
        prices: Of its rows, by name.
    """

    setting: Setting
    gain: float
    prices: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    setting: Setting
    promise: float


@dataclass(slots=True, kw_only=True)
class Search:
    """The search so far.

    Attributes:
        charged: The problem.
        model: Its relaxed plans.
        fixes: Whether a switch may be fixed by the prices; else every side is solved before it is closed.
        best: What the best setting gains.
        whole: What a decided setting gains in whole contacts, from it and its prices; None = settings are compared by their
            relaxed plans.
        leaves: The settings that were decided and possible, each better than those before.
        closed: The nodes that are done with.
        n_nodes: How many were solved.
        n_planned: How many were planned in whole contacts.
    """

    charged: Charged
    model: BlockModel
    fixes: bool = True
    best: float = -np.inf
    whole: Callable[[Setting, dict[str, float]], float] | None = None
    leaves: list[Leaf] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    n_nodes: int = 0
    n_planned: int = 0

    @property
    def target(self) -> float:
        """What a node must promise to be worth looking into."""
        return self.best if np.isinf(self.best) else self.best + RELATIVE_GAP * abs(self.best)

    @property
    def bound(self) -> float:
        """A gain that no plan can pass, once the search is over."""
        return max((node.bound for node in self.closed), default=-np.inf)

    def run(self, first: Setting) -> None:
        """Dive to a first decided setting, then look into the most promising node until none promises more than the best."""
        nodes = [_Open(setting=first, promise=np.inf)]
        while nodes and self.n_nodes < MAX_NODES and self.n_planned < MAX_PLANNED:
            at = -1 if np.isinf(self.best) else max(range(len(nodes)), key=lambda i: nodes[i].promise)
            node = nodes.pop(at)
            eased = self.model.solve(node.setting, self.target)
            self.n_nodes += 1
            nodes += [_Open(setting=child, promise=eased.bound) for child in self._look_into(node.setting, eased)]
        self.closed += [Closed(setting=node.setting, prices={}, bound=node.promise) for node in nodes]

    def _look_into(self, setting: Setting, eased: Eased) -> Iterator[Setting]:
        """Close a node, or give its two sides, the likelier last."""
        if not eased.is_possible:
            self.closed.append(Closed(setting=setting, prices=eased.prices, bound=eased.bound))
            return
        if eased.bound > self.target and self.fixes:
            setting = self._fixed(setting, eased)
        names = self.charged.open_switches(setting)
        loose = [name for name in names if WHOLE < eased.on[name] < 1 - WHOLE]
        if eased.bound > self.target and not loose:
            self._take(self._rounded(setting, eased), eased)
            loose = list(names) if self.whole else []
        if eased.bound <= self.target or not loose:
            self.closed.append(Closed(setting=setting, prices=eased.prices, bound=eased.bound))
            return
        name = min(loose, key=lambda name: abs(eased.on[name] - 0.5))
        sides = [setting.with_off(name), setting.with_on(name)]
        yield from sides if eased.on[name] >= 0.5 else sides[::-1]

    def _fixed(self, setting: Setting, eased: Eased) -> Setting:
        """Decide the switches whose other side the prices close."""
        for name, worth in eased.worth.items():
            if eased.bound - abs(worth) <= self.target:
                other = setting.with_off(name) if worth > 0 else setting.with_on(name)
                self.closed.append(Closed(setting=other, prices=eased.prices, bound=eased.bound - abs(worth)))
                setting = setting.with_on(name) if worth > 0 else setting.with_off(name)
        return setting

    def _rounded(self, setting: Setting, eased: Eased) -> Setting:
        for name in self.charged.open_switches(setting):
            setting = setting.with_on(name) if eased.on[name] >= 0.5 else setting.with_off(name)
        return setting

    def _take(self, setting: Setting, eased: Eased) -> None:
        """Keep a decided setting where it is the best so far."""
        gain = eased.gain
        if self.whole is not None:
            gain = self.whole(setting, dict(eased.prices))
            self.n_planned += 1
        if gain > self.best:
            self.best = gain
            self.leaves.append(Leaf(setting=setting, gain=gain, prices=eased.prices))
