"""Short figures are short, never wrong, and never a zero for 'not known'."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.wording import say_change, say_range, short, short_count


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (984, "984"),
        (1_250, "1,250"),
        (9_999, "9,999"),
        (10_000, "10.0k"),
        (127_400, "127k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (3_140_000, "3.14M"),
        (31_400_000, "31.4M"),
        (2_500_000_000, "2.50B"),
        (-12_340, "\u221212.3k"),
        (math.nan, "–"),
    ],
)
def test_a_count_fits_a_card(value: float, said: str) -> None:
    assert short_count(value) == said


@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_short_count_is_within_half_a_percent_or_half_a_unit(value: float) -> None:
    said = short_count(value).replace("\u2212", "-").replace(",", "")
    size = {"k": 1e3, "M": 1e6, "B": 1e9}.get(said[-1], 1.0)
    assert float(said.rstrip("kMB")) * size == pytest.approx(value, rel=0.0051, abs=0.51)


def test_money_names_its_currency_and_puts_the_minus_first() -> None:
    assert short(84.2, "money", "CNY") == "CNY\u00a084.20"
    assert short(-38_220, "money", "CNY") == "\u2212CNY\u00a038.2k"


@pytest.mark.parametrize(
    ("now", "before", "unit", "said"),
    [
        (110.0, 100.0, "money", "+10.0\u00a0%"),
        (90.0, 100.0, "accounts", "\u221210.0\u00a0%"),
        (100.0, 100.0, "money", "0.0\u00a0%"),
        (0.085, 0.08, "rate", "+0.50\u00a0pp"),
        (5.0, 0.0, "money", ""),
        (5.0, math.nan, "money", ""),
    ],
)
def test_a_change_is_in_per_cent_and_for_rates_in_percentage_points(
    now: float, before: float, unit: str, said: str
) -> None:
    assert say_change(now, before, unit) == said


def test_an_interval_names_its_currency_once() -> None:
    assert say_range(29_120, 47_320, "money", "CNY") == "CNY\u00a029,120 to 47,320"
    assert say_range(-200, 300, "money", "CNY") == "\u2212CNY\u00a0200 to 300"
    assert say_range(math.nan, 3, "accounts", "CNY") == "–"
