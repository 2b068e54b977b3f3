"""How sure the figures of quality are: 90 % intervals by reweighting rows at random.

They say how far the same models' figures could be off by the chance of which bookings were seen, not what fitting on other
bookings would change. AUC, Brier score and log loss take quantiles of the replicates. KS and ECE are distances d from "no
difference": chance makes a distance larger than it is, and a replicate, which has that chance twice, larger still, so that
plain quantiles leave out the truth (those of ECE always, where all chances are exactly right). With d* a replicate and e* the
distance between the replicate's differences and those seen,

    low = max(0, d - 95 % quantile of e*)          high = d + mean of d* - 5 % quantile of d*

hold the truth somewhat more often than 9 times in 10: d is at most the truth plus the distance that chance makes, and on
average it is not below the truth.

References:
    Rubin, D. (1981), "The Bayesian bootstrap", Annals of Statistics 9(1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.statistics.bootstrap import interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The chances are judged in tenths of the rows.
N_PARTS = 10
_N_REPLICATES = 200
# Chances count as no surer than this: a single wrong one would make the log loss infinite.
_EDGE = 1e-12
# Weights drawn at a time: what is added up then stays in the processor's cache.
_WEIGHTS_AT_A_TIME = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskIntervals:
    """The five figures of quality with their 90 % intervals; NaN where they were not asked for or are undefined."""

    auc: Estimate
    ks: Estimate
    brier: Estimate
    log_loss: Estimate
    ece: Estimate


def nats(p_bad: Floats, bad: Floats) -> Floats:
    """-ln(chance given to what happened) of each row, shape (n,); linear in the outcome."""
    p = np.clip(p_bad, _EDGE, 1 - _EDGE)
    return np.asarray(-(bad * np.log(p) + (1 - bad) * np.log(1 - p)), dtype=float)


def with_intervals(points: RiskIntervals, p_bad: Floats, bad: Floats, rng: np.random.Generator) -> RiskIntervals:
    """Give the figures `points` with their intervals.

    Args:
        points: The figures as measured; only `expected` is read.
        p_bad: Chances to go bad by models that did not see the row, shape (n,).
        bad: Outcomes, 0 or 1, shape (n,).
        rng: Source of the weights.
    """
    rows, n = _Ordered.of(p_bad, bad), len(bad)
    as_seen = _AsSeen.of(rows)
    at_a_time = max(1, min(_N_REPLICATES, _WEIGHTS_AT_A_TIME // n))
    sizes = [min(at_a_time, _N_REPLICATES - first) for first in range(0, _N_REPLICATES, at_a_time)]
    parts = [rows.replicates(rng.standard_exponential((size, n)), as_seen) for size in sizes]
    drawn = _Replicates(
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in _Replicates.__dataclass_fields__}
    )
    return RiskIntervals(
        auc=interval(points.auc.expected, drawn.auc),
        ks=_interval_of_distance(points.ks.expected, drawn.ks, drawn.ks_by_chance),
        brier=interval(points.brier.expected, drawn.brier),
        log_loss=interval(points.log_loss.expected, drawn.log_loss),
        ece=_interval_of_distance(points.ece.expected, drawn.ece, drawn.ece_by_chance),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replicates:
    """Figures of quality under b sets of weights, each shape (b,)."""

    auc: Floats
    ks: Floats
    ks_by_chance: Floats
    brier: Floats
    log_loss: Floats
    ece: Floats
    ece_by_chance: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """Rows from the safest to the riskiest, sorted once, so that each set of weights costs a few sums.

    Attributes:
        bad: Outcomes, shape (n,).
        gap: Promised minus seen, shape (n,).
        losses: Squared error and nats, shape (n, 2).
        last_of_tie: Last row of each group of equal chances.
        starts: First row of each tenth.
    """

    bad: Floats
    gap: Floats
    losses: Floats
    last_of_tie: Ints
    starts: Ints

    @classmethod
    def of(cls, p_bad: Floats, bad: Floats) -> "_Ordered":
        order = np.argsort(p_bad, kind="stable")
        p, y = p_bad[order], bad[order]
        part = np.arange(len(y)) * N_PARTS // len(y)
        return cls(
            bad=y,
            gap=p - y,
            losses=np.column_stack([(p - y) ** 2, nats(p, y)]),
            last_of_tie=np.flatnonzero(np.r_[np.diff(p) > 0, True]),
            starts=np.flatnonzero(np.diff(part, prepend=-1)),
        )

    def curves(self, weight: Floats) -> tuple[Floats, Floats]:
        """Shares of the bad and of the good rows up to each tie, each shape (b, n_ties); NaN with one outcome only."""
        bad = np.cumsum(weight * self.bad, axis=1)[:, self.last_of_tie]
        good = np.cumsum(weight, axis=1)[:, self.last_of_tie] - bad
        with np.errstate(invalid="ignore"):
            return bad / bad[:, -1:], good / good[:, -1:]

    def gaps(self, weight: Floats) -> tuple[Floats, Floats]:
        """Promised minus seen bad rate of each tenth, and the tenth's share of the weight, each shape (b, n_tenths)."""
        held = np.add.reduceat(weight, self.starts, axis=1)
        gaps = np.add.reduceat(weight * self.gap, self.starts, axis=1) / held
        return gaps, held / held.sum(axis=1, keepdims=True)

    def replicates(self, weight: Floats, as_seen: "_AsSeen") -> _Replicates:
        """The figures under each row of `weight`, shape (b, n)."""
        of_bad, of_good = self.curves(weight)
        gaps, share = self.gaps(weight)
        losses = weight @ self.losses / weight.sum(axis=1, keepdims=True)
        apart = of_bad - of_good
        safer = of_good[:, 1:] + of_good[:, :-1]
        return _Replicates(
            auc=of_bad[:, 0] * of_good[:, 0] / 2 + (np.diff(of_bad, axis=1) * safer).sum(axis=1) / 2,
            ks=np.abs(apart).max(axis=1),
            ks_by_chance=np.abs(apart - as_seen.apart).max(axis=1),
            brier=losses[:, 0],
            log_loss=losses[:, 1],
            ece=(np.abs(gaps) * share).sum(axis=1),
            ece_by_chance=(np.abs(gaps - as_seen.gaps) * share).sum(axis=1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _AsSeen:
    """Differences without any reweighting: between bad and good per tie, and between promised and seen per tenth."""

    apart: Floats
    gaps: Floats

    @classmethod
    def of(cls, rows: _Ordered) -> "_AsSeen":
        once = np.ones((1, len(rows.bad)))
        of_bad, of_good = rows.curves(once)
        return cls(apart=of_bad - of_good, gaps=rows.gaps(once)[0])


def _interval_of_distance(point: float, drawn: Floats, by_chance: Floats) -> Estimate:
    """The interval of the module's formula; `drawn` is d*, `by_chance` is e*, both shape (b,)."""
    low = max(0.0, point - float(np.quantile(by_chance, 0.95)))
    high = min(1.0, point + float(drawn.mean() - np.quantile(drawn, 0.05)))
    return Estimate(expected=point, low=low, high=high) if np.isfinite(point) else Estimate(expected=point)
