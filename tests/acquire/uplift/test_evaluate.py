"""Does the ranking tell leads apart?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.uplift.evaluate import extra_outcomes, gain_over_random, qini_coefficient, qini_with_interval


def test_extra_outcomes_by_pencil() -> None:
    extra = extra_outcomes(np.array([1.0, 1.0, 0.0, 1.0]), np.array([1, 0, 1, 2]), np.array([0.5, 0.25, 0.5, 0.25]), 1)

    assert extra.tolist() == [2.0, -4.0, 0.0, 0.0]


def test_qini_by_pencil() -> None:
    # Top to bottom the curve goes 0, 1/4, 2/4, 2/4, 2/4: area 1/4 (1/8 + 3/8 + 1/2 + 1/2) = .375; the straight line has .25.
    assert qini_coefficient(np.array([0.4, 0.3, 0.2, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])) == pytest.approx(0.125)


def test_ties_enter_together_by_pencil() -> None:
    # The upper two are tied, so the curve goes straight from 0 to 2/4 whichever of them comes first.
    tied = np.array([0.4, 0.4, 0.2, 0.1])

    assert qini_coefficient(tied, np.array([2.0, 0.0, 0.0, 0.0])) == pytest.approx(0.125)
    assert qini_coefficient(tied, np.array([0.0, 2.0, 0.0, 0.0])) == pytest.approx(0.125)


@given(extra=st.lists(st.floats(-5, 5), min_size=1, max_size=30), score=st.floats(-1, 1))
def test_a_constant_score_has_no_qini(extra: list[float], score: float) -> None:
    assert qini_coefficient(np.full(len(extra), score), np.array(extra)) == pytest.approx(0.0, abs=1e-12)


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.sampled_from([-2.0, 0.0, 2.0])), min_size=3, max_size=30
    ),
    seed=st.integers(0, 99),
)
def test_the_order_of_rows_does_not_matter(rows: list[tuple[float, float]], seed: int) -> None:
    score, extra = np.array(rows).T
    order = np.random.default_rng(seed).permutation(len(rows))

    assert qini_coefficient(score[order], extra[order]) == pytest.approx(qini_coefficient(score, extra), abs=1e-12)
    gains = [gain_over_random(score[i], extra[i], np.random.default_rng(1), 0.4).expected for i in (order, ...)]
    assert gains[0] == pytest.approx(gains[1], abs=1e-9)


def experiment(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True uplifts between 0 and .4, and the unbiased shares that a fair coin's experiment shows of them."""
    rng = np.random.default_rng(seed)
    uplift = rng.uniform(0.0, 0.4, n)
    arm = (rng.random(n) < 0.5).astype(np.int64)
    booked = (rng.random(n) < 0.1 + uplift * arm).astype(float)
    return uplift, extra_outcomes(booked, arm, np.full(n, 0.5), 1)


def test_the_right_ranking_beats_chance_and_the_reverse_loses() -> None:
    uplift, extra = experiment(8_000, seed=1)
    rng = np.random.default_rng(2)

    right, wrong = (qini_with_interval(score, extra, rng) for score in (uplift, -uplift))
    gain = gain_over_random(uplift, extra, rng)

    assert wrong.high < 0 < right.low
    assert right.low <= right.expected <= right.high
    # The best third has uplift .333 on average, everybody .2: 133 more per 1,000 contacts.
    assert gain.low < 133 < gain.high
    assert gain_over_random(-uplift, extra, rng).high < 0


def test_a_score_of_noise_is_no_evidence() -> None:
    found = 0
    for seed in range(60):
        _, extra = experiment(500, seed)
        found += (
            gain_over_random(np.random.default_rng(seed + 500).random(500), extra, np.random.default_rng(9)).low > 0
        )

    assert found <= 9  # 5 % of 60 is 3


@pytest.mark.parametrize("n", [100, 103, 106, 109])
def test_a_constant_score_gains_nothing_at_all(n: int) -> None:
    effects = np.random.default_rng(3).uniform(0.1, 0.3, n)

    gain = gain_over_random(np.full(n, 0.1), effects, np.random.default_rng(4))

    assert (gain.expected, gain.low, gain.high) == (0.0, 0.0, 0.0)


def test_leads_tied_at_the_threshold_share_what_is_left() -> None:
    # Half of four is two: the best lead, and a third of each of the three that are tied behind it.
    gain = gain_over_random(
        np.array([0.3, 0.1, 0.1, 0.1]), np.array([0.4, 0.3, 0.0, 0.0]), np.random.default_rng(5), 0.5
    )

    assert gain.expected == pytest.approx(1000 * ((0.4 + 0.3 / 3) / 2 - 0.7 / 4))
