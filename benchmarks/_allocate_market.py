"""A made-up market for benchmarks/allocate.py: what each contact of a lead costs and brings. numpy alone, for any process."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
N_CHANNELS, N_REGIONS = 6, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """n_people * n_offers columns, those of one lead side by side. Figures have shape (n,), codes too."""

    n_people: int
    n_offers: int
    gain: Array
    spend: Array
    booked: Array
    incremental: Array
    bad: Array
    channel: Array
    region: Array
    young: Array

    def __len__(self) -> int:
        return len(self.gain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """sum(figure) <= allowed, or sum(figure) / sum(base) <= allowed, over the columns where `among` has `code`; >= for a floor.

    Attributes:
        figure, base, among: Names of the market's arrays; "contacts" = 1 each; None = no base, all columns.
        base_among: Whether the base, too, is of those columns only.
    """

    name: str
    figure: str
    allowed: float
    base: str | None = None
    among: str | None = None
    code: int = 1
    base_among: bool = False
    at_least: bool = False


def make_market(n_people: int, n_offers: int, seed: int, dtype: type = np.float64, block: int = 50_000) -> Market:
    """Draw a market block by block, so that nothing larger than it is ever in memory."""
    n = n_people * n_offers
    figures = {name: np.empty(n, dtype) for name in ("gain", "spend", "booked", "incremental", "bad")}
    codes = {name: np.empty(n, np.int8) for name in ("channel", "region")}
    young = np.empty(n, np.bool_)
    for number, first in enumerate(range(0, n_people, block)):
        size = min(block, n_people - first)
        at = slice(first * n_offers, (first + size) * n_offers)
        rng = np.random.default_rng([seed, number])
        for name, values in _draw(size, n_offers, rng).items():
            figures[name][at] = values
        codes["channel"][at] = np.repeat(rng.integers(0, N_CHANNELS, size), n_offers)
        codes["region"][at] = np.repeat(rng.integers(0, N_REGIONS, size), n_offers)
        young[at] = np.repeat(rng.random(size) < 0.3, n_offers)
    return Market(n_people=n_people, n_offers=n_offers, **figures, **codes, young=young)


def _draw(n_people: int, n_offers: int, rng: np.random.Generator) -> dict[str, Array]:
    shape = (n_people, n_offers)
    strength, cost = np.linspace(0.5, 1.6, n_offers), np.linspace(0.5, 3.0, n_offers)
    incremental = rng.gamma(2.0, 0.02, n_people)[:, None] * strength * rng.uniform(0.6, 1.4, shape)
    booked = rng.beta(2, 30, n_people)[:, None] + incremental
    bad = booked * rng.beta(1.5, 12, n_people)[:, None] * rng.uniform(0.9, 1.1, shape)
    spend = cost * rng.uniform(0.8, 1.2, shape) + 8 * booked
    gain = incremental * rng.uniform(60, 160, shape) - 45 * bad - spend
    figures = {"gain": gain, "spend": spend, "booked": booked, "incremental": incremental, "bad": bad}
    return {name: values.ravel() for name, values in figures.items()}


def list_limits(n_people: int, spend_per_column: float) -> tuple[Limit, ...]:
    """Twelve limits, of which nine or so hold the plan back; the first ten are the coupling limits of the large problem."""
    everything = spend_per_column * n_people
    return (
        Limit(name="budget", figure="spend", allowed=0.25 * everything),
        Limit(name="max_contacts", figure="contacts", allowed=0.3 * n_people),
        Limit(name="max_bad_rate", figure="bad", base="booked", allowed=0.085),
        Limit(name="max_cac", figure="spend", base="booked", allowed=17.0),
        Limit(name="max_incremental_cac", figure="spend", base="incremental", allowed=35.0),
        Limit(name="max_spend[c0]", figure="spend", among="channel", code=0, allowed=0.03 * everything),
        Limit(name="max_contacts[c1]", figure="contacts", among="channel", code=1, allowed=0.03 * n_people),
        Limit(name="max_channel_share[c2]", figure="spend", base="spend", among="channel", code=2, allowed=0.12),
        Limit(
            name="max_bad_rate[c3]", figure="bad", base="booked", among="channel", code=3, base_among=True, allowed=0.07
        ),
        Limit(
            name="min_group_share[young]",
            figure="contacts",
            base="contacts",
            among="young",
            allowed=0.33,
            at_least=True,
        ),
        Limit(name="max_region_share[r1]", figure="contacts", base="contacts", among="region", code=1, allowed=0.18),
        Limit(name="min_spend[c4]", figure="spend", among="channel", code=4, allowed=0.05 * everything, at_least=True),
    )


def coefficients(market: Market, limit: Limit) -> Array:
    """Left side of the linear row, shape (n,): figure - allowed * base."""
    ones = np.ones(len(market))
    mine = ones if limit.among is None else (getattr(market, limit.among) == limit.code).astype(float)
    figure = mine * (ones if limit.figure == "contacts" else getattr(market, limit.figure))
    if limit.base is None:
        return figure
    base = ones if limit.base == "contacts" else getattr(market, limit.base)
    return figure - limit.allowed * base * (mine if limit.base_among else 1.0)


def right_side(limit: Limit) -> float:
    """Right side of the linear row."""
    return limit.allowed if limit.base is None else 0.0
