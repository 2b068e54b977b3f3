"""History as a judge: rows with scores by models that did not see them, and doubly robust scores of what really happened."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.scored import Scored
from acquire.statistics.aipw import aipw_scores
from acquire.uplift.propensity import Assignment
from acquire.value.promise import booking_scores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """History rows under every arm (0 = control, j = offer j - 1).

    Attributes:
        history: The History frame.
        scored: Out-of-fold scores.
        eligible: Rows that today's policy rules would let through, shape (n,): only those can stand for the plan's leads.
        assignment: Who got what, and with which chance.
        label, label_weight: What stands for each booking's bad label, NaN where nothing is known, and how much of a final label
            it is worth, each shape (n,).
        booked, bad, revenue: AIPW scores per lead, shape (n, n_arms); `bad` and `revenue` are NaN where history has none.
    """

    history: pd.DataFrame
    scored: Scored
    eligible: Flags
    assignment: Assignment
    label: Floats
    label_weight: Floats
    booked: Floats
    bad: Floats
    revenue: Floats

    @property
    def spend(self) -> Floats:
        """Scores of spend, shape (n, n_arms): nothing under control."""
        scored = self.scored
        spent = scored.fixed_cost + self.booked[:, 1:] * scored.cost_per_booking
        return np.column_stack([np.zeros(len(spent)), spent])

    @property
    def value(self) -> Floats:
        """Scores of value beyond control, shape (n, n_arms), in money; what channels charge once they are used is not in it."""
        return self.revenue - self.revenue[:, :1] - self.spend

    def predicted(self, row: Ints, arm: Ints) -> Floats:
        """Predicted booked, incremental and bad of the given rows under the given offers, shape (len(row), 3)."""
        booked = self.scored.p_booked[row, arm - 1]
        bad = np.nan_to_num(self.scored.p_bad[row, arm - 1])
        return np.column_stack([booked, booked - self.scored.p_control[row], booked * bad])

    def observed(self, row: Ints, arm: Ints) -> Floats:
        """Doubly robust scores of the same three figures, shape (len(row), 3).

        Of booked and incremental: AIPW. Of bad: the AIPW score of booked times p_bad, plus how much worse than p_bad the bookings
        of these rows turned out. Bad labels are few, so every booking of these rows tells, whatever offer brought it, weighted by
        the chance to book under the offer at hand over the chance to book in history: offers shift p_bad as the risk model says,
        its lean included.
        """
        booked = self.booked[row, arm]
        p_booked = np.column_stack([self.scored.p_control, self.scored.p_booked])[row]
        in_history = (self.assignment.propensity[row] * p_booked).sum(axis=1)
        as_many = p_booked[np.arange(len(row)), arm] / in_history
        bad = booked * self.scored.expected_bad[row, arm - 1] + as_many * self._surprise()[row]
        return np.column_stack([booked, booked - self.booked[row, 0], np.nan_to_num(bad)])

    def _surprise(self) -> Floats:
        """Label minus p_bad of each booking, weighted, and scaled up for what is not known yet; 0 for other rows, shape (n,)."""
        p_bad = np.column_stack([self.scored.p_bad_control, self.scored.p_bad])[
            np.arange(len(self.label)), self.assignment.arm
        ]
        surprise: Floats = np.where(self.label_weight > 0, self.label_weight * (self.label - p_bad), 0.0)
        surprise *= (self.history["booked"] == 1).sum() / max(float(self.label_weight.sum()), 1.0)
        return surprise


def judge(
    history: pd.DataFrame,
    scored: Scored,
    eligible: Flags,
    assignment: Assignment,
    labels: tuple[Floats, Floats],
) -> HeldOut:
    """Build the judge from history, its out-of-fold scores, who of it would be let through today, and its bad labels."""
    booked = history["booked"].to_numpy(np.float64)
    p_booked = np.column_stack([scored.p_control, scored.p_booked])
    arm, propensity = assignment.arm, assignment.own_propensity
    p_bad = np.column_stack([scored.p_bad_control, scored.p_bad])
    unknown = np.full(p_booked.shape, np.nan)
    revenue = unknown
    expected = np.column_stack([scored.revenue_control, scored.revenue])
    if "revenue" in history and not np.isnan(expected).all():
        brought = history["revenue"].to_numpy(np.float64)
        known = (booked == 1) & ~np.isnan(brought)
        revenue = booking_scores(booked, arm, propensity, p_booked, brought, known.astype(np.float64), expected)
    label, weight = labels
    return HeldOut(
        history=history,
        scored=scored,
        eligible=eligible,
        assignment=assignment,
        label=label,
        label_weight=weight,
        booked=aipw_scores(booked, arm, propensity, p_booked),
        bad=booking_scores(booked, arm, propensity, p_booked, label, weight, p_bad) if weight.any() else unknown,
        revenue=revenue,
    )
