"""Everything in one PuLP model: a variable for every column, a named row for every limit, a row for every person.

The plain meaning of the problem, and too slow for many people: leads.py and bundle.py must come to the same answer.
"""

from acquire.allocate.leads import Relaxed, as_relaxed, penalties_of
from acquire.allocate.master import Play, RelaxedModel, solve_whole
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents

MOST_ROUNDS = 200
LEVELS_MOVE_FOR = 40  # rounds, as in leads.py
N_NODES = 1_000_000


def solve_full_shares(problem: Problem, tangents: Tangents) -> Relaxed:
    """The best plan with shares of contacts, with every column in the model.

    Args:
        problem: Gains, people and rows.
        tangents: Empty; is left at the answer.
    """
    rows, penalties = tangents.lower(problem), penalties_of(problem)
    model = RelaxedModel(problem, rows, _everybody(problem), penalties)
    for n_rounds in range(MOST_ROUNDS):
        answer = model.solve()
        tangents.frozen = n_rounds > LEVELS_MOVE_FOR
        if not tangents.refine(problem, answer.x):
            break
        rows = tangents.lower(problem)
        model.move_to(rows)
    return as_relaxed(problem, rows, answer, penalties)


def solve_full_contacts(problem: Problem) -> Floats | None:
    """The best plan in whole contacts, limits held on expectation, shape (n,); None where no plan keeps them."""
    answer = solve_whole(problem, Tangents().lower(problem), _everybody(problem), gap=0.0, n_nodes=N_NODES)
    return answer.x if answer.solved else None


def _everybody(problem: Problem) -> Play:
    return Play(open=~problem.is_held[problem.people.code], fixed=problem.held)
