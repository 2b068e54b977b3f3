"""Which learner to use: the simplest whose policy is worth as much as the best one's, on rows that no model had seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate, LearnerName
from acquire.statistics.aipw import aipw_scores
from acquire.uplift.effects import Effects
from acquire.uplift.policy_value import PolicyValues, best_offers, value_policies

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SIMPLEST_FIRST: tuple[LearnerName, ...] = ("logistic_t", "s", "t", "x", "dr")

_RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One learner's policy.

    Attributes:
        value: Extra bookings per 1,000 leads of traffic, with its 90 % interval.
        beyond_random: How many more than as many contacts at random bring; the interval is of the paired difference.
        behind: How many fewer than the best policy's; the interval is of the paired difference.
        standard_error: Of `behind`; 0 for the best.
        contacts: Share of the leads that the policy contacts.
    """

    learner: LearnerName
    value: Estimate
    beyond_random: Estimate
    behind: Estimate
    standard_error: float
    contacts: float

    @property
    def as_good_as_best(self) -> bool:
        """Whether its policy is within one standard error of the best."""
        return self.behind.expected <= self.standard_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Tournament:
    """Learners side by side, the simplest first; `share` is the most of the leads that a policy may contact."""

    contestants: tuple[Contestant, ...]
    share: float
    n_rows: int

    @property
    def champion(self) -> Contestant:
        """The simplest learner within one standard error of the best."""
        return next(one for one in self.contestants if one.as_good_as_best)

    @property
    def best(self) -> Contestant:
        """The learner with the highest value; who it is may be luck."""
        return max(self.contestants, key=lambda one: one.value.expected)


def hold_tournament(
    effects: Mapping[LearnerName, Effects], booked: Floats, rng: np.random.Generator, share: float = 1 / 3
) -> Tournament:
    """Compare learners by the AIPW value of the policies that their out-of-fold estimates make.

    A policy contacts, fold by fold, the best `share` of the rows, each with its best offer, where that adds anything. All
    policies are valued by the same scores, whose expectation is the average of the learners', so that none is judge in its own
    cause.

    Args:
        effects: Fitted effects by learner, on the same history and folds.
        booked: 0 or 1, shape (n,).
        rng: For the bootstrap and the contacts at random.
        share: Most of the rows that may be contacted.

    References:
        Breiman, Friedman, Olshen and Stone (1984), "Classification and Regression Trees", section 3.4.3 (the simplest within one
        standard error). Dudik, Langford and Li (2011) for the value.
    """
    ordered = {name: effects[name] for name in SIMPLEST_FIRST if name in effects}
    policies: dict[str, Ints] = {name: _policy(one, share) for name, one in ordered.items()}
    scores = _common_scores(tuple(ordered.values()), booked)
    dealt = {f"{_RANDOM} {name}": _dealt(policies[name], ordered[name].fold, rng) for name in ordered}
    values = value_policies(scores, {**policies, **dealt}, rng)
    best = max(ordered, key=lambda name: values.value(name).expected)
    return Tournament(
        contestants=tuple(_contestant(name, best, policies[name], values) for name in ordered),
        share=share,
        n_rows=len(booked),
    )


def _contestant(name: LearnerName, best: LearnerName, policy: Ints, values: PolicyValues) -> Contestant:
    return Contestant(
        learner=name,
        value=values.value(name),
        beyond_random=values.difference(name, f"{_RANDOM} {name}"),
        behind=values.difference(best, name),
        standard_error=values.standard_error(best, name),
        contacts=float((policy > 0).mean()),
    )


def _policy(effects: Effects, share: float) -> Ints:
    policy = np.zeros(len(effects.fold), dtype=np.int64)
    uplift = np.where(effects.assignment.covered, effects.uplift, -np.inf)  # where overlap fails nobody is contacted
    for k in np.unique(effects.fold):
        rows = effects.fold == k
        policy[rows] = best_offers(uplift[rows], share)
    return policy


def _dealt(policy: Ints, fold: Ints, rng: np.random.Generator) -> Ints:
    """The same contacts, dealt at random within each fold."""
    dealt = policy.copy()
    for k in np.unique(fold):
        rows = np.flatnonzero(fold == k)
        dealt[rows] = rng.permutation(policy[rows])
    return dealt


def _common_scores(effects: tuple[Effects, ...], booked: Floats) -> Floats:
    expected = [np.column_stack([one.p_control, one.p_control[:, None] + one.uplift]) for one in effects]
    assignment = effects[0].assignment
    return aipw_scores(booked, assignment.arm, assignment.own_propensity, np.mean(expected, axis=0))
