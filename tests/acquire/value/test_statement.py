"""The bill of contacts whose outcomes are known, and the plan's expectation, which is the same formula over chances."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.domain import Channel, Offer, PriceTier
from acquire.errors import BadInput
from acquire.ingest.market import MarketSpec, make_market
from acquire.ingest.market.terms import OFFERS, SOURCES
from acquire.value.economics import contact_costs
from acquire.value.statement import EVENTS, Statement, settle, to_cents

COUPON = Offer(offer="coupon", cost_per_booked=3.0, cost_rate_of_amount=0.01)
FEED = Channel(
    channel="feed",
    partner="acme",
    cost_per_contact=0.5,
    cost_per_click=1.0,
    cost_per_applied=2.0,
    cost_per_approved=4.0,
    cost_per_booked=10.0,
    cost_rate_of_amount=0.02,
    rebate_share=0.1,
)


def outcomes(*rows: tuple[str, str, int, int, int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["channel", "offer", *EVENTS, "amount"])


def test_every_priced_event_is_on_the_bill() -> None:
    bill = settle(
        outcomes(
            ("feed", "coupon", 0, 0, 0, 0, np.nan),
            ("feed", "coupon", 1, 1, 0, 0, 900.0),
            ("feed", "coupon", 1, 1, 1, 1, 1_000.0),
            ("feed", "control", 0, 1, 1, 1, 1_000.0),
        ),
        (FEED,),
        (COUPON,),
    )
    # .9 x .5; .9 x 3.5; .9 x (.5 + 1 + 2 + 4 + 10 + 20) + 3 + 10; the control costs nothing.
    assert bill.total == Decimal("0.45") + Decimal("3.15") + Decimal("46.75")
    (line,) = bill.lines
    assert (line.contacts, line.clicked, line.applied, line.approved, line.booked) == (3, 2, 2, 1, 1)
    assert line.amount == 1_000
    assert bill.of_partner("acme") == bill.total
    assert bill.of_partner("bell") == 0


def test_half_a_cent_is_charged_as_a_cent() -> None:
    mail = Channel(channel="mail", partner="post", cost_per_contact=0.125)
    rows = outcomes(*[("mail", "coupon", 0, 0, 0, 0, np.nan)] * 3)
    assert settle(rows, (mail,), (COUPON,)).total == Decimal("0.39")


def test_tiers_and_the_fixed_cost_are_charged_once_per_channel() -> None:
    tiers = (PriceTier(from_contacts=2, cost_per_contact=1.5), PriceTier(from_contacts=4, cost_per_contact=2.0))
    mail = Channel(
        channel="mail", partner="post", cost_per_contact=1.0, price_tiers=tiers, fixed_cost=7.0, rebate_share=0.5
    )
    idle = Channel(channel="sms", partner="post", fixed_cost=99.0)
    bill = settle(outcomes(*[("mail", "coupon", 0, 0, 0, 0, np.nan)] * 5), (mail, idle), (COUPON,))
    # 5 contacts at half of 1; 3 beyond the second at half of .5 more, 1 beyond the fourth at half of .5 more; and 7.
    assert bill.total == Decimal("2.50") + Decimal("0.75") + Decimal("0.25") + 7
    assert [line.channel for line in bill.once] == ["mail"]
    assert bill.total == pytest.approx(Decimal(str(5 * 0.5 + mail.once_used(5))))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"channel": "web"}, "channel web has contacts, but is not listed"),
        ({"offer": "letter"}, "offer letter has contacts, but is not listed"),
        ({"clicked": np.nan}, "cost_per_click is priced, but clicked is not known of 1 contacts"),
        ({"amount": np.nan}, "cost_rate_of_amount is priced, but amount is not known of 1 contacts"),
    ],
)
def test_what_is_priced_must_be_known(change: dict[str, Any], line: str) -> None:
    rows = outcomes(("feed", "coupon", 1, 1, 1, 1, 1_000.0)).assign(**change)
    with pytest.raises(BadInput, match=line):
        settle(rows, (FEED,), (COUPON,))


def test_an_offer_that_costs_by_the_amount_needs_the_amount() -> None:
    mail = Channel(channel="mail", partner="post", cost_per_contact=1.0)
    cut = Offer(offer="coupon", cost_rate_of_amount=0.01)
    booked = outcomes(("mail", "coupon", 0, 0, 0, 1, np.nan))
    with pytest.raises(BadInput, match="cost_rate_of_amount is priced, but amount is not known of 1 contacts"):
        settle(booked, (mail,), (cut,))
    assert settle(booked.assign(amount=500.0), (mail,), (cut,)).total == 6
    assert settle(booked.assign(booked=0), (mail,), (cut,)).total == 1


def test_an_event_that_costs_nothing_may_be_unknown() -> None:
    mail = Channel(channel="mail", partner="post", cost_per_contact=1.0)
    assert (
        settle(pd.DataFrame({"channel": ["mail"], "offer": ["coupon"]}), (mail,), (Offer(offer="coupon"),)).total == 1
    )


prices = st.decimals(0, 99, places=2).map(float)
rates = st.decimals(0, 1, places=3).map(float)
terms = st.builds(
    Channel,
    channel=st.just("?"),
    partner=st.sampled_from(["acme", "bell"]),
    cost_per_contact=prices,
    cost_per_click=prices,
    cost_per_applied=prices,
    cost_per_approved=prices,
    cost_per_booked=prices,
    cost_rate_of_amount=rates,
    rebate_share=rates,
)
happened = st.tuples(*[st.integers(0, 1)] * len(EVENTS), st.decimals(0, 9_999, places=2).map(float))
rows = st.lists(st.tuples(terms, happened), min_size=1, max_size=5)


@settings(deadline=None)
@given(rows=rows, offer=st.builds(Offer, offer=st.just("coupon"), cost_per_booked=prices, cost_rate_of_amount=rates))
def test_planned_spend_on_the_outcomes_is_the_settled_statement_to_the_cent(
    rows: list[tuple[Channel, tuple[int, int, int, int, float]]], offer: Offer
) -> None:
    """Every chance of the plan is replaced by what happened: 0 or 1. Each row is a channel, so that it has its own chances."""
    frame = outcomes(*((f"c{i}", "coupon", *events) for i, (_, events) in enumerate(rows)))
    channels = tuple(
        Channel(**{**{f: getattr(c, f) for f in c.__slots__}, "channel": f"c{i}"}) for i, (c, _) in enumerate(rows)
    )
    chances = frame.set_index(["channel", "offer"])[["clicked", "applied", "approved"]].astype(float)
    planned = contact_costs(frame, channels, (offer,), chances).spend(frame[["booked"]].to_numpy(float))[:, 0]
    # Binary noise is under a millionth of a cent.
    in_cents = [to_cents(Decimal(f"{money:.8f}")) for money in planned.tolist()]
    bill = settle(frame, channels, (offer,))
    assert bill.total == sum(in_cents)
    assert bill.total == sum(line.money for line in bill.lines)
    assert bill.of_partner("acme") + bill.of_partner("bell") == bill.total


@pytest.fixture(scope="module")
def made() -> tuple[pd.DataFrame, Statement]:
    market = make_market(MarketSpec(n_history=3_000, n_leads=20, ends_on=date(2025, 12, 31)), np.random.default_rng(5))
    history = market.history
    last_month = history[pd.to_datetime(history["contacted_on"]) >= pd.Timestamp("2025-12-01")]
    return last_month, settle(last_month, tuple(source.terms for source in SOURCES), OFFERS)


def test_the_bill_of_a_made_markets_last_month_is_what_its_partners_charged(
    made: tuple[pd.DataFrame, Statement],
) -> None:
    last_month, bill = made
    charged = sum(Decimal(str(cost)) for cost in last_month["cost"])
    assert len(last_month) > 50
    assert bill.total == charged
