"""The part of a problem that is near the margin: who leaves or joins when one channel's contacts go; far behind it nobody moves.

The MOST_COLUMNS options that gain most after the plan's prices, PER_PERSON of each person. Where those who pay are more, a sample
of the people is taken first.
"""

import numpy as np

from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem

MOST_COLUMNS = 10_000
PER_PERSON = 2  # options: the one that is planned, and what else the person might get
ROOM = 0.75  # of the columns, for those who pay


def nearest(problem: Problem, score: Floats, seed: int) -> tuple[Problem, Ints]:
    """The problem of the options that gain most, and the positions of its columns; what is no contact stays."""
    if problem.n_options <= MOST_COLUMNS:
        return problem, np.arange(len(problem))
    part, at = _sampled(problem, score, seed)
    first = _first_of_each_person(part, score[at[: part.n_options]])
    kept = np.r_[np.sort(first[:MOST_COLUMNS]), np.arange(part.n_options, len(part))]
    return part.take(kept, part.people.size[part.people.code[kept]]), at[kept]


def _first_of_each_person(problem: Problem, score: Floats) -> Ints:
    """The options among the PER_PERSON best of their person, those that gain most first."""
    order = np.argsort(-score, kind="stable")
    code = problem.people.code[order]
    by_person = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(code[by_person]) > 0])
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_person] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    first: Ints = order[rank < PER_PERSON]
    return first


def _sampled(problem: Problem, score: Floats, seed: int) -> tuple[Problem, Ints]:
    """So few of the people that those who pay leave room for others; all of them where that is so anyway."""
    share = share_of_people(problem, score)
    if share >= 1:
        return problem, np.arange(len(problem))
    n_people = len(problem.people) - problem.n_extra
    n_sampled = int(share * n_people)
    people = np.sort(np.random.default_rng(seed).permutation(n_people)[:n_sampled])
    return problem.sample(people, n_people / n_sampled)


def share_of_people(problem: Problem, score: Floats) -> float:
    """The share of the people that are looked at: all where those who pay leave room for others."""
    if problem.n_options <= MOST_COLUMNS:
        return 1.0
    n_paying = len(np.unique(problem.people.code[: problem.n_options][score > 0]))
    return min(1.0, ROOM * MOST_COLUMNS / (PER_PERSON * max(n_paying, 1)))
