"""The column table: every (lead, offer) the plan may choose, as arrays of equal length."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One entry per option: contact this lead with this offer. All figures are expectations of ONE contact.

    Attributes:
        lead: Row number of the lead in the leads frame, shape (n,).
        person: Number of the human behind the lead, shape (n,); at most one option per person is chosen.
        offer, channel, partner, region, affiliate: Codes into the name tuples of the same name + "_names", shape (n,); -1 = none.
        gain: What the objective counts, shape (n,): value in money, extra accounts, or minus spend.
        spend: Money, shape (n,).
        value: Money, shape (n,).
        booked, incremental: Accounts, shape (n,). `incremental` = p_booked_offer - p_booked_control.
        bad: p_booked * p_bad, shape (n,).
        incremental_bad: p_booked_offer * p_bad_offer - p_booked_control * p_bad_control, shape (n,).
        amount: Booked money (p_booked * amount), shape (n,); NaN where amounts are unknown.
        bad_amount: Booked money that goes bad, shape (n,); NaN where amounts are unknown.
        approvals: Applications approved, shape (n,); NaN where history cannot tell.
        bad_loadings: Sensitivity of `bad` to k independent standard normal model errors, shape (n, k): the model covariance of
            `bad` is bad_loadings @ bad_loadings.T.
        booked_loadings: The same for `booked` under the SAME k errors, shape (n, k).
        groups: 0/1 membership per group name, each shape (n,).
    """

    lead: Ints
    person: Ints
    offer: Ints
    channel: Ints
    partner: Ints
    region: Ints
    affiliate: Ints
    gain: Floats
    spend: Floats
    value: Floats
    booked: Floats
    incremental: Floats
    bad: Floats
    incremental_bad: Floats
    amount: Floats
    bad_amount: Floats
    approvals: Floats
    bad_loadings: Floats
    booked_loadings: Floats
    groups: dict[str, Flags] = field(default_factory=dict)
    offer_names: tuple[str, ...]
    channel_names: tuple[str, ...]
    partner_names: tuple[str, ...]
    region_names: tuple[str, ...]
    affiliate_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lead)
