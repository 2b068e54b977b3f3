"""Money handed out: whole cents that add up, and every limit on money kept in whole numbers."""

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.allocate.cents import Bound, Handed, add_up, hand_out, money_bounds
from acquire.domain import Channel, Limits, PartLimits
from tests.acquire.allocate.builders import make_options

FEED = Channel(channel="feed", partner="north", max_spend=2.01)
SMS = Channel(channel="sms", partner="quick")


def at_most(lines: tuple[bool, ...], cents: int) -> Bound:
    return Bound(name="max_spend", lines=lines, fixed=Fraction(cents))


def test_the_cents_left_over_go_to_the_largest_remainders() -> None:
    assert hand_out([0.333, 0.333, 0.334]).cents == (33, 33, 34)
    assert hand_out([0.336, 0.339, 0.325]).cents == (34, 34, 32)


def test_thirds_of_a_coin_add_up_to_the_coin() -> None:
    assert sum(hand_out([1 / 3, 1 / 3, 1 / 3]).cents) == 100


def test_nobody_to_pay_is_no_money() -> None:
    assert hand_out([]).cents == ()


def test_a_cap_sends_the_cent_to_the_next_line() -> None:
    amounts = [1.006, 1.004]
    assert hand_out(amounts).cents == (101, 100)
    assert hand_out(amounts, [at_most((True, False), 100)]).cents == (100, 101)


def test_a_cap_on_everything_takes_the_cent_away() -> None:
    assert hand_out([1.004, 1.004], [at_most((True, True), 200)]).cents == (100, 100)


def test_a_floor_takes_the_cent_that_it_needs() -> None:
    floor = Bound(name="min_spend", lines=(True, False), fixed=Fraction(101), at_least=True)
    assert hand_out([1.004, 1.006], [floor]).cents == (101, 100)


def test_a_share_of_the_spend_holds_in_whole_cents() -> None:
    share = Bound(name="max_partner_share", lines=(True, False), share=Fraction(1, 2))
    assert hand_out([1.006, 1.006], [share]).cents == (100, 101)


def test_many_caps_that_bind_below_a_cent_take_a_cent_each_and_no_more() -> None:
    n = 40
    caps = [
        Bound(name=f"max_cac[{i}]", lines=tuple(j == i for j in range(n)), fixed=Fraction("100.6")) for i in range(n)
    ]
    assert hand_out([1.006] * n, caps) == Handed(cents=(100,) * n)


def test_a_limit_that_no_cents_keep_is_named() -> None:
    assert hand_out([1.0, 1.0], [at_most((True, False), 50)]).broken == ("max_spend",)


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=5, max_size=5),
    st.integers(0, 10_000),
)
@settings(max_examples=60, deadline=None)
def test_cents_are_kept_inside_the_limits_wherever_any_cents_are(
    thousandths: list[int], parts: list[tuple[int, int]], share: int
) -> None:
    amounts = [t / 1000 for t in thousandths]
    exact = [100 * Fraction(a) for a in amounts]
    # Channels belong to a partner and to an affiliate group: two ways to cut the lines, each with a cap at what is used.
    bounds = [
        Bound(
            name=f"{way} {part}",
            lines=tuple(parts[line][way] == part for line in range(len(amounts))),
            fixed=sum((e for line, e in enumerate(exact) if parts[line][way] == part), Fraction(share, 10_000)),
        )
        for way, n in ((0, 2), (1, 3))
        for part in range(n)
    ]
    handed = hand_out(amounts, bounds)
    near = [(int(e), int(e) + 1) for e in exact]
    somebody = any(
        all(bound.holds(cents) for bound in bounds) and abs(sum(cents) - sum(exact)) <= 1
        for cents in itertools.product(*near)
    )
    assert all(bound.holds(handed.cents) for bound in bounds) == (handed.broken == ())
    assert handed.broken == () or not somebody
    assert all(abs(c - e) <= 2 for c, e in zip(handed.cents, exact, strict=True))
    assert handed.broken or abs(sum(handed.cents) - sum(exact)) <= len(amounts)


@given(st.lists(st.floats(0, 1e6), max_size=30))
def test_without_limits_the_cents_add_up_to_the_rounded_total_and_no_line_moves_by_a_cent(amounts: list[float]) -> None:
    handed, exact = hand_out(amounts), [100 * Fraction(a) for a in amounts]
    assert sum(handed.cents) == round(sum(exact, Fraction(0)))
    assert all(abs(c - e) < 1 for c, e in zip(handed.cents, exact, strict=True))


def test_every_limit_on_money_becomes_a_bound_in_exact_numbers() -> None:
    options = make_options(
        [1, 1],
        spend=[1.0, 3.0],
        booked=0.5,
        incremental=[0.3, 0.3],
        channel=["feed", "sms"],
        partner=["north", "quick"],
    )
    limits = Limits(
        budget=4.1,
        max_cac=4.05,
        max_incremental_cac=7,
        max_partner_share={"quick": 0.8},
        min_region_share={"home": 0.1},
        max_contacts=5,
        channel={"sms": PartLimits(min_spend=2.5)},
    )
    bounds = {bound.name: bound for bound in money_bounds(options, limits, (FEED, SMS))}
    assert {name: (bound.lines, bound.fixed, bound.share) for name, bound in bounds.items()} == {
        "budget": ((True, True), 410, 0),
        "max_cac": ((True, True), 405, 0),
        "max_incremental_cac": ((True, True), 700 * 2 * Fraction(0.3), 0),
        "max_partner_share[quick]": ((False, True), 0, Fraction(4, 5)),
        "max_spend[feed]": ((True, False), 201, 0),
        "min_spend[sms]": ((False, True), 250, 0),
    }


def test_a_plan_adds_up_to_one_line_per_channel_and_offer() -> None:
    options = make_options([5, 4, 3, 9], spend=[1, 2, 4, 8], channel=["feed", "sms", "feed", "sms"])
    lines = add_up(options, np.array([0, 1, 2]))
    assert (lines.spend.tolist(), lines.channel.tolist()) == ([5, 2], [0, 1])
    assert lines.gain.tolist() == [8, 4]


def test_nobody_chosen_adds_up_to_no_line() -> None:
    assert len(add_up(make_options([5, 4]), np.array([], dtype=np.int64))) == 0
