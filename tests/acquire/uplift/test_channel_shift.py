"""Channels differ from one another only as far as chance does not explain it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.uplift.channel_shift import shrunk_shifts


def test_what_chance_explains_is_no_difference() -> None:
    surplus = np.array([1.0, -1.0, 1.2, -1.0])  # means 0 and 0.1, each give or take 1

    assert shrunk_shifts(surplus, np.array([0, 0, 1, 1]), 2).tolist() == [0.0, 0.0]


def test_what_chance_cannot_explain_is_kept() -> None:
    surplus = np.tile([0.9, 1.1, -1.1, -0.9], 100)

    shift = shrunk_shifts(surplus, np.tile([0, 0, 1, 1], 100), 2)

    assert shift == pytest.approx([1.0, -1.0], abs=0.001)


def test_a_channel_with_few_rows_is_pulled_harder() -> None:
    n = [4_000, 4_000, 20]
    channel = np.repeat([0, 1, 2], n)
    surplus = np.repeat([0.3, -0.3, 0.3], n) + np.tile([-1.0, 1.0], sum(n) // 2)  # exact means

    shift = shrunk_shifts(surplus, channel, 3)

    assert shift[0] == pytest.approx(0.3, abs=0.01)
    assert 0.15 < shift[2] < 0.29


@given(seed=st.integers(0, 50), spread=st.floats(0, 2))
def test_totals_stay(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    channel = rng.integers(0, 4, 200)

    shift = shrunk_shifts(rng.normal(0, 1, 200) + spread * channel, channel, 4)

    assert shift[channel].sum() == pytest.approx(0.0, abs=1e-9)


def test_a_channel_without_rows_shifts_nothing() -> None:
    surplus = np.tile([0.9, 1.1, -1.1, -0.9], 100)

    assert shrunk_shifts(surplus, np.tile([0, 0, 2, 2], 100), 3)[1] == 0.0


@pytest.mark.parametrize("channel", [[0, 0, 0, 0], [0, 1, 2, 3]])
def test_one_channel_or_single_rows_show_nothing(channel: list[int]) -> None:
    assert not shrunk_shifts(np.array([1.0, 2.0, 3.0, 4.0]), np.array(channel), 4).any()
