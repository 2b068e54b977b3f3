"""What one contact is expected to cost."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Channel, Offer
from acquire.value.economics import contact_costs, event_chances, fit_event_rates

FREE = Offer(offer="letter")
EVENTS = ("clicked", "applied", "approved")


def leads(*channels: str, amount: float | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"channel": channels})
    return frame if amount is None else frame.assign(amount=amount)


def rates(clicked: float = 0.0, applied: float = 0.0, approved: float = 0.0, channel: str = "feed") -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples([(channel, "letter")], names=["channel", "offer"])
    return pd.DataFrame({"clicked": [clicked], "applied": [applied], "approved": [approved]}, index=index)


def spend(channel: Channel, *, p_booked: float, offer: Offer = FREE, amount: float | None = None) -> float:
    costs = contact_costs(leads("feed", amount=amount), (channel,), (offer,), rates(0.5, 0.25, 0.125))
    return float(costs.spend(np.array([[p_booked]]))[0, 0])


@pytest.mark.parametrize(
    ("price", "per_contact"),
    [
        ("cost_per_contact", 1.0),
        ("cost_per_click", 0.5),
        ("cost_per_applied", 0.25),
        ("cost_per_approved", 0.125),
        ("cost_per_booked", 0.1),
    ],
)
def test_each_priced_event_costs_its_price_times_its_chance(price: str, per_contact: float) -> None:
    channel = replace(Channel(channel="feed", partner="Acme"), **{price: 8.0})

    assert spend(channel, p_booked=0.1) == pytest.approx(8.0 * per_contact)


def test_a_share_of_the_amount_is_paid_when_the_lead_books() -> None:
    channel = Channel(channel="feed", partner="Acme", cost_rate_of_amount=0.02)

    assert spend(channel, p_booked=0.1, amount=5_000.0) == pytest.approx(0.1 * 0.02 * 5_000)


def test_the_rebate_lowers_what_the_partner_charges_and_not_what_the_offer_costs() -> None:
    channel = Channel(
        channel="feed",
        partner="Acme",
        cost_per_contact=1.0,
        cost_per_click=2.0,
        cost_per_booked=40.0,
        rebate_share=0.25,
    )
    offer = Offer(offer="letter", cost_per_booked=30.0, cost_rate_of_amount=0.01)

    # 0.75 x (1 + 0.5 x 2 + 0.1 x 40) + 0.1 x (30 + 0.01 x 5,000)
    assert spend(channel, p_booked=0.1, offer=offer, amount=5_000.0) == pytest.approx(0.75 * 6.0 + 0.1 * 80.0)


def test_each_lead_is_charged_by_its_own_channel() -> None:
    channels = (Channel(channel="feed", partner="A", cost_per_contact=1.0), Channel(channel="mail", partner="B"))
    offers = (FREE, Offer(offer="coupon", cost_per_booked=9.0))

    costs = contact_costs(leads("mail", "feed", "mail"), channels, offers, fit_event_rates(pd.DataFrame()))

    assert costs.fixed.tolist() == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    assert costs.per_booking.tolist() == [[0.0, 9.0]] * 3


def test_a_missing_amount_counts_as_the_average_one() -> None:
    frame = leads("feed", "feed", "feed").assign(amount=[1_000.0, np.nan, 3_000.0])
    channel = Channel(channel="feed", partner="Acme", cost_rate_of_amount=0.1)

    costs = contact_costs(frame, (channel,), (FREE,), rates())

    assert costs.per_booking[:, 0] == pytest.approx([100.0, 200.0, 300.0])


def test_amounts_that_nobody_knows_cost_nothing_where_nothing_is_priced_by_amount() -> None:
    costs = contact_costs(leads("feed", amount=np.nan), (Channel(channel="feed", partner="A"),), (FREE,), rates())

    assert costs.spend(np.array([[0.5]])).tolist() == [[0.0]]


money = st.floats(0, 1e6)
terms = st.builds(
    Channel,
    channel=st.just("feed"),
    partner=st.just("Acme"),
    cost_per_contact=money,
    cost_per_click=money,
    cost_per_applied=money,
    cost_per_approved=money,
    cost_per_booked=money,
    cost_rate_of_amount=st.floats(0, 0.5),
    rebate_share=st.floats(0, 1),
)
granted = st.builds(Offer, offer=st.just("letter"), cost_per_booked=money, cost_rate_of_amount=st.floats(0, 0.5))


@given(channel=terms, offer=granted, p_booked=st.floats(0, 1), amount=st.floats(0, 1e6))
def test_spend_is_never_negative_and_twice_the_prices_are_twice_the_spend(
    channel: Channel, offer: Offer, p_booked: float, amount: float
) -> None:
    prices = [f.name for f in fields(Channel) if f.name.startswith("cost_")]
    twice = replace(channel, **{name: 2 * getattr(channel, name) for name in prices})
    twice_offer = replace(
        offer, cost_per_booked=2 * offer.cost_per_booked, cost_rate_of_amount=2 * offer.cost_rate_of_amount
    )

    once = spend(channel, p_booked=p_booked, offer=offer, amount=amount)

    assert once >= 0
    assert spend(twice, p_booked=p_booked, offer=twice_offer, amount=amount) == pytest.approx(2 * once)


def funnel(channel: str, n: int, n_clicked: int, offer: str = "letter") -> pd.DataFrame:
    clicked = [1.0] * n_clicked + [0.0] * (n - n_clicked)
    return pd.DataFrame({"channel": channel, "offer": offer, "clicked": clicked})


def test_event_rates_of_a_small_channel_are_pulled_towards_the_offers_rate() -> None:
    history = pd.concat([funnel("feed", 900, 90), funnel("mail", 100, 30)], ignore_index=True)

    clicked = fit_event_rates(history)["clicked"]

    # All together 120 of 1,000 clicked; 200 contacts of that rate are added to each channel.
    assert clicked[("*", "letter")] == pytest.approx(0.12)
    assert clicked[("mail", "letter")] == pytest.approx((30 + 200 * 0.12) / 300)
    assert clicked[("feed", "letter")] == pytest.approx((90 + 200 * 0.12) / 1_100)


def test_a_channel_that_history_never_saw_is_priced_at_the_offers_rate() -> None:
    event_rates = fit_event_rates(funnel("feed", 100, 20))
    channel = Channel(channel="new", partner="Acme", cost_per_click=10.0)

    assert contact_costs(leads("new"), (channel,), (FREE,), event_rates).fixed[0, 0] == pytest.approx(2.0)
    assert event_chances(leads("new", "feed"), "clicked", (FREE,), event_rates)[:, 0] == pytest.approx([0.2, 0.2])


def test_an_unknown_event_counts_neither_as_yes_nor_as_no() -> None:
    history = funnel("feed", 100, 20)
    unknown = pd.DataFrame({"channel": "feed", "offer": "letter", "clicked": [np.nan] * 50})

    with_unknown = fit_event_rates(pd.concat([history, unknown], ignore_index=True))

    assert with_unknown["clicked"].to_numpy() == pytest.approx(fit_event_rates(history)["clicked"].to_numpy())


def test_an_event_that_history_does_not_know_has_no_chance() -> None:
    chances = event_chances(leads("feed"), "approved", (FREE,), fit_event_rates(funnel("feed", 10, 1)))

    assert np.isnan(chances).all()
