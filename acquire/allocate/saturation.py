"""Channels that wear out: contacts beyond the usual number bring less each. What is lost grows, so the steps are plain columns.

With N the contacts of a channel, step k from s_k to s_(k+1) contacts, and y_k contacts in step k that each lose l_k of what the
leads promise (l_k never falls):

    N - sum(y) <= s_1,   0 <= y_k <= s_(k+1) - s_k,   y_k loses l_k accounts, l_k money

Losses are of what limits and objective want more of, never of what they want less of (bad accounts, losses, spend): no limit is
easier to keep with more y than there are contacts, so the steps fill in their order and no further.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from acquire.allocate.charges import Charge
from acquire.allocate.figures import Figure
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.parts import code_of
from acquire.allocate.rows import Row
from acquire.domain import Channel
from acquire.saturation import LOST


def saturation_charges(channel: Channel, n_contacts: float) -> Iterator[Charge]:
    """The steps that at most so many contacts can reach."""
    ends = [*(step.from_contacts for step in channel.saturation[1:]), np.inf]
    for step, end in zip(channel.saturation, ends, strict=False):
        if step.from_contacts < n_contacts:
            size = min(end, n_contacts) - step.from_contacts
            yield Charge(channel=channel.channel, begins_at=step.from_contacts, spend=0.0, size=size, step=step)


def saturation_row(options: Options, charges: Sequence[Charge], channel: str) -> Row:
    """Contacts beyond the usual number lose something: sum(x, of the channel) - sum(y) <= s_1."""
    mine = [c.channel == channel and c.step is not None for c in charges]
    first = min(c.begins_at or 0.0 for c, counts in zip(charges, mine, strict=True) if counts)
    figure = Figure.count(len(options), options.channel, code_of(options.channel_names, channel))
    return Row(
        name=f"saturation[{channel}]",
        unit="contacts",
        figure=figure.followed_by(-np.array(mine, dtype=float)),
        allowed=first,
        stated=False,
    )


def brought_shares(options: Options, chosen: Ints, contacts: Floats, channels: Sequence[Channel]) -> dict[str, Floats]:
    """How much of what each chosen contact promises its channel still brings, per figure that can be lost.

    What a channel loses is spread over its contacts in proportion to what they promise.

    Args:
        options: The option table.
        chosen: Positions of what was chosen.
        contacts: How many contacts each of them is, shape (len(chosen),).
        channels: All channels of the plan.

    Returns:
        Figure -> share in [0, 1] per chosen contact, shape (len(chosen),); of value it is the money lost per contact instead.
    """
    code, n = options.channel[chosen], len(options.channel_names)
    by_channel = np.bincount(code, weights=contacts, minlength=n).astype(np.float64)
    lost = _lost(options, by_channel, channels)
    shares = {}
    for figure in LOST[:-1]:
        promised = np.bincount(code, weights=getattr(options, figure)[chosen] * contacts, minlength=n)
        gone = np.divide(lost[figure], promised, out=np.zeros(n), where=promised > 0)
        shares[figure] = (1 - np.clip(np.nan_to_num(gone), 0.0, 1.0))[code]
    each = np.divide(lost["value"], by_channel, out=np.zeros(n), where=by_channel > 0)
    return {**shares, "value": each[code]}


def _lost(options: Options, contacts: Floats, channels: Sequence[Channel]) -> dict[str, Floats]:
    """What each channel with so many contacts loses of each figure, shape (n_channels,)."""
    lost = {figure: np.zeros(len(contacts)) for figure in LOST}
    for channel in channels:
        code = code_of(options.channel_names, channel.channel)
        for charge in saturation_charges(channel, float(contacts[code]) if code >= 0 else 0.0):
            for figure in LOST:
                lost[figure][code] += charge.lost(figure) * charge.size
    return lost
