"""Proof that some limits cannot be met together: prices, checked in numpy over any table of options (Farkas' lemma)."""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One linear row of a limit: on expectation, or with a tangent of its spread (certainty.py).

    Attributes:
        limit: Position of the limit.
        a: Weights of the k model errors, shape (k,); empty on expectation.
        b: Weight of the coin flips; 0 on expectation.
    """

    limit: int
    a: Floats
    b: float

    @property
    def on_expectation(self) -> bool:
        """Whether the line leaves the spread out."""
        return not len(self.a)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line with its price in a proof, > 0, and the coin level it was made linear at."""

    line: Line
    price: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Prices that prove that some limits cannot be met together.

    Attributes:
        lines: The priced lines.
        price_of_somebody: Price of contacting somebody at all.
    """

    lines: tuple[PricedLine, ...]
    price_of_somebody: float

    @property
    def limits(self) -> frozenset[int]:
        """The limits that the proof needs."""
        return frozenset(priced.line.limit for priced in self.lines)

    def holds(self, problem: Problem) -> bool:
        """Whether the prices prove it over a table of options, its limits at their own figures.

        With c = sum(price * line) per option, every plan that contacts somebody has, for every t >= 0,

            sum(c x) >= t - sum over people of size * max(0, their largest t - c)          (who is forced does as forced)

        and keeping the limits would mean sum(c x) <= sum(price * right side).

        Args:
            problem: The table and all its limits, in the order in which the proof counts them.
        """
        cost, most = np.zeros(len(problem)), 0.0
        for priced in self.lines:
            coefficients, right_side = _lowered(problem, priced)
            cost += priced.price * coefficients
            most += priced.price * right_side
        at_nought, at_price = (_least(problem, cost, t) for t in (0.0, self.price_of_somebody))
        least = max(at_nought, at_price)
        return least > most + 1e-9 * (abs(least) + abs(most))


def _lowered(problem: Problem, priced: PricedLine) -> tuple[Floats, float]:
    """The line over all options: left side per option and right side, floors turned into caps."""
    row, line = problem.rows[priced.line.limit], priced.line
    coefficients, right_side = row.sign * row.coefficients, row.sign * row.right_side
    if line.on_expectation or row.spread is None:
        return coefficients, right_side
    per_w, constant = row.spread.line_of_coins(priced.level)
    spread, z = row.spread, row.spread.z
    coefficients[spread.members] += z * (spread.along(line.a) + line.b * per_w * spread.coins)
    return coefficients, right_side - z * line.b * constant


def _least(problem: Problem, cost: Floats, price_of_somebody: float) -> float:
    """No plan that contacts somebody costs less; what is no contact does not count as somebody."""
    is_contact = np.arange(len(problem)) < problem.n_options
    return price_of_somebody - problem.at_best(price_of_somebody * is_contact - cost)
