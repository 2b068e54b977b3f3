"""The market of benchmarks/allocate.py as the allocator sees it: an option table, or rows over its arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from _allocate_market import Limit, Market

N_ERRORS = 30


def as_options(market: Market, seed: int) -> Any:
    """The market as an option table in single precision, with 30 model errors of which the first is shared by all."""
    from acquire.allocate.options import Options

    n, offers = len(market), market.n_offers
    lead = np.repeat(np.arange(market.n_people, dtype=np.int32), offers)
    unknown = np.broadcast_to(np.float32(np.nan), n)
    errors = np.empty((n, N_ERRORS), np.float32)
    for first in range(0, market.n_people, 50_000):
        people = min(50_000, market.n_people - first)
        each = np.random.default_rng([seed, first, 1]).normal(0, 0.03, (people, N_ERRORS))
        each[:, 0] += 0.1
        at = slice(first * offers, (first + people) * offers)
        errors[at] = np.repeat(each, offers, axis=0) * market.bad[at, None]
    figures = {name: getattr(market, name) for name in ("gain", "spend", "booked", "incremental", "bad")}
    names = {"channel": market.channel.max(initial=0) + 1, "region": market.region.max(initial=0) + 1}
    channels, regions = (tuple(f"{name[0]}{i}" for i in range(n_codes)) for name, n_codes in names.items())
    return Options(
        lead=lead,
        person=lead,
        offer=np.tile(np.arange(offers, dtype=np.int8), market.n_people),
        channel=market.channel,
        partner=market.channel,
        region=market.region,
        affiliate=np.broadcast_to(np.int8(-1), n),
        value=market.gain,
        incremental_bad=market.bad,
        **figures,
        **dict.fromkeys(("amount", "bad_amount", "approvals", "expected_loss", "calls"), unknown),
        bad_loadings=errors,
        booked_loadings=np.broadcast_to(np.float32(0.0), errors.shape),
        groups={"young": market.young},
        offer_names=tuple(f"offer {i}" for i in range(offers)),
        channel_names=channels,
        partner_names=channels,
        region_names=regions,
        affiliate_names=(),
    )


def as_problem(market: Market, limits: Sequence[Limit], people: Any = None) -> Any:
    """The market as the allocator sees it: rows that refer to its arrays."""
    from acquire.allocate.figures import Figure
    from acquire.allocate.problem import People, Problem
    from acquire.allocate.rows import Row

    def figure(name: str, limit: Limit, among: str | None) -> Figure:
        codes = None if among is None else getattr(market, among)
        values = None if name == "contacts" else getattr(market, name)
        return Figure(n_options=len(market), values=values, among=codes, code=limit.code)

    rows = tuple(
        Row(
            name=limit.name,
            unit="rate",
            figure=figure(limit.figure, limit, limit.among),
            base=figure(limit.base, limit, limit.among if limit.base_among else None) if limit.base else None,
            allowed=limit.allowed,
            at_least=limit.at_least,
        )
        for limit in limits
    )
    people = people or People.of(np.repeat(np.arange(market.n_people, dtype=np.int32), market.n_offers))
    return Problem(gain=market.gain, people=people, rows=rows)
