"""One variable of a scorecard: its bins, what each is worth, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.bins import Bins, Codes, bins_from_json, bins_to_json

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the scorecard.

    Attributes:
        feature: The column it reads.
        bins: How the column is cut.
        count, n_bad: Rows and bad rows per bin, as weighted in the fit, shape (n_bins,).
        woe: Weight of evidence per bin, shape (n_bins,); 0 where a bin was never seen, unless declared as the worst.
        coefficient: Coefficient of the WOE.
        points: Points per bin, shape (n_bins,), this variable's share of the offset and the intercept included.
        information: Information value.
        errors: Change of ln(odds good) per bin under k independent standard normal errors, shape (n_bins, k).
    """

    feature: Feature
    bins: Bins
    count: Floats
    n_bad: Floats
    woe: Floats
    coefficient: float
    points: Floats
    information: float
    errors: Floats

    def __post_init__(self) -> None:
        lengths = {len(column) for column in (self.count, self.n_bad, self.woe, self.points, self.errors)}
        if lengths != {self.bins.n_bins}:
            raise BadInput(f"variable {self.feature.name!r} of the scorecard has columns of unequal length; fit again")
        if not (np.isfinite(self.points).all() and np.isfinite(self.errors).all()):
            raise BadInput(f"variable {self.feature.name!r} of the scorecard has points that are not finite; fit again")

    def codes(self, frame: pd.DataFrame) -> Codes:
        """Bin number of each lead, shape (n,).

        Raises:
            BadInput: The column is missing, or holds texts where the scorecard reads numbers.
        """
        column = self._column(frame)
        try:
            return self.bins.codes(column)
        except (TypeError, ValueError):
            name, kind = self.feature.name, "numbers" if self.feature.kind == "numeric" else "texts"
            raise BadInput(f"column {name!r} holds other values than {kind}; give it as it was in the fit") from None

    def unseen(self, frame: pd.DataFrame) -> int:
        """Number of leads whose category history never held."""
        return self.bins.unseen(self._column(frame))

    def _column(self, frame: pd.DataFrame) -> pd.Series:
        name = self.feature.name
        if name not in frame.columns:
            raise BadInput(
                f"the scorecard reads column {name!r}, which the table lacks; add it or fit again without it"
            )
        return frame[name]

    def lost(self) -> Floats:
        """Points that each bin loses against the best bin in which anybody was, shape (n_bins,); never negative."""
        held = self.count > 0
        best = float(self.points[held].max()) if held.any() else float(self.points.max())
        return np.maximum(best - self.points, 0.0)

    def spread(self) -> float:
        """Standard deviation of the points over the rows of the fit."""
        mean = np.average(self.points, weights=self.count)
        return float(np.average((self.points - mean) ** 2, weights=self.count) ** 0.5)

    def table(self) -> pd.DataFrame:
        """The variable as a committee reads it, one row per bin; see `Scorecard.table`."""
        with np.errstate(invalid="ignore"):
            bad_rate = self.n_bad / self.count
        return pd.DataFrame(
            {
                "variable": self.feature.name,
                "bin": self.bins.labels(),
                "count": self.count,
                "bad_rate": bad_rate,
                "woe": self.woe,
                "points": self.points,
                "information_value": self.information,
            }
        )

    def to_content(self) -> dict[str, Any]:
        """The variable as plain JSON values."""
        return {
            "name": self.feature.name,
            "kind": self.feature.kind,
            "bins": bins_to_json(self.bins),
            "count": self.count.tolist(),
            "n_bad": self.n_bad.tolist(),
            "woe": self.woe.tolist(),
            "coefficient": self.coefficient,
            "points": self.points.tolist(),
            "information": self.information,
            "errors": self.errors.tolist(),
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Variable":
        """The variable that `to_content` gave.

        Raises:
            BadInput: Its name is no text, or its bins are not of this version.
        """
        if not isinstance(content["name"], str):
            raise BadInput("the scorecard has a variable whose name is no text; use a file written by this version")
        return cls(
            feature=Feature(name=content["name"], kind=content["kind"]),
            bins=bins_from_json(content["bins"]),
            count=np.asarray(content["count"], dtype=float),
            n_bad=np.asarray(content["n_bad"], dtype=float),
            woe=np.asarray(content["woe"], dtype=float),
            coefficient=float(content["coefficient"]),
            points=np.asarray(content["points"], dtype=float),
            information=float(content["information"]),
            errors=np.asarray(content["errors"], dtype=float).reshape(len(content["points"]), -1),
        )
