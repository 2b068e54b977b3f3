"""What is said of a lead adds up: gain less tolls is the score that the plan goes by."""

import numpy as np
import pytest

from acquire.allocate.posed import Question
from acquire.allocate.prices import Prices, score
from acquire.allocate.reasons import LeadReason, reason_for
from acquire.allocate.solve import allocate
from acquire.allocate.tangents import Tangents
from acquire.domain import Channel, Limits, Objective
from tests.acquire.allocate.builders import make_options
from tests.acquire.allocate.test_shadow_prices import FEED, SMS, town

MOST_VALUE = Objective(maximise="incremental_value")
CHANNELS: tuple[Channel, ...] = (FEED, SMS)


@pytest.fixture(scope="module")
def planned() -> tuple[Question, object, np.ndarray]:
    question = Question(
        options=town(),
        limits=Limits(budget=60.3, max_bad_rate=0.08, max_cac=1.7),
        channels=CHANNELS,
        objective=MOST_VALUE,
        forced=np.empty(0, dtype=np.int64),
    )
    allocation = allocate(question.options, question.limits, CHANNELS, MOST_VALUE)
    contacts = np.zeros(len(question.options))
    contacts[allocation.chosen] = allocation.contacts
    return question, allocation, contacts


def test_gain_less_tolls_is_the_score_of_every_lead(planned) -> None:  # type: ignore[no-untyped-def]
    question, allocation, contacts = planned
    scores = score(question.options, allocation.prices)
    for lead in range(0, 240, 17):
        reason = reason_for(question, allocation.prices, contacts, np.array([lead]))
        assert reason is not None
        assert reason.best.net == pytest.approx(scores[lead], abs=1e-9)
        assert {toll.limit for toll in reason.best.tolls} <= {"budget", "max_bad_rate", "max_cac"}


def test_those_contacted_have_something_left_and_those_held_are_short_but_for_a_few_at_the_margin(planned) -> None:  # type: ignore[no-untyped-def]
    question, allocation, contacts = planned
    nets = {lead: reason_for(question, allocation.prices, contacts, np.array([lead])) for lead in range(240)}
    wrong = [
        lead for lead, one in nets.items() if one and not one.elsewhere and (one.best.net > 0) != (contacts[lead] > 0)
    ]
    assert len(wrong) <= 6


def test_the_second_lead_of_a_person_points_at_the_contact_of_the_first(planned) -> None:  # type: ignore[no-untyped-def]
    question, allocation, contacts = planned
    lead = int(allocation.chosen[0])
    other = lead + 1 if lead % 2 == 0 else lead - 1
    reason = reason_for(question, allocation.prices, contacts, np.array([other]))
    assert reason is not None
    assert reason.elsewhere is not None
    assert reason.elsewhere.channel == ("feed", "sms")[lead % 2]


def test_a_lead_that_had_no_option_was_never_weighed(planned) -> None:  # type: ignore[no-untyped-def]
    question, allocation, contacts = planned
    assert reason_for(question, allocation.prices, contacts, np.empty(0, dtype=np.int64)) is None


PERSON = make_options(
    [5.0, 4.0, 3.0],
    spend=[2.0, 1.0, 1.0],
    booked=1.0,
    bad=[0.3, 0.0, 0.1],
    person=[0, 0, 0],
    channel=["feed", "feed", "sms"],
)


def told(contacts: list[float], lead: list[int], *, forced: list[int] | None = None) -> LeadReason:
    """One person: two offers of a lead of the feed, one of a lead by SMS; .5 for each unit of money, 20 for each bad account."""
    limits = Limits(budget=10, max_bad_rate=0.1, bad_rate_confidence=0.5)
    prices = Prices(
        of_row={"budget": 0.5, "max_bad_rate": 20.0},
        tangents=Tangents(),
        limits=limits,
        channels=CHANNELS,
        per_contact={"sms": 0.25},
    )
    question = Question(
        options=PERSON,
        limits=limits,
        channels=CHANNELS,
        objective=MOST_VALUE,
        forced=np.array(forced or [], dtype=np.int64),
    )
    reason = reason_for(question, prices, np.array(contacts), np.array(lead))
    assert reason is not None
    return reason


def test_a_safe_booking_is_paid_for_the_room_it_makes_and_the_largest_toll_comes_first() -> None:
    best = told([0, 0, 0], [0, 1]).best
    assert [(toll.limit, round(toll.amount, 9)) for toll in best.tolls] == [("max_bad_rate", -2.0), ("budget", 0.5)]
    assert best.net == pytest.approx(4 + 2 - 0.5)


def test_the_offer_that_leaves_most_is_the_best_and_the_other_comes_next() -> None:
    reason = told([0, 0, 0], [0, 1])
    assert reason.next_best is not None
    assert (reason.best.gain, reason.next_best.gain) == (4, 5)
    assert reason.next_best.net == pytest.approx(5 - 4 - 1)
    assert told([0, 0, 0], [2]).next_best is None


def test_the_contact_of_the_plan_comes_first_even_where_another_leaves_more() -> None:
    assert told([1, 0, 0], [0, 1]).best.gain == 5


def test_another_lead_of_the_person_counts_only_where_it_is_contacted() -> None:
    assert told([0, 0, 0], [0, 1]).elsewhere is None
    elsewhere = told([0, 0, 1], [0, 1]).elsewhere
    assert elsewhere is not None
    assert elsewhere.channel == "sms"


def test_a_dearer_tier_is_paid_beside_the_limits_and_a_limit_that_takes_nothing_is_not_named() -> None:
    best = told([0, 0, 0], [2]).best
    assert [toll.limit for toll in best.tolls] == ["budget"]
    assert best.net == pytest.approx(3 - 0.5 - 0.25)


def test_who_was_drawn_by_lot_is_said_to_be() -> None:
    reason = told([1, 0, 0], [0, 1], forced=[0])
    assert reason.best.by_lot
    assert reason.next_best is not None
    assert not reason.next_best.by_lot
