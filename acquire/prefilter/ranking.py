"""What a model must be able to do to rank leads by risk: the champion in force, scorecard or challenger, is one of these."""

from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature

Floats = NDArray[np.float64]

RankingKind = Literal["scorecard", "challenger"]


class RankingModel(Protocol):
    """A model of the chance to go bad before calibration, offers and channels."""

    @property
    def features(self) -> tuple[Feature, ...]:
        """The columns it reads."""

    def log_odds_bad(self, leads: pd.DataFrame, /) -> Floats:
        """ln(odds bad), shape (n,)."""

    def p_bad(self, leads: pd.DataFrame, /) -> Floats:
        """Chance to go bad, shape (n,)."""

    def log_odds_errors(self, leads: pd.DataFrame, /) -> Floats:
        """Change of ln(odds bad) under k independent standard normal errors, shape (n, k)."""

    def spread(self, name: str, /) -> float:
        """Standard deviation of ln(odds bad) between the levels of the feature `name`; 0 where it is not read."""

    def unseen(self, frame: pd.DataFrame, /) -> dict[str, int]:
        """Number of leads per feature whose category history never held; features without any are left out."""

    def to_content(self) -> dict[str, Any]:
        """The model as plain JSON values."""
