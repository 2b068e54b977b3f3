"""What named groups (offers, channels, months) do to the level of the bad rate, in ln(odds), shrunk towards nothing.

All figures are one scoring step from out-of-fold chances p: a group's shift is sum(bad - p) / sum(p (1 - p)), and
sum(p (1 - p)) is its information, one over the variance of that shift by chance.

References:
    Rao, C. R. (1948), "Large sample tests of statistical hypotheses concerning several parameters" (score test).
    DerSimonian, R. and Laird, N. (1986), "Meta-analysis in clinical trials", section 2 (variance between groups).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

Floats = NDArray[np.float64]

# Below this chance of equal groups their spread counts as an error; below the second, their shifts are applied too.
NOISE_LEVEL = 0.05
SHIFT_LEVEL = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Shifts in ln(odds bad) per group and their standard deviations.

    Attributes:
        shift: Applied shift per name; no entry means 0.
        sd: Standard deviation per name.
        unseen_sd: Standard deviation of a group history never saw.
    """

    shift: Mapping[str, float] = field(default_factory=dict)
    sd: Mapping[str, float] = field(default_factory=dict)
    unseen_sd: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"shift": dict(self.shift), "sd": dict(self.sd), "unseen_sd": self.unseen_sd}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Effects":
        """What `to_json` wrote."""
        shift = {str(name): float(value) for name, value in content["shift"].items()}
        sd = {str(name): float(value) for name, value in content["sd"].items()}
        return cls(shift=shift, sd=sd, unseen_sd=float(content["unseen_sd"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResiduals:
    """What out-of-fold chances missed, per group.

    Attributes:
        names: The groups.
        residual: sum(bad - p) per group.
        information: sum(p (1 - p)) per group.
    """

    names: tuple[str, ...]
    residual: Floats
    information: Floats

    @property
    def p_equal(self) -> float:
        """Chance of differences between groups as large as these if all share one level (score test)."""
        return float(chi2.sf(self._heterogeneity(), len(self.names) - 1)) if len(self.names) > 1 else 1.0

    def between_variance(self) -> float:
        """Variance of the groups' shifts beyond chance, by moments; 0 unless chance (5 %) fails to explain them.

        With few groups the moments alone are mostly noise: hence the test in front.
        """
        if self.p_equal >= NOISE_LEVEL:
            return 0.0
        w = self.information
        excess = self._heterogeneity() - (len(w) - 1)
        return max(0.0, excess / float(w.sum() - (w @ w) / w.sum()))

    def shrunk(self) -> Effects:
        """Posterior mean and standard deviation of each shift under a normal prior with the variance between groups."""
        variance = self.between_variance()
        if variance == 0:
            return Effects(sd=dict.fromkeys(self.names, 0.0))
        precision = self.information + 1 / variance
        shift = (self.residual / precision).tolist() if self.p_equal < SHIFT_LEVEL else []
        return Effects(
            shift=dict(zip(self.names, shift, strict=bool(shift))),
            sd=dict(zip(self.names, (precision**-0.5).tolist(), strict=True)),
            unseen_sd=variance**0.5,
        )

    def _heterogeneity(self) -> float:
        shift = self.residual / self.information
        centre = np.average(shift, weights=self.information)
        return float(self.information @ (shift - centre) ** 2)


def residuals_by(group: pd.Series, p: Floats, bad: Floats) -> GroupResiduals:
    """Residuals per value of `group`, shape (n,), of chances `p` against outcomes `bad`, both shape (n,)."""
    names, codes = np.unique(group.fillna("").astype("str").to_numpy(dtype=object), return_inverse=True)
    return GroupResiduals(
        names=tuple(str(name) for name in names),
        residual=np.bincount(codes, weights=bad - p).astype(float),
        information=np.bincount(codes, weights=p * (1 - p)).astype(float),
    )
