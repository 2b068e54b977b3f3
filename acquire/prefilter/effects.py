"""What named groups (offers, channels, months) do to the level of the bad rate, in ln(odds), shrunk towards nothing.

All figures are one scoring step from out-of-fold chances p: a group's shift is sum(w (bad - p)) / sum(w p (1 - p)), and
sum(w p (1 - p)) is its information, one over the variance of that shift by chance; w is 1 for a booking that has matured.

References:
    Rao, C. R. (1948), "Large sample tests of statistical hypotheses concerning several parameters" (score test).
    DerSimonian, R. and Laird, N. (1986), "Meta-analysis in clinical trials", section 2 (variance between groups).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from acquire.domain import CONTROL

Floats = NDArray[np.float64]

# Below this chance of equal groups their spread counts as an error; below the second, their shifts are applied too.
NOISE_LEVEL = 0.05
SHIFT_LEVEL = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Shifts in ln(odds bad) per group and their standard deviations.

    Attributes:
        shift: Applied shift per name; no entry means 0.
        sd: Standard deviation per name.
        unseen_sd: Standard deviation of a group history never saw.
        lean: Best guess of what a name does beyond its applied shift; no entry means 0. Not sure enough to tell single leads
            apart by it, but totals are expected to move by it.
    """

    shift: Mapping[str, float] = field(default_factory=dict)
    sd: Mapping[str, float] = field(default_factory=dict)
    unseen_sd: float = 0.0
    lean: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "shift": dict(self.shift),
            "sd": dict(self.sd),
            "lean": dict(self.lean),
            "unseen_sd": self.unseen_sd,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Effects":
        """What `to_json` wrote."""
        shift = {str(name): float(value) for name, value in content["shift"].items()}
        sd = {str(name): float(value) for name, value in content["sd"].items()}
        lean = {str(name): float(value) for name, value in content["lean"].items()}
        return cls(shift=shift, sd=sd, unseen_sd=float(content["unseen_sd"]), lean=lean)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResiduals:
    """What out-of-fold chances missed, per group.

    Attributes:
        names: The groups.
        residual: sum(w (bad - p)) per group.
        information: sum(w p (1 - p)) per group.
    """

    names: tuple[str, ...]
    residual: Floats
    information: Floats

    @property
    def p_equal(self) -> float:
        """Chance of differences between groups as large as these if all share one level (score test)."""
        return float(chi2.sf(self._heterogeneity(), len(self.names) - 1)) if len(self.names) > 1 else 1.0

    def between_variance(self) -> float:
        """Variance of the groups' shifts beyond chance, by moments; 0 where chance explains them (p above NOISE_LEVEL).

        With few groups the moments alone are mostly noise: hence the test in front.
        """
        if self.p_equal >= NOISE_LEVEL:
            return 0.0
        w = self.information
        excess = self._heterogeneity() - (len(w) - 1)
        return max(0.0, excess / float(w.sum() - (w @ w) / w.sum()))

    def shrunk(self, least_sd: float = 0.0) -> Effects:
        """Posterior mean and standard deviation of each shift under a normal prior.

        The prior's variance is the variance between groups, at least `least_sd` squared: what such groups are known to differ
        by even where these rows cannot show it. The means are applied where the rows tell the groups apart (p below
        SHIFT_LEVEL). Where they are not, the error is the one around no shift: its square is the posterior's variance and the
        square of its mean together.
        """
        variance = max(self.between_variance(), least_sd**2)
        if variance == 0:
            return Effects(sd=dict.fromkeys(self.names, 0.0))
        precision = self.information + 1 / variance
        shift, sd = self.residual / precision, precision**-0.5
        if self.p_equal < SHIFT_LEVEL:
            applied = dict(zip(self.names, shift.tolist(), strict=True))
        else:
            applied, sd = {}, np.hypot(sd, shift)
        return Effects(shift=applied, sd=dict(zip(self.names, sd.tolist(), strict=True)), unseen_sd=variance**0.5)

    def expected(self, own_sd: float, contacted_sd: float) -> dict[str, float]:
        """Posterior mean of each offer's shift, where those who were contacted may differ from control as a whole.

            shift(offer) = contacted * [offer is not control] + own(offer),   both normal around 0

        People whom only an offer brings are known to repay worse than those who come by themselves.

        Args:
            own_sd, contacted_sd: Standard deviations of the prior, in ln(odds).

        References:
            Ausubel, L. M. (1999), "Adverse Selection in the Credit Card Market", on who answers which offer.
        """
        contacted = np.array([name != CONTROL for name in self.names], dtype=float)
        prior = own_sd**2 * np.eye(len(self.names)) + contacted_sd**2 * np.outer(contacted, contacted)
        mean = np.linalg.solve(np.diag(self.information) + np.linalg.inv(prior), self.residual)
        return dict(zip(self.names, mean.tolist(), strict=True))

    def _heterogeneity(self) -> float:
        shift = self.residual / self.information
        centre = np.average(shift, weights=self.information)
        return float(self.information @ (shift - centre) ** 2)


def places_of(group: pd.Series, names: Sequence[str]) -> NDArray[np.int64]:
    """Place of each row's group among `names`, shape (n,); -1, the last of what is looked up, where it is none of them."""
    found = pd.Index(list(names), dtype="str").get_indexer(pd.Index(group.astype("str")))
    return np.asarray(found, dtype=np.int64)


def residuals_by(group: pd.Series, p: Floats, bad: Floats, weight: Floats) -> GroupResiduals:
    """Residuals per value of `group` of chances `p` against outcomes `bad` with their weights, each shape (n,)."""
    names, codes = np.unique(group.fillna("").astype("str").to_numpy(dtype=object), return_inverse=True)
    return GroupResiduals(
        names=tuple(str(name) for name in names),
        residual=np.bincount(codes, weights=weight * (bad - p)).astype(float),
        information=np.bincount(codes, weights=weight * p * (1 - p)).astype(float),
    )
