"""Small option tables for the tests: a business of five lines."""

from collections.abc import Sequence

import numpy as np

from acquire.allocate.options import Floats, Options


def _each(value: float | Sequence[float], n: int) -> Floats:
    return np.broadcast_to(np.asarray(value, dtype=float), (n,)).copy()


def make_options(
    gain: Sequence[float],
    *,
    spend: float | Sequence[float] = 1.0,
    booked: float | Sequence[float] = 0.5,
    bad: float | Sequence[float] = 0.0,
    incremental: float | Sequence[float] | None = None,
    person: Sequence[int] | None = None,
    channel: str | Sequence[str] = "feed",
    partner: str | Sequence[str] | None = None,
    affiliate: str | Sequence[str] | None = None,
    region: str | Sequence[str] = "home",
    approvals: float | Sequence[float] = np.nan,
    expected_loss: float | Sequence[float] = np.nan,
    calls: float | Sequence[float] = np.nan,
    amount: float | Sequence[float] = np.nan,
    bad_amount: float | Sequence[float] = np.nan,
    incremental_bad: float | Sequence[float] = 0.0,
    bad_loadings: Sequence[float] | None = None,
    groups: dict[str, Sequence[bool]] | None = None,
) -> Options:
    """One option per gain; everything else one figure for all, or one per option. Without `person`, all are different people."""
    n = len(gain)
    people = np.arange(n) if person is None else np.asarray(person)
    extra = _each(gain if incremental is None else incremental, n)

    def codes(names: str | Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
        listed = [names] * n if isinstance(names, str) else list(names)
        known = tuple(dict.fromkeys(listed))
        return np.array([known.index(name) for name in listed], dtype=np.int64), known

    channels, partners = codes(channel), codes(channel if partner is None else partner)
    affiliates, regions = codes("group" if affiliate is None else affiliate), codes(region)
    loadings = np.zeros((n, 1)) if bad_loadings is None else np.asarray(bad_loadings, dtype=float).reshape(n, -1)
    return Options(
        lead=np.arange(n),
        person=people,
        offer=np.zeros(n, dtype=np.int64),
        channel=channels[0],
        partner=partners[0],
        region=regions[0],
        affiliate=affiliates[0],
        gain=_each(gain, n),
        spend=_each(spend, n),
        value=_each(gain, n),
        booked=_each(booked, n),
        incremental=extra,
        bad=_each(bad, n),
        incremental_bad=_each(incremental_bad, n),
        amount=_each(amount, n),
        bad_amount=_each(bad_amount, n),
        approvals=_each(approvals, n),
        expected_loss=_each(expected_loss, n),
        calls=_each(calls, n),
        bad_loadings=loadings,
        booked_loadings=np.zeros_like(loadings),
        groups={name: np.asarray(flags, dtype=bool) for name, flags in (groups or {}).items()},
        offer_names=("coupon",),
        channel_names=channels[1],
        partner_names=partners[1],
        region_names=regions[1],
        affiliate_names=affiliates[1],
    )
