"""Limits that hold with a probability: P(bad rate of the plan's bookings <= cap) >= confidence.

Write m(x) = sum((bad - cap * booked) x). The realised excess of bad accounts over the cap is m(x) plus an error with variance

    sd(x)^2 = || L' x ||^2 + v' x        L = bad_loadings - cap * booked_loadings, shape (n, k): model error shared by all options
                                         v = coin flips of single people, shape (n,); 0 for basis "expected"

and with z the normal quantile of the confidence the limit reads

    m(x) + z * sd(x) <= 0

The coin flips make sd(x) neither convex nor concave, so the row is made linear in two steps. (1) With w = v'x, the root of
w is below each of its tangents: sqrt(w) <= w / (2 r) + r / 2 =: h(x), with equality at r = sqrt(w). The row with
|| (L'x, h(x)) || in place of sd(x) is convex and safe for any r; solving, moving r to the answer and solving again never makes
the plan worse. (2) A norm is the largest of its projections, so the row is held by tangents: || (g, h) || >= a'g + b h for
every unit vector (a, b), added at the answer until none is broken. The final plan is checked against sd(x) itself.

References:
    Ben-Tal, El Ghaoui, Nemirovski (2009), Robust Optimization, ch. 2 (a chance constraint as a second-order cone).
    Kelley (1960), The Cutting-Plane Method for Solving Convex Programs.
    Hunter, Lange (2004), A Tutorial on MM Algorithms, section 3 (step 1).
"""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from acquire.allocate.figures import Taken
from acquire.allocate.options import Floats, Ints, Options

BLOCK = 8_192  # members, whose model errors are read together: they fit the processor's cache
EVERYBODY = slice(None)


def safety_factor(confidence: float) -> float:
    """How many standard deviations the mean must stay below the cap: the standard normal quantile; 0 at 0.5."""
    return NormalDist().inv_cdf(confidence)


def coin_variance(bad: Floats, booked: Floats, rate: float) -> Floats:
    """Variance of (bad - rate * booked) of one contact once its chances are known.

    The contact books with chance p = booked, then goes bad with chance q = bad / booked, so that the variance is
    E[Z^2] - E[Z]^2 = bad (1 - rate)^2 + (booked - bad) rate^2 - (bad - rate * booked)^2.

    Args:
        bad: Chance that the contact books and goes bad, shape (n,).
        booked: Chance that it books, shape (n,).
        rate: The rate compared with, a fraction.

    Returns:
        Variance in accounts squared, shape (n,), never negative.
    """
    second_moment = bad * (1 - rate) ** 2 + (booked - bad) * rate**2
    return np.maximum(second_moment - (bad - rate * booked) ** 2, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How uncertain "bad rate of these options <= cap" is.

    The model errors of millions of options fill the memory: they stay in the option table, and L is read from there in blocks.

    Attributes:
        z: Standard deviations of safety.
        cap: The rate that is held.
        realised: Whether coin flips count (basis "realised").
        members: The options the limit is about, positions in the option table, shape (m,), ascending.
        bad, booked: Accounts per contact, shape (m,).
        bad_loadings, booked_loadings: Model errors per contact of every option of the table, shape (n_options, k).
        coins: v, shape (m,).
        least: Standard deviation of the least gamble, of the coin flips of one contact; 0 where there are none.
    """

    z: float
    cap: float
    realised: bool
    members: Ints
    bad: Floats
    booked: Floats
    bad_loadings: Floats
    booked_loadings: Floats
    coins: Floats
    least: float = 0.0

    @property
    def n_errors(self) -> int:
        """How many model errors there are: k."""
        return int(self.bad_loadings.shape[1])

    @property
    def errors_of_booked(self) -> bool:
        """Whether the model errors say anything of `booked`."""
        return not _are_nought(self.booked_loadings)

    def at_cap(self, cap: float) -> "Spread":
        """The same for another cap."""
        coins = coin_variance(self.bad, self.booked, cap) if self.realised else np.zeros(len(self.members))
        gambles = coins[coins > 0]
        return replace(self, cap=cap, coins=coins, least=float(np.sqrt(gambles.min())) if len(gambles) else 0.0)

    def take(self, taken: Taken) -> "Spread":
        """The same over some of the options only."""
        inside, places = self.places_of(taken.options)
        part = replace(
            self,
            members=inside,
            bad=self.bad[places],
            booked=self.booked[places],
            bad_loadings=taken.cut(self.bad_loadings),
            booked_loadings=taken.cut(self.booked_loadings)
            if self.errors_of_booked
            else _nought(len(taken.options), self.n_errors),
        )
        return part.at_cap(self.cap)

    def followed_by(self, column: int, error: Floats, variance: float) -> "Spread":
        """The same with one more member: a column that stands for a whole plan of other people, whose cap then stays as it is.

        Args:
            column: Its position, after all options.
            error: L'x of that plan, shape (k,).
            variance: v'x of it.
        """
        rows = np.zeros((column + 1 - len(self.bad_loadings), self.n_errors))
        rows[-1] = error
        longer = np.concatenate([self.bad_loadings, rows])
        return replace(
            self,
            members=np.r_[self.members, column],
            bad=np.r_[self.bad, 0.0],
            booked=np.r_[self.booked, 0.0],
            bad_loadings=longer,
            booked_loadings=np.concatenate([self.booked_loadings, np.zeros_like(rows)])
            if self.errors_of_booked
            else _nought(len(longer), self.n_errors),
            coins=np.r_[self.coins, variance],
        )

    def places_of(self, columns: Ints) -> tuple[Ints, Ints]:
        """Which of some columns are members, and which members they are."""
        if not len(self.members):
            return self.members, self.members
        at = np.minimum(np.searchsorted(self.members, columns), len(self.members) - 1)
        inside = np.flatnonzero(self.members[at] == columns)
        return inside, at[inside]

    def along(self, a: Floats, members: Ints | slice = EVERYBODY) -> Floats:
        """L a of some members, shape (len(members),) or, for several `a` side by side, shape (k, c), (len(members), c)."""
        n = len(self.members[members])
        counted = np.empty((n, *a.shape[1:]))
        for first in range(0, n, BLOCK):
            block = slice(first, min(first + BLOCK, n))
            counted[block] = self._loadings(members, block) @ a
        return counted

    def error(self, x: Floats) -> Floats:
        """L' x: how far plan x, shape (n,), is off per unit of each of the k model errors, shape (k,)."""
        mine = x[self.members]
        used = np.flatnonzero(mine)
        return self.error_of(used, mine[used])

    def error_of(self, members: Ints, contacts: Floats) -> Floats:
        """The same of so many contacts of some members each."""
        error = np.zeros(self.n_errors)
        for first in range(0, len(members), BLOCK):
            block = slice(first, first + BLOCK)
            error += contacts[block] @ self._loadings(members, block)
        return error

    def _loadings(self, members: Ints | slice, block: slice) -> Floats:
        """L of a block of some members, shape (b, k)."""
        options: Ints | slice = self.members[members][block]
        if isinstance(members, slice) and len(self.members) == len(self.bad_loadings):
            before = members.indices(len(self.members))[0]
            options = slice(before + block.start, before + block.stop)  # everybody: nothing is looked up
        loadings = self.bad_loadings[options].astype(np.float64, copy=False)
        return loadings - self.cap * self.booked_loadings[options] if self.errors_of_booked else loadings

    def coin_deviation(self, x: Floats) -> float:
        """sqrt(v' x) in accounts, of a plan x, shape (n,)."""
        return float(np.sqrt(self.coins @ x[self.members]))

    def deviation(self, x: Floats) -> float:
        """sd(x) in accounts, of a plan x, shape (n,)."""
        return float(np.hypot(np.linalg.norm(self.error(x)), self.coin_deviation(x)))

    def line_of_coins(self, r: float) -> tuple[float, float]:
        """The line h(w) >= sqrt(w) that is used at level r: what a unit of w = v'x counts, and a constant.

        The tangent 1 / (2 r), r / 2; below half the least coin deviation the line through 0 and the least gamble, which is
        as safe for whole contacts, and which a plan that books nothing here does not break.
        """
        if r > self.least / 2:
            return 1 / (2 * r), r / 2
        return (1 / self.least if self.least else 0.0), 0.0

    def whole_tangent(self, x: Floats) -> Floats:
        """z * (a tangent of sd at the whole plan x that lies below sd at every other whole plan), per member, shape (m,).

        With x_j in {0, 1}, x_j^2 = x_j and sd(x) = || (L'x, sqrt(v) x) || is a norm, above its projections.
        """
        deviation = self.deviation(x)
        if not deviation:
            return np.zeros(len(self.members))
        return self.z * (self.along(self.error(x)) + self.coins * x[self.members]) / deviation

    def slope_in_cap(self, x: Floats) -> float:
        """d/d cap of m(x) + z * sd(x): accounts per +1 of the cap (negative: a higher cap leaves more room).

        dm = -sum(booked x);   d(sd^2) = -2 (L'x) . (booked_loadings' x) + sum(dv x),   with
        dv = -2 bad (1 - cap) + 2 (booked - bad) cap + 2 booked (bad - cap * booked).
        """
        chosen, mine = self._chosen(x)
        slope_of_mean = -float(self.booked[chosen] @ mine)
        g_bad, g_booked = self._errors_apart(chosen, mine)
        g = g_bad - self.cap * g_booked
        variance = float(g @ g) + float(self.coins[chosen] @ mine)
        if variance == 0:
            return slope_of_mean
        bad, booked, cap = self.bad[chosen], self.booked[chosen], self.cap
        slope_of_coins = -2 * bad * (1 - cap) + 2 * (booked - bad) * cap + 2 * booked * (bad - cap * booked)
        slope = -2 * float(g @ g_booked) + self.realised * float(slope_of_coins @ mine)
        return slope_of_mean + self.z * slope / (2 * float(np.sqrt(variance)))

    def stated_quantile(self, x: Floats) -> float:
        """The bad rate that the bookings of a plan x, shape (n,), stay below with the stated confidence.

        The smallest r for which m_r(x) + z * sd_r(x) <= 0, both taken with r in place of the cap, by bisection; so it is at most
        the cap exactly where the limit holds.

        Returns:
            A rate in [0, 1]; NaN when nothing is booked.
        """
        chosen, x = self._chosen(x)
        bad, booked = self.bad[chosen], self.booked[chosen]
        if not booked @ x > 0:
            return float("nan")
        g_bad, g_booked = self._errors_apart(chosen, x)

        def excess(rate: float) -> float:
            coins = self.realised * float(coin_variance(bad, booked, rate) @ x)
            g = g_bad - rate * g_booked
            return float((bad - rate * booked) @ x) + self.z * float(np.sqrt(g @ g + coins))

        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if excess(middle) <= 0 else (middle, high)
        return high

    def _chosen(self, x: Floats) -> tuple[Ints, Floats]:
        """The members that a plan x, shape (n,), contacts, and how often."""
        mine = x[self.members]
        chosen = np.flatnonzero(mine)
        return chosen, mine[chosen]

    def _errors_apart(self, members: Ints, contacts: Floats) -> tuple[Floats, Floats]:
        """What so many contacts of some members sum up to in errors of `bad` and of `booked`, shape (k,) each."""
        of_bad = replace(self, booked_loadings=_nought(len(self.bad_loadings), self.n_errors))
        g_bad = of_bad.error_of(members, contacts)
        if not self.errors_of_booked:
            return g_bad, 0.0 * g_bad
        return g_bad, replace(of_bad, bad_loadings=self.booked_loadings).error_of(members, contacts)


def spread_of_bad_rate(options: Options, members: Ints, cap: float, confidence: float, basis: str) -> Spread | None:
    """The spread of "bad rate of these options <= cap"; None where it is held on expectation (confidence 0.5) or certain (1)."""
    z = safety_factor(confidence)
    if z == 0 or cap >= 1:
        return None
    everybody = len(members) == len(options)
    spread = Spread(
        z=z,
        cap=cap,
        realised=basis == "realised",
        members=members,
        bad=options.bad if everybody else options.bad[members],
        booked=options.booked if everybody else options.booked[members],
        bad_loadings=options.bad_loadings,
        booked_loadings=_errors_of_booked(options),
        coins=options.bad,
    )
    return spread.at_cap(cap)


def _errors_of_booked(options: Options) -> Floats:
    """What the model's errors do to `booked`; mostly nothing, which then takes no memory and no time."""
    loadings = options.booked_loadings
    return loadings if _are_nought(loadings) or loadings.any() else _nought(*loadings.shape)


def _nought(n: int, k: int) -> Floats:
    return np.broadcast_to(0.0, (n, k))


def _are_nought(loadings: Floats) -> bool:
    """Whether these are the noughts of `_nought`: one number in one place for all."""
    return loadings.strides == (0, 0) and (not loadings.size or not loadings[0, 0])
