"""From tables to scores: the models of one plan, applied to the leads, and to history by models that did not see the row."""

import dataclasses
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Channel, Offer, RiskTerms, UpliftTerms
from acquire.ingest.tables import Tables
from acquire.prefilter.approval import ApprovalModel
from acquire.prefilter.comparison import Comparison
from acquire.prefilter.ranking import RankingKind
from acquire.prefilter.risk_fit import fit_risk_model
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.scorecard import ScorecardSettings
from acquire.scored import Scored
from acquire.uplift.effects import Effects, fit_effects
from acquire.uplift.learners import LearnerSettings
from acquire.uplift.served import ServedEffects
from acquire.uplift.terms import find_dose
from acquire.value.economics import contact_costs, event_chances, fit_event_rates
from acquire.value.revenue import RevenueModel, fit_revenue
from campaigns.approvals import under_todays_cut_off

Floats = NDArray[np.float64]

_FEWEST_FOR_FULL_LEAVES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadModels:
    """What scores leads, and can be shipped; see `Models`."""

    effects: Effects | ServedEffects
    risk: RiskModel | None
    revenue: RevenueModel | None
    event_rates: pd.DataFrame
    approval: ApprovalModel | None
    usual_amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Everything that was learnt from history.

    Attributes:
        effects: What each offer changes.
        risk: Chance to go bad; None where history has no bad label.
        revenue: What a booking brings; None where history has no revenue.
        event_rates: Clicks, applications and approvals per contact.
        approval: The cut-off of approval; None where the policy states none.
        comparison: Scorecard and challenger side by side; None where too few bookings have a known label.
        served: What leads are scored with; None = the fitted effects themselves.
        usual_amount: Money booked on average, for leads whose amount is missing; NaN = the mean of the leads at hand.
    """

    effects: Effects
    risk: RiskModel | None
    revenue: RevenueModel | None
    event_rates: pd.DataFrame
    approval: ApprovalModel | None = None
    comparison: Comparison | None = None
    served: ServedEffects | None = None
    usual_amount: float = float("nan")

    @property
    def for_leads(self) -> "LeadModels":
        """The part of them that scores leads."""
        return LeadModels(
            effects=self.effects if self.served is None else self.served,
            risk=self.risk,
            revenue=self.revenue,
            event_rates=self.event_rates,
            approval=self.approval,
            usual_amount=self.usual_amount,
        )

    def averaged(self, keep: tuple[bool, ...]) -> "Models":
        """Give the models in which offers that are not kept have their channel's average effect for every lead."""
        return dataclasses.replace(self, effects=self.effects.averaged(keep))


def fit_uplift(tables: Tables, seed: int, terms: UpliftTerms | None = None) -> Effects:
    """Fit the effects of all offers by the learner that is asked for, with leaves as small as the rows allow."""
    n, terms = len(tables.history), terms or UpliftTerms()
    leaves = max(20, min(200, 200 * n // _FEWEST_FOR_FULL_LEAVES))
    return fit_effects(
        tables.history,
        tables.features,
        tuple(o.offer for o in tables.offers),
        settings=LearnerSettings(name=terms.learner, min_rows_per_leaf=leaves),
        seed=seed,
        direction=terms.direction,
        dose=find_dose(terms, tables.offers),
    )


def fit_risk(
    tables: Tables, terms: RiskTerms, seed: int, today: date, champion: RankingKind = "scorecard"
) -> RiskModel | None:
    """Fit the chance to go bad on bookings, for the leads of today; None where history has no bad label."""
    if not tables.has_bad:
        return None
    return fit_risk_model(
        tables.history[_is_booked(tables.history)],
        tables.features,
        rng=np.random.default_rng(seed),
        leads=tables.leads,
        on=today,
        maturity_days=terms.maturity_days,
        settings=ScorecardSettings.of(terms),
        champion=champion,
    )


def fit_money(tables: Tables, seed: int) -> tuple[RevenueModel | None, pd.DataFrame]:
    """Learn what bookings bring, and how often a contact leads to an event that is charged."""
    return fit_revenue(tables.history, tables.features, seed), fit_event_rates(tables.history)


def score_leads(models: Models, leads: pd.DataFrame, tables: Tables) -> Scored:
    """Score the leads; `tables` names the channels and offers."""
    return score_rows(models.for_leads, leads, tables.channels, tables.offers)


def score_rows(
    models: LeadModels, leads: pd.DataFrame, channels: tuple[Channel, ...], offers: tuple[Offer, ...]
) -> Scored:
    """Score leads, each by its own row alone: some of them at a time give what all of them together give."""
    p_control, uplift = models.effects.score(leads)
    if models.approval is not None:
        names = tuple(offer.offer for offer in offers)
        p_control, uplift = under_todays_cut_off(models.approval, leads, names, p_control, uplift)
    scored = _scored(models, leads, channels, offers, p_control, uplift, usual_amount=models.usual_amount)
    return dataclasses.replace(scored, overlaps=_overlaps(models.effects, leads))


def score_held_out(models: Models, tables: Tables) -> Scored:
    """Score history's rows, each by models that did not see it, under the cut-off that was in force.

    The scorecard was fitted on bookings only, so all other rows are unseen by it; bookings get their out-of-fold chances.
    """
    scored = _scored(
        models, tables.history, tables.channels, tables.offers, models.effects.p_control, models.effects.uplift
    )
    if models.risk is not None and models.risk.fitted is not None:
        rows = np.flatnonzero(_is_booked(tables.history))
        seen = models.risk.p_bad(tables.history.iloc[rows])
        unseen = (models.risk.fitted.p_bad / seen)[:, None]
        scored.p_bad[rows] = np.clip(scored.p_bad[rows] * unseen, 1e-6, 1 - 1e-6)
        scored.p_bad_control[rows] = np.clip(scored.p_bad_control[rows] * unseen[:, 0], 1e-6, 1 - 1e-6)
    return dataclasses.replace(scored, overlaps=models.effects.assignment.in_overlap)


def bad_labels(risk: RiskModel | None, history: pd.DataFrame) -> tuple[Floats, Floats]:
    """What stands for the bad label of every history row (NaN where nothing is known), and its weight, each shape (n,)."""
    label, weight = np.full(len(history), np.nan), np.zeros(len(history))
    if risk is not None and risk.fitted is not None:
        booked = _is_booked(history)
        label[booked], weight[booked] = risk.fitted.y, risk.fitted.weight
    return label, weight


def _overlaps(effects: Effects | ServedEffects, leads: pd.DataFrame) -> NDArray[np.bool_] | None:
    """Offers whose effect on each lead history can tell; None where that is so for all."""
    support = effects.support
    return None if support is None else support.covers(effects.encoder.matrix(leads))


def _is_booked(history: pd.DataFrame) -> NDArray[np.bool_]:
    return (history["booked"] == 1).to_numpy(dtype=np.bool_)


def _scored(
    models: Models | LeadModels,
    frame: pd.DataFrame,
    channels: tuple[Channel, ...],
    offers: tuple[Offer, ...],
    p_control: Floats,
    uplift: Floats,
    usual_amount: float = float("nan"),
) -> Scored:
    names = tuple(offer.offer for offer in offers)
    p_booked = p_control[:, None] + uplift
    by_lead = None if models.approval is None else models.approval.p_approved(frame["channel"], names, p_booked)
    costs = contact_costs(frame, channels, offers, models.event_rates, by_lead, usual_amount=usual_amount)
    p_bad, p_bad_control, loadings = _risk(models.risk, frame, names)
    revenue, revenue_control, loss = _revenue(models.revenue, frame, names, p_bad, p_bad_control)
    return Scored(
        offers=names,
        p_control=p_control,
        p_booked=p_booked,
        p_bad=p_bad,
        p_bad_control=p_bad_control,
        bad_loadings=loadings,
        bad_lean=np.zeros(len(names)) if models.risk is None else models.risk.lean(names),
        fixed_cost=costs.fixed,
        cost_per_booking=costs.per_booking,
        revenue=revenue,
        revenue_control=revenue_control,
        loss_given_bad=loss,
        amount=frame["amount"].to_numpy(np.float64) if "amount" in frame else np.full(len(frame), np.nan),
        p_approved=event_chances(frame, "approved", offers, models.event_rates) if by_lead is None else by_lead,
        p_applied=event_chances(frame, "applied", offers, models.event_rates),
    )


def _risk(risk: RiskModel | None, frame: pd.DataFrame, offers: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
    if risk is None:
        shape = (len(frame), len(offers))
        return np.full(shape, np.nan), np.full(len(frame), np.nan), np.zeros((len(offers), len(frame), 1))
    p_bad, loadings = risk.under_offers(frame, (*offers, CONTROL))
    return p_bad[:, :-1], p_bad[:, -1], loadings[:-1]


def _revenue(
    model: RevenueModel | None, frame: pd.DataFrame, offers: tuple[str, ...], p_bad: Floats, p_bad_control: Floats
) -> tuple[Floats, Floats, Floats]:
    if model is None:
        unknown = np.full(len(frame), np.nan)
        return np.full((len(frame), len(offers)), np.nan), unknown, np.zeros(len(frame))
    # Without a bad label good and bad are one model, and any chance gives the same revenue.
    chance = np.nan_to_num(p_bad)
    revenue = np.column_stack([model.predict(frame, offer, chance[:, j]) for j, offer in enumerate(offers)])
    good, bad = model.kinds(frame, CONTROL)
    control = np.nan_to_num(p_bad_control)
    return revenue, (1 - control) * good + control * bad, good - bad
