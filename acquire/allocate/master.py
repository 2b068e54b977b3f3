"""The restricted model in PuLP: the limits as named rows over the options in play, everything else held fixed."""

import math
from dataclasses import dataclass

import numpy as np
import pulp

from acquire.allocate.options import Flags, Floats, Ints
from acquire.allocate.problem import LinearRows, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a restricted model came to.

    Attributes:
        solved: Whether a solution came back; its figures are checked by the caller, never taken on trust.
        x: Full plan, the fixed part included, shape (n,).
        prices: Dual of each linear row, >= 0, shape (m,); zeros for whole numbers.
        beyond: How far each row was allowed to be broken, shape (m,).
    """

    solved: bool
    x: Floats
    prices: Floats
    beyond: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """The options whose number of contacts is open, and the plan of all other people.

    Attributes:
        open: Options in play, shape (n,).
        fixed: 1.0 for the options that people not in play were given, shape (n,).
    """

    open: Flags
    fixed: Floats


class _Solver(pulp.HiGHS):  # type: ignore[misc]
    """HiGHS through PuLP, single-threaded and silent, which may stop at a number of nodes.

    PuLP 3.3 raises KeyError for the status "node limit reached", after it has read the values: they are the best plan so far.
    """

    def findSolutionValues(self, lp: pulp.LpProblem) -> tuple[int, int]:  # noqa: N802 - PuLP's name
        try:
            status: tuple[int, int] = super().findSolutionValues(lp)
        except KeyError:
            if math.isinf(lp.solverModel.getObjectiveValue()):
                return pulp.LpStatusNotSolved, pulp.LpSolutionNoSolutionFound
            return pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible
        return status


def solve_relaxed(problem: Problem, rows: LinearRows, play: Play, penalties: Floats) -> Answer:
    """Solve the restricted model with shares of contacts; each row may be broken at a penalty per unit.

    Args:
        problem: Gains and people.
        rows: The limits, linear.
        play: What is open.
        penalties: Cost of one unit beyond each row, in units of gain, shape (m,).
    """
    model, contacts, columns = _model(problem, play, pulp.LpContinuous)
    beyond = [model.add_variable(f"beyond_{i}", lowBound=0) for i in range(len(rows.names))]
    _add_rows(model, problem, rows, play, contacts, columns, beyond)
    _add_people(model, problem, contacts, columns)
    model.setObjective(
        pulp.LpAffineExpression(
            dict(zip([*contacts, *beyond], [*problem.gain[columns].tolist(), *(-penalties).tolist()], strict=True))
        )
    )
    model.solve(_Solver(msg=False, threads=1))
    constraints = [model.get_constraint_by_name(name) for name in _row_names(rows)]
    duals = np.array([c.pi for c in constraints])
    return Answer(
        solved=model.status == pulp.LpStatusOptimal,
        x=_plan(play, contacts, columns),
        prices=np.maximum(-rows.signs * duals, 0.0),
        beyond=np.array([b.varValue for b in beyond]),
    )


def solve_whole(problem: Problem, rows: LinearRows, play: Play, *, gap: float, n_nodes: int) -> Answer:
    """Solve the restricted model in whole contacts.

    Args:
        problem: Gains and people.
        rows: The limits, linear.
        play: What is open.
        gap: Stop when the plan is proven within this much gain of the best.
        n_nodes: Stop after so many nodes of the search with the best plan so far. A limit on nodes, not on time: the same plan
            on a slow and on a fast machine.
    """
    model, contacts, columns = _model(problem, play, pulp.LpBinary)
    _add_rows(model, problem, rows, play, contacts, columns, None)
    _add_people(model, problem, contacts, columns)
    model.setObjective(pulp.LpAffineExpression(dict(zip(contacts, problem.gain[columns].tolist(), strict=True))))
    model.solve(_Solver(msg=False, threads=1, gapAbs=gap, gapRel=0.0, mip_max_nodes=n_nodes))
    n_rows = len(rows.names)
    x = _plan(play, contacts, columns).round()
    solved = model.sol_status in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}
    return Answer(solved=solved, x=x, prices=np.zeros(n_rows), beyond=np.zeros(n_rows))


def _model(problem: Problem, play: Play, category: str) -> tuple[pulp.LpProblem, list[pulp.LpVariable], Ints]:
    model = pulp.LpProblem("acquire", pulp.LpMaximize)
    columns = np.flatnonzero(play.open)
    contacts = [model.add_variable(f"contact_{j}", 0, 1, category) for j in columns.tolist()]
    return model, contacts, columns


def _row_names(rows: LinearRows) -> list[str]:
    """PuLP writes [ and - as _, which could make two names one: the position keeps them apart then."""
    plain = [name.translate(pulp.LpAffineExpression.trans) for name in rows.names]
    return [name if plain.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(plain)]


def _add_rows(
    model: pulp.LpProblem,
    problem: Problem,
    rows: LinearRows,
    play: Play,
    contacts: list[pulp.LpVariable],
    columns: Ints,
    beyond: list[pulp.LpVariable] | None,
) -> None:
    """Write each limit under its name, floors as >= and caps as <=, less what the fixed part uses."""
    fixed = rows.matrix @ play.fixed
    for i, name in enumerate(_row_names(rows)):
        sign = float(rows.signs[i])
        terms = dict(zip(contacts, (sign * rows.matrix[i, columns]).tolist(), strict=True))
        if beyond is not None:
            terms[beyond[i]] = -sign
        sense = pulp.LpConstraintGE if sign < 0 else pulp.LpConstraintLE
        left = pulp.LpAffineExpression(terms)
        model.addConstraint(pulp.LpConstraint(left, sense, name, sign * float(rows.right_side[i] - fixed[i])))


def _add_people(model: pulp.LpProblem, problem: Problem, contacts: list[pulp.LpVariable], columns: Ints) -> None:
    """At most one contact per person; a person with a single option in play is held by the bound of its variable."""
    code = problem.people.code[columns]
    order = np.argsort(code, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(code[order])) + 1):
        if len(group) > 1:
            left = pulp.LpAffineExpression({contacts[j]: 1.0 for j in group.tolist()})
            model.addConstraint(pulp.LpConstraint(left, pulp.LpConstraintLE, f"person_{code[group[0]]}", 1.0))


def _plan(play: Play, contacts: list[pulp.LpVariable], columns: Ints) -> Floats:
    x = play.fixed.copy()
    x[columns] = [contact.varValue or 0.0 for contact in contacts]
    return x
