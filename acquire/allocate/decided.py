"""The plan in whole contacts once every switch is on or off, with its price tiers as its contacts make them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from acquire.allocate.charged import Charged, Setting
from acquire.allocate.leads import Relaxed, solve_shares
from acquire.allocate.options import Floats, Ints
from acquire.allocate.prices import Prices
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents
from acquire.allocate.tiers import Span
from acquire.allocate.whole import holds, solve_contacts

MOST_SPLITS = 40
RELATIVE_GAP = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A setting with its relaxed and its whole plan.

    Attributes:
        setting: What is decided: every switch, and perhaps between which numbers of contacts a channel is held.
        problem, at: The problem under it, and the positions of its columns among all.
        relaxed, tangents: Its relaxed plan, and what it was made linear with.
        x: The plan in whole contacts over all columns; None where there is none.
        gain: What it gains; -inf where there is none.
    """

    setting: Setting
    problem: Problem
    at: Ints
    relaxed: Relaxed
    tangents: Tangents
    x: Floats | None = None
    gain: float = -np.inf


def plan_decided(
    charged: Charged, setting: Setting, seed: int, prices: Mapping[str, float], tangents: Tangents
) -> Decided:
    """Find the best whole plan of a setting whose switches are all decided.

    Where the plan pays for tiers that its contacts do not reach, and only so keeps its limits, the contacts of that channel are
    held between tiers (tiers.py), on both sides of a tier's beginning in turn.

    Args:
        charged: The problem.
        setting: What is decided.
        seed: Of the order in which people are sampled.
        prices: Prices to start from, by the row's name; empty = none are known.
        tangents: Of the rows with a confidence, to start from.
    """
    start = Prices(of_row=dict(prices), tangents=tangents, limits=charged.limits, channels=charged.channels)
    first = _relaxed(charged, setting, seed, start if prices else None)
    best = _with_nobody_else(charged, first)
    waiting = [first]
    for _ in range(MOST_SPLITS):
        if not waiting:
            break
        node = waiting.pop()
        if node.relaxed.broken or node.relaxed.bound <= best.gain + RELATIVE_GAP * abs(best.gain):
            continue
        paid = _whole(charged, node)
        if paid is None:
            continue
        plan = charged.completed(paid)
        if holds(node.problem, plan[node.at]):
            gain = float(charged.problem.gain @ plan)
            best = _with_plan(node, plan, gain) if gain > best.gain else best
        elif (channel := _overpaid(charged, node.setting, paid - plan)) is not None:
            waiting += [_relaxed(charged, part, seed, start) for part in _split(charged, node, channel)]
    return best


def _relaxed(charged: Charged, setting: Setting, seed: int, start: Prices | None) -> Decided:
    problem, at = charged.at(setting, ())
    tangents = Tangents()
    nobody = not problem.n_options
    relaxed = _without_choice(problem, tangents) if nobody else solve_shares(problem, tangents, seed, start=start)
    return Decided(setting=setting, problem=problem, at=at, relaxed=relaxed, tangents=tangents)


def _without_choice(problem: Problem, tangents: Tangents) -> Relaxed:
    """The plan of a problem in which nobody may be contacted."""
    rows, x = tangents.lower(problem), problem.held
    gain = float(problem.gain @ x)
    return Relaxed(
        x=x,
        rows=rows,
        prices=np.zeros(len(rows)),
        broken=tuple(i for i, row in enumerate(problem.rows) if row.excess(x) > row.tolerance(x)),
        objective=gain,
        bound=gain,
    )


def _whole(charged: Charged, node: Decided) -> Floats | None:
    """The whole plan over all columns, with the tiers as the model pays them."""
    x = node.problem.held
    if node.problem.n_options:
        found = solve_contacts(node.problem, node.tangents, node.relaxed)
        if found is None:
            return None
        x = found
    return _over_all(charged, node, x)


def _over_all(charged: Charged, node: Decided, x: Floats) -> Floats:
    plan = np.zeros(len(charged.problem))
    plan[node.at] = x
    return plan


def _with_plan(node: Decided, x: Floats, gain: float) -> Decided:
    return Decided(
        setting=node.setting,
        problem=node.problem,
        at=node.at,
        relaxed=node.relaxed,
        tangents=node.tangents,
        x=x,
        gain=gain,
    )


def _with_nobody_else(charged: Charged, node: Decided) -> Decided:
    """The setting with the plan that contacts nobody but those who are contacted in any case, where that is a plan."""
    plan = charged.completed(_over_all(charged, node, node.problem.held))
    if not holds(node.problem, plan[node.at]):
        return node
    return _with_plan(node, plan, float(charged.problem.gain @ plan))


def _overpaid(charged: Charged, setting: Setting, excess: Floats) -> str | None:
    """The channel whose tiers are overpaid most, of those whose contacts can still be held more closely."""
    money = excess[charged.problem.n_options :] * charged.spending()
    by_channel = dict.fromkeys(charged.tiered, 0.0)
    for charge, amount in zip(charged.charges, money.tolist(), strict=True):
        if not charge.is_switch:
            by_channel[charge.channel] += amount
    loose = [
        name
        for name, amount in by_channel.items()
        if amount > 0 and (name not in setting.spans or charged.steps_inside(setting, name))
    ]
    return max(loose, key=lambda name: by_channel[name], default=None)


def _split(charged: Charged, node: Decided, channel: str) -> Iterator[Setting]:
    """The contacts of a channel up to the beginning of a tier, and from there on; or within the one tier there is."""
    span = node.setting.spans.get(channel, charged.widest(channel))
    steps = charged.steps_inside(node.setting, channel)
    if not steps:
        yield node.setting.with_span(channel, span)
        return
    x = _over_all(charged, node, node.relaxed.x)
    contacts = float(x[: charged.problem.n_options] @ charged.mine(channel))
    step = min(steps, key=lambda start: abs(start - contacts))
    yield node.setting.with_span(channel, Span(least=span.least, most=step))
    yield node.setting.with_span(channel, Span(least=step, most=span.most))
