"""The certificate: what no plan within the limits can pass, recomputed from the prices alone.

Without coin flips this is weak duality over the linear rows, which every plan keeps: gain(x) <= prices' right_side + sum
over people of max(0, best reduced gain). A row with coin flips is safe at its level r but not implied, so its coins are taken
out of the line and put back as they are. With w = v'x and B = sum over the row's tangents of price * z * b, every plan has

    gain(x) <= f(w) := s * constant + D(s, tau) + tau * w - s * B * sqrt(w)      for all s in [0, 1] and all tau

where D is the sum over people of the best of 0 and gain - s * (prices' rows, coins apart) - tau * v. Each f is convex in w,
so on a piece [l, u] it is at most max(f(l), f(u)); the bound is the largest piece of the smallest f. Rows with coin flips
other than the one where they weigh most keep only the chord sqrt(w) >= w / sqrt(largest w): valid, and a little weaker.
"""

import numpy as np

from acquire.allocate.leads import Relaxed
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents

N_PIECES = 4_000
SHARES_OF_PRICES = (1.0, 0.75, 0.5, 0.25, 0.0)
STEPS = (0.0, 0.25, 0.5, 0.7, 0.85, 0.93, 0.97, 1.0, 1.03, 1.07, 1.15, 1.3, 1.6, 2.5, 5.0)  # around the best tau


def certified_bound(problem: Problem, relaxed: Relaxed, tangents: Tangents) -> float:
    """A gain that no plan in whole contacts within the limits can pass.

    Args:
        problem: The full problem.
        relaxed: Its relaxed plan; any prices give a valid bound, good prices a close one.
        tangents: The tangents behind `relaxed.rows`.
    """
    weights = _weights_of_coins(problem, relaxed, tangents)
    if not weights:
        return relaxed.rows.bound(problem, relaxed.prices)
    lines = {i: problem.spreads[i].line_of_coins(tangents.coin_levels.get(i, 0.0)) for i in weights}
    main = max(weights, key=lambda i: weights[i] * tangents.coin_levels.get(i, 0.0))
    reduced = problem.gain - relaxed.prices @ relaxed.rows.matrix
    constant = float(relaxed.prices @ relaxed.rows.right_side)
    for i, weight in weights.items():
        per_w, at_zero = lines[i]
        chord = 0.0 if i == main else 1 / np.sqrt(_most(problem, _coins(problem, i)))
        reduced = reduced + weight * (per_w - chord) * _coins(problem, i)
        constant += weight * at_zero
    return _largest(problem, reduced, constant, _coins(problem, main), weights[main], lines[main][0])


def _weights_of_coins(problem: Problem, relaxed: Relaxed, tangents: Tangents) -> dict[int, float]:
    """B per row, by its position; rows whose coins have no price are left out."""
    weights: dict[int, float] = {}
    for tangent, price in zip(tangents.found, relaxed.prices[len(problem.rows) :], strict=False):
        weight = float(price) * problem.spreads[tangent.row].z * tangent.b
        if weight > 0:
            weights[tangent.row] = weights.get(tangent.row, 0.0) + weight
    return weights


def _coins(problem: Problem, i: int) -> Floats:
    """Coin variance per option under row i, shape (n,)."""
    coins = np.zeros(len(problem))
    coins[problem.spreads[i].members] = problem.spreads[i].coins
    return coins


def _most(problem: Problem, coins: Floats) -> float:
    """The largest w of any plan."""
    return float(problem.people.best(coins).sum())


def _largest(problem: Problem, reduced: Floats, constant: float, coins: Floats, weight: float, per_w: float) -> float:
    """The largest over w of the smallest f (module docstring)."""
    roots = np.linspace(0.0, np.sqrt(_most(problem, coins)), N_PIECES + 1)
    smallest = np.full(N_PIECES, np.inf)
    for share in SHARES_OF_PRICES:
        line = (1 - share) * problem.gain + share * reduced
        for step in STEPS:
            tau = step * weight * per_w
            best = float(problem.people.best(line - tau * coins).sum())
            f = share * constant + best + tau * roots**2 - share * weight * roots
            smallest = np.minimum(smallest, np.maximum(f[:-1], f[1:]))
    return float(smallest.max())
