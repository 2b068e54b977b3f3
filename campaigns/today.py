"""The plan beside what runs today: today's plan is a candidate too, judged on the same leads, limits and held-out history."""

import dataclasses
from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.current import Breach, Use, draw_contacts, judge_today, measure_uses
from acquire.allocate.holdout import keep_back
from acquire.allocate.options import Options
from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.solve import Allocation
from acquire.allocate.waterfall import Ends, Level, levels
from acquire.domain import Certificate, Correction, CurrentPlan, LimitUse, Objective
from acquire.errors import Infeasible
from acquire.value.promise import Promise
from campaigns.choice import Choice, Market, choose, measure_contacts
from campaigns.current_document import Waterfall, WaterfallStep
from campaigns.held_out import HeldOut
from campaigns.report_words import say
from campaigns.reserves import Chances

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_ROWS = 20_000  # of history: more say hardly more of an average
UNITS = {"incremental_value": "money", "incremental_accounts": "accounts", "spend": "money"}


def choose_beside_today(market: Market, held_out: HeldOut, current: CurrentPlan | None, currency: str) -> Choice:
    """Choose; where the limits leave no plan, say what becomes of them if what runs today goes on.

    Args:
        market, held_out: As of `choose`.
        current: Contacts per channel and offer today; None where nobody said what runs.
        currency: Of the sentence.

    Raises:
        Infeasible: The limits cannot be met; the line says whether what runs today would keep them.
    """
    try:
        return choose(market, held_out)
    except Infeasible as error:
        if current is None:
            raise
        raise Infeasible(f"{error}; {_say_today(market, held_out, current, currency)}", error.limits) from None


def _say_today(market: Market, held_out: HeldOut, current: CurrentPlan, currency: str) -> str:
    kept_back = keep_back(market.leads, market.eligible & market.is_single, market.control_share, market.seed)
    free = market.eligible & ~kept_back
    promise = _promise_of_today(market, held_out, market.options(free, Correction()), current)
    options = market.options(free, promise.correction)
    today = judge_today(options, current, market.limits, market.channels, market.objective)
    if today.breaches:
        return f"what runs today would break {' and '.join(_say_breach(breach, currency) for breach in today.breaches)}"
    part = ", as far as the leads at hand allow it" if today.shortfalls else ""
    return f"what runs today would keep all of them{part}: it may go on"


def hold_against_today(
    market: Market, held_out: HeldOut, choice: Choice, current: CurrentPlan, currency: str
) -> tuple[Choice, Waterfall]:
    """Compare the choice with what runs today; where today's plan keeps every limit and is better, it becomes the choice.

    Args:
        market: The traffic and the rules.
        held_out: History as a judge.
        choice: The best plan that was found.
        current: Contacts per channel and offer today.
        currency: Of the sentences.

    Returns:
        The choice, and the way to it from what runs today.
    """
    free = market.eligible & ~choice.kept_back
    promise = _promise_of_today(market, held_out, market.options(free, Correction()), current)
    options = market.options(free, promise.correction)
    today = judge_today(options, current, market.limits, market.channels, market.objective)
    better = today.totals.gain(market.objective) > _totals(choice, market).gain(market.objective)
    staying = _today_as_choice(market, choice, options, promise, current) if better and not today.breaches else None
    best = choice if staying is None else staying
    ends = Ends(today=today, plan=_totals(best, market), contacts=_contacts(best))
    way = (
        levels(choice.options, current, ends, market.limits, market.channels, market.objective, seed=market.seed)
        if staying is None
        else (Level(step="today", totals=today.totals), Level(step="plan", totals=ends.plan))
    )
    return best, Waterfall(
        steps=tuple(_steps(way, market.objective)),
        breaches=today.breaches,
        shortfalls=today.shortfalls,
        today_stays=staying is not None,
        verdict=_verdict(ends, market.objective, currency, stays=staying is not None),
    )


def _totals(choice: Choice, market: Market) -> PlanTotals:
    return total(choice.options, _contacts(choice), market.channels)


def _contacts(choice: Choice) -> Floats:
    """Contacts of each option of the choice, shape (n,)."""
    x = np.zeros(len(choice.options))
    x[choice.allocation.chosen] = choice.allocation.contacts
    return x


def _promise_of_today(market: Market, held_out: HeldOut, options: Options, current: CurrentPlan) -> Promise:
    """What history says of contacting people as they come, in today's mix of channels and offers."""
    rng = np.random.default_rng(market.seed + 5)
    at, _ = draw_contacts(options, current, rng)
    return measure_contacts(market, held_out, options, at, _in_history(market, held_out, current, rng), rng)


def _in_history(market: Market, held_out: HeldOut, current: CurrentPlan, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """History rows in today's mix: each channel's rows, given today's offers in today's proportions."""
    channel = held_out.history["channel"].to_numpy()
    covered = held_out.assignment.covered
    pools: list[tuple[int, int, Ints]] = []
    for line in current.lines:
        offer = market.offer_names.index(line.offer)
        pool = np.flatnonzero(held_out.eligible & (channel == line.channel) & covered[:, offer])
        if line.contacts and len(pool):
            pools.append((line.contacts, offer, rng.permutation(pool)))
    if not pools:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    scale = min(*(len(pool) / contacts for contacts, _, pool in pools), MOST_ROWS / sum(c for c, _, _ in pools))
    sizes = [max(1, int(scale * contacts)) for contacts, _, _ in pools]
    rows = [pool[:size] for (_, _, pool), size in zip(pools, sizes, strict=True)]
    arms = [np.full(size, offer + 1) for (_, offer, _), size in zip(pools, sizes, strict=True)]
    return np.concatenate(rows), np.concatenate(arms)


def _today_as_choice(
    market: Market,
    choice: Choice,
    options: Options,
    promise: Promise,
    current: CurrentPlan,
) -> Choice | None:
    """Today's plan in whole contacts drawn at random; None where the draw does not keep every limit, or part is drawn already."""
    if market.explore_share:
        return None
    at, contacts = draw_contacts(options, current, np.random.default_rng(market.seed + 6))
    x = np.zeros(len(options))
    x[at] = contacts
    uses = measure_uses(options, x, market.limits, market.channels, market.objective)
    if not all(use.holds for use in uses):
        return None
    gain = total(options, x, market.channels).gain(market.objective)
    allocation = dataclasses.replace(
        choice.allocation,
        chosen=at,
        contacts=contacts,
        limit_uses=tuple(_limit_use(use) for use in uses),
        certificate=_certificate(choice.allocation, gain, market.objective),
        warnings=("no other plan was found to do better than what runs today: it stays, with people drawn at random",),
    )
    # The chances that were logged are those of the other plan.
    return dataclasses.replace(choice, options=options, allocation=allocation, promise=promise, chances=Chances())


def _limit_use(use: Use) -> LimitUse:
    return LimitUse(
        name=use.row.name,
        unit=use.row.unit,
        used=use.stated,
        used_expected=use.expected,
        allowed=use.row.allowed,
        binding=False,
        shadow_price=0.0,
    )


def _certificate(allocation: Allocation, gain: float, objective: Objective) -> Certificate:
    """No plan of the kind that was searched passes the bound; today's plan is judged by its own history."""
    objective_value = -gain if objective.goal == "spend" else gain
    best = min if objective.goal == "spend" else max
    bound = best(allocation.certificate.bound, objective_value)
    return Certificate(
        objective=objective_value,
        bound=bound,
        gap=abs(bound - objective_value) / max(abs(bound), abs(objective_value), 1e-12),
    )


def _steps(way: tuple[Level, ...], objective: Objective) -> Iterator[WaterfallStep]:
    before: Decimal | None = None
    for level in way:
        totals = level.totals
        gain = _cents(totals.spend if objective.goal == "spend" else totals.gain(objective))
        yield WaterfallStep(
            step=level.step,
            gain=float(gain),
            change=float(gain - before) if before is not None else 0.0,
            contacts=totals.contacts,
            spend=float(_cents(totals.spend)),
            booked=totals.booked,
            incremental=totals.incremental,
            bad_rate=totals.bad / totals.booked if totals.booked > 0 else float("nan"),
            value=totals.value if np.isnan(totals.value) else float(_cents(totals.value)),
        )
        before = gain


def _cents(figure: float) -> Decimal:
    return Decimal(str(round(figure, 2)))


def _verdict(ends: Ends, objective: Objective, currency: str, *, stays: bool) -> str:
    unit = UNITS[objective.goal]
    today, plan = (
        end.spend if objective.goal == "spend" else end.gain(objective) for end in (ends.today.totals, ends.plan)
    )
    what = {"incremental_value": "value", "incremental_accounts": "extra accounts", "spend": "spend"}[objective.goal]
    figures = f"{say(today, unit, currency)} today, {say(plan, unit, currency)} in the plan"
    broken = " and ".join(_say_breach(breach, currency) for breach in ends.today.breaches)
    if stays:
        return f"What runs today stays: no plan was found that does better ({what}: {figures})."
    if ends.plan.gain(objective) >= ends.today.totals.gain(objective):
        does = (
            "The plan does better than what runs today" if plan != today else "The plan does as well as what runs today"
        )
        return f"{does} ({what}: {figures})" + (f", which breaks {broken}." if broken else ".")
    if broken:
        return f"What runs today would bring more ({what}: {figures}), but it breaks {broken}."
    return (
        f"What runs today would bring more ({what}: {figures}); no draw of its people was found that keeps every limit."
    )


def _say_breach(breach: Breach, currency: str) -> str:
    used, allowed = (say(figure, breach.unit, currency) for figure in (breach.used, breach.allowed))
    return f"{breach.name} ({used}, {'asked for' if breach.name.startswith('min_') else 'allowed'} {allowed})"
