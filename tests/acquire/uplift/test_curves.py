"""Curves of a ranking: by pencil, against scikit-uplift's numbers, and not to be moved by ties or the order of rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import auc
from sklift.metrics import qini_auc_score, qini_curve, uplift_at_k
from sklift.metrics import uplift_curve as peer_uplift_curve

from acquire.errors import BadInput
from acquire.uplift.curves import bought_with_interval, cost_curve, qini_of_best, rank, uplift_curve

YES, NO = True, False

# The peer calls a function that scikit-learn will take away in its next version.
peer_of_today = pytest.mark.filterwarnings("ignore:Function stable_cumsum is deprecated:FutureWarning")


def mailing(n: int, seed: int, levels: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (of few levels, where asked for), bookings and who got the letter: six in ten."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n) if levels is None else rng.integers(0, levels, n).astype(float)
    with_offer = rng.random(n) < 0.6
    booked = (rng.random(n) < 0.2 + 0.1 * with_offer * (score > 0)).astype(float)
    return score, booked, with_offer


def test_the_curve_by_pencil() -> None:
    # Best two: one of one with the offer books, none of one without. All four: one of two, and one of two.
    curve = uplift_curve(np.array([4.0, 3.0, 2.0, 1.0]), np.array([1.0, 0.0, 0.0, 1.0]), np.array([YES, NO, YES, NO]))

    assert curve.gain.tolist() == [0.0, 0.25, 0.5, 0.375, 0.0]
    assert curve.radcliffe.tolist() == [0.0, 0.25, 0.25, 0.25, 0.0]
    assert curve.uplift_at(0.5) == 1.0
    assert curve.uplift_at(1.0) == 0.0


@peer_of_today
@pytest.mark.parametrize("levels", [None, 7, 2])
def test_curves_are_those_of_scikit_uplift(levels: int | None) -> None:
    score, booked, with_offer = mailing(2_000, seed=1, levels=levels)

    curve = uplift_curve(score, booked, with_offer)

    for ours, peers in ((curve.radcliffe, qini_curve), (curve.gain, peer_uplift_curve)):
        rows, theirs = peers(booked, score, with_offer.astype(int))
        assert curve.fraction * 2_000 == pytest.approx(rows)
        assert ours * 2_000 == pytest.approx(theirs)


@peer_of_today
def test_areas_and_the_uplift_of_the_best_are_those_of_scikit_uplift() -> None:
    score, booked, with_offer = mailing(2_000, seed=2)
    given_offer = with_offer.astype(int)

    curve = uplift_curve(score, booked, with_offer)

    assert qini_of_best(curve, booked, with_offer) == pytest.approx(qini_auc_score(booked, score, given_offer))
    assert curve.auuc == pytest.approx(auc(*peer_uplift_curve(booked, score, given_offer)) / 2_000**2)
    for share in (0.1, 0.3, 0.5):
        peer = uplift_at_k(booked, score, given_offer, strategy="overall", k=share)
        assert curve.uplift_at(share) == pytest.approx(peer)


rows_with_ties = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.sampled_from([0.0, 1.0]), st.booleans()), min_size=2, max_size=30
).filter(lambda rows: len({given for *_, given in rows}) == 2)


@given(rows=rows_with_ties, seed=st.integers(0, 99))
def test_the_order_of_rows_moves_nothing(rows: list[tuple[float, float, bool]], seed: int) -> None:
    score, booked, with_offer = (np.array(column) for column in zip(*rows, strict=True))
    order = np.random.default_rng(seed).permutation(len(rows))

    one = uplift_curve(score, booked, with_offer)
    other = uplift_curve(score[order], booked[order], with_offer[order])

    assert [one.qini, one.auuc] == pytest.approx([other.qini, other.auuc])
    assert one.uplift_at(0.4) == pytest.approx(other.uplift_at(0.4), nan_ok=True)


@given(rows=rows_with_ties, constant=st.floats(-1, 1))
def test_a_constant_score_is_worth_nothing_and_finds_the_average_everywhere(
    rows: list[tuple[float, float, bool]], constant: float
) -> None:
    _, booked, with_offer = (np.array(column) for column in zip(*rows, strict=True))

    curve = uplift_curve(np.full(len(rows), constant), booked, with_offer)

    average = booked[with_offer].mean() - booked[~with_offer].mean()
    assert curve.qini == 0.0
    assert curve.auuc == pytest.approx(average / 2)
    assert curve.uplift_at(0.3) == pytest.approx(average)


def test_the_peer_moves_with_the_order_of_tied_rows_and_we_do_not() -> None:
    score, booked, with_offer = mailing(200, seed=3, levels=2)
    order = np.lexsort((booked * with_offer, score))

    peers = {
        uplift_at_k(booked[i], score[i], with_offer[i].astype(int), "overall", k=0.1) for i in (order, order[::-1])
    }
    ours = {round(uplift_curve(score[i], booked[i], with_offer[i]).uplift_at(0.1), 9) for i in (order, order[::-1])}

    assert len(peers) == 2
    assert len(ours) == 1


def test_a_row_that_counts_twice_is_two_rows() -> None:
    score, booked, with_offer = mailing(100, seed=4, levels=5)
    twice = np.tile([1.0, 2.0], 50)
    again = np.repeat(np.arange(100), twice.astype(int))

    weighted = rank(score).curve(booked, with_offer, twice)
    copied = uplift_curve(score[again], booked[again], with_offer[again])

    assert weighted.qini == pytest.approx(copied.qini)
    assert weighted.gain == pytest.approx(copied.gain)


def test_without_controls_there_is_no_curve() -> None:
    with pytest.raises(BadInput, match="controls"):
        uplift_curve(np.array([0.1, 0.2]), np.array([0.0, 1.0]), np.array([YES, YES]))


def test_money_spent_on_the_best_first_by_pencil() -> None:
    # The first 1 of 4 spent buys 3 of the 4 extra bookings: area (1 x 3/2 + 3 x 3.5) / 16 = .75; spent evenly, .5.
    curve = cost_curve(np.array([0.2, 0.1]), np.array([3.0, 1.0]), np.array([1.0, 3.0]))

    assert curve.spend.tolist() == [0.0, 0.5, 2.0]
    assert curve.extra.tolist() == [0.0, 1.5, 2.0]
    assert curve.area == pytest.approx(0.75)
    assert cost_curve(np.zeros(2), np.array([3.0, 1.0]), np.array([1.0, 3.0])).area == pytest.approx(0.5)


def test_an_offer_that_brings_nothing_has_no_area_of_money() -> None:
    assert np.isnan(cost_curve(np.array([0.2, 0.1]), np.array([1.0, -1.0]), np.array([1.0, 1.0])).area)


def test_half_of_the_money_buys_three_of_four_extra_bookings_by_pencil() -> None:
    # Half of the 4 spent is the first 1, which buys 3 of 4, and a third of the other 3, which buy 1 of 4.
    curve = cost_curve(np.array([0.2, 0.1]), np.array([3.0, 1.0]), np.array([1.0, 3.0]))

    assert curve.bought(0.5) == pytest.approx((3 + 1 / 3) / 4)
    assert curve.bought(1.0) == pytest.approx(1.0)


def test_what_half_of_the_money_buys_has_an_interval_and_is_half_for_a_constant_score() -> None:
    rng = np.random.default_rng(3)
    effect, spend = 0.1 + 0.3 * (np.arange(2_000) < 500) + rng.normal(0, 0.3, 2_000), np.ones(2_000)

    best_first = bought_with_interval((np.arange(2_000) < 500).astype(float), effect, spend, rng)
    at_random = bought_with_interval(np.zeros(2_000), effect, spend, rng)

    # A quarter of the rows has .4, the rest .1: half of the money buys .25 x .4 + .25 x .1 of .175.
    assert best_first.low < 0.125 / 0.175 < best_first.high
    assert best_first.low > 0.6
    assert at_random.expected == pytest.approx(0.5)


def test_what_money_buys_is_not_known_where_the_offer_may_bring_nothing() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(0.01, 1.0, 400)

    assert np.isnan(bought_with_interval(noise, noise, np.ones(400), rng).expected)


def test_rows_that_count_more_move_the_cost_curve() -> None:
    score, effect, spend = np.array([0.3, 0.2, 0.1]), np.array([3.0, 1.0, 1.0]), np.array([1.0, 2.0, 1.0])

    weighted = cost_curve(score, effect, spend, np.array([1.0, 2.0, 1.0]))
    copied = cost_curve(*(np.repeat(values, [1, 2, 1]) for values in (score, effect, spend)))

    assert weighted.area == pytest.approx(copied.area)
