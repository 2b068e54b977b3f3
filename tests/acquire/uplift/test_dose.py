"""Offers that differ in one number: curves that never turn, by pencil and for whatever comes."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.isotonic import IsotonicRegression

from acquire.errors import BadInput
from acquire.uplift.dose import Dose

LIMIT = Dose(name="limit", values=(1000.0, 2000.0, 3000.0), sign=1)


def test_a_curve_that_does_not_turn_is_left_alone() -> None:
    rising = np.array([[0.01, 0.02, 0.05], [0.0, 0.0, 0.0]])

    assert np.array_equal(LIMIT.monotone(rising), rising)


def test_offers_that_are_the_wrong_way_round_meet_in_the_middle() -> None:
    assert LIMIT.monotone(np.array([[0.01, 0.05, 0.03]])) == pytest.approx(np.array([[0.01, 0.04, 0.04]]))
    assert LIMIT.monotone(np.array([[0.06, 0.03, 0.0]])) == pytest.approx(np.array([[0.03, 0.03, 0.03]]))


def test_a_higher_price_never_makes_a_booking_likelier() -> None:
    price = Dose(name="price", values=(0.12, 0.10), sign=-1)

    assert price.monotone(np.array([[0.05, 0.03]])) == pytest.approx(np.array([[0.04, 0.04]]))
    assert price.monotone(np.array([[0.03, 0.05]])) == pytest.approx(np.array([[0.03, 0.05]]))


def test_offers_of_one_price_get_one_effect_and_an_offer_without_a_price_keeps_its_own() -> None:
    price = Dose(name="price", values=(0.10, math.nan, 0.10, 0.12), sign=-1)

    assert price.monotone(np.array([[0.04, 0.9, 0.02, 0.01]])) == pytest.approx(np.array([[0.03, 0.9, 0.03, 0.01]]))


@given(hnp.arrays(np.float64, (5, 4), elements=st.floats(-1, 1)))
def test_the_curve_is_the_nearest_that_does_not_turn(uplift: np.ndarray) -> None:
    dose = Dose(name="limit", values=(1.0, 2.0, 3.0, 4.0), sign=1)

    bent = dose.monotone(uplift)

    peer = np.vstack([IsotonicRegression().fit_transform(np.arange(4), row) for row in uplift])
    assert bent == pytest.approx(peer, abs=1e-9)
    assert (np.diff(bent, axis=1) >= -1e-12).all()


@given(hnp.arrays(np.float64, (3, 3), elements=st.floats(-1, 1)))
def test_bending_moves_no_leads_average(uplift: np.ndarray) -> None:
    assert LIMIT.monotone(uplift).mean(axis=1) == pytest.approx(uplift.mean(axis=1), abs=1e-9)


def test_between_two_doses_the_curve_is_straight_and_beyond_them_flat() -> None:
    curve = LIMIT.curve(np.array([[0.01, 0.03, 0.09]]), np.array([500.0, 1000.0, 1500.0, 2500.0, 3000.0, 9000.0]))

    assert curve == pytest.approx(np.array([[0.01, 0.01, 0.02, 0.06, 0.09, 0.09]]))


def test_where_offers_have_one_dose_the_curve_is_that_effect() -> None:
    dose = Dose(name="limit", values=(math.nan, 1000.0), sign=1)

    assert dose.curve(np.array([[0.5, 0.02]]), np.array([1.0, 2000.0])) == pytest.approx(np.array([[0.02, 0.02]]))


def test_a_dose_comes_back_from_json_and_a_damaged_one_does_not() -> None:
    dose = Dose(name="price", values=(0.1, math.nan), sign=-1)
    written = json.loads(json.dumps(dose.to_content(), allow_nan=False))

    assert str(Dose.from_content(written, 2)) == str(dose)
    for damaged in (
        {**written, "sign": 0},
        {**written, "values": [0.1]},
        {**written, "values": ["0.1", None]},
        {**written, "values": [math.inf, None]},
        {"name": "price"},
        None,
    ):
        with pytest.raises(BadInput):
            Dose.from_content(damaged, 2)  # type: ignore[arg-type]
