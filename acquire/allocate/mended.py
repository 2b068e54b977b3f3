"""Whether figures to relax work for everybody: found on a sample, in shares of contacts, they are tried on all people here.

Figures from a sample may be a little too far or not far enough, and whole contacts may need a little more than shares. A figure
that is not far enough is refused by a proof (proof.py) that is checked over everybody; one that is far enough is shown by a plan.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from acquire.allocate.elastic import Elastic
from acquire.allocate.leads import Relaxed, solve_shares
from acquire.allocate.options import Floats
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Problem
from acquire.allocate.remedies import Remedy, looser, use_of
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import FEW, solve_contacts
from acquire.domain import Limits

HALVINGS = 14
HAIR = 0.01  # of the last digit of a round figure
STEPS = (1.0, 1.02, 1.05, 1.1, 1.2, 1.4)  # of the way from the plan file's figures
SHORT_OF_SAMPLE = 0.96  # a sample may also ask for too much


def anybody(problem: Problem) -> Problem:
    """The problem in which every contact is as good as any other."""
    return replace(problem, gain=np.where(np.arange(len(problem)) < problem.n_options, 1.0, 0.0))


def without(problem: Problem, dropped: Collection[int]) -> Problem:
    """The problem without some of its limits."""
    return replace(problem, rows=tuple(row for i, row in enumerate(problem.rows) if i not in dropped))


def plan_of(problem: Problem, seed: int) -> Floats | None:
    """A plan that contacts somebody (in whole contacts where people are few), or None."""
    tangents = Tangents()
    return _as_plan(problem, tangents, solve_shares(problem, tangents, seed))


def _as_plan(problem: Problem, tangents: Tangents, relaxed: Relaxed) -> Floats | None:
    if len(problem.people) > FEW:
        return relaxed.x if relaxed.x[: problem.n_options].sum() >= 0.5 and not relaxed.broken else None
    x = solve_contacts(problem, tangents, relaxed)
    return x if x is not None and x[: problem.n_options].any() else None


class Everybody:
    """All people, for whom one set of figures after the other is tried: each plan is sought from the prices of the one before."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self._problem, self._seed = problem, seed
        self._start: Prices | None = None

    def mend(self, remedy: Remedy, elastic: Elastic) -> Remedy:
        """The remedy in round figures with which everybody's plan was found.

        Args:
            remedy: As a sample has it.
            elastic: The live model of that sample.
        """
        if len(self._problem.people) <= FEW:
            return self._in_whole_contacts(remedy)
        if len(elastic.problem) == len(self._problem):
            steps: tuple[float, ...] = STEPS
        elif self._is_disproven(remedy, SHORT_OF_SAMPLE, elastic):
            steps = STEPS[1:]
        else:
            steps = (SHORT_OF_SAMPLE, *STEPS[1:])
        works = (step for step in steps if self._works(remedy, step))
        return self._at(remedy, next(works, max(steps)))

    def _is_disproven(self, remedy: Remedy, step: float, elastic: Elastic) -> bool:
        """Whether the sample proves that the figures are not far enough, and its proof holds over everybody."""
        tried = self._at(remedy, step)
        proof = elastic.solve(moved=tried.figures).proof
        return proof is not None and proof.holds(self._moved(tried))

    def _works(self, remedy: Remedy, step: float) -> bool:
        problem = anybody(self._moved(self._at(remedy, step)))
        if self._start is not None and self._plan_from(problem, self._start):
            return True
        return self._plan_from(problem, None)

    def _plan_from(self, problem: Problem, start: Prices | None) -> bool:
        tangents = Tangents()
        relaxed = solve_shares(problem, tangents, self._seed, start=start)
        if _as_plan(problem, tangents, relaxed) is None:
            return False
        self._start = Prices.of(relaxed, tangents, Limits(), ())
        return True

    def _in_whole_contacts(self, remedy: Remedy) -> Remedy:
        """Of few people: between figures that shares of contacts need and those of a whole plan, the nearest that work."""
        rows = self._problem.rows
        if self._works(remedy, 1.0):
            return _rounded(rows, remedy)
        x = plan_of(without(anybody(self._problem), remedy.figures), self._seed)
        if x is None:
            return _rounded(rows, remedy)
        far = {i: looser(rows[i], use_of(rows[i], x), f) for i, f in remedy.figures.items()}
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._works(_towards(remedy, far, middle), 1.0) else (middle, high)
        found = _towards(remedy, far, high)
        # A figure that is a hair above a round one needs the next round one.
        return _rounded(rows, found, HAIR if self._works(found, 1.0) else 0.0)

    def _moved(self, remedy: Remedy) -> Problem:
        rows = list(self._problem.rows)
        for i, figure in remedy.figures.items():
            rows[i] = rows[i].at(figure)
        return replace(self._problem, rows=tuple(rows))

    def _at(self, remedy: Remedy, step: float) -> Remedy:
        """The remedy moved on or back to a share of its way, in round figures."""
        rows = self._problem.rows
        moved = {i: _moved_on(rows[i], figure, step - 1.0) for i, figure in remedy.figures.items()}
        return _rounded(rows, replace(remedy, figures=moved))


def _towards(remedy: Remedy, far: Mapping[int, float], share: float) -> Remedy:
    return replace(remedy, figures={i: f + share * (far[i] - f) for i, f in remedy.figures.items()})


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
