"""The lowest point of a convex function that is known by its values and slopes: a level-bundle method.

Every value and slope met is a line that lies below the function. Their largest is a model of it, whose lowest point bounds the
function from below. Each next point is the one nearest to the best so far at which the model is no higher than a level between
that bound and the best value: near enough to trust the model, far enough to gain.

References:
    Lemaréchal, Nemirovskii, Nesterov (1995), New Variants of Bundle Methods, sections 2 and 3 (level and proximal level).
    Lawson, Hanson (1974), Solving Least Squares Problems, ch. 23 (least distance programming, which finds the next point).
"""

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from scipy.optimize import nnls

from acquire.allocate.options import Floats

LEVEL = 0.3  # of the way from the lower bound to the best value
MOST_LINES = 80

Function = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowest:
    """Where the search ended.

    Attributes:
        point: The best point, shape (m,).
        value: The function there.
        bound: The function is nowhere lower than this within the box.
        n_steps: How often the function was asked.
    """

    point: Floats
    value: float
    bound: float
    n_steps: int


def find_lowest(
    function: Function, start: Floats, box: tuple[Floats, Floats], *, precision: float, most_steps: int
) -> Lowest:
    """Find the lowest value of a convex function over a box.

    Args:
        function: Gives the value at a point, shape (m,), and a slope, shape (m,).
        start: First point, in the box.
        box: Least and largest value of each coordinate, shape (m,) each; its sides are the units in which distances are measured.
        precision: Stop when value and bound are this close, relative to the value.
        most_steps: Stop after asking so often.
    """
    low, side = box[0], box[1] - box[0]
    best, value = np.clip((start - low) / side, 0.0, 1.0), np.inf
    point, bound, model = best, -np.inf, _Model(len(start))
    n_steps = 0
    while n_steps < most_steps:
        n_steps += 1
        height, slope = function(low + point * side)
        model.add(point, height, slope * side)
        if height < value:
            best, value = point, height
        bound = max(bound, model.lowest())
        # A model whose figures are too far apart for the solver bounds nothing: what was found so far is then the answer.
        if value - bound <= precision * abs(value) or not np.isfinite(bound):
            break
        point = model.nearest(best, bound + LEVEL * (value - bound))
    return Lowest(point=low + best * side, value=value, bound=bound, n_steps=n_steps)


class _Model:
    """The largest of the lines met so far, over the unit box."""

    def __init__(self, m: int) -> None:
        self._m = m
        self._slopes: list[Floats] = []
        self._heights: list[float] = []  # at the origin
        self._handle = highspy.Highs()
        self._handle.setOptionValue("output_flag", False)
        self._handle.setOptionValue("threads", 1)
        for _ in range(m):
            self._handle.addVar(0.0, 1.0)
        self._handle.addVar(-highspy.kHighsInf, highspy.kHighsInf)
        self._handle.changeColCost(m, 1.0)

    def add(self, point: Floats, height: float, slope: Floats) -> None:
        """Add the line through a point."""
        self._slopes.append(slope)
        self._heights.append(height - float(slope @ point))
        places = np.arange(self._m + 1, dtype=np.int32)
        line = np.r_[-slope, 1.0]
        self._handle.addRow(self._heights[-1], highspy.kHighsInf, len(places), places, line)

    def lowest(self) -> float:
        """The lowest point of the model."""
        self._handle.run()
        if self._handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return -np.inf
        return float(self._handle.getObjectiveValue())

    def nearest(self, centre: Floats, level: float) -> Floats:
        """The point of the box nearest to a centre at which no line is above the level.

        With y = point - centre: min |y| where -slope y >= height + slope centre - level, y >= -centre and -y >= centre - 1; by
        non-negative least squares of its dual (Lawson, Hanson, ch. 23).
        """
        slopes = np.array(self._slopes[-MOST_LINES:])
        room = np.array(self._heights[-MOST_LINES:]) + slopes @ centre - level
        unit = np.eye(self._m)
        left = np.vstack([-slopes, unit, -unit])
        right = np.r_[room, -centre, centre - 1.0]
        size = np.maximum(np.linalg.norm(left, axis=1), 1e-300)
        system = np.vstack([(left / size[:, None]).T, right / size])
        target = np.r_[np.zeros(self._m), 1.0]
        weights, _ = nnls(system, target)
        residual = system @ weights - target
        if abs(residual[-1]) < 1e-12:
            return centre
        nearest: Floats = np.clip(centre - residual[:-1] / residual[-1], 0.0, 1.0)
        return nearest
