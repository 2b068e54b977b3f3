"""From shares of contacts to whole contacts: the few people who are split or nearly split, in a small whole-number model."""

from dataclasses import replace

import numpy as np

from acquire.allocate.leads import Relaxed
from acquire.allocate.master import Play, solve_whole
from acquire.allocate.options import Flags, Floats
from acquire.allocate.problem import LinearRows, Problem
from acquire.allocate.tangents import Tangents

FEWEST_FREE = 60  # people
FEW = 40  # people, for whom searching all whole plans is cheap
MOST_CUTS = 60
WIDENINGS = 4
MAX_ROUNDS = 30
RELATIVE_GAP = 1e-7
N_NODES = 200  # near the relaxed plan more nodes hardly find better plans
N_NODES_OF_ALL = 20_000  # with everybody free the search is the proof


def solve_contacts(problem: Problem, tangents: Tangents, relaxed: Relaxed) -> Floats | None:
    """The best whole plan found, shape (n,), or None where none was found within the limits.

    Where people are few, coin flips weigh so much that the relaxed plan may mislead: then all whole plans are searched too.
    """
    plans = [None if relaxed.broken else _solve_near(problem, tangents, relaxed)]
    if problem.spreads and len(problem.people) <= FEW:
        plans.append(_solve_few(problem))
    found = [x for x in plans if x is not None]
    return max(found, key=lambda x: float(problem.gain @ x)) if found else None


def _solve_near(problem: Problem, tangents: Tangents, relaxed: Relaxed) -> Floats | None:
    """The whole plan next to a relaxed one.

    All but the split people and their nearest neighbours keep their course. Where that leaves no plan, more are set free.
    """
    reduced = problem.gain - relaxed.prices @ relaxed.rows.matrix
    split = _split(problem, relaxed.x)
    margin = np.where(split, -1.0, problem.people.margin(reduced))
    nearest = np.argsort(margin, kind="stable")
    tangents.frozen = True
    n_free = max(FEWEST_FREE, 4 * int(split.sum()))
    for _ in range(WIDENINGS):
        free = np.zeros(len(problem.people), dtype=bool)
        free[nearest[:n_free]] = True
        x = _solve_free(problem, tangents, relaxed, free[problem.people.code])
        if x is not None or n_free >= len(problem.people):
            return x
        n_free *= 4
    return None


def _solve_few(problem: Problem) -> Floats | None:
    """The best whole plan of a few people: solve without spreads, and cut off each plan that breaks one, exactly."""
    rows = Tangents().lower(problem)
    everybody = Play(open=np.ones(len(problem), dtype=bool), fixed=np.zeros(len(problem)))
    for number in range(MOST_CUTS):
        answer = solve_whole(problem, rows, everybody, gap=0.0, n_nodes=N_NODES_OF_ALL)
        if not answer.solved:
            return None
        if holds(problem, answer.x):
            return answer.x
        broken = [i for i in problem.spreads if problem.rows[i].excess(answer.x) > problem.rows[i].tolerance(answer.x)]
        if not broken:
            return None
        rows = _with_cuts(problem, rows, broken, answer.x, number)
    return None


def _with_cuts(problem: Problem, rows: LinearRows, broken: list[int], x: Floats, number: int) -> LinearRows:
    cuts = [problem.rows[i].coefficients + problem.spreads[i].whole_tangent(len(problem), x) for i in broken]
    return LinearRows(
        matrix=np.vstack([rows.matrix, *cuts]),
        right_side=np.r_[rows.right_side, np.zeros(len(cuts))],
        names=(*rows.names, *(f"{problem.rows[i].name}_cut_{number}" for i in broken)),
        owner=np.r_[rows.owner, broken],
        signs=np.r_[rows.signs, np.ones(len(cuts))],
    )


def holds(problem: Problem, x: Floats) -> bool:
    """Whether a plan keeps every limit, recomputed from the option table."""
    return all(row.excess(x) <= row.tolerance(x) for row in problem.rows)


def _split(problem: Problem, x: Floats) -> Flags:
    split = np.zeros(len(problem.people), dtype=bool)
    split[problem.people.code[np.abs(x - x.round()) > 1e-6]] = True
    return split


def _solve_free(problem: Problem, tangents: Tangents, relaxed: Relaxed, free: Flags) -> Floats | None:
    """Solve until the limits hold exactly: tangents are added at plans that break one, then the rows are tightened."""
    play = Play(open=free, fixed=np.where(free, 0.0, relaxed.x.round()))
    gap = RELATIVE_GAP * abs(relaxed.objective)
    n_nodes = N_NODES if play.fixed.any() else N_NODES_OF_ALL
    rows = tangents.lower(problem)
    tighter = np.zeros(len(problem.rows))
    for _ in range(MAX_ROUNDS):
        answer = solve_whole(problem, _tightened(rows, tighter), play, gap=gap, n_nodes=n_nodes)
        if not answer.solved:
            return None
        if holds(problem, answer.x):
            return answer.x
        if tangents.refine(problem, answer.x):
            rows = tangents.lower(problem)
        else:
            tighter += [2 * max(0.0, row.excess(answer.x)) for row in problem.rows]
    return None


def _tightened(rows: LinearRows, tighter: Floats) -> LinearRows:
    return replace(rows, right_side=rows.right_side - tighter[rows.owner])
