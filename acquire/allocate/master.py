"""The restricted model in PuLP: the limits as named rows over the columns in play, everything else held fixed."""

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import pulp

from acquire.allocate.linear import Cut, LinearRows
from acquire.allocate.options import Flags, Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.solver import hand_over, read_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a restricted model came to.

    Attributes:
        solved: Whether a solution came back; its figures are checked by the caller, never taken on trust.
        x: Full plan, the fixed part included, shape (n,).
        prices: Dual of each linear row, >= 0, shape (m,); zeros for whole numbers.
        beyond: How far each limit was allowed to be broken, shape (n_limits,).
    """

    solved: bool
    x: Floats
    prices: Floats
    beyond: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """The columns whose number of contacts is open, and the plan of all other people.

    Attributes:
        open: Columns in play, shape (n,).
        fixed: The contacts that people not in play were given, shape (n,).
    """

    open: Flags
    fixed: Floats


class RelaxedModel:
    """The restricted model with shares of contacts, kept open while the rows with a confidence move.

    Each limit may be broken at a penalty per unit. The coin flips' variance of a row with a confidence is a variable of its own,
    so that a move of its level changes one number per tangent:

        coins_i = sum(v x)        row + errors' L x + per_w * coins_i - beyond_i <= room     for each tangent of row i
    """

    def __init__(self, problem: Problem, rows: LinearRows, play: Play, penalties: Floats) -> None:
        """Write the model.

        Args:
            problem: Gains and people.
            rows: The limits, linear.
            play: What is open.
            penalties: Cost of one unit beyond each limit, in units of gain, shape (n_limits,).
        """
        self._problem, self._play, self._rows = problem, play, rows
        self._columns = np.flatnonzero(play.open)
        model = pulp.LpProblem("acquire", pulp.LpMaximize)
        contacts = write_contacts(model, problem, self._columns, np.zeros(len(self._columns), dtype=bool))
        beyond = [model.add_variable(f"beyond_{i}", lowBound=0) for i in range(len(penalties))]
        coins = {i: model.add_variable(f"coins_{i}") for i, spread in problem.spreads.items() if spread.realised}
        gains = [*problem.gain[self._columns].tolist(), *(-penalties).tolist()]
        model.setObjective(pulp.LpAffineExpression(dict(zip([*contacts, *beyond], gains, strict=True))))
        limits = write_limits(rows.without_cuts(), play, self._columns, contacts, beyond)
        variances = [self._variance(i, contacts, variable) for i, variable in coins.items()]
        people = write_people(problem, self._columns, contacts)
        constraints = [*limits, *variances, *people]
        for constraint in constraints:
            model.addConstraint(constraint)
        variables = [*contacts, *beyond, *coins.values()]
        self._handle = hand_over(model, variables, constraints)
        self._first_beyond = len(contacts)
        self._coins = {i: len(contacts) + len(beyond) + k for k, i in enumerate(coins)}
        self._n_written = 0
        self._first_cut = len(constraints)
        self.move_to(rows)

    def _variance(self, i: int, contacts: list[pulp.LpVariable], coins: pulp.LpVariable) -> pulp.LpConstraint:
        spread = self._problem.spreads[i]
        each = np.zeros(len(self._problem))
        each[spread.members] = spread.coins
        terms = dict(zip(contacts, each[self._columns].tolist(), strict=True)) | {coins: -1.0}
        fixed = -float(each @ self._play.fixed)
        return pulp.LpConstraint(pulp.LpAffineExpression(terms), pulp.LpConstraintEQ, f"variance_{i}", fixed)

    def move_to(self, rows: LinearRows) -> None:
        """Move the tangents there are to their levels in `rows` and add those that are new."""
        self._rows = rows
        plain = rows.without_coins()
        room = (rows.right_side - plain.used_by(self._play.fixed))[len(rows.rows) :]
        for place, cut in enumerate(rows.cuts[: self._n_written]):
            self._handle.changeRowBounds(self._first_cut + place, -highspy.kHighsInf, float(room[place]))
            if cut.row in self._coins:
                self._handle.changeCoeff(self._first_cut + place, self._coins[cut.row], cut.coins)
        new = rows.cuts[self._n_written :]
        uses = plain.only_cuts(self._n_written).at(self._columns)[len(rows.rows) :] if new else np.empty((0, 0))
        for cut, use, most in zip(new, uses, room[self._n_written :].tolist(), strict=True):
            self._add(cut, use, most)
        self._n_written = len(rows.cuts)

    def _add(self, cut: Cut, use: Floats, room: float) -> None:
        at, factors = [self._first_beyond + cut.row], [-1.0]
        if cut.row in self._coins:
            at.append(self._coins[cut.row])
            factors.append(cut.coins)
        places, values = np.r_[np.arange(len(use)), at].astype(np.int32), np.r_[use, factors]
        self._handle.addRow(-highspy.kHighsInf, room, len(places), places, values)

    def solve(self) -> Answer:
        """Solve from where the last answer stands."""
        self._handle.run()
        solved = read_answer(self._handle)
        n_limits = len(self._rows.rows)
        duals = np.r_[solved.duals[:n_limits], solved.duals[self._first_cut :]]
        x = self._play.fixed.copy()
        x[self._columns] = np.maximum(solved.values[: len(self._columns)], 0.0)
        return Answer(
            solved=solved.found,
            x=x,
            prices=np.maximum(self._rows.signs * duals, 0.0),
            beyond=solved.values[self._first_beyond : self._first_beyond + n_limits],
        )


def solve_whole(
    problem: Problem, rows: LinearRows, play: Play, *, gap: float, n_nodes: int, guesses: float = 0.05
) -> Answer:
    """Solve the restricted model in whole contacts; groups of people may be contacted in part.

    Args:
        problem: Gains and people.
        rows: The limits, linear.
        play: What is open.
        gap: Stop when the plan is proven within this much gain of the best.
        n_nodes: Stop after so many nodes of the search with the best plan so far. A limit on nodes, not on time: the same plan
            on a slow and on a fast machine.
        guesses: Share of the work that may go into guessing plans; in a tiny model that is most of it, and the search is quick.
    """
    model = pulp.LpProblem("acquire", pulp.LpMaximize)
    columns = np.flatnonzero(play.open)
    contacts = write_contacts(model, problem, columns, problem.whole[columns])
    model.setObjective(pulp.LpAffineExpression(dict(zip(contacts, problem.gain[columns].tolist(), strict=True))))
    constraints = [*write_limits(rows, play, columns, contacts), *write_people(problem, columns, contacts)]
    for constraint in constraints:
        model.addConstraint(constraint)
    options = {"mip_max_nodes": n_nodes, "mip_heuristic_effort": guesses}
    handle = hand_over(model, contacts, constraints, gapAbs=gap, gapRel=0.0, **options)
    handle.run()
    solved = read_answer(handle)
    x = play.fixed.copy()
    x[columns] = solved.values
    x = np.where(problem.whole, x.round(), x)
    return Answer(solved=solved.found, x=x, prices=np.zeros(len(rows)), beyond=np.zeros(len(rows.rows)))


def write_contacts(model: pulp.LpProblem, problem: Problem, columns: Ints, whole: Flags) -> list[pulp.LpVariable]:
    """A variable per column: contacts up to its person's size, 0 or 1 where they must be whole."""
    most = problem.people.size[problem.people.code[columns]]
    of_column = zip(columns.tolist(), most.tolist(), whole.tolist(), strict=True)
    return [
        model.add_variable(f"contact_{j}", 0, size, pulp.LpInteger if must_be_whole else pulp.LpContinuous)
        for j, size, must_be_whole in of_column
    ]


def write_limits(
    rows: LinearRows,
    play: Play,
    columns: Ints,
    contacts: list[pulp.LpVariable],
    beyond: Sequence[pulp.LpVariable] = (),
) -> list[pulp.LpConstraint]:
    """Each limit under its name, floors as >= and caps as <=, less what the fixed part uses; breakable with `beyond`."""
    room, uses, signs = rows.right_side - rows.used_by(play.fixed), rows.at(columns), rows.signs
    limits = []
    for i, (name, sign) in enumerate(zip(_row_names(rows), signs.tolist(), strict=True)):
        terms = dict(zip(contacts, (sign * uses[i]).tolist(), strict=True))
        if beyond:
            terms[beyond[i]] = -sign
        sense = pulp.LpConstraintGE if sign < 0 else pulp.LpConstraintLE
        limits.append(pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, name, sign * float(room[i])))
    return limits


def _row_names(rows: LinearRows) -> list[str]:
    """PuLP writes [ and - as _, which could make two names one: the position keeps them apart then."""
    plain = [name.translate(pulp.LpAffineExpression.trans) for name in rows.names]
    return [name if plain.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(plain)]


def write_people(problem: Problem, columns: Ints, contacts: list[pulp.LpVariable]) -> list[pulp.LpConstraint]:
    """No more contacts than a person stands for; a person with one column is held by the bound of its variable."""
    code = problem.people.code[columns]
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(code[order]) > 0, True])
    many = np.flatnonzero(np.diff(starts) > 1)
    people = []
    for first, last in zip(starts[many].tolist(), starts[many + 1].tolist(), strict=True):
        person = int(code[order[first]])
        left = pulp.LpAffineExpression({contacts[j]: 1.0 for j in order[first:last].tolist()})
        size = float(problem.people.size[person])
        people.append(pulp.LpConstraint(left, pulp.LpConstraintLE, f"person_{person}", size))
    return people
