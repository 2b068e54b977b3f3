"""The plan's contacts along the cut-off: what approvals, bookings, costs per booking and bad rate would be at each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Correction
from acquire.prefilter.approval import ApprovalModel, reprice

Floats = NDArray[np.float64]

N_STEPS = 15
_WIDTH_PER_SCALE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """The contacts of a plan under their offers, as the plan scored them; every array has shape (n,).

    Attributes:
        score: As `read_scores` gives it.
        p_booked, p_control, p_bad: Chances under the plan's cut-off; p_bad NaN where unknown.
        typical, typical_control, drawn: The approval model's rates of channel and offer (and control).
        spend: Expected money of each contact.
        per_booking, per_approval: Money that each booking and each approval costs, less rebates.
        correction: What held-out history says the plan's totals are, relative to their predictions.
    """

    score: Floats
    p_booked: Floats
    p_control: Floats
    p_bad: Floats
    typical: Floats
    typical_control: Floats
    drawn: Floats
    spend: Floats
    per_booking: Floats
    per_approval: Floats
    correction: Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOffStep:
    """The contacts at one cut-off; ratios are NaN where nothing is booked.

    Attributes:
        cut_off: Of the score.
        approvals, booked, incremental: Expected numbers.
        spend: Money.
        bad_rate: Fraction of the booked.
    """

    cut_off: float
    approvals: float
    booked: float
    incremental: float
    spend: float
    bad_rate: float

    @property
    def cac(self) -> float:
        """Spend per booking."""
        return self.spend / self.booked if self.booked > 0 else math.nan

    @property
    def incremental_cac(self) -> float:
        """Spend per extra booking; NaN where contacting brings none."""
        return self.spend / self.incremental if self.incremental > 0 else math.nan


def cut_offs_around(model: ApprovalModel, score: Floats, *also: float) -> tuple[float, ...]:
    """Give fifteen round cut-offs about the plan's, about half the noise s apart, with `also` among them, rising.

    Without noise they are a twentieth of the scores' spread apart.
    """
    width = _WIDTH_PER_SCALE * model.scale or float(np.ptp(score)) / 20 or 1.0
    step = _round_number(width)
    centre = model.approval.cut_off
    steps = (np.arange(N_STEPS) - N_STEPS // 2) * step + centre
    return tuple(sorted({float(f"{cut_off:.12g}") for cut_off in (*steps, *also)}))


def sweep(model: ApprovalModel, contacts: Contacts, cut_offs: Sequence[float]) -> tuple[CutOffStep, ...]:
    """Price the contacts anew at every cut-off.

        spend(c) = sum(spend + per_approval * (approved(c) - approved) + per_booking * (booked(c) * k - booked))

    with k the corrections of bookings and of what one costs.

    Args:
        model: The plan's approval model; its cut-off is the one under which the contacts were scored.
        contacts: The plan's contacts.
        cut_offs: Where to look.
    """
    before = model.chance(contacts.score)
    return tuple(_step(contacts, before, model.chance(contacts.score, cut_off), cut_off) for cut_off in cut_offs)


def _step(contacts: Contacts, before: Floats, after: Floats, cut_off: float) -> CutOffStep:
    correction = contacts.correction
    p_booked = reprice(contacts.p_booked, contacts.typical, before, after)
    p_control = reprice(contacts.p_control, contacts.typical_control, before, after)
    approved, approved_before = (np.minimum(p / contacts.drawn, 1.0) for p in (p_booked, contacts.p_booked))
    spend = contacts.spend + contacts.per_approval * (approved - approved_before)
    spend += contacts.per_booking * (p_booked * correction.booked * correction.per_booking - contacts.p_booked)
    booked = float(p_booked.sum()) * correction.booked
    bad = float(p_booked @ contacts.p_bad) * correction.bad
    return CutOffStep(
        cut_off=cut_off,
        approvals=float(approved.sum()),
        booked=booked,
        incremental=float((p_booked - p_control).sum()) * correction.incremental,
        spend=float(spend.sum()),
        bad_rate=bad / booked if booked > 0 else math.nan,
    )


def _round_number(width: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `width`."""
    power = 10.0 ** math.floor(math.log10(width))
    return float(max(digit * power for digit in (1, 2, 5) if digit * power <= width * (1 + 1e-9)))
