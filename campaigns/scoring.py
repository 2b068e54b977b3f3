"""From tables to scores: the models of one plan, applied to the leads, and to history by models that did not see the row."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Channel, Offer
from acquire.ingest.tables import Tables
from acquire.prefilter.risk_model import RiskModel, fit_risk_model
from acquire.scored import Scored
from acquire.uplift.effects import Effects, fit_effects
from acquire.uplift.learners import LearnerSettings
from acquire.value.economics import contact_costs, event_chances, fit_event_rates
from acquire.value.revenue import RevenueModel, fit_revenue

Floats = NDArray[np.float64]

_FEWEST_FOR_FULL_LEAVES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Everything that was learnt from history.

    Attributes:
        effects: What each offer changes.
        risk: Chance to go bad; None where history has no bad label.
        revenue: What a booking brings; None where history has no revenue.
        event_rates: Clicks, applications and approvals per contact.
    """

    effects: Effects
    risk: RiskModel | None
    revenue: RevenueModel | None
    event_rates: pd.DataFrame

    def averaged(self, keep: tuple[bool, ...]) -> "Models":
        """Give the models in which offers that are not kept have their average effect for every lead."""
        return dataclasses.replace(self, effects=self.effects.averaged(keep))


def fit_uplift(tables: Tables, seed: int) -> Effects:
    """Fit the effects of all offers, with leaves as small as the rows allow."""
    n = len(tables.history)
    settings = LearnerSettings(min_rows_per_leaf=max(20, min(200, 200 * n // _FEWEST_FOR_FULL_LEAVES)))
    return fit_effects(
        tables.history, tables.features, tuple(o.offer for o in tables.offers), settings=settings, seed=seed
    )


def fit_risk(tables: Tables, seed: int) -> RiskModel | None:
    """Fit the chance to go bad on bookings that have matured; None where history has no bad label."""
    if not tables.has_bad:
        return None
    return fit_risk_model(_matured(tables.history), tables.features, rng=np.random.default_rng(seed))


def fit_money(tables: Tables, seed: int) -> tuple[RevenueModel | None, pd.DataFrame]:
    """Learn what bookings bring, and how often a contact leads to an event that is charged."""
    return fit_revenue(tables.history, tables.features, seed), fit_event_rates(tables.history)


def score_leads(models: Models, leads: pd.DataFrame, tables: Tables) -> Scored:
    """Score the leads; `tables` names the channels and offers."""
    p_control, uplift = models.effects.score(leads)
    return _scored(models, leads, tables.channels, tables.offers, p_control, uplift)


def score_held_out(models: Models, tables: Tables) -> Scored:
    """Score history's rows, each by models that did not see it.

    The scorecard was fitted on matured bookings only, so all other rows are unseen by it; those get out-of-fold chances.
    """
    scored = _scored(
        models, tables.history, tables.channels, tables.offers, models.effects.p_control, models.effects.uplift
    )
    if models.risk is not None and models.risk.quality is not None:
        rows = np.flatnonzero(_is_matured(tables.history))
        seen = models.risk.p_bad(tables.history.iloc[rows])
        unseen = (models.risk.quality.p_bad / seen)[:, None]
        scored.p_bad[rows] = np.clip(scored.p_bad[rows] * unseen, 1e-6, 1 - 1e-6)
        scored.p_bad_control[rows] = np.clip(scored.p_bad_control[rows] * unseen[:, 0], 1e-6, 1 - 1e-6)
    return scored


def _matured(history: pd.DataFrame) -> pd.DataFrame:
    return history[_is_matured(history)]


def _is_matured(history: pd.DataFrame) -> NDArray[np.bool_]:
    return ((history["booked"] == 1) & history["bad"].notna()).to_numpy()


def _scored(
    models: Models,
    frame: pd.DataFrame,
    channels: tuple[Channel, ...],
    offers: tuple[Offer, ...],
    p_control: Floats,
    uplift: Floats,
) -> Scored:
    costs = contact_costs(frame, channels, offers, models.event_rates)
    names = tuple(offer.offer for offer in offers)
    p_bad, p_bad_control, loadings = _risk(models.risk, frame, names)
    revenue, revenue_control, loss = _revenue(models.revenue, frame, names, p_bad, p_bad_control)
    return Scored(
        offers=names,
        p_control=p_control,
        p_booked=p_control[:, None] + uplift,
        p_bad=p_bad,
        p_bad_control=p_bad_control,
        bad_loadings=loadings,
        fixed_cost=costs.fixed,
        cost_per_booking=costs.per_booking,
        revenue=revenue,
        revenue_control=revenue_control,
        loss_given_bad=loss,
        amount=frame["amount"].to_numpy(np.float64) if "amount" in frame else np.full(len(frame), np.nan),
        p_approved=event_chances(frame, "approved", offers, models.event_rates),
    )


def _risk(risk: RiskModel | None, frame: pd.DataFrame, offers: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
    if risk is None:
        shape = (len(frame), len(offers))
        return np.full(shape, np.nan), np.full(len(frame), np.nan), np.zeros((len(offers), len(frame), 1))
    p_bad = np.column_stack([risk.p_bad(frame, offer) for offer in offers])
    return p_bad, risk.p_bad(frame, CONTROL), np.stack([risk.loadings(frame, offer) for offer in offers])


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
