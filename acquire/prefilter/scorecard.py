"""The white-box scorecard: bins, weight of evidence (WOE), logistic regression, points. Pure numpy, no loop over rows.

    WOE of a bin     = ln(odds good in the bin / odds good in all)
    ln(odds good)    = intercept + sum over variables of coefficient * WOE of the bin
    points           = offset + factor * ln(odds good),     factor = points_to_double / ln 2,
                                                            offset = base_points - factor * ln(base_odds)
    p_bad            = 1 / (1 + exp((points - offset) / factor))

A bin's points are rounded in the fit to hundredths, as the table prints them: whoever adds up the printed table has the
lead's points, and p_bad is computed from that sum, so the two cannot disagree. Coefficients are never negative: of two
bins, the one with the higher bad rate never earns more points.

References:
    Siddiqi, N. (2006), "Credit Risk Scorecards", chapter 6.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import Direction, Feature, RiskTerms, Unseen
from acquire.errors import UNREADABLE, BadInput
from acquire.prefilter.bins import Codes
from acquire.prefilter.reasons import ReasonBook
from acquire.prefilter.scorecard_text import print_scorecard
from acquire.prefilter.variable import Variable

__all__ = ["FORMAT", "POINTS_DECIMALS", "Coded", "Scorecard", "ScorecardSettings", "Variable"]

Floats = NDArray[np.float64]

FORMAT = 2
POINTS_DECIMALS = 2

_BLOCK = 1 << 12


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
        n_errors: Most independent errors that say how sure the points are; 0 leaves that unmeasured.
        special_codes, direction, unseen: As in `acquire.domain.RiskTerms`; those of other features do nothing.
    """

    n_pre_bins: int = 20
    min_share: float = 0.02
    min_count: int = 30
    smoothing: float = 20.0
    min_information: float = 0.0
    penalties: tuple[float, ...] = (3.0, 30.0, 300.0)
    points_to_double: float = 20.0
    base_points: float = 600.0
    base_odds: float = 20.0
    n_errors: int = 20
    special_codes: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)
    direction: Mapping[str, Direction] = field(default_factory=dict)
    unseen: Unseen = "pooled"

    @classmethod
    def of(cls, terms: RiskTerms) -> "ScorecardSettings":
        """The usual settings under the terms that a lender declares."""
        return cls(special_codes=terms.special_codes, direction=terms.direction, unseen=terms.unseen)

    @property
    def factor(self) -> float:
        """Points per unit of ln(odds good)."""
        return float(self.points_to_double / np.log(2.0))

    @property
    def offset(self) -> float:
        """Points at odds of 1."""
        return float(self.base_points - self.factor * np.log(self.base_odds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """Leads as bin numbers: computed once, then points, reasons and errors are looked up.

    Attributes:
        codes: Per variable of the scorecard, the bin number of each lead, shape (n,).
        index: The leads' index.
    """

    codes: tuple[Codes, ...]
    index: "pd.Index[Any]"

    def __len__(self) -> int:
        return len(self.index)


Leads = pd.DataFrame | Coded


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """A fitted scorecard; see the module's formula. Every method that takes leads also takes them coded.

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

    @property
    def features(self) -> tuple[Feature, ...]:
        """The columns it reads."""
        return tuple(variable.feature for variable in self.variables)

    def spread(self, name: str) -> float:
        """Standard deviation of ln(odds bad) between the bins of the feature `name`; 0 where it is not read."""
        return sum(variable.spread() for variable in self.variables if variable.feature.name == name) / self.factor

    def coded(self, leads: Leads) -> Coded:
        """Find the bin of each lead in each variable, once for all that follows.

        Raises:
            BadInput: A column the scorecard reads is missing, or holds texts where numbers are read.
        """
        if isinstance(leads, Coded):
            return leads
        return Coded(codes=tuple(variable.codes(leads) for variable in self.variables), index=leads.index)

    def points(self, leads: Leads) -> Floats:
        """Points of each lead, shape (n,); more is better.

        Raises:
            BadInput: A column the scorecard reads is missing.
        """
        coded = self.coded(leads)
        total = np.full(len(coded), self.constant)
        for variable, codes in zip(self.variables, coded.codes, strict=True):
            total += variable.points[codes]
        return total

    def log_odds_bad(self, leads: Leads) -> Floats:
        """ln(odds bad) = (offset - points) / factor, shape (n,)."""
        return (self.offset - self.points(leads)) / self.factor

    def p_bad(self, leads: Leads) -> Floats:
        """Chance to go bad, shape (n,)."""
        return np.asarray(expit(self.log_odds_bad(leads)), dtype=float)

    def log_odds_errors(self, leads: Leads) -> Floats:
        """Change of ln(odds bad) under k independent standard normal errors, shape (n, k)."""
        coded = self.coded(leads)
        total = np.tile(-self.constant_errors, (len(coded), 1))
        # Block by block: what is added up stays in the processor's cache.
        for start in range(0, len(coded), _BLOCK):
            here = slice(start, start + _BLOCK)
            for variable, codes in zip(self.variables, coded.codes, strict=True):
                total[here] -= variable.errors[codes[here]]
        return total

    def loadings(self, leads: Leads) -> Floats:
        """Derivative of p_bad by k independent standard normal errors, shape (n, k).

        The covariance of p_bad over leads is loadings @ loadings.T: WOE, coefficients and intercept together.
        """
        coded = self.coded(leads)
        p = self.p_bad(coded)
        return self.log_odds_errors(coded) * (p * (1 - p))[:, None]

    def reasons(self, leads: Leads, *, top: int = 4) -> pd.DataFrame:
        """Where each lead loses most points against the best bin in which anybody was.

        Args:
            leads: Leads, n rows.
            top: Reasons per lead.

        Returns:
            Columns `reason_1`, `lost_1`, `words_1`, ... (variable, points lost, the two in words), rows as in `leads`; null where
            nothing is lost.
        """
        coded = self.coded(leads)
        return ReasonBook.of(self.variables).reasons(coded.codes, coded.index, top)

    def unseen(self, frame: pd.DataFrame) -> dict[str, int]:
        """Number of leads per variable whose category history never held; they are scored as declared."""
        counts = {v.feature.name: v.unseen(frame) for v in self.variables}
        return {name: n for name, n in counts.items() if n}

    def table(self) -> pd.DataFrame:
        """The scorecard as a committee reads it, one row per bin.

        Returns:
            Columns variable, bin, count, bad_rate (fraction), woe, points, information_value.
        """
        parts = [variable.table() for variable in self.variables]
        columns = ["variable", "bin", "count", "bad_rate", "woe", "points", "information_value"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def to_text(self) -> str:
        """The scorecard as lines to print: the formula, then the table."""
        return print_scorecard(self.table(), factor=self.factor, offset=self.offset, constant=self.constant)

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
            "variables": [variable.to_content() for variable in self.variables],
        }

    @classmethod
    def from_json(cls, text: str) -> "Scorecard":
        """The scorecard that `to_json` wrote.

        Raises:
            BadInput: Written by another version, or not by `to_json`.
        """
        try:
            return cls.from_content(json.loads(text))
        except UNREADABLE as error:
            raise BadInput("the scorecard cannot be read; use a file that this version wrote") from error

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Scorecard":
        """The scorecard that `to_content` gave."""
        if content["format"] != FORMAT:
            raise BadInput(f"the scorecard has format {content['format']!r}; this version reads format {FORMAT}")
        return cls(
            variables=tuple(Variable.from_content(variable) for variable in content["variables"]),
            factor=float(content["factor"]),
            offset=float(content["offset"]),
            constant=float(content["constant"]),
            constant_errors=np.asarray(content["constant_errors"], dtype=float),
            penalty=float(content["penalty"]),
        )
