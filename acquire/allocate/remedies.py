"""By how much a set of limits has to move for there to be a plan: no figure of the set can move less unless another moves more.

For one limit, with the others kept, the least figure of an amount is a linear program, that of a ratio a fractional one: at the
ratio r_k of the best plan so far, the plan that is farthest below it has the ratio r_(k+1) < r_k, until none is below. A set
starts from the plan whose relative changes add up to the least, and then goes through its limits one by one.

References:
    Dinkelbach (1967), On Nonlinear Fractional Programming, Management Science 13 (7).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from acquire.allocate.elastic import Elastic
from acquire.allocate.options import Floats
from acquire.allocate.rows import Row

MAX_STEPS = 12
PRECISION = 2e-5  # of a figure; figures are shown with four digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Limits to relax, and the figures at which there is a plan again.

    Attributes:
        figures: What each must be at least (a cap) or at most (a floor), by the position of the limit.
        distance: Sum of the relative changes.
    """

    figures: Mapping[int, float]
    distance: float

    @classmethod
    def of(cls, rows: tuple[Row, ...], figures: Mapping[int, float]) -> "Remedy":
        """Measure how far figures are from those of the plan file."""
        ways = (abs(figure - rows[i].allowed) / max(abs(rows[i].allowed), 1e-9) for i, figure in figures.items())
        return cls(figures=dict(sorted(figures.items())), distance=sum(ways))


def guess_remedy(elastic: Elastic, chosen: frozenset[int]) -> Remedy | None:
    """Figures of the chosen limits at which all can be met in shares of contacts; None where there are none.

    The relative changes add up to the least for amounts, and to nearly that for ratios.
    """
    rows = elastic.problem.rows
    x = elastic.nearest(chosen, {})
    if x is None:
        return None
    return Remedy.of(rows, {i: looser(rows[i], use_of(rows[i], x), rows[i].allowed) for i in sorted(chosen)})


def draw_nearer(elastic: Elastic, remedy: Remedy) -> Remedy:
    """The remedy with each figure in turn as near to the plan file's as the others let it be.

    Amounts whose relative changes add up to the least are: one that could move less would make the sum less.
    """
    if all(elastic.problem.rows[i].base is None for i in remedy.figures):
        return remedy
    figures = dict(remedy.figures)
    for i in remedy.figures:
        figures[i] = _least_figure(elastic, i, figures)
    return Remedy.of(elastic.problem.rows, figures)


def _least_figure(elastic: Elastic, i: int, figures: Mapping[int, float]) -> float:
    """The figure of limit i that is nearest to the plan file's while the other limits stay at theirs."""
    row, figure = elastic.problem.rows[i], figures[i]
    for _ in range(MAX_STEPS):
        x = elastic.nearest([i], {**figures, i: figure})
        if x is None:
            break
        nearer = looser(row, use_of(row, x), row.allowed)
        if abs(nearer - row.allowed) >= abs(figure - row.allowed) - PRECISION * abs(figure):
            break
        figure = nearer
    return figure


def use_of(row: Row, x: Floats) -> float:
    """The figure that must be allowed for a plan x, shape (n,), to keep the limit; NaN for a ratio of nothing."""
    return row.used(x) if row.spread is None else row.spread.stated_quantile(x)


def looser(row: Row, one: float, other: float) -> float:
    """The looser of two figures of a limit: the higher of a cap, the lower of a floor."""
    if np.isnan(one):
        return other
    return min(one, other) if row.at_least else max(one, other)
