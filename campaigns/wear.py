"""From response curves to the channels of the plan: from which number of contacts on each brings less, and how much."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.options import Options
from acquire.domain import Channel, Correction, SaturationStep
from acquire.value.pacing import Pieces, concave_pieces, lost_shares
from acquire.value.response import NoCurve, ResponseCurve
from campaigns.choice import Market

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_LOST: Final = 0.01  # a step that loses less than this share of what it promises is no step


def with_wear(market: Market, curves: Sequence[ResponseCurve | NoCurve], n_weeks: int) -> Market:
    """Give each channel with a response curve the steps in which contacts beyond its usual spend bring less.

    The leads' effects were measured at the usual spend, so up to it they hold; what spend beyond it brings less by the curve,
    its contacts bring less. Below it nothing is taken to bring more.

    Args:
        market: The traffic to decide on.
        curves: Of the channels with past weeks.
        n_weeks: Weeks that the plan is for.
    """
    known = {curve.channel: curve for curve in curves if isinstance(curve, ResponseCurve)}
    if not known or not market.eligible.any():
        return market
    options = market.options(market.eligible, Correction())
    best = _best_of_each_lead(options)
    channels = tuple(
        _worn(channel, known[channel.channel], options, best, n_weeks) if channel.channel in known else channel
        for channel in market.channels
    )
    return dataclasses.replace(market, channels=channels)


def _best_of_each_lead(options: Options) -> Ints:
    """The option of each lead with the most gain: what a contact is typically like."""
    order = np.lexsort((-options.gain, options.lead))
    return order[np.flatnonzero(np.r_[True, np.diff(options.lead[order]) > 0])]


def _worn(channel: Channel, curve: ResponseCurve, options: Options, best: Ints, n_weeks: int) -> Channel:
    if channel.channel not in options.channel_names:
        return channel
    mine = best[options.channel[best] == options.channel_names.index(channel.channel)]
    size = np.ones(len(mine)) if options.size is None else options.size[mine]
    spend = float(options.spend[mine] @ size)
    if spend <= 0:
        return channel
    pieces = concave_pieces(curve, n_weeks, max(spend, curve.usual * n_weeks))
    return dataclasses.replace(channel, saturation=_steps(pieces, options, mine, size))


def _steps(pieces: Pieces, options: Options, mine: Ints, size: Floats) -> tuple[SaturationStep, ...]:
    """The pieces beyond the usual spend, in contacts of the typical kind."""
    contacts = float(size.sum())
    each = {name: float(getattr(options, name)[mine] @ size) / contacts for name in ("booked", "incremental", "amount")}
    spend = float(options.spend[mine] @ size) / contacts
    each["value"] = (
        float(options.value[mine] @ size) / contacts + spend
    )  # what is booked brings so much before it is paid for
    steps = []
    for begins, share in lost_shares(pieces):
        if share >= LEAST_LOST:
            lost = {name: share * _known(figure) for name, figure in each.items()}
            steps.append(SaturationStep(from_contacts=begins / spend, **lost))
    return tuple(steps)


def _known(figure: float) -> float:
    """A figure that can be lost: nothing is where it is not known, or negative."""
    return figure if figure > 0 else 0.0
