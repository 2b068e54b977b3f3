"""What each limit allowed, what the plan uses of it, and what one more unit of it would be worth."""

import numpy as np

from acquire.allocate.figures import as_figure
from acquire.allocate.leads import N_TYPICAL, Relaxed
from acquire.allocate.options import Floats
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row
from acquire.domain import LimitUse, Objective


def limit_uses(problem: Problem, relaxed: Relaxed, x: Floats, objective: Objective) -> tuple[LimitUse, ...]:
    """One entry per limit.

    Args:
        problem: Gains and rows.
        relaxed: The plan with shares of contacts, which has the prices.
        x: The plan in whole contacts, shape (n,).
        objective: Where spend is minimised, a shadow price is a change of spend.
    """
    direction = -1.0 if objective.goal == "spend" else 1.0
    return tuple(
        _limit_use(row, x, direction * shadow_price(row, relaxed, i, relaxed.x), binds(problem, relaxed, i))
        for i, row in enumerate(problem.rows)
        if row.stated
    )


def binds(problem: Problem, relaxed: Relaxed, i: int) -> bool:
    """Whether limit i holds the plan back: a typical use of it costs more than rounding, beside a typical gain."""
    if not len(problem):  # every channel is off
        return False
    typical = problem.rows[i].typical_use(np.arange(0, len(problem), 1 + len(problem) // N_TYPICAL))
    return sum(_own_prices(relaxed, i)) * typical > 1e-9 * float(np.abs(problem.gain).mean())


def shadow_price(row: Row, relaxed: Relaxed, i: int, x: Floats) -> float:
    """Change of the gain per +1 of limit i as written, at a plan x, shape (n,), and the prices of a relaxed plan."""
    return _shadow_price(row, x, *_own_prices(relaxed, i))


def _limit_use(row: Row, x: Floats, shadow_price: float, binding: bool) -> LimitUse:
    used = row.used(x)
    return LimitUse(
        name=row.name,
        unit=row.unit,
        used=used if row.spread is None else row.spread.stated_quantile(x),
        used_expected=used,
        allowed=row.allowed,
        binding=binding,
        shadow_price=shadow_price if binding else 0.0,
    )


def _own_prices(relaxed: Relaxed, i: int) -> tuple[float, float]:
    """Price of limit i on expectation, and of its tangents together."""
    mine = relaxed.rows.owner == i
    return float(relaxed.prices[i]), float(relaxed.prices[mine].sum() - relaxed.prices[i])


def _shadow_price(row: Row, x: Floats, price: float, price_of_tangents: float) -> float:
    """Change of the gain per +1 of the limit as written, by the envelope theorem.

    With the row as sign * (left(x, allowed) - right(allowed)) <= 0 and the price of one unit of it:

        amount   left does not depend on the limit, right is the limit      sign * price
        ratio    left = sum((figure - allowed * base) x)                    sign * price * sum(base x)
        spread   left = m(x) + z * sd(x), both depend on the cap            -price * d(left)/d(cap)
    """
    base = 1.0 if row.base is None else as_figure(row.base) @ x
    if row.spread is None:
        return row.sign * price * base
    return price * base - price_of_tangents * row.spread.slope_in_cap(x)
