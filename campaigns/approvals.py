"""The lender's cut-off in a plan: fitted before anything slow, applied to chances to book, and what to warn of."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Policy
from acquire.errors import BadInput
from acquire.ingest.tables import Tables
from acquire.prefilter.approval import ApprovalModel, fit_approval, read_scores
from acquire.prefilter.approval_evidence import judge_approval
from acquire.uplift.effects import keep_chances

Floats = NDArray[np.float64]


def fit_stated_approval(policy: Policy | None, tables: Tables, protected: frozenset[str]) -> ApprovalModel | None:
    """Fit the noise of the policy's cut-off; None where the policy states none.

    Raises:
        BadInput: The field is protected, or history or leads cannot be read by it; asked before anything is fitted.
    """
    if policy is None or policy.approval is None:
        return None
    if policy.approval.field in protected:
        raise BadInput(
            f"{policy.approval.named} reads {policy.approval.field}, which is protected; approve by another field"
        )
    read_scores(tables.leads, policy.approval)
    return fit_approval(tables.history, policy.approval)


def under_todays_cut_off(
    approval: ApprovalModel, leads: pd.DataFrame, offers: tuple[str, ...], p_control: Floats, uplift: Floats
) -> tuple[Floats, Floats]:
    """Chances without the campaign, shape (n,), and uplifts, shape (n, n_offers), once the cut-off has moved."""
    if not approval.approval.moved:
        return p_control, uplift
    was = np.column_stack([p_control, p_control[:, None] + uplift])
    booked = approval.reprice(leads, (CONTROL, *offers), was)
    return keep_chances(booked[:, 0], booked[:, 1:] - booked[:, :1])


def approval_notes(approval: ApprovalModel | None, history: pd.DataFrame) -> tuple[str, ...]:
    """What a reader of the plan should know of the cut-off, a sentence each."""
    if approval is None:
        return ()
    stated, note = approval.approval, judge_approval(approval, history).note()
    moved = (
        f"[approval]: the cut-off of {stated.field} moves from {stated.was:g} to {stated.cut_off:g}: the plan's bookings are "
        "priced under the new one; what held-out history shows is under the old one"
    )
    return (*((moved,) if stated.moved else ()), *((note,) if note else ()))
