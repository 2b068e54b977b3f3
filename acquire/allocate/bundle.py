"""Millions of leads: prices of the limits by a bundle method over all leads, clear leads fixed, the few others in PuLP models.

The limits are all that couples one lead with another. At given prices of the limits everybody's best course is read off, and

    dual(prices) = prices' right_side + sum over people of size * max(0, best gain - prices' use)

is a bound that no plan passes, whatever the prices (weak duality). It is convex; its lowest value is the relaxed optimum. So:

1. A level-bundle method (level.py) finds its lowest point on samples of the leads.
2. A pass over all leads at those prices says who is clear. Those who are not are few; for all others the dual is a plane, as long
   as prices move little: the bundle method goes on over the few, another pass checks it, until nothing is left to gain.
3. The few go into the small PuLP models of leads.py and whole.py, first in shares, then in whole contacts, with what the others
   leave of each limit. The bound is recomputed over all leads, and so is what the plan uses of each limit.

Leads may come in parts (files, chunks of a table): a part is read, summed up and let go.

References:
    Geoffrion (1974), Lagrangean Relaxation for Integer Programming.
    Lemaréchal, Nemirovskii, Nesterov (1995), New Variants of Bundle Methods.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.duals import Crowd, Dual, find_prices, fixed_part, least_clear, may_bundle
from acquire.allocate.few import Few
from acquire.allocate.leads import Relaxed, penalties_of, solve_shares
from acquire.allocate.ledger import Courses
from acquire.allocate.linear import LinearRows
from acquire.allocate.options import Floats
from acquire.allocate.prices import Prices
from acquire.allocate.problem import People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.allocate.whole import solve_contacts
from acquire.domain import Limits
from acquire.errors import BadInput

N_IN_MODELS = (4_000, 40_000)  # people; more where the first leave no plan


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPlan:
    """Who is contacted with which option, part by part.

    Attributes:
        columns: Column of each person, one array of shape (n_people,) per part; -1 = no contact.
        prices: Price of each limit, shape (m,).
        objective: Gain of the plan.
        bound: No plan gains more.
        shares: Gain of the best plan with shares of contacts that was found; within rounding of the bound.
        left: Left side of each limit, recomputed from the parts, floors with the sign of a cap, shape (m,).
        right: Right side of the same.
    """

    columns: tuple[NDArray[np.int32], ...]
    prices: Floats
    objective: float
    bound: float
    shares: float
    left: Floats
    right: Floats

    @property
    def gap(self) -> float:
        """How far the plan may be from the best, relative."""
        return max(0.0, self.bound - self.objective) / max(abs(self.bound), abs(self.objective), 1e-12)

    @property
    def keeps_limits(self) -> bool:
        """Whether no limit is broken beyond the rounding of sums."""
        return bool(np.all(self.left - self.right <= 1e-9 * np.maximum(np.abs(self.right), 1.0)))


def solve_leads(parts: Sequence[Problem], *, seed: int = 0) -> LeadPlan | None:
    """The best plan in whole contacts found, with its bound; None where the limits leave none.

    Args:
        parts: Problems over different people, each with all limits; an element may be read anew each time it is asked for.
        seed: Of the sample.

    Raises:
        BadInput: A limit with a confidence, forced contacts, or columns that are no contacts: leads.py is for those.
    """
    first = parts[0]
    if first.spreads or len(first.forced) or not may_bundle(first):
        raise BadInput("limits with a confidence, tiers, switches and forced contacts are planned by leads.py")
    crowd = Crowd.of(parts, Tangents(), penalties_of(first))
    state = find_prices(crowd, seed=seed)
    for n_people in N_IN_MODELS:
        few = crowd.gather(least_clear(state.courses, n_people))
        problem = _rest(first, few, state.courses, crowd.right)
        relaxed = solve_shares(problem, Tangents(), seed, start=_as_start(first, state.prices))
        x = solve_contacts(problem, Tangents(), relaxed)
        if x is not None:
            bound = min(state.dual, crowd.bound(relaxed.prices))
            return _plan(crowd, state, few, relaxed, x, bound)
    return None


def _rest(first: Problem, few: Few, courses: Sequence[Courses], right: Floats) -> Problem:
    """The problem of the few people with what all others leave of the limits."""
    room = right - fixed_part(few, courses).use
    rows = tuple(
        Row(name=row.name, unit=row.unit, figure=use, allowed=float(left))
        for row, use, left in zip(first.rows, few.use.T, room, strict=True)
    )
    return Problem(gain=few.gain, people=People.of(few.code, few.size[few.code]), rows=rows)


def _as_start(first: Problem, prices: Floats) -> Prices:
    of_row = dict(zip((row.name for row in first.rows), prices.tolist(), strict=True))
    return Prices(of_row=of_row, tangents=Tangents(), limits=Limits(), channels=())


def _plan(crowd: Crowd, state: Dual, few: Few, relaxed: Relaxed, x: Floats, bound: float) -> LeadPlan:
    """The whole plan: the few people's from the model, everybody else's course; its sums recomputed from the parts."""
    given = np.full(len(few.person), -1)
    chosen = np.flatnonzero(x > 0.5)
    given[few.code[chosen]] = few.column[chosen]
    columns = [of.column.copy() for of in state.courses]
    for k in np.unique(few.part):
        columns[k][few.person[few.part == k]] = given[few.part == k]
    objective, left = 0.0, np.zeros(len(crowd.right))
    for k, column in enumerate(columns):
        part, at = crowd.parts[k], column[column >= 0].astype(np.int64)
        size = part.people.size[column >= 0]
        objective += float(part.gain[at] @ size)
        left += LinearRows.of(part).used_of(at, size)
    return LeadPlan(
        columns=tuple(columns),
        prices=relaxed.prices,
        objective=objective,
        bound=bound,
        shares=objective - float(few.gain @ (x - relaxed.x)),
        left=left,
        right=crowd.right,
    )
