"""Where channels charge once they are used and no plan keeps the limits: the fewest limits over all settings of the switches."""

import itertools
import re

import numpy as np
import pytest

from acquire.allocate import switched_conflict
from acquire.allocate.options import Options
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective, PartLimits, PriceTier
from acquire.errors import Infeasible
from tests.acquire.allocate.builders import make_options

MOST_ACCOUNTS = Objective(maximise="incremental_accounts")
N_PEOPLE = 9
NAMES = ("a", "b", "c")


def refusal(options: Options, channels: tuple[Channel, ...], **limits: object) -> Infeasible:
    with pytest.raises(Infeasible) as caught:
        allocate(options, Limits(**limits), channels, MOST_ACCOUNTS)  # type: ignore[arg-type]
    return caught.value


def proposals(error: Infeasible) -> list[dict[str, float]]:
    """Each way to mend it that the line names: figures by limit."""
    ways = str(error).split("; or instead ")
    return [
        {
            name: float(figure)
            for name, figure in re.findall(r"(?:raise|lower) (\S+) from \S+ to at (?:most|least) (\S+?)(?:;| |$)", way)
        }
        for way in ways
    ]


def test_two_channels_used_together_may_ask_for_less_than_one_alone_or_all() -> None:
    # Six accounts are wanted of a budget of 10: a and b bring them for 5 and 6, c would cost 40 more, a or b alone brings 3.
    options = make_options([1.0] * 9, channel=[name for name in NAMES for _ in range(3)])
    channels = (
        Channel(channel="a", partner="p", fixed_cost=2),
        Channel(channel="b", partner="p", fixed_cost=3),
        Channel(channel="c", partner="p", fixed_cost=40),
    )
    error = refusal(options, channels, budget=10, min_incremental_accounts=6)
    assert str(error) == (
        "budget cannot be met together with min_incremental_accounts while anybody is contacted: "
        "raise budget from 10 to at least 11; or instead lower min_incremental_accounts from 6 to at most 5"
    )


def test_a_cap_of_the_channel_itself_is_moved_although_its_switch_is_open() -> None:
    options = make_options([1.0] * 4, channel="a")
    channel = Channel(channel="a", partner="p", fixed_cost=2, max_contacts=1)
    error = refusal(options, (channel,), min_incremental_accounts=3)
    assert "raise max_contacts[a] from 1 to at least 3" in str(error)


def test_more_contacts_than_a_channel_s_cap_are_charged_by_its_tiers() -> None:
    # Three contacts cost 1 for the channel, 1 for the first and 5 for each other.
    tier = PriceTier(from_contacts=1, cost_per_contact=5.0)
    channel = Channel(channel="a", partner="p", cost_per_contact=1.0, fixed_cost=1, max_contacts=1, price_tiers=(tier,))
    error = refusal(make_options([1.0] * 4, channel="a"), (channel,), budget=10, min_incremental_accounts=3)
    assert str(error) == (
        "min_incremental_accounts cannot be met together with budget, max_contacts[a] while anybody is contacted: "
        "lower min_incremental_accounts from 3 to at most 1; or instead "
        "raise budget from 10 to at least 12 and raise max_contacts[a] from 1 to at least 3"
    )


def test_a_minimum_of_a_channel_that_is_used_is_lowered_like_any_floor() -> None:
    options = make_options([1.0] * 4, channel="a")
    channel = Channel(channel="a", partner="p", min_spend_if_used=3)
    error = refusal(options, (channel,), budget=2)
    assert "raise budget from 2 to at least 3" in str(error)
    assert "lower min_spend_if_used[a] from 3 to at most 2" in str(error)


def test_what_no_limit_can_mend_names_what_the_channels_charge() -> None:
    options = make_options([1.0] * 2, channel="a")
    channel = Channel(channel="a", partner="p", min_spend_if_used=3)
    error = refusal(options, (channel,))
    assert "min_spend_if_used[a]" in str(error)


def test_where_the_settings_are_too_many_the_line_says_that_only_some_were_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(switched_conflict, "MOST_NODES", 0)
    options = make_options([1.0] * 9, channel=[name for name in NAMES for _ in range(3)])
    channels = tuple(Channel(channel=name, partner="p", fixed_cost=2) for name in NAMES)
    error = refusal(options, channels, budget=9, min_incremental_accounts=6)
    assert str(error).endswith(
        "; of the ways to use 3 channels with a fixed cost or a minimum 4 were tried, so that less may do"
    )


def made_up(seed: int) -> tuple[Options, tuple[Channel, ...], Limits]:
    """Nine people in three channels that cost something once they are used, under limits of which many conflict."""
    rng = np.random.default_rng(seed)
    options = make_options(
        np.ones(N_PEOPLE).tolist(),
        channel=[NAMES[i % 3] for i in range(N_PEOPLE)],
        spend=rng.integers(1, 4, N_PEOPLE).astype(float).tolist(),
        bad=(0.05 * rng.integers(0, 6, N_PEOPLE)).tolist(),
        incremental=rng.integers(1, 4, N_PEOPLE).astype(float).tolist(),
    )
    channels = tuple(
        Channel(
            channel=name,
            partner="p",
            fixed_cost=float(rng.integers(0, 6)),
            min_spend_if_used=float(rng.integers(1, 8)) if rng.random() < 0.5 else None,
        )
        for name in NAMES
    )
    limits = Limits(
        budget=float(rng.integers(3, 14)),
        max_contacts=float(rng.integers(1, 6)),
        min_incremental_accounts=float(rng.integers(4, 14)),
        max_bad_rate=0.05 * rng.integers(2, 6),
        bad_rate_confidence=0.5,
        channel={"a": PartLimits(max_spend=float(rng.integers(1, 6)))},
    )
    return options, channels, limits


def every_plan(options: Options, channels: tuple[Channel, ...], limits: Limits) -> dict[str, tuple[np.ndarray, float]]:
    """What each of the 511 plans that contact somebody makes of each limit, counted by hand, and what is allowed."""
    x = np.array(list(itertools.product([0, 1], repeat=N_PEOPLE)), dtype=float)[1:]
    members = [options.channel == i for i in range(len(NAMES))]
    used = np.stack([x[:, mine].any(axis=1) for mine in members], axis=1)
    own = np.stack([x[:, mine] @ options.spend[mine] for mine in members], axis=1)
    own += used * [channel.fixed_cost for channel in channels]
    uses = {
        "budget": (own.sum(axis=1), limits.budget),
        "max_contacts": (x.sum(axis=1), limits.max_contacts),
        "min_incremental_accounts": (x @ options.incremental, limits.min_incremental_accounts),
        "max_bad_rate": ((x @ options.bad) / (x @ options.booked), limits.max_bad_rate),
        "max_spend[a]": (own[:, 0], limits.channel["a"].max_spend),
    }
    for i, channel in enumerate(channels):
        if channel.min_spend_if_used is not None:
            least = np.where(used[:, i], own[:, i], np.inf)
            uses[f"min_spend_if_used[{channel.channel}]"] = (least, channel.min_spend_if_used)
    return uses  # type: ignore[return-value]  # every limit is set


def is_kept(name: str, use: np.ndarray, figure: float) -> np.ndarray:
    return use >= figure - 1e-9 if name.startswith("min_") else use <= figure + 1e-9


@pytest.mark.parametrize("seed", range(10))
def test_no_fewer_limits_than_those_named_would_do_and_with_their_figures_there_is_a_plan(seed: int) -> None:
    options, channels, limits = made_up(seed)
    uses = every_plan(options, channels, limits)
    n_broken = np.sum([~is_kept(name, *use) for name, use in uses.items()], axis=0)
    if not n_broken.min():
        allocate(options, limits, channels, MOST_ACCOUNTS)
        return
    error = refusal(options, channels, **{name: getattr(limits, name) for name in limits.__dataclass_fields__})
    ways = proposals(error)
    assert len(ways[0]) == n_broken.min()
    for way in ways:
        assert np.all([is_kept(name, use, way.get(name, figure)) for name, (use, figure) in uses.items()], axis=0).any()
