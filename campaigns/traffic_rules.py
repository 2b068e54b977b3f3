"""A plan for leads that do not exist yet, as rules: who, which offer, which price at most; with ranges.

The leads of a channel are cut into segments by what they gain at the plan's prices; each segment and offer becomes one column of
the plan's own question, as large as the arrivals it stands for. So the rules keep every limit by themselves. The question is then
asked again for forecasts and effects as they may turn out: that gives the ranges.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.allocate.cells import group_options
from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Options
from acquire.allocate.posed import Question, pose
from acquire.allocate.prices import Prices, score
from acquire.allocate.solve import allocate
from acquire.allocate.tangents import Tangents
from acquire.domain import Estimate, Feature, Objective
from acquire.errors import Infeasible
from acquire.statistics.segments import Segment, grow_segments
from campaigns.choice import Choice, Market
from campaigns.pacing_document import RuleLine, TrafficRules

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_SEGMENTS: Final = 8  # per channel
N_DRAWS: Final = 40
P_BAD: Final = "p_bad"
_SD_OF_RANGE: Final = 1.645  # low and high of a forecast are read as its 5th and 95th hundredth
_LEAST_SHARE: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The leads in groups.

    Attributes:
        options: One per cell and offer.
        who: Conditions of each cell, in words.
    """

    options: Options
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The cells' question with its answer.

    Attributes:
        options: One per cell and offer, as asked.
        contacts: Of each, shape (n,).
        max_price: Most that a contact of each may cost, in money, shape (n,); NaN where money has no price.
    """

    options: Options
    contacts: Floats
    max_price: Floats


def make_rules(
    market: Market, choice: Choice, features: tuple[Feature, ...], traffic: pd.DataFrame | None
) -> TrafficRules | None:
    """Turn a plan into rules; None where no rules keep its limits.

    Args:
        market: The traffic to decide on; its leads stand for those to come.
        choice: The plan, lead by lead.
        features: What rules may be about, besides the chance to go bad.
        traffic: The forecast behind the leads' weights; None where the leads brought weights of their own.
    """
    cells = cut_into_cells(market, choice, features)
    try:
        best = _decide(cells.options, market)
    except Infeasible:
        return None
    draws = list(_draws(cells.options, market, choice, traffic))
    used = np.flatnonzero(best.contacts > _LEAST_SHARE * _sizes(best.options))
    gain = best.options.gain * best.contacts
    objective, planned = (
        float(gain.sum()),
        float(choice.options.gain[choice.allocation.chosen] @ choice.allocation.contacts),
    )
    lines = tuple(_line(j, cells, best, draws) for j in used[np.argsort(-gain[used], kind="stable")].tolist())
    kept = objective / planned if planned > 0 else planned / objective if objective < 0 else float("nan")
    sign = -1.0 if market.objective.goal == "spend" else 1.0
    return TrafficRules(lines=lines, objective=sign * objective, kept=kept)


def cut_into_cells(market: Market, choice: Choice, features: tuple[Feature, ...]) -> Cells:
    """Cut each channel's leads into segments, within what limits on regions and groups tell apart."""
    options = choice.options
    gain = _gains(options, score(options, choice.allocation.prices), len(market.leads))
    frame = market.leads.assign(**{P_BAD: market.scored.p_bad.min(axis=1)})
    weight = np.zeros(len(frame))
    weight[options.lead] = _sizes(options)
    cell = np.full(len(frame), -1, dtype=np.int64)
    who: list[str] = []
    for conditions, rows in _apart(market, options):
        for segment in _segments(frame.iloc[rows], features, gain[rows], weight[rows]):
            cell[rows[segment.rows]] = len(who)
            words = [*conditions, *(condition.words for condition in segment.conditions)]
            who.append(", ".join(words) or "everybody")
    return Cells(options=group_options(options, cell[options.lead], len(who)), who=tuple(who))


def _segments(part: pd.DataFrame, features: tuple[Feature, ...], gain: Floats, weight: Floats) -> tuple[Segment, ...]:
    """The segments of one channel; the channel itself says nothing inside it, and a chance that nobody has neither."""
    columns = [f for f in features if f.name != "channel" and f.name in part]
    if part[P_BAD].notna().any():
        columns.append(Feature(name=P_BAD, kind="numeric"))
    return grow_segments(part.reset_index(drop=True), columns, gain, weight, most=MOST_SEGMENTS)


def _apart(market: Market, options: Options) -> Iterator[tuple[list[str], Ints]]:
    """Leads with an option, by channel and by what limits on regions and groups tell apart: conditions and positions."""
    listed = np.unique(options.lead)
    leads = market.leads.iloc[listed]
    keys = ["channel", *market.limits.groups]
    if market.limits.name_regions:
        keys.append("region")
    for key, rows in leads.reset_index(drop=True).groupby(keys, dropna=False, sort=True):
        named = zip(keys[1:], key[1:], strict=True)
        yield [f"{column} is {_said(value)}" for column, value in named], listed[rows.index.to_numpy()]


def _said(value: object) -> str:
    if isinstance(value, float):
        return "missing" if np.isnan(value) else f"{value:g}"
    return str(value)


def _gains(options: Options, score_of: Floats, n_leads: int) -> Floats:
    """What each offer gains with each lead at the plan's prices, shape (n_leads, J); 0 where it may not be used."""
    gains = np.zeros((n_leads, len(options.offer_names)))
    gains[options.lead, options.offer] = score_of
    return gains


def _decide(cells: Options, market: Market) -> Solved:
    """The best shares of the cells within every limit.

    Raises:
        Infeasible: No shares keep the limits.
    """
    chosen = allocate(cells, market.limits, market.channels, market.objective, seed=market.seed)
    contacts = np.zeros(len(cells))
    contacts[chosen.chosen] = chosen.contacts
    return Solved(options=cells, contacts=contacts, max_price=_max_prices(cells, market.objective, chosen.prices))


def _draws(cells: Options, market: Market, choice: Choice, traffic: pd.DataFrame | None) -> Iterator[Solved]:
    """The same question for forecasts and effects as they may turn out; what has no answer is left out."""
    rng = np.random.default_rng(market.seed + 6)
    ratios = choice.promise.draws[rng.integers(len(choice.promise.draws), size=N_DRAWS)]
    correction = choice.promise.correction
    ratios = ratios / np.array([correction.booked, correction.incremental, correction.bad])
    for ratio, factor in zip(ratios, _volumes(cells, market, traffic, rng), strict=True):
        turned_out = _turned_out(cells, market.objective, ratio, factor)
        posed = pose(
            Question(
                options=turned_out,
                limits=market.limits,
                channels=market.channels,
                objective=market.objective,
                forced=np.empty(0, dtype=np.int64),
            )
        )
        tangents = Tangents()
        relaxed = solve_shares(posed.problem, tangents, market.seed)
        if not relaxed.broken:
            prices = Prices.of(relaxed, tangents, market.limits, market.channels)
            most = _max_prices(turned_out, market.objective, prices)
            yield Solved(options=turned_out, contacts=posed.contacts(relaxed.x), max_price=most)


def _volumes(cells: Options, market: Market, traffic: pd.DataFrame | None, rng: np.random.Generator) -> Floats:
    """Draws of arrivals relative to the forecast, per option, shape (N_DRAWS, n): a normal with a width for each side."""
    if traffic is None:
        return np.ones((N_DRAWS, len(cells)))
    each = traffic.groupby("channel")[["volume", "low", "high"]].sum().reindex(list(cells.channel_names)).fillna(0.0)
    volume = np.maximum(each["volume"].to_numpy(np.float64), 1e-12)
    low, high = each["low"].to_numpy(np.float64) / volume, each["high"].to_numpy(np.float64) / volume
    z = rng.standard_normal((N_DRAWS, len(each))) / _SD_OF_RANGE
    factor = np.maximum(1 + np.where(z > 0, z * (high - 1), z * (1 - low)), 1e-3)
    drawn: Floats = factor[:, cells.channel]
    return drawn


def _turned_out(cells: Options, objective: Objective, ratio: Floats, factor: Floats) -> Options:
    """The cells with other arrivals and with totals that are off by the ratios of booked, incremental and bad."""
    booked, incremental, bad = ratio.tolist()
    value = (cells.value + cells.spend) * incremental - cells.spend
    gain = {"incremental_value": value, "incremental_accounts": cells.incremental * incremental, "spend": -cells.spend}
    return dataclasses.replace(
        cells,
        size=_sizes(cells) * factor,
        booked=cells.booked * booked,
        incremental=cells.incremental * incremental,
        bad=cells.bad * bad,
        bad_loadings=cells.bad_loadings * bad,
        incremental_bad=cells.incremental_bad * bad,
        amount=cells.amount * booked,
        bad_amount=cells.bad_amount * bad,
        expected_loss=cells.expected_loss * bad,
        value=value,
        gain=gain[objective.goal],
    )


def _max_prices(options: Options, objective: Objective, prices: Prices) -> Floats:
    """Most that a contact may cost, shape (n,): today's expected spend and what is left at the plan's prices, in money.

    max price = spend + score / (what one unit of money more takes off the score)
    """
    here = score(options, prices)
    dearer = dataclasses.replace(
        options,
        spend=options.spend + 1,
        value=options.value - 1,
        gain=options.gain - (0.0 if objective.goal == "incremental_accounts" else 1.0),
    )
    per_money = here - score(dearer, prices)
    left: Floats = np.divide(here, per_money, out=np.full(len(options), np.nan), where=per_money > 1e-12)
    return left + options.spend


def _line(j: int, cells: Cells, best: Solved, draws: list[Solved]) -> RuleLine:
    options = best.options
    contacts, size = float(best.contacts[j]), float(_sizes(options)[j])
    drawn = np.array([draw.contacts[j] for draw in draws])
    sizes = np.array([_sizes(draw.options)[j] for draw in draws])
    booked = np.array([draw.contacts[j] * draw.options.booked[j] for draw in draws])
    extra = np.array([draw.contacts[j] * draw.options.incremental[j] for draw in draws])
    used = drawn > _LEAST_SHARE * sizes
    prices = np.array([draw.max_price[j] for draw in draws])[used]
    return RuleLine(
        channel=options.channel_names[int(options.channel[j])],
        who=cells.who[int(options.lead[j])],
        offer=options.offer_names[int(options.offer[j])],
        arrivals=_range(size, sizes),
        contacts=_range(contacts, drawn),
        share=_range(contacts / size, drawn / sizes),
        price=float(options.spend[j]),
        max_price=_range(float(best.max_price[j]), prices),
        booked=_range(contacts * float(options.booked[j]), booked),
        incremental=_range(contacts * float(options.incremental[j]), extra),
        bad_rate=float(options.bad[j] / options.booked[j]) if options.booked[j] > 0 else float("nan"),
    )


def _range(centre: float, draws: Floats) -> Estimate:
    """A figure with the 90 % range of its draws, which always holds the figure itself."""
    if not len(draws) or not np.isfinite(draws).all() or not np.isfinite(centre):
        return Estimate(expected=centre)
    low, high = np.quantile(draws, [0.05, 0.95])
    return Estimate(expected=centre, low=min(float(low), centre) + 0.0, high=max(float(high), centre) + 0.0)  # no -0


def _sizes(options: Options) -> Floats:
    return np.ones(len(options)) if options.size is None else options.size
