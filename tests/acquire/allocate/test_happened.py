"""Contacts whose outcomes are known count as what happened; all others as what is expected of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.allocate.happened import as_happened
from acquire.domain import Objective
from tests.acquire.allocate.builders import make_options

VALUE, ACCOUNTS, SPEND = (
    Objective(maximise="incremental_value"),
    Objective(maximise="incremental_accounts"),
    Objective(minimise="spend"),
)
UNKNOWN = np.nan


def one(**figures: float) -> object:
    return make_options([10.0], **{"spend": 2.0, "booked": 0.5, "bad": 0.1, "incremental": 0.2, **figures})  # type: ignore[arg-type]


def told(options: object, booked: float, bad: float = UNKNOWN, objective: Objective = VALUE) -> dict[str, float]:
    found = as_happened(options, np.array([booked]), np.array([bad]), objective)  # type: ignore[arg-type]
    names = ("gain", "value", "booked", "incremental", "bad", "incremental_bad", "amount", "approvals", "expected_loss")
    return {name: float(getattr(found, name)[0]) for name in names}


def test_a_booking_brings_what_two_such_contacts_were_expected_to() -> None:
    found = told(one(amount=500.0, approvals=0.6), 1)
    # A value of 10 after 2 of spend is 12 of half a booking.
    assert (found["booked"], found["incremental"], found["bad"]) == pytest.approx((1, 0.4, 0.2))
    assert (found["value"], found["gain"], found["amount"], found["approvals"]) == pytest.approx((22, 22, 1_000, 1))


def test_no_booking_costs_what_it_costs_and_brings_nothing() -> None:
    found = told(one(amount=500.0, approvals=0.6), 0)
    assert (found["booked"], found["incremental"], found["bad"], found["amount"]) == (0, 0, 0, 0)
    assert (found["value"], found["gain"]) == pytest.approx((-2, -2))
    # Of ten, five book and one more was approved: one in five of those who did not book.
    assert found["approvals"] == pytest.approx(0.2)


def test_who_is_put_off_is_lost_where_no_booking_came() -> None:
    put_off = one(incremental=-0.1)
    assert told(put_off, 1)["incremental"] == 0
    assert told(put_off, 0)["incremental"] == pytest.approx(-0.2)


def test_a_matured_booking_is_bad_or_good_and_its_loss_is_counted() -> None:
    risky = one(expected_loss=3.0, incremental_bad=0.05)
    bad, good = told(risky, 1, 1), told(risky, 1, 0)
    assert (bad["bad"], good["bad"]) == (1, 0)
    # 3 expected of one bad in ten are 30 for a bad one; a booking was expected to lose 6.
    assert (bad["expected_loss"], good["expected_loss"]) == pytest.approx((30, 0))
    assert (bad["value"], good["value"]) == pytest.approx((22 - 24, 22 + 6))
    assert (bad["incremental_bad"], good["incremental_bad"]) == pytest.approx((0.5, 0))


def test_what_is_known_is_not_uncertain_any_more() -> None:
    options = make_options([1.0] * 4, booked=0.5, bad=0.1, bad_loadings=[0.02] * 4)
    options = replace(options, booked_loadings=options.bad_loadings)
    booked, bad = np.array([1, 1, 0, UNKNOWN]), np.array([1, UNKNOWN, UNKNOWN, UNKNOWN])
    found = as_happened(options, booked, bad, VALUE)
    assert found.bad_loadings[:, 0].tolist() == pytest.approx([0, 0.04, 0, 0.02])
    assert found.booked_loadings[:, 0].tolist() == pytest.approx([0, 0, 0, 0.02])


def test_the_gain_is_the_objective_s() -> None:
    assert told(one(), 1, objective=ACCOUNTS)["gain"] == pytest.approx(0.4)
    options = make_options([-2.0], spend=2.0)
    assert told(options, 1, objective=SPEND)["gain"] == -2


def test_without_outcomes_nothing_changes() -> None:
    options = make_options([1.0, 2.0])
    unknown = np.full(2, UNKNOWN)
    assert as_happened(options, unknown, unknown, VALUE) is options


@given(p=st.floats(0.05, 0.95), p0=st.floats(0.0, 0.95), p_bad=st.floats(0.0, 1.0), value=st.floats(-50, 50))
def test_over_the_coin_the_figures_are_what_was_expected(p: float, p0: float, p_bad: float, value: float) -> None:
    options = make_options([value], spend=2.0, booked=p, bad=p * p_bad, incremental=p - p0, expected_loss=7 * p * p_bad)
    came, did_not = told(options, 1), told(options, 0)
    for name in ("value", "booked", "incremental", "bad", "expected_loss"):
        mean = p * came[name] + (1 - p) * did_not[name]
        assert mean == pytest.approx(float(getattr(options, name)[0]), abs=1e-9)
