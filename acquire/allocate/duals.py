"""Prices of the limits by a bundle method over all leads (bundle.py says why): the lowest point of the dual.

    dual(prices) = prices' right_side + sum over people of size * max(0, best gain - prices' use)

A limit with a confidence is as many rows as it has tangents; those stay as they are here. Who is contacted in any case has no
course to choose: what they use is taken off the right sides. Leads may come in parts, each a problem with all limits over people
of its own.

References:
    Geoffrion (1974), Lagrangean Relaxation for Integer Programming.
    Lemaréchal, Nemirovskii, Nesterov (1995), New Variants of Bundle Methods.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.few import Few, gather
from acquire.allocate.ledger import Courses, Ledger, Reading
from acquire.allocate.level import Lowest, find_lowest
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents

FIRST_SAMPLE, GROWTH = 6_000, 10  # people
SHARE_UNCLEAR, FEWEST_UNCLEAR, MOST_UNCLEAR = (
    0.1,
    2_000,
    15_000,
)  # people whose course may still change, of a million or fewer
MOST_STEPS = 120
OF_SAMPLE = 1e-4  # of the dual: far more precise than the sample itself is
FINE = 1e-7  # of the dual: how far shares may stay below the bound
MOST_ROUNDS = 12
FIRST_BOX, WIDER, MOST_WIDENINGS = 0.1, 10.0, 4  # prices up to a share of those that are higher than any sensible one
TRUST = 8.0  # times 1 / root of the sample that found a price, of the price: how far it may move
MOST_TRUST = 0.1  # of a price
LEAST_PRICE = 1e-3  # of a price that is higher than any sensible one: what a limit without a price moves by


def may_bundle(problem: Problem) -> bool:
    """Whether the dual is all there is: no columns but contacts, and people in order."""
    return problem.people.in_order and not problem.n_extra


@dataclass(frozen=True, slots=True, kw_only=True)
class Dual:
    """Prices, everybody's best course at them, and the dual there."""

    prices: Floats
    courses: list[Courses]
    dual: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Everybody whose course is free, in one or more parts, under the linear rows that all share.

    Attributes:
        parts: Problems that `may_bundle` over different people, each with all limits; an element may be read anew each time.
        tangents: What rows with a confidence are made linear with.
        right: Right side of each linear row, floors with the sign of a cap, less what is forced uses, shape (m,).
        penalties: A price of each linear row that is higher than any sensible one, shape (m,).
    """

    parts: Sequence[Problem]
    tangents: Tangents
    right: Floats
    penalties: Floats

    @classmethod
    def of(cls, parts: Sequence[Problem], tangents: Tangents, penalties: Floats) -> "Crowd":
        """Everybody of some parts; `penalties` of each limit, shape (n_limits,)."""
        right, owner = np.zeros(0), np.zeros(0, dtype=np.int64)
        for k in range(len(parts)):
            part = parts[k]
            rows = tangents.lower(part)
            if not k:
                right, owner = rows.right_side.copy(), rows.owner
            if len(part.forced):
                right -= rows.used_by(part.held)
        return cls(parts=parts, tangents=tangents, right=right, penalties=penalties[owner])

    def read(self, prices: Floats) -> Dual:
        """Everybody's best course at some prices."""
        courses = [ledger.courses(prices) for ledger in self._ledgers()]
        return Dual(prices=prices, courses=courses, dual=_sum(courses).worth + float(prices @ self.right))

    def bound(self, prices: Floats) -> float:
        """What no plan of theirs can pass, recomputed over everybody."""
        return sum(ledger.read(prices).worth for ledger in self._ledgers()) + float(prices @ self.right)

    def gather(self, people: Sequence[Ints], weight: float = 1.0) -> Few:
        """Some people of each part, each of whom stands for `weight` people."""
        return gather(self.parts, people, weight, self.tangents)

    def sample(self, people: Sequence[Ints], weight: float) -> "Crowd":
        """The same of some people of each part, each of whom stands for `weight` people."""
        return replace(self, parts=[self.parts[k].sample(mine, weight)[0] for k, mine in enumerate(people)])

    def _ledgers(self) -> Iterator[Ledger]:
        for k in range(len(self.parts)):
            part = self.parts[k]
            yield Ledger(part, self.tangents.lower(part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Prices of the linear rows to start from, shape (m,), and how many people the sample had that found them."""

    prices: Floats
    n_people: int


def find_prices(crowd: Crowd, *, seed: int, start: Start | None = None, precision: float = FINE) -> Dual:
    """The lowest point of the dual of everybody.

    Args:
        crowd: Everybody.
        seed: Of the samples from which the search starts.
        start: Prices that are known from a sample; None = there are none.
        precision: Stop where no more than this, relative, is foreseen to be gained.
    """
    rng = np.random.default_rng(seed)
    order = [rng.permutation(np.flatnonzero(~crowd.parts[k].is_held)) for k in range(len(crowd.parts))]
    n_people = sum(len(mine) for mine in order)
    if start is None:
        few = crowd.gather(_first(order, FIRST_SAMPLE), max(1.0, n_people / FIRST_SAMPLE))
        start = Start(prices=_prices_from_nothing(few, FIRST_BOX * crowd.penalties, crowd.right), n_people=FIRST_SAMPLE)
    prices, size = start.prices, start.n_people
    while 2 * GROWTH * size < n_people:
        sample = crowd.sample(_first(order, GROWTH * size), n_people / (GROWTH * size))
        prices = _settle(sample, prices, size, OF_SAMPLE / 10).prices
        size *= GROWTH
    return _settle(crowd, prices, size, precision)


def _first(order: Sequence[Ints], size: int) -> list[Ints]:
    """The people of each part who are among the first `size` of all parts together, ascending."""
    share = size / sum(len(mine) for mine in order)
    return [np.sort(mine[: max(1, round(share * len(mine)))]) for mine in order]


def _settle(crowd: Crowd, prices: Floats, sample: int, precision: float) -> Dual:
    """The lowest point of the dual of everybody, from the prices of a sample of so many people.

    Again and again that of the unclear, as far as the clear can be trusted: within a box around the prices nearly all people keep
    their course, and the dual of everybody is that of the few plus a plane. Where the next prices do not lower the dual of
    everybody as foreseen, the box was too large.
    """
    state, trust = crowd.read(prices), min(MOST_TRUST, TRUST / np.sqrt(sample))
    n_people = sum(len(of.column) for of in state.courses)
    most = int(MOST_UNCLEAR * max(1.0, (n_people / 1e6) ** 0.5))
    n_unclear = int(np.clip(SHARE_UNCLEAR * n_people, FEWEST_UNCLEAR, most))
    for _ in range(MOST_ROUNDS):
        sides = trust * np.maximum(state.prices, LEAST_PRICE * crowd.penalties)
        box = (np.maximum(state.prices - sides, 0.0), state.prices + sides)
        lowest = _lowest_of_unclear(crowd, state, n_unclear, box, precision)
        foreseen = state.dual - lowest.value
        if foreseen <= precision * abs(state.dual):
            break
        there = crowd.read(lowest.point)
        trust *= 1.0 if state.dual - there.dual > foreseen / 2 else 0.3
        state = there if there.dual < state.dual else state
    return state


def _lowest_of_unclear(crowd: Crowd, state: Dual, n: int, box: tuple[Floats, Floats], precision: float) -> Lowest:
    """The lowest point within a box of the dual of the n least clear people, while all others keep their course."""
    few = crowd.gather(least_clear(state.courses, n))
    fixed = fixed_part(few, state.courses)
    room = crowd.right - fixed.use
    near = few.near(state.prices)

    def dual(point: Floats) -> tuple[float, Floats]:
        value, slope = near.dual(point, room)
        return value + fixed.gain, slope

    return find_lowest(dual, state.prices, box, precision=precision / 4, most_steps=MOST_STEPS)


def _prices_from_nothing(few: Few, box: Floats, right: Floats) -> Floats:
    """The lowest point of the dual of a few people, in a box that is widened where a price lies at its edge."""
    prices = np.zeros(len(right))
    for _ in range(MOST_WIDENINGS):
        whole_box = (np.zeros(len(right)), box)
        lowest = find_lowest(
            lambda point: few.dual(point, right), prices, whole_box, precision=OF_SAMPLE, most_steps=MOST_STEPS
        )
        prices = lowest.point
        if np.all(prices < 0.99 * box):
            break
        box = box * WIDER
    return prices


def _sum(courses: Sequence[Courses]) -> Reading:
    total = courses[0].reading
    for of in courses[1:]:
        total += of.reading
    return total


def least_clear(courses: Sequence[Courses], n: int) -> list[Ints]:
    """The people with the smallest margins, of each part, ascending."""
    margin = np.concatenate([of.margin for of in courses])
    least = np.arange(len(margin)) if len(margin) <= n else np.sort(np.argpartition(margin, n)[:n])
    least = least[margin[least] < np.inf]  # no margin is wider than that of those who have no choice
    ends = np.cumsum([0, *(len(of.margin) for of in courses)])
    return [least[(least >= low) & (least < high)] - low for low, high in itertools.pairwise(ends)]


def fixed_part(few: Few, courses: Sequence[Courses]) -> Reading:
    """What all people but the few do: the sums of everybody less their own."""
    reading = _sum(courses)
    column = _own_columns(few, courses)
    own = np.flatnonzero(column >= 0)
    size = few.size[own]
    gain, use = few.gain[column[own]] @ size, size @ few.use[column[own]]
    return Reading(worth=np.nan, gain=reading.gain - float(gain), use=reading.use - use)


def _own_columns(few: Few, courses: Sequence[Courses]) -> Ints:
    """The few's column of each of the few people's course, shape (n_people,); -1 = no contact."""
    given = np.concatenate([courses[k].column[few.person[few.part == k]] for k in np.unique(few.part)])
    return np.where(given >= 0, few.starts + given - few.column[few.starts], -1)
