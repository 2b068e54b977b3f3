"""The contestants of benchmarks/allocate.py, each in a process of its own; OR-Tools' one may be another environment.

    python benchmarks/_allocate_peers.py CONTESTANT N_COLUMNS SEED

Solves the market with shares of contacts and prints one line of JSON: CPU seconds from the arrays to the answer, and the gain.
"""

import json
import os
import sys
import time
from collections.abc import Callable

import numpy as np
from _allocate_market import Limit, Market, coefficients, list_limits, make_market, right_side

N_OFFERS = 4


def main(contestant: str, n_columns: int, seed: int) -> None:
    """Solve one market by one contestant."""
    market = make_market(n_columns // N_OFFERS, N_OFFERS, seed)
    limits = list_limits(market.n_people, float(market.spend.mean()))
    solve: dict[str, Callable[[Market, tuple[Limit, ...]], float]] = {
        "naive PuLP + CBC": naive_pulp_cbc,
        "PuLP + HiGHS": pulp_highs,
        "highspy": highspy_direct,
        "OR-Tools (GLOP)": ortools_glop,
    }
    started = time.process_time()
    gain = solve[contestant](market, limits)
    spent, own = os.times(), time.process_time() - started
    print(json.dumps({"cpu": own + spent.children_user + spent.children_system, "gain": gain}))


def naive_pulp_cbc(market: Market, limits: tuple[Limit, ...]) -> float:
    """The model as tutorials write it: variables by dictionary, sums with lpSum, solved by the bundled CBC."""
    import warnings

    import pulp

    warnings.simplefilter("ignore")
    n = len(market)
    model = pulp.LpProblem("plan", pulp.LpMaximize)
    x = pulp.LpVariable.dicts("x", range(n), 0, 1)
    model += pulp.lpSum(float(market.gain[j]) * x[j] for j in range(n))
    for limit in limits:
        uses = coefficients(market, limit)
        left = pulp.lpSum(float(uses[j]) * x[j] for j in range(n) if uses[j])
        model += (left >= right_side(limit) if limit.at_least else left <= right_side(limit)), limit.name
    for person in range(market.n_people):
        first = person * market.n_offers
        model += pulp.lpSum(x[j] for j in range(first, first + market.n_offers)) <= 1
    model.solve(pulp.PULP_CBC_CMD(msg=False, threads=1))
    return float(pulp.value(model.objective))


def pulp_highs(market: Market, limits: tuple[Limit, ...]) -> float:
    """The same model written with as little overhead as PuLP allows, solved by HiGHS."""
    import pulp

    model = pulp.LpProblem("plan", pulp.LpMaximize)
    x = [model.add_variable(f"x_{j}", 0, 1) for j in range(len(market))]
    model.setObjective(pulp.LpAffineExpression(dict(zip(x, market.gain.tolist(), strict=True))))
    for limit in limits:
        left = pulp.LpAffineExpression(dict(zip(x, coefficients(market, limit).tolist(), strict=True)))
        sense = pulp.LpConstraintGE if limit.at_least else pulp.LpConstraintLE
        model.addConstraint(pulp.LpConstraint(left, sense, limit.name, right_side(limit)))
    for person in range(market.n_people):
        mine = x[person * market.n_offers : (person + 1) * market.n_offers]
        left = pulp.LpAffineExpression(dict.fromkeys(mine, 1.0))
        model.addConstraint(pulp.LpConstraint(left, pulp.LpConstraintLE, f"person_{person}", 1.0))
    model.solve(pulp.HiGHS(msg=False, threads=1))
    return float(pulp.value(model.objective))


def highspy_direct(market: Market, limits: tuple[Limit, ...]) -> float:
    """HiGHS by its own interface, in whole arrays."""
    import highspy

    n, infinite = len(market), highspy.kHighsInf
    handle = highspy.Highs()
    handle.setOptionValue("output_flag", False)
    handle.setOptionValue("threads", 1)
    none = np.empty(0, np.int32)
    handle.addCols(n, -market.gain, np.zeros(n), np.ones(n), 0, none, none, np.empty(0))
    everybody = np.arange(n, dtype=np.int32)
    for limit in limits:
        right = right_side(limit)
        low, high = (right, infinite) if limit.at_least else (-infinite, right)
        handle.addRow(low, high, n, everybody, coefficients(market, limit))
    people, starts = market.n_people, np.arange(0, n, market.n_offers, dtype=np.int32)
    handle.addRows(people, np.full(people, -infinite), np.ones(people), n, starts, everybody, np.ones(n))
    handle.run()
    return -float(handle.getObjectiveValue())


def ortools_glop(market: Market, limits: tuple[Limit, ...]) -> float:
    """OR-Tools' linear solver GLOP through its model builder, in whole arrays where it takes them."""
    import pandas as pd
    from ortools.linear_solver.python import model_builder

    model = model_builder.Model()
    index = pd.RangeIndex(len(market))
    x = model.new_num_var_series("x", index, 0.0, 1.0)
    model.maximize(x.dot(pd.Series(market.gain, index=index)))
    for limit in limits:
        left = x.dot(pd.Series(coefficients(market, limit), index=index))
        model.add(left >= right_side(limit) if limit.at_least else left <= right_side(limit))
    for _, mine in x.groupby(np.repeat(np.arange(market.n_people), market.n_offers)):
        model.add(mine.sum() <= 1)
    solver = model_builder.Solver("glop")
    solver.solve(model)
    return float(solver.objective_value)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
