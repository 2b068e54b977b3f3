"""HiGHS behind PuLP: a model goes over in whole arrays, its answer comes back as arrays, and the handle stays open."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import pulp

from acquire.allocate.options import Floats

_INFINITE = highspy.kHighsInf


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What the solver says of a model; nothing of it is taken on trust.

    Attributes:
        found: Whether it gives a plan at all.
        values: Of the variables, shape (n,).
        duals: Of the rows, shape (m,): change of the objective per +1 of the right side.
    """

    found: bool
    values: Floats
    duals: Floats


def hand_over(
    model: pulp.LpProblem, variables: Sequence[pulp.LpVariable], rows: Sequence[pulp.LpConstraint], **options: object
) -> highspy.Highs:
    """Hand a PuLP model over to HiGHS, single-threaded and silent; the handle stays open for changes and further runs.

    Args:
        model: The model, a maximisation; HiGHS gets it as a minimisation of the negative.
        variables: All its variables, in the order of their columns on the handle.
        rows: All its rows, in that order.
        options: Of `pulp.HiGHS`, or HiGHS' own.
    """
    solver = _Solver(variables, rows, **options)
    solver.createAndConfigureSolver(model)
    solver.buildSolverModel(model)
    return model.solverModel


def read_answer(handle: highspy.Highs) -> Solved:
    """What the handle came to after a run."""
    solution, status = handle.getSolution(), handle.getModelStatus()
    stopped = {highspy.HighsModelStatus.kSolutionLimit, highspy.HighsModelStatus.kIterationLimit}
    has_plan = status in stopped and abs(handle.getObjectiveValue()) < _INFINITE
    found = status == highspy.HighsModelStatus.kOptimal or has_plan
    values = np.array(solution.col_value) if found else np.zeros(handle.getNumCol())
    duals = -np.array(solution.row_dual) if found and solution.dual_valid else np.zeros(handle.getNumRow())
    return Solved(found=found, values=values, duals=duals)


class _Solver(pulp.HiGHS):  # type: ignore[misc]
    """pulp.HiGHS, but the model goes over with one call per array instead of one per variable and row."""

    def __init__(
        self, variables: Sequence[pulp.LpVariable], rows: Sequence[pulp.LpConstraint], **options: object
    ) -> None:
        super().__init__(msg=False, threads=1, **options)
        self._variables, self._rows = variables, rows

    def buildSolverModel(self, lp: pulp.LpProblem) -> None:  # noqa: N802 - PuLP's name
        handle, n = lp.solverModel, len(self._variables)
        for index, variable in enumerate(self._variables):
            variable.index = index
        low = [-_INFINITE if v.lowBound is None else v.lowBound for v in self._variables]
        high = [_INFINITE if v.upBound is None else v.upBound for v in self._variables]
        costs = np.zeros(n)
        costs[[v.index for v in lp.objective]] = [-gain for gain in lp.objective.values()]
        nothing = np.empty(0)
        no_places = np.empty(0, dtype=np.int32)
        handle.addCols(n, costs, np.array(low, float), np.array(high, float), 0, no_places, no_places, nothing)
        whole = np.array([v.index for v in self._variables if v.cat == pulp.LpInteger], dtype=np.int32)
        if len(whole):
            kinds = np.full(len(whole), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
            handle.changeColsIntegrality(len(whole), whole, kinds)
        self._hand_over_rows(handle)

    def _hand_over_rows(self, handle: highspy.Highs) -> None:
        starts = np.cumsum([0, *(len(row.expr) for row in self._rows)]).astype(np.int32)
        places = [v.index for row in self._rows for v in row.expr]
        factors = list(itertools.chain.from_iterable(row.expr.values() for row in self._rows))
        low = [-_INFINITE if (least := row.getLb()) is None else least for row in self._rows]
        high = [_INFINITE if (most := row.getUb()) is None else most for row in self._rows]
        handle.addRows(
            len(self._rows),
            np.array(low, float),
            np.array(high, float),
            len(factors),
            starts[:-1],
            np.array(places, dtype=np.int32),
            np.array(factors, float),
        )
