"""A running campaign planned anew: what is done is done, the rest makes the best of what is left."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate.options import Floats
from acquire.allocate.posed import Question
from acquire.allocate.prices import Prices
from acquire.allocate.reoptimise import Done, Reoptimised, reoptimise
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective
from acquire.errors import Infeasible
from tests.acquire.allocate.builders import make_options
from tests.acquire.allocate.test_live import CHANNELS, market

VALUE = Objective(maximise="incremental_value")
FEED = (Channel(channel="feed", partner="acme"),)


def planned(gain: list[float], limits: Limits, channels: tuple[Channel, ...] = FEED) -> tuple[Question, Floats, Prices]:
    options = make_options(gain)
    allocation = allocate(options, limits, channels, VALUE)
    contacts = np.zeros(len(options))
    contacts[allocation.chosen] = allocation.contacts
    nobody = np.empty(0, dtype=np.int64)
    question = Question(options=options, limits=limits, channels=channels, objective=VALUE, forced=nobody)
    return question, contacts, allocation.prices


def done(n: int, made: dict[int, float], *, days_left: float = 5, most_rise: float = 9.0) -> Done:
    """Contacts made, each with what it cost; of 10 days."""
    contacts, spend = np.zeros(n), np.full(n, np.nan)
    for at, cost in made.items():
        contacts[at], spend[at] = 1.0, cost
    unknown = np.full(n, np.nan)
    return Done(
        contacts=contacts,
        spend=spend,
        booked=unknown,
        bad=unknown,
        days=10,
        days_left=days_left,
        most_rise=most_rise,
    )


def with_outcomes(made: Done, booked: dict[int, int], bad: dict[int, int] | None = None) -> Done:
    """Contacts made, with whether some booked and went bad."""
    told = np.full((2, len(made.contacts)), np.nan)
    for row, known in enumerate((booked, bad or {})):
        for at, outcome in known.items():
            told[row, at] = outcome
    return replace(made, booked=told[0], bad=told[1])


def used(found: Reoptimised, name: str) -> float:
    return next(limit.used for limit in found.limit_uses if limit.name == name)


def test_what_was_overspent_is_missing_from_the_rest() -> None:
    question, plan, prices = planned([5, 4, 3, 2, 1], Limits(budget=4))
    on_course = reoptimise(question, done(5, {0: 1.0}), plan, prices)
    assert list(on_course.contacts) == [1, 1, 1, 1, 0]
    overspent = reoptimise(question, done(5, {0: 2.5}), plan, prices)
    assert list(overspent.contacts) == [1, 1, 0, 0, 0]
    assert used(overspent, "budget") == pytest.approx(3.5)


def test_what_was_saved_buys_more() -> None:
    question, plan, prices = planned([5, 4, 3, 2, 1], Limits(budget=3))
    assert list(reoptimise(question, done(5, {0: 0.0}), plan, prices).contacts) == [1, 1, 1, 1, 0]


def test_a_contact_that_was_not_planned_stays_made() -> None:
    question, plan, prices = planned([5, 4, 3, 2, 1], Limits(budget=2))
    assert list(reoptimise(question, done(5, {4: 1.0}), plan, prices).contacts) == [1, 0, 0, 0, 1]


def test_a_channel_delivers_no_faster_than_it_can() -> None:
    question, plan, prices = planned([5, 4, 3, 2, 1, 1], Limits())
    # Six in ten days were planned; with two days left and no rise, one more is what the channel delivers.
    found = reoptimise(question, done(6, {0: 1.0}, days_left=2, most_rise=0.0), plan, prices)
    assert found.contacts.sum() == 2
    assert used(found, "pace[feed]") == 2


def test_a_channel_with_a_limit_of_its_own_is_paced_by_that() -> None:
    channels = (Channel(channel="feed", partner="acme", max_contacts=5),)
    question, plan, prices = planned([5, 4, 3, 2, 1, 1], Limits(), channels)
    found = reoptimise(question, done(6, {}, days_left=4, most_rise=9.0), plan, prices)
    assert found.contacts.sum() == 2


def test_the_risk_taken_so_far_is_made_good_by_the_rest() -> None:
    options = make_options([3, 3, 1, 1], booked=1.0, bad=[0.3, 0.3, 0.0, 0.0])
    limits = Limits(max_bad_rate=0.1, bad_rate_confidence=0.5)
    allocation = allocate(options, limits, FEED, VALUE)
    question = Question(
        options=options, limits=limits, channels=FEED, objective=VALUE, forced=np.empty(0, dtype=np.int64)
    )
    found = reoptimise(question, done(4, {0: 1.0}), np.zeros(4), allocation.prices)
    assert list(found.contacts) == [1, 0, 1, 1]


def test_a_booking_that_went_bad_is_made_good_by_the_rest() -> None:
    options = make_options([3, 3, 1, 1], booked=1.0, bad=[0.3, 0.5, 0.0, 0.0])
    limits = Limits(max_bad_rate=0.34, bad_rate_confidence=0.5)
    question = Question(
        options=options, limits=limits, channels=FEED, objective=VALUE, forced=np.empty(0, dtype=np.int64)
    )
    _, plan, prices = planned([3, 3, 1, 1], Limits())
    made = done(4, {0: 1.0})
    assert list(reoptimise(question, made, plan, prices).contacts) == [1, 1, 1, 1]
    assert list(reoptimise(question, with_outcomes(made, {0: 1}, {0: 0}), plan, prices).contacts) == [1, 1, 1, 1]
    # One bad of three bookings; with the riskier second one it would be 1.5 of four.
    bad = reoptimise(question, with_outcomes(made, {0: 1}, {0: 1}), plan, prices)
    assert list(bad.contacts) == [1, 0, 1, 1]
    assert used(bad, "max_bad_rate") == pytest.approx(1 / 3)


def test_a_booking_that_came_leaves_less_to_bring() -> None:
    options = make_options([-1, -1, -1], booked=0.5, incremental=0.25)
    limits = Limits(min_incremental_accounts=0.5)
    goal = Objective(minimise="spend")
    question = Question(
        options=options, limits=limits, channels=FEED, objective=goal, forced=np.empty(0, dtype=np.int64)
    )
    _, plan, prices = planned([1, 1, 1], Limits())
    # A booking is half an extra account, which two contacts were expected to bring.
    came = reoptimise(question, with_outcomes(done(3, {0: 1.0}), {0: 1}), plan, prices)
    assert came.contacts.sum() == 1
    assert used(came, "min_incremental_accounts") == pytest.approx(0.5)
    assert reoptimise(question, with_outcomes(done(3, {0: 1.0}), {0: 0}), plan, prices).contacts.sum() == 3


def test_limits_that_cannot_be_met_any_more_are_named() -> None:
    question, plan, prices = planned([1, 1, 1], Limits(budget=3, min_incremental_accounts=3))
    with pytest.raises(Infeasible):
        reoptimise(question, done(3, {0: 2.5}), plan, prices)


def test_starting_from_the_prices_in_force_changes_nothing_but_the_time() -> None:
    options, limits = market(300, 3), Limits(budget=120, max_bad_rate=0.15)
    allocation = allocate(options, limits, CHANNELS, VALUE)
    contacts = np.zeros(len(options))
    contacts[allocation.chosen] = allocation.contacts
    question = Question(
        options=options, limits=limits, channels=CHANNELS, objective=VALUE, forced=np.empty(0, dtype=np.int64)
    )
    found = reoptimise(question, done(len(options), {}, days_left=10), contacts, allocation.prices)
    assert options.gain @ found.contacts == pytest.approx(options.gain @ contacts, rel=1e-3)
