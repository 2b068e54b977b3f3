"""The certificate: what no plan within the limits can pass, recomputed from the prices alone.

Without coin flips this is weak duality over the linear rows, which every plan keeps: gain(x) <= prices' right_side + sum
over people of max(0, best reduced gain). A row with coin flips is safe at its level but not implied, so its coins are taken
out of the line and put back as they are. With w = v'x and B = sum over the row's tangents of price * z * b, every plan has

    gain(x) <= f(w) := D(s, tau) + tau * w - s * B * sqrt(w)      for all s >= 0 and all tau >= 0

where D is s * constant plus the sum over people of the best of 0 and gain - s * (prices' rows, coins apart) - tau * v. Each f is
convex in w, so on a piece [l, u] it is at most max(f(l), f(u)); the bound is the largest piece of the smallest f.

Which (s, tau) to ask for is learnt on the way: D is convex, so what was asked so far bounds it from below, and says at which
(s, tau) the piece that is largest now could be lower, or that it cannot be (cutting planes).

That is for the row about everybody. For each row about one channel the same is done inside D with the options of that channel
alone and with multiples s of its own prices.

References:
    Kelley (1960), The Cutting-Plane Method for Solving Convex Programs.
    Ben-Ameur, Neto (2007), Acceleration of Cutting-Plane and Column Generation Algorithms (where to ask next).
    Geoffrion (1974), Lagrangean Relaxation for Integer Programming.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from acquire.allocate.leads import Relaxed
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import People, Problem
from acquire.allocate.tangents import Tangents

N_PIECES, N_PIECES_OF_CHANNEL = 4_000, 1_000
COLUMNS_ASKED = 100_000_000  # in all steps together
FEWEST_STEPS, MOST_STEPS = 24, 50
STEPS_OF_CHANNEL = 16
INWARDS = 0.3  # how far from the best point so far to the tangents' lowest: all the way swings too wide
CLOSE = 1e-6  # of the bound
HIGHEST = 30.0  # times the usual multiple, or tau
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coins:
    """The coin flips of one row that has a price.

    Attributes:
        members: The options of the row, shape (m,).
        people: Who is who among them.
        variance: v of each, shape (m,).
        line: The row's priced use by each, coins apart, shape (m,); of a row about one channel.
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

    def pieces(self, n: int) -> Floats:
        """sqrt(w) from nobody's to everybody's, shape (n + 1,)."""
        gambles = self.variance[self.variance > 0]
        most = float(np.sqrt(self.people.size @ self.people.best(self.variance)))
        roots: Floats = np.r_[0.0, np.geomspace(float(np.sqrt(gambles.min())) / 2, most, n)]
        return roots


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """D at some (s, tau), a slope there, and whom the plan behind it contacts: positions, and how often."""

    value: float
    slope: Point
    columns: Ints
    contacts: Floats


Ask = Callable[[float, float], Value]


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
    dual = _Everybody.of(problem, relaxed, rows)
    first = [(1.0, dual.tau), (1.0, 0.0), (0.0, 0.0), (0.5, dual.tau / 2), (1.0, 2 * dual.tau)]
    box = (2.0, HIGHEST * dual.tau)
    value, _ = _largest(dual.ask, dual.weight, dual.pieces, first, box, dual.n_steps)
    return value


def _priced_coins(problem: Problem, relaxed: Relaxed, tangents: Tangents) -> Iterator[Coins]:
    prices = relaxed.prices[len(problem.rows) :]
    names = {problem.rows[i].name for i in problem.spreads}
    found = [tangent for tangent in tangents.found if tangent.row in names]
    for i, spread in problem.spreads.items():
        name = problem.rows[i].name
        mine = [(t, float(p)) for t, p in zip(found, prices, strict=False) if t.row == name]
        weight = sum(price * spread.z * tangent.b for tangent, price in mine)
        if weight > 0 and spread.coins.any():
            per_w, constant = spread.line_of_coins(tangents.coin_levels.get(name, 0.0))
            of_channel = len(spread.members) < problem.n_options
            line = np.zeros(0)
            if of_channel:
                price = relaxed.prices[i] + sum(price for _, price in mine)
                errors = np.sum([price * spread.z * tangent.a for tangent, price in mine], axis=0)
                line = price * problem.rows[i].coefficients_at(spread.members) + spread.along(errors)
            code = problem.people.code[spread.members]
            everybody = len(code) == len(problem)
            yield Coins(
                members=spread.members,
                people=problem.people if everybody else People.of(code, problem.people.size[code]),
                variance=spread.coins,
                line=line,
                weight=weight,
                per_w=per_w,
                constant=weight * constant,
            )


def _largest(
    ask: Ask, weight: float, roots: Floats, first: Sequence[Point], box: Point, n_steps: int
) -> tuple[float, Value]:
    """The largest over w of the smallest f (module docstring), and the value behind it."""
    smallest, owner = np.full(len(roots) - 1, np.inf), np.zeros(len(roots) - 1, dtype=np.int64)
    cuts = _Cuts(box)
    asked: list[Value] = []
    points: list[Point] = []
    for step in range(n_steps):
        if step < len(first):
            s, tau = first[step]
        else:
            worst = int(np.argmax(smallest))
            root = float(roots[worst : worst + 2].mean())
            least, lowest = cuts.lowest(-weight * root, root**2)
            if smallest[worst] - least <= CLOSE * abs(smallest[worst]):
                break
            best = points[owner[worst]]
            s, tau = (best[k] + INWARDS * (lowest[k] - best[k]) for k in range(2))
        points.append((s, tau))
        asked.append(ask(s, tau))
        cuts.add((s, tau), asked[-1])
        f = asked[-1].value + tau * roots**2 - s * weight * roots
        pieces = np.maximum(f[:-1], f[1:])
        owner[pieces < smallest] = len(asked) - 1
        smallest = np.minimum(smallest, pieces)
    worst = int(np.argmax(smallest))
    return float(smallest[worst]), asked[owner[worst]]


class _Cuts:
    """D from below, as far as it was asked for: the largest of its tangents."""

    def __init__(self, box: Point) -> None:
        self._handle = highspy.Highs()
        self._handle.silent()
        self._handle.setOptionValue("threads", 1)
        for most in box:
            self._handle.addVar(0.0, most)
        self._handle.addVar(-highspy.kHighsInf, highspy.kHighsInf)
        self._handle.changeColCost(2, 1.0)

    def add(self, point: Point, asked: Value) -> None:
        """Add the tangent at a point."""
        height = asked.value - asked.slope[0] * point[0] - asked.slope[1] * point[1]
        line = np.array([-asked.slope[0], -asked.slope[1], 1.0])
        self._handle.addRow(height, highspy.kHighsInf, 3, np.arange(3, dtype=np.int32), line)

    def lowest(self, of_s: float, of_tau: float) -> tuple[float, Point]:
        """The lowest value of D + of_s * s + of_tau * tau that the tangents allow, and where."""
        self._handle.changeColCost(0, of_s)
        self._handle.changeColCost(1, of_tau)
        self._handle.run()
        s, tau, _ = self._handle.getSolution().col_value
        return float(self._handle.getObjectiveValue()), (s, tau)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Everybody:
    """D of everybody: the people of a channel with coins of its own apart, within what its row allows.

    Attributes:
        problem: Gains and people.
        priced: What each column costs at the prices of the rows, coins apart, shape (n,).
        constant: What the rows allow at these prices.
        everybody: Coins of the row about everybody; None where it has no price.
        channels: Coins of the rows about one channel.
    """

    problem: Problem
    priced: Floats
    constant: float
    everybody: Coins | None
    channels: tuple[Coins, ...]

    @classmethod
    def of(cls, problem: Problem, relaxed: Relaxed, rows: Sequence[Coins]) -> "_Everybody":
        priced = relaxed.rows.priced(relaxed.prices)
        constant = float(relaxed.prices @ relaxed.rows.right_side)
        for coins in rows:
            priced[coins.members] -= coins.weight * coins.per_w * coins.variance
            constant += coins.constant
        of_everybody = [coins for coins in rows if len(coins.members) == problem.n_options]
        return cls(
            problem=problem,
            priced=priced,
            constant=constant,
            everybody=of_everybody[0] if of_everybody else None,
            channels=tuple(coins for coins in rows if len(coins.members) < problem.n_options),
        )

    @property
    def weight(self) -> float:
        """B."""
        return 0.0 if self.everybody is None else self.everybody.weight

    @property
    def tau(self) -> float:
        """The tau of the linear rows."""
        return 0.0 if self.everybody is None else self.everybody.weight * self.everybody.per_w

    @property
    def pieces(self) -> Floats:
        """Pieces of sqrt(w)."""
        return np.zeros(2) if self.everybody is None else self.everybody.pieces(N_PIECES)

    @property
    def n_steps(self) -> int:
        """How often D may be asked for: often where that is cheap."""
        return int(np.clip(COLUMNS_ASKED // len(self.problem), FEWEST_STEPS, MOST_STEPS))

    def ask(self, s: float, tau: float) -> Value:
        """D, and what its plan costs."""
        problem = self.problem
        line = problem.gain - s * self.priced
        if self.everybody is not None and tau:
            line[self.everybody.members] -= tau * self.everybody.variance
        value, columns, contacts = s * self.constant, [problem.forced], [problem.held[problem.forced]]
        slope = self.constant
        rest = problem.of_the_free(line) if len(problem.forced) else line.copy()
        for coins in self.channels:
            mine = rest[coins.members]  # who is forced is -inf here
            most, of_channel = _largest_of_channel(coins, mine, s, STEPS_OF_CHANNEL)
            value += most
            columns.append(coins.members[of_channel.columns])
            contacts.append(of_channel.contacts)
            slope += float(coins.line[of_channel.columns] @ of_channel.contacts)
            rest[coins.members] = -np.inf
        chosen = problem.people.choice(rest)
        columns.append(chosen)
        contacts.append(problem.people.size[problem.people.code[chosen]])
        value += float(rest[chosen] @ contacts[-1]) + float(line[problem.forced] @ contacts[0])
        at, times = np.concatenate(columns), np.concatenate(contacts)
        return Value(
            value=value,
            slope=(slope - float(self.priced[at] @ times), -self._variance(at, times)),
            columns=at,
            contacts=times,
        )

    def _variance(self, at: Ints, times: Floats) -> float:
        if self.everybody is None:
            return 0.0
        is_option = at < self.problem.n_options
        return float(self.everybody.variance[at[is_option]] @ times[is_option])


def _largest_of_channel(coins: Coins, line: Floats, share: float, n_steps: int) -> tuple[float, Value]:
    """The largest over the channel's own w of the smallest of its f, with multiples of the row's own prices."""
    unpriced = line + share * coins.line

    def ask(multiple: float, tau: float) -> Value:
        score = unpriced - multiple * coins.line - tau * coins.variance
        chosen = coins.people.choice(score)
        contacts = coins.people.size[coins.people.code[chosen]]
        slope = (-float(coins.line[chosen] @ contacts), -float(coins.variance[chosen] @ contacts))
        return Value(value=float(score[chosen] @ contacts), slope=slope, columns=chosen, contacts=contacts)

    # A row that nobody can keep may come out of the relaxed problem with any price, however large.
    finite = unpriced[unpriced > -np.inf]
    typical = float(np.abs(finite).mean()) / (float(np.abs(coins.line).mean()) or 1.0) if len(finite) else 1.0
    tau = coins.weight * coins.per_w
    first = [(share, share * tau), (0.0, 0.0), (typical, typical * tau)]
    box = (HIGHEST * max(typical, share), HIGHEST * max(typical, share) * tau)
    return _largest(ask, coins.weight, coins.pieces(N_PIECES_OF_CHANNEL), first, box, n_steps)
