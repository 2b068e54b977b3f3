"""What would have happened under each offer, from rows that got only one of them."""

import numpy as np
import pytest

from acquire.statistics.aipw import aipw_scores


def logged(n: int, seed: int) -> tuple[np.ndarray, ...]:
    """Rows in which x decides both who gets the offer and who books: mean outcome .3 under control, .5 under the offer."""
    rng = np.random.default_rng(seed)
    x = (rng.random(n) < 0.5).astype(float)
    chance_of_offer = np.where(x == 1, 0.8, 0.3)
    arm = (rng.random(n) < chance_of_offer).astype(np.int64)
    expected = np.column_stack([0.2 + 0.2 * x, 0.3 + 0.4 * x])
    outcome = (rng.random(n) < expected[np.arange(n), arm]).astype(float)
    propensity = np.where(arm == 1, chance_of_offer, 1 - chance_of_offer)
    return outcome, arm, propensity, expected


def test_four_rows_by_pencil() -> None:
    outcome, arm = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0, 0, 1, 1])
    expected = np.array([[0.5, 0.6], [0.1, 0.2], [0.2, 0.4], [0.3, 0.5]])

    scores = aipw_scores(outcome, arm, np.array([0.5, 0.5, 0.25, 0.25]), expected)

    # The arm that was given moves by (outcome - expected) / propensity; the other keeps its expectation.
    assert scores.tolist() == [
        [pytest.approx(0.5 + 0.5 / 0.5), 0.6],
        [pytest.approx(0.1 - 0.1 / 0.5), 0.2],
        [0.2, pytest.approx(0.4 + 0.6 / 0.25)],
        [0.3, pytest.approx(0.5 - 0.5 / 0.25)],
    ]
    assert expected[0].tolist() == [0.5, 0.6]


def test_the_plain_difference_is_fooled_by_who_got_the_offer() -> None:
    outcome, arm, _, _ = logged(40_000, seed=1)

    assert outcome[arm == 1].mean() - outcome[arm == 0].mean() > 0.25  # the truth is 0.20


def test_a_wrong_expectation_does_no_harm_when_the_propensity_is_right() -> None:
    outcome, arm, propensity, expected = logged(40_000, seed=1)

    scores = aipw_scores(outcome, arm, propensity, np.full_like(expected, 0.9))

    assert scores.mean(axis=0) == pytest.approx([0.3, 0.5], abs=0.015)


def test_a_wrong_propensity_does_no_harm_when_the_expectation_is_right() -> None:
    outcome, arm, _, expected = logged(40_000, seed=1)

    scores = aipw_scores(outcome, arm, np.full(len(arm), 0.5), expected)

    assert scores.mean(axis=0) == pytest.approx([0.3, 0.5], abs=0.015)


def test_a_right_expectation_makes_the_answer_steadier() -> None:
    outcome, arm, propensity, expected = logged(10_000, seed=2)

    informed = aipw_scores(outcome, arm, propensity, expected)
    blind = aipw_scores(outcome, arm, propensity, np.zeros_like(expected))

    assert (informed.var(axis=0) < blind.var(axis=0)).all()
