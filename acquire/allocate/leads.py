"""Who exactly: the relaxed plan by pricing all options around a small model, then whole contacts.

At given prices of the limits every person's best course is read off: reduced gain = gain - prices * use of the limits. Nearly
all people are clear; only those for whom two courses are almost equal need a model. So:

1. First prices: samples of the people, each solved from the prices of the one before; where people are many, the bundle method
   of duals.py goes on from there over everybody.
2. Put the least clear people in play and fix the others at their best course; solve the small PuLP model; price all options at
   its duals; people whose fixed course is no longer the best come into play; repeat until there are none. Then the answer is
   optimal for everybody: prices and plan satisfy complementary slackness, and the bound in numpy says so.
3. Where people are many, those in play are a problem of their own, in which everybody else is one column (focus.py): tangents are
   added and levels moved there, and everybody is asked only when it is solved.
4. The relaxed plan splits about as many people as there are limits; a small whole-number model over them and their nearest
   neighbours decides.

References:
    Dantzig, Van Slyke (1967), Generalized Upper Bounding Techniques.
    Desaulniers, Desrosiers, Solomon (2005), Column Generation, ch. 1.
"""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.duals import Crowd, Start, find_prices, may_bundle
from acquire.allocate.focus import Focus
from acquire.allocate.linear import LinearRows
from acquire.allocate.master import Answer, Play, RelaxedModel
from acquire.allocate.options import Floats
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents

MANY = 50_000  # columns, from which on everybody but those in play is one column
FIRST_SAMPLE, GROWTH = 300, 8  # people
SAMPLE_OF_TANGENTS = 20_000  # people: enough to see where the rows with a confidence are touched
FIRST_PRICES = 1e-6  # of the dual: how precise the prices of the bundle method need be
FEWEST_IN_PLAY, MOST_IN_PLAY, SHARE_IN_PLAY = (
    300,
    1_200,
    1 / 12,
)  # people: enough that fixing the others is mostly right
IN_FOCUS = 6_000  # people, where they are many
N_ENTERING, N_ENTERING_FOCUS = 1_000, 5_000  # people
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
        sample = _solve_samples(problem, tangents, seed, SAMPLE_OF_TANGENTS) if problem.spreads else None
        crowd = Crowd.of([problem], tangents, penalties_of(problem))
        return _solve_level(
            problem, tangents, find_prices(crowd, seed=seed, start=sample, precision=FIRST_PRICES).prices
        )
    sample = _solve_samples(problem, tangents, seed, len(problem.people))
    return _solve_level(problem, tangents, np.zeros(0) if sample is None else sample.prices)


def _solve_samples(problem: Problem, tangents: Tangents, seed: int, most: int) -> Start | None:
    """Solve samples of up to `most` people, each from the prices of the one before; None where people are too few for any."""
    shuffled = np.random.default_rng(seed).permutation(len(problem.people) - problem.n_extra)
    found, size = None, FIRST_SAMPLE
    while 2 * size < len(shuffled) and size <= most:
        part, _ = problem.sample(np.sort(shuffled[:size]), len(shuffled) / size)
        tangents.reopen()
        known = np.zeros(0) if found is None else found.prices
        prices = _solve_rounds(part, tangents, known, penalties_of(part)).prices
        found = Start(prices=_padded(prices, tangents.lower(part)), n_people=size)
        size *= GROWTH
    return found


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
    return 10 * (float(np.abs(problem.gain).max(initial=0.0)) or 1.0) / typical_uses(problem)


def typical_uses(problem: Problem) -> Floats:
    """The mean size of the uses of each limit, of some columns, shape (n_limits,)."""
    some = np.unique(np.linspace(0, max(len(problem) - 1, 0), N_TYPICAL).astype(np.int64))
    return np.array([row.typical_use(some) for row in problem.rows])


def _solve_rounds(problem: Problem, tangents: Tangents, prices: Floats, penalties: Floats) -> Relaxed:
    if len(problem) > MANY and len(problem.people) > 2 * IN_FOCUS:
        return _solve_in_focus(problem, tangents, prices, penalties)
    return _solve_in_model(problem, tangents, prices, penalties)


def _solve_in_model(problem: Problem, tangents: Tangents, prices: Floats, penalties: Floats) -> Relaxed:
    """Solve with the least clear people in play, and bring in who else is needed."""
    tangents.frozen = False
    rows = tangents.lower(problem)
    reduced = problem.gain - rows.priced(_padded(prices, rows))
    n_in_play = int(np.clip(SHARE_IN_PLAY * len(problem.people), FEWEST_IN_PLAY, MOST_IN_PLAY))
    play = _least_clear(problem, reduced, n_in_play)
    model = RelaxedModel(problem, rows, play, penalties)
    for n_rounds in range(MAX_ROUNDS):
        answer = model.solve()
        solved_rows = rows
        tangents.frozen = n_rounds > LEVELS_MOVE_FOR
        moved = tangents.refine(problem, answer.x)
        play, entered = _bring_in(problem, problem.gain - rows.priced(answer.prices), play, N_ENTERING)
        if not (moved or entered):
            break
        rows = tangents.lower(problem) if moved else rows
        if entered:
            model = RelaxedModel(problem, rows, play, penalties)
        else:
            model.move_to(rows)
    return as_relaxed(problem, solved_rows, answer, penalties)


def _solve_in_focus(problem: Problem, tangents: Tangents, prices: Floats, penalties: Floats) -> Relaxed:
    """The same with everybody else as one column; everybody is asked at the prices found there."""
    rows = tangents.lower(problem)
    play = _least_clear(problem, problem.gain - rows.priced(_padded(prices, rows)), IN_FOCUS)
    for _ in range(MAX_ROUNDS):
        focus = Focus.of(problem, play)
        answer = _solve_in_model(focus.problem, tangents, prices, penalties)
        rows, prices = LinearRows.of(problem, answer.rows.cuts), answer.prices
        reduced = problem.gain - rows.priced(prices)
        play, entered = _bring_in(problem, reduced, play, N_ENTERING_FOCUS)
        if not entered:
            break
    x = focus.plan(answer.x)
    return Relaxed(
        x=x,
        rows=rows,
        prices=prices,
        broken=answer.broken,
        objective=float(problem.gain @ x),
        bound=rows.bound_at(problem, prices, reduced),
    )


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


def _least_clear(problem: Problem, reduced: Floats, n_in_play: int) -> Play:
    """Put the people with the smallest margins in play, with their columns that are near their best; fix the others.

    What is no contact is always in play. Those whose course is forced never are.
    """
    people = problem.people
    score = problem.of_the_free(reduced)
    no_contact = np.arange(len(problem)) >= problem.n_options
    movable = score > -np.inf
    if len(people) <= n_in_play:
        return Play(open=movable, fixed=problem.held)
    margin = people.margin(score)
    margin[people.code[problem.n_options :]] = 0.0
    least = np.argpartition(margin, n_in_play)[:n_in_play]
    in_play = np.zeros(len(people), dtype=bool)
    in_play[least] = True
    in_play[people.code[problem.n_options :]] = True
    in_play &= ~problem.is_held
    near = (score >= people.best(score)[people.code] - 2 * margin[least].max()) | no_contact
    fixed = np.where(in_play[people.code], 0.0, problem.best_plan(reduced))
    return Play(open=in_play[people.code] & near & movable, fixed=fixed)


def _bring_in(problem: Problem, reduced: Floats, play: Play, most: int) -> tuple[Play, bool]:
    """Bring in the people whose course in the model is not their best at these prices, the worst first."""
    people = problem.people
    best = people.best(reduced)
    short = best - _present(problem, reduced, play)
    short[problem.is_held] = 0.0
    wrong = np.flatnonzero(short > 1e-9 * float(np.abs(problem.gain).max(initial=0.0)))
    if not len(wrong):
        return play, False
    entering = np.zeros(len(people), dtype=bool)
    entering[wrong[np.argsort(-short[wrong], kind="stable")[:most]]] = True
    mine = np.flatnonzero(entering[people.code])
    opened, fixed = play.open.copy(), play.fixed.copy()
    opened[mine] |= (play.fixed[mine] > 0) | ((reduced[mine] > 0) & (reduced[mine] >= best[people.code[mine]]))
    fixed[mine] = 0.0
    return Play(open=opened, fixed=fixed), True


def _present(problem: Problem, reduced: Floats, play: Play) -> Floats:
    """What each person's course in the model is worth at these prices: the best in play, or the fixed one, shape (n_people,)."""
    worth = np.zeros(len(problem.people))
    opened, fixed = np.flatnonzero(play.open), np.flatnonzero(play.fixed)
    np.maximum.at(worth, problem.people.code[opened], reduced[opened])
    worth[problem.people.code[fixed]] = reduced[fixed]
    return worth
