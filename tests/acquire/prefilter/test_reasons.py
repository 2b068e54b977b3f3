"""Reason codes: the points a lead loses against the best bin, in words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.prefilter.bins import CategoryBins, NumericBins
from acquire.prefilter.scorecard import Scorecard
from tests.acquire.prefilter.cards import CITY, SCORE, make_card, make_variable

# Bins of the score: at most 512, 512 to 560, above 560, code -999, missing. Of the city: far, near, other, missing.
CARD = make_card(
    make_variable("bureau_score", SCORE, [10, 22, 60, 0, 30]), make_variable("city", CITY, [5, 25, 15, 20])
)


def leads(score: list[float], city: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"bureau_score": score, "city": pd.array(city, dtype="str")})


def test_a_reason_says_in_words_where_points_are_lost() -> None:
    reasons = CARD.reasons(leads([540.0], ["far"]), top=2).iloc[0]
    assert reasons["reason_1"] == "bureau_score"
    assert reasons["lost_1"] == 38
    assert reasons["words_1"] == "bureau_score is 512 to 560: 38 points below the best"
    assert reasons["words_2"] == "city is far: 20 points below the best"


@pytest.mark.parametrize(
    ("score", "city", "words"),
    [
        (512.0, "near", "bureau_score is at most 512: 50 points below the best"),
        (-999.0, "near", "bureau_score is code -999: 60 points below the best"),
        (np.nan, "near", "bureau_score is missing: 30 points below the best"),
        (700.0, "isle", "city is rare or new: 10 points below the best"),
        (700.0, "moon", "city is rare or new: 10 points below the best"),
        (700.0, None, "city is missing: 5.0 points below the best"),
    ],
)
def test_every_kind_of_bin_has_its_words(score: float, city: str | None, words: str) -> None:
    assert CARD.reasons(leads([score], [city]))["words_1"].tolist() == [words]


def test_where_nothing_is_lost_there_is_no_reason() -> None:
    reasons = CARD.reasons(leads([700.0], ["near"]))
    assert list(reasons.columns) == [f"{what}_{k}" for k in (1, 2, 3, 4) for what in ("reason", "lost", "words")]
    assert reasons.isna().all(axis=None)


def test_the_best_bin_is_one_in_which_somebody_was() -> None:
    # The bin above 560 has most points, but history had nobody there: the best is "missing" with 30 points.
    card = make_card(make_variable("bureau_score", SCORE, [10, 22, 60, 0, 30], count=[9, 9, 0, 9, 9]))
    reasons = card.reasons(leads([540.0, 700.0], ["far", "far"]), top=1)
    assert reasons["lost_1"].tolist()[0] == 8
    assert np.isnan(reasons["lost_1"].iloc[1])


def test_reasons_keep_the_index_and_an_empty_table_has_none() -> None:
    frame = leads([540.0, 700.0], ["far", "far"]).set_index(pd.Index(["b", "a"]))
    assert CARD.reasons(frame).index.tolist() == ["b", "a"]
    assert len(CARD.reasons(frame[:0])) == 0
    assert make_card(constant=500.0).reasons(frame)["reason_1"].isna().all()


numbers = NumericBins(edges=(0.0, 1.0, 2.0))
levels = CategoryBins(levels=("a", "b"))
whole_points = st.integers(0, 6).map(float)


@given(
    st.lists(st.lists(whole_points, min_size=5, max_size=5), min_size=1, max_size=7),
    st.lists(whole_points, min_size=4, max_size=4),
    st.integers(0, 10_000),
    st.integers(1, 5),
)
def test_the_reasons_are_those_of_sorting_every_leads_losses(
    points: list[list[float]], of_levels: list[float], seed: int, top: int
) -> None:
    card = make_card(
        *(make_variable(f"x{i}", numbers, given_points) for i, given_points in enumerate(points)),
        make_variable("z", levels, of_levels),
    )
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"x{i}": rng.choice([-1.0, 0.5, 1.5, 3.0, np.nan], 9) for i in range(len(points))})
    frame["z"] = pd.array(rng.choice(["a", "b", "c"], 9), dtype="str")
    found = card.reasons(frame, top=top)
    for row in range(9):
        expected = sorted_losses(card, frame.iloc[[row]])[:top]
        names = [found[f"reason_{k}"].iloc[row] for k in range(1, top + 1)]
        lost = [found[f"lost_{k}"].iloc[row] for k in range(1, top + 1)]
        assert [(name, loss) for name, loss in zip(names, lost, strict=True) if loss > 0] == expected


def sorted_losses(card: Scorecard, lead: pd.DataFrame) -> list[tuple[str, float]]:
    """Variable and points lost, most first; equal ones in the order of the variables."""
    losses = [
        (v.feature.name, float(v.points.max() - v.points[v.bins.codes(lead[v.feature.name])[0]]))
        for v in card.variables
    ]
    return sorted((loss for loss in losses if loss[1] > 0), key=lambda loss: -loss[1])
