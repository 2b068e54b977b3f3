"""A plan's contacts along the cut-off, by figures that a pencil can check."""

import math

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Correction
from acquire.policy import Approval
from acquire.prefilter.approval import ApprovalModel
from acquire.prefilter.approval_sweep import Contacts, cut_offs_around, sweep

# Nobody differs between lead and application: who is at or above the cut-off is approved.
SHARP = ApprovalModel(
    approval=Approval(field="score", cut_off=600, was=600), scale=0.0, rates=pd.DataFrame({"typical": [], "drawn": []})
)


def contacts(score: list[float], correction: Correction | None = None) -> Contacts:
    """If approved each books .2, or .1 without the offer; half of the approved draw. Contact 1, approval 3, booking 10."""
    n = len(score)
    approved = np.array(score) >= 600
    p_booked = np.where(approved, 0.2, 0.0)
    return Contacts(
        score=np.array(score, dtype=float),
        p_booked=p_booked,
        p_control=p_booked / 2,
        p_bad=np.where(np.array(score) >= 650, 0.05, 0.25),
        typical=np.full(n, 0.2),
        typical_control=np.full(n, 0.1),
        drawn=np.full(n, 0.5),
        spend=1 + 3 * p_booked / 0.5 + 10 * p_booked,
        per_booking=np.full(n, 10.0),
        per_approval=np.full(n, 3.0),
        correction=correction or Correction(),
    )


def test_at_the_plans_own_cut_off_the_figures_are_the_plans() -> None:
    [step] = sweep(SHARP, contacts([620, 660, 580]), [600])
    assert (step.approvals, step.booked, step.incremental) == pytest.approx((0.8, 0.4, 0.2))
    assert step.spend == pytest.approx(3 + 0.8 * 3 + 0.4 * 10)
    assert step.bad_rate == pytest.approx((0.05 + 0.25) / 2)
    assert (step.cac, step.incremental_cac) == pytest.approx((9.4 / 0.4, 9.4 / 0.2))


def test_a_higher_cut_off_loses_the_weaker_and_a_lower_one_wins_them_back() -> None:
    low, plan, high = sweep(SHARP, contacts([620, 660, 580]), [550, 600, 650])
    assert [step.approvals for step in (low, plan, high)] == pytest.approx([1.2, 0.8, 0.4])
    assert [step.booked for step in (low, plan, high)] == pytest.approx([0.6, 0.4, 0.2])
    assert high.bad_rate == pytest.approx(0.05)
    assert high.spend == pytest.approx(3 + 0.4 * 3 + 0.2 * 10)
    assert low.spend == pytest.approx(3 + 1.2 * 3 + 0.6 * 10)


def test_where_nobody_is_approved_the_ratios_are_undefined() -> None:
    [step] = sweep(SHARP, contacts([620]), [900])
    assert step.booked == 0
    assert math.isnan(step.cac)
    assert math.isnan(step.incremental_cac)
    assert math.isnan(step.bad_rate)


def test_the_totals_are_corrected_as_the_plans_are() -> None:
    [step] = sweep(SHARP, contacts([620, 660], Correction(booked=0.9, incremental=0.8, bad=0.99)), [600])
    assert step.booked == pytest.approx(0.9 * 0.4)
    assert step.incremental == pytest.approx(0.8 * 0.2)
    assert step.bad_rate == pytest.approx(0.15 * 0.99 / 0.9)
    assert step.spend == pytest.approx(2 + 0.8 * 3 + 0.9 * 0.4 * 10)


def test_the_steps_are_round_and_hold_the_cut_offs_that_matter() -> None:
    noisy = ApprovalModel(approval=SHARP.approval, scale=19.3, rates=SHARP.rates)
    steps = cut_offs_around(noisy, np.array([500.0, 700.0]), 600, 613)
    assert steps == (*range(530, 611, 10), 613, *range(620, 671, 10))
    assert cut_offs_around(SHARP, np.array([500.0, 700.0]))[:2] == (530, 540)
    assert len(cut_offs_around(SHARP, np.array([600.0]))) == 15
