"""The plan explained: what each limit does to it, and why money of the budget is left."""

from collections.abc import Sequence

import numpy as np

from acquire.allocate.effects_of_limits import effects_of_limits
from acquire.allocate.options import Floats
from acquire.allocate.plan_totals import total
from acquire.allocate.posed import Question
from acquire.domain import LimitUse
from acquire.explained import Explained, LimitEffect, Unspent

BUDGET = "budget"
ROUNDING = 0.005  # of the budget: the next whole contact would not fit
NOTEWORTHY = 0.01  # of what is left: spend that a limit lets through once it is moved by 5 %


def explain_plan(question: Question, contacts: Floats, uses: Sequence[LimitUse]) -> Explained:
    """Explain a plan by solving it again with one limit moved at a time.

    Args:
        question: What the plan was asked.
        contacts: The plan: contacts of each option, shape (n,).
        uses: How each limit ended up in the plan.
    """
    effects = effects_of_limits(question, contacts, uses)
    return Explained(limits=effects, unspent=_unspent(question, contacts, effects))


def _unspent(question: Question, contacts: Floats, effects: Sequence[LimitEffect]) -> Unspent | None:
    """Where spend is minimised, money that is left is the purpose."""
    budget = question.limits.budget
    if budget is None or question.objective.goal == "spend":
        return None
    spent = total(question.options, contacts, question.channels).spend
    left = budget - spent
    if left <= ROUNDING * budget:
        return None
    letting = [effect for effect in effects if effect.binding and effect.looser.spend > NOTEWORTHY * left]
    letting.sort(key=lambda effect: -effect.looser.spend)
    binding = letting or [effect for effect in effects if effect.binding and effect.name != BUDGET]
    return Unspent(
        allowed=budget,
        spent=spent,
        left=left,
        stopped_by=tuple(effect.name for effect in binding),
        nobody_left=_nobody_left(question, contacts),
    )


def _nobody_left(question: Question, contacts: Floats) -> bool:
    options = question.options
    contacted = np.zeros(int(options.person.max(initial=-1)) + 1, dtype=bool)
    contacted[options.person[contacts > 0]] = True
    return not bool((options.gain[~contacted[options.person]] > 0).any())
