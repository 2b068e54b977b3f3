"""Why there is no plan: the smallest set of limits to relax, and by how much."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.leads import Relaxed, solve_shares
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import FEW, solve_contacts
from acquire.errors import Infeasible

N_SAMPLED = 600  # people: enough to see which limits conflict; the figures are checked on everybody
MOST_RELAXED = 3
MOST_NAMED = 3
HALVINGS = 20
HALVINGS_OF_MANY = 7  # within 1 % of the way; a plan for everybody is checked afterwards


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Limits to relax, the figures at which there is a plan again, and how far that is.

    Attributes:
        rows: Positions of the limits.
        figures: What each must be at least (a cap) or at most (a floor).
        distance: Largest relative change of one of them.
    """

    rows: tuple[int, ...]
    figures: tuple[float, ...]
    distance: float


def somebody_fits(problem: Problem, seed: int) -> bool:
    """Whether the limits can be met by contacting somebody, whatever it earns."""
    return _plan(_anybody(problem), seed)[0] is not None


def explain_why_nobody(problem: Problem, seed: int) -> Infeasible:
    """The error to raise where the limits leave no plan, or none that contacts anybody.

    The smallest number of limits is sought first, then among those sets the smallest relative change. Every set of limits
    whose removal helps contains one that has a price in the proof that there is no plan (a Farkas certificate), so only
    those are tried.
    """
    floors = any(row.at_least and row.base is None for row in problem.rows)
    problem = problem if floors or problem.gain.max() > 0 else _anybody(problem)
    part = _sampled(problem, seed)
    sets = _smallest_sets(part, seed)
    if not sets:
        names = [row.name for row in problem.rows]
        return Infeasible(f"the limits leave nobody to contact: {', '.join(names)}; relax several of them", names)
    remedies = [_remedy(part, chosen, seed) for chosen in sets]
    best = min(remedies, key=lambda remedy: remedy.distance)
    return _in_words(problem, _checked(problem, best, seed), seed)


def _anybody(problem: Problem) -> Problem:
    return replace(problem, gain=np.ones(len(problem)))


def _sampled(problem: Problem, seed: int) -> Problem:
    n = len(problem.people)
    if n <= N_SAMPLED:
        return problem
    people = np.sort(np.random.default_rng(seed).permutation(n)[:N_SAMPLED])
    return problem.sample(people, n / N_SAMPLED)[0]


def _without(problem: Problem, dropped: Sequence[int]) -> Problem:
    return replace(problem, rows=tuple(row for i, row in enumerate(problem.rows) if i not in dropped))


def _moved(problem: Problem, remedy: Remedy) -> Problem:
    rows = list(problem.rows)
    for i, figure in zip(remedy.rows, remedy.figures, strict=True):
        rows[i] = rows[i].at(figure)
    return replace(problem, rows=tuple(rows))


def _plan(problem: Problem, seed: int) -> tuple[Floats | None, Relaxed]:
    """A plan that contacts somebody (in whole contacts where people are few), or None."""
    tangents = Tangents()
    relaxed = solve_shares(problem, tangents, seed)
    if len(problem.people) > FEW:
        return (relaxed.x if relaxed.x.sum() >= 0.5 and not relaxed.broken else None), relaxed
    x = solve_contacts(problem, tangents, relaxed)
    return (x if x is not None and x.any() else None), relaxed


def _priced(problem: Problem, relaxed: Relaxed) -> tuple[int, ...]:
    """The limits that have a price in the proof that there is no plan; all of them where none has."""
    priced = sorted({int(i) for i in relaxed.rows.owner[relaxed.prices > 0]})
    return tuple(priced) or tuple(range(len(problem.rows)))


def _smallest_sets(problem: Problem, seed: int) -> list[tuple[int, ...]]:
    """All smallest sets of limits (positions) without which there is a plan; none when it takes more than MOST_RELAXED."""
    kept: dict[tuple[int, ...], tuple[int, ...]] = {(): _priced(problem, _plan(problem, seed)[1])}
    for _ in range(MOST_RELAXED):
        candidates = sorted({tuple(sorted((*dropped, i))) for dropped, priced in kept.items() for i in priced})
        found, kept = [], {}
        for dropped in candidates:
            rest = _without(problem, dropped)
            x, relaxed = _plan(rest, seed)
            if x is not None:
                found.append(dropped)
            else:
                places = [i for i in range(len(problem.rows)) if i not in dropped]
                kept[dropped] = tuple(places[i] for i in _priced(rest, relaxed))
        if found:
            return found
    return []


def _remedy(problem: Problem, dropped: tuple[int, ...], seed: int) -> Remedy:
    """How far the limits of a set must move towards what the best plan without them uses: together, then each alone."""
    plan, relaxed = _plan(_without(problem, dropped), seed)
    free = relaxed.x if plan is None else plan
    rows = [problem.rows[i] for i in dropped]
    figures = [row.allowed if np.isnan(use) else use for row, use in ((row, _used(row, free)) for row in rows)]
    figures = _drawn_back(problem, dropped, figures, range(len(dropped)), seed)
    for place in range(len(dropped)) if len(dropped) > 1 else ():
        figures = _drawn_back(problem, dropped, figures, (place,), seed)
    changes = (abs(f - row.allowed) / max(abs(row.allowed), 1e-9) for f, row in zip(figures, rows, strict=True))
    return Remedy(rows=dropped, figures=tuple(figures), distance=max(changes))


def _drawn_back(
    problem: Problem, dropped: tuple[int, ...], figures: Sequence[float], moving: Sequence[int], seed: int
) -> list[float]:
    """Draw some of the figures back to where the limits are, as far as there still is a plan, by bisection."""

    def at(share: float) -> list[float]:
        allowed = [problem.rows[i].allowed for i in dropped]
        return [
            a + share * (f - a) if k in moving else f for k, (a, f) in enumerate(zip(allowed, figures, strict=True))
        ]

    low, high = 0.0, 1.0
    for _ in range(HALVINGS if len(problem.people) <= FEW else HALVINGS_OF_MANY):
        middle = (low + high) / 2
        remedy = Remedy(rows=dropped, figures=tuple(at(middle)), distance=0.0)
        low, high = (middle, high) if _plan(_moved(problem, remedy), seed)[0] is None else (low, middle)
    return at(high)


def _used(row: Row, x: Floats) -> float:
    return row.used(x) if row.spread is None else row.spread.stated_quantile(x)


def _checked(problem: Problem, remedy: Remedy, seed: int) -> Remedy:
    """The remedy in round figures, moved on in small steps until a plan for everybody exists."""
    rows = [problem.rows[i] for i in remedy.rows]
    for step in range(5):
        rounded = tuple(
            _outward(row, _moved_on(row, f, 0.05 * step)) for row, f in zip(rows, remedy.figures, strict=True)
        )
        candidate = replace(remedy, figures=rounded)
        if _plan(_moved(problem, candidate), seed)[0] is not None:
            return candidate
    return candidate


def _moved_on(row: Row, figure: float, share: float) -> float:
    """A figure moved on by a share of its way, but never by more than that share of itself: a floor stays above 0."""
    way = figure - row.allowed
    return figure + share * math.copysign(min(abs(way), abs(figure)), way)


def _outward(row: Row, figure: float) -> float:
    """A figure rounded to 4 significant digits to the looser side; a rate stays within 1."""
    if figure == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(figure))) - 3)
    steps = math.floor(figure / unit + 0.01) if row.at_least else math.ceil(figure / unit - 0.01)
    rounded = float(f"{steps * unit:.6g}")
    return min(rounded, 1.0) if row.unit == "rate" else rounded


def _in_words(problem: Problem, remedy: Remedy, seed: int) -> Infeasible:
    rows = [problem.rows[i] for i in remedy.rows]
    others = [problem.rows[i].name for i in _priced(problem, _plan(problem, seed)[1]) if i not in remedy.rows]
    names = [*(row.name for row in rows), *others]
    moves = " and ".join(
        f"{'lower' if row.at_least else 'raise'} {row.name} from {row.allowed:g} to "
        f"at {'most' if row.at_least else 'least'} {figure:g}"
        for row, figure in zip(rows, remedy.figures, strict=True)
    )
    if not others:
        return Infeasible(f"{' and '.join(names)}: nobody can be contacted; {moves}", names)
    together = ", ".join(others[:MOST_NAMED]) + (" and others" if len(others) > MOST_NAMED else "")
    both = " and ".join(row.name for row in rows)
    return Infeasible(f"{both} cannot be met together with {together} while anybody is contacted: {moves}", names)
