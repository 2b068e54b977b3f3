"""Bins of a feature: how its values become bin numbers, and what the bins are called.

    number      its intervals, then one bin per declared special code, then "missing"
    category    one bin per level, then "other" (rare), then "never seen" where that is scored as the worst, then "missing"

Bin numbers count from 0; the bin of a number reads `lower < value <= upper`. Infinite values fall into the outer bins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from acquire.domain import Unseen
from acquire.errors import BadInput

Floats = NDArray[np.float64]
Codes = NDArray[np.unsignedinteger[Any]]

_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericBins:
    """Bins of a number.

    Attributes:
        edges: Finite and rising: `edges[i-1] < value <= edges[i]`, the outer bins open.
        special: Codes that are no measurement, as -999: each a bin of its own, whatever the edges say.
    """

    edges: tuple[float, ...]
    special: tuple[float, ...] = ()

    @property
    def n_bins(self) -> int:
        """Number of bins, special codes and missing included."""
        return len(self.edges) + len(self.special) + 2

    def codes(self, values: pd.Series) -> Codes:
        """Bin number of each value, shape (n,)."""
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        codes = np.zeros(len(numbers), dtype=_smallest_type(self.n_bins))
        # Block by block, so that the passes over the edges read from the processor's cache.
        for start in range(0, len(numbers), _BLOCK):
            self._code_block(numbers[start : start + _BLOCK], codes[start : start + _BLOCK])
        return codes

    def _code_block(self, numbers: Floats, codes: Codes) -> None:
        """Count the edges below each number: with the few edges of a scorecard quicker than a search."""
        for edge in self.edges:
            codes += numbers > edge
        for i, code in enumerate(self.special):
            np.putmask(codes, numbers == code, len(self.edges) + 1 + i)
        np.putmask(codes, np.isnan(numbers), self.n_bins - 1)

    def unseen(self, values: pd.Series) -> int:
        """Number of values that no bin was made for: none, the outer bins are open."""
        return 0

    def labels(self) -> list[str]:
        """The bins in short, in the order of their codes."""
        ends = [_number(edge) for edge in self.edges]
        between = [f"{lower} < x <= {upper}" for lower, upper in pairwise(ends)]
        intervals = [f"x <= {ends[0]}", *between, f"x > {ends[-1]}"] if ends else ["any value"]
        return [*intervals, *self._special_labels(), "missing"]

    def words(self) -> list[str]:
        """The bins as they stand in a sentence after "is", in the order of their codes."""
        ends = [_number(edge) for edge in self.edges]
        between = [f"{lower} to {upper}" for lower, upper in pairwise(ends)]
        intervals = [f"at most {ends[0]}", *between, f"above {ends[-1]}"] if ends else ["any number"]
        return [*intervals, *self._special_labels(), "missing"]

    def _special_labels(self) -> list[str]:
        return [f"code {_number(code)}" for code in self.special]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryBins:
    """Bins of a category.

    Attributes:
        levels: Levels with a bin of their own, in the order of their codes.
        rare: Levels that history held and "other" pools.
        scored_unseen: A level that history never held falls into "other" ("pooled"), or into a bin of its own that has the
            points of the worst ("worst").
    """

    levels: tuple[str, ...]
    rare: frozenset[str] = frozenset()
    scored_unseen: Unseen = "pooled"

    @property
    def n_bins(self) -> int:
        """Number of bins, "other", "never seen" and "missing" included."""
        return len(self.levels) + (3 if self.scored_unseen == "worst" else 2)

    @property
    def never_seen(self) -> int | None:
        """Bin of levels that history never held; None where they fall into "other"."""
        return len(self.levels) + 1 if self.scored_unseen == "worst" else None

    def codes(self, values: pd.Series) -> Codes:
        """Bin number of each value, shape (n,)."""
        known = (*self.levels, *sorted(self.rare))
        # One bin per known level, then one for the unknown and one for the missing.
        bin_of = np.full(len(known) + 2, len(self.levels), dtype=_smallest_type(self.n_bins))
        bin_of[: len(self.levels)] = np.arange(len(self.levels))
        bin_of[-2] = self.n_bins - 2
        bin_of[-1] = self.n_bins - 1
        return np.asarray(bin_of[_positions(values, known)])

    def unseen(self, values: pd.Series) -> int:
        """Number of values that history never held."""
        known = (*self.levels, *self.rare)
        return int((_positions(values, known) == len(known)).sum())

    def labels(self) -> list[str]:
        """The bins in short, in the order of their codes."""
        return [*self.levels, "other", *(["never seen"] if self.scored_unseen == "worst" else []), "missing"]

    def words(self) -> list[str]:
        """The bins as they stand in a sentence after "is", in the order of their codes."""
        others = ["rare", "new"] if self.scored_unseen == "worst" else ["rare or new"]
        return [*self.levels, *others, "missing"]


Bins = NumericBins | CategoryBins


def bins_to_json(bins: Bins) -> dict[str, Any]:
    """The bins as plain JSON values."""
    if isinstance(bins, NumericBins):
        return {"kind": "numeric", "edges": list(bins.edges), "special": list(bins.special)}
    return {
        "kind": "category",
        "levels": list(bins.levels),
        "rare": sorted(bins.rare),
        "scored_unseen": bins.scored_unseen,
    }


def bins_from_json(content: Mapping[str, Any]) -> Bins:
    """The bins that `bins_to_json` wrote.

    Raises:
        BadInput: The kind, or how unseen levels are scored, is unknown.
    """
    kind = content["kind"]
    if kind == "numeric":
        edges, special = content["edges"], content["special"]
        return NumericBins(edges=tuple(float(edge) for edge in edges), special=tuple(float(code) for code in special))
    if kind == "category" and content["scored_unseen"] in ("pooled", "worst"):
        levels, rare = tuple(content["levels"]), frozenset(content["rare"])
        if not all(isinstance(level, str) for level in (*levels, *rare)):
            raise BadInput("the scorecard has levels that are no texts; use a file written by this version")
        return CategoryBins(levels=levels, rare=rare, scored_unseen=content["scored_unseen"])
    raise BadInput(f"the scorecard has bins of kind {kind!r}; use a file written by this version")


def _positions(values: pd.Series, known: tuple[str, ...]) -> NDArray[np.int32]:
    """Position of each value in `known`; len(known) for any other value, len(known) + 1 for a missing one.

    An empty text that history never held is missing, as when a table is read.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = np.append(_found(pd.Series(values.cat.categories), known), np.int32(len(known) + 1))
        # The code of a missing value is -1: the last.
        return levels[values.cat.codes.to_numpy()]
    return _found(values, known)


def _found(values: pd.Series, known: tuple[str, ...]) -> NDArray[np.int32]:
    texts = pa.array(values.astype("str"), type=pa.large_string())
    found = pc.index_in(texts, value_set=pa.array(known, type=pa.large_string()))
    missing = pc.is_null(texts) if "" in known else pc.or_kleene(pc.is_null(texts), pc.equal(texts, ""))
    found = pc.if_else(missing, len(known) + 1, pc.fill_null(found, len(known)))
    return np.asarray(found.cast(pa.int32()).to_numpy(zero_copy_only=False))


def _smallest_type(n_bins: int) -> np.dtype[Any]:
    return np.min_scalar_type(n_bins - 1)


def _number(value: float) -> str:
    return f"{value:.12g}"
