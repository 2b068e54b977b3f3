"""Past spend is carried over, and each further unit of money does less."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.value.adstock import Form, adstock, n_weeks_felt, saturate, slope

FORMS = np.array(list(Form))
spends = st.lists(st.floats(0, 1e6), min_size=1, max_size=30)
carries = st.floats(0, 0.95)


def test_half_of_a_weeks_spend_is_felt_a_quarter_the_week_after() -> None:
    assert adstock(np.array([100.0, 0.0, 0.0]), 0.5).tolist() == [50.0, 25.0, 12.5]


def test_without_carry_a_week_is_only_itself() -> None:
    assert adstock(np.array([3.0, 0.0, 7.0]), 0.0).tolist() == [3.0, 0.0, 7.0]


@given(st.floats(0, 1e6), carries)
def test_steady_spend_has_itself_as_adstock(spend: float, carry: float) -> None:
    assert adstock(np.full(10, spend), carry, before=spend) == pytest.approx(np.full(10, spend))


@given(spends, carries)
def test_no_money_is_made_up_or_lost_on_the_way(spend: list[float], carry: float) -> None:
    felt = adstock(np.array([*spend, *[0.0] * 2_000]), carry)
    assert felt.sum() == pytest.approx(sum(spend), rel=1e-6, abs=1e-6)


def test_a_carry_of_one_half_is_gone_after_seven_weeks() -> None:
    assert n_weeks_felt(0.5) == 7
    assert n_weeks_felt(0.0) == 0


def test_half_saturation_brings_half_of_the_most() -> None:
    assert saturate(np.array(200.0), np.array(200.0), FORMS) == pytest.approx(np.full(3, 0.5))


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_the_slope_is_the_change_of_the_curve(stock: float, half: float) -> None:
    step = 1e-5 * half
    up, down = (saturate(np.array(stock + s), np.array(half), FORMS) for s in (step, -step))
    assert slope(np.array(stock), np.array(half), FORMS) == pytest.approx((up - down) / (2 * step), rel=1e-3, abs=1e-8)


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_two_forms_bring_less_with_every_unit_and_one_has_a_threshold(stock: float, half: float) -> None:
    steps = slope(np.array([[stock], [stock * 1.5]]), np.array(half), FORMS)
    assert (steps[1, :2] <= steps[0, :2]).all()
    assert slope(np.array(0.0), np.array(half), FORMS)[Form.THRESHOLD] == 0
