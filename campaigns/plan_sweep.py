"""The contacts of a plan that was written, priced anew along the cut-off of approval."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Channel, Correction
from acquire.prefilter.approval import ApprovalModel, read_scores
from acquire.prefilter.approval_sweep import Contacts, CutOffStep, cut_offs_around, sweep
from acquire.value.economics import contact_costs
from campaigns.plan_terms import PlanTerms

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSweep:
    """What the plan's contacts would bring at each cut-off.

    Attributes:
        currency: Of spend and CAC.
        field: The score.
        was, planned, tested: Cut-off in history, in the plan and in the policy on trial.
        n_contacts: Contacts of the plan.
        n_refused: Contacts that the rules on trial would refuse; left out of the steps.
        n_absent: Contacts that the table does not hold; left out too.
        steps: By cut-off, rising.
    """

    currency: str
    field: str
    was: float
    planned: float
    tested: float
    n_contacts: int
    n_refused: int
    n_absent: int
    steps: tuple[CutOffStep, ...]


def sweep_plan(
    terms: PlanTerms,
    headline: Mapping[str, Any],
    decisions: pd.DataFrame,
    table: pd.DataFrame,
    through: Flags,
    tested: float,
) -> PlanSweep | None:
    """Price the plan's contacts along the cut-off; None where the table holds none of them.

    Args:
        terms: Of the plan; with an approval model.
        headline: Of plan.json.
        decisions: decisions.parquet.
        table: Leads, with the field of the score.
        through: Rows that the rules on trial let through, shape (n,).
        tested: Cut-off on trial.
    """
    model = terms.approval
    assert model is not None  # noqa: S101 - the caller asked
    contacted = decisions[decisions["decision"] == "contact"].reset_index(drop=True)
    row = _rows_of(contacted["lead_id"], table) if "lead_id" in table else np.array([], dtype=np.int64)
    there = np.flatnonzero(row >= 0)
    if not len(there):
        return None
    kept = there[through[row[there]]]
    if "amount" in table:
        table = table.assign(amount=table["amount"].fillna(table["amount"].mean()))
    contacts = _contacts(terms, model, headline, contacted, kept, table.iloc[row[kept]].reset_index(drop=True))
    stated = model.approval
    cut_offs = cut_offs_around(model, contacts.score, stated.was, stated.cut_off, tested)
    return PlanSweep(
        currency=terms.currency,
        field=stated.field,
        was=stated.was,
        planned=stated.cut_off,
        tested=tested,
        n_contacts=len(contacted),
        n_refused=len(there) - len(kept),
        n_absent=len(contacted) - len(there),
        steps=sweep(model, contacts, cut_offs),
    )


def _rows_of(lead_id: pd.Series, table: pd.DataFrame) -> Ints:
    """Row of the table of every lead, -1 where it is not there; an id on several rows is nobody's, as in a plan."""
    rows = pd.Series(np.arange(len(table)), index=pd.Index(table["lead_id"]))
    rows = rows[~rows.index.duplicated(keep=False)]
    found: Ints = rows.reindex(lead_id).fillna(-1).to_numpy(np.int64)
    return found


def _contacts(
    terms: PlanTerms,
    model: ApprovalModel,
    headline: Mapping[str, Any],
    contacted: pd.DataFrame,
    kept: Ints,
    leads: pd.DataFrame,
) -> Contacts:
    """The contacts at positions `kept` of `contacted`; `leads` are their rows of the table."""
    names = tuple(offer.offer for offer in terms.offers)
    offer = pd.Categorical(contacted["offer"], categories=list(names)).codes.astype(np.int64)
    p_booked, p_bad, spend = (_of_offer(contacted, f"{what}_", names, offer) for what in ("p_booked", "p_bad", "spend"))
    p_control = contacted[f"p_booked_{CONTROL}"].to_numpy(np.float64)
    leads = leads.assign(channel=contacted["channel"].to_numpy()[kept])
    row, arm = np.arange(len(kept)), offer[kept]
    costs = contact_costs(leads, _event_free(terms), terms.offers, pd.DataFrame(), np.ones((len(kept), len(names))))
    rates = {name: model.rate(name, leads["channel"], (*names, CONTROL)) for name in model.COLUMNS}
    correction = _correction(headline, p_booked, p_control, p_bad)
    of_bookings = costs.per_booking[row, arm] * p_booked[kept]
    promised_spend = headline["spend"]["expected"] * float(spend[kept].sum()) / max(float(spend.sum()), 1e-12)
    return Contacts(
        score=read_scores(leads, model.approval),
        p_booked=p_booked[kept],
        p_control=p_control[kept],
        p_bad=p_bad[kept],
        typical=rates["typical"][row, arm],
        typical_control=rates["typical"][:, -1],
        drawn=rates["drawn"][row, arm],
        spend=spend[kept],
        per_booking=costs.per_booking[row, arm],
        per_approval=costs.fixed[row, arm],
        correction=replace(correction, per_booking=_per_booking(promised_spend, spend[kept], of_bookings, correction)),
    )


def _per_booking(promised: float, spend: Floats, of_bookings: Floats, correction: Correction) -> float:
    """What a booking costs over its price, so that under the cut-off in force the plan's own spend comes out."""
    expected = float(of_bookings.sum()) * correction.booked
    return (promised - float((spend - of_bookings).sum())) / expected if expected > 0 else 1.0


def _of_offer(contacted: pd.DataFrame, prefix: str, names: tuple[str, ...], offer: Ints) -> Floats:
    """The column `prefix` + own offer of every contact, shape (n,)."""
    values: Floats = contacted[[prefix + name for name in names]].to_numpy(np.float64)
    return values[np.arange(len(offer)), offer]


def _event_free(terms: PlanTerms) -> tuple[Channel, ...]:
    """The channels with nothing to pay before an approval: what is left per contact is the price of an approval."""
    return tuple(
        replace(channel, cost_per_contact=0.0, cost_per_click=0.0, cost_per_applied=0.0) for channel in terms.channels
    )


def _correction(headline: Mapping[str, Any], p_booked: Floats, p_control: Floats, p_bad: Floats) -> Correction:
    """What the plan promised over what its scores add up to."""
    promised = {name: headline[name]["expected"] for name in ("booked", "incremental", "bad_rate")}
    booked, extra, bad = p_booked.sum(), (p_booked - p_control).sum(), p_booked @ p_bad
    said_bad = (promised["bad_rate"] or 0.0) * promised["booked"]
    return Correction(
        booked=promised["booked"] / booked if booked > 0 else 1.0,
        incremental=promised["incremental"] / extra if extra > 0 else 1.0,
        bad=said_bad / bad if bad > 0 else 1.0,
    )
