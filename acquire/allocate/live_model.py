"""The model behind a live handle (live.py), written in PuLP: limits as named rows, ratios that move over totals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp

from acquire.allocate.figures import as_figure
from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.rows import Row
from acquire.allocate.totals import coins_in_cap


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Columns of the totals that one ratio is written over: F and B, and with coin flips Q0, Q1, Q2.

    Attributes:
        figure, base, coins: Columns on the handle.
        base_use: What each option adds to B, shape (n,).
    """

    figure: int
    base: int
    coins: tuple[int, ...]
    base_use: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A model that was written and solved once.

    Attributes:
        handle: The solver, which keeps its last answer.
        columns: Column of each option, shape (n,).
        rows, beyond: Row of each limit, and the column that says how far it is broken, shape (m,).
        penalties: Cost of one unit beyond each limit, in units of gain, shape (m,).
        totals: Of the limits that are written over totals, by position.
    """

    handle: Any
    columns: Ints
    rows: Ints
    beyond: Ints
    penalties: Floats
    totals: dict[int, Totals]


def write_model(problem: Problem, moving: frozenset[str]) -> Written:
    """Write the relaxed problem, each limit breakable at a high price, and hand it to the solver once."""
    model = pulp.LpProblem("acquire", pulp.LpMaximize)
    held, most = problem.held.tolist(), problem.people.size[problem.people.code].tolist()
    contacts = [model.add_variable(f"contact_{j}", held[j], most[j]) for j in range(len(problem))]
    beyond = [model.add_variable(f"beyond_{i}", lowBound=0) for i in range(len(problem.rows))]
    penalties = _penalties(problem)
    over = {i: _add_totals(model, row, i, contacts) for i, row in enumerate(problem.rows) if _moves(row, moving)}
    rows = [_add_limit(model, row, contacts, beyond[i], over.get(i)) for i, row in enumerate(problem.rows)]
    _add_people(model, problem, contacts)
    gains = dict(zip([*contacts, *beyond], [*problem.gain.tolist(), *(-penalties).tolist()], strict=True))
    model.setObjective(pulp.LpAffineExpression(gains))
    model.solve(pulp.HiGHS(msg=False, threads=1))
    return Written(
        handle=model.solverModel,
        columns=np.array([contact.index for contact in contacts], dtype=np.int64),
        rows=np.array([row.index for row in rows], dtype=np.int64),
        beyond=np.array([one.index for one in beyond], dtype=np.int64),
        penalties=penalties,
        totals={i: _placed(of, problem.rows[i]) for i, of in over.items()},
    )


def _moves(row: Row, moving: frozenset[str]) -> bool:
    return row.base is not None and (row.name in moving or row.spread is not None)


def _penalties(problem: Problem) -> Floats:
    """A price of each limit that is higher than any sensible one: far beyond the best gain per typical use of it."""
    top = float(np.abs(problem.gain).max(initial=0.0)) or 1.0
    return np.array([1_000 * top / row.typical_use() for row in problem.rows])


def _add_totals(
    model: pulp.LpProblem, row: Row, i: int, contacts: list[pulp.LpVariable]
) -> tuple[pulp.LpVariable, ...]:
    """Add F, B and, with coin flips, Q0, Q1, Q2 of one ratio, each with the row that says what it is."""
    assert row.base is not None  # noqa: S101 - `_moves` asked
    parts = {"figure": as_figure(row.figure).dense(), "base": as_figure(row.base).dense(), **_coins(row, len(contacts))}
    totals = []
    for name, uses in parts.items():
        total = model.add_variable(f"{name}_{i}")
        model.addConstraint(_constraint(uses, contacts, {total: -1.0}, pulp.LpConstraintEQ, f"total_{name}_{i}", 0.0))
        totals.append(total)
    return tuple(totals)


def _coins(row: Row, n: int) -> dict[str, Floats]:
    """q0, q1, q2 of the variance of one contact's coin flips, each shape (n,); none where only the model is uncertain."""
    spread = row.spread
    if spread is None or not spread.realised:
        return {}
    coins = {f"coins{power}": np.zeros(n) for power in range(3)}
    for of_power, counted in zip(coins.values(), coins_in_cap(spread).T, strict=True):
        of_power[spread.members] = counted
    return coins


def _add_limit(
    model: pulp.LpProblem,
    row: Row,
    contacts: list[pulp.LpVariable],
    beyond: pulp.LpVariable,
    totals: tuple[pulp.LpVariable, ...] | None,
) -> pulp.LpConstraint:
    """Write a limit as sign * left - beyond <= sign * right, over its totals where it has them."""
    name = f"{row.name}_limit"
    if totals is None:
        limit = _constraint(
            row.sign * row.coefficients, contacts, {beyond: -1.0}, pulp.LpConstraintLE, name, row.sign * row.right_side
        )
    else:
        terms = {totals[0]: row.sign, totals[1]: -row.sign * row.allowed, beyond: -1.0}
        limit = pulp.LpConstraint(pulp.LpAffineExpression(terms), pulp.LpConstraintLE, name, 0.0)
    model.addConstraint(limit)
    return limit


def _constraint(
    uses: Floats,
    contacts: list[pulp.LpVariable],
    more: dict[pulp.LpVariable, float],
    sense: int,
    name: str,
    right: float,
) -> pulp.LpConstraint:
    terms = {contacts[j]: uses[j] for j in np.flatnonzero(uses).tolist()}
    return pulp.LpConstraint(pulp.LpAffineExpression({**terms, **more}), sense, name, right)


def _add_people(model: pulp.LpProblem, problem: Problem, contacts: list[pulp.LpVariable]) -> None:
    """At most `size` contacts per person; a person with a single option is held by the bound of its variable."""
    people = problem.people
    for person, group in enumerate(np.split(people.order, people.starts[1:])):
        if len(group) > 1:
            left = pulp.LpAffineExpression({contacts[j]: 1.0 for j in group.tolist()})
            size = float(people.size[person])
            model.addConstraint(pulp.LpConstraint(left, pulp.LpConstraintLE, f"person_{person}", size))


def _placed(totals: tuple[pulp.LpVariable, ...], row: Row) -> Totals:
    assert row.base is not None  # noqa: S101 - `_moves` asked
    figure, base, *coins = (total.index for total in totals)
    return Totals(figure=figure, base=base, coins=tuple(coins), base_use=as_figure(row.base).dense())
