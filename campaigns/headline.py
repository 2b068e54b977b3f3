"""The headline: ten figures of the plan with their intervals."""

import numpy as np
from numpy.typing import NDArray

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

    n = float(len(chosen.booked))
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
    booked, bad = options.booked[at], options.bad[at]
    p_bad_before = scored.p_bad[lead, offer]
    p_bad = np.divide(bad, booked, out=np.zeros_like(bad), where=booked > 0)
    scale = choice.promise.correction.bad / choice.promise.correction.booked
    more_bad = np.nan_to_num(p_bad - p_bad_before)
    return Chosen(
        booked=booked,
        incremental=options.incremental[at],
        bad=bad,
        p_bad_control=scored.p_bad_control[lead] * scale,
        fixed_cost=scored.fixed_cost[lead, offer],
        cost_per_booking=scored.cost_per_booking[lead, offer],
        revenue=scored.revenue[lead, offer] - more_bad * scored.loss_given_bad[lead],
        revenue_control=scored.revenue_control[lead],
        loss_given_bad=scored.loss_given_bad[lead],
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
    centre = break_even_bad_rate(chosen.booked, good, bad, spend)
    per_loss = (chosen.booked * chosen.loss_given_bad).sum() / chosen.booked.sum()
    if not per_loss > 0:
        return Estimate(expected=float("nan"))
    draws = centre + (spend.sum() / chosen.booked.sum() - expected.spend / expected.booked) / per_loss
    return estimate(centre, draws, draws)
