"""The totals of a plan and how far they may be off."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.value.totals import Chosen, Totals, estimate, expected_totals, observed_totals

AS_PREDICTED = np.ones((1, 3))


def contacts(n: int = 1_000, *, bad_known: bool = True) -> Chosen:
    """Each contact: .3 booked, .2 of it extra, a fifth of the bookings bad; a good one earns 100, a bad one loses 300."""
    return Chosen(
        booked=np.full(n, 0.3),
        incremental=np.full(n, 0.2),
        bad=np.full(n, 0.06 if bad_known else np.nan),
        p_bad_control=np.full(n, 0.2 if bad_known else np.nan),
        fixed_cost=np.full(n, 1.0),
        cost_per_booking=np.full(n, 10.0),
        revenue=np.full(n, 20.0),
        revenue_control=np.full(n, 20.0),
        loss_given_bad=np.full(n, 400.0 if bad_known else 0.0),
    )


def test_without_uncertainty_totals_are_plain_sums() -> None:
    totals = expected_totals(contacts(), AS_PREDICTED)

    assert totals.spend == pytest.approx([1_000 + 300 * 10])
    assert totals.booked == pytest.approx([300])
    assert totals.incremental == pytest.approx([200])
    assert totals.bad == pytest.approx([60])
    assert totals.incremental_bad == pytest.approx([60 - 100 * 0.2])
    assert totals.value == pytest.approx([300 * 20 - 100 * 20 - 4_000], abs=1e-6)


def test_more_bookings_of_the_same_quality_bring_more_spend_more_bads_and_more_value() -> None:
    totals = expected_totals(contacts(), np.array([[1.1, 1.1, 1.1]]))

    assert totals.spend == pytest.approx([1_000 + 330 * 10])
    assert totals.bad / totals.booked == pytest.approx([0.2])
    assert totals.incremental_bad == pytest.approx([66 - 110 * 0.2])
    assert totals.value == pytest.approx([330 * 20 - 110 * 20 - 4_300])


def test_more_bads_among_the_same_bookings_each_cost_the_loss_given_bad() -> None:
    totals = expected_totals(contacts(), np.array([[1.0, 1.0, 1.5]]))

    assert totals.bad == pytest.approx([90])
    assert totals.value == pytest.approx([0 - 30 * 400])


def test_fewer_extra_accounts_mean_that_more_would_have_come_anyway() -> None:
    totals = expected_totals(contacts(), np.array([[1.0, 0.5, 1.0]]))

    assert totals.incremental == pytest.approx([100])
    assert totals.incremental_bad == pytest.approx([60 - 200 * 0.2])
    assert totals.value == pytest.approx([300 * 20 - 200 * 20 - 4_000])


def test_corrected_figures_without_organic_bookings_stay_finite() -> None:
    chosen = contacts()
    chosen = replace(chosen, incremental=np.where(np.arange(1_000) < 500, 0.3 - 1e-9, 0.3 + 2e-9))

    totals = expected_totals(chosen, np.array([[1.1, 0.9, 1.0]]))

    assert np.abs(totals.value) < 10_000
    assert np.abs(totals.incremental_bad) < 100


def test_without_a_bad_label_bads_are_unknown_and_money_is_not() -> None:
    totals = expected_totals(contacts(bad_known=False), np.array([[1.1, 1.0, 1.0]]))

    assert np.isnan([totals.bad, totals.incremental_bad]).all()
    assert np.isfinite(totals.value).all()
    observed = observed_totals(contacts(bad_known=False), totals, np.random.default_rng(1))
    assert np.isnan(observed.bad).all()
    assert np.isfinite(observed.value).all()


def test_without_revenue_value_is_unknown() -> None:
    chosen = replace(contacts(), revenue=np.full(1_000, np.nan), revenue_control=np.full(1_000, np.nan))

    totals = expected_totals(chosen, AS_PREDICTED)

    assert np.isnan(totals.value).all()
    assert totals.spend == pytest.approx([4_000])


def test_nobody_contacted_is_nothing_spent() -> None:
    totals = expected_totals(contacts(0), AS_PREDICTED)

    observed = observed_totals(contacts(0), totals, np.random.default_rng(1))
    assert [totals.spend[0], totals.booked[0], totals.value[0]] == [0.0, 0.0, 0.0]
    assert [observed.spend[0], observed.booked[0], observed.value[0]] == [0.0, 0.0, 0.0]


def repeated(totals: Totals, n: int) -> Totals:
    return Totals(**{name: np.repeat(getattr(totals, name), n) for name in Totals.__slots__})


def test_chance_is_that_of_coins() -> None:
    chosen, n = contacts(), 4_000
    certain = repeated(expected_totals(chosen, AS_PREDICTED), n)

    observed = observed_totals(chosen, certain, np.random.default_rng(2))

    booked_sd, organic_sd = np.sqrt(1_000 * 0.3 * 0.7), np.sqrt(1_000 * 0.1 * 0.9)
    assert observed.booked.mean() == pytest.approx(300, rel=0.01)
    assert observed.booked.std() == pytest.approx(booked_sd, rel=0.05)
    assert observed.incremental.std() == pytest.approx(np.hypot(booked_sd, organic_sd), rel=0.05)
    # Bads: a fifth of the bookings, so 1,000 coins of .06.
    assert observed.bad.std() == pytest.approx(np.sqrt(1_000 * 0.06 * 0.94), rel=0.05)
    assert observed.spend.std() == pytest.approx(10 * booked_sd, rel=0.05)


def test_chance_in_who_would_have_come_anyway_moves_the_value_too() -> None:
    chosen = replace(contacts(), loss_given_bad=np.zeros(1_000))
    certain = repeated(expected_totals(chosen, AS_PREDICTED), 4_000)

    observed = observed_totals(chosen, certain, np.random.default_rng(3))

    booked_sd, organic_sd = np.sqrt(1_000 * 0.3 * 0.7), np.sqrt(1_000 * 0.1 * 0.9)
    assert observed.value.std() == pytest.approx(np.hypot((20 - 10) * booked_sd, 20 * organic_sd), rel=0.05)


@given(seed=st.integers(0, 1_000), spread=st.floats(0.01, 0.2))
def test_what_will_be_observed_is_never_surer_than_what_is_expected(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    chosen = contacts(300)
    ratios = 1 + spread * rng.standard_normal((800, 3))
    expected = expected_totals(chosen, ratios)
    observed = observed_totals(chosen, expected, rng)

    for name in ("spend", "booked", "incremental", "bad", "value"):
        centre = getattr(expected_totals(chosen, AS_PREDICTED), name)[0]
        figure = estimate(centre, getattr(expected, name), getattr(observed, name))
        assert figure.low <= figure.expected <= figure.high
        assert figure.predictive_low <= figure.expected <= figure.predictive_high
        # 5 % of slack for the noise of 800 draws.
        assert figure.predictive_high - figure.predictive_low >= 0.95 * (figure.high - figure.low)


def test_an_interval_with_undefined_draws_is_undefined() -> None:
    known, unknown = np.linspace(0, 1, 101), np.array([0.5, np.nan])

    figure = estimate(0.5, known, unknown)

    assert (figure.low, figure.high) == pytest.approx((0.05, 0.95))
    assert np.isnan([figure.predictive_low, figure.predictive_high]).all()
    assert np.isnan(estimate(np.inf, known, known).expected)
