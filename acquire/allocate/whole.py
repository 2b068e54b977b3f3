"""From shares of contacts to whole contacts: the few people who are split or nearly split.

Where people are few, a whole-number model over all of them decides and proves. Where they are many, the people whose course is
clear keep it and the others exchange courses (exchange.py); the whole-number model over those few is asked where that finds no
plan, or one that falls short.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from acquire.allocate.exchange import exchange
from acquire.allocate.focus import Focus
from acquire.allocate.leads import Relaxed
from acquire.allocate.linear import Cut, LinearRows
from acquire.allocate.master import Play, solve_whole
from acquire.allocate.options import Flags, Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents

FEWEST_FREE = 60  # people
FEW = 40  # people, who are not looked at in shares alone
FEW_COLUMNS = 40  # for which searching all whole plans is cheap; twice as many may take minutes
MOST_CUTS = 24  # each a model of its own
WIDENINGS = 4
IN_FOCUS = (4_000, 40_000)  # people, where they are many; more where the first leave no plan
MAX_ROUNDS = 30
RELATIVE_GAP = 1e-7
N_NODES = 200  # near the relaxed plan more nodes hardly find better plans
N_NODES_OF_ALL = 20_000  # with everybody free the search is the proof
N_NODES_PER_CUT = 300  # of a few people
CLOSE = 2e-3  # of the bound: below it the model would hardly find more


def solve_contacts(problem: Problem, tangents: Tangents, relaxed: Relaxed) -> Floats | None:
    """The best whole plan found, shape (n,), or None where none was found within the limits.

    Where columns are few, coin flips weigh so much that the relaxed plan may mislead: then all whole plans are searched too.
    Where people are many, the least clear are set free and everybody else keeps his course.
    """
    if len(problem.people) > IN_FOCUS[0]:
        return None if relaxed.broken else _solve_in_focus(problem, tangents, relaxed)
    plans = [None if relaxed.broken else _solve_near(problem, tangents, relaxed)]
    if problem.spreads and len(problem) <= FEW_COLUMNS and problem.whole.all():
        plans.append(_solve_few(problem))
    return _best(problem, plans)


def _solve_in_focus(problem: Problem, tangents: Tangents, relaxed: Relaxed) -> Floats | None:
    """The whole plan of the least clear people with everybody else as one column; of more people where the first leave none."""
    nearest = _nearest(problem, relaxed, _split(problem, relaxed.x), IN_FOCUS[-1])
    for n_people in IN_FOCUS:
        free = np.zeros(len(problem.people), dtype=bool)
        free[nearest[:n_people]] = True
        mine = (free & ~problem.is_held)[problem.people.code]
        focus = Focus.of(problem, Play(open=mine, fixed=np.where(mine, 0.0, relaxed.x)))
        few = replace(relaxed, x=focus.of_plan(relaxed.x), rows=LinearRows.of(focus.problem, relaxed.rows.cuts))
        x = _solve_near(focus.problem, tangents, few)
        if x is not None and holds(problem, plan := focus.plan(x)):
            return plan
    return None


def _best(problem: Problem, plans: list[Floats | None]) -> Floats | None:
    found = [x for x in plans if x is not None]
    return max(found, key=lambda x: float(problem.gain @ x)) if found else None


def _solve_near(problem: Problem, tangents: Tangents, relaxed: Relaxed) -> Floats | None:
    """The whole plan next to a relaxed one."""
    tangents.frozen = True
    split = _split(problem, relaxed.x)
    if not split.any() and holds(problem, plan := _rounded(problem, relaxed.x)):
        return plan
    nearest = _nearest(problem, relaxed, split, FEWEST_FREE * 4**WIDENINGS)
    exchanged = _exchange(problem, tangents, relaxed, nearest) if _may_exchange(problem, relaxed) else None
    if exchanged is not None and relaxed.bound - float(problem.gain @ exchanged) <= CLOSE * abs(relaxed.bound):
        return exchanged
    return _best(problem, [exchanged, _search(problem, tangents, relaxed, nearest, int(split.sum()))])


def _nearest(problem: Problem, relaxed: Relaxed, split: Flags, most: int) -> Ints:
    """Up to `most` people in the order in which to set them free: what is no contact, those split, then the least clear."""
    reduced = problem.of_the_free(problem.gain - relaxed.rows.priced(relaxed.prices))
    margin = np.where(split, -1.0, problem.people.margin(reduced))
    margin[problem.people.code[problem.n_options :]] = -2.0
    margin[problem.is_held] = np.inf
    n = min(len(margin), most)
    first = np.argpartition(margin, n - 1)[:n] if n else np.empty(0, dtype=np.int64)
    return first[np.lexsort((first, margin[first]))]


def _may_exchange(problem: Problem, relaxed: Relaxed) -> bool:
    """Whether people are many, and every switch is on or off already."""
    on_off = relaxed.x[problem.switches]
    return len(problem.people) > FEWEST_FREE and bool(np.all(np.abs(on_off - on_off.round()) <= 1e-6))


def _exchange(problem: Problem, tangents: Tangents, relaxed: Relaxed, nearest: Ints) -> Floats | None:
    """The plan that exchanges find, then the best of the columns that may stay split, if there are any."""
    single = problem.people.size[nearest] == 1
    single[np.isin(nearest, problem.people.code[problem.n_options :])] = False
    people = np.sort(nearest[single & ~problem.is_held[nearest]][:FEWEST_FREE])
    if not len(people):
        return None
    x = _settled(problem, tangents, lambda rows: exchange(problem, rows, relaxed, people))
    in_part = ~problem.whole & ~problem.is_held[problem.people.code]
    if x is None or not in_part.any():
        return x
    return _best(problem, [x, _solve_free(problem, tangents, relaxed, x, in_part)])


def _search(problem: Problem, tangents: Tangents, relaxed: Relaxed, nearest: Ints, n_split: int) -> Floats | None:
    """The whole-number model over the nearest people; where that leaves no plan, more are set free."""
    kept = _rounded(problem, relaxed.x)
    n_free = max(FEWEST_FREE, 4 * n_split)
    for _ in range(WIDENINGS):
        free = np.zeros(len(problem.people), dtype=bool)
        free[nearest[:n_free]] = True
        x = _solve_free(problem, tangents, relaxed, kept, (free & ~problem.is_held)[problem.people.code])
        if x is not None or n_free >= len(nearest):
            return x
        n_free *= 4
    return None


def _solve_free(problem: Problem, tangents: Tangents, relaxed: Relaxed, kept: Floats, free: Flags) -> Floats | None:
    """The whole-number model over some columns; all others stay as they are in the plan `kept`."""
    play = Play(open=free, fixed=np.where(free, 0.0, kept))
    gap = RELATIVE_GAP * abs(relaxed.objective)
    n_nodes = N_NODES if play.fixed.any() else N_NODES_OF_ALL

    def solve(rows: LinearRows) -> Floats | None:
        answer = solve_whole(problem, rows, play, gap=gap, n_nodes=n_nodes)
        return answer.x if answer.solved else None

    return _settled(problem, tangents, solve)


def _settled(problem: Problem, tangents: Tangents, solve: Callable[[LinearRows], Floats | None]) -> Floats | None:
    """Solve until the limits hold exactly: tangents are added at plans that break one, then the rows are tightened."""
    rows = tangents.lower(problem)
    tighter = np.zeros(len(problem.rows))
    for _ in range(MAX_ROUNDS):
        x = solve(rows.tightened(tighter))
        if x is None or holds(problem, x):
            return x
        if tangents.refine(problem, x):
            rows = tangents.lower(problem)
        else:
            tighter += [2 * max(0.0, row.excess(x)) for row in problem.rows]
    return None


def _solve_few(problem: Problem) -> Floats | None:
    """The best whole plan of a few people: solve without spreads, and cut off each plan that breaks one, exactly."""
    rows = Tangents().lower(problem)
    everybody = Play(open=~problem.is_held[problem.people.code], fixed=problem.held)
    for number in range(MOST_CUTS):
        answer = solve_whole(problem, rows, everybody, gap=0.0, n_nodes=N_NODES_PER_CUT, guesses=0.0)
        if not answer.solved:
            return None
        if holds(problem, answer.x):
            return answer.x
        broken = [i for i in problem.spreads if problem.rows[i].excess(answer.x) > problem.rows[i].tolerance(answer.x)]
        if not broken:
            return None
        rows = rows.with_cuts([_cut_off(problem, i, answer.x, number) for i in broken])
    return None


def _cut_off(problem: Problem, row: int, x: Floats, number: int) -> Cut:
    """A cut that the whole plan x breaks, and no whole plan that keeps the row."""
    spread = problem.spreads[row]
    return Cut(
        row=row,
        name=f"{problem.rows[row].name}_cut_{number}",
        errors=np.zeros(spread.n_errors),
        coins=0.0,
        constant=0.0,
        members=spread.whole_tangent(x),
    )


def holds(problem: Problem, x: Floats) -> bool:
    """Whether a plan keeps every limit, recomputed from the option table."""
    return all(row.excess(x) <= row.tolerance(x) for row in problem.rows)


def _rounded(problem: Problem, x: Floats) -> Floats:
    return np.where(problem.whole, x.round(), x)


def _split(problem: Problem, x: Floats) -> Flags:
    """People whose contact is split although it must be whole, shape (n_people,)."""
    split = np.zeros(len(problem.people), dtype=bool)
    split[problem.people.code[problem.whole & (np.abs(x - x.round()) > 1e-6)]] = True
    return split
