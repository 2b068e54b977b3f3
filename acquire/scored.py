"""What the stages know of each lead under each offer, side by side as arrays: the input of the allocator."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One row per lead, one column per offer (without control).

    Attributes:
        offers: Names of the J offers.
        p_control: p_booked_control, shape (n,).
        p_booked: p_booked_<offer>, shape (n, J).
        p_bad: p_bad_<offer>, shape (n, J); NaN where history has no bad label.
        p_bad_control: The same for those who book without the campaign, shape (n,).
        bad_loadings: Sensitivity of p_bad to k independent standard normal model errors, shape (J, n, k).
        bad_lean: What bookings under each offer are expected to do beyond `p_bad`, in ln(odds bad), shape (J,): a best guess
            that is not sure enough to tell offers apart lead by lead, but that totals must expect.
        fixed_cost: Money per contact that does not depend on the booking, shape (n, J).
        cost_per_booking: Money per booking, shape (n, J).
        revenue: Money a booking under the offer brings, shape (n, J); NaN where unknown.
        revenue_control: The same without the campaign, shape (n,).
        loss_given_bad: Money a booking brings less when it goes bad instead of staying good, shape (n,); 0 where unknown.
        amount: Booked money if the lead books, shape (n,); NaN where unknown.
        p_approved: Chance that a contact leads to an approval, shape (n, J); NaN where unknown.
        p_applied: Chance that a contact leads to an application, shape (n, J); None or NaN where unknown.
        overlaps: Offers whose effect on the lead history can tell, shape (n, J); None = all. Others are not ranked.
    """

    offers: tuple[str, ...]
    p_control: Floats
    p_booked: Floats
    p_bad: Floats
    p_bad_control: Floats
    bad_loadings: Floats
    bad_lean: Floats
    fixed_cost: Floats
    cost_per_booking: Floats
    revenue: Floats
    revenue_control: Floats
    loss_given_bad: Floats
    amount: Floats
    p_approved: Floats
    p_applied: Floats | None = None
    overlaps: Flags | None = None

    def __len__(self) -> int:
        return len(self.p_control)

    @property
    def uplift(self) -> Floats:
        """p_booked_<offer> - p_booked_control, shape (n, J)."""
        return self.p_booked - self.p_control[:, None]

    @property
    def ranked(self) -> Flags:
        """Offers that the lead may be ranked for, shape (n, J)."""
        return np.ones(self.p_booked.shape, dtype=np.bool_) if self.overlaps is None else self.overlaps

    @property
    def expected_bad(self) -> Floats:
        """p_bad moved by `bad_lean`: what totals must expect, shape (n, J)."""
        odds = self.p_bad * np.exp(self.bad_lean)
        return odds / (1 - self.p_bad + odds)

    @property
    def spend(self) -> Floats:
        """Expected spend of a contact, shape (n, J), in money."""
        return self.fixed_cost + self.p_booked * self.cost_per_booking

    @property
    def value(self) -> Floats:
        """revenue(offer) * p_booked_<offer> - revenue(control) * p_booked_control - expected spend, shape (n, J)."""
        return self.revenue * self.p_booked - (self.revenue_control * self.p_control)[:, None] - self.spend
