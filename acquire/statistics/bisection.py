"""The smallest number for which something holds, found by halving."""

import math
from collections.abc import Callable


def smallest(holds: Callable[[float], bool], most: float, n_halvings: int = 60) -> float:
    """Give the smallest number from 0 to `most` for which `holds`, which stays true once true; infinite where none."""
    if not holds(most):
        return math.inf
    low, high = 0.0, most
    for _ in range(n_halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
