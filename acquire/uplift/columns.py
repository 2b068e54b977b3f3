"""What a learner must know of the matrix beyond its numbers: which columns are categories, and which signs were declared."""

from collections.abc import Mapping
from dataclasses import dataclass

from acquire.domain import Direction
from acquire.statistics.encoding import Encoder

SIGNS: Mapping[Direction, int] = {"rising": 1, "falling": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTerms:
    """One entry per column of the matrix.

    Attributes:
        signs: How the chance to book moves as the value grows: 1 it never falls, -1 it never rises, 0 nothing is declared.
        n_levels: Levels of a category, whose codes are 0 .. n_levels - 1; 0 for a number.
    """

    signs: tuple[int, ...]
    n_levels: tuple[int, ...]


def column_terms(encoder: Encoder, direction: Mapping[str, Direction]) -> ColumnTerms:
    """Give the terms of an encoder's matrix under the declared directions, by feature name."""
    return ColumnTerms(
        signs=tuple(SIGNS[direction[name]] if name in direction else 0 for name in encoder.names),
        n_levels=tuple(len(levels) for levels in encoder.levels),
    )


def plain_columns(n_columns: int) -> ColumnTerms:
    """Give the terms of a matrix of numbers of which nothing is declared."""
    return ColumnTerms(signs=(0,) * n_columns, n_levels=(0,) * n_columns)
