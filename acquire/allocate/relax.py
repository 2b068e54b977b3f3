"""Why there is no plan: the smallest set of limits to relax, by how much, and what else would help."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.elastic import Elastic
from acquire.allocate.iis import Core, smallest_sets
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.proof import Proof
from acquire.allocate.relax_words import say_conflict, say_nothing_helps
from acquire.allocate.remedies import Remedy, draw_nearer, guess_remedy, looser, use_of
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import FEW, solve_contacts
from acquire.errors import Infeasible

N_COLUMNS = 3_000  # of the first sample: enough to see which limits conflict; that is then proven on everybody
GROWTH = 4
MOST_COLUMNS = 60_000
MOST_SETS = 6  # of which the nearest are shown
MOST_SOLVES = 60  # for what else would help; the smallest set is sought until it is found
SHOWN = 3
HALVINGS = 14
HAIR = 0.01  # of the last digit of a round figure
STEPS = (1.02, 1.05, 1.1, 1.2, 1.4)  # of the way from the plan file's figures
STEPS_OF_SAMPLE = (0.96, *STEPS)  # a sample may also ask for too much


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What stands against any plan.

    Attributes:
        cores: Limits that cannot be met together, positions; each set is proven on everybody.
        remedies: What to relax, the nearest first.
    """

    cores: tuple[Core, ...]
    remedies: tuple[Remedy, ...]


def somebody_fits(problem: Problem, seed: int) -> bool:
    """Whether the limits can be met by contacting somebody, whatever it earns."""
    return _plan(_anybody(problem), seed) is not None


def explain_why_nobody(problem: Problem, seed: int) -> Infeasible:
    """The error to raise where the limits leave no plan, or none that contacts anybody: one line."""
    conflict = find_conflict(problem, seed)
    if not conflict.remedies:
        return say_nothing_helps(problem.rows)
    remedies = [_for_everybody(problem, remedy, seed) for remedy in conflict.remedies]
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
        search = _Search(part, seed)
        sets = search.sets()
        proven = part is problem or all(search.proofs[core].holds(problem) for core in search.cores)
        if proven or n_columns >= MOST_COLUMNS:
            break
        n_columns *= GROWTH
    guesses = [guess for chosen in sets if (guess := guess_remedy(search.elastic, chosen)) is not None]
    nearest = [draw_nearer(search.elastic, guess) for guess in sorted(guesses, key=_nearness)[:SHOWN]]
    return Conflict(cores=tuple(search.cores), remedies=tuple(sorted(nearest, key=_nearness)))


def _nearness(remedy: Remedy) -> tuple[int, float]:
    return len(remedy.figures), remedy.distance


class _Search:
    """The search for sets on one sample.

    Attributes:
        elastic: Its live model.
        cores: The conflicts the sets rest on.
        proofs: Of every conflict met.
    """

    __slots__ = ("_n_solves", "_seed", "_unstated", "cores", "elastic", "proofs")

    def __init__(self, problem: Problem, seed: int) -> None:
        self.elastic = Elastic(problem)
        self.cores: list[Core] = []
        self.proofs: dict[Core, Proof] = {}
        self._seed = seed
        self._n_solves = 0
        self._unstated = frozenset(i for i, row in enumerate(problem.rows) if not row.stated)

    def sets(self) -> list[frozenset[int]]:
        """The smallest sets, and as many more of that size or one larger as are found soon."""
        found: list[frozenset[int]] = []
        for chosen in smallest_sets(len(self.elastic.problem.rows), self._find_core, self.cores):
            if found and (self._n_solves > MOST_SOLVES or (chosen and len(chosen) > len(found[0]) + 1)):
                break
            if chosen is not None:
                self._n_solves = self._n_solves if found else 0
                found.append(chosen)
            if len(found) == MOST_SETS:
                break
        return found

    def _find_core(self, dropped: Collection[int]) -> Core | None:
        """A conflict among the limits that are not dropped; None where there is a plan without them."""
        problem = self.elastic.problem
        self._n_solves += 1
        kept = frozenset(dropped) - self._unstated
        proof = self.elastic.solve(kept).proof
        if proof is not None:
            core = proof.limits - self._unstated
            self.proofs[core] = proof
            return core
        if len(problem.people) > FEW or _plan(_without(_anybody(problem), kept), self._seed) is not None:
            return None
        # Few people: shares of contacts fit where no whole contacts do. What conflicts is found by leaving limits out.
        core = frozenset(range(len(problem.rows))) - kept - self._unstated
        self.proofs[core] = Proof(lines=(), price_of_somebody=0.0)
        return core


def _anybody(problem: Problem) -> Problem:
    return replace(problem, gain=np.ones(len(problem)))


def _sampled(problem: Problem, n_columns: int, seed: int) -> Problem:
    """Some people, each of whom stands for several; everybody where there are few."""
    if len(problem) <= n_columns:
        return problem
    n_people = len(problem.people) - problem.n_extra
    n_sampled = max(1, round(n_people * n_columns / len(problem)))
    people = np.sort(np.random.default_rng(seed).permutation(n_people)[:n_sampled])
    return problem.sample(people, n_people / n_sampled)[0]


def _without(problem: Problem, dropped: Collection[int]) -> Problem:
    return replace(problem, rows=tuple(row for i, row in enumerate(problem.rows) if i not in dropped))


def _moved(problem: Problem, remedy: Remedy) -> Problem:
    rows = list(problem.rows)
    for i, figure in remedy.figures.items():
        rows[i] = rows[i].at(figure)
    return replace(problem, rows=tuple(rows))


def _plan(problem: Problem, seed: int) -> Floats | None:
    """A plan that contacts somebody (in whole contacts where people are few), or None."""
    tangents = Tangents()
    relaxed = solve_shares(problem, tangents, seed)
    if len(problem.people) > FEW:
        return relaxed.x if relaxed.x[: problem.n_options].sum() >= 0.5 and not relaxed.broken else None
    x = solve_contacts(problem, tangents, relaxed)
    return x if x is not None and x[: problem.n_options].any() else None


def _for_everybody(problem: Problem, remedy: Remedy, seed: int) -> Remedy:
    """The remedy in round figures with which everybody's plan was found.

    Figures from a sample may be a little too far or not far enough, and whole contacts may need a little more than shares.
    """
    if len(problem.people) <= FEW:
        return _in_whole_contacts(problem, remedy, seed)
    shares = (1.0, *STEPS) if len(problem) <= N_COLUMNS else STEPS_OF_SAMPLE
    works = (share for share in shares if _works(problem, remedy, share, seed))
    return _at(problem, remedy, next(works, max(shares)))


def _in_whole_contacts(problem: Problem, remedy: Remedy, seed: int) -> Remedy:
    """Of few people: between figures that shares of contacts need and those of a whole plan, the nearest that work."""
    if _works(problem, remedy, 1.0, seed):
        return _rounded(problem.rows, remedy)
    x = _plan(_without(_anybody(problem), remedy.figures), seed)
    if x is None:
        return _rounded(problem.rows, remedy)
    far = {i: looser(problem.rows[i], use_of(problem.rows[i], x), f) for i, f in remedy.figures.items()}
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _works(problem, _towards(remedy, far, middle), 1.0, seed) else (middle, high)
    found = _towards(remedy, far, high)
    # A figure that is a hair above a round one needs the next round one.
    return _rounded(problem.rows, found, HAIR if _works(problem, found, 1.0, seed) else 0.0)


def _towards(remedy: Remedy, far: Mapping[int, float], share: float) -> Remedy:
    return replace(remedy, figures={i: f + share * (far[i] - f) for i, f in remedy.figures.items()})


def _works(problem: Problem, remedy: Remedy, share: float, seed: int) -> bool:
    return _plan(_moved(_anybody(problem), _at(problem, remedy, share)), seed) is not None


def _at(problem: Problem, remedy: Remedy, share: float) -> Remedy:
    """The remedy moved on or back to a share of its way, in round figures."""
    moved = {i: _moved_on(problem.rows[i], figure, share - 1.0) for i, figure in remedy.figures.items()}
    return _rounded(problem.rows, replace(remedy, figures=moved))


def _moved_on(row: Row, figure: float, share: float) -> float:
    """A figure moved on by a share of its way, but never by more than that share of itself: a floor stays above 0."""
    way = figure - row.allowed
    return figure + share * math.copysign(min(abs(way), abs(figure)), way)


def _rounded(rows: tuple[Row, ...], remedy: Remedy, hair: float = HAIR) -> Remedy:
    return Remedy.of(rows, {i: _outward(rows[i], figure, hair) for i, figure in remedy.figures.items()})


def _outward(row: Row, figure: float, hair: float) -> float:
    """A figure rounded to 4 significant digits to the looser side, unless it is within a hair of one; a rate stays within 1."""
    if figure == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(figure))) - 3)
    steps = math.floor(figure / unit + hair) if row.at_least else math.ceil(figure / unit - hair)
    rounded = float(f"{steps * unit:.6g}")
    return min(rounded, 1.0) if row.unit == "rate" else rounded
