"""How good an audience of the most alike is: AUC, and how many of it belong, without knowing anybody who does not.

Seeds that the models did not see stand for all members, the hidden ones too: that seeds are members drawn at random is the one
assumption. What share of the leads are members is not to be had from seeds at all. So

    recall     share of members that the audience reaches                           known
    lift       recall / share of the leads that the audience is                     known
    precision  share of the audience that are members = share of members * lift     known if the share is; else a ceiling
    AUC        of members against the others = (AUC of seeds against leads - share / 2) / (1 - share)       the same
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate, check_fraction
from acquire.errors import BadInput
from acquire.statistics.bootstrap import interval
from acquire.statistics.normal import Z_90

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MOST_GROUPS = 2_000
_FEWEST_SEEDS_ABOVE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberShare:
    """Share of the leads that are members, as somebody who looked knows it.

    Attributes:
        share: A fraction.
        n_checked: Leads drawn at random that were looked at; None: the share is taken as it stands.
    """

    share: float
    n_checked: int | None = None

    def __post_init__(self) -> None:
        check_fraction("the share of members among the leads", self.share)
        if not 0 < self.share < 1:
            raise BadInput(f"the share of members among the leads is {self.share:g}; give a fraction between 0 and 1")
        if self.n_checked is not None and self.n_checked < 1:
            raise BadInput(f"{self.n_checked} leads were checked; give 1 or more, or leave it out")

    def draws(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw shares as likely as what was found makes them (Jeffreys), shape (n,)."""
        if self.n_checked is None:
            return np.full(n, self.share)
        found = self.share * self.n_checked
        return rng.beta(found + 0.5, self.n_checked - found + 0.5, n)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessQuality:
    """What an audience of the most alike is worth, by likeness alone. Intervals of 90 %.

    Attributes:
        n_seeds, n_leads, size: Seeds held out, leads ranked, leads in the audience.
        n_effective: How many seeds of equal weight would tell as much.
        seed_auc: Chance that a seed scores above a lead: at most 1 minus half the share of members.
        recall: Share of members that the audience reaches.
        lift: Recall over the share of the leads that the audience is: 1 = no better than any leads.
        share: Share of members among the leads, as stated; None where nobody knows.
        share_ceiling: More than this share the leads cannot hold, or they would look more like the seeds.
        auc: Chance that a member scores above a lead that is none; None where the share is not known.
        precision: Share of the audience that are members; None where the share is not known. The predictive interval holds what
            asking them all would find.
        precision_ceiling: The same under `share_ceiling`.
    """

    n_seeds: int
    n_leads: int
    size: int
    n_effective: float
    seed_auc: Estimate
    recall: Estimate
    lift: Estimate
    share: float | None
    share_ceiling: float
    auc: Estimate | None
    precision: Estimate | None
    precision_ceiling: float

    @property
    def tells_alike(self) -> bool:
        """Whether seeds rank above leads beyond chance."""
        return self.seed_auc.low > 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranks:
    """Seeds and leads counted by score, from best to worst; rows of equal score are one group, so order cannot matter.

    Attributes:
        seeds, leads: Weight of the seeds, and number of leads, per group.
        seed_group: Group of each seed, shape (n_seeds,).
        reached: Share of each group that is in the audience.
    """

    seeds: Floats
    leads: Floats
    seed_group: Ints
    reached: Floats


def choose_audience(score: Floats, allowed: Flags, size: int) -> Ints:
    """Give the rows of the `size` allowed leads with the highest scores, best first; ties by row.

    Raises:
        BadInput: There are not that many.
    """
    n_allowed = int(allowed.sum())
    if not 1 <= size <= n_allowed:
        raise BadInput(
            f"an audience of {size:,} was asked for; {n_allowed:,} leads may be contacted: ask for 1 to that many"
        )
    order = np.argsort(-score, kind="stable")
    return order[allowed[order]][:size]


def judge_likeness(
    seed_scores: Floats,
    lead_scores: Floats,
    size: int,
    rng: np.random.Generator,
    *,
    seed_weight: Floats | None = None,
    share: MemberShare | None = None,
    n_replicates: int = 400,
) -> LikenessQuality:
    """Judge the audience of the `size` leads that score highest.

    Args:
        seed_scores: Scores of seeds by models that did not see them, shape (n_seeds,).
        lead_scores: The same of leads, shape (n_leads,).
        size: Leads in the audience.
        rng: For the intervals: seeds and leads are reweighted, not copied.
        seed_weight: How many each seed stands for, shape (n_seeds,); None: one each.
        share: Share of members among the leads, where somebody looked.
        n_replicates: Of the bootstrap.

    References:
        Jain, White, Trosset and Radivojac (2017), "Recovering True Classifier Performance in Positive-Unlabeled Learning", AAAI.
        Claesen et al. (2015), "Assessing binary classifiers using only positive and unlabeled data", arXiv:1504.06837.
    """
    weight = np.ones(len(seed_scores)) if seed_weight is None else seed_weight
    ranks = _rank(seed_scores, weight, lead_scores, size)
    n_leads, part, n_effective = len(lead_scores), size / len(lead_scores), float(weight.sum() ** 2 / (weight**2).sum())
    seeds = np.vstack([ranks.seeds, _reweighted(ranks, weight, n_replicates, rng)])
    # The weight of a group of leads is the sum of its rows' exponential weights: a gamma, so rows are never touched again.
    leads = np.vstack([ranks.leads, rng.standard_gamma(ranks.leads, (n_replicates, len(ranks.leads)))])
    seed_auc = _auc(seeds, leads)
    recall = (seeds @ ranks.reached) / seeds.sum(axis=1)
    ceiling = _share_ceiling(ranks, n_effective)
    known = None if share is None else np.r_[share.share, share.draws(n_replicates, rng)]
    return LikenessQuality(
        n_seeds=len(seed_scores),
        n_leads=n_leads,
        size=size,
        n_effective=n_effective,
        seed_auc=interval(seed_auc[0], seed_auc[1:]),
        recall=interval(recall[0], recall[1:]),
        lift=interval(recall[0] / part, recall[1:] / part),
        share=None if share is None else share.share,
        share_ceiling=ceiling,
        auc=None if known is None else _members_auc(seed_auc, known),
        precision=None if known is None else _precision(recall, known, n_leads, size, rng),
        precision_ceiling=min(1.0, ceiling * float(recall[0]) / part),
    )


def _rank(seed_scores: Floats, seed_weight: Floats, lead_scores: Floats, size: int) -> _Ranks:
    values = np.unique(np.concatenate([seed_scores, lead_scores]))
    if len(values) > _MOST_GROUPS:
        values = np.unique(np.quantile(values, np.linspace(0, 1, _MOST_GROUPS)))
    n = len(values)
    # Group g from the top holds scores in (values[n - g - 2], values[n - g - 1]].
    of_seeds, of_leads = (n - 1 - np.searchsorted(values, scores) for scores in (seed_scores, lead_scores))
    leads = np.bincount(of_leads, minlength=n).astype(np.float64)
    before = np.concatenate([[0.0], leads.cumsum()[:-1]])
    reached = np.clip((size - before) / np.maximum(leads, 1.0), 0.0, 1.0)
    seeds = np.bincount(of_seeds, weights=seed_weight, minlength=n).astype(np.float64)
    return _Ranks(seeds=seeds, leads=leads, seed_group=of_seeds, reached=reached)


def _reweighted(ranks: _Ranks, weight: Floats, n_replicates: int, rng: np.random.Generator) -> Floats:
    """Replicates of the seeds' weight per group, shape (B, n)."""
    n = len(ranks.seeds)
    return np.stack(
        [
            np.bincount(ranks.seed_group, weights=weight * rng.standard_exponential(len(weight)), minlength=n)
            for _ in range(n_replicates)
        ]
    )


def _auc(seeds: Floats, leads: Floats) -> Floats:
    """Chance that a seed ranks above a lead, a tie counting half; groups from best to worst, shape (B, n) -> (B,)."""
    below = leads.sum(axis=1, keepdims=True) - leads.cumsum(axis=1)
    chances: Floats = (seeds * (below + leads / 2)).sum(axis=1) / (seeds.sum(axis=1) * leads.sum(axis=1))
    return chances


def _members_auc(seed_auc: Floats, share: Floats) -> Estimate:
    auc = np.clip((seed_auc - share / 2) / (1 - share), 0.0, 1.0)
    return interval(auc[0], auc[1:])


def _precision(recall: Floats, share: Floats, n_leads: int, size: int, rng: np.random.Generator) -> Estimate:
    """Precision with both intervals: of the expected truth, and of the members that are really among the leads."""
    precision = np.clip(share * recall * n_leads / size, 0.0, 1.0)
    expected = interval(precision[0], precision[1:])
    found = interval(precision[0], rng.binomial(size, precision[1:]) / size)
    return Estimate(
        expected=expected.expected,
        low=expected.low,
        high=expected.high,
        predictive_low=found.low,
        predictive_high=found.high,
    )


def _share_ceiling(ranks: _Ranks, n_seeds: float) -> float:
    """Upper bound of the share of members, met with 95 % confidence.

    Among the leads above any threshold are at least the members above it: share * recall <= part of the leads above. The
    threshold at which that binds most, noise allowed for, gives the bound.

    References:
        Garg, Wu, Smola, Balakrishnan and Lipton (2021), "Mixture Proportion Estimation and PU Learning: A Modern Approach",
        NeurIPS, section 4 (best bin estimation).
    """
    n_leads = ranks.leads.sum()
    recall = np.minimum(ranks.seeds.cumsum() / ranks.seeds.sum(), 1.0)
    above = recall * n_seeds >= _FEWEST_SEEDS_ABOVE
    if not above.any():
        return 1.0
    recall, part = recall[above], np.maximum(ranks.leads.cumsum()[above], 1.0) / n_leads
    deviation = np.sqrt((1 - recall) / (n_seeds * recall) + (1 - part) / (n_leads * part))
    return float(min(1.0, np.min(part / recall * np.exp(Z_90 * deviation))))


def chance_to_belong(likeness: Floats, share: float) -> Floats:
    """Give the chance to belong of each lead, shape (n,): share * likeness, at most 1."""
    return np.minimum(1.0, share * likeness) if math.isfinite(share) else np.full(len(likeness), np.nan)
