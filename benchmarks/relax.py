"""How long it takes to say which limits to relax, and by how much, when 100 limits leave no plan.

    python benchmarks/relax.py [--columns 10000] [--without-peer]

A made-up market of 20 channels under 100 limits of the plan file, with conflicts planted. Timed in CPU seconds of one
process: the smallest set alone; then the whole answer as `acquire plan` gives it with exit code 3 (set, figures that work for
everybody, two alternatives, all in one line). The peer is HiGHS' own irreducible infeasible system on the same linear model: it
answers a smaller question (one conflict, no set, no figures) and is stopped after a minute.
"""

import argparse
import multiprocessing
from time import process_time

import highspy
import numpy as np

from acquire.allocate.elastic import Elastic
from acquire.allocate.options import Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.relax import explain_why_nobody, find_conflict
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits

N_CHANNELS, N_REGIONS, N_ERRORS = 20, 5, 30
PEER_SECONDS = 60


def main() -> None:
    """Print one line per confidence, then the peer's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--columns", type=int, default=10_000)
    parser.add_argument("--without-peer", action="store_true")
    arguments = parser.parse_args()
    print(
        f"{'confidence':>10} {'limits':>6} {'columns':>8} {'set':>3} {'CPU s, set':>10} {'CPU s, answer':>13}  proven on all"
    )
    for confidence in (0.5, 0.95):
        problem = make_problem(arguments.columns, confidence)
        started = process_time()
        conflict = find_conflict(problem, seed=0)
        of_set = process_time() - started
        started = process_time()
        error = explain_why_nobody(problem, seed=0)
        of_answer = process_time() - started
        size = len(conflict.remedies[0].figures)
        print(
            f"{confidence:10} {len(problem.rows):6} {len(problem):8,} {size:3} {of_set:10.2f} {of_answer:13.2f}"
            f"  {all_proven(problem, conflict.cores)}"
        )
        print(f"    {error}")
    if not arguments.without_peer:
        print(f"HiGHS, one irreducible system, on average: {peer_seconds(make_problem(arguments.columns, 0.5))}")


def make_problem(n: int, confidence: float) -> Problem:
    """Two options a lead; 101 limits, of which the minimum of accounts and that of one channel cannot be met with others."""
    options = make_options(n)
    scale = n / 10_000
    channels = tuple(
        Channel(
            channel=f"channel_{i}",
            partner=f"partner_{i // 2}",
            max_contacts=200 * scale,
            min_spend=(260 if i == 3 else 20) * scale,
            max_spend=300 * scale,
            max_bad_rate=0.2 if i < 16 else None,
        )
        for i in range(N_CHANNELS)
    )
    limits = Limits(
        budget=2_000 * scale,
        min_spend=100 * scale,
        max_contacts=2_500 * scale,
        min_contacts=100 * scale,
        max_bad_rate=0.10,
        bad_rate_confidence=confidence,
        max_cac=6.0,
        max_incremental_cac=30.0,
        min_incremental_accounts=900 * scale,
        max_partner_share={"*": 0.12},
        max_region_share={"*": 0.3},
        min_region_share={"region_0": 0.25},
        min_group_share={"first_loan": 0.5},
    )
    rows = tuple(list_limits(options, limits, channels))
    return Problem(gain=options.gain, people=People.of(options.person), rows=rows)


def make_options(n: int) -> Options:
    """A made-up market, the same for the same n."""
    rng = np.random.default_rng(11)
    person = np.arange(n) // 2
    lead = person
    channel = rng.integers(0, N_CHANNELS, n // 2 + 1)[lead]
    booked = rng.uniform(0.1, 0.5, n)
    bad = booked * rng.beta(2, 12, n)
    errors = bad[:, None] * (0.05 * rng.normal(size=(1, N_ERRORS)) + rng.normal(0, 0.03, (n, N_ERRORS)))
    unknown = np.full(n, np.nan)
    return Options(
        lead=lead,
        person=person,
        offer=np.arange(n) % 2,
        channel=channel,
        partner=channel // 2,
        region=rng.integers(0, N_REGIONS, n // 2 + 1)[lead],
        affiliate=np.full(n, -1),
        gain=rng.normal(1, 1, n),
        spend=rng.uniform(0.5, 2, n),
        value=rng.normal(1, 1, n),
        booked=booked,
        incremental=booked * rng.uniform(0.1, 0.6, n),
        bad=bad,
        incremental_bad=bad,
        amount=unknown,
        bad_amount=unknown,
        approvals=unknown,
        expected_loss=unknown,
        calls=unknown,
        bad_loadings=errors,
        booked_loadings=np.zeros_like(errors),
        groups={"first_loan": rng.random(n) < 0.3},
        offer_names=("coupon", "rate_cut"),
        channel_names=tuple(f"channel_{i}" for i in range(N_CHANNELS)),
        partner_names=tuple(f"partner_{i}" for i in range(N_CHANNELS // 2)),
        region_names=tuple(f"region_{i}" for i in range(N_REGIONS)),
        affiliate_names=(),
    )


def all_proven(problem: Problem, cores: tuple[frozenset[int], ...]) -> bool:
    """Whether each conflict is one over all columns, found anew without a sample."""
    elastic = Elastic(problem)
    everything = set(range(len(problem.rows)))
    proofs = [elastic.solve(everything - core).proof for core in cores]
    return all(proof is not None and proof.holds(problem) for proof in proofs)


def peer_seconds(problem: Problem) -> str:
    """What HiGHS needs for one irreducible system, in a process of its own that is stopped after a minute."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_peer, args=(problem, queue))
    process.start()
    process.join(PEER_SECONDS)  # of the clock: about as many CPU seconds on a machine of its own
    if process.is_alive():
        process.terminate()
        process.join()
        return f"stopped after {PEER_SECONDS} s"
    seconds, size = queue.get()
    return f"{seconds:.2f} CPU s, {size} rows"


def _peer(problem: Problem, queue: "multiprocessing.Queue[tuple[float, int]]") -> None:
    model = highspy.Highs()
    model.silent()
    model.setOptionValue("threads", 1)
    model.setOptionValue("iis_strategy", 6)  # from the linear model, irreducible
    n = len(problem)
    empty = np.zeros(0, dtype=np.int32)
    model.addCols(n, np.zeros(n), np.zeros(n), np.ones(n), 0, empty, empty, np.zeros(0))
    for row in problem.rows:
        line = row.sign * row.coefficients
        at = np.flatnonzero(line).astype(np.int32)
        model.addRow(-highspy.kHighsInf, row.sign * row.right_side, len(at), at, line[at])
    people = problem.people
    starts = np.r_[people.starts, n]
    for person in np.flatnonzero(np.diff(starts) > 1).tolist():
        mine = people.order[starts[person] : starts[person + 1]].astype(np.int32)
        model.addRow(-highspy.kHighsInf, 1.0, len(mine), mine, np.ones(len(mine)))
    everybody = np.arange(n, dtype=np.int32)
    model.addRow(1.0, highspy.kHighsInf, n, everybody, np.ones(n))
    started = process_time()
    model.run()
    _, iis = model.getIis()
    queue.put((process_time() - started, len(iis.row_index_)))


if __name__ == "__main__":
    main()
