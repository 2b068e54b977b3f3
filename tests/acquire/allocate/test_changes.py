"""Limits that hold on to the plan in force: locked channels, and how far the others may move."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate.changes import open_options
from acquire.allocate.options import Options
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, CurrentContacts, CurrentPlan, Limits, Objective
from acquire.errors import BadInput
from tests.acquire.allocate.builders import make_options

CHANNELS = (Channel(channel="feed", partner="north"), Channel(channel="sms", partner="quick"))
MOST_VALUE = Objective(maximise="incremental_value")
KEPT = ("locked_channels", "max_change", "current_plan")
HALF_OF_SIX = ["feed", "feed", "feed", "sms", "sms", "sms"]


def in_force(feed: int, sms: int) -> CurrentPlan:
    lines = {"feed": feed, "sms": sms}
    return CurrentPlan(
        lines=tuple(CurrentContacts(channel=name, offer="coupon", contacts=n) for name, n in lines.items())
    )


def six_leads(gain: list[float]) -> Options:
    return make_options(gain, channel=HALF_OF_SIX)


def plan(options: Options, **limits: object) -> Allocation:
    return allocate(options, Limits(**limits), CHANNELS, MOST_VALUE)  # type: ignore[arg-type]


def test_a_locked_channel_gets_the_contacts_it_has_and_the_best_people_among_its_leads() -> None:
    options = six_leads([1, -2, -3, 9, 8, 7])
    assert plan(options).chosen.tolist() == [0, 3, 4, 5]
    allocation = plan(options, locked_channels=frozenset({"feed"}), current_plan=in_force(2, 0))
    assert allocation.chosen.tolist() == [0, 1, 3, 4, 5]
    assert [(use.name, use.allowed, use.used) for use in allocation.limit_uses] == [
        ("max_contacts[feed coupon, locked_channels]", 2, 2),
        ("min_contacts[feed coupon, locked_channels]", 2, 2),
    ]


def test_a_locked_channel_does_not_grow_either() -> None:
    allocation = plan(six_leads([9, 8, 7, 1, 1, 1]), locked_channels=frozenset({"feed"}), current_plan=in_force(1, 0))
    assert allocation.chosen.tolist() == [0, 3, 4, 5]


def test_a_locked_channel_keeps_its_mix_of_offers() -> None:
    options = replace(
        make_options([9, 8, 1, 3], person=[0, 1, 0, 1]),
        offer=np.array([0, 0, 1, 1]),
        offer_names=("coupon", "rate_cut"),
    )
    lines = tuple(CurrentContacts(channel="feed", offer=name, contacts=1) for name in ("coupon", "rate_cut"))
    allocation = plan(options, locked_channels=frozenset({"feed"}), current_plan=CurrentPlan(lines=lines))
    assert allocation.chosen.tolist() == [0, 3]


def test_a_lock_on_more_people_than_there_are_takes_all_there_are_and_says_so() -> None:
    allocation = plan(six_leads([1, 1, 1, 1, 1, 1]), locked_channels=frozenset({"feed"}), current_plan=in_force(5, 0))
    assert allocation.chosen.tolist() == [0, 1, 2, 3, 4, 5]
    assert allocation.warnings == (
        "channel feed is locked at 5 contacts with offer coupon, but only 3 people may get it: controls and refused leads "
        "are left out",
    )


def test_no_channel_changes_by_more_than_its_share() -> None:
    options = six_leads([-1, -2, -3, 9, 8, 7])
    allocation = plan(options, max_change={"*": 0.5}, current_plan=in_force(2, 2))
    assert allocation.chosen.tolist() == [0, 3, 4, 5]  # feed from 2 to 1, sms from 2 to 3
    assert [(use.name, use.allowed) for use in allocation.limit_uses] == [
        ("max_contacts[feed, max_change]", 3),
        ("min_contacts[feed, max_change]", 1),
        ("max_contacts[sms, max_change]", 3),
        ("min_contacts[sms, max_change]", 1),
    ]


def test_a_channel_named_apart_has_its_own_share() -> None:
    options = six_leads([-1, -2, -3, 9, 8, 7])
    allocation = plan(options, max_change={"*": 0.5, "feed": 0.0}, current_plan=in_force(2, 1))
    assert allocation.chosen.tolist() == [0, 1, 3]  # 1.5 contacts by sms are one whole contact


def test_a_channel_that_is_not_named_may_change_as_it_likes() -> None:
    allocation = plan(six_leads([-1, -2, -3, 9, 8, 7]), max_change={"feed": 0.0}, current_plan=in_force(1, 1))
    assert allocation.chosen.tolist() == [0, 3, 4, 5]


def test_what_can_have_no_contact_at_all_is_no_option() -> None:
    options = six_leads([1, 1, 1, 9, 8, 7])
    shut = Limits(locked_channels=frozenset({"feed"}), max_change={"*": 0.5}, current_plan=in_force(0, 2))
    assert open_options(options, shut).lead.tolist() == [3, 4, 5]
    assert len(open_options(options, Limits(max_change={"sms": 0.5}, current_plan=in_force(0, 0)))) == 3
    assert open_options(options, Limits(current_plan=in_force(0, 0))) is options
    names = [use.name for use in plan(open_options(options, shut), **{f: getattr(shut, f) for f in KEPT}).limit_uses]
    assert names == ["max_contacts[sms, max_change]", "min_contacts[sms, max_change]"]


def test_what_does_not_run_today_does_not_start() -> None:
    allocation = plan(six_leads([1, 1, 1, 9, 8, 7]), max_change={"*": 0.5}, current_plan=in_force(2, 0))
    assert allocation.chosen.tolist() == [0, 1, 2]


@pytest.mark.parametrize("limits", [{"locked_channels": frozenset({"feed"})}, {"max_change": {"*": 0.2}}])
def test_without_a_plan_in_force_nothing_can_hold_on_to_it(limits: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=f"{next(iter(limits))} speaks of the plan in force, which is not given"):
        plan(six_leads([1, 1, 1, 1, 1, 1]), **limits)


@pytest.mark.parametrize("limits", [{"locked_channels": frozenset({"tv"})}, {"max_change": {"tv": 0.2}}])
def test_a_channel_that_does_not_exist_is_bad_input(limits: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=f"{next(iter(limits))} names tv, which does not exist; known are: feed, sms"):
        plan(six_leads([1, 1, 1, 1, 1, 1]), current_plan=in_force(1, 1), **limits)


def test_a_negative_change_is_bad_input() -> None:
    with pytest.raises(BadInput, match=r"max_change is -0\.2; give a finite number that is not negative"):
        Limits(max_change={"*": -0.2})
