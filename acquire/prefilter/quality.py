"""How good the chances to go bad are, on rows that were not used for fitting them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from acquire.domain import Estimate
from acquire.prefilter.quality_intervals import N_PARTS, RiskIntervals, nats, with_intervals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskQuality:
    """Out-of-fold quality of the chances to go bad.

    Attributes:
        n, n_bad: Rows and bad rows.
        auc: Chance that a bad row is rated worse than a good one; NaN with one outcome only.
        ks: Largest distance of the two distributions, a fraction.
        brier: Mean squared error.
        log_loss: Nats per row.
        ece: Expected calibration error: mean distance of promised and seen bad rate over ten equal parts.
        deciles: The table of `decile_table`.
        p_bad: Out-of-fold chances, calibrated, in the order of the rows given, shape (n,).
        folds: The fold each row was held out in, shape (n,).
        intervals: The figures again, with intervals.
    """

    n: int
    n_bad: int
    auc: float
    ks: float
    brier: float
    log_loss: float
    ece: float
    deciles: pd.DataFrame
    p_bad: Floats
    folds: Ints
    intervals: RiskIntervals


def measure(p_bad: Floats, bad: Floats, folds: Ints, rng: np.random.Generator | None = None) -> RiskQuality:
    """Quality of out-of-fold chances against what happened.

    Args:
        p_bad: Chances, shape (n,).
        bad: Outcomes, 0 or 1, shape (n,).
        folds: The fold each row was held out in, shape (n,).
        rng: For the intervals; None = figures without intervals.
    """
    deciles = decile_table(p_bad, bad)
    figures = {
        "auc": auc(p_bad, bad),
        "ks": ks(p_bad, bad),
        "brier": float(((p_bad - bad) ** 2).mean()),
        "log_loss": log_loss(p_bad, bad),
        "ece": float(np.average((deciles["promised"] - deciles["seen"]).abs(), weights=deciles["count"])),
    }
    points = RiskIntervals(**{name: Estimate(expected=value) for name, value in figures.items()})
    return RiskQuality(
        n=len(bad),
        n_bad=int(bad.sum()),
        **figures,
        deciles=deciles,
        p_bad=p_bad,
        folds=folds,
        intervals=points if rng is None else with_intervals(points, p_bad, bad, rng),
    )


def auc(score: Floats, bad: Floats) -> float:
    """Area under the ROC curve, ties counted half; NaN with one outcome only."""
    n_bad = bad.sum()
    n_good = len(bad) - n_bad
    if n_bad == 0 or n_good == 0:
        return float("nan")
    return float((rankdata(score)[bad == 1].sum() - n_bad * (n_bad + 1) / 2) / (n_bad * n_good))


def log_loss(p_bad: Floats, bad: Floats, weight: Floats | None = None) -> float:
    """Mean of -ln(chance given to what happened), nats per row."""
    return float(np.average(nats(p_bad, bad), weights=weight))


def ks(score: Floats, bad: Floats) -> float:
    """Kolmogorov-Smirnov distance between the scores of bad and good rows; NaN with one outcome only."""
    if bad.min() == bad.max():
        return float("nan")
    order = np.argsort(score, kind="stable")
    last_of_tie = np.r_[np.diff(score[order]) > 0, True]
    bad_share = np.cumsum(bad[order]) / bad.sum()
    good_share = np.cumsum(1 - bad[order]) / (1 - bad).sum()
    return float(np.abs(bad_share - good_share)[last_of_tie].max())


def decile_table(p_bad: Floats, bad: Floats, n_parts: int = N_PARTS) -> pd.DataFrame:
    """Promised and seen bad rate in equal parts of the rows, from the safest to the riskiest.

    Returns:
        Columns decile (from 1), count, promised, seen (fractions).
    """
    part = np.empty(len(p_bad), dtype=np.int64)
    part[np.argsort(p_bad, kind="stable")] = np.arange(len(p_bad)) * n_parts // len(p_bad)
    table = pd.DataFrame({"decile": part + 1, "promised": p_bad, "seen": bad}).groupby("decile")
    return table.agg(count=("seen", "size"), promised=("promised", "mean"), seen=("seen", "mean")).reset_index()
