"""From shares of contacts to whole contacts: the few people who are split or nearly split, in a small whole-number model."""

from dataclasses import replace

import numpy as np

from acquire.allocate.leads import Relaxed
from acquire.allocate.master import Play, solve_whole
from acquire.allocate.options import Flags, Floats
from acquire.allocate.problem import LinearRows, Problem
from acquire.allocate.tangents import Tangents

FEWEST_FREE = 60  # people
WIDENINGS = 4
MAX_ROUNDS = 30
RELATIVE_GAP = 1e-7
N_NODES = 200  # near the relaxed plan more nodes hardly find better plans
N_NODES_OF_ALL = 20_000  # with everybody free the search is the proof


def solve_contacts(problem: Problem, tangents: Tangents, relaxed: Relaxed) -> Floats | None:
    """The whole plan next to a relaxed one, shape (n,), or None where none was found within the limits.

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
