"""Whole contacts by exchange: give the few people whose course is least clear another course, one or two at a time.

At the relaxed plan's prices every course of every person has a loss: what its best course is better by. A whole plan's gain
falls short of the bound by the losses of all courses taken plus the priced room that it leaves in the limits; so only courses
with small losses can be part of a better plan, and those are few. From the rounded plan:

1. While a limit is broken, take the one or two changes of course that mend most.
2. While one or two changes gain and fit, take the best of them.
3. Force two of the cheapest changes on the best plan so far and go on from there; after so many steps, stop.

References:
    Lourenço, Martin, Stützle (2003), Iterated Local Search.
    Senju, Toyoda (1968), An Approach to Linear Programming with 0-1 Variables (changes weighed against the room they take).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from acquire.allocate.leads import Relaxed
from acquire.allocate.linear import LinearRows
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem

N_CHANGES = 200  # of course, that are looked at together: all pairs of them
N_STEPS = 150
N_CHEAPEST = 20  # changes, whose pairs are forced
MOST_STEPS_DOWN = 50
PENALTY = 10.0  # of breaking a limit, in gains of the best contact per typical use


@dataclass(frozen=True, slots=True, kw_only=True)
class _Courses:
    """What each person may be given: a column, or nothing. The last `n_people` courses are nothing, in the order of the people.

    Attributes:
        column: Shape (n_courses,); -1 for nothing.
        person: Shape (n_courses,).
        gain, loss: Shape (n_courses,).
        use: Of each linear row, shape (m, n_courses).
        penalty: Cost of one unit beyond each row, shape (m,).
    """

    column: Ints
    person: Ints
    gain: Floats
    loss: Floats
    use: Floats
    penalty: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """Each person's course, shape (n_people,), and the room left in each linear row, shape (m,)."""

    course: Ints
    room: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    """The cheapest changes of course from a state, and at the end no change: whose, to what, gaining and using what."""

    person: Ints
    course: Ints
    gain: Floats
    use: Floats


def exchange(problem: Problem, rows: LinearRows, relaxed: Relaxed, people: Ints) -> Floats | None:
    """The best plan found by giving some people other whole courses than the relaxed plan, shape (n,); None where none fits.

    Args:
        problem: Gains and people.
        rows: The limits, linear.
        relaxed: The plan to start from; what it gives all others is kept.
        people: Whose course may change, people of size 1, ascending.
    """
    courses, start, x = _start(problem, rows, relaxed, people)
    best, steps = _descend(courses, start, frozenset())
    while steps < N_STEPS:
        better = None
        for forced in _kicks(courses, best):
            found, taken = _descend(
                courses, _changed(courses, best, forced), frozenset(courses.person[forced].tolist())
            )
            found, more = _descend(courses, found, frozenset())
            steps += taken + more
            if _merit(courses, found) > _merit(courses, best) + 1e-12:
                better = found
            if better is not None or steps >= N_STEPS:
                break
        if better is None:
            break
        best = better
    if (best.room < 0).any():
        return None
    given = courses.column[best.course]
    x[given[given >= 0]] = 1.0
    return x


def _start(problem: Problem, rows: LinearRows, relaxed: Relaxed, people: Ints) -> tuple[_Courses, _State, Floats]:
    """The courses of the people, the relaxed plan rounded (those who are split get nothing), and the plan of all others."""
    place = np.full(len(problem.people), -1)
    place[people] = np.arange(len(people))
    columns = np.flatnonzero(place[problem.people.code] >= 0)
    whose = place[problem.people.code[columns]]
    reduced = problem.gain[columns] - _priced(rows, relaxed, columns)
    best = np.zeros(len(people))
    np.maximum.at(best, whose, reduced)
    use = rows.at(columns)
    typical = np.abs(use).mean(axis=1)
    courses = _Courses(
        column=np.r_[columns, np.full(len(people), -1)],
        person=np.r_[whose, np.arange(len(people))],
        gain=np.r_[problem.gain[columns], np.zeros(len(people))],
        loss=np.r_[best[whose] - reduced, best],
        use=np.c_[use, np.zeros((len(use), len(people)))],
        penalty=PENALTY * float(np.abs(problem.gain[columns]).max()) / np.where(typical > 0, typical, 1.0),
    )
    x = relaxed.x.copy()
    x[columns] = 0.0
    given = np.flatnonzero(relaxed.x[columns] > 1 - 1e-6)
    course = len(columns) + np.arange(len(people))
    course[whose[given]] = given
    room = rows.right_side - rows.used_by(x) - courses.use[:, course].sum(axis=1)
    return courses, _State(course=course, room=room), x


def _priced(rows: LinearRows, relaxed: Relaxed, columns: Ints) -> Floats:
    """What some columns cost at the relaxed plan's prices; rows that came after it cost nothing."""
    prices = np.zeros(len(rows))
    prices[: len(relaxed.prices)] = relaxed.prices
    costs: Floats = prices @ rows.at(columns)
    return costs


def _descend(courses: _Courses, state: _State, kept: frozenset[int]) -> tuple[_State, int]:
    """Take the best one or two changes until there is none; those who are `kept` stay as they are. Also the number of steps."""
    steps = 0
    while steps < MOST_STEPS_DOWN:
        steps += 1
        changes = _cheapest(courses, state, kept)
        pair = _best_mending(courses, state, changes) if (state.room < 0).any() else _best_gaining(state, changes)
        if pair is None:
            break
        state = _changed(courses, state, changes.course[[k for k in pair if k < len(changes.course)]])
    return state, steps


def _cheapest(courses: _Courses, state: _State, kept: frozenset[int]) -> _Changes:
    """The changes that lose least at the prices, and no change as the last."""
    now = state.course[courses.person]
    cost = courses.loss - courses.loss[now]
    cost[state.course] = np.inf
    if kept:
        cost[np.isin(courses.person, list(kept))] = np.inf
    order = np.argsort(cost, kind="stable")[:N_CHANGES]
    to = order[cost[order] < np.inf]
    return _Changes(
        person=np.r_[courses.person[to], -1],
        course=to,
        gain=np.r_[courses.gain[to] - courses.gain[now[to]], 0.0],
        use=np.c_[courses.use[:, to] - courses.use[:, now[to]], np.zeros(len(state.room))],
    )


def _best_gaining(state: _State, changes: _Changes) -> tuple[int, int] | None:
    """The pair of changes that gains most within the room there is."""
    gain = changes.gain
    first, second = np.nonzero(np.triu(gain[:, None] + gain[None, :] > 1e-12, 1))
    for use, room in zip(changes.use, state.room, strict=True):
        fits = use[first] + use[second] <= room
        first, second = first[fits], second[fits]
    apart = changes.person[first] != changes.person[second]
    first, second = first[apart], second[apart]
    if not len(first):
        return None
    best = int(np.argmax(gain[first] + gain[second]))
    return int(first[best]), int(second[best])


def _best_mending(courses: _Courses, state: _State, changes: _Changes) -> tuple[int, int] | None:
    """The pair of changes after which gain less penalties is highest, if that is better than no change."""
    merit = changes.gain[:, None] + changes.gain[None, :]
    for use, room, penalty in zip(changes.use, state.room, courses.penalty, strict=True):
        merit -= penalty * np.maximum(use[:, None] + use[None, :] - room, 0.0)
    merit[changes.person[:, None] == changes.person[None, :]] = -np.inf
    best = int(np.argmax(merit))
    now = -float(courses.penalty @ np.maximum(-state.room, 0.0))
    if not merit.flat[best] > now + 1e-12:
        return None
    return divmod(best, len(merit))


def _changed(courses: _Courses, state: _State, to: Ints) -> _State:
    """The state after some people's change to other courses."""
    course = state.course.copy()
    course[courses.person[to]] = to
    used = courses.use[:, to].sum(axis=1) - courses.use[:, state.course[courses.person[to]]].sum(axis=1)
    return _State(course=course, room=state.room - used)


def _kicks(courses: _Courses, state: _State) -> Iterator[Ints]:
    """Pairs of the cheapest changes, the cheapest first."""
    cheapest = _cheapest(courses, state, frozenset()).course[:N_CHEAPEST]
    pairs = sorted(itertools.combinations(range(len(cheapest)), 2), key=sum)
    for one, other in pairs:
        if courses.person[cheapest[one]] != courses.person[cheapest[other]]:
            yield cheapest[[one, other]]


def _merit(courses: _Courses, state: _State) -> float:
    """Gain less penalties."""
    return float(courses.gain[state.course].sum() - courses.penalty @ np.maximum(-state.room, 0.0))
