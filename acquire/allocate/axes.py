"""Where to look for a frontier: figures of the two limits around the plan in force."""

import math
from dataclasses import replace

import numpy as np

from acquire.allocate.frontier import ACCOUNTS, BUDGET, Axes
from acquire.allocate.options import Floats
from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.posed import Question
from acquire.errors import BadInput

N_ALONG, N_ALONE = 10, 50  # along each of several curves, along a single one
CAPS = (0.7, 0.8, 0.9, 1.0, 1.15)  # of the cap in force
CAPS_BELOW = (0.6, 0.7, 0.8, 0.9, 1.0)  # of the bad rate of a plan that has no cap
NO_CAP = 1.0
NEARLY_ALL = 0.97  # of the budget: a plan that spends less is held back by something else


def choose_axes(question: Question, contacts: Floats) -> Axes:
    """Around the plan in force: budgets from a fifth to twice what it spends, caps from seven tenths to no cap at all.

    A budget that the plan does not use up is not doubled. Where spend is minimised, the curve runs along the accounts asked for.

    Args:
        question: What the plan was asked.
        contacts: The plan in force: contacts of each option, shape (n,).

    Raises:
        BadInput: The plan contacts nobody, so that there is nothing to look around.
    """
    totals = total(question.options, contacts, question.channels)
    if not totals.contacts:
        raise BadInput("the plan contacts nobody: there is no frontier around it; relax its limits and plan again")
    caps = _caps(question, totals)
    if question.objective.goal == "spend":
        asked = question.limits.min_incremental_accounts or totals.incremental
        return Axes(limit=ACCOUNTS, allowed=_around(asked, 1.5 * asked, _n(caps)), bad_rates=caps)
    budget = question.limits.budget or totals.spend
    top = 2 * budget if totals.spend >= NEARLY_ALL * budget else max(1.2 * totals.spend, budget)
    return Axes(limit=BUDGET, allowed=_around(budget, top, _n(caps)), bad_rates=caps)


def over_axes(question: Question, axes: Axes) -> Question:
    """The question with a limit of each kind that the axes move, where it has none."""
    limits = question.limits
    if axes.limit == BUDGET and limits.budget is None:
        limits = replace(limits, budget=axes.loosest)
    if axes.limit == ACCOUNTS and not limits.min_incremental_accounts:
        limits = replace(limits, min_incremental_accounts=axes.loosest)
    if axes.bad_rates and (limits.max_bad_rate is None or limits.max_bad_rate >= NO_CAP):
        # Below 1, so that the row has its confidence; the axes move it before anything is solved.
        limits = replace(limits, max_bad_rate=min(axes.bad_rates))
    return replace(question, limits=limits)


def _n(caps: tuple[float, ...]) -> int:
    return N_ALONG if caps else N_ALONE


def _around(here: float, top: float, n: int) -> tuple[float, ...]:
    """n figures from a fifth of one up to the top, that one among them."""
    figures = np.linspace(0.2 * here, top, n)
    figures[np.argmin(np.abs(figures - here))] = here
    return tuple(sorted(float(f"{figure:.6g}") if figure != here else float(here) for figure in figures.tolist()))


def _caps(question: Question, totals: PlanTotals) -> tuple[float, ...]:
    if math.isnan(totals.bad) or not totals.booked:
        return ()
    cap = question.limits.max_bad_rate
    figures = [m * totals.bad / totals.booked for m in CAPS_BELOW] if cap is None else [m * cap for m in CAPS]
    rounded = {float(f"{figure:.3g}") if figure != cap else float(figure) for figure in figures}
    return tuple(sorted({figure for figure in rounded if 0 < figure < NO_CAP} | {NO_CAP}))
