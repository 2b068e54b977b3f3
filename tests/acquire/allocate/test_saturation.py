"""A channel that gets more contacts than usual is worn out: each further contact brings less, and the plan knows."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate.options import Options
from acquire.allocate.saturation import brought_shares
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, Limits, Objective, SaturationStep
from acquire.errors import BadInput
from tests.acquire.allocate.builders import make_options

ACCOUNTS = Objective(maximise="incremental_accounts")
FEED = Channel(channel="feed", partner="acme")
MAIL = Channel(channel="mail", partner="post")


def worn(*steps: tuple[float, float]) -> Channel:
    """The feed, which loses so many accounts per contact from so many contacts on."""
    listed = tuple(SaturationStep(from_contacts=begins, booked=lost, incremental=lost) for begins, lost in steps)
    return replace(FEED, saturation=listed)


def solve(options: Options, limits: Limits, *channels: Channel) -> Allocation:
    return allocate(options, limits, channels, ACCOUNTS)


def test_contacts_beyond_the_usual_number_go_to_the_channel_that_is_fresh() -> None:
    options = make_options([1.0] * 4 + [0.8] * 4, channel=["feed"] * 4 + ["mail"] * 4, booked=1.0)
    fresh = solve(options, Limits(max_contacts=4), FEED, MAIL)
    tired = solve(options, Limits(max_contacts=4), worn((2, 0.5)), MAIL)
    assert options.channel[fresh.chosen].tolist() == [0, 0, 0, 0]
    assert options.channel[tired.chosen].tolist() == [0, 0, 1, 1]
    assert tired.certificate.objective == pytest.approx(2 * 1.0 + 2 * 0.8)
    assert tired.certificate.gap == pytest.approx(0.0, abs=1e-9)


def test_what_is_lost_counts_in_the_objective_step_by_step() -> None:
    options = make_options([1.0] * 6, booked=1.0)
    plan = solve(options, Limits(budget=6), worn((2, 0.25), (4, 0.75)))
    assert len(plan.chosen) == 6
    assert plan.certificate.objective == pytest.approx(6 - 2 * 0.25 - 2 * 0.75)


def test_nobody_is_contacted_where_more_is_lost_than_promised() -> None:
    options = make_options([1.0] * 6, booked=1.0)
    assert len(solve(options, Limits(budget=6), worn((2, 1.5))).chosen) == 2


def test_a_cost_per_account_counts_what_is_lost() -> None:
    options = make_options([1.0] * 4, spend=1.0, booked=1.0)
    assert len(solve(options, Limits(max_cac=1.25), FEED).chosen) == 4
    assert len(solve(options, Limits(max_cac=1.25), worn((2, 0.8))).chosen) == 2  # 3 contacts: 3 / 2.2 = 1.36


def test_a_bad_rate_is_not_kept_by_losing_bad_accounts() -> None:
    options = make_options([1.0, 1.0], booked=1.0, bad=[0.0, 0.3])
    limits = Limits(max_bad_rate=0.1, bad_rate_confidence=0.5, bad_rate_basis="expected")
    assert solve(options, limits, worn((1, 0.5))).chosen.tolist() == [0]


def test_groups_of_leads_wear_a_channel_out_as_leads_do() -> None:
    options = replace(make_options([1.0], booked=1.0), size=np.array([10.0]))
    plan = solve(options, Limits(max_contacts=8), worn((4, 0.5)))
    assert plan.contacts.tolist() == pytest.approx([8.0])
    assert plan.certificate.objective == pytest.approx(8 - 4 * 0.5)


def test_what_contacts_still_bring_adds_up_to_the_objective() -> None:
    options = make_options([1.0, 1.0, 2.0, 2.0], booked=[2.0, 2.0, 4.0, 4.0])
    channel = worn((2, 0.5))
    brought = brought_shares(options, np.arange(4), np.ones(4), (channel,))
    assert float(options.incremental @ brought["incremental"]) == pytest.approx(6.0 - 1.0)
    assert brought["incremental"] == pytest.approx(np.full(4, 5 / 6))
    assert brought["booked"] == pytest.approx(np.full(4, 11 / 12))


def test_a_channel_within_its_usual_number_brings_what_it_promises() -> None:
    options = make_options([1.0, 1.0])
    brought = brought_shares(options, np.arange(2), np.ones(2), (worn((2, 0.5)),))
    assert brought["booked"].tolist() == [1.0, 1.0]
    assert brought["value"].tolist() == [0.0, 0.0]


def test_what_is_lost_falls_on_contacts_by_what_they_promise_and_as_often_as_they_are_made() -> None:
    # 3 contacts of one account and 1 of three: the third and fourth lose 1.5 each, half of what the channel promised.
    options = make_options([1.0, 3.0], booked=[1.0, 3.0])
    brought = brought_shares(options, np.arange(2), np.array([3.0, 1.0]), (worn((2, 1.5)),))
    assert brought["incremental"] == pytest.approx([0.5, 0.5])


def test_a_channel_loses_no_more_than_all_that_it_promised() -> None:
    brought = brought_shares(make_options([1.0] * 4), np.arange(4), np.ones(4), (worn((1, 5.0)),))
    assert brought["incremental"].tolist() == [0.0] * 4


def test_where_amounts_are_not_known_nothing_is_lost_of_them() -> None:
    assert (
        brought_shares(make_options([1.0] * 4), np.arange(4), np.ones(4), (worn((1, 0.5)),))["amount"].tolist()
        == [1.0] * 4
    )


def test_money_is_lost_by_all_contacts_of_the_channel_alike() -> None:
    channel = replace(FEED, saturation=(SaturationStep(from_contacts=2, booked=0.0, incremental=0.0, value=6.0),))
    brought = brought_shares(make_options([1.0] * 3), np.arange(3), np.array([1.0, 1.0, 2.0]), (channel,))
    assert brought["value"].tolist() == [3.0] * 3  # 2 contacts too many lose 12, over 4 contacts


def test_steps_that_are_not_reached_take_nothing_off() -> None:
    shares = brought_shares(make_options([1.0] * 3), np.arange(3), np.ones(3), (worn((2, 0.5), (10, 0.9)),))
    assert shares["incremental"] == pytest.approx([1 - 0.5 / 3] * 3)


def test_a_channel_may_only_wear_out() -> None:
    with pytest.raises(BadInput, match="saturation of channel feed eases"):
        worn((2, 0.5), (4, 0.25))
