"""A channel's money goes to the weeks in which it brings most, and what a total brings is read off as concave pieces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.value.pacing import Horizon, Pieces, concave_pieces, lost_shares, paced_booked, spread_spend
from tests.acquire.value.weekly_spend import known_curve

FREE = np.full(4, np.inf)


def test_without_carry_equal_weeks_get_equal_money() -> None:
    spend = spread_spend(known_curve(), 400.0, FREE)
    assert spend == pytest.approx(np.full(4, 100.0), abs=400 / 240)
    assert paced_booked(known_curve(), spend).expected == pytest.approx(80.0, abs=0.01)  # 4 weeks of 40 * 100 / 200


def test_a_week_that_can_take_little_gets_no_more_and_the_others_share_the_rest() -> None:
    spend = spread_spend(known_curve(), 400.0, np.array([10.0, np.inf, np.inf, np.inf]))
    assert spend == pytest.approx([10.0, 130.0, 130.0, 130.0], abs=2)


def test_money_that_no_week_can_take_is_not_spent() -> None:
    assert spread_spend(known_curve(), 400.0, np.full(4, 50.0)).sum() == pytest.approx(200.0)


def test_a_channel_still_felt_from_before_waits() -> None:
    curve = known_curve(carry=0.5)
    full = type(curve)(**{name: getattr(curve, name) for name in curve.__slots__} | {"stock": np.full(2, 400.0)})
    spend = spread_spend(full, 400.0, FREE)
    assert spend[0] < spend[3]


@settings(max_examples=8, deadline=None)
@given(st.floats(0, 0.8), st.floats(20, 500), st.floats(50, 2_000))
def test_no_move_between_two_weeks_brings_more(carry: float, half: float, total: float) -> None:
    curve = known_curve(carry=carry, half=half)
    horizon, spend = Horizon(curve, 4), spread_spend(curve, total, FREE)
    best = horizon.added(spend).mean()
    step = min(3 * total / 240, spend.min())
    for giver, taker in [(0, 3), (3, 0), (1, 2), (2, 0)]:
        moved = spend + step * (np.eye(4)[taker] - np.eye(4)[giver])
        assert horizon.added(moved).mean() <= best * (1 + 1e-4)


def test_the_marginal_is_the_change_of_what_is_added() -> None:
    horizon, spend = Horizon(known_curve(carry=0.6), 4), np.array([50.0, 80.0, 0.0, 120.0])
    marginal = horizon.marginal(spend)
    for week in range(4):
        more = spend + 1e-3 * np.eye(4)[week]
        assert (horizon.added(more).mean() - horizon.added(spend).mean()) / 1e-3 == pytest.approx(
            marginal[week], rel=1e-3
        )


def test_pieces_add_up_to_the_curve_and_never_steepen() -> None:
    pieces = concave_pieces(known_curve(), 4, 1_600.0)
    assert pieces.width.sum() == pytest.approx(1_600.0)
    assert (np.diff(pieces.per_money) <= 1e-12).all()
    for total in (400.0, 800.0, 1_600.0):  # s each week brings 40 s / (s + 100)
        each = total / 4
        assert pieces.booked(total) == pytest.approx(4 * 40 * each / (each + 100), rel=0.02)
    assert pieces.booked(9_999.0) == pieces.booked(1_600.0)


def test_half_as_much_per_unit_beyond_the_usual_spend_is_half_lost() -> None:
    pieces = Pieces(
        channel="feed",
        width=np.array([100.0, 50.0, 50.0]),
        per_money=np.array([0.4, 0.2, 0.1]),
        usual=100.0,
        seen=150.0,
    )
    assert lost_shares(pieces) == ((100.0, 0.5), (150.0, 0.75))


def test_a_piece_across_the_usual_spend_counts_from_there() -> None:
    pieces = Pieces(
        channel="feed", width=np.array([50.0, 100.0]), per_money=np.array([0.4, 0.2]), usual=100.0, seen=150.0
    )
    [(begins, lost)] = lost_shares(pieces)
    assert begins == 100.0
    assert lost == pytest.approx(1 - 0.2 / 0.3)


def test_a_straight_curve_loses_nothing() -> None:
    pieces = Pieces(channel="feed", width=np.array([500.0]), per_money=np.array([0.4]), usual=100.0, seen=500.0)
    assert lost_shares(pieces) == ((100.0, 0.0),)
