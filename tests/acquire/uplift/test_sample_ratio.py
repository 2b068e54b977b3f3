"""Whether contacted and controls are still those whom the lot drew, and who got something else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from acquire.uplift.contamination import find_contamination
from acquire.uplift.sample_ratio import RatioCheck, check_sample_ratio

Flags = NDArray[np.bool_]


def check(
    known_contacts: int, known_controls: int, *, contacts: int = 950, controls: int = 50, declared: float | None = None
) -> RatioCheck:
    """One channel."""
    is_control = np.repeat([False, True], [contacts, controls])
    is_known = np.concatenate([np.arange(contacts) < known_contacts, np.arange(controls) < known_controls])
    shares = None if declared is None else {"mail": declared}
    return check_sample_ratio(("mail",), np.zeros(len(is_control), dtype=np.int64), is_control, is_known, shares)


def test_an_experiment_whose_outcomes_are_all_there_is_sound() -> None:
    checked = check(950, 50)
    assert checked.sound
    assert checked.p_value == 1
    assert checked.worst.name == "all"


def test_outcomes_that_are_missing_alike_on_both_sides_are_no_alarm() -> None:
    assert check(760, 40).sound


def test_a_tenth_of_the_controls_lost_and_no_contact_is_an_alarm() -> None:
    # The share of controls among the rows with an outcome hardly moves: 4.5 % instead of 5 %.
    lost = check(950, 45)
    assert not lost.sound
    assert (lost.lines[0].controls, lost.lines[0].known_controls) == (50, 45)


def test_an_alarm_names_the_channel_in_which_outcomes_are_lost() -> None:
    channel = np.repeat([0, 1], 1_000)
    is_control = np.tile(np.arange(1_000) < 100, 2)
    is_known = np.ones(2_000, dtype=np.bool_)
    is_known[1_000:1_030] = False
    checked = check_sample_ratio(("feed", "mail"), channel, is_control, is_known)
    assert not checked.sound
    assert checked.worst.name == "mail"
    assert [line.name for line in checked.lines] == ["all", "feed", "mail"]


def test_a_holdout_much_smaller_than_declared_is_an_alarm() -> None:
    assert check(950, 50, declared=0.05).sound
    assert not check(980, 20, contacts=980, controls=20, declared=0.05).sound


def test_the_lot_alone_hardly_ever_makes_an_alarm() -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(300):
        channel, is_control = rng.integers(0, 4, 500), rng.random(500) < 0.1
        checked = check_sample_ratio(tuple("abcd"), channel, is_control, rng.random(500) < 0.9)
        alarms += checked.p_value < 0.05
    assert alarms <= 0.05 * 300


def found(is_control: Flags, **changes: object):  # type: ignore[no-untyped-def]
    n = len(is_control)
    words: dict[str, object] = {
        "person": np.arange(n),
        "reached": None,
        "control_of": ["mail"] * n,
        "contacted_in": [None] * n,
    }
    return find_contamination(is_control, **(words | changes))  # type: ignore[arg-type]


def test_what_nobody_wrote_down_about_delivery_is_not_known() -> None:
    nothing = found(np.array([True, False]))
    assert np.isnan(nothing.reached_contacts)
    assert np.isnan(nothing.dilution)
    assert nothing.crossings == ()


def test_controls_that_another_channel_contacted_are_counted_by_both_channels() -> None:
    is_control = np.array([True, True, True, False, False])
    told = found(
        is_control,
        reached=np.array([1.0, 1.0, 0.0, 1.0, np.nan]),
        control_of=["mail", "mail", "feed", "mail", "feed"],
        contacted_in=["feed", "feed", None, "mail", None],
    )
    assert told.reached_controls == pytest.approx(2 / 3)
    assert told.reached_contacts == 1
    assert told.dilution == pytest.approx(1 / 3)
    assert [(one.control_of, one.contacted_in, one.leads) for one in told.crossings] == [("mail", "feed", 2)]


def test_a_person_on_both_sides_of_the_lot_is_counted_once() -> None:
    told = found(np.array([True, False, False, False, True]), person=np.array([1, 1, 2, 2, 3]))
    assert told.people_in_both == 1
    assert told.people_more_than_once == 2
