"""Small scorecards written down for the tests of their SQL."""

import numpy as np

from acquire.domain import Feature
from acquire.prefilter.bins import Bins, NumericBins
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.effects import Effects
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.scorecard import Scorecard
from acquire.prefilter.variable import Variable


def number_card(edges: list[float], points: list[float], name: str = "x") -> Scorecard:
    return card_of((name, NumericBins(edges=tuple(edges)), points))


def card_of(*variables: tuple[str, Bins, list[float]], constant: float = 0.0) -> Scorecard:
    return Scorecard(
        variables=tuple(
            Variable(
                feature=Feature(name=name, kind="numeric" if isinstance(bins, NumericBins) else "category"),
                bins=bins,
                count=np.ones(bins.n_bins),
                n_bad=np.zeros(bins.n_bins),
                woe=np.zeros(bins.n_bins),
                coefficient=1.0,
                points=np.array(points[: bins.n_bins]),
                information=0.1,
                errors=np.zeros((bins.n_bins, 1)),
            )
            for name, bins, points in variables
        ),
        factor=28.85390081777927,
        offset=513.5614381022527,
        constant=constant,
        constant_errors=np.zeros(1),
        penalty=1.0,
    )


def plain_model(card: Scorecard) -> RiskModel:
    return RiskModel(
        ranking=card,
        calibration=Calibration(),
        average_log_odds=0.0,
        offers=Effects(),
        channels=Effects(),
        level_sd=0.0,
        notes=("offers count as equal",),
    )
