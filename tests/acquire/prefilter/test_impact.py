"""Adverse impact: shares let through by group, beside the best group; a warning below four fifths."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.prefilter.impact import GroupImpact, adverse_impact


def groups(**passed_of: tuple[int, int]) -> dict[str, GroupImpact]:
    """Impact of groups of which so many of so many are let through."""
    names = pd.Series([name for name, (_, n) in passed_of.items() for _ in range(n)])
    flags = np.array([k < passed for passed, n in passed_of.values() for k in range(n)], dtype=bool)
    return {one.group: one for one in adverse_impact(names, flags)}


def test_the_ratio_is_the_share_beside_the_best_share() -> None:
    found = groups(f=(30, 100), m=(100, 200))
    assert list(found) == ["m", "f"]
    assert (found["m"].ratio, found["f"].share, found["f"].ratio) == pytest.approx((1.0, 0.3, 0.6))
    assert found["f"].stands_out
    assert not found["m"].stands_out


def test_four_fifths_itself_is_no_warning() -> None:
    assert not groups(f=(40, 100), m=(50, 100))["f"].stands_out
    assert groups(f=(39, 100), m=(50, 100))["f"].stands_out


def test_the_interval_shows_how_much_is_chance() -> None:
    # sd of ln(ratio) = sqrt(.7 / 30 + .5 / 100) = .1683; .6 * exp(+-1.645 * .1683)
    found = groups(f=(30, 100), m=(100, 200))["f"]
    assert (found.low, found.high) == pytest.approx((0.4549, 0.7914), abs=1e-3)
    assert math.isnan(groups(f=(30, 100), m=(100, 200))["m"].low)


def test_a_group_of_few_is_neither_the_measure_nor_a_warning() -> None:
    found = groups(few=(29, 29), m=(50, 100), f=(2, 20))
    assert found["few"].too_few
    assert (found["m"].ratio, found["few"].ratio) == (1.0, 2.0)
    assert found["f"].too_few
    assert not found["f"].stands_out


def test_where_nobody_gets_through_there_is_no_ratio() -> None:
    found = groups(f=(0, 100), m=(0, 100))
    assert all(math.isnan(one.ratio) and not one.stands_out for one in found.values())
    assert math.isnan(groups(f=(0, 100), m=(50, 100))["f"].low)
    assert groups(f=(0, 100), m=(50, 100))["f"].stands_out


def test_numbers_are_cut_into_bands_and_the_missing_are_a_group() -> None:
    ages = pd.Series([*np.arange(20.0, 70.0), np.nan])
    found = {one.group: one.n for one in adverse_impact(ages, np.ones(51, dtype=bool))}
    assert len(found) == 6
    assert found["(not stated)"] == 1
    assert {n for group, n in found.items() if group != "(not stated)"} == {10}
    assert {"below 29.8", "59.2 and above"} <= set(found)


def test_flags_are_groups_by_their_value() -> None:
    assert {one.group for one in adverse_impact(pd.Series([0.0, 1.0]), np.array([True, False]))} == {"0", "1"}


def test_no_rows_no_groups() -> None:
    assert adverse_impact(pd.Series([], dtype="str"), np.array([], dtype=bool)) == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=200))
def test_the_groups_add_up_to_everybody(rows: list[tuple[str, bool]]) -> None:
    flags = np.array([passed for _, passed in rows])
    found = adverse_impact(pd.Series([name for name, _ in rows]), flags)
    assert sum(one.n for one in found) == len(rows)
    assert sum(one.n * one.share for one in found) == pytest.approx(flags.sum())
