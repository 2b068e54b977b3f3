"""Reason codes: where each lead loses most points against the best bin, in words. No loop over leads.

All bins of all variables are put in one list, from the one that loses most to the one that loses least; a lead's reasons are
the few smallest places in that list among its own bins, and names, points and words are looked up by place. Small whole
numbers can be compared many at a time, which sorting every lead's points cannot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from acquire.prefilter.bins import Codes
from acquire.prefilter.variable import Variable

Floats = NDArray[np.float64]
Places = NDArray[np.unsignedinteger[Any]]

_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonBook:
    """Every bin that loses points, from the one that loses most; where equal, in the order of the variables.

    Attributes:
        names: Variable, one per place; the last place stands for "nothing is lost".
        lost: Points lost, NaN in the last place.
        words: The reason in words, None in the last place.
        places: Per variable, the place of each of its bins, shape (n_bins,).
    """

    names: tuple[str | None, ...]
    lost: Floats
    words: tuple[str | None, ...]
    places: tuple[Places, ...]

    @classmethod
    def of(cls, variables: Sequence[Variable]) -> "ReasonBook":
        """The book of a scorecard's variables."""
        sizes = [v.bins.n_bins for v in variables]
        lost = np.concatenate([np.zeros(0), *(v.lost() for v in variables)])
        order = np.argsort(-lost, kind="stable")[: int((lost > 0).sum())]
        place = np.full(len(lost), len(order), dtype=np.min_scalar_type(len(order)))
        place[order] = np.arange(len(order))
        names = [v.feature.name for v in variables for _ in range(v.bins.n_bins)]
        words = [word for v in variables for word in v.bins.words()]
        return cls(
            names=(*(names[i] for i in order), None),
            lost=np.append(lost[order], np.nan),
            words=(*(_sentence(names[i], words[i], lost[i]) for i in order), None),
            places=tuple(np.split(place, np.cumsum(sizes)[:-1])) if sizes else (),
        )

    def reasons(self, codes: Sequence[Codes], index: "pd.Index[Any]", top: int) -> pd.DataFrame:
        """Columns `reason_k`, `lost_k`, `words_k` for k = 1 ... top of leads in the bins `codes` (per variable)."""
        names, words = _texts(self.names), _texts(self.words)
        columns: dict[str, Any] = {}
        for rank, places in enumerate(self._worst(codes, len(index), top), start=1):
            columns[f"reason_{rank}"] = _looked_up(names, places)
            columns[f"lost_{rank}"] = self.lost[places]
            columns[f"words_{rank}"] = _looked_up(words, places)
        return pd.DataFrame(columns, index=index)

    def _worst(self, codes: Sequence[Codes], n: int, top: int) -> Places:
        """The `top` smallest places of each lead, from the smallest, shape (top, n)."""
        nothing = len(self.lost) - 1
        worst = np.full((top, n), nothing, dtype=np.min_scalar_type(nothing))
        for start in range(0, n, _BLOCK):
            here = slice(start, start + _BLOCK)
            for places, code in zip(self.places, codes, strict=True):
                _insert(places[code[here]], worst[:, here])
        return worst


def _insert(place: Places, worst: Places) -> None:
    """Keep `worst` the smallest places seen, in order: each row takes the smaller and hands on the larger."""
    for row in worst:
        larger = np.maximum(row, place)
        np.minimum(row, place, out=row)
        place = larger


def _sentence(name: str, word: str, lost: float) -> str:
    points = f"{lost:.0f}" if lost >= 9.5 else f"{lost:.1f}"
    return f"{name} is {word}: {points} points below the best"


def _texts(texts: Sequence[str | None]) -> pa.Array:
    return pa.array(texts, type=pa.large_string())


def _looked_up(texts: pa.Array, places: Places) -> "pd.Series[str]":
    return pd.Series(pd.array(texts.take(pa.array(places)), dtype="str"), copy=False)
