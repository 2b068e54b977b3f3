"""The certificate: what no plan within the limits can pass, recomputed from the prices alone.

Without coin flips this is weak duality over the linear rows, which every plan keeps: gain(x) <= prices' right_side + sum
over people of max(0, best reduced gain). A row with coin flips is safe at its level but not implied, so its coins are taken
out of the line and put back as they are. With w = v'x and B = sum over the row's tangents of price * z * b, every plan has

    gain(x) <= f(w) := s * constant + D(s, tau) + tau * w - s * B * sqrt(w)      for all s in [0, 1] and all tau

where D is the sum over people of the best of 0 and gain - s * (prices' rows, coins apart) - tau * v. Each f is convex in w,
so on a piece [l, u] it is at most max(f(l), f(u)); the bound is the largest piece of the smallest f.

That is for the row about everybody. For each row about one channel the same is done inside D with the options of that channel
alone, also at other multiples of its prices.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from acquire.allocate.leads import Relaxed
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import People, Problem
from acquire.allocate.tangents import Tangents

N_PIECES = 4_000
STEPS = (0.0, 0.25, 0.5, 0.7, 0.85, 0.93, 0.97, 1.0, 1.03, 1.07, 1.15, 1.3, 1.6, 2.5, 5.0)  # around the best tau
SHARES_OF_PRICES = (1.0, 0.75, 0.5, 0.25, 0.0)

N_PIECES_OF_CHANNEL = 300
N_STEPS_OF_CHANNEL = 7
FACTORS = (0.3, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coins:
    """The coin flips of one row that has a price.

    Attributes:
        members: The options of the row, shape (m,).
        people: Who is who among them.
        variance: v of each, shape (m,).
        line: The row's priced use by each, coins apart, shape (m,).
        weight: B.
        per_w: What the linear rows count per unit of w.
        constant: What they count in any case, in gain.
    """

    members: Ints
    people: People
    variance: Floats
    line: Floats
    weight: float
    per_w: float
    constant: float

    @property
    def roots(self) -> tuple[float, float]:
        """The least and the largest sqrt(w) of anybody and of everybody."""
        gambles = self.variance[self.variance > 0]
        return float(np.sqrt(gambles.min())), float(np.sqrt(self.best(self.variance)))

    def best(self, score: Floats) -> float:
        """The most that the people make of a score per contact by each option, shape (m,)."""
        return float(self.people.size @ self.people.best(score))


def certified_bound(problem: Problem, relaxed: Relaxed, tangents: Tangents) -> float:
    """A gain that no plan in whole contacts within the limits can pass.

    Args:
        problem: The full problem.
        relaxed: Its relaxed plan; any prices give a valid bound, good prices a close one.
        tangents: The tangents behind `relaxed.rows`.
    """
    rows = list(_priced_coins(problem, relaxed, tangents))
    if not rows:
        return relaxed.rows.bound(problem, relaxed.prices)
    reduced = problem.gain - relaxed.rows.priced(relaxed.prices)
    constant = float(relaxed.prices @ relaxed.rows.right_side)
    for coins in rows:
        reduced[coins.members] += coins.weight * coins.per_w * coins.variance
        constant += coins.constant
    of_everybody = [coins for coins in rows if len(coins.members) == problem.n_options]
    of_channels = [coins for coins in rows if len(coins.members) < problem.n_options]
    return _largest(problem, reduced, constant, of_everybody, of_channels)


def _priced_coins(problem: Problem, relaxed: Relaxed, tangents: Tangents) -> Iterator[Coins]:
    prices = relaxed.prices[len(problem.rows) :]
    names = {problem.rows[i].name for i in problem.spreads}
    for i, spread in problem.spreads.items():
        name = problem.rows[i].name
        found = [tangent for tangent in tangents.found if tangent.row in names]
        mine = [(t, float(p)) for t, p in zip(found, prices, strict=False) if t.row == name]
        weight = sum(price * spread.z * tangent.b for tangent, price in mine)
        if weight > 0 and spread.coins.any():
            per_w, constant = spread.line_of_coins(tangents.coin_levels.get(name, 0.0))
            line = (relaxed.prices[i] + sum(price for _, price in mine)) * problem.rows[i].coefficients_at(
                spread.members
            )
            for tangent, price in mine:
                line = line + price * spread.z * (spread.loadings @ tangent.a)
            yield Coins(
                members=spread.members,
                people=People.of(
                    problem.people.code[spread.members], problem.people.size[problem.people.code[spread.members]]
                ),
                variance=spread.coins,
                line=line,
                weight=weight,
                per_w=per_w,
                constant=weight * constant,
            )


def _largest(
    problem: Problem, reduced: Floats, constant: float, of_everybody: list[Coins], of_channels: list[Coins]
) -> float:
    """The largest over w of the smallest f (module docstring); w is that of the row about everybody, where it has a price."""
    # With channels to go through at each step, every other step has to do.
    steps, shares = (STEPS[1::2], SHARES_OF_PRICES[::2]) if of_channels else (STEPS, SHARES_OF_PRICES)
    smallest = np.full(N_PIECES, np.inf)
    for share in shares:
        line = (1 - share) * problem.gain + share * reduced
        for coins in of_everybody:
            roots = np.linspace(0.0, coins.roots[1], N_PIECES + 1)
            for tau in np.multiply(steps, coins.weight * coins.per_w):
                less = line.copy()
                less[coins.members] -= tau * coins.variance
                best = _best_of_people(problem, less, share, of_channels)
                f = share * constant + best + tau * roots**2 - share * coins.weight * roots
                smallest = np.minimum(smallest, np.maximum(f[:-1], f[1:]))
        if not of_everybody:
            smallest = np.minimum(smallest, share * constant + _best_of_people(problem, line, share, of_channels))
    return float(smallest.max())


def _best_of_people(problem: Problem, line: Floats, share: float, others: list[Coins]) -> float:
    """D: the best course of everybody; the people of a channel with coins of its own apart, within what its row allows."""
    rest = line.copy()
    for coins in others:
        rest[coins.members] = -np.inf
    in_channels = sum(_best_of_channel(coins, line[coins.members], share) for coins in others)
    forced = problem.forced[rest[problem.forced] > -np.inf]
    free = float(problem.people.size @ problem.people.best(problem.of_the_free(rest)))
    return free + float(problem.held[forced] @ line[forced]) + in_channels


def _best_of_channel(coins: Coins, line: Floats, share: float) -> float:
    """The largest over the channel's own w of the smallest of its f."""
    least, most = coins.roots
    roots = np.r_[0.0, np.geomspace(least / 2, most, N_PIECES_OF_CHANNEL)]
    unpriced = line + share * coins.line
    smallest = np.full(N_PIECES_OF_CHANNEL, coins.best(unpriced))
    for multiple in _multiples(unpriced, coins.line, share):
        weight = multiple * coins.weight
        for per_w in np.geomspace(0.5 / most, 2.0 / least, N_STEPS_OF_CHANNEL):
            best = coins.best(unpriced - multiple * coins.line - weight * per_w * coins.variance)
            f = best + weight * (per_w * roots**2 - roots)
            smallest = np.minimum(smallest, np.maximum(f[:-1], f[1:]))
    return float(smallest.max())


def _multiples(gain: Floats, line: Floats, share: float) -> list[float]:
    """Multiples of a row's prices to try: its own, and such that its use costs about what its people gain.

    A row that nobody can keep may come out of the relaxed problem with any price, however large.
    """
    typical = float(np.abs(gain).mean()) / (float(np.abs(line).mean()) or 1.0)
    return [share, *(factor * typical for factor in FACTORS)]
