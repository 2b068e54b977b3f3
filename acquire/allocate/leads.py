"""Who exactly: the relaxed plan by pricing all options around a small model, then whole contacts.

At given prices of the limits every person's best course is read off: reduced gain = gain - prices * use of the limits. Nearly
all people are clear; only those for whom two courses are almost equal need a model. So:

1. Solve a weighted sample of the people for first prices, then larger samples, then everybody.
2. Each time, put the least clear people in play and fix the others at their best course; solve the small PuLP model; price all
   options at its duals; people whose fixed course is no longer the best come into play; repeat until there are none. Then the
   answer is optimal for everybody: prices and plan satisfy complementary slackness, and the bound in numpy says so.
3. The relaxed plan splits about as many people as there are limits; a small whole-number model over them and their nearest
   neighbours decides.

References:
    Dantzig, Van Slyke (1967), Generalized Upper Bounding Techniques.
    Desaulniers, Desrosiers, Solomon (2005), Column Generation, ch. 1.
"""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.master import Answer, Play, solve_relaxed
from acquire.allocate.options import Flags, Floats
from acquire.allocate.problem import LinearRows, Problem
from acquire.allocate.tangents import Tangents

FIRST_SAMPLE = 1_000
GROWTH = 8
N_IN_PLAY = 1_200  # people: enough that fixing the others is nearly always right the first time
N_ENTERING = 1_000
MAX_ROUNDS = 200
LEVELS_MOVE_FOR = 40  # rounds; any level is safe, so a plan that will not settle may keep its last


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """The best plan with shares of contacts.

    Attributes:
        x: Shape (n,).
        rows: The linear rows it was solved under, tangents included.
        prices: Dual of each linear row, shape (m,).
        broken: Positions of the limits that could not be met.
        objective, bound: Gain of x, and what no plan within the linear rows can pass.
    """

    x: Floats
    rows: LinearRows
    prices: Floats
    broken: tuple[int, ...]
    objective: float
    bound: float


def solve_shares(problem: Problem, tangents: Tangents, seed: int) -> Relaxed:
    """Solve the relaxed problem over growing samples of the people; `tangents` is left at the answer."""
    shuffled = np.random.default_rng(seed).permutation(len(problem.people))
    prices = np.zeros(0)
    size = FIRST_SAMPLE
    while 2 * size < len(shuffled):
        part, _ = problem.sample(np.sort(shuffled[:size]), len(shuffled) / size)
        prices = _solve_level(part, tangents, prices).prices
        size *= GROWTH
    return _solve_level(problem, tangents, prices)


def _solve_level(problem: Problem, tangents: Tangents, prices: Floats) -> Relaxed:
    """Solve; where limits stay broken at far higher penalties, leave unused what the smallest unmet bad-rate row is about."""
    tangents.reopen()
    penalties = _penalties(problem)
    relaxed = _solve_rounds(problem, tangents, prices, penalties)
    if relaxed.broken:
        penalties = penalties * 100
        relaxed = _solve_rounds(problem, tangents, relaxed.prices, penalties)
    while closable := [i for i in relaxed.broken if i in problem.spreads and i not in tangents.closed]:
        tangents.close(min(closable, key=lambda i: len(problem.spreads[i].members)))
        relaxed = _solve_rounds(problem, tangents, relaxed.prices, penalties)
    return relaxed


def _penalties(problem: Problem) -> Floats:
    """A price of each limit that is higher than any sensible one: the best gain per typical use of it."""
    top = float(np.abs(problem.gain).max(initial=0.0)) or 1.0
    return np.array([10 * top / _typical(row.coefficients) for row in problem.rows])


def _typical(uses: Floats) -> float:
    sizes = np.abs(uses[uses != 0])
    return float(sizes.mean()) if len(sizes) else 1.0


def _solve_rounds(problem: Problem, tangents: Tangents, prices: Floats, penalties: Floats) -> Relaxed:
    rows = tangents.lower(problem)
    reduced = problem.gain - _padded(prices, rows) @ rows.matrix
    play = _least_clear(problem, reduced)
    tangents.frozen = False
    for n_rounds in range(MAX_ROUNDS):
        answer = solve_relaxed(problem, rows, play, penalties[rows.owner])
        solved_rows = rows
        tangents.frozen = n_rounds > LEVELS_MOVE_FOR
        moved = tangents.refine(problem, answer.x)
        play, entered = _bring_in(problem, problem.gain - answer.prices @ rows.matrix, play)
        if not (moved or entered):
            break
        rows = tangents.lower(problem) if moved else rows
    return _relaxed(problem, solved_rows, answer, penalties)


def _relaxed(problem: Problem, rows: LinearRows, answer: Answer, penalties: Floats) -> Relaxed:
    objective = float(problem.gain @ answer.x)
    rounding = 1e-7 * (abs(objective) + float(np.abs(problem.gain).max(initial=0.0)))
    costly = penalties[rows.owner] * answer.beyond > rounding
    return Relaxed(
        x=answer.x,
        rows=rows,
        prices=answer.prices,
        broken=tuple(np.unique(rows.owner[costly]).tolist()),
        objective=objective,
        bound=rows.bound(problem, answer.prices),
    )


def _padded(prices: Floats, rows: LinearRows) -> Floats:
    padded = np.zeros(len(rows.names))
    padded[: len(prices)] = prices
    return padded


def _least_clear(problem: Problem, reduced: Floats) -> Play:
    """Put the people with the smallest margins in play, with their options that are near their best; fix the others."""
    people = problem.people
    fixed = np.zeros(len(problem))
    fixed[people.choice(reduced)] = 1.0
    if len(people) <= N_IN_PLAY:
        return Play(open=np.ones(len(problem), dtype=bool), fixed=np.zeros(len(problem)))
    margin = people.margin(reduced)
    least = np.argsort(margin, kind="stable")[:N_IN_PLAY]
    in_play = np.zeros(len(people), dtype=bool)
    in_play[least] = True
    near = reduced >= people.best(reduced)[people.code] - 2 * margin[least[-1]]
    return Play(open=in_play[people.code] & near, fixed=np.where(in_play[people.code], 0.0, fixed))


def _bring_in(problem: Problem, reduced: Floats, play: Play) -> tuple[Play, bool]:
    """Bring in the people whose course in the model is not their best at these prices, the worst first."""
    people = problem.people
    best = people.best(reduced)
    at_fixed = np.bincount(people.code, weights=reduced * play.fixed, minlength=len(people))
    in_model = people.best(np.where(play.open, reduced, -np.inf))
    short = best - np.where(_in_play(problem, play), in_model, at_fixed)
    wrong = np.flatnonzero(short > 1e-9 * float(np.abs(problem.gain).max(initial=0.0)))
    entering = np.zeros(len(people), dtype=bool)
    entering[wrong[np.argsort(-short[wrong], kind="stable")[:N_ENTERING]]] = True
    mine = entering[people.code]
    best_options = mine & (reduced > 0) & (reduced >= best[people.code])
    opened = play.open | best_options | (mine & (play.fixed > 0))
    return Play(open=opened, fixed=np.where(mine, 0.0, play.fixed)), bool(len(wrong))


def _in_play(problem: Problem, play: Play) -> Flags:
    in_play = np.zeros(len(problem.people), dtype=bool)
    in_play[problem.people.code[play.open]] = True
    return in_play
