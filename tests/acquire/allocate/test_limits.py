"""Each limit of the plan file, on a business small enough for a pencil. Drop the row of a limit and its test fails."""

import pytest

from acquire.allocate.options import Options
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, Limits, LimitUse, Objective
from acquire.errors import BadInput, Infeasible
from tests.acquire.allocate.builders import make_options

FEED = Channel(channel="feed", partner="north")
SMS = Channel(channel="sms", partner="quick")
ON_AVERAGE = {"bad_rate_confidence": 0.5}
MOST_VALUE = Objective(maximise="incremental_value")


def plan(options: Options, *channels: Channel, **limits: object) -> Allocation:
    return allocate(options, Limits(**limits), channels or (FEED,), MOST_VALUE)  # type: ignore[arg-type]


def use(allocation: Allocation, name: str) -> LimitUse:
    return next(entry for entry in allocation.limit_uses if entry.name == name)


def test_without_limits_everybody_who_pays_for_himself_is_contacted() -> None:
    assert plan(make_options([3, -1, 2])).chosen.tolist() == [0, 2]


def test_a_person_in_two_channels_is_contacted_once_with_the_better_option() -> None:
    options = make_options([3, 4, 2], person=[7, 7, 8], channel=["feed", "sms", "feed"])
    assert plan(options, FEED, SMS).chosen.tolist() == [1, 2]


def test_the_budget_buys_the_best_that_fits_and_is_never_passed() -> None:
    allocation = plan(make_options([3, 4, 2], spend=[2, 5, 2]), budget=5)
    assert allocation.chosen.tolist() == [0, 2]
    assert use(allocation, "budget").used == 4


def test_the_bad_rate_cap_moves_spend_to_the_safer_channel() -> None:
    options = make_options([3, 3, 2], bad=[0.2, 0.1, 0.02], channel=["feed", "feed", "sms"])
    allocation = plan(options, FEED, SMS, max_bad_rate=0.13, **ON_AVERAGE)
    assert allocation.chosen.tolist() == [1, 2]  # (.1 + .02) / (.5 + .5)
    assert use(allocation, "max_bad_rate").used == pytest.approx(0.12)


def test_organic_customers_do_not_dilute_the_bad_rate_of_what_is_bought() -> None:
    options = make_options(
        [3, 2], booked=[0.9, 0.3], incremental=[0.1, 0.1], bad=[0.09, 0.02], incremental_bad=[0.05, 0.01]
    )
    assert plan(options, max_bad_rate=0.2, **ON_AVERAGE).chosen.tolist() == [0, 1]
    assert plan(options, max_incremental_bad_rate=0.2).chosen.tolist() == [1]


def test_the_bad_rate_by_amount_sees_the_large_loan_that_goes_bad() -> None:
    options = make_options([3, 2], bad=[0.05, 0.05], amount=[9_000, 1_000], bad_amount=[900, 50])
    assert plan(options, max_bad_amount_rate=0.06).chosen.tolist() == [1]


def test_the_cap_on_cac_counts_everybody_who_books() -> None:
    options = make_options([3, 2], spend=[10, 2], booked=[0.5, 0.5])
    assert plan(options, max_cac=12).chosen.tolist() == [0, 1]  # 12 / 1
    assert plan(options, max_cac=11).chosen.tolist() == [1]


def test_the_cap_on_incremental_cac_counts_only_those_who_were_bought() -> None:
    options = make_options([3, 2], spend=[2, 2], booked=[0.5, 0.5], incremental=[0.1, 0.4])
    assert plan(options, max_incremental_cac=8).chosen.tolist() == [0, 1]  # 4 / .5
    assert plan(options, max_incremental_cac=6).chosen.tolist() == [1]


def test_a_floor_of_accounts_takes_people_who_do_not_pay_for_themselves() -> None:
    options = make_options([3, -1, -5], incremental=[1, 1, 1])
    assert plan(options, min_incremental_accounts=2).chosen.tolist() == [0, 1]


def test_the_call_centre_takes_so_many_contacts_and_no_more() -> None:
    assert plan(make_options([1, 3, 2]), max_contacts=2).chosen.tolist() == [1, 2]


def test_the_back_office_takes_so_many_approvals_and_no_more() -> None:
    options = make_options([3, 2, 2], approvals=[0.9, 0.4, 0.4])
    assert plan(options, max_approvals=0.9).chosen.tolist() == [1, 2]


@pytest.mark.parametrize("key", ["max_partner_share", "max_channel_share", "max_affiliate_share"])
def test_nobody_takes_more_than_his_share_of_the_spend(key: str) -> None:
    whose = ["feed", "feed", "sms", "sms"]
    options = make_options([5, 4, 2, 1], channel=whose, partner=whose, affiliate=whose)
    channels = tuple(Channel(channel=name, partner=name, affiliate_group=name) for name in ("feed", "sms"))
    assert plan(options, *channels, max_contacts=2).chosen.tolist() == [0, 1]
    assert plan(options, *channels, max_contacts=2, **{key: {"feed": 0.5}}).chosen.tolist() == [0, 2]
    assert plan(options, *channels, max_contacts=2, **{key: {"*": 0.5}}).chosen.tolist() == [0, 2]
    allocation = plan(options, *channels, max_contacts=2, **{key: {"feed": 1.0, "*": 0.5}})
    assert allocation.chosen.tolist() == [0, 1]
    assert use(allocation, f"{key}[feed]").used == 1


def test_a_region_gets_at_least_its_share_of_the_contacts() -> None:
    options = make_options([5, 4, 1], region=["far", "far", "home"])
    assert plan(options, max_contacts=2).chosen.tolist() == [0, 1]
    allocation = plan(options, max_contacts=2, min_region_share={"home": 0.5})
    assert allocation.chosen.tolist() == [0, 2]
    assert use(allocation, "min_region_share[home]").used == 0.5


def test_a_region_gets_no_more_than_its_share_of_the_contacts() -> None:
    options = make_options([5, 4, 1], region=["far", "far", "home"])
    assert plan(options, max_contacts=2, max_region_share={"*": 0.5}).chosen.tolist() == [0, 2]


def test_a_watched_group_gets_at_least_its_share_of_the_contacts() -> None:
    options = make_options([5, 4, 1], groups={"first_loan": [False, False, True]})
    assert plan(options, max_contacts=2, min_group_share={"first_loan": 0.5}).chosen.tolist() == [0, 2]


def test_a_channel_delivers_no_more_than_it_can() -> None:
    options = make_options([5, 4, 1], channel=["feed", "feed", "sms"])
    feed = Channel(channel="feed", partner="north", max_contacts=1)
    allocation = plan(options, feed, SMS)
    assert allocation.chosen.tolist() == [0, 2]
    assert use(allocation, "max_contacts[feed]").shadow_price == pytest.approx(4)


def test_a_channel_costs_no_more_than_its_cap() -> None:
    feed = Channel(channel="feed", partner="north", max_spend=3)
    assert plan(make_options([5, 4], spend=[3, 2]), feed).chosen.tolist() == [0]


def test_a_channel_gets_the_spend_it_was_promised() -> None:
    sms = Channel(channel="sms", partner="quick", min_spend=1)
    options = make_options([5, 4, -2], channel=["feed", "feed", "sms"])
    assert plan(options, FEED, sms).chosen.tolist() == [0, 1, 2]


def test_a_channel_keeps_its_own_bad_rate() -> None:
    feed = Channel(channel="feed", partner="north", max_bad_rate=0.1)
    options = make_options([5, 4, 3], bad=[0.1, 0.03, 0.2], channel=["feed", "feed", "sms"])
    assert plan(options, feed, SMS, **ON_AVERAGE).chosen.tolist() == [1, 2]


def test_spend_is_minimised_for_the_accounts_that_are_wanted() -> None:
    options = make_options([-3, -1, -2], spend=[3, 1, 2], incremental=[1, 0.2, 1])
    allocation = allocate(options, Limits(min_incremental_accounts=1), (FEED,), Objective(minimise="spend"))
    assert allocation.chosen.tolist() == [2]
    assert allocation.certificate.objective == 2
    assert use(allocation, "min_incremental_accounts").shadow_price == pytest.approx(2)  # the next account costs 2


def test_a_pencil_checks_every_figure_of_a_limit() -> None:
    entry = use(plan(make_options([3, 2, 1]), budget=2), "budget")
    assert entry == LimitUse(
        name="budget", unit="money", used=2, used_expected=2, allowed=2, binding=True, shadow_price=entry.shadow_price
    )
    assert 1 <= entry.shadow_price <= 2  # less budget costs 2, more brings 1


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"max_approvals": 3}, "max_approvals needs approved, known for none of the options"),
        ({"max_bad_amount_rate": 0.1}, "max_bad_amount_rate needs amount"),
        (
            {"max_partner_share": {"nobody": 0.1}},
            "max_partner_share names nobody, which does not exist; known are: north",
        ),
        ({"min_group_share": {"young": 0.1}}, "min_group_share names young"),
    ],
)
def test_a_limit_without_its_figures_is_bad_input(limits: dict[str, object], line: str) -> None:
    with pytest.raises(BadInput, match=line):
        plan(make_options([3.0]), **limits)


def test_a_bad_rate_limit_without_bad_labels_is_bad_input() -> None:
    with pytest.raises(BadInput, match="max_bad_rate needs bad, known for none of the options; add it"):
        plan(make_options([3.0], bad=float("nan")), max_bad_rate=0.1)


def test_the_cheapest_plan_without_a_floor_is_bad_input() -> None:
    with pytest.raises(BadInput, match="min_incremental_accounts"):
        allocate(make_options([-1]), Limits(), (FEED,), Objective(minimise="spend"))


def test_nobody_to_choose_from_is_told_apart_from_limits_that_are_too_tight() -> None:
    with pytest.raises(Infeasible, match="nobody may be contacted"):
        plan(make_options([]))
