"""What a plan's own holdout will be able to tell, asked before anybody is contacted.

The reading is that of reading.py without what was known beforehand, so it can only tell more than is said here:

    sd of extra = sqrt( sum over channels of  n q1 (1 - q1)  +  n^2 / n0  q0 (1 - q0) )
    chance that the interval lies above 0 = P(Z > z - extra / sd)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from acquire.statistics.bisection import smallest
from acquire.uplift.reading import POWER, SIGNIFICANCE

_MOST_CONTROL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a plan expects of one channel.

    Attributes:
        contacts, controls: Leads.
        booked, incremental: Bookings expected of the contacted, and those of them that contacts add.
        spend: Money.
    """

    channel: str
    contacts: float
    controls: float
    booked: float
    incremental: float
    spend: float

    @property
    def p_booked(self) -> float:
        """Booked share of the contacted."""
        return min(1.0, max(0.0, self.booked / self.contacts))

    @property
    def p_control(self) -> float:
        """Booked share of the same leads without contact."""
        return min(1.0, max(0.0, (self.booked - self.incremental) / self.contacts))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutPower:
    """What a holdout will be able to tell about some channels together.

    Attributes:
        name: "all" or a channel.
        contacts, controls: Leads.
        p_control, uplift: Expected booked share without contact, and what a contact adds to it.
        detectable_uplift: Uplift that is found 8 times in 10; NaN without controls.
        chance: That the expected uplift is found.
        times_needed: How many times this traffic finds the expected uplift 8 times in 10; NaN where it never would.
        cac_low, cac_high: Where the 90 % interval of the incremental CAC is expected; NaN where it is not expected to be known.
    """

    name: str
    contacts: float
    controls: float
    p_control: float
    uplift: float
    detectable_uplift: float
    chance: float
    times_needed: float
    cac_low: float
    cac_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlShare:
    """What another share of control would tell, and what it would cost in extra bookings that are not made."""

    control_share: float
    chance: float
    times_needed: float
    forgone: float


def holdout_power(name: str, planned: Sequence[Planned]) -> HoldoutPower:
    """Say what the holdout of these channels together will tell.

    Channels without controls are put together with the others, as the reading does.

    References:
        Fleiss, J. L. (1981). Statistical Methods for Rates and Proportions, ch. 3 (without continuity correction).
    """
    contacts = sum(p.contacts for p in planned)
    extra = sum(p.incremental for p in planned)
    sd = math.sqrt(_variance(planned))
    spend, z = sum(p.spend for p in planned), _z()
    known = math.isfinite(sd) and extra > z * sd
    return HoldoutPower(
        name=name,
        contacts=contacts,
        controls=sum(p.controls for p in planned),
        p_control=_ratio(sum(p.booked - p.incremental for p in planned), contacts),
        uplift=_ratio(extra, contacts),
        detectable_uplift=(z + float(norm.ppf(POWER))) * sd / contacts if contacts else math.nan,
        chance=_chance(extra, sd),
        times_needed=_times_needed(extra, sd),
        cac_low=spend / (extra + z * sd) if known else math.nan,
        cac_high=spend / (extra - z * sd) if known else math.nan,
    )


def other_control_share(planned: Sequence[Planned], control_share: float) -> ControlShare:
    """Say what keeping back `control_share` of contacted and controls together would tell and cost."""
    moved = [_with_share(p, control_share) for p in planned]
    extra, sd = sum(p.incremental for p in moved), math.sqrt(_variance(moved))
    return ControlShare(
        control_share=control_share,
        chance=_chance(extra, sd),
        times_needed=_times_needed(extra, sd),
        forgone=sum(p.incremental for p in planned) - extra,
    )


def control_share_needed(planned: Sequence[Planned]) -> float:
    """Give the smallest share of control that finds the expected uplift 8 times in 10; NaN where not even a half would."""

    def is_enough(share: float) -> bool:
        return other_control_share(planned, share).times_needed <= 1

    share = smallest(is_enough, _MOST_CONTROL)
    return share if math.isfinite(share) else math.nan


def _with_share(planned: Planned, share: float) -> Planned:
    all_leads = planned.contacts + planned.controls
    scale = (1 - share) * all_leads / planned.contacts
    return Planned(
        channel=planned.channel,
        contacts=planned.contacts * scale,
        controls=share * all_leads,
        booked=planned.booked * scale,
        incremental=planned.incremental * scale,
        spend=planned.spend * scale,
    )


def _variance(planned: Sequence[Planned]) -> float:
    """Variance of the extra bookings; infinite without controls. Channels without any are read with the others' controls."""
    n = np.array([p.contacts for p in planned], dtype=float)
    n0 = np.array([p.controls for p in planned], dtype=float)
    p1, p0 = np.array([p.p_booked for p in planned]), np.array([p.p_control for p in planned])
    if not n0.sum() > 0:
        return math.inf
    is_read = n0 > 0
    # The weight of each control grows by the contacts that have none of their own.
    n_read = n[is_read] * n.sum() / n[is_read].sum()
    of_contacts = (n * p1 * (1 - p1)).sum()
    return float(of_contacts + (n_read**2 / n0[is_read] * p0[is_read] * (1 - p0[is_read])).sum())


def _chance(extra: float, sd: float) -> float:
    """Chance that the interval lies above 0; never where there is nothing to compare with."""
    if math.isinf(sd):
        return 0.0
    return float(norm.sf(_z() - extra / sd)) if sd > 0 else math.nan


def _times_needed(extra: float, sd: float) -> float:
    if not (extra > 0 and math.isfinite(sd)):
        return math.nan
    return ((_z() + float(norm.ppf(POWER))) * sd / extra) ** 2


def _z() -> float:
    return float(norm.ppf(1 - SIGNIFICANCE / 2))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan
