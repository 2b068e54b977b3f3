"""A market of numbers only: scores that are true, leads to decide on, and a randomised history that judges them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, Correction, Limits, Objective, Offer
from acquire.scored import Scored
from acquire.uplift.propensity import Assignment
from acquire.uplift.randomness import Randomness
from acquire.value.promise import Promise
from campaigns.choice import Choice, Market
from campaigns.held_out import HeldOut, judge

CHANNELS = (
    Channel(channel="feed", partner="Acme", cost_per_contact=1.0, cost_per_booked=10.0),
    Channel(channel="mail", partner="Post", cost_per_contact=2.0),
)
OFFERS = (Offer(offer="coupon"), Offer(offer="rate_cut", channels=frozenset({"feed"})))
OFFER_NAMES = ("coupon", "rate_cut")
ACCOUNTS = Objective(maximise="incremental_accounts")
VALUE = Objective(maximise="incremental_value")


def make_scores(n: int, seed: int = 1) -> Scored:
    """Control books about .1, the coupon adds 0 to .2, the rate cut 0 to .1; about a fifth of the bookings go bad."""
    rng = np.random.default_rng(seed)
    p_control = rng.uniform(0.05, 0.15, n)
    uplift = rng.uniform(0.0, 0.2, (n, 2)) * [1.0, 0.5]
    p_bad = rng.uniform(0.1, 0.3, n)
    return Scored(
        offers=OFFER_NAMES,
        p_control=p_control,
        p_booked=p_control[:, None] + uplift,
        p_bad=np.column_stack([p_bad, p_bad]),
        p_bad_control=p_bad,
        bad_loadings=np.full((2, n, 1), 0.01),
        bad_lean=np.zeros(2),
        fixed_cost=np.full((n, 2), 1.0),
        cost_per_booking=np.full((n, 2), 10.0),
        revenue=np.column_stack([100 - 400 * p_bad + 60, 100 - 400 * p_bad + 60]),
        revenue_control=160 - 400 * p_bad,
        loss_given_bad=np.full(n, 400.0),
        amount=np.full(n, 1_000.0),
        p_approved=np.full((n, 2), 0.5),
    )


def without_label(scored: Scored) -> Scored:
    """The same scores where history has no bad label."""
    return replace(
        scored,
        p_bad=np.full_like(scored.p_bad, np.nan),
        p_bad_control=np.full_like(scored.p_control, np.nan),
        bad_loadings=np.zeros_like(scored.bad_loadings),
        loss_given_bad=np.zeros_like(scored.p_control),
    )


def without_revenue(scored: Scored) -> Scored:
    """The same scores where history has no revenue."""
    unknown = np.full_like(scored.p_control, np.nan)
    return replace(
        scored,
        revenue=np.full_like(scored.revenue, np.nan),
        revenue_control=unknown,
        loss_given_bad=np.zeros_like(scored.p_control),
    )


def make_leads(n: int) -> pd.DataFrame:
    """Leads of the two channels in turn."""
    return pd.DataFrame(
        {"lead_id": [f"L{i:04d}" for i in range(n)], "channel": ["feed", "mail"] * (n // 2) + ["feed"] * (n % 2)}
    )


def make_market(
    n: int = 400,
    *,
    scored: Scored | None = None,
    limits: Limits | None = None,
    objective: Objective = ACCOUNTS,
    leads: pd.DataFrame | None = None,
    eligible: np.ndarray | None = None,
    control_share: float = 0.0,
    seed: int = 7,
) -> Market:
    """The traffic to decide on."""
    return Market(
        leads=make_leads(n) if leads is None else leads,
        scored=make_scores(n) if scored is None else scored,
        eligible=np.ones(n, dtype=bool) if eligible is None else eligible,
        channels=CHANNELS,
        offers=OFFERS,
        limits=Limits() if limits is None else limits,
        objective=objective,
        control_share=control_share,
        seed=seed,
    )


def make_held_out(
    n: int = 3_000, *, scored: Scored | None = None, truth: Scored | None = None, seed: int = 3
) -> HeldOut:
    """A uniformly randomised history that behaves as `truth` says (default: as scored); half of the bads are not known yet."""
    scores = make_scores(n, seed=2) if scored is None else scored
    true = scores if truth is None else truth
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 3, n)
    row = np.arange(n)
    booked = (rng.random(n) < np.column_stack([true.p_control, true.p_booked])[row, arm]).astype(float)
    p_bad = np.column_stack([true.p_bad_control, true.p_bad])[row, arm]
    bad = np.where((booked == 1) & (rng.random(n) < 0.5), (rng.random(n) < p_bad).astype(float), np.nan)
    revenue = booked * np.column_stack([true.revenue_control, true.revenue])[row, arm]
    history = make_leads(n).assign(
        offer=np.array(["control", *OFFER_NAMES])[arm], booked=booked, bad=bad, revenue=revenue
    )
    assignment = Assignment(
        offers=OFFER_NAMES,
        arm=arm,
        propensity=np.full((n, 3), 1 / 3),
        own_propensity=np.full(n, 1 / 3),
        randomness=Randomness(p_value=0.5, uniform=True, strongest="channel"),
        how="uniform",
    )
    return judge(history, scores, np.ones(n, dtype=bool), assignment, (bad, (~np.isnan(bad)).astype(float)))


def make_choice(market: Market, *, draws: np.ndarray | None = None, correction: Correction | None = None) -> Choice:
    """A choice whose promise is known beforehand; without `draws` there is no uncertainty."""
    promise = Promise(
        correction=correction or Correction(),
        draws=np.ones((200, 3)) if draws is None else draws,
        observed=Correction(),
        n_rows=1_000,
    )
    options = market.options(market.eligible, promise.correction)
    allocation = allocate(options, market.limits, market.channels, market.objective, seed=market.seed)
    return Choice(
        options=options,
        allocation=allocation,
        promise=promise,
        controls=np.array([], dtype=np.int64),
        kept_back=np.zeros(len(market.leads), dtype=bool),
    )


def contact_nobody(choice: Choice) -> Choice:
    """The same choice with nobody contacted."""
    nobody: Allocation = replace(choice.allocation, chosen=np.array([], dtype=np.int64), contacts=np.zeros(0))
    return replace(choice, allocation=nobody)
