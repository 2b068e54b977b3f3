"""Why a plan contacts nobody, where channels cost or ask for something once they are used."""

from dataclasses import replace

import numpy as np

from acquire.allocate.charged import Charged, Setting
from acquire.allocate.on_off import settle
from acquire.allocate.problem import Problem
from acquire.allocate.relax import explain_why_nobody, find_conflict, nearness
from acquire.allocate.switched_conflict import TooManySettings, explain_over_settings
from acquire.errors import Infeasible

MOST_TRIED = 12  # channels, each used alone


def somebody_fits_charged(charged: Charged, seed: int) -> bool:
    """Whether the limits can be met by contacting somebody, whatever it earns, with what the channels charge then."""
    problem = charged.problem
    gain = np.where(np.arange(len(problem)) < problem.n_options, 1.0, 0.0)
    plan = settle(replace(charged, problem=replace(problem, gain=gain)), seed).plan
    return plan.x is not None and bool(plan.x[: problem.n_options].any())


def explain_why_nobody_charged(charged: Charged, seed: int) -> Infeasible:
    """The error to raise where no setting of the switches leaves a plan that contacts anybody.

    What is proposed is the smallest set of limits over all settings, with the figures of the setting in which they move least.
    Where the settings are too many to be searched, the channels that charge once they are used are tried alone, all together, and
    not at all, and the line says so.
    """
    try:
        error = explain_over_settings(charged, seed)
    except TooManySettings:
        error = _explain_some(charged, seed)
    return _say_charges_are_too_high(charged) if error is None else error


def _explain_some(charged: Charged, seed: int) -> Infeasible | None:
    """What has to be relaxed least to use one of the settings that are tried; None where no limit helps."""
    conflicts = [(find_conflict(problem, seed), problem) for problem in _problems(charged)]
    mendable = [(nearness(conflict.remedies[0]), i) for i, (conflict, _) in enumerate(conflicts) if conflict.remedies]
    if not mendable:
        return None
    error = explain_why_nobody(conflicts[min(mendable)[1]][1], seed)
    tried = f"of the ways to use {len(charged.switched)} channels with a fixed cost or a minimum {len(conflicts)} were tried"
    return Infeasible(f"{error}; {tried}, so that less may do", error.limits)


def _say_charges_are_too_high(charged: Charged) -> Infeasible:
    names = [f"{'fixed_cost' if c.spend else 'min_spend_if_used'}[{c.channel}]" for c in charged.charges if c.is_switch]
    line = "what these channels charge once they are used leaves nobody to contact within the limits"
    return Infeasible(f"{', '.join(names)}: {line}; lower it, or relax several limits", names)


def _problems(charged: Charged) -> list[Problem]:
    """The problem under the settings that are tried, those in which somebody may be contacted."""
    everyone = frozenset(charged.switched)
    cheapest = sorted((c.spend, c.channel) for c in charged.charges if c.is_switch)[:MOST_TRIED]
    alone = [frozenset([name]) for _, name in cheapest]
    settings = [Setting(on=on, off=everyone - on) for on in dict.fromkeys([*alone, everyone, frozenset()])]
    problems = [charged.at(setting, ())[0] for setting in settings]
    return [problem for problem in problems if problem.n_options]
