"""Channels with fixed costs and minimum spends: which to use, and who is contacted, beside the solvers that PuLP comes with.

    python benchmarks/on_off.py [N_MARKETS]

A made-up market of 5,000 leads with 2 offers (10,000 columns) in 20 channels of 4 partners. Every channel has a fixed cost and a
minimum spend if used; 12 limits hold besides: budget, bad rate, CAC, contacts, extra accounts, the shares of spend of 4 partners,
and the contacts of 3 regions. Each contestant gets the same question in one process: this package, and the same model written
out in PuLP for HiGHS and for CBC, in its weaker form (one link per channel) and its stronger one (one per lead). All are asked
for a gap of 1e-4 and may take 120 seconds by the clock.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import resource
import sys
from dataclasses import dataclass

import numpy as np
import pulp

from acquire.allocate.options import Options
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective

N_LEADS, N_OFFERS, N_CHANNELS, N_PARTNERS = 5_000, 2, 20, 4
GAP, SECONDS = 1e-4, 120
VALUE = Objective(maximise="incremental_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One question."""

    options: Options
    channels: tuple[Channel, ...]
    limits: Limits


def make_market(seed: int) -> Market:
    """Channels differ in how good their leads are, and what they cost and ask for once they are used."""
    rng = np.random.default_rng(seed)
    n = N_LEADS * N_OFFERS
    person = np.repeat(np.arange(N_LEADS), N_OFFERS)
    channel = np.repeat(rng.integers(0, N_CHANNELS, N_LEADS), N_OFFERS)
    quality = rng.uniform(0.6, 1.4, N_CHANNELS)
    booked = rng.uniform(0.05, 0.3, n)
    spend = rng.uniform(5, 20, n)
    bad = booked * rng.beta(1, 9, n)
    value = booked * rng.uniform(0, 200, n) * quality[channel] - spend
    names = tuple(f"channel_{c}" for c in range(N_CHANNELS))
    partners = tuple(f"partner_{p}" for p in range(N_PARTNERS))
    zeros = np.zeros(n)
    options = Options(
        lead=person,
        person=person,
        offer=np.tile(np.arange(N_OFFERS), N_LEADS),
        channel=channel,
        partner=channel % N_PARTNERS,
        region=np.repeat(rng.integers(0, 3, N_LEADS), N_OFFERS),
        affiliate=np.full(n, -1),
        gain=value,
        spend=spend,
        value=value,
        booked=booked,
        incremental=booked * 0.8,
        bad=bad,
        incremental_bad=bad,
        amount=zeros,
        bad_amount=zeros,
        approvals=booked,
        expected_loss=zeros,
        calls=zeros,
        bad_loadings=np.zeros((n, 1)),
        booked_loadings=np.zeros((n, 1)),
        offer_names=tuple(f"offer_{j}" for j in range(N_OFFERS)),
        channel_names=names,
        partner_names=partners,
        region_names=("north", "south", "west"),
        affiliate_names=(),
    )
    fixed, least = rng.uniform(300, 2_500, N_CHANNELS), rng.uniform(0, 1_500, N_CHANNELS)
    channels = tuple(
        Channel(
            channel=names[c],
            partner=partners[c % N_PARTNERS],
            fixed_cost=float(fixed[c]),
            min_spend_if_used=float(least[c]),
        )
        for c in range(N_CHANNELS)
    )
    limits = Limits(
        budget=20_000,
        max_bad_rate=0.09,
        bad_rate_confidence=0.5,
        max_cac=110,
        max_contacts=2_000,
        min_incremental_accounts=100,
        max_partner_share={"*": 0.4},
        min_region_share={"north": 0.2, "south": 0.2, "west": 0.2},
    )
    return Market(options=options, channels=channels, limits=limits)


def write_model(market: Market, *, one_link_per_lead: bool) -> pulp.LpProblem:
    """The whole question as it stands in a textbook: a 0/1 variable per column and per channel."""
    options, n = market.options, len(market.options)
    model = pulp.LpProblem("on_off", pulp.LpMaximize)
    contacts = [model.add_variable(f"contact_{j}", 0, 1, pulp.LpBinary) for j in range(n)]
    uses = [model.add_variable(f"use_{c}", 0, 1, pulp.LpBinary) for c in range(N_CHANNELS)]
    fixed = np.array([c.fixed_cost for c in market.channels])
    model.setObjective(_sum(contacts, options.gain) - _sum(uses, fixed))
    for row in list_limits(options, market.limits, market.channels):
        left = _sum(contacts, row.coefficients) + _sum(uses, _of_switches(row, options, fixed))
        model.addConstraint(left >= row.right_side if row.at_least else left <= row.right_side)
    for c, channel in enumerate(market.channels):
        mine = options.channel == c
        left = _sum(contacts, np.where(mine, options.spend, 0.0))
        least = float(channel.min_spend_if_used or 0.0)
        model.addConstraint(left + (channel.fixed_cost - least) * uses[c] >= 0)
        if not one_link_per_lead:
            model.addConstraint(_sum(contacts, mine.astype(float)) <= float(mine.sum() / N_OFFERS) * uses[c])
    for person in range(N_LEADS):
        at = range(person * N_OFFERS, (person + 1) * N_OFFERS)
        most = uses[int(options.channel[at[0]])] if one_link_per_lead else 1
        model.addConstraint(pulp.lpSum(contacts[j] for j in at) <= most)
    return model


def _of_switches(row: Row, options: Options, fixed: np.ndarray) -> np.ndarray:
    """What a channel's fixed cost counts in a limit: money in its figure, money in its base."""
    if row.unit != "money" and not row.name.startswith("max_partner_share"):
        return np.zeros(N_CHANNELS)
    if row.name.startswith("max_partner_share"):
        partner = options.partner_names.index(row.name.partition("[")[2].rstrip("]"))
        return np.where(np.arange(N_CHANNELS) % N_PARTNERS == partner, fixed, 0.0) - row.allowed * fixed
    return fixed


def _sum(variables: list[pulp.LpVariable], factors: np.ndarray) -> pulp.LpAffineExpression:
    at = np.flatnonzero(factors).tolist()
    return pulp.LpAffineExpression({variables[j]: float(factors[j]) for j in at})


def cpu_seconds() -> float:
    """Of this process and of the solvers it started."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main(n_markets: int) -> None:
    """Print one line per contestant and market."""
    solvers = {
        "HiGHS": lambda: pulp.HiGHS(msg=False, threads=1, gapRel=GAP, timeLimit=SECONDS),
        "CBC": lambda: pulp.PULP_CBC_CMD(msg=False, threads=1, gapRel=GAP, timeLimit=SECONDS),
    }
    print(f"{'market':>6s}  {'contestant':28s} {'CPU s':>8s} {'value':>12s} {'gap':>9s} {'channels':>8s}")
    for seed in range(n_markets):
        market = make_market(seed)
        before = cpu_seconds()
        plan = allocate(market.options, market.limits, market.channels, VALUE)
        seconds, proof = cpu_seconds() - before, plan.certificate
        used = len(np.unique(market.options.channel[plan.chosen]))
        print(
            f"{seed:6d}  {'this package':28s} {seconds:8.2f} {proof.objective:12.2f} {proof.gap:9.1e} {used:8d}",
            flush=True,
        )
        for name, solver in solvers.items():
            for strong in (False, True):
                before = cpu_seconds()
                model = write_model(market, one_link_per_lead=strong)
                model.solve(solver())
                seconds = cpu_seconds() - before
                done = model.sol_status in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}
                value = pulp.value(model.objective) if done else float("nan")
                used = sum(round(v.varValue or 0) for v in model.variables() if v.name.startswith("use_"))
                gap = (proof.bound - value) / proof.bound
                label = f"{name}, {'one link per lead' if strong else 'one per channel'}"
                print(f"{seed:6d}  {label:28s} {seconds:8.2f} {value:12.2f} {gap:9.1e} {used:8d}", flush=True)
    print("gap: to the bound that this package proves, recomputed from prices")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
