"""The white-box scorecard: bins, weight of evidence (WOE), logistic regression, points. Pure numpy, no loop over rows.

    WOE of a bin     = ln(odds good in the bin / odds good in all)
    ln(odds good)    = intercept + sum over variables of coefficient * WOE of the bin
    points           = offset + factor * ln(odds good),     factor = points_to_double / ln 2,
                                                            offset = base_points - factor * ln(base_odds)
    p_bad            = 1 / (1 + exp((points - offset) / factor))

A lead's points are the sum of its bins' points as the table prints them; p_bad is computed from that sum, so the two
cannot disagree. Coefficients are never negative: of two bins, the one with the higher bad rate never earns more points.

References:
    Siddiqi, N. (2006), "Credit Risk Scorecards", chapter 6.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.bins import Bins, bins_from_json, bins_to_json

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardSettings:
    """How a scorecard is fitted.

    Attributes:
        n_pre_bins: Quantile bins before the monotone merge.
        min_share, min_count: Smallest bin, as a share of the rows and in rows; rarer categories are pooled.
        smoothing: Rows at the average bad rate that are added to each bin before its WOE is taken.
        min_information: Variables whose information value, less what chance gives, is not above this are left out.
        penalties: Ridge penalties to choose from by held-out log loss.
        points_to_double, base_points, base_odds: A lead has `base_points` at odds good : bad of `base_odds`; the odds
            double every `points_to_double` points.
        n_draws: Refits on random weights that measure how sure the points are.
        n_errors: Most independent errors that are kept of them.
    """

    n_pre_bins: int = 20
    min_share: float = 0.02
    min_count: int = 30
    smoothing: float = 20.0
    min_information: float = 0.0
    penalties: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
    points_to_double: float = 20.0
    base_points: float = 600.0
    base_odds: float = 20.0
    n_draws: int = 64
    n_errors: int = 20

    @property
    def factor(self) -> float:
        """Points per unit of ln(odds good)."""
        return float(self.points_to_double / np.log(2.0))

    @property
    def offset(self) -> float:
        """Points at odds of 1."""
        return float(self.base_points - self.factor * np.log(self.base_odds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the scorecard.

    Attributes:
        feature: The column it reads.
        bins: How the column is cut.
        count, n_bad: Rows and bad rows per bin, as weighted in the fit, shape (n_bins,).
        woe: Weight of evidence per bin, shape (n_bins,); 0 where a bin was never seen.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """A fitted scorecard; see the module's formula.

    Attributes:
        variables: In the order of the features given to the fit, without those that tell nothing.
        factor, offset: The scaling of points.
        constant: Points that every lead starts with; 0 while there is a variable to carry them.
        constant_errors: Errors of the intercept in ln(odds good), shape (k,).
        penalty: The ridge penalty chosen.
    """

    variables: tuple[Variable, ...]
    factor: float
    offset: float
    constant: float
    constant_errors: Floats
    penalty: float

    def points(self, frame: pd.DataFrame) -> Floats:
        """Points of each lead, shape (n,); more is better. Not rounded.

        Raises:
            BadInput: A column the scorecard reads is missing.
        """
        total = np.full(len(frame), self.constant)
        for variable in self.variables:
            total += variable.points[_codes(variable, frame)]
        return total

    def log_odds_bad(self, frame: pd.DataFrame) -> Floats:
        """ln(odds bad) = (offset - points) / factor, shape (n,)."""
        return (self.offset - self.points(frame)) / self.factor

    def p_bad(self, frame: pd.DataFrame) -> Floats:
        """Chance to go bad, shape (n,)."""
        return np.asarray(expit(self.log_odds_bad(frame)), dtype=float)

    def log_odds_errors(self, frame: pd.DataFrame) -> Floats:
        """Change of ln(odds bad) under k independent standard normal errors, shape (n, k)."""
        total = np.tile(-self.constant_errors, (len(frame), 1))
        for variable in self.variables:
            total -= variable.errors[_codes(variable, frame)]
        return total

    def loadings(self, frame: pd.DataFrame) -> Floats:
        """Derivative of p_bad by k independent standard normal errors, shape (n, k).

        The covariance of p_bad over leads is loadings @ loadings.T: WOE, coefficients and intercept together.
        """
        p = self.p_bad(frame)
        return self.log_odds_errors(frame) * (p * (1 - p))[:, None]

    def reasons(self, frame: pd.DataFrame, *, top: int = 4) -> pd.DataFrame:
        """Where each lead loses most points against the best bin.

        Args:
            frame: Leads, n rows.
            top: Reasons per lead.

        Returns:
            Columns `reason_1`, `lost_1`, ... (variable, points lost), rows as in `frame`; null where nothing is lost.
        """
        lost = np.column_stack([v.points.max() - v.points[_codes(v, frame)] for v in self.variables] or [[]])
        lost = lost.reshape(len(frame), len(self.variables))
        names = np.array([v.feature.name for v in self.variables], dtype=object)
        order = np.argsort(-lost, axis=1, kind="stable")[:, :top]
        worst = np.take_along_axis(lost, order, axis=1)
        columns: dict[str, Any] = {}
        for rank in range(order.shape[1]):
            none_lost = worst[:, rank] <= 0
            columns[f"reason_{rank + 1}"] = pd.Series(names[order[:, rank]], dtype="str").mask(none_lost).to_numpy()
            columns[f"lost_{rank + 1}"] = np.where(none_lost, np.nan, worst[:, rank])
        return pd.DataFrame(columns, index=frame.index)

    def unseen(self, frame: pd.DataFrame) -> dict[str, int]:
        """Number of leads per variable whose category history never held; they are scored as the bin "other"."""
        counts = {v.feature.name: v.bins.unseen(frame[v.feature.name]) for v in self.variables}
        return {name: n for name, n in counts.items() if n}

    def table(self) -> pd.DataFrame:
        """The scorecard as a committee reads it, one row per bin.

        Returns:
            Columns variable, bin, count, bad_rate (fraction), woe, points, information_value.
        """
        parts = [_variable_table(variable) for variable in self.variables]
        columns = ["variable", "bin", "count", "bad_rate", "woe", "points", "information_value"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def to_json(self) -> str:
        """The scorecard as JSON text; `from_json` gives back one that scores the same, bit for bit."""
        return json.dumps(self.to_content(), ensure_ascii=False, allow_nan=False)

    def to_content(self) -> dict[str, Any]:
        """The scorecard as plain JSON values."""
        return {
            "format": FORMAT,
            "factor": self.factor,
            "offset": self.offset,
            "constant": self.constant,
            "constant_errors": self.constant_errors.tolist(),
            "penalty": self.penalty,
            "variables": [_variable_to_json(variable) for variable in self.variables],
        }

    @classmethod
    def from_json(cls, text: str) -> "Scorecard":
        """The scorecard that `to_json` wrote.

        Raises:
            BadInput: Written by another version, or not by `to_json`.
        """
        try:
            return cls.from_content(json.loads(text))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput("the scorecard cannot be read; use a file that this version wrote") from error

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Scorecard":
        """The scorecard that `to_content` gave."""
        if content["format"] != FORMAT:
            raise BadInput(f"the scorecard has format {content['format']!r}; this version reads format {FORMAT}")
        return cls(
            variables=tuple(_variable_from_json(variable) for variable in content["variables"]),
            factor=float(content["factor"]),
            offset=float(content["offset"]),
            constant=float(content["constant"]),
            constant_errors=np.asarray(content["constant_errors"], dtype=float),
            penalty=float(content["penalty"]),
        )


def _codes(variable: Variable, frame: pd.DataFrame) -> Ints:
    name = variable.feature.name
    if name not in frame.columns:
        raise BadInput(f"the scorecard reads column {name!r}, which the table lacks; add it or fit again without it")
    return variable.bins.codes(frame[name])


def _variable_table(variable: Variable) -> pd.DataFrame:
    with np.errstate(invalid="ignore"):
        bad_rate = variable.n_bad / variable.count
    return pd.DataFrame(
        {
            "variable": variable.feature.name,
            "bin": variable.bins.labels(),
            "count": variable.count,
            "bad_rate": bad_rate,
            "woe": variable.woe,
            "points": variable.points,
            "information_value": variable.information,
        }
    )


def _variable_to_json(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.feature.name,
        "kind": variable.feature.kind,
        "bins": bins_to_json(variable.bins),
        "count": variable.count.tolist(),
        "n_bad": variable.n_bad.tolist(),
        "woe": variable.woe.tolist(),
        "coefficient": variable.coefficient,
        "points": variable.points.tolist(),
        "information": variable.information,
        "errors": variable.errors.tolist(),
    }


def _variable_from_json(content: Mapping[str, Any]) -> Variable:
    return Variable(
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
