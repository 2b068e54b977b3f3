"""What a validation report adds: whether the leads are like the booked."""

import math

import numpy as np
import pandas as pd
import pytest

from acquire.prefilter.bins import CategoryBins, NumericBins
from acquire.prefilter.validation import population_stability, stability
from tests.acquire.prefilter.sql_models import card_of


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
