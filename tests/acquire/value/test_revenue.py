"""What a booking is expected to bring."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Feature
from acquire.value.revenue import break_even_bad_rate, fit_revenue

AMOUNT = (Feature(name="amount", kind="numeric"),)
CHANNEL = (Feature(name="channel", kind="category"),)


def bookings(n: int = 400, seed: int = 1) -> pd.DataFrame:
    """A good booking earns 10 % of its amount less 50, a bad one loses 60 % of it."""
    rng = np.random.default_rng(seed)
    amount = rng.uniform(1_000, 9_000, n)
    bad = (rng.random(n) < 0.3).astype(float)
    return pd.DataFrame(
        {
            "offer": rng.choice(["control", "coupon"], n),
            "booked": 1.0,
            "amount": amount,
            "bad": bad,
            "revenue": np.where(bad == 1, -0.6 * amount, 0.1 * amount - 50),
        }
    )


def test_a_line_in_the_amount_is_recovered_for_good_and_for_bad_bookings() -> None:
    model = fit_revenue(bookings(), AMOUNT, seed=1)

    assert model is not None
    good, bad = model.kinds(pd.DataFrame({"amount": [2_000.0, 4_000.0]}), "coupon")
    assert good == pytest.approx([150.0, 350.0])
    assert bad == pytest.approx([-1_200.0, -2_400.0])
    assert model.predict(pd.DataFrame({"amount": [2_000.0]}), "coupon", np.array([0.1]))[0] == pytest.approx(
        0.9 * 150 - 0.1 * 1_200
    )


def test_a_missing_amount_counts_as_the_average_of_the_bookings_whoever_is_scored_beside_it() -> None:
    history = bookings().assign(bad=0.0)
    history["revenue"] = 0.1 * history["amount"]
    model = fit_revenue(history, AMOUNT, seed=1)

    assert model is not None
    alone = model.kinds(pd.DataFrame({"amount": [np.nan]}), "coupon")[0]
    beside = model.kinds(pd.DataFrame({"amount": [np.nan, 1e6]}), "coupon")[0]
    assert alone[0] == pytest.approx(0.1 * history["amount"].mean())
    assert beside[0] == pytest.approx(alone[0])


def test_without_amounts_among_the_leads_the_average_is_expected() -> None:
    history = bookings(200).assign(channel="feed")
    model = fit_revenue(history, CHANNEL, seed=1)

    assert model is not None
    good, bad = model.kinds(pd.DataFrame({"channel": ["feed"]}), "control")
    assert good[0] == pytest.approx(history.loc[history["bad"] == 0, "revenue"].mean(), rel=0.1)
    assert bad[0] == pytest.approx(history.loc[history["bad"] == 1, "revenue"].mean(), rel=0.1)


def test_an_offer_that_gives_away_part_of_the_price_brings_less() -> None:
    rng = np.random.default_rng(2)
    history = bookings(2_000).assign(bad=0.0)
    discount = np.where(history["offer"] == "coupon", 100.0, 0.0)
    history["revenue"] = 0.1 * history["amount"] - discount + rng.normal(0, 30, len(history))

    model = fit_revenue(history, AMOUNT, seed=1)

    assert model is not None
    lead = pd.DataFrame({"amount": [5_000.0]})
    difference = model.kinds(lead, "control")[0] - model.kinds(lead, "coupon")[0]
    assert difference[0] == pytest.approx(100.0, rel=0.1)


def test_an_offer_that_changes_nothing_is_hardly_shifted() -> None:
    history = bookings(2_000).assign(bad=0.0)
    history["revenue"] = 500 + np.random.default_rng(3).normal(0, 100, len(history))

    model = fit_revenue(history, AMOUNT, seed=1)

    assert model is not None
    assert all(abs(shift) < 10 for shift in model.good.offer_shift.values())


def test_an_offer_with_one_booking_gets_no_shift_of_its_own() -> None:
    offers, revenue = ["control", "control", "coupon"], [10.0, 30.0, 20.0]
    history = pd.DataFrame({"channel": "feed", "booked": 1.0, "offer": offers, "revenue": revenue})

    model = fit_revenue(history, CHANNEL, seed=1)

    assert model is not None
    assert model.predict(history.head(1), "coupon", np.zeros(1)).tolist() == [20.0]


def test_two_bad_bookings_are_enough_for_a_finite_answer() -> None:
    history = bookings(60).assign(bad=0.0)
    history.loc[:1, "bad"] = 1.0
    history.loc[:1, "revenue"] = -0.6 * history.loc[:1, "amount"]

    model = fit_revenue(history, AMOUNT, seed=1)

    assert model is not None
    assert model.kinds(pd.DataFrame({"amount": [1_000.0]}), "coupon")[1] == pytest.approx([-600.0])


@pytest.mark.parametrize("bad", ["absent", "unknown", "all good"])
def test_without_a_bad_label_good_and_bad_are_expected_to_bring_the_same(bad: str) -> None:
    history = bookings(200)
    history = {
        "absent": history.drop(columns="bad"),
        "unknown": history.assign(bad=np.nan),
        "all good": history.assign(bad=0.0),
    }[bad]

    model = fit_revenue(history, AMOUNT, seed=1)

    assert model is not None
    assert model.good is model.bad


def test_boosted_trees_tell_leads_apart_where_amounts_are_unknown() -> None:
    rng = np.random.default_rng(4)
    income = rng.normal(0, 1, 2_000)
    history = pd.DataFrame({"booked": 1.0, "offer": "control", "income": income, "revenue": 100 + 50 * (income > 0)})

    model = fit_revenue(history, (Feature(name="income", kind="numeric"),), seed=1)

    assert model is not None
    poor, rich = model.kinds(pd.DataFrame({"income": [-1.0, 1.0]}), "control")[0]
    assert (poor, rich) == pytest.approx((100, 150), abs=8)


def test_bookings_whose_revenue_is_not_known_yet_teach_nothing() -> None:
    history = bookings(200)
    waiting = history.head(50).assign(revenue=np.nan)
    missed = history.head(50).assign(booked=0.0, revenue=0.0)

    model = fit_revenue(pd.concat([history, waiting, missed], ignore_index=True), AMOUNT, seed=1)
    alone = fit_revenue(history, AMOUNT, seed=1)

    assert model is not None
    assert alone is not None
    assert model.good == alone.good


def test_no_revenue_no_model() -> None:
    history = bookings(20)

    assert fit_revenue(history.drop(columns="revenue"), AMOUNT, seed=1) is None
    assert fit_revenue(history.assign(revenue=np.nan), AMOUNT, seed=1) is None
    assert fit_revenue(history.assign(booked=0.0), AMOUNT, seed=1) is None


def test_break_even_by_pencil() -> None:
    booked, spend = np.array([0.5, 0.5]), np.array([5.0, 15.0])

    # A good booking brings 100, a bad one loses 300, a booking costs 20: (100 - 20) / 400.
    assert break_even_bad_rate(booked, np.full(2, 100.0), np.full(2, -300.0), spend) == pytest.approx(0.2)


def test_break_even_weighs_contacts_by_their_chance_to_book() -> None:
    rate = break_even_bad_rate(np.array([0.3, 0.1]), np.array([100.0, 200.0]), np.array([-100.0, -200.0]), np.zeros(2))

    assert rate == pytest.approx(0.5)


def test_break_even_is_below_zero_where_no_booking_earns_its_cost() -> None:
    assert break_even_bad_rate(np.ones(1), np.array([10.0]), np.array([-90.0]), np.array([30.0])) == pytest.approx(-0.2)


def test_break_even_is_undefined_without_bookings_and_where_bad_costs_nothing() -> None:
    nothing = np.zeros(1)

    assert np.isnan(break_even_bad_rate(nothing, np.ones(1), -np.ones(1), nothing))
    assert np.isnan(break_even_bad_rate(np.ones(1), np.ones(1), np.ones(1), nothing))
    assert np.isnan(break_even_bad_rate(np.array([]), np.array([]), np.array([]), np.array([])))


@given(
    good=st.floats(1, 1e5),
    loss=st.floats(0, 1e5),
    cost=st.floats(0, 1e5),
    booked=st.floats(0.01, 1),
    n=st.integers(1, 5),
)
def test_a_plan_at_its_break_even_rate_earns_nothing(
    good: float, loss: float, cost: float, booked: float, n: int
) -> None:
    spend = np.full(n, cost * booked)

    rate = break_even_bad_rate(np.full(n, booked), np.full(n, good), np.full(n, -loss), spend)

    earned = n * booked * ((1 - rate) * good - rate * loss) - spend.sum()
    assert earned == pytest.approx(0.0, abs=1e-6 * (good + loss + cost) * n)
