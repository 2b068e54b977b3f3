"""Why there is no plan: the smallest set of limits to relax, by how much, and what else would help."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from acquire.allocate.elastic import Elastic
from acquire.allocate.iis import Core, smallest_sets
from acquire.allocate.mended import Everybody, anybody, plan_of, without
from acquire.allocate.options import Ints
from acquire.allocate.problem import Problem
from acquire.allocate.proof import Proof
from acquire.allocate.relax_words import say_conflict, say_nothing_helps
from acquire.allocate.remedies import Remedy, draw_nearer, guess_remedy
from acquire.allocate.whole import FEW
from acquire.errors import Infeasible

N_COLUMNS = 3_000  # of the first sample: enough to see which limits conflict; that is then proven on everybody
GROWTH = 4
MOST_COLUMNS = 60_000
MOST_SETS = 6  # of which the nearest are shown
MOST_SOLVES = 60  # for what else would help; the smallest set is sought until it is found
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What stands against any plan.

    Attributes:
        cores: Limits that cannot be met together, positions; each set is proven on everybody.
        remedies: What to relax, the nearest first.
        elastic: The live model of the people that this was found on.
    """

    cores: tuple[Core, ...]
    remedies: tuple[Remedy, ...]
    elastic: Elastic


def somebody_fits(problem: Problem, seed: int) -> bool:
    """Whether the limits can be met by contacting somebody, whatever it earns."""
    return plan_of(anybody(problem), seed) is not None


def explain_why_nobody(problem: Problem, seed: int) -> Infeasible:
    """The error to raise where the limits leave no plan, or none that contacts anybody: one line."""
    conflict = find_conflict(problem, seed)
    if not conflict.remedies:
        return say_nothing_helps(problem.rows)
    everybody = Everybody(problem, seed)
    mended = [everybody.mend(remedy, conflict.elastic) for remedy in conflict.remedies]
    remedies = [remedy for remedy in mended if remedy.figures]
    if not remedies:
        return say_nothing_helps(problem.rows)
    return say_conflict(problem.rows, remedies, frozenset().union(*conflict.cores))


def find_conflict(problem: Problem, seed: int) -> Conflict:
    """Find the smallest sets of limits to relax, on a sample of the people that grows until its proofs hold on everybody.

    The fewest limits come first, and among sets of one size the smallest relative change.

    Args:
        problem: Everybody, and all limits; rows that no plan file states cannot be relaxed.
        seed: Of the samples.
    """
    n_columns = N_COLUMNS
    while True:
        part = _sampled(problem, n_columns, seed)
        search = Search(part, seed)
        sets = search.sets()
        proven = part is problem or all(search.proofs[core].holds(problem) for core in search.cores)
        if proven or n_columns >= MOST_COLUMNS:
            break
        n_columns *= GROWTH
    guesses = nearest_first(guess_remedy(search.elastic, chosen) for chosen in sets)
    nearest = nearest_first(draw_nearer(search.elastic, guess) for guess in guesses[:SHOWN])
    return Conflict(cores=tuple(search.cores), remedies=tuple(nearest), elastic=search.elastic)


def nearest_first(remedies: Iterable[Remedy | None]) -> list[Remedy]:
    """Those that there are: the fewest limits first, then the smallest relative change."""
    return sorted((remedy for remedy in remedies if remedy is not None), key=nearness)


def nearness(remedy: Remedy) -> tuple[int, float]:
    """What of two remedies the nearer has less of."""
    return len(remedy.figures), remedy.distance


class Search:
    """The search for sets on one sample.

    Attributes:
        elastic: Its live model.
        cores: The conflicts the sets rest on.
        proofs: Of every conflict met.
    """

    __slots__ = ("_n_solves", "cores", "elastic", "proofs", "seed", "unstated")

    def __init__(self, problem: Problem, seed: int) -> None:
        self.elastic = Elastic(problem)
        self.cores: list[Core] = []
        self.proofs: dict[Core, Proof] = {}
        self.unstated = frozenset(i for i, row in enumerate(problem.rows) if not row.stated)
        self.seed = seed
        self._n_solves = 0

    def sets(self) -> list[frozenset[int]]:
        """The smallest sets, and as many more of that size or one larger as are found soon."""
        found: list[frozenset[int]] = []
        for chosen in smallest_sets(len(self.elastic.problem.rows), self.find_core, self.cores):
            if found and (self._n_solves > MOST_SOLVES or (chosen and len(chosen) > len(found[0]) + 1)):
                break
            if chosen is not None:
                self._n_solves = self._n_solves if found else 0
                found.append(chosen)
            if len(found) == MOST_SETS:
                break
        return found

    def find_core(self, dropped: Collection[int]) -> Core | None:
        """A conflict among the limits that are not dropped; None where there is a plan without them."""
        self._n_solves += 1
        kept = frozenset(dropped) - self.unstated
        proof = self.elastic.solve(kept).proof
        if proof is not None:
            core = proof.limits - self.unstated
            self.proofs[core] = proof
            return core
        return self.core_of_few(kept)

    def core_of_few(self, dropped: frozenset[int]) -> Core | None:
        """Few people: shares of contacts fit where no whole contacts do. What conflicts is found by leaving limits out."""
        problem = self.elastic.problem
        if len(problem.people) > FEW or plan_of(without(anybody(problem), dropped), self.seed) is not None:
            return None
        core = frozenset(range(len(problem.rows))) - dropped - self.unstated
        self.proofs[core] = Proof(lines=(), price_of_somebody=0.0)
        return core


def _sampled(problem: Problem, n_columns: int, seed: int) -> Problem:
    """Some people, each of whom stands for several; everybody where there are few."""
    people, weight = sampled_people(problem, n_columns, seed)
    return problem if weight == 1 else problem.sample(people, weight)[0]


def sampled_people(problem: Problem, n_columns: int, seed: int) -> tuple[Ints, float]:
    """Some people with about so many columns, and how many people each of them stands for: 1 where these are all."""
    n_people = len(problem.people) - problem.n_extra
    if len(problem) <= n_columns:
        return np.arange(n_people), 1.0
    n_sampled = max(1, round(n_people * n_columns / len(problem)))
    return np.sort(np.random.default_rng(seed).permutation(n_people)[:n_sampled]), n_people / n_sampled
