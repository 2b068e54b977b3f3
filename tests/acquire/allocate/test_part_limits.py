"""The limits of one channel, partner or affiliate group. Drop the rule of a limit and its test fails."""

import pytest

from acquire.allocate.options import Options
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Channel, Limits, LimitUse, Objective, PartLimits
from acquire.errors import BadInput, Infeasible
from tests.acquire.allocate.builders import make_options

WHOSE = ["feed", "feed", "sms"]
CHANNELS = tuple(Channel(channel=name, partner=f"p_{name}", affiliate_group=f"a_{name}") for name in ("feed", "sms"))
MOST_VALUE = Objective(maximise="incremental_value")
ON_AVERAGE = {"bad_rate_confidence": 0.5}

# What three contacts are like, the limit of the first two (feed), and who is contacted without and with it.
CASES = {
    "max_spend": ({"gain": [5, 4, 3], "spend": [3, 2, 9]}, 4.0, [0, 1, 2], [0, 2]),
    "min_spend": ({"gain": [-1, -2, 3], "spend": [3, 2, 9]}, 3.0, [2], [0, 2]),
    "max_contacts": ({"gain": [5, 4, 3]}, 1.0, [0, 1, 2], [0, 2]),
    "min_contacts": ({"gain": [-2, -1, 3]}, 1.0, [2], [1, 2]),
    "max_bad_rate": ({"gain": [5, 4, 3], "bad": [0.02, 0.2, 0.3]}, 0.1, [0, 1, 2], [0, 2]),
    "max_incremental_bad_rate": (
        {"gain": [5, 4, 3], "incremental": [0.2, 0.2, 0.2], "incremental_bad": [0.02, 0.04, 0.1]},
        0.1,
        [0, 1, 2],
        [0, 2],
    ),
    "max_bad_amount_rate": (
        {"gain": [5, 4, 3], "amount": [100, 100, 100], "bad_amount": [5, 20, 50]},
        0.1,
        [0, 1, 2],
        [0, 2],
    ),
    "max_cac": ({"gain": [5, 4, 3], "spend": [1, 9, 9], "booked": [0.5, 0.5, 0.5]}, 4.0, [0, 1, 2], [0, 2]),
    "max_incremental_cac": (
        {"gain": [5, 4, 3], "spend": [1, 9, 9], "incremental": [0.5, 0.5, 0.5]},
        4.0,
        [0, 1, 2],
        [0, 2],
    ),
    "min_incremental_accounts": ({"gain": [-2, -1, 3], "incremental": [0.5, 0.2, 0.9]}, 0.5, [2], [0, 2]),
    "max_approvals": ({"gain": [5, 4, 3], "approvals": [0.6, 0.5, 0.9]}, 0.6, [0, 1, 2], [0, 2]),
    "max_expected_loss": ({"gain": [5, 4, 3], "expected_loss": [60, 50, 90]}, 60.0, [0, 1, 2], [0, 2]),
    "max_calls": ({"gain": [5, 4, 3], "calls": [1.5, 1, 2]}, 1.5, [0, 1, 2], [0, 2]),
}


def three_contacts(figures: dict[str, object]) -> Options:
    own = {"partner": [f"p_{c}" for c in WHOSE], "affiliate": [f"a_{c}" for c in WHOSE]}
    return make_options(**figures, channel=WHOSE, **own)  # type: ignore[arg-type]


def plan(options: Options, **limits: object) -> Allocation:
    return allocate(options, Limits(**ON_AVERAGE, **limits), CHANNELS, MOST_VALUE)  # type: ignore[arg-type]


def use(allocation: Allocation, name: str) -> LimitUse:
    return next(entry for entry in allocation.limit_uses if entry.name == name)


def test_every_limit_of_a_part_has_a_case() -> None:
    limits = {
        name for name in PartLimits.__dataclass_fields__ if not name.endswith("_share")
    }  # see test_part_shares.py
    assert set(CASES) == limits


@pytest.mark.parametrize(
    ("kind", "whose", "called"),
    [
        ("channel", "feed", "feed"),
        ("partner", "p_feed", "partner p_feed"),
        ("affiliate", "a_feed", "affiliate a_feed"),
    ],
)
@pytest.mark.parametrize("key", CASES)
def test_a_part_keeps_its_own_limit_and_the_others_are_left_alone(key: str, kind: str, whose: str, called: str) -> None:
    figures, allowed, without, within = CASES[key]
    options = three_contacts(figures)
    assert plan(options).chosen.tolist() == without
    allocation = plan(options, **{kind: {whose: PartLimits(**{key: allowed})}})
    assert allocation.chosen.tolist() == within
    entry = use(allocation, f"{key}[{called}]")
    assert entry.used >= allowed if key.startswith("min_") else entry.used <= allowed
    assert entry.allowed == allowed


@pytest.mark.parametrize("key", [key for key in CASES if key != "max_spend"])
def test_the_whole_plan_can_have_every_limit_that_a_part_has(key: str) -> None:
    figures, allowed, without, _ = CASES[key]
    only_feed = {name: values[:2] for name, values in figures.items()}  # type: ignore[index]
    options = make_options(**only_feed)
    nobody_else = [at for at in without if at < 2]
    assert plan(options).chosen.tolist() == nobody_else
    allocation = plan(options, **{key: allowed})
    assert allocation.chosen.tolist() != nobody_else
    assert use(allocation, key).allowed == allowed


def test_of_the_channels_table_and_the_plan_file_the_stricter_limit_counts() -> None:
    options = make_options([5, 4, 3])
    for listed, written in ((1, 2), (2, 1)):
        feed = Channel(channel="feed", partner="north", max_contacts=listed)
        limits = Limits(channel={"feed": PartLimits(max_contacts=written)})
        allocation = allocate(options, limits, (feed,), MOST_VALUE)
        assert [(entry.name, entry.allowed) for entry in allocation.limit_uses] == [("max_contacts[feed]", 1)]
        assert allocation.chosen.tolist() == [0]


def test_two_places_that_exclude_each_other_are_bad_input() -> None:
    feed = Channel(channel="feed", partner="north", max_spend=1)
    with pytest.raises(BadInput, match="channel feed, channels table and plan file together: min_spend is 2, above"):
        allocate(make_options([5]), Limits(channel={"feed": PartLimits(min_spend=2)}), (feed,), MOST_VALUE)


@pytest.mark.parametrize("kind", ["channel", "partner", "affiliate"])
def test_a_part_that_does_not_exist_is_bad_input(kind: str) -> None:
    with pytest.raises(BadInput, match=f"limits.{kind} names nobody, which does not exist; known are: "):
        plan(three_contacts({"gain": [5, 4, 3]}), **{kind: {"nobody": PartLimits(max_contacts=1)}})


@pytest.mark.parametrize(
    ("key", "column"),
    [("max_calls", "applied"), ("max_expected_loss", "revenue and bad"), ("max_approvals", "approved")],
)
def test_a_limit_on_what_is_not_known_of_the_part_is_bad_input(key: str, column: str) -> None:
    with pytest.raises(BadInput, match=rf"{key}\[feed\] needs {column}, known for none of the options"):
        plan(three_contacts({"gain": [5, 4, 3]}), channel={"feed": PartLimits(**{key: 1.0})})


def test_what_is_known_of_the_part_is_enough() -> None:
    options = three_contacts({"gain": [5, 4, 3], "approvals": [0.6, 0.5, float("nan")]})
    assert plan(options, channel={"feed": PartLimits(max_approvals=0.6)}).chosen.tolist() == [0, 2]


def test_two_limits_that_would_have_one_name_are_bad_input() -> None:
    channels = (Channel(channel="partner north", partner="north"),)
    options = make_options([1], channel="partner north", partner="north")
    limits = Limits(channel={"partner north": PartLimits(max_cac=5)}, partner={"north": PartLimits(max_cac=4)})
    with pytest.raises(BadInput, match=r"two limits would both be called max_cac\[partner north\]; rename"):
        allocate(options, limits, channels, MOST_VALUE)


def test_a_floor_of_nothing_is_no_limit() -> None:
    assert plan(three_contacts({"gain": [5, 4, 3]}), channel={"feed": PartLimits(min_contacts=0)}).limit_uses == ()


def test_a_floor_that_a_part_cannot_reach_is_named() -> None:
    with pytest.raises(Infeasible, match=r"min_contacts\[feed\] from 3 to at most 2"):
        plan(three_contacts({"gain": [5, 4, 3]}), channel={"feed": PartLimits(min_contacts=3)})


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"max_cac": -1.0}, "max_cac is -1.0; give a finite number"),
        ({"max_bad_rate": 2.0}, "max_bad_rate is 2.0; give a fraction"),
        ({"min_spend": 3.0, "max_spend": 2.0}, "min_spend is 3.0, above max_spend 2.0"),
        ({"min_contacts": 3.0, "max_contacts": 2.0}, "min_contacts is 3.0, above max_contacts 2.0"),
    ],
)
def test_limits_of_a_part_that_are_wrong_on_sight_are_bad_input(limits: dict[str, float], line: str) -> None:
    with pytest.raises(BadInput, match=line):
        PartLimits(**limits)


def test_a_floor_of_spend_above_the_budget_is_bad_input() -> None:
    with pytest.raises(BadInput, match="min_spend is 3, above budget 2"):
        Limits(budget=2, min_spend=3)


def test_the_stricter_of_two_is_the_lower_cap_and_the_higher_floor() -> None:
    one = PartLimits(max_cac=5, min_spend=1, max_contacts=3)
    other = PartLimits(max_cac=4, min_spend=2, max_calls=7)
    assert one.tighter(other) == PartLimits(max_cac=4, min_spend=2, max_contacts=3, max_calls=7)
