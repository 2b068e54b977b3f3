"""What is said of a lead adds up: gain less tolls is the score that the plan goes by."""

import numpy as np
import pytest

from acquire.allocate.posed import Question
from acquire.allocate.prices import score
from acquire.allocate.reasons import reason_for
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective
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
