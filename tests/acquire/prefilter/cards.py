"""Scorecards written by hand, so that every answer can be checked with a pencil."""

from collections.abc import Sequence

import numpy as np

from acquire.domain import Feature, FeatureKind
from acquire.prefilter.bins import Bins, CategoryBins, NumericBins
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.variable import Variable

SCORE = NumericBins(edges=(512.0, 560.0), special=(-999.0,))
CITY = CategoryBins(levels=("far", "near"), rare=frozenset({"isle"}))


def make_variable(name: str, bins: Bins, points: Sequence[float], count: Sequence[float] | None = None) -> Variable:
    """A variable with these points and counts; 10 rows in each bin where none are given."""
    kind: FeatureKind = "numeric" if isinstance(bins, NumericBins) else "category"
    held = np.array(count or [10.0] * bins.n_bins, dtype=float)
    return Variable(
        feature=Feature(name=name, kind=kind),
        bins=bins,
        count=held,
        n_bad=held / 10,
        woe=np.zeros(bins.n_bins),
        coefficient=1.0,
        points=np.array(points, dtype=float),
        information=0.25,
        errors=np.zeros((bins.n_bins, 1)),
    )


def make_card(*variables: Variable, constant: float = 0.0) -> Scorecard:
    """A scorecard of these variables, scaled as usual."""
    usual = ScorecardSettings()
    return Scorecard(
        variables=variables,
        factor=usual.factor,
        offset=usual.offset,
        constant=constant,
        constant_errors=np.zeros(1),
        penalty=1.0,
    )
