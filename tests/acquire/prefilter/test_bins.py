from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Unseen
from acquire.errors import BadInput
from acquire.prefilter.bins import (
    CategoryBins,
    NumericBins,
    bins_from_json,
    bins_to_json,
)
from acquire.prefilter.cut import (
    count_bins,
    fine_numeric_bins,
    fit_category_bins,
    fit_numeric_bins,
    merge_numeric_bins,
)


def cut(values: list[float], bad: list[int], smallest: float = 1, n_pre_bins: int = 20, **more: Any) -> NumericBins:
    outcome = np.array(bad, dtype=float)
    return fit_numeric_bins(
        pd.Series(values, dtype=float), outcome, np.ones(len(bad)), n_pre_bins=n_pre_bins, smallest=smallest, **more
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


def test_a_few_very_bad_rows_beside_many_bad_ones_do_not_end_up_with_the_better_points() -> None:
    # 4 rows, all bad, beside 100 of which 90 are: with 20 rows at the average added, the 4 would look the better ones.
    values = pd.Series([1.0] * 100 + [2.0] * 100 + [3.0] * 4)
    bad = np.repeat([0.0, 1.0, 0.0, 1.0, 1.0], [90, 10, 10, 90, 4])
    fine = fine_numeric_bins(values, n_pre_bins=20)
    tally = count_bins(fine.codes(values), bad, np.ones(len(bad)), fine.n_bins)
    assert merge_numeric_bins(fine, tally, smallest=1)[0].edges == (1.0, 2.0)
    assert merge_numeric_bins(fine, tally, smallest=1, smoothing=20.0)[0].edges == (1.0,)


@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=60), st.floats(0.0, 50.0))
def test_rates_stay_in_order_with_rows_at_the_average_added(rows: list[tuple[int, bool]], smoothing: float) -> None:
    values, bad = pd.Series([float(value) for value, _ in rows]), np.array([float(is_bad) for _, is_bad in rows])
    fine = fine_numeric_bins(values, n_pre_bins=20)
    tally = count_bins(fine.codes(values), bad, np.ones(len(bad)), fine.n_bins)
    bins, place = merge_numeric_bins(fine, tally, smallest=1, smoothing=smoothing)
    total, n_bad = tally.merged(place, bins.n_bins)
    held = slice(0, len(bins.edges) + 1)
    steps = np.diff((n_bad[held] + smoothing * bad.mean()) / (total[held] + smoothing))
    assert (steps >= 0).all() or (steps <= 0).all()


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


def test_a_declared_direction_rules_even_against_the_rows() -> None:
    values, bad = [1, 1, 2, 2, 3, 3], [0, 0, 0, 1, 1, 1]
    assert cut(values, bad, direction="rising").edges == (1.0, 2.0)
    assert cut(values, bad, direction="falling").edges == ()


def test_special_codes_are_bins_of_their_own_and_take_no_part_in_the_cut() -> None:
    # Without the declaration -999 would join the lowest interval and 96 the highest.
    bins = cut([1, 1, 2, 2, -999, 96], [0, 0, 1, 1, 1, 0], smallest=2, special=(96.0, -999.0))
    assert bins.edges == (1.0,)
    assert bins.labels() == ["x <= 1", "x > 1", "code 96", "code -999", "missing"]
    assert bins.codes(pd.Series([1, 2, 96, -999, np.nan, -998, 97])).tolist() == [0, 1, 2, 3, 4, 0, 1]


def test_a_special_code_that_nobody_has_is_still_a_bin() -> None:
    bins = cut([7.0] * 4, [0, 1, 0, 1], special=(-999.0,))
    assert bins.labels() == ["any value", "code -999", "missing"]


def test_a_special_code_of_a_category_is_never_pooled() -> None:
    bins = fit_category_bins(pd.Series(["a"] * 3 + ["X", "c"], dtype="str"), smallest=2, special=("X", "Y"))
    assert bins.labels() == ["X", "Y", "a", "other", "missing"]


def test_unseen_categories_have_a_bin_apart_from_the_rare_where_they_score_as_the_worst() -> None:
    bins = fit_category_bins(pd.Series(["a"] * 3 + ["c"], dtype="str"), smallest=2, unseen="worst")
    assert bins.labels() == ["a", "other", "never seen", "missing"]
    assert bins.codes(pd.Series(["a", "c", "new", None], dtype="str")).tolist() == [0, 1, 2, 3]
    assert bins.unseen(pd.Series(["a", "c", "new", None], dtype="str")) == 1


@pytest.mark.parametrize("kind", ["str", "object", "category"])
@pytest.mark.parametrize("unseen", ["pooled", "worst"])
def test_however_a_category_is_held_its_bins_are_the_same(kind: str, unseen: Unseen) -> None:
    bins = CategoryBins(levels=("a", "b"), rare=frozenset("cd"), scored_unseen=unseen)
    values = pd.Series(["b", None, "d", "new", "a", "c", None], dtype="str").astype(kind)
    other, new, missing = (2, 2, 3) if unseen == "pooled" else (2, 3, 4)
    assert bins.codes(values).tolist() == [1, missing, other, new, 0, other, missing]
    assert bins.codes(values[:0]).tolist() == []


@pytest.mark.parametrize("value", [1e9, -1e9, np.inf, -np.inf])
def test_a_huge_or_infinite_value_falls_into_an_outer_bin_and_is_no_edge(value: float) -> None:
    # Bad rates 1/2 at 1, 1 at 2, 0 at the value: were it not for the rule, -inf would be an edge.
    bins = cut([1, 1, 2, 2, value, value], [0, 1, 1, 1, 0, 0])
    assert np.isfinite(bins.edges).all()
    assert bins.codes(pd.Series([value]))[0] in {0, len(bins.edges)}


def test_pseudo_labels_a_little_outside_0_and_1_count_as_what_they_add_up_to() -> None:
    whole = cut([1, 1, 2, 2], [0, 0, 1, 1])
    bad, weight = np.array([-0.2, 0.1, 1.3, 0.9]), np.array([0.5, 1.0, 0.5, 1.0])
    bins = fit_numeric_bins(pd.Series([1.0, 1, 2, 2]), bad, weight, n_pre_bins=20, smallest=1)
    assert bins == whole


def test_rows_of_no_weight_have_no_say() -> None:
    bins = fit_numeric_bins(
        pd.Series([1.0, 1, 2, 3, 3]),
        np.array([0.0, 0, 1, 1, 1]),
        np.array([1.0, 1, 0, 1, 1]),
        n_pre_bins=20,
        smallest=1,
    )
    assert bins.codes(pd.Series([1.0, 3.0])).tolist() == [0, bins.n_bins - 2]


@given(
    st.lists(st.floats(width=32), max_size=50),
    st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), max_size=8, unique=True).map(sorted),
    st.lists(st.sampled_from([-999.0, 0.0, 96.0]), unique=True),
)
def test_bin_numbers_are_those_of_a_plain_search(values: list[float], edges: list[float], special: list[float]) -> None:
    bins = NumericBins(edges=tuple(edges), special=tuple(special))
    for value, code in zip(values, bins.codes(pd.Series(values, dtype=float)).tolist(), strict=True):
        if np.isnan(value):
            assert code == bins.n_bins - 1
        elif value in special:
            assert code == len(edges) + 1 + special.index(value)
        else:
            assert code == sum(edge < value for edge in edges)


@pytest.mark.parametrize(
    "bins",
    [
        NumericBins(edges=(0.1, 2.0), special=(-999.0,)),
        CategoryBins(levels=("a",), rare=frozenset("bc"), scored_unseen="worst"),
    ],
)
def test_bins_survive_being_written_as_json(bins: NumericBins | CategoryBins) -> None:
    assert bins_from_json(bins_to_json(bins)) == bins


def test_bins_of_an_unknown_kind_are_refused() -> None:
    with pytest.raises(BadInput, match="kind 'tree'"):
        bins_from_json({"kind": "tree"})


def test_fine_bins_hold_equally_many_rows_and_end_at_values_that_occur() -> None:
    assert fine_numeric_bins(pd.Series(np.arange(1.0, 11)), n_pre_bins=5).edges == (2, 4, 6, 8)
    assert fine_numeric_bins(pd.Series([3.0, 1, 1, 1, 1, 1, 2]), n_pre_bins=2).edges == (1,)
    assert fine_numeric_bins(pd.Series([7.0, 7]), n_pre_bins=5).edges == ()


def test_levels_that_are_no_texts_are_refused() -> None:
    for levels, rare in (([True], []), (["a"], [[]]), ([1], [])):
        with pytest.raises((BadInput, TypeError)):
            bins_from_json({"kind": "category", "levels": levels, "rare": rare, "scored_unseen": "pooled"})
