"""Which limits conflict, and the smallest sets of them to relax: cores and hitting sets in turn.

A core is a set of limits that cannot be met together. Whoever wants a plan must relax one limit of each core, so a set to relax
hits every core. The smallest set that hits the cores known so far either leaves a plan, and then no smaller set can; or the rest
of the limits holds another core, which is added. The answer is exact: it is found when the lower bound is a plan.

References:
    Reiter (1987), A Theory of Diagnosis from First Principles, section 4 (conflicts and hitting sets).
    Chinneck (2008), Feasibility and Infeasibility in Optimization, ch. 6-7 (deletion filter; IIS set cover).
    Davies, Bacchus (2011), Solving MAXSAT by Solving a Sequence of Simpler SAT Instances, section 3.
"""

from collections.abc import Callable, Collection, Iterator

import pulp

Core = frozenset[int]
NO_LIMIT: Core = frozenset()  # a conflict that is there without any limit: no set to relax helps
FindCore = Callable[[Collection[int]], Core | None]
"""Given limits that do not count: some limits that conflict among the rest, or None where there is a plan."""


def smallest_sets(n_limits: int, find_core: FindCore, cores: list[Core]) -> Iterator[frozenset[int] | None]:
    """Sets of limits without which there is a plan, none of which holds another; the smallest sets come first.

    Args:
        n_limits: How many limits there are.
        find_core: Tells plans from conflicts.
        cores: Conflicts known beforehand; those that are found are added.

    Yields:
        Positions of limits; None after each step that found no set, for a caller who has waited long enough. The first set is as
        small as any can be.
    """
    everything = frozenset(range(n_limits))
    found: list[frozenset[int]] = []
    while (candidate := _smallest_hit(cores, found)) is not None:
        core = find_core(candidate)
        if core is None:
            found.append(candidate)
            yield candidate
        else:
            cores += _apart(everything, candidate, core, find_core)
            yield None
            if NO_LIMIT in cores:
                return


def _apart(everything: Core, dropped: frozenset[int], core: Core, find_core: FindCore) -> Iterator[Core]:
    """A core that no limit can be left out of, then one among the limits that are in none so far, and so on."""
    while True:
        smallest = without_the_needless(everything, core, find_core)
        yield smallest
        dropped = dropped | smallest
        another = find_core(dropped) if smallest else None
        if not another:
            return
        core = another


def without_the_needless(everything: Core, core: Core, find_core: FindCore) -> Core:
    """Leave out limits of a core as long as the others still conflict: an irreducible one (deletion filter)."""
    for limit in sorted(core):
        if limit in core and (smaller := find_core(everything - core | {limit})) is not None:
            core = smaller
    return core


def _smallest_hit(cores: list[Core], found: list[frozenset[int]]) -> frozenset[int] | None:
    """The fewest limits that hit every core and contain no set found before; None where there are none."""
    limits = sorted(frozenset().union(*cores))
    if not limits:
        return frozenset() if not found else None
    model = pulp.LpProblem("relax", pulp.LpMinimize)
    relaxed = {i: model.add_variable(f"relax_{i}", 0, 1, pulp.LpBinary) for i in limits}
    for number, core in enumerate(cores):
        model.addConstraint(pulp.lpSum(relaxed[i] for i in sorted(core)) >= 1, f"core_{number}")
    for number, chosen in enumerate(found):
        model.addConstraint(pulp.lpSum(relaxed[i] for i in sorted(chosen)) <= len(chosen) - 1, f"known_{number}")
    model.setObjective(pulp.lpSum(relaxed.values()))
    model.solve(pulp.HiGHS(msg=False, threads=1, gapRel=0.0, gapAbs=0.5))
    if model.sol_status != pulp.LpSolutionOptimal:
        return None
    return frozenset(i for i, variable in relaxed.items() if (variable.varValue or 0.0) > 0.5)
