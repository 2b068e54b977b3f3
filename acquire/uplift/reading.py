"""Read an experiment: what contacts added over what the lot kept back, and what each extra booking cost.

    Trial -> read_trial -> Reading      all, by channel and, where the lot chose among offers, by offer

Every line is the intent-to-treat difference with its interval. A line is "known" where the interval lies on one side of 0; only
then it has a cost per extra booking.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from acquire.domain import Estimate
from acquire.errors import BadInput
from acquire.uplift.cuped import fit_slopes
from acquire.uplift.fieller import ratio_interval
from acquire.uplift.holdout_bads import BadReading, read_bads
from acquire.uplift.intent_to_treat import Added, cells, measure_added, row_weights
from acquire.uplift.sample_ratio import ALL
from acquire.uplift.trial import Floats, Trial

CHANNEL, OFFER = "channel", "offer"
SIGNIFICANCE = 0.1
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReading:
    """What one group of contacts added.

    Attributes:
        what, name: "all" and "all", "channel" and its name, or "offer" and its name.
        contacts, controls, booked, control_booked: Rows, and bookings among them.
        plain: Difference of booked shares, contacted minus controls, weighted as the contacted are spread over channels.
        difference: The same with what was known beforehand taken off: the figure to go by.
        extra: Extra bookings = difference x contacts.
        variance_saved: Share of the variance that was taken off.
        spend: Money spent on the contacted; NaN where not known.
        incremental_cac: Spend per extra booking; NaN while the interval of `extra` touches 0 or lies below it.
        times_more: How many times as many leads would show an effect of this size 8 times in 10; NaN where known or not above 0.
        bad: What went bad among the bookings; None where nobody wrote it down.
    """

    what: str
    name: str
    contacts: int
    controls: int
    booked: float
    control_booked: float
    plain: Estimate
    difference: Estimate
    extra: Estimate
    variance_saved: float
    spend: float
    incremental_cac: Estimate
    times_more: float
    bad: BadReading | None = None

    @property
    def is_known(self) -> bool:
        """Whether the interval of the difference lies on one side of 0."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All lines; the first is over everything.

    Attributes:
        slopes: What each thing known beforehand explains, bookings per unit, shape (k,).
        z: Half-width of the intervals in standard deviations.
    """

    lines: tuple[LineReading, ...]
    slopes: tuple[float, ...]
    z: float

    @property
    def total(self) -> LineReading:
        """The line over everything."""
        return self.lines[0]


def read_trial(trial: Trial, *, offers_by_lot: bool, n_looks: int = 1) -> Reading:
    """Read an experiment.

    Args:
        trial: Leads with a known outcome.
        offers_by_lot: The lot chose among offers too, as in a pilot: then each offer is read against the controls. Where a model
            chose the offers, controls are no match for the leads of one offer.
        n_looks: How often the experiment is read in all. Each look may be wrong, so the 10 % are shared out over them
            (Bonferroni), and intervals are wider.

    Raises:
        BadInput: There are no contacts or no controls, or fewer than one look.
    """
    if n_looks < 1:
        raise BadInput(f"the experiment is read {n_looks} times; give at least 1")
    if not (trial.arm == 0).any() or not (trial.arm > 0).any():
        missing = "contacts" if (trial.arm == 0).any() else "controls"
        raise BadInput(f"no {missing} have an outcome; without them there is nothing to compare")
    z = float(norm.ppf(1 - SIGNIFICANCE / 2 / n_looks))
    slopes = fit_slopes(trial, row_weights(trial), cells(trial))
    lines = [_read(ALL, ALL, trial, slopes, z)]
    lines += [
        _read(CHANNEL, name, trial.of(trial.channel == number), slopes, z)
        for number, name in enumerate(trial.channels)
        if (trial.channel == number).any()
    ]
    if offers_by_lot:
        lines += [
            _read(OFFER, name, _of_offer(trial, number), slopes, z) for number, name in enumerate(trial.offers, start=1)
        ]
    return Reading(lines=tuple(lines), slopes=tuple(slopes.tolist()), z=z)


def _of_offer(trial: Trial, number: int) -> Trial:
    """The rows of one offer and the controls of its channels."""
    has_offer = np.isin(trial.channel, trial.channel[trial.arm == number])
    return trial.of((trial.arm == number) | ((trial.arm == 0) & has_offer))


def _read(what: str, name: str, trial: Trial, slopes: Floats, z: float) -> LineReading:
    added = measure_added(trial, slopes)
    difference = _per_contact(added.extra, added.variance, added.contacts, z)
    return LineReading(
        what=what,
        name=name,
        contacts=added.contacts,
        controls=added.controls,
        booked=added.booked,
        control_booked=added.control_booked,
        plain=_per_contact(added.plain, added.plain_variance, added.contacts, z),
        difference=difference,
        extra=_per_contact(added.extra, added.variance, 1, z),
        variance_saved=added.variance_saved,
        spend=added.spend,
        incremental_cac=ratio_interval(
            added.spend,
            added.extra,
            above_variance=added.spend_variance,
            below_variance=added.variance,
            covariance=added.covariance,
            z=z,
        ),
        times_more=_times_more(added, z),
        bad=read_bads(trial, slopes, z),
    )


def _per_contact(extra: float, variance: float, contacts: int, z: float) -> Estimate:
    if contacts == 0 or math.isnan(extra):
        return Estimate(expected=math.nan)
    half = z * math.sqrt(variance)
    return Estimate(expected=extra / contacts, low=(extra - half) / contacts, high=(extra + half) / contacts)


def _times_more(added: Added, z: float) -> float:
    """Leads over leads so far, at which an effect of the size seen is found with the chance POWER."""
    if not added.extra > 0 or added.extra > z * math.sqrt(added.variance):
        return math.nan
    return ((z + float(norm.ppf(POWER))) ** 2) * added.variance / added.extra**2
