"""The choice: who is contacted with what, within the limits, and what held-out history says the choice will really bring."""

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.allocate.changes import open_options
from acquire.allocate.holdout import keep_back
from acquire.allocate.options import Options
from acquire.allocate.prices import would_contact
from acquire.allocate.solve import Allocation, allocate
from acquire.allocate.table import build_options
from acquire.domain import Channel, Correction, Limits, Objective, Offer
from acquire.errors import Infeasible
from acquire.scored import Scored
from acquire.value.promise import Promise, expected_over_predicted, measure_composition, measure_promise
from campaigns.held_out import HeldOut
from campaigns.reserves import Chances, Lot, draw_lot, log_chances

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Calibrated scores add up well over all rows; what choosing the best of them changes is a few per cent: booked, extra, bad.
_PRIOR_SD = np.array([0.05, 0.07, 0.05])


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The traffic to decide on and the rules of the decision.

    Attributes:
        leads: Leads that may be scored, in the order of `scored`.
        eligible: Those of them that passed the pre-filter, shape (n,).
    """

    leads: pd.DataFrame
    scored: Scored
    eligible: Flags
    channels: tuple[Channel, ...]
    offers: tuple[Offer, ...]
    limits: Limits
    objective: Objective
    control_share: float
    seed: int
    explore_share: float = 0.0

    @property
    def offer_names(self) -> tuple[str, ...]:
        """Names of the offers, without control."""
        return self.scored.offers

    @property
    def is_single(self) -> Flags:
        """Leads that stand for themselves alone, shape (n,): of others, each arrival will have a lot of its own."""
        if "weight" not in self.leads:
            return np.ones(len(self.leads), dtype=np.bool_)
        return (self.leads["weight"] == 1).to_numpy(dtype=np.bool_)

    def options(self, eligible: Flags, correction: Correction) -> Options:
        """List what may be chosen among the `eligible` leads."""
        options = build_options(
            self.leads,
            self.scored,
            self.channels,
            self.offers,
            self.objective,
            eligible=eligible,
            groups=self.limits.groups,
            correction=correction,
        )
        return open_options(options, self.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The plan's choice.

    Attributes:
        options: What could be chosen.
        allocation: What was chosen, and its proof.
        promise: How the totals of what was chosen relate to their predictions; already applied in `options`.
        controls: Rows of the leads kept back as controls: those the plan would have contacted.
        kept_back: Leads that could only become controls, shape (n,).
        chances: Who was contacted by chance, and the chance of everything that could have happened to every lead.
    """

    options: Options
    allocation: Allocation
    promise: Promise
    controls: Ints
    kept_back: Flags
    chances: Chances = field(default_factory=Chances)


def choose(market: Market, held_out: HeldOut) -> Choice:
    """Choose twice: first with the scores as they are, then with their totals corrected by what the first choice shows.

    The correction is measured on history rows by scores that did not see them, at the prices of the first choice, so budget and
    bad rate of the second choice hold for corrected totals.
    """
    rng = np.random.default_rng(market.seed)
    kept_back = keep_back(market.leads, market.eligible & market.is_single, market.control_share, market.seed)
    free = market.eligible & ~kept_back
    lot = draw_lot(market, kept_back)
    first_options = market.options(free, Correction())
    first = _allocate(market, first_options, lot)
    promise = _measure(market, held_out, first_options, first, rng)
    options = market.options(free, promise.correction)
    allocation = _allocate(market, options, lot)
    spare = market.options(kept_back, promise.correction)
    compared = len(spare) and len(allocation.chosen)  # where nobody is contacted there is nothing to measure
    controls = would_contact(spare, allocation.prices) if compared else np.array([], dtype=np.int64)
    return Choice(
        options=options,
        allocation=allocation,
        promise=promise,
        controls=spare.lead[controls],
        kept_back=kept_back,
        chances=log_chances(market, lot, options, allocation.chosen, spare, controls, allocation.prices),
    )


def _allocate(market: Market, options: Options, lot: Lot) -> Allocation:
    """Allocate around those who are contacted by lot.

    Raises:
        Infeasible: The limits cannot be met; where there is a reserve, the line says so too.
    """
    try:
        return allocate(options, market.limits, market.channels, market.objective, seed=market.seed, forced=lot.forced)
    except Infeasible as error:
        if not len(lot.forced):
            raise
        remedy = f"or lower share in [explore]: {len(lot.forced):,} contacts by lot are part of every plan"
        raise Infeasible(f"{error}; {remedy}", error.limits) from None


def follow(market: Market, held_out: HeldOut, allocation: Allocation, correction: Correction) -> tuple[Ints, Ints]:
    """Apply the plan's rule to history: the rows it would contact, and the arm each would get."""
    history, scored = _as_traffic(market, held_out)
    options = build_options(
        history,
        scored,
        market.channels,
        market.offers,
        market.objective,
        eligible=held_out.eligible,
        groups=market.limits.groups,
        correction=correction,
    )
    options = open_options(options, market.limits)
    at = would_contact(options, allocation.prices)
    return options.lead[at], options.offer[at] + 1


def _as_traffic(market: Market, held_out: HeldOut) -> tuple[pd.DataFrame, Scored]:
    """Give history what limits read from the leads and it may lack: nobody is in a group it does not know, and an unknown
    amount is the leads' average, so that amounts then say nothing about who is chosen.
    """
    unknown = [group for group in market.limits.groups if group not in held_out.history]
    history, scored = held_out.history.assign(**dict.fromkeys(unknown, 0.0)), held_out.scored
    if not market.limits.uses("max_bad_amount_rate"):
        return history, scored
    amount = np.where(np.isnan(scored.amount), np.nanmean(market.scored.amount), scored.amount)
    return history, dataclasses.replace(scored, amount=amount)


def _measure(
    market: Market, held_out: HeldOut, options: Options, allocation: Allocation, rng: np.random.Generator
) -> Promise:
    followed = follow(market, held_out, allocation, Correction())
    return measure_contacts(market, held_out, options, allocation.chosen, followed, rng)


def measure_contacts(
    market: Market, held_out: HeldOut, options: Options, at: Ints, followed: tuple[Ints, Ints], rng: np.random.Generator
) -> Promise:
    """Say what the totals of some contacts will really be, from what history shows of the same way of choosing.

    Args:
        market: The traffic.
        held_out: History as a judge.
        options: The option table before any correction.
        at: The chosen options, positions.
        followed: The same way of choosing applied to history: rows, and the arm each would get.
        rng: For the bootstrap.
    """
    row, arm = followed
    size = np.ones(len(at)) if options.size is None else options.size[at]
    bad_total = float(size @ options.bad[at])
    model_sd = float(np.linalg.norm(size @ options.bad_loadings[at]) / bad_total) if bad_total > 0 else 0.0
    observed, predicted = held_out.observed(row, arm), held_out.predicted(row, arm)
    prior = np.array([1.0, 1.0, _what_choosing_adds(market, held_out, options, at)])
    booked = held_out.booked[row, arm]
    riskier, error = measure_composition(predicted[:, 0], booked, held_out.scored.p_bad[row, arm - 1], rng)
    riskier_by = np.array([0.0, 0.0, error])
    promise = measure_promise(
        predicted,
        observed,
        np.hypot(_PRIOR_SD, riskier_by),
        np.array([0.0, 0.0, model_sd]),
        rng,
        prior_mean=prior * [1.0, 1.0, riskier],
    )
    dearer, _ = measure_composition(predicted[:, 0], booked, held_out.scored.cost_per_booking[row, arm - 1], rng)
    return dataclasses.replace(promise, correction=dataclasses.replace(promise.correction, per_booking=dearer))


def _what_choosing_adds(market: Market, held_out: HeldOut, options: Options, at: Ints) -> float:
    """Expected over predicted bads of the chosen, beside the same of all bookings of history, where scores are calibrated.

    Two things count: chances that are not known exactly, and offers that are expected to attract people who repay differently.
    """
    scored = market.scored
    if not len(at) or np.isnan(scored.p_bad).any():
        return 1.0
    lead, offer = options.lead[at], options.offer[at]
    size = np.ones(len(at)) if options.size is None else options.size[at]
    p_bad, p_booked = scored.p_bad[lead, offer], scored.p_booked[lead, offer] * size
    unsure = expected_over_predicted(p_bad, np.linalg.norm(scored.bad_loadings[offer, lead], axis=1), p_booked)
    leaning = float(p_booked @ scored.expected_bad[lead, offer]) / float(p_booked @ p_bad)
    past = held_out.scored
    usual = expected_over_predicted(past.p_bad[:, 0], np.linalg.norm(past.bad_loadings[0], axis=1), past.p_control)
    return leaning * unsure / usual
