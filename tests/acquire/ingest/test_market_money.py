"""The made-up market's daily results add up, its calendar is a calendar, and its money ties to the cent."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acquire.ingest.market import MarketSpec, make_market
from acquire.ingest.market.daily import COLUMNS, daily_results
from acquire.ingest.market.terms import to_cents

EVENT_PRICES = {
    "contacts": "cost_per_contact",
    "clicked": "cost_per_click",
    "applied": "cost_per_applied",
    "approved": "cost_per_approved",
    "booked": "cost_per_booked",
    "amount": "cost_rate_of_amount",
}
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def daily() -> pd.DataFrame:
    return daily_results(MarketSpec(ends_on=date(2026, 3, 31)), np.random.default_rng(7))


def decimal(value: object) -> Decimal:
    return Decimal(repr(float(str(value))))


def invoice(row: pd.Series, channels: pd.DataFrame, offers: pd.DataFrame) -> Decimal:
    """What channel and offer charge for one row, in exact arithmetic from the published tables."""
    if row["offer"] == "control":
        return Decimal(0)
    channel, offer = channels.loc[row["channel"]], offers.loc[row["offer"]]
    partner = sum((decimal(row[event]) * decimal(channel[term]) for event, term in EVENT_PRICES.items()), Decimal(0))
    partner *= 1 - decimal(channel["rebate_share"])
    extra = decimal(row["booked"]) * decimal(offer["cost_per_booked"])
    extra += decimal(row["amount"]) * decimal(offer["cost_rate_of_amount"])
    return (partner + extra).quantize(CENT, ROUND_HALF_UP)


specs = st.builds(
    MarketSpec,
    n_history=st.integers(1, 60),
    n_leads=st.integers(1, 40),
    n_months=st.integers(1, 2),
    ends_on=st.dates(date(2019, 1, 1), date(2035, 12, 31)),
    contacts_per_day=st.sampled_from([0.5, 40.0, 5_000.0]),
)


@settings(max_examples=12, deadline=None)
@given(spec=specs, seed=st.integers(0, 2**32))
def test_every_spend_and_cost_ties_to_the_channels_and_offers_tables(spec: MarketSpec, seed: int) -> None:
    market = make_market(spec, np.random.default_rng(seed))
    channels, offers = market.channels.set_index("channel"), market.offers.set_index("offer")
    past = market.history.assign(
        contacts=(market.history["offer"] != "control").astype(float),
        amount=market.history["amount"] * market.history["booked"],
    )
    for table, money in ((past, "cost"), (market.daily.sample(60, random_state=0), "spend")):
        for _, row in table.iterrows():
            assert decimal(row[money]) == invoice(row, channels, offers)


@settings(max_examples=12, deadline=None)
@given(spec=specs, seed=st.integers(0, 2**32))
def test_no_step_of_the_funnel_counts_more_than_the_one_before(spec: MarketSpec, seed: int) -> None:
    daily = daily_results(spec, np.random.default_rng(seed))
    for wide, narrow in zip(
        ("contacts", "clicked", "applied", "approved", "booked", "matured", "control_leads"),
        ("clicked", "applied", "approved", "booked", "matured", "bad", "control_booked"),
        strict=True,
    ):
        assert (daily[wide] >= daily[narrow]).all()
    assert (daily["bad"] >= 0).all()
    assert ((daily["amount"] > 0) == (daily["booked"] > 0)).all()


@given(st.integers(0, 10**11), st.integers(0, 9_999))
@example(27, 5_000)
@example(1_234_567, 4_999)
def test_money_is_rounded_half_up_to_whole_cents(cents: int, part: int) -> None:
    exact = Decimal(cents) / 100 + Decimal(part) / 1_000_000
    rounded = to_cents(np.array([float(exact)]))[0]
    assert decimal(rounded) == exact.quantize(CENT, ROUND_HALF_UP)


def test_there_is_one_row_per_day_channel_and_offer_with_the_agreed_columns(daily: pd.DataFrame) -> None:
    assert tuple(daily.columns) == COLUMNS
    assert len(daily) == 365 * 8 * 5
    assert not daily.duplicated(["day", "channel", "offer"]).any()
    assert not daily.isna().any(axis=None)


def test_the_holdout_stands_on_its_own_row_and_nothing_else_does(daily: pd.DataFrame) -> None:
    is_control = daily["offer"] == "control"
    assert (daily.loc[~is_control, ["control_leads", "control_booked"]] == 0).all(axis=None)
    assert (daily.loc[is_control, list(COLUMNS[3:12])] == 0).all(axis=None)
    assert (daily.loc[is_control, "revenue"] == 0).all()
    kept_back = daily["control_leads"].sum() / daily["contacts"].sum()
    assert kept_back == pytest.approx(0.05, abs=0.003)
    extra = (
        daily["booked"].sum() / daily["contacts"].sum() - daily["control_booked"].sum() / daily["control_leads"].sum()
    )
    assert extra > 0.02


def test_bookings_are_known_good_or_bad_only_after_five_months(daily: pd.DataFrame) -> None:
    age_days = (pd.Timestamp("2026-03-31") - daily["day"]).dt.days
    assert (daily.loc[age_days < 150, ["matured", "bad", "revenue"]] == 0).all(axis=None)
    old = age_days >= 160
    assert (daily.loc[old, "matured"] == daily.loc[old, "booked"]).all()
    ripening = daily[age_days.between(152, 158)]
    assert 0 < ripening["matured"].sum() < ripening["booked"].sum()


def test_the_business_has_the_size_of_a_business(daily: pd.DataFrame) -> None:
    per_day = daily.groupby("day")[["contacts", "booked", "spend"]].sum().mean()
    assert 2_000 < per_day["contacts"] < 4_000
    assert 0.06 < per_day["booked"] / per_day["contacts"] < 0.16
    assert 20 < per_day["spend"] / per_day["booked"] < 120


def test_holidays_are_slow_and_the_eleventh_of_november_is_the_peak(daily: pd.DataFrame) -> None:
    contacts = daily.groupby("day")["contacts"].sum()
    assert contacts.idxmax() == pd.Timestamp("2025-11-11")
    new_year, week_before = contacts["2026-02-16":"2026-02-23"], contacts["2026-02-08":"2026-02-15"]
    assert new_year.mean() < 0.5 * week_before.mean()
    assert contacts["2025-10-01":"2025-10-07"].mean() < 0.65 * contacts["2025-09-22":"2025-09-28"].mean()


def test_weekends_are_quieter_and_the_business_grows(daily: pd.DataFrame) -> None:
    contacts = daily.groupby("day")["contacts"].sum()
    weekday = contacts.groupby(pd.DatetimeIndex(contacts.index).day_of_week).mean()
    assert weekday[6] < weekday[5] < weekday[:5].min()
    assert contacts["2026-03-01":"2026-03-31"].mean() > 1.15 * contacts["2025-04-01":"2025-04-30"].mean()


def test_todays_practice_books_worse_than_the_plans_target(daily: pd.DataFrame) -> None:
    assert 0.1 < daily["bad"].sum() / daily["matured"].sum() < 0.2
