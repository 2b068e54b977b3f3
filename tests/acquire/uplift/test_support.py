"""Where history can tell what an offer changes."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.uplift.support import NOBODY, Support, choose_bounds, fit_against_control, predict_against_control, within
from tests.acquire.uplift.desk_histories import by_need, history, matrix, people, read


@pytest.fixture(scope="module")
def support() -> Support:
    frame = people(4_000)
    found = read(history(frame, np.where(frame["age"] >= 50, 0.0, by_need(frame)))).support
    assert found is not None
    return found


def test_the_rule_of_thumb_holds_where_offer_and_control_were_given_equally_often() -> None:
    assert choose_bounds(0.5, most=0.1) == (0.1, 0.9)


def test_what_is_rare_everywhere_is_measured_by_how_rare_it_is() -> None:
    # 5 of 100 got the offer: only below 1 of 100 is a lack of overlap; and above 90 of 100 next to nobody was left alone.
    assert choose_bounds(0.05, most=0.1) == pytest.approx((0.01, 0.9))
    assert choose_bounds(0.95, most=0.1) == pytest.approx((0.1, 0.99))


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.5))
def test_the_average_lead_is_always_within_the_bounds(share: float, most: float) -> None:
    low, high = choose_bounds(share, most)

    assert 0 <= low <= share <= high <= 1
    assert low <= most
    assert high >= 1 - most


def test_overlap_fails_next_to_never_and_next_to_always() -> None:
    shares = np.array([[0.05, 0.5], [0.5, 0.95], [0.5, 0.5]])

    assert within(shares, [(0.1, 0.9), (0.1, 0.9)]).tolist() == [[False, True], [True, False], [True, True]]
    assert not within(shares, [NOBODY, NOBODY]).any()


def test_a_fold_in_which_everybody_got_the_offer_says_always() -> None:
    everybody, nobody = (
        predict_against_control(fit_against_control(matrix(people(60)), np.full(60, arm), 1, seed=1), matrix(people(5)))
        for arm in (1, 0)
    )

    assert everybody.min() > 0.999
    assert nobody.max() < 0.001


def test_what_is_shipped_refuses_the_same_leads(support: Support) -> None:
    leads = matrix(people(500, seed=6))

    again = Support.from_content(json.loads(json.dumps(support.to_content())), leads.shape[1])

    read_back, fitted = (predict_against_control(one.boosters, leads) for one in (again, support))
    np.testing.assert_array_equal(read_back, fitted)
    np.testing.assert_array_equal(again.covers(leads), support.covers(leads))
    assert 0 < support.covers(leads).mean() < 1


@pytest.mark.parametrize(
    "damage",
    [
        {"bounds": [[0.7, 0.9]]},
        {"bounds": [[0.1, 1.9]]},
        {"bounds": [[False, True]]},
        {"bounds": [[0.1]]},
        {"bounds": []},
        {"bounds": [[0.1, 0.9], [0.1, 0.9]]},
        {"trees": []},
        {"trees": "none"},
        {"trees": [{"leaves": [2]}]},
        {"extra": 1},
    ],
)
def test_content_that_is_not_ours_is_refused(support: Support, damage: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Support.from_content({**support.to_content(), **damage}, 3)
