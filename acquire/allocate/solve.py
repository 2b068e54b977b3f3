"""The allocation: which leads to contact with which offer, for the most of the objective within every limit."""

from dataclasses import dataclass

import numpy as np

from acquire.allocate.changes import change_notes
from acquire.allocate.charged import Charged
from acquire.allocate.decide import Decision, decide
from acquire.allocate.explain import limit_uses
from acquire.allocate.nobody import explain_why_nobody_charged, somebody_fits_charged
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.prices import Prices
from acquire.allocate.problem import People, Problem
from acquire.allocate.relax import explain_why_nobody, somebody_fits
from acquire.allocate.rulebook import list_limits
from acquire.allocate.whole import holds
from acquire.domain import Certificate, Channel, Limits, LimitUse, Objective
from acquire.errors import BadInput, Infeasible

NOBODY_PAYS = "no contact within the limits pays for itself: the plan contacts nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Who is contacted with which offer, and the proof.

    Attributes:
        chosen: Positions of the chosen options, ascending; at most one per person of size 1.
        contacts: How many contacts each of them is, shape (len(chosen),): 1 for a single lead.
        limit_uses: Every limit in the order of the plan file's page, per-channel limits last.
        certificate: Objective, bound and gap, recomputed from the option table and the prices.
        prices: What each limit costs at the margin; `score` and `would_contact` apply them to anybody.
        warnings: Lines for the plan's `warnings`.
    """

    chosen: Ints
    contacts: Floats
    limit_uses: tuple[LimitUse, ...]
    certificate: Certificate
    prices: Prices
    warnings: tuple[str, ...] = ()


def allocate(
    options: Options,
    limits: Limits,
    channels: tuple[Channel, ...],
    objective: Objective,
    *,
    seed: int = 0,
    forced: Ints | None = None,
) -> Allocation:
    """Choose at most one option per person for the most of the objective within every limit.

        maximise sum(gain x)   where x_j in {0, 1},   sum(x of one person) <= 1,   and every row of `list_limits`

    Where channels charge per contact only, a million leads are planned as thousands are, limits with a confidence and forced
    contacts included: everybody but the unclear is one column (leads.py, focus.py), and first prices come from a bundle method
    over all of them (duals.py). Price tiers and switches (fixed costs, minimum if used) are searched around small models of
    samples (on_off.py), which takes longer where people are many.

    Args:
        options: Everything the plan may do, n options.
        limits: The plan file's limits; `refuse_regions` was applied before.
        channels: For the limits of each channel.
        objective: What `options.gain` counts; where spend is minimised, objective and bound are reported as spend.
        seed: Of the order in which people are sampled; it can change the plan within the gap only.
        forced: Positions of options that are part of the plan in any case, at most one per person; None = none.

    Raises:
        BadInput: A limit needs a figure that the options lack, or names what does not exist.
        Infeasible: The limits cannot be met, or only by contacting nobody.
    """
    if objective.goal == "spend" and not limits.ask_for_accounts:
        raise BadInput("minimise = spend needs min_incremental_accounts in [limits], else the cheapest plan is no plan")
    if not len(options):
        raise Infeasible("nobody may be contacted: no lead passed the policy, or no offer may be used in its channel")
    rows = tuple(list_limits(options, limits, channels))
    problem = Problem(
        gain=options.gain,
        people=People.of(options.person, options.size),
        rows=rows,
        forced=np.empty(0, dtype=np.int64) if forced is None else forced,
    )
    decision = decide(problem, options, limits, channels, objective, seed)
    x = _or_nobody(decision, seed)
    contacts = decision.of_options(x, len(options))
    chosen = np.flatnonzero(contacts)
    return Allocation(
        chosen=chosen,
        contacts=contacts[chosen],
        limit_uses=limit_uses(decision.problem, decision.relaxed, x, objective),
        certificate=_certificate(decision.problem, decision.bound, x, objective),
        prices=decision.prices,
        warnings=change_notes(options, limits) if x.any() else (NOBODY_PAYS,),
    )


def _or_nobody(decision: Decision, seed: int) -> Floats:
    """The plan, or the one that contacts nobody where people fit within the limits but no plan with them earns anything.

    Raises:
        Infeasible: Contacting nobody breaks a limit and no plan keeps them all, or the limits leave nobody to contact.
    """
    if decision.charged is not None:
        return _or_nobody_charged(decision, decision.charged, seed)
    problem, x = decision.problem, decision.x
    nobody = problem.held  # nobody but those who are contacted in any case
    may_be_nobody = holds(problem, nobody)
    if x is not None and x.any() and (problem.gain @ (x - nobody) > 0 or not may_be_nobody):
        return x
    if may_be_nobody and ((x is not None and x.any()) or somebody_fits(problem, seed)):
        return nobody
    raise explain_why_nobody(problem, seed)


def _or_nobody_charged(decision: Decision, charged: Charged, seed: int) -> Floats:
    """The same where channels charge once they are used: with all of them off is one of the settings that were compared."""
    x = decision.x
    if x is not None and (x[: decision.problem.n_options].any() or somebody_fits_charged(charged, seed)):
        return x
    raise explain_why_nobody_charged(charged, seed)


def _certificate(problem: Problem, bound: float, x: Floats, objective: Objective) -> Certificate:
    gain = float(problem.gain @ x)
    sign = -1.0 if objective.goal == "spend" else 1.0
    return Certificate(
        objective=sign * gain, bound=sign * bound, gap=max(0.0, bound - gain) / max(abs(bound), abs(gain), 1e-12)
    )
