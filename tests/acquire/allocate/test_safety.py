"""The price of safety: three promises about the bad rate, side by side."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate.posed import Question
from acquire.allocate.safety import errors_at_once, price_of_safety
from acquire.allocate.solve import allocate
from acquire.domain import Limits, Objective
from acquire.outlook import SafetyPrice
from tests.acquire.allocate.test_live import CHANNELS, market


def priced(limits: Limits, *, seed: int = 1) -> SafetyPrice | None:
    options, objective = market(300, seed), Objective(maximise="incremental_value")
    # Errors of half of the people go one way, of the others the other way: a portfolio of both is safer than each.
    signs = np.where(np.arange(len(options)) // 2 % 2, 1.0, -1.0)
    options = replace(options, bad_loadings=options.bad_loadings * signs[:, None])
    allocation = allocate(options, limits, CHANNELS, objective)
    contacts = np.zeros(len(options))
    contacts[allocation.chosen] = allocation.contacts
    nobody = np.empty(0, dtype=np.int64)
    question = Question(options=options, limits=limits, channels=CHANNELS, objective=objective, forced=nobody)
    return price_of_safety(question, contacts)


def test_safety_costs_accounts_and_holding_every_cell_costs_more() -> None:
    price = priced(Limits(budget=150, max_bad_rate=0.12))
    assert price is not None
    average, promised, strict = price.lines
    assert average.value > promised.value > strict.value
    assert average.bad_rate == pytest.approx(0.12, abs=1e-6)
    assert average.bad_rate_held > 0.12 >= promised.bad_rate_held > strict.bad_rate_held


def test_the_promise_of_the_plan_is_the_plan_itself() -> None:
    price = priced(Limits(budget=150, max_bad_rate=0.12, bad_rate_basis="expected"))
    assert price is not None
    assert price.lines[1].contacts == round(price.lines[1].contacts)
    assert (price.confidence, price.basis, price.max_bad_rate) == (0.95, "expected", 0.12)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(budget=50),
        Limits(budget=50, max_bad_rate=0.2, bad_rate_confidence=0.5),
        Limits(budget=50, max_bad_rate=1.0),
    ],
)
def test_without_a_promise_there_is_no_price(limits: Limits) -> None:
    assert priced(limits) is None


def test_a_cap_that_no_cell_can_keep_for_itself_contacts_nobody() -> None:
    price = priced(Limits(budget=150, max_bad_rate=0.074))
    assert price is not None
    assert price.lines[1].met
    assert price.lines[2].incremental < price.lines[1].incremental


def test_cell_by_cell_an_error_of_two_parts_counts_with_its_length() -> None:
    options = replace(market(20, 1), bad_loadings=np.tile([0.03, 0.04], (len(market(20, 1)), 1)))
    options = replace(options, booked_loadings=np.zeros_like(options.bad_loadings))
    assert errors_at_once(options, 0.1).bad_loadings[:, 0] == pytest.approx(0.05)


def test_a_floor_that_no_plan_held_cell_by_cell_can_reach_is_said_to_be_out_of_reach() -> None:
    promised = priced(Limits(budget=150, max_bad_rate=0.12))
    assert promised is not None
    between = (promised.lines[1].incremental + promised.lines[2].incremental) / 2
    price = priced(Limits(budget=150, max_bad_rate=0.12, min_incremental_accounts=between))
    assert price is not None
    assert [line.met for line in price.lines] == [True, True, False]
    assert (price.lines[2].contacts, price.lines[2].spend) == (0, 0)
    assert np.isnan(price.lines[2].bad_rate)


def test_cell_by_cell_what_is_off_in_bad_and_in_bookings_alike_is_no_error_at_the_cap() -> None:
    options = market(20, 1)
    options = replace(
        options, bad_loadings=np.full((len(options), 1), 0.01), booked_loadings=np.full((len(options), 1), 0.1)
    )
    assert errors_at_once(options, 0.1).bad_loadings == pytest.approx(0.0)
    assert errors_at_once(options, 0.2).bad_loadings == pytest.approx(0.01)
