"""Shares inside one channel, partner or affiliate group: of its contacts by region and group, of its spend by who gets it."""

from typing import Any

import pytest

from acquire.allocate.cents import add_up, hand_out, money_bounds
from acquire.allocate.options import Options
from acquire.allocate.rulebook import list_limits
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, Limits, LimitUse, Objective, PartLimits
from acquire.errors import BadInput, Infeasible
from tests.acquire.allocate.builders import make_options

MOST_VALUE = Objective(maximise="incremental_value")
# Acme runs two channels, north one; acme's feed and north belong together.
FEED = Channel(channel="feed", partner="acme", affiliate_group="holding")
SMS = Channel(channel="sms", partner="acme")
MAIL = Channel(channel="mail", partner="north", affiliate_group="holding")
CHANNELS = (FEED, SMS, MAIL)
PARTS = [
    ("channel", "feed", "feed"),
    ("partner", "acme", "partner acme"),
    ("affiliate", "holding", "affiliate holding"),
]


def market(gain: list[float], whose: list[str], **more: object) -> Options:
    partner = {channel.channel: channel.partner for channel in CHANNELS}
    affiliate = {channel.channel: channel.affiliate_group or "none" for channel in CHANNELS}
    own = {"partner": [partner[c] for c in whose], "affiliate": [affiliate[c] for c in whose]}
    return make_options(gain, channel=whose, **own, **more)  # type: ignore[arg-type]


def plan(options: Options, *, channels: tuple[Channel, ...] = CHANNELS, **limits: Any) -> Allocation:
    return allocate(options, Limits(**limits), channels, MOST_VALUE)


def use(allocation: Allocation, name: str) -> LimitUse:
    return next(entry for entry in allocation.limit_uses if entry.name == name)


@pytest.mark.parametrize(("kind", "whose", "called"), PARTS)
@pytest.mark.parametrize(
    ("key", "names", "in_row"),
    [
        ("min_region_share", {"home": 0.5}, "home"),
        ("max_region_share", {"*": 0.5}, "far"),
        ("max_region_share", {"far": 0.5}, "far"),
        ("min_group_share", {"women": 0.5}, "women"),
    ],
)
def test_a_share_of_contacts_inside_a_part_counts_its_own_contacts_alone(
    key: str, names: dict[str, float], in_row: str, kind: str, whose: str, called: str
) -> None:
    # Two of the feed live far off and one at home; the contact of another part could make up for it but is not counted.
    other = "sms" if whose != "acme" else "mail"
    options = market(
        [5, 4, 1, 9],
        ["feed", "feed", "feed", other],
        region=["far", "far", "home", "home"],
        groups={"women": [False, False, True, True]},
    )
    two_of_the_feed: dict[str, Any] = {"channel": {"feed": PartLimits(max_contacts=2)}}
    assert plan(options, **two_of_the_feed).chosen.tolist() == [0, 1, 3]
    own: dict[str, Any] = {key: names}
    shares = PartLimits(**own)
    limits: dict[str, Any] = {"channel": {"feed": shares.tighter(PartLimits(max_contacts=2))}}
    if kind != "channel":
        limits = two_of_the_feed | {kind: {whose: shares}}
    allocation = plan(options, **limits)
    assert allocation.chosen.tolist() == [0, 2, 3]
    assert use(allocation, f"{key}[{in_row}, {called}]").used == 0.5


@pytest.mark.parametrize(
    ("kind", "whose", "key", "capped"),
    [
        ("partner", "acme", "max_channel_share", "feed"),
        ("partner", "acme", "max_affiliate_share", "holding"),
        ("affiliate", "holding", "max_channel_share", "feed"),
        ("affiliate", "holding", "max_partner_share", "acme"),
    ],
)
@pytest.mark.parametrize("stated_for", ["named", "all"])
def test_a_share_of_spend_inside_a_part_is_of_its_own_spend(
    kind: str, whose: str, key: str, capped: str, stated_for: str
) -> None:
    # Of the part's two contacts one may be the feed's; a dear contact elsewhere does not make room for more.
    inside, elsewhere = ("sms", "mail") if whose == "acme" else ("mail", "sms")
    options = market([5, 4, 1, 9], ["feed", "feed", inside, elsewhere], spend=[1, 1, 1, 50])
    assert plan(options, max_contacts=3).chosen.tolist() == [0, 1, 3]
    own: dict[str, Any] = {key: {capped: 0.5} if stated_for == "named" else {"*": 0.5}}
    limits: dict[str, Any] = {kind: {whose: PartLimits(**own)}}
    allocation = plan(options, max_contacts=3, **limits)
    assert allocation.chosen.tolist() == [0, 2, 3]
    assert use(allocation, f"{key}[{capped}, {kind} {whose}]").used == 0.5


def test_the_cap_of_all_is_that_of_the_channels_which_the_part_has() -> None:
    options = market([5, 4, 3], ["feed", "sms", "mail"])
    limits = Limits(partner={"acme": PartLimits(max_channel_share={"feed": 0.6, "*": 0.7})})
    rows = list(list_limits(options, limits, CHANNELS))
    assert [(row.name, row.allowed) for row in rows] == [
        ("max_channel_share[feed, partner acme]", 0.6),
        ("max_channel_share[sms, partner acme]", 0.7),
    ]


def test_a_fixed_cost_counts_in_its_part_s_spend() -> None:
    # The feed costs 3 to use and 1 a contact: with both of its people 5, half of what acme spends with five sms.
    feed = Channel(channel="feed", partner="acme", fixed_cost=3)
    options = market([9, 9, 2, 2, 2, 2, 2], ["feed", "feed", *["sms"] * 5])
    half = {"acme": PartLimits(max_channel_share={"feed": 0.5})}
    assert plan(options, channels=(feed, SMS), partner=half).chosen.tolist() == [0, 1, 2, 3, 4, 5, 6]
    allocation = plan(options, channels=(feed, SMS), partner=half, channel={"sms": PartLimits(max_contacts=4)})
    assert [int((allocation.chosen < 2).sum()), len(allocation.chosen)] == [1, 5]
    assert use(allocation, "max_channel_share[feed, partner acme]").used == 0.5


def test_a_region_without_leads_in_the_part_leaves_the_part_empty() -> None:
    options = market([5, 4, 1], ["feed", "mail", "mail"], region=["far", "far", "home"])
    floor = {"feed": PartLimits(min_region_share={"home": 0.1})}
    assert plan(options, channel=floor).chosen.tolist() == [1, 2]


def test_what_to_relax_names_the_share_inside_the_part() -> None:
    options = market([5, 4], ["feed", "feed"], groups={"women": [False, False]})
    with pytest.raises(Infeasible) as caught:
        plan(options, channel={"feed": PartLimits(min_group_share={"women": 0.5}, min_contacts=1)})
    assert "min_group_share[women, feed]" in caught.value.limits


def test_cents_keep_a_share_of_what_the_part_gets() -> None:
    # A third of a cent each way: the feed may have half of acme's 2.01, so not 1.01, whatever north gets.
    options = market([1, 1, 1], ["feed", "sms", "mail"], spend=[1.005, 1.005, 7.3])
    limits = Limits(partner={"acme": PartLimits(max_channel_share={"feed": 0.5}, min_region_share={"home": 1.0})})
    lines = add_up(options, options.lead)
    bounds = list(money_bounds(lines, limits, CHANNELS))
    assert [bound.name for bound in bounds] == ["max_channel_share[feed, partner acme]"]
    cents = hand_out(lines.spend.tolist(), bounds).cents
    assert cents == (100, 101, 730)
    assert not bounds[0].holds((101, 100, 730))


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        (
            {"channel": {"feed": PartLimits(max_partner_share={"acme": 0.5})}},
            "limits.channel.feed has max_partner_share, but all spend of a channel is its one partner's; drop it",
        ),
        (
            {"channel": {"feed": PartLimits(max_affiliate_share={"*": 0.5})}},
            "limits.channel.feed has max_affiliate_share, but all spend of a channel is its one affiliate group's; drop it",
        ),
        (
            {"partner": {"acme": PartLimits(max_partner_share={"*": 0.5})}},
            "limits.partner.acme has max_partner_share, but all spend of a partner is its own; drop it",
        ),
        (
            {"refuse_regions": frozenset({"far"}), "partner": {"acme": PartLimits(min_region_share={"far": 0.5})}},
            r"min_region_share\[far\] of limits.partner.acme is 0.5, but refuse_regions refuses far; drop one of the two",
        ),
        (
            {"partner": {"acme": PartLimits(max_channel_share={"mail": 0.5})}},
            "max_channel_share of limits.partner.acme names mail, which does not exist; known are: feed, sms",
        ),
        (
            {"affiliate": {"holding": PartLimits(max_partner_share={"nobody": 0.5})}},
            "max_partner_share of limits.affiliate.holding names nobody, which does not exist; known are: acme, north",
        ),
        (
            {"channel": {"feed": PartLimits(min_group_share={"young": 0.5})}},
            r"min_group_share\[feed\] names young, which does not exist; known are: none",
        ),
    ],
)
def test_a_share_that_no_part_can_have_is_told_in_one_line(limits: dict[str, Any], line: str) -> None:
    with pytest.raises(BadInput, match=line):
        plan(market([5, 4, 3], ["feed", "sms", "mail"]), **limits)


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"max_region_share": {"home": 1.2}}, r"max_region_share\[home\] is 1.2; give a fraction"),
        ({"max_channel_share": {"*": -0.1}}, "max_channel_share is -0.1; give a fraction"),
        ({"min_region_share": {"a": 0.6, "b": 0.5}}, "min_region_share adds up to 1.1"),
        (
            {"min_region_share": {"a": 0.6}, "max_region_share": {"*": 0.5}},
            r"min_region_share\[a\] is 0.6, above max_region_share 0.5",
        ),
    ],
)
def test_shares_of_a_part_that_are_wrong_on_sight_are_bad_input(limits: dict[str, object], line: str) -> None:
    with pytest.raises(BadInput, match=line):
        PartLimits(**limits)  # type: ignore[arg-type]


def test_of_two_shares_of_one_name_the_stricter_counts() -> None:
    one = PartLimits(max_region_share={"home": 0.3, "*": 0.5}, min_region_share={"home": 0.1})
    other = PartLimits(max_region_share={"*": 0.4, "far": 0.6}, min_region_share={"home": 0.2, "far": 0.1})
    assert one.tighter(other) == PartLimits(
        max_region_share={"home": 0.3, "*": 0.4, "far": 0.5}, min_region_share={"home": 0.2, "far": 0.1}
    )


def test_a_part_s_floor_of_accounts_is_enough_to_ask_for_the_least_spend() -> None:
    options = market([-3, -1, -2], ["feed", "feed", "sms"], spend=[3, 1, 2], incremental=[1, 1, 1])
    limits = Limits(channel={"feed": PartLimits(min_incremental_accounts=1)})
    allocation = allocate(options, limits, CHANNELS, Objective(minimise="spend"))
    assert allocation.chosen.tolist() == [1]
    assert allocation.certificate.objective == 1
