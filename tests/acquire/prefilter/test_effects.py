import json

import numpy as np
import pandas as pd
import pytest

from acquire.prefilter.effects import Effects, GroupResiduals, residuals_by


def left(residual: list[float], information: list[float]) -> GroupResiduals:
    names = tuple("abcdefgh"[: len(residual)])
    return GroupResiduals(names=names, residual=np.array(residual), information=np.array(information))


def test_what_was_missed_is_added_up_per_group() -> None:
    group = pd.Series(["b", "a", "b", None])
    told = residuals_by(
        group, np.array([0.2, 0.5, 0.4, 0.5]), np.array([1.0, 0.0, 0.0, 1.0]), np.array([1.0, 0.5, 1.0, 1.0])
    )
    # Rows without a group are a group of their own.
    assert told.names == ("", "a", "b")
    np.testing.assert_allclose(told.residual, [0.5, -0.25, 0.4])
    np.testing.assert_allclose(told.information, [0.25, 0.125, 0.16 + 0.24])


def test_groups_that_nothing_tells_apart_still_differ_by_what_such_groups_are_known_to() -> None:
    # Nothing missed; information 100 each. Prior sd .1: precision 100 + 1 / .01 = 200.
    told = left([0.0, 0.0], [100.0, 100.0]).shrunk(least_sd=0.1)
    assert told.shift == {}
    assert told.sd == pytest.approx({"a": 200**-0.5, "b": 200**-0.5})
    assert told.unseen_sd == 0.1


def test_without_such_knowledge_they_are_taken_as_equal_for_sure() -> None:
    told = left([0.0, 0.0], [100.0, 100.0]).shrunk()
    assert told == Effects(sd={"a": 0.0, "b": 0.0})


def test_a_shift_that_is_not_applied_is_part_of_the_error() -> None:
    # Raw shifts +-.1 with information 100 each: chi square 2, p = .157, not told apart. Posterior: mean +-.05, variance 1/200.
    told = left([10.0, -10.0], [100.0, 100.0]).shrunk(least_sd=0.1)
    assert told.shift == {}
    assert told.sd == pytest.approx({"a": (1 / 200 + 0.05**2) ** 0.5, "b": (1 / 200 + 0.05**2) ** 0.5})


def test_a_shift_that_is_applied_is_not() -> None:
    # Raw shifts +-1, information 100 each: chi square 200. Variance between groups (200 - 1) / (200 - 100) = 1.99.
    told = left([100.0, -100.0], [100.0, 100.0]).shrunk(least_sd=0.1)
    precision = 100 + 1 / 1.99
    assert told.shift == pytest.approx({"a": 100 / precision, "b": -100 / precision})
    assert told.sd["a"] == pytest.approx(precision**-0.5)


def test_differences_that_chance_explains_are_no_spread_and_larger_ones_are() -> None:
    # Raw shifts +-.13, information 100 each: chi square 3.38, p = .066. The moments alone would say (3.38 - 1) / 100.
    assert left([13.0, -13.0], [100.0, 100.0]).between_variance() == 0.0
    # +-.15: chi square 4.5, p = .034.
    assert left([15.0, -15.0], [100.0, 100.0]).between_variance() == pytest.approx((4.5 - 1) / 100)


def test_least_sd_is_a_floor_and_not_added_to_what_is_seen() -> None:
    seen = left([100.0, -100.0], [100.0, 100.0])
    assert seen.shrunk(least_sd=0.1) == seen.shrunk()
    assert seen.shrunk(least_sd=3.0).unseen_sd == 3.0


def test_a_single_group_has_nothing_to_differ_from() -> None:
    assert left([5.0], [100.0]).p_equal == 1.0
    assert left([5.0], [100.0]).between_variance() == 0.0


def test_effects_read_from_json_are_the_same() -> None:
    told = left([100.0, -100.0], [100.0, 100.0]).shrunk(least_sd=0.1)
    assert Effects.from_json(json.loads(json.dumps(told.to_json()))) == told


def test_what_offers_are_expected_to_attract_is_half_believed() -> None:
    # Control missed by -10, coupon by +10, information 100 each. Prior variances .1^2 and .1^2 + .3^2 = .1:
    # -10 / (100 + 100) and 10 / (100 + 10).
    of_offers = GroupResiduals(
        names=("control", "coupon"), residual=np.array([-10.0, 10.0]), information=np.array([100.0, 100.0])
    )
    expected = of_offers.expected(own_sd=0.1, contacted_sd=0.3)
    assert expected == pytest.approx({"control": -0.05, "coupon": 10 / 110})


def test_one_offer_tells_what_the_other_is_expected_to_attract() -> None:
    # Only the coupon was booked. The rate cut shares what all contacted do: covariance .09 of the coupon's variance .1.
    of_offers = GroupResiduals(
        names=("coupon", "rate_cut"), residual=np.array([10.0, 0.0]), information=np.array([100.0, 0.0])
    )
    expected = of_offers.expected(own_sd=0.1, contacted_sd=0.3)
    assert expected["rate_cut"] == pytest.approx(0.9 * expected["coupon"])
