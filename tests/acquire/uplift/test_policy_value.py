"""What a policy is worth, and by how much it beats another on the same rows."""

import numpy as np
import pytest

from acquire.statistics.aipw import aipw_scores
from acquire.uplift.policy_value import best_offers, extra_of_policy, value_policies


def test_extra_of_a_policy_by_pencil() -> None:
    scores = np.array([[0.1, 0.3, 0.2], [0.2, 0.1, 0.5], [0.0, 1.0, 1.0]])

    assert extra_of_policy(scores, np.array([1, 2, 0])) == pytest.approx([0.2, 0.3, 0.0])


def test_the_best_third_gets_its_best_offer() -> None:
    uplift = np.array([[0.1, 0.3], [0.2, 0.1], [0.05, 0.0]])

    assert best_offers(uplift, share=1 / 3).tolist() == [2, 0, 0]
    assert best_offers(uplift, share=1.0).tolist() == [2, 1, 1]


def test_nobody_is_contacted_where_every_offer_harms() -> None:
    assert best_offers(np.array([[-0.1, -0.2], [0.1, -0.3]]), share=1.0).tolist() == [0, 1]


def test_rows_tied_at_the_edge_are_all_left_out() -> None:
    assert best_offers(np.array([[0.3], [0.1], [0.1], [0.1]]), share=0.5).tolist() == [1, 0, 0, 0]


def test_differences_are_paired() -> None:
    # Both policies contact the same half; they differ in ten rows, so their difference is known ten times finer than either.
    rng = np.random.default_rng(1)
    arm = (rng.random(4_000) < 0.5).astype(np.int64)
    booked = (rng.random(4_000) < 0.1 + 0.2 * arm).astype(float)
    scores = aipw_scores(booked, arm, np.full(4_000, 0.5), np.full((4_000, 2), 0.2))
    half = (np.arange(4_000) < 2_000).astype(np.int64)
    nearly = half.copy()
    nearly[:10] = 0

    values = value_policies(scores, {"half": half, "nearly": nearly, "nobody": np.zeros(4_000, np.int64)}, rng)

    assert values.value("half").low < 100 < values.value("half").high
    assert values.value("nobody").high == 0.0
    assert values.difference("half", "nobody").low == values.value("half").low
    width = values.difference("half", "nearly").high - values.difference("half", "nearly").low
    assert width < (values.value("half").high - values.value("half").low) / 5
    assert values.standard_error("half", "half") == 0.0


def test_the_standard_error_is_that_of_a_mean_of_paired_differences() -> None:
    rng = np.random.default_rng(2)
    scores = np.column_stack([np.zeros(2_000), rng.normal(0.0, 1.0, 2_000)])
    everybody, half = np.ones(2_000, np.int64), (np.arange(2_000) % 2).astype(np.int64)

    values = value_policies(scores, {"everybody": everybody, "half": half}, rng, n_replicates=1_000)

    apart = 1_000 * scores[:, 1] * (1 - half)
    assert values.standard_error("everybody", "half") == pytest.approx(apart.std() / np.sqrt(2_000), rel=0.1)
