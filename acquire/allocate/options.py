"""The column table: every (lead, offer) the plan may choose, as arrays of equal length."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

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
        expected_loss: Money that the booking is expected to bring less because it may go bad (bad * loss given bad), shape (n,);
            NaN where unknown.
        calls: Calls that the contact and its application lead to, shape (n,); NaN where history cannot tell.
        bad_loadings: Sensitivity of `bad` to k independent standard normal model errors, shape (n, k): the model covariance of
            `bad` is bad_loadings @ bad_loadings.T.
        booked_loadings: The same for `booked` under the SAME k errors, shape (n, k).
        groups: 0/1 membership per group name, each shape (n,).
        size: How many people the person behind the option stands for (a weighted lead, a group of leads), shape (n,),
            the same for all options of a person; None = 1. A group may be contacted in part, a single lead may not.
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
    expected_loss: Floats
    calls: Floats
    bad_loadings: Floats
    booked_loadings: Floats
    groups: dict[str, Flags] = field(default_factory=dict)
    offer_names: tuple[str, ...]
    channel_names: tuple[str, ...]
    partner_names: tuple[str, ...]
    region_names: tuple[str, ...]
    affiliate_names: tuple[str, ...]
    size: Floats | None = None

    def __len__(self) -> int:
        return len(self.lead)

    def take(self, at: Ints) -> "Options":
        """Some of the options, by position."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        cut: dict[str, Any] = {name: array[at] for name, array in arrays.items() if isinstance(array, np.ndarray)}
        return replace(self, **cut, groups={name: flags[at] for name, flags in self.groups.items()})
