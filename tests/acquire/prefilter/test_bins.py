import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.prefilter.bins import (
    CategoryBins,
    NumericBins,
    bins_from_json,
    bins_to_json,
    fit_category_bins,
    fit_numeric_bins,
)


def cut(values: list[float], bad: list[int], smallest: float = 1, n_pre_bins: int = 20) -> NumericBins:
    outcome = np.array(bad, dtype=float)
    return fit_numeric_bins(
        pd.Series(values, dtype=float), outcome, np.ones(len(bad)), n_pre_bins=n_pre_bins, smallest=smallest
    )


def test_bins_are_merged_until_the_bad_rate_only_rises() -> None:
    # Bad rates by value: 1 -> 0, 2 -> 1/2, 3 -> 0 (out of order, joins 2), 4 -> 1.
    bins = cut([1, 1, 2, 2, 3, 3, 4, 4], [0, 0, 1, 0, 0, 0, 1, 1])
    assert bins.edges == (1.0, 3.0)
    assert bins.labels() == ["x <= 1", "1 < x <= 3", "x > 3", "missing"]


def test_the_direction_is_learnt_so_a_falling_bad_rate_works_as_well() -> None:
    assert cut([1, 1, 2, 2, 3, 3], [1, 1, 1, 0, 0, 0]).edges == (1.0, 2.0)


def test_a_bin_that_is_too_small_joins_the_neighbour_of_the_nearer_bad_rate() -> None:
    values, bad = [1] * 8 + [2] * 2 + [3] * 8, [0] * 7 + [1] + [0, 1] + [1] * 8
    assert cut(values, bad, smallest=3).edges == (2.0,)


def test_missing_values_are_a_bin_of_their_own_and_take_no_part_in_the_cut() -> None:
    bins = cut([1, 1, 2, 2, np.nan, np.nan], [0, 0, 1, 1, 1, 1])
    assert bins.edges == (1.0,)
    assert bins.codes(pd.Series([0.0, 1.0, 1.5, np.nan, np.inf])).tolist() == [0, 0, 1, 2, 1]


@pytest.mark.parametrize("values", [[7.0] * 4, [np.nan] * 4])
def test_a_constant_or_wholly_missing_feature_has_one_bin_and_the_missing_one(values: list[float]) -> None:
    bins = cut(values, [0, 1, 0, 1])
    assert bins.edges == ()
    assert bins.labels() == ["any value", "missing"]


def test_rare_categories_share_a_bin_and_unseen_ones_join_them_and_are_counted() -> None:
    bins = fit_category_bins(pd.Series(["a"] * 3 + ["b"] * 2 + ["c"], dtype="str"), smallest=2)
    seen = pd.Series(["b", "c", "new", None], dtype="str")
    assert bins.labels() == ["a", "b", "other", "missing"]
    assert bins.codes(seen).tolist() == [1, 2, 2, 3]
    assert bins.unseen(seen) == 1


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(allow_nan=False, width=32)), st.integers(0, 1)),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_the_numbers_every_row_falls_into_one_bin_and_bad_rates_are_monotone(
    rows: list[tuple[float | None, int]],
) -> None:
    values, bad = pd.Series([value for value, _ in rows], dtype=float), np.array([b for _, b in rows], dtype=float)
    bins = fit_numeric_bins(values, bad, np.ones(len(bad)), n_pre_bins=5, smallest=2)
    codes = bins.codes(values)
    assert ((codes >= 0) & (codes < bins.n_bins)).all()
    assert (codes[values.isna().to_numpy()] == bins.n_bins - 1).all()
    held = np.unique(codes[values.notna().to_numpy()])
    steps = np.diff([bad[codes == code].mean() for code in held])
    assert (steps >= -1e-9).all() or (steps <= 1e-9).all()


@pytest.mark.parametrize("bins", [NumericBins(edges=(0.1, 2.0)), CategoryBins(levels=("a",), rare=frozenset("bc"))])
def test_bins_survive_being_written_as_json(bins: NumericBins | CategoryBins) -> None:
    assert bins_from_json(bins_to_json(bins)) == bins


def test_bins_of_an_unknown_kind_are_refused() -> None:
    with pytest.raises(BadInput, match="kind 'tree'"):
        bins_from_json({"kind": "tree"})
