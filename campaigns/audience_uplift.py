"""What contact changes, for the leads of an audience and for the rows of history that judge it."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Offer
from acquire.errors import BadInput
from acquire.ingest.tables import Tables
from acquire.prefilter.screen import screen
from acquire.statistics.aipw import aipw_scores
from acquire.statistics.bootstrap import bootstrap_mean
from acquire.uplift.audience_value import top
from acquire.uplift.effects import Effects
from campaigns.fitting import Given, prepare
from campaigns.plan_file import PlanFile
from campaigns.scoring import fit_uplift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_OFFER = -1
_TOP_SHARE = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOffers:
    """Each person's best offer among those that may be used.

    Attributes:
        offer: Its number; NO_OFFER where there is none that may be used and whose effect history can tell, shape (n,).
        uplift: What it changes; NaN where there is none, shape (n,).
    """

    offer: Ints
    uplift: Floats

    @property
    def known(self) -> Flags:
        """Who has one, shape (n,)."""
        return np.asarray(self.offer != NO_OFFER)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUplift:
    """What the history of a plan says about its offers.

    Attributes:
        offers: Names of the offers without control.
        leads: Leads of the audience's table that the plan's rules let through: `lead_id`.
        of_leads: Their best offers.
        history: Rows of history that have a best offer, with their features.
        of_history: Their best offers, by models that did not see the row.
        effect_scores: AIPW score of booking under that offer minus under control, shape (n,).
        evidence: Offers of which history shows that leads differ in how they react; the others have average effects.
        how: How offers came about.
    """

    offers: tuple[str, ...]
    leads: pd.DataFrame
    of_leads: BestOffers
    history: pd.DataFrame
    of_history: BestOffers
    effect_scores: Floats
    evidence: tuple[str, ...]
    how: str


def learn_uplift(plan: PlanFile, leads: Path, *, now: datetime) -> PlanUplift:
    """Fit the effects of the plan's offers on its history and score the leads.

    Args:
        plan: Says where history, channels and offers are.
        leads: Takes the place of the plan's own leads.
        now: The present instant, UTC.

    Raises:
        BadInput: A table is wrong.
    """
    here = dataclasses.replace(plan, sources=dataclasses.replace(plan.sources, leads=leads))
    given = prepare(here, now.astimezone(plan.time_zone).date())
    tables = given.tables
    effects = fit_uplift(tables, plan.seed, plan.uplift)
    scores = _effect_scores(effects, tables.history)
    keep = _evidence(effects.uplift, scores, np.random.default_rng(plan.seed + 4))
    effects = effects.averaged(keep)
    through = tables.leads.loc[_let_through(given)].reset_index(drop=True)
    of_history = _best(effects.uplift, effects.assignment.covered & _usable(tables.history, tables.offers))
    judged = of_history.known
    return PlanUplift(
        offers=effects.assignment.offers,
        leads=through[["lead_id"]],
        of_leads=_best_of_leads(effects, through, tables),
        history=tables.history.loc[judged].reset_index(drop=True),
        of_history=BestOffers(offer=of_history.offer[judged], uplift=of_history.uplift[judged]),
        effect_scores=scores[np.flatnonzero(judged), of_history.offer[judged]],
        evidence=tuple(name for name, kept in zip(effects.assignment.offers, keep, strict=True) if kept),
        how=effects.assignment.how,
    )


def _effect_scores(effects: Effects, history: pd.DataFrame) -> Floats:
    """AIPW scores of booking under each offer minus under control, shape (n, J)."""
    expected = np.column_stack([effects.p_control, effects.p_control[:, None] + effects.uplift])
    booked = history["booked"].to_numpy(np.float64)
    scores = aipw_scores(booked, effects.assignment.arm, effects.assignment.own_propensity, expected)
    return scores[:, 1:] - scores[:, :1]


def _evidence(uplift: Floats, effect_scores: Floats, rng: np.random.Generator) -> tuple[bool, ...]:
    """Whether the third with the highest uplift gains more than others do, beyond the 90 % interval, per offer."""
    gains = [(top(uplift[:, j], _TOP_SHARE) - 1) * effect_scores[:, j] for j in range(uplift.shape[1])]
    return tuple(bool(np.ptp(uplift[:, j]) > 0 and bootstrap_mean(gain, rng).low > 0) for j, gain in enumerate(gains))


def _let_through(given: Given) -> Flags:
    plan = given.plan_file
    screened = screen(
        given.tables.leads,
        policy=given.policy,
        refuse_regions=plan.limits.refuse_regions,
        assume_consent=plan.assume_consent,
        on=given.today,
    )
    return (screened["decision"] == "pass").to_numpy(dtype=np.bool_)


def _best_of_leads(effects: Effects, leads: pd.DataFrame, tables: Tables) -> BestOffers:
    if not len(leads):
        raise BadInput("the rules of the plan let no lead through; ease them, or look at acquire policy test")
    _, uplift = effects.score(leads)
    return _best(uplift, effects.assignment.covers(effects.encoder.matrix(leads)) & _usable(leads, tables.offers))


def _usable(people: pd.DataFrame, offers: tuple[Offer, ...]) -> Flags:
    """Which offers may be used in each one's channel, shape (n, J)."""
    columns = [
        people["channel"].isin(list(offer.channels)) if offer.channels else pd.Series(True, index=people.index)
        for offer in offers
    ]
    return np.column_stack([column.to_numpy(dtype=np.bool_) for column in columns])


def _best(uplift: Floats, usable: Flags) -> BestOffers:
    masked = np.where(usable, uplift, -np.inf)
    offer, known = masked.argmax(axis=1), usable.any(axis=1)
    best = masked[np.arange(len(masked)), offer]
    return BestOffers(offer=np.where(known, offer, NO_OFFER), uplift=np.where(known, best, np.nan))
