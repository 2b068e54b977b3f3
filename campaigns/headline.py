"""The headline: ten figures of the plan with their intervals."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.charges import surcharges
from acquire.allocate.saturation import brought_shares
from acquire.domain import Estimate
from acquire.scored import Scored
from acquire.value.revenue import break_even_bad_rate
from acquire.value.totals import Chosen, Totals, estimate, expected_totals, observed_totals
from campaigns.choice import Choice
from campaigns.plan_document import Headline

Floats = NDArray[np.float64]


def make_headline(choice: Choice, scored: Scored, rng: np.random.Generator) -> Headline:
    """Add up the chosen contacts and draw what their totals may turn out to be."""
    chosen = chosen_contacts(choice, scored)
    centre = expected_totals(chosen, np.ones((1, 3)))
    correction = choice.promise.correction
    middle = np.array([correction.booked, correction.incremental, correction.bad])
    expected = expected_totals(chosen, np.maximum(choice.promise.draws / middle, 0.01))
    observed = observed_totals(chosen, expected, rng)

    def figure(of: str, per: str | None = None) -> Estimate:
        middle, model, chance = (_ratio(totals, of, per) for totals in (centre, expected, observed))
        return estimate(float(middle[0]), model, chance)

    n = float(choice.allocation.contacts.sum())
    return Headline(
        contacts=Estimate(expected=n, low=n, high=n, predictive_low=n, predictive_high=n),
        spend=figure("spend"),
        booked=figure("booked"),
        incremental=figure("incremental"),
        bad_rate=figure("bad", "booked"),
        incremental_bad_rate=figure("incremental_bad", "incremental"),
        break_even_bad_rate=_break_even(chosen, expected),
        cac=figure("spend", "booked"),
        incremental_cac=figure("spend", "incremental"),
        value=figure("value"),
    )


def chosen_contacts(choice: Choice, scored: Scored) -> Chosen:
    """Pick the chosen options' figures."""
    options, at = choice.options, choice.allocation.chosen
    lead, offer = options.lead[at], options.offer[at]
    charged = surcharges(options, at, choice.allocation.contacts, choice.allocation.prices.channels)
    booked, bad = options.booked[at], options.bad[at]
    p_bad_before = scored.p_bad[lead, offer]
    p_bad = np.divide(bad, booked, out=np.zeros_like(bad), where=booked > 0)
    scale = choice.promise.correction.bad / choice.promise.correction.booked
    more_bad = np.nan_to_num(p_bad - p_bad_before)
    chosen = Chosen(
        booked=booked,
        incremental=options.incremental[at],
        bad=bad,
        p_bad_control=scored.p_bad_control[lead] * scale,
        fixed_cost=scored.fixed_cost[lead, offer] + charged,
        cost_per_booking=scored.cost_per_booking[lead, offer] * choice.promise.correction.per_booking,
        revenue=scored.revenue[lead, offer] - more_bad * scored.loss_given_bad[lead],
        revenue_control=scored.revenue_control[lead],
        loss_given_bad=scored.loss_given_bad[lead],
        contacts=choice.allocation.contacts,
    )
    brought = brought_shares(options, at, choice.allocation.contacts, choice.allocation.prices.channels)
    return _worn_out(chosen, brought) if brought["value"].any() or (brought["booked"] < 1).any() else chosen


def _worn_out(chosen: Chosen, brought: Mapping[str, Floats]) -> Chosen:
    """The same contacts where channels are worn out: less is booked, what was to be spent is spent, value falls by the loss."""
    booked, incremental = chosen.booked * brought["booked"], chosen.incremental * brought["incremental"]
    fewer_organic = (chosen.booked - chosen.incremental) - (booked - incremental)
    revenue = chosen.revenue * chosen.booked - brought["value"] - chosen.revenue_control * fewer_organic
    return dataclasses.replace(
        chosen,
        booked=booked,
        incremental=incremental,
        bad=chosen.bad * brought["booked"],
        fixed_cost=chosen.fixed_cost + chosen.cost_per_booking * (chosen.booked - booked),
        revenue=np.divide(revenue, booked, out=np.zeros_like(booked), where=booked > 0),
    )


def _ratio(totals: Totals, of: str, per: str | None) -> Floats:
    above: Floats = getattr(totals, of)
    if per is None:
        return above
    below: Floats = getattr(totals, per)
    # A ratio to extra accounts that may be none is not known: its draws are left undefined.
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _break_even(chosen: Chosen, expected: Totals) -> Estimate:
    """Break-even at the expected spend per booking, and at its draws."""
    if not len(chosen.booked):
        return Estimate(expected=float("nan"))
    p_bad = np.divide(chosen.bad, chosen.booked, out=np.zeros_like(chosen.bad), where=chosen.booked > 0)
    good = chosen.revenue + np.nan_to_num(p_bad) * chosen.loss_given_bad
    bad = good - chosen.loss_given_bad
    spend = chosen.fixed_cost + chosen.booked * chosen.cost_per_booking
    times, booked = 1.0 if chosen.contacts is None else chosen.contacts, chosen.total(chosen.booked)
    centre = break_even_bad_rate(chosen.booked * times, good, bad, spend * times)
    per_loss = chosen.total(chosen.booked * chosen.loss_given_bad) / booked
    if not per_loss > 0:
        return Estimate(expected=float("nan"))
    draws = centre + (chosen.total(spend) / booked - expected.spend / expected.booked) / per_loss
    return estimate(centre, draws, draws)
