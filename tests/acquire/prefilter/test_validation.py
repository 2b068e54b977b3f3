"""What a validation report adds: how sure the figures are, and whether the leads are like the booked."""

import math

import numpy as np
import pandas as pd
import pytest

from acquire.prefilter.bins import CategoryBins, NumericBins
from acquire.prefilter.quality import auc
from acquire.prefilter.validation import auc_with_interval, mean_with_interval, population_stability, stability
from tests.acquire.prefilter.test_scorecard_sql import card_of


def test_the_auc_is_that_of_the_quality_table_ties_counted_half() -> None:
    p = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.4])
    bad = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    assert auc_with_interval(p, bad).expected == pytest.approx(auc(p, bad))


def test_delongs_interval_by_hand() -> None:
    # Two bad rows beat 1 and all of 2 good ones; the good ones lose to 1 and 2 of 2: variances 1/8 each, divided by 2.
    found = auc_with_interval(np.array([0.1, 0.3, 0.2, 0.4]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert found.expected == 0.75
    assert found.high - found.expected == pytest.approx(1.6448536 * math.sqrt(0.125 / 2 + 0.125 / 2))


def test_the_interval_of_the_auc_covers_nine_times_in_ten() -> None:
    rng = np.random.default_rng(1)
    # Scores of bad rows lie one standard deviation higher: the true AUC is Phi(1 / sqrt 2).
    truth, held = 0.7602499, 0
    for _ in range(300):
        bad = (rng.random(200) < 0.2).astype(float)
        found = auc_with_interval(rng.normal(size=200) + bad, bad)
        held += found.low <= truth <= found.high
    assert 0.86 <= held / 300 <= 0.94


def test_too_few_of_one_kind_leave_the_auc_undefined() -> None:
    assert math.isnan(auc_with_interval(np.array([0.1, 0.2]), np.array([1.0, 0.0])).expected)


def test_a_mean_has_its_normal_interval() -> None:
    found = mean_with_interval(np.array([0.0, 1.0, 0.0, 1.0]))
    assert found.expected == 0.5
    assert found.low == pytest.approx(0.5 - 1.6448536 * math.sqrt(1 / 3 / 4))


def test_the_stability_index_is_nought_for_equal_shares_and_grows_with_the_shift() -> None:
    booked = np.array([5_000.0, 5_000.0])
    assert population_stability(booked, 2 * booked) == pytest.approx(0, abs=1e-6)
    # (.8 - .5) ln(.8/.5) + (.2 - .5) ln(.2/.5) = .416
    assert population_stability(booked, np.array([8_000.0, 2_000.0])) == pytest.approx(0.416, abs=1e-3)
    assert population_stability(np.array([10.0, 0.0]), np.array([0.0, 10.0])) < math.inf


def test_a_shift_shows_in_the_variable_that_moved_and_in_the_points() -> None:
    card = card_of(
        ("x", NumericBins(edges=(0.0,)), [10.0, 20.0, 5.0]), ("c", CategoryBins(levels=("A",)), [1.0, 2.0, 3.0])
    )
    rng = np.random.default_rng(2)
    booked = pd.DataFrame({"x": rng.normal(size=4_000), "c": pd.Series(rng.choice(["A", "B"], 4_000), dtype="str")})
    leads = booked.assign(x=rng.normal(0.8, 1.0, 4_000))
    found = stability(card, booked, leads).set_index("variable")["psi"]
    assert list(found.index) == ["points", "x", "c"]
    assert found["x"] > 0.25
    assert found["points"] > 0.2
    assert found["c"] == pytest.approx(0)
