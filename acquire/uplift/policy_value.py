"""What a policy is worth: the AIPW value of who would really get what, on rows that did not choose it. Holds for any assignment.

A policy is an arm per row: 0 = no contact, j = offer j - 1. Scores are those of `acquire.statistics.aipw`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.statistics.bootstrap import bootstrap_means, interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def extra_of_policy(scores: Floats, policy: Ints) -> Floats:
    """Give each row's AIPW score of what the policy adds to no contact, shape (n,).

        extra[i] = scores[i, policy_i] - scores[i, 0]

    Args:
        scores: AIPW scores under every arm, shape (n, n_arms).
        policy: Arm of each row, shape (n,).
    """
    extra: Floats = scores[np.arange(len(policy)), policy] - scores[:, 0]
    return extra


def best_offers(uplift: Floats, share: float) -> Ints:
    """Give the policy that contacts the best `share` of the rows, each with its best offer, where that adds anything.

    Rows tied at the edge are all left out, so that their order decides nothing.

    Args:
        uplift: Predicted uplift of each offer, shape (n, n_offers).
        share: Most of the rows that may be contacted, a fraction.
    """
    offer = uplift.argmax(axis=1)
    best = uplift[np.arange(len(uplift)), offer]
    room = int(share * len(best))
    edge = np.sort(best)[::-1][room] if room < len(best) else -np.inf
    return np.where((best > edge) & (best > 0), offer + 1, 0).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyValues:
    """Values of several policies on the same rows, reweighted together, so that differences are paired.

    Attributes:
        names: Of the policies.
        points: Extra outcomes per 1,000 rows of traffic, shape (n_policies,).
        draws: Bootstrap replicates of the same, shape (n_draws, n_policies).
    """

    names: tuple[str, ...]
    points: Floats
    draws: Floats

    def value(self, name: str) -> Estimate:
        """Give the value of one policy with its 90 % interval."""
        at = self.names.index(name)
        return interval(float(self.points[at]), self.draws[:, at])

    def difference(self, name: str, other: str) -> Estimate:
        """Give how much more one policy brings than another, with the 90 % interval of the difference."""
        at, against = self.names.index(name), self.names.index(other)
        return interval(float(self.points[at] - self.points[against]), self.draws[:, at] - self.draws[:, against])

    def standard_error(self, name: str, other: str) -> float:
        """Give the standard error of that difference."""
        at, against = self.names.index(name), self.names.index(other)
        return float((self.draws[:, at] - self.draws[:, against]).std(ddof=1))


def value_policies(
    scores: Floats, policies: Mapping[str, Ints], rng: np.random.Generator, n_replicates: int = 200
) -> PolicyValues:
    """Value policies side by side.

    Args:
        scores: AIPW scores of the outcome under every arm, shape (n, n_arms).
        policies: Arm of each row, shape (n,), by name; decided without the row's own outcome.
        rng: For the bootstrap.
        n_replicates: Number of replicates.

    References:
        Dudik, Langford and Li (2011), "Doubly Robust Policy Evaluation and Learning", ICML. Athey and Wager (2021), "Policy
        Learning with Observational Data", Econometrica 89(1), section 2.
    """
    extra = 1000 * np.column_stack([extra_of_policy(scores, policy) for policy in policies.values()])
    return PolicyValues(
        names=tuple(policies), points=extra.mean(axis=0), draws=bootstrap_means(extra, rng, n_replicates)
    )
