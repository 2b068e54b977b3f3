"""What treating the best-scored leads first brings: curves that ties and the order of rows cannot move.

For traffic that was randomised. Where offers followed features these curves mix what the offer does with who was given it;
`acquire.uplift.policy_value` is for that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.errors import BadInput
from acquire.statistics.bootstrap import interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftCurve:
    """Sums over the rows with the best scores, read after every score that occurs; rows with equal scores enter together.

    Attributes:
        fraction: Share of the rows, from 0 to 1, shape (m + 1,).
        booked_with, booked_without: Outcomes of rows with the offer and of controls, shape (m + 1,).
        rows_with, rows_without: Numbers of such rows, shape (m + 1,).
    """

    fraction: Floats
    booked_with: Floats
    booked_without: Floats
    rows_with: Floats
    rows_without: Floats

    @property
    def gain(self) -> Floats:
        """Extra outcomes per row of traffic from treating the best share only, shape (m + 1,).

            gain(phi) = phi * (mean outcome with the offer - mean outcome without), both among the best share phi

        Where one side has no rows yet its mean counts as 0.
        """
        effect = _ratio(self.booked_with, self.rows_with) - _ratio(self.booked_without, self.rows_without)
        gained: Floats = self.fraction * effect
        return gained

    @property
    def radcliffe(self) -> Floats:
        """Radcliffe's incremental outcomes per row of traffic, shape (m + 1,).

        booked_with - booked_without * rows_with / rows_without, over all rows: what the treated among the best share brought.
        """
        extra = self.booked_with - self.booked_without * _ratio(self.rows_with, self.rows_without)
        brought: Floats = extra / (self.rows_with[-1] + self.rows_without[-1])
        return brought

    @property
    def auuc(self) -> float:
        """Area under `gain`, extra outcomes per row of traffic: the average over all shares one could treat."""
        return float(np.trapezoid(self.gain, self.fraction))

    @property
    def qini(self) -> float:
        """Area between `radcliffe` and the straight line to its end: 0 for a ranking of no use, and exactly 0 for a constant."""
        line = self.radcliffe
        return float(np.trapezoid(line, self.fraction) - line[-1] / 2)

    def uplift_at(self, share: float) -> float:
        """Give the effect among the best `share` of the rows; of rows tied at its edge, the fraction that fills it."""
        inside = [
            np.interp(share, self.fraction, sums)
            for sums in (self.booked_with, self.rows_with, self.booked_without, self.rows_without)
        ]
        booked_with, rows_with, booked_without, rows_without = (float(value) for value in inside)
        if not rows_with or not rows_without:
            return float("nan")
        return booked_with / rows_with - booked_without / rows_without


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A score sorted once, so that the rows can be weighted anew at the price of a sum.

    Attributes:
        order: Rows from the best score to the worst, shape (n,).
        ends: Last place of every group of equal scores in that order, shape (m,).
    """

    order: Ints
    ends: Ints

    def curve(self, outcome: Floats, with_offer: Flags, weight: Floats) -> UpliftCurve:
        """Read the curve where each row counts `weight` times, all shape (n,)."""
        w, given = weight[self.order], with_offer[self.order]
        booked = w * outcome[self.order]
        total = self.sums(w)
        return UpliftCurve(
            fraction=total / total[-1],
            booked_with=self.sums(booked * given),
            booked_without=self.sums(booked * ~given),
            rows_with=self.sums(w * given),
            rows_without=self.sums(w * ~given),
        )

    def sums(self, values: Floats) -> Floats:
        """Add up values in this order, shape (n,), up to the end of every group of equal scores, shape (m + 1,)."""
        return np.concatenate([[0.0], values.cumsum()[self.ends]])


def rank(score: Floats) -> Ranking:
    """Sort a score, shape (n,), from the best down."""
    order = np.argsort(-score, kind="stable")
    return Ranking(order=order, ends=np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1))


def uplift_curve(score: Floats, outcome: Floats, with_offer: Flags, weight: Floats | None = None) -> UpliftCurve:
    """Read what treating the best-scored rows first brings, on randomised rows with one offer or with control.

    Args:
        score: Predicted uplift, shape (n,).
        outcome: Observed outcome, shape (n,).
        with_offer: Whether the row had the offer, else it is a control, shape (n,).
        weight: How often each row counts: 1 (default) where all had the same chance of the offer, else 1 over the chance of what
            the row was given, shape (n,).

    Raises:
        BadInput: Rows with the offer or controls are missing.

    References:
        Radcliffe (2007), "Using control groups to target on predicted lift", Direct Marketing Analytics Journal. Devriendt, Guns
        and Verbeke (2020), "Learning to rank for uplift modeling", arXiv 2002.05897 (the curves as scikit-uplift computes them).
    """
    if with_offer.all() or not with_offer.any():
        raise BadInput("a curve needs rows with the offer and controls, but one of the two is missing; give both")
    return rank(score).curve(outcome, with_offer, np.ones(len(score)) if weight is None else weight)


def qini_of_best(curve: UpliftCurve, outcome: Floats, with_offer: Flags) -> float:
    """Give the Qini as a share of the best that any ranking of these rows could show, which 0/1 outcomes hardly let it reach.

    References:
        Radcliffe (2007), section 5; scikit-uplift's `qini_auc_score`.
    """
    hindsight = outcome * with_offer - outcome * ~with_offer
    return curve.qini / uplift_curve(hindsight, outcome, with_offer).qini


def _ratio(top: Floats, bottom: Floats) -> Floats:
    ratio: Floats = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
    return ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCurve:
    """Extra outcomes against money when the best-scored leads are treated first; both per row of traffic, shape (m + 1,)."""

    spend: Floats
    extra: Floats

    @property
    def area(self) -> float:
        """Area as a share of all spend times all extra outcomes: .5 at random; NaN where either total is not above 0."""
        if self.spend[-1] <= 0 or self.extra[-1] <= 0:
            return float("nan")
        return float(np.trapezoid(self.extra, self.spend) / (self.spend[-1] * self.extra[-1]))

    def bought(self, share: float) -> float:
        """Give the share of all extra outcomes that this share of all money buys; NaN where either total is not above 0."""
        if self.spend[-1] <= 0 or self.extra[-1] <= 0:
            return float("nan")
        return float(np.interp(share * self.spend[-1], self.spend, self.extra) / self.extra[-1])


def cost_curve(score: Floats, effect_scores: Floats, spend_scores: Floats, weight: Floats | None = None) -> CostCurve:
    """Read extra outcomes against money when leads are treated from the best score down.

    Args:
        score: What decides who is first, as uplift over spend, shape (n,).
        effect_scores: AIPW score of the outcome under the offer minus under control, shape (n,).
        spend_scores: Expected spend of treating the row, or its AIPW score, shape (n,).
        weight: How often each row counts, shape (n,); None: once.

    References:
        Du, Lee and Ghaffarizadeh (2019), "Improve User Retention with Causal Learning", PMLR 104, section 4 (the cost curve).
    """
    return _read_cost(rank(score), effect_scores, spend_scores, np.ones(len(score)) if weight is None else weight)


def bought_with_interval(
    score: Floats,
    effect_scores: Floats,
    spend_scores: Floats,
    rng: np.random.Generator,
    share: float = 0.5,
    n_replicates: int = 200,
) -> Estimate:
    """Give the share of all extra outcomes that a share of all money buys, best first, with its 90 % interval.

    Not known (NaN) where it is not clear that there are extra outcomes at all. See `cost_curve` for the arguments.
    """
    ranking, n = rank(score), len(score)
    point = _read_cost(ranking, effect_scores, spend_scores, np.ones(n))
    draws = [_read_cost(ranking, effect_scores, spend_scores, rng.standard_exponential(n)) for _ in range(n_replicates)]
    if min(draw.extra[-1] for draw in (point, *draws)) <= 0:
        return Estimate(expected=float("nan"))
    return interval(point.bought(share), np.array([draw.bought(share) for draw in draws]))


def _read_cost(ranking: Ranking, effect_scores: Floats, spend_scores: Floats, weight: Floats) -> CostCurve:
    spend, extra = (
        ranking.sums((weight * values)[ranking.order]) / weight.sum() for values in (spend_scores, effect_scores)
    )
    return CostCurve(spend=spend, extra=extra)
