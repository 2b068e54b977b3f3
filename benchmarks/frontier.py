"""What a frontier costs: 50 settings of budget and cap on the bad rate, on a live handle, beside a model rebuilt for each.

    python benchmarks/frontier.py [--people 2500] [--peer-points 6]

Made-up options: 4 offers per person, 8 channels, 13 limits, 30 model errors. CPU seconds of this process, single thread. The
peer is what a modeller writes first: for each setting the whole model in PuLP, solved by HiGHS from the beginning; with a
confidence, again for each round of cuts. It is timed on a few settings spread over the grid and scaled to all; its objectives are
held against ours. The last lines are the growth of cost with size (above 20,000 options the points are from a sample, priced over
everybody) and the price of a re-plan from the plan's prices beside one from the beginning.
"""

import argparse
import math
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pulp

from acquire.allocate.frontier import Axes, Setpoint, at_setpoint, trace_frontier
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Options
from acquire.allocate.posed import Posed, Question, pose
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits, Objective

N_OFFERS, N_CHANNELS, N_ERRORS = 4, 8, 30
SHARES_OF_SPEND = np.linspace(0.05, 0.5, 10)
CAPS = (0.09, 0.105, 0.12, 0.14, 1.0)
VALUE = Objective(maximise="incremental_value")


def main() -> None:
    """Print what frontiers cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=2_500)
    parser.add_argument("--peer-points", type=int, default=6)
    given = parser.parse_args()
    heads = ("confidence", "columns", "points", "live, CPU s", "rebuilt, CPU s", "ratio", "worst difference")
    print("  ".join(f"{head:>16s}" for head in heads))
    for confidence in (0.5, 0.95):
        compare(given.people, confidence, given.peer_points)
    print("\ngrowth with size, confidence .95: columns, limits, CPU s, of it each point")
    for people in (250, 2_500, 25_000):
        grow(people)
    replan(given.people)


def grow(people: int) -> None:
    """One line: what 50 settings cost at one size."""
    question, axes = market(people, 0.95)
    seconds = timed(lambda: trace_frontier(question, axes, np.zeros(len(question.options))))[0]
    n_rows = len(pose(question).problem.rows)
    print(f"{len(question.options):>9,d} {n_rows:>4d} {seconds:8.2f} {seconds / 50:8.3f}", flush=True)


def compare(people: int, confidence: float, n_peer: int) -> None:
    """All settings live; some of them rebuilt."""
    question, axes = market(people, confidence)
    seconds, frontier = timed(lambda: trace_frontier(question, axes, np.zeros(len(question.options))))
    posed, points = pose(question), frontier.points
    chosen = [points[i] for i in np.linspace(0, len(points) - 1, n_peer).astype(int)]
    spent, worst = 0.0, 0.0
    for point in chosen:
        setpoint = Setpoint(allowed=point.allowed, bad_rate=point.max_bad_rate)
        took, objective = timed(lambda s=setpoint: rebuilt(posed, s))
        spent += took
        worst = max(worst, abs(objective - point.objective) / abs(point.objective))
    rebuilt_all = spent / n_peer * len(points)
    cells = (
        f"{confidence:.2f}",
        f"{len(question.options):,d}",
        f"{len(points)}",
        f"{seconds:.2f}",
        f"{rebuilt_all:.2f}",
        f"{rebuilt_all / seconds:.1f}",
        f"{worst:.1e}",
    )
    print("  ".join(f"{cell:>16s}" for cell in cells), flush=True)


def replan(people: int) -> None:
    """The same problem with nine tenths of the budget: from the prices of the whole, and from the beginning."""
    question, _ = market(people, 0.95)
    problem, tangents = pose(question).problem, Tangents()
    relaxed = solve_shares(problem, tangents, 0)
    start = Prices.of(relaxed, tangents, question.limits, question.channels)
    left = at_setpoint(problem, "budget", Setpoint(allowed=0.9 * float(question.limits.budget or 0), bad_rate=0.12))
    cold = timed(lambda: solve_shares(left, Tangents(), 0))
    warm = timed(lambda: solve_shares(left, Tangents(), 0, start=start))
    print(
        f"\nre-plan at nine tenths of the budget, {len(question.options):,} columns: {warm[0]:.2f} CPU s from the prices "
        f"in force, {cold[0]:.2f} from the beginning, objectives {warm[1].objective:.2f} and {cold[1].objective:.2f}"
    )


def rebuilt(posed: Posed, setpoint: Setpoint) -> float:
    """One setting as a modeller writes it first: the whole model in PuLP, again for each round of cuts."""
    problem = at_setpoint(posed.problem, "budget", setpoint)
    tangents, before = Tangents(), math.inf
    for _ in range(40):
        x = solve_in_pulp(problem, tangents)
        held = all(row.excess(x) <= 1e-4 for row in problem.rows)
        gain = float(problem.gain @ x)
        if (held and abs(gain - before) <= 1e-4 * abs(gain)) or not tangents.refine(problem, x):
            break
        before = gain
    return gain


def solve_in_pulp(problem: Problem, tangents: Tangents) -> np.ndarray:
    """Write and solve the whole model."""
    model = pulp.LpProblem("peer", pulp.LpMaximize)
    contacts = [model.add_variable(f"contact_{j}", 0, 1) for j in range(len(problem))]
    rows = tangents.lower(problem)
    matrix = rows.matrix
    for i, line in enumerate(matrix):
        terms = dict(zip(contacts, line.tolist(), strict=True))
        left = pulp.LpAffineExpression(terms)
        model.addConstraint(pulp.LpConstraint(left, pulp.LpConstraintLE, f"row_{i}", float(rows.right_side[i])))
    people = problem.people
    for person, group in enumerate(np.split(people.order, people.starts[1:])):
        left = pulp.LpAffineExpression({contacts[j]: 1.0 for j in group.tolist()})
        model.addConstraint(pulp.LpConstraint(left, pulp.LpConstraintLE, f"person_{person}", 1.0))
    model.setObjective(pulp.LpAffineExpression(dict(zip(contacts, problem.gain.tolist(), strict=True))))
    model.solve(pulp.HiGHS(msg=False, threads=1))
    return np.array([contact.varValue for contact in contacts])


def market(n_people: int, confidence: float, seed: int = 0) -> tuple[Question, Axes]:
    """Options of made-up people, limits that bind, and 50 settings."""
    rng = np.random.default_rng(seed)
    n = n_people * N_OFFERS
    person = np.repeat(np.arange(n_people), N_OFFERS)
    channel = rng.integers(0, N_CHANNELS, n_people)[person]
    extra = rng.uniform(0, 0.1, n)
    booked = rng.beta(2, 20, n_people)[person] + extra
    p_bad = np.clip(rng.beta(2, 12, n_people)[person] + 0.02 * rng.normal(size=n), 0.01, 0.9)
    spend = 1 + rng.uniform(0, 1, n) + 20 * booked
    errors = rng.normal(size=(n_people, N_ERRORS)) * 0.006 + rng.normal(size=N_ERRORS) * 0.004
    names = tuple(f"channel {c}" for c in range(N_CHANNELS))
    nothing = np.full(n, np.nan)
    options = Options(
        lead=person, person=person, offer=np.tile(np.arange(N_OFFERS), n_people), channel=channel, partner=channel,
        region=np.full(n, -1), affiliate=np.full(n, -1), gain=60 * extra, spend=spend, value=60 * extra, booked=booked,
        incremental=extra, bad=booked * p_bad, incremental_bad=extra * p_bad, amount=nothing, bad_amount=nothing,
        approvals=nothing, expected_loss=nothing, calls=nothing, bad_loadings=errors[person] * booked[:, None],
        booked_loadings=np.zeros((n, N_ERRORS)), offer_names=tuple(f"offer {j}" for j in range(N_OFFERS)),
        channel_names=names, partner_names=names, region_names=(), affiliate_names=(),
    )  # fmt: skip
    each = spend.sum() / N_OFFERS
    crowd = np.bincount(channel, minlength=N_CHANNELS) / N_OFFERS
    channels = tuple(
        Channel(channel=name, partner=name, max_contacts=float(0.4 * crowd[c])) for c, name in enumerate(names)
    )
    limits = Limits(
        budget=0.3 * each, max_bad_rate=0.12, bad_rate_confidence=confidence, max_cac=60.0, max_contacts=0.45 * n_people,
        max_channel_share={names[0]: 0.3},
    )  # fmt: skip
    question = Question(
        options=options, limits=limits, channels=channels, objective=VALUE, forced=np.empty(0, dtype=np.int64)
    )
    return question, Axes(limit="budget", allowed=tuple((SHARES_OF_SPEND * each).tolist()), bad_rates=CAPS)


def timed(work):
    """CPU seconds, and what came out."""
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


if __name__ == "__main__":
    main()
