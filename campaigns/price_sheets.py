"""The fair price sheet with its uncertainty: what each partner's contacts, applications and bookings are worth to the plan."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.deals import Deals, prepare_deals
from acquire.allocate.price_sheet import FairPrice, fair_prices
from acquire.allocate.prices import score
from acquire.domain import Estimate
from acquire.value.totals import Chosen, Totals, estimate, expected_totals
from campaigns.choice import Choice, Market
from campaigns.current_document import FairPriceLine, FairUnit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOT_KNOWN = Estimate(expected=float("nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bought:
    """Some contacts: what they come to at each draw of the promise, the first being the expectation itself.

    Attributes:
        counts: Contacts, applications and bookings, each shape (1 + n_draws,).
        paid: Money, shape (1 + n_draws,).
        gain: What the plan gains by them before any premium, in money, shape (1 + n_draws,).
    """

    counts: dict[str, Floats]
    paid: Floats
    gain: Floats


def make_price_sheet(market: Market, choice: Choice) -> tuple[FairPriceLine, ...]:
    """Price what the plan buys; empty where the limits leave no plan in shares of contacts.

    The intervals are of the break-even prices as what contacts bring is known. The other limits' prices are taken as they are,
    and what a sample of the people misses is not in them.
    """
    options = choice.options
    used = np.unique(options.channel[choice.allocation.chosen])
    deals = prepare_deals(
        options,
        frozenset(options.channel_names[code] for code in used),
        market.limits,
        market.channels,
        market.objective,
        score=score(options, choice.allocation.prices),
        seed=market.seed,
    )
    if deals.base.broken:
        return ()
    return tuple(_line(price, deals, market, choice) for price in fair_prices(deals))


def _line(price: FairPrice, deals: Deals, market: Market, choice: Choice) -> FairPriceLine:
    planned = _bought(price.columns, price.shares, price, deals, market, choice)
    following = None
    if price.following is not None:
        following = _bought(np.array([price.following]), np.ones(1), price, deals, market, choice)
    worth = price.worth + planned.gain - planned.gain[0]
    return FairPriceLine(
        partner=price.partner,
        channel=price.channel,
        from_contacts=price.from_contacts,
        contacts=round(price.contacts, 6),
        worth=estimate(worth[0], worth[1:], worth[1:]),
        is_bounded=price.is_bounded,
        units=tuple(_units(price, planned, worth, following)),
        people_share=deals.people_share,
    )


def _units(price: FairPrice, planned: _Bought, worth: Floats, following: _Bought | None) -> Iterator[FairUnit]:
    # What channels charge besides each contact (a fixed cost, a tier) is paid on top, whatever is booked.
    besides = price.paid - planned.paid[0]
    for unit, counts in planned.counts.items():
        next_paid, next_break_even = float("nan"), NOT_KNOWN
        if following is not None:
            on_top = price.next_paid - following.paid[0]
            gained = price.next_worth + following.gain - following.gain[0]
            next_paid = float(_per(following.paid[:1] + on_top, following.counts[unit][:1])[0])
            next_break_even = _each(following.paid + on_top + gained, following.counts[unit])
        yield FairUnit(
            unit=unit,
            paid=float(_per(planned.paid[:1] + besides, counts[:1])[0]),
            break_even=_each(planned.paid + besides + worth, counts),
            next_paid=next_paid,
            next_break_even=next_break_even,
        )


def _bought(at: Ints, shares: Floats, price: FairPrice, deals: Deals, market: Market, choice: Choice) -> _Bought:
    correction = choice.promise.correction
    middle = np.array([correction.booked, correction.incremental, correction.bad])
    ratios = np.vstack([np.ones((1, 3)), np.maximum(choice.promise.draws / middle, 0.01)])
    totals = expected_totals(_contacts(at, shares, market, choice), ratios)
    n = np.ones(len(ratios))
    lead, offer = choice.options.lead[at], choice.options.offer[at]
    applied = market.scored.p_applied
    applications = float("nan") if applied is None else float(applied[lead, offer] @ shares)
    return _Bought(
        counts={"contact": shares.sum() * n, "application": applications * n, "booking": totals.booked},
        paid=totals.spend,
        gain=_gain(totals, price, deals, market) / price.money if price.money > 0 else np.full(len(n), np.nan),
    )


def _gain(totals: Totals, price: FairPrice, deals: Deals, market: Market) -> Floats:
    """What the objective makes of the contacts; where spend is minimised, with the extra accounts at their price."""
    if market.objective.goal == "incremental_value":
        return totals.value
    if market.objective.goal == "incremental_accounts":
        return totals.incremental
    return _price_of_account(price, deals, market) * totals.incremental - totals.spend


def _price_of_account(price: FairPrice, deals: Deals, market: Market) -> float:
    """What an extra account of a channel is worth: to the plan, and to the parts that have to bring so many themselves."""
    (channel,) = (channel for channel in market.channels if channel.channel == price.channel)
    parts = ("", f"[{price.channel}]", f"[partner {price.partner}]", f"[affiliate {channel.affiliate_group}]")
    return sum(deals.price_of(f"min_incremental_accounts{part}") for part in parts)


def _contacts(at: Ints, shares: Floats, market: Market, choice: Choice) -> Chosen:
    """Figures of some options, each so many contacts."""
    options, scored, correction = choice.options, market.scored, choice.promise.correction
    lead, offer = options.lead[at], options.offer[at]
    booked = options.booked[at]
    p_bad = np.divide(options.bad[at], booked, out=np.zeros_like(booked), where=booked > 0)
    more_bad = np.nan_to_num(p_bad - scored.p_bad[lead, offer])
    return Chosen(
        booked=booked,
        incremental=options.incremental[at],
        bad=options.bad[at],
        p_bad_control=scored.p_bad_control[lead] * (correction.bad / correction.booked),
        fixed_cost=scored.fixed_cost[lead, offer],
        cost_per_booking=scored.cost_per_booking[lead, offer] * correction.per_booking,
        revenue=scored.revenue[lead, offer] - more_bad * scored.loss_given_bad[lead],
        revenue_control=scored.revenue_control[lead],
        loss_given_bad=scored.loss_given_bad[lead],
        contacts=shares,
    )


def _each(money: Floats, counts: Floats) -> Estimate:
    each = _per(money, counts)
    return estimate(float(each[0]), each[1:], each[1:])


def _per(money: Floats, counts: Floats) -> Floats:
    return np.divide(money, counts, out=np.full_like(money, np.nan), where=counts > 0)
