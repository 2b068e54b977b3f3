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

from acquire.allocate.duals import find_prices, may_bundle
from acquire.allocate.linear import LinearRows
from acquire.allocate.master import Answer, Play, RelaxedModel
from acquire.allocate.options import Flags, Floats, Ints
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents

MANY = 50_000  # columns, from which on a bundle method over all of them finds first prices sooner than models of samples do
FIRST_SAMPLE = 300
GROWTH = 8
FEWEST_IN_PLAY, MOST_IN_PLAY, SHARE_IN_PLAY = (
    300,
    1_200,
    1 / 12,
)  # people: enough that fixing the others is mostly right
N_ENTERING = 1_000
MAX_ROUNDS = 200
N_TYPICAL = 20_000  # columns, to see what a typical use of a limit is
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


def solve_shares(problem: Problem, tangents: Tangents, seed: int, *, start: Prices | None = None) -> Relaxed:
    """Solve the relaxed problem over growing samples of the people; `tangents` is left at the answer.

    Args:
        problem: Gains, people, rows.
        tangents: Of the rows with a confidence; empty, or those of a problem with rows of the same names.
        seed: Of the order in which people are sampled.
        start: Prices of a problem much like this one (another budget, fewer days): no samples are needed then, and the tangents
            found there are taken over.
    """
    if start is not None:
        tangents.start_from(start.tangents)
        return _solve_level(problem, tangents, start.along(tangents.lower(problem)))
    if len(problem) > MANY and may_bundle(problem):
        right = LinearRows.of(problem).right_side
        return _solve_level(problem, tangents, find_prices([problem], right, penalties_of(problem), seed=seed).prices)
    shuffled = np.random.default_rng(seed).permutation(len(problem.people) - problem.n_extra)
    prices = np.zeros(0)
    size = FIRST_SAMPLE
    while 2 * size < len(shuffled):
        part, _ = problem.sample(np.sort(shuffled[:size]), len(shuffled) / size)
        tangents.reopen()
        prices = _solve_rounds(part, tangents, prices, penalties_of(part)).prices
        size *= GROWTH
    return _solve_level(problem, tangents, prices)


def _solve_level(problem: Problem, tangents: Tangents, prices: Floats) -> Relaxed:
    """Solve; where limits stay broken at far higher penalties, leave unused what the smallest unmet bad-rate row is about."""
    tangents.reopen()
    penalties = penalties_of(problem)
    relaxed = _solve_rounds(problem, tangents, prices, penalties)
    if relaxed.broken:
        penalties = penalties * 100
        relaxed = _solve_rounds(problem, tangents, relaxed.prices, penalties)
    names = [row.name for row in problem.rows]
    while closable := [i for i in relaxed.broken if i in problem.spreads and names[i] not in tangents.closed]:
        tangents.close(names[min(closable, key=lambda i: len(problem.spreads[i].members))])
        relaxed = _solve_rounds(problem, tangents, relaxed.prices, penalties)
    return relaxed


def penalties_of(problem: Problem) -> Floats:
    """A price of each limit that is higher than any sensible one: the best gain per typical use of it."""
    top = float(np.abs(problem.gain).max(initial=0.0)) or 1.0
    some = np.unique(np.linspace(0, max(len(problem) - 1, 0), N_TYPICAL).astype(np.int64))
    return np.array([10 * top / _typical(row, some) for row in problem.rows])


def _typical(row: Row, some: Ints) -> float:
    """The mean size of the uses of a limit, of some columns; of all where none of those uses it."""
    for columns in (some, slice(None)):
        uses = row.coefficients_at(columns)
        sizes = np.abs(uses[uses != 0])
        if len(sizes):
            return float(sizes.mean())
    return 1.0


def _solve_rounds(problem: Problem, tangents: Tangents, prices: Floats, penalties: Floats) -> Relaxed:
    rows = tangents.lower(problem)
    reduced = problem.gain - rows.priced(_padded(prices, rows))
    play = _least_clear(problem, reduced)
    tangents.frozen = False
    model = RelaxedModel(problem, rows, play, penalties)
    for n_rounds in range(MAX_ROUNDS):
        answer = model.solve()
        solved_rows = rows
        tangents.frozen = n_rounds > LEVELS_MOVE_FOR
        moved = tangents.refine(problem, answer.x)
        play, entered = _bring_in(problem, problem.gain - rows.priced(answer.prices), play)
        if not (moved or entered):
            break
        rows = tangents.lower(problem) if moved else rows
        if entered:
            model = RelaxedModel(problem, rows, play, penalties)
        else:
            model.move_to(rows)
    return as_relaxed(problem, solved_rows, answer, penalties)


def as_relaxed(problem: Problem, rows: LinearRows, answer: Answer, penalties: Floats) -> Relaxed:
    """An answer with its bound, and the limits that it could not meet."""
    objective = float(problem.gain @ answer.x)
    rounding = 1e-7 * (abs(objective) + float(np.abs(problem.gain).max(initial=0.0)))
    costly = penalties * answer.beyond > rounding
    return Relaxed(
        x=answer.x,
        rows=rows,
        prices=answer.prices,
        broken=tuple(np.flatnonzero(costly).tolist()),
        objective=objective,
        bound=rows.bound(problem, answer.prices),
    )


def _padded(prices: Floats, rows: LinearRows) -> Floats:
    padded = np.zeros(len(rows))
    padded[: len(prices)] = prices
    return padded


def _least_clear(problem: Problem, reduced: Floats) -> Play:
    """Put the people with the smallest margins in play, with their columns that are near their best; fix the others.

    What is no contact is always in play. Those whose course is forced never are.
    """
    people = problem.people
    score = problem.of_the_free(reduced)
    no_contact = np.arange(len(problem)) >= problem.n_options
    movable = score > -np.inf
    n_in_play = int(np.clip(SHARE_IN_PLAY * len(people), FEWEST_IN_PLAY, MOST_IN_PLAY))
    if len(people) <= n_in_play:
        return Play(open=movable, fixed=problem.held)
    margin = people.margin(score)
    margin[people.code[no_contact]] = 0.0
    least = np.argpartition(margin, n_in_play)[:n_in_play]
    in_play = np.zeros(len(people), dtype=bool)
    in_play[least] = True
    in_play[people.code[no_contact]] = True
    in_play &= ~problem.is_held
    near = (score >= people.best(score)[people.code] - 2 * margin[least].max()) | no_contact
    fixed = np.where(in_play[people.code], 0.0, problem.best_plan(reduced))
    return Play(open=in_play[people.code] & near & movable, fixed=fixed)


def _bring_in(problem: Problem, reduced: Floats, play: Play) -> tuple[Play, bool]:
    """Bring in the people whose course in the model is not their best at these prices, the worst first."""
    people = problem.people
    best = people.best(reduced)
    at_fixed = np.bincount(people.code, weights=reduced * (play.fixed > 0), minlength=len(people))
    in_model = people.best(np.where(play.open, reduced, -np.inf))
    short = best - np.where(_in_play(problem, play), in_model, at_fixed)
    short[problem.is_held] = 0.0
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
