"""The challenger of the scorecard: boosted trees whose risk moves with each feature in the declared direction.

    ln(odds bad) = start + sum over trees of the value of the leaf the lead falls into

`start` is the average. A feature with a declared direction can only move the sum that way, whatever the other features are, and a
category with a higher bad rate never lowers it. The trees find what adding up points cannot: features that matter together.

References:
    Ke, G. et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", section 2.
    Auguste, C., Malory, S. and Smirnov, I. (2020), "A better method to enforce monotonic constraints in regression and
    classification trees".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import Feature
from acquire.errors import UNREADABLE, BadInput
from acquire.prefilter.columns import Columns
from acquire.statistics.trees import booster_from_content, trees_to_content

Floats = NDArray[np.float64]

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosted:
    """One sum of trees; see the module's formula.

    Attributes:
        start: ln(odds bad) of everybody before the first tree.
        booster: The trees; None where no feature is read.
    """

    start: float
    booster: lgb.Booster | None

    def __post_init__(self) -> None:
        if not np.isfinite(self.start):
            raise BadInput(f"the challenger starts at {self.start}, which is no log odds; fit again")

    def log_odds(self, matrix: Floats) -> Floats:
        """ln(odds bad), shape (n, width) -> (n,)."""
        if self.booster is None or not len(matrix):
            return np.full(len(matrix), self.start)
        trees = self.booster.predict(matrix, raw_score=True, num_threads=1)
        return self.start + np.asarray(trees, dtype=np.float64)

    def to_content(self) -> dict[str, Any]:
        """The trees as plain JSON values."""
        return {"start": self.start, "trees": None if self.booster is None else trees_to_content(self.booster)}

    @classmethod
    def from_content(cls, content: Mapping[str, Any], width: int) -> "Boosted":
        """The trees that `to_content` gave, checked before LightGBM sees them."""
        trees = content["trees"]
        booster = None if trees is None else booster_from_content(trees, width)
        return cls(start=float(content["start"]), booster=booster)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenger:
    """A fitted challenger. It ranks leads as the scorecard does: `acquire.prefilter.ranking.RankingModel`.

    Attributes:
        columns: How features become numbers.
        signs: How ln(odds bad) moves with each column of the matrix: 1 up, -1 down, 0 either way.
        boosted: The model.
        drawn: Refits on random weights of the rows: how sure the model is.
        widening: What the differences between refits are multiplied by. All refits are pulled to the average alike, so what that
            pull gets wrong does not show between them.
    """

    columns: Columns
    signs: tuple[int, ...]
    boosted: Boosted
    drawn: tuple[Boosted, ...]
    widening: float

    def __post_init__(self) -> None:
        if len(self.signs) != self.columns.width or not 1 <= self.widening <= 10:
            raise BadInput("the challenger has signs or a widening that do not fit its columns; fit again")

    @property
    def features(self) -> tuple[Feature, ...]:
        """The columns it reads."""
        return self.columns.features

    def log_odds_bad(self, leads: pd.DataFrame) -> Floats:
        """ln(odds bad), shape (n,).

        Raises:
            BadInput: A column it reads is missing, or holds texts where numbers are read.
        """
        return self.boosted.log_odds(self.columns.matrix(leads))

    def p_bad(self, leads: pd.DataFrame) -> Floats:
        """Chance to go bad, shape (n,)."""
        return np.asarray(expit(self.log_odds_bad(leads)), dtype=float)

    def log_odds_errors(self, leads: pd.DataFrame) -> Floats:
        """Change of ln(odds bad) under k independent standard normal errors, shape (n, k).

        One error per refit: their squares add up to the variance between the refits, widened. The last is that of values which
        the fit never saw. This scores the leads once per refit: ask once, and keep the answer.
        """
        never_seen = self.columns.never_seen(leads)
        if len(self.drawn) < 2:
            return never_seen[:, None]
        matrix = self.columns.matrix(leads)
        drawn = np.column_stack([boosted.log_odds(matrix) for boosted in self.drawn])
        deviation = (drawn - drawn.mean(axis=1, keepdims=True)) / np.sqrt(len(self.drawn) - 1)
        return np.column_stack([deviation * self.widening, never_seen])

    def spread(self, name: str) -> float:
        """Standard deviation of ln(odds bad) between the levels of the feature `name`; 0 where it is not read."""
        return sum(column.spread for column in self.columns.columns if column.feature.name == name)

    def unseen(self, frame: pd.DataFrame) -> dict[str, int]:
        """Number of leads per feature whose category history never held; they are scored as declared."""
        counts = {c.feature.name: c.unseen(frame[c.feature.name]) for c in self.columns.columns}
        return {name: n for name, n in counts.items() if n}

    def to_content(self) -> dict[str, Any]:
        """The model as plain JSON values."""
        return {
            "kind": "challenger",
            "format": FORMAT,
            "columns": self.columns.to_content(),
            "signs": list(self.signs),
            "boosted": self.boosted.to_content(),
            "drawn": [boosted.to_content() for boosted in self.drawn],
            "widening": self.widening,
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Challenger":
        """The model that `to_content` gave; it predicts the same, bit for bit.

        Raises:
            BadInput: Written by another version, or not by `to_content`. LightGBM's parser never sees what is not whole.
        """
        try:
            return cls._from_content(content)
        except UNREADABLE as error:
            raise BadInput("the challenger cannot be read; use a file that this version wrote") from error

    @classmethod
    def _from_content(cls, content: Mapping[str, Any]) -> "Challenger":
        if (content["kind"], content["format"]) != ("challenger", FORMAT):
            raise BadInput(f"the challenger has format {content['format']!r}; this version reads format {FORMAT}")
        columns = Columns.from_content(content["columns"])
        return cls(
            columns=columns,
            signs=tuple(int(sign) for sign in content["signs"]),
            boosted=Boosted.from_content(content["boosted"], columns.width),
            drawn=tuple(Boosted.from_content(drawn, columns.width) for drawn in content["drawn"]),
            widening=float(content["widening"]),
        )
