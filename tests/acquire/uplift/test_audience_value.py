"""Audiences are judged by the accounts they bring, not by likeness alone."""

import numpy as np
import pytest

from acquire.uplift.audience_value import (
    EXTRA,
    EXTRA_MEMBERS,
    LIKENESS,
    RANDOM,
    AudienceValue,
    rankings,
    top,
    value_audiences,
)


def valued(likeness: np.ndarray, uplift: np.ndarray, share: float = 0.25, seed: int = 7) -> dict[str, AudienceValue]:
    """Values where what happens is the uplift plus noise."""
    rng = np.random.default_rng(seed)
    effect = uplift + rng.normal(0, 0.3, len(uplift))
    return {v.ranking: v for v in value_audiences(rankings(likeness, uplift), likeness, effect, share, rng)}


def test_the_most_alike_may_bring_nothing() -> None:
    # One half is alike and books anyway; the other half is not alike and is moved.
    likeness = np.repeat([1.5, 0.5], 2_000)
    values = valued(likeness, np.repeat([0.0, 0.1], 2_000))
    assert values[LIKENESS].over_random.high < 0
    assert values[EXTRA].over_random.low > 0
    assert values[RANDOM].extra.expected == pytest.approx(50, abs=15)


def test_extra_members_are_found_where_likeness_and_effect_meet() -> None:
    # Four kinds of lead: alike or not, moved or not; the audience is a quarter.
    likeness, uplift = np.tile([1.8, 1.8, 0.2, 0.2], 1_000), np.tile([0.1, 0.0, 0.1, 0.0], 1_000)
    values = valued(likeness, uplift)
    assert values[EXTRA_MEMBERS].likeness == pytest.approx(1.8)
    assert values[EXTRA_MEMBERS].over_likeness.low > 0
    assert values[EXTRA_MEMBERS].alike_over_random.low > 0
    assert values[EXTRA].likeness == pytest.approx(1.0)
    assert values[LIKENESS].extra.expected == pytest.approx(50, abs=20)


def test_where_offers_move_all_alike_no_audience_is_better_than_random() -> None:
    values = valued(np.random.default_rng(1).uniform(0.5, 1.5, 2_000), np.full(2_000, 0.05))
    for value in values.values():
        assert value.over_random.low <= 0 <= value.over_random.high
    assert values[EXTRA].over_random.expected == pytest.approx(0.0, abs=1e-9)


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(2)
    likeness, uplift = rng.uniform(0.5, 1.5, 3_000), rng.uniform(0, 0.1, 3_000)
    gap = valued(likeness, uplift, share=0.9)[EXTRA].over_random
    alone = valued(likeness, uplift, share=0.9)[EXTRA].extra
    assert gap.high - gap.low < 0.5 * (alone.high - alone.low)


def test_rows_tied_at_the_threshold_enter_in_part() -> None:
    assert top(np.array([3.0, 1.0, 1.0, 0.0]), 0.5).tolist() == pytest.approx([2.0, 1.0, 1.0, 0.0])
    assert top(np.zeros(4), 0.3).tolist() == pytest.approx([1.0] * 4)


def test_a_share_of_nobody_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="top share"):
        top(np.zeros(4), 0.0)
