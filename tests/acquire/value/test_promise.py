"""The promise: what was chosen for looking good is held against rows that did not choose."""

import numpy as np
import pytest

from acquire.domain import Correction
from acquire.value.promise import booking_scores, measure_composition, measure_promise

PRIOR = np.array([0.10, 0.10, 0.10])


def measure(predicted: np.ndarray, observed: np.ndarray, prior: np.ndarray = PRIOR, seed: int = 1) -> object:
    return measure_promise(predicted, observed, prior, np.zeros(3), np.random.default_rng(seed))


def winners(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best 2,000 of 20,000 by a noisy guess: their predictions, what experiments show of them, and their true totals."""
    rng = np.random.default_rng(seed)
    n, chosen = 20_000, 2_000
    uplift = rng.normal(0.05, 0.02, n)
    guess = uplift + rng.normal(0.0, 0.03, n)
    best = np.argsort(-guess)[:chosen]
    control = np.full(chosen, 0.10)
    true = np.column_stack([control + uplift[best], uplift[best], 0.2 * (control + uplift[best])])
    predicted = np.column_stack([control + guess[best], guess[best], 0.2 * (control + guess[best])])
    return predicted, true + rng.normal(0.0, [0.7, 1.0, 0.3], true.shape), true.mean(axis=0)


def test_totals_of_the_best_of_many_guesses_come_nearer_to_the_truth() -> None:
    before, after = [], []
    for seed in range(20):
        predicted, observed, true = winners(seed)
        correction = measure(predicted, observed, np.full(3, 0.5), seed).correction
        ratios = np.array([correction.booked, correction.incremental, correction.bad])
        before.append(np.abs(predicted.mean(axis=0) / true - 1))
        after.append(np.abs(ratios * predicted.mean(axis=0) / true - 1))

    # Guesses overstate the extra accounts of the chosen by about a half.
    assert np.mean(before, axis=0)[1] > 0.4
    assert (np.mean(after, axis=0) < 0.6 * np.mean(before, axis=0)).all()


def test_what_history_shows_clearly_is_followed() -> None:
    predicted = np.tile([0.2, 0.1, 0.04], (5_000, 1))

    promise = measure(predicted, predicted * [0.9, 0.8, 1.2])

    assert promise.correction == Correction(
        booked=pytest.approx(0.9), incremental=pytest.approx(0.8), bad=pytest.approx(1.2)
    )
    assert promise.n_rows == 5_000


def test_what_history_hardly_shows_leaves_the_prediction_nearly_as_it_is() -> None:
    rng = np.random.default_rng(2)
    predicted = np.tile([0.2, 0.1, 0.04], (300, 1))
    observed = predicted * 0.5 + rng.normal(0.0, 3.0, predicted.shape)

    promise = measure(predicted, observed)

    assert promise.correction.incremental == pytest.approx(1.0, abs=0.03)
    assert promise.draws[:, 1].std() == pytest.approx(0.1, rel=0.2)


def test_the_pull_by_pencil() -> None:
    rng = np.random.default_rng(3)
    predicted = np.ones((400, 3))
    observed = 1.1 + rng.normal(0.0, 2.0, (400, 3))
    observed += 1.1 - observed.mean(axis=0)

    promise = measure(predicted, observed)

    # The ratio's standard error 2 / sqrt(400) equals the prior's 0.1: history and prior count alike.
    assert promise.observed.booked == pytest.approx(1.1)
    assert promise.correction.booked == pytest.approx(1.05, abs=0.01)
    assert promise.draws.std(axis=0) == pytest.approx(np.full(3, 0.1 / np.sqrt(2)), rel=0.15)
    assert promise.draws.mean(axis=0) == pytest.approx(
        [promise.correction.booked, promise.correction.incremental, promise.correction.bad]
    )


def test_with_few_rows_only_the_prior_speaks() -> None:
    promise = measure(np.full((150, 3), 0.1), np.full((150, 3), 0.5))

    assert promise.correction == Correction()
    assert promise.draws.shape == (400, 3)
    assert promise.draws.mean(axis=0) == pytest.approx(np.ones(3), abs=0.03)
    assert promise.draws.std(axis=0) == pytest.approx(PRIOR, rel=0.15)


def test_without_a_bad_label_bads_are_left_alone() -> None:
    figures = np.tile([0.2, 0.1, 0.0], (1_000, 1))

    promise = measure(figures, figures)

    assert promise.correction.bad == 1.0
    assert (promise.draws[:, 2] == 1.0).all()


def test_figures_that_move_together_are_drawn_together() -> None:
    rng = np.random.default_rng(4)
    predicted = np.tile([0.2, 0.2, 0.04], (1_000, 1))
    noise = rng.normal(0.0, 1.0, 1_000)
    observed = predicted + np.column_stack([noise, noise, rng.normal(0.0, 0.1, 1_000)])

    draws = measure(predicted, observed).draws

    correlation = np.corrcoef(draws.T)
    assert correlation[0, 1] > 0.99
    assert abs(correlation[0, 2]) < 0.2


def test_booking_scores_by_pencil() -> None:
    # One of two bookings has matured, so it counts twice; the other counts as a booking with the expected outcome.
    scores = booking_scores(
        booked=np.array([1.0, 1.0, 0.0]),
        arm=np.array([1, 0, 1]),
        propensity=np.array([0.5, 0.25, 0.5]),
        p_booked=np.full((3, 2), 0.4),
        outcome=np.array([1.0, np.nan, np.nan]),
        weight=np.array([1.0, 0.0, 0.0]),
        given_booking=np.full((3, 2), 0.3),
    )

    assert scores == pytest.approx(
        np.array(
            [
                [0.12, 0.12 + (0.6 * 0.3 + (1 - 0.3) / 0.5) / 0.5],
                [0.12 + 0.6 * 0.3 / 0.25, 0.12],
                [0.12, 0.12 - 0.4 * 0.3 / 0.5],
            ]
        )
    )


@pytest.mark.parametrize(("p", "m"), [(0.5, 0.2), (0.3, 0.5)], ids=["models are right", "models are wrong"])
def test_half_of_the_outcomes_unknown_does_not_bias_the_scores(p: float, m: float) -> None:
    rng = np.random.default_rng(5)
    n = 60_000
    arm = rng.integers(0, 2, n)
    booked = (rng.random(n) < np.where(arm == 1, 0.5, 0.3)).astype(float)
    bad = (rng.random(n) < 0.2).astype(float)
    outcome = np.where((booked == 1) & (rng.random(n) < 0.5), bad, np.nan)

    known = (~np.isnan(outcome)).astype(float)

    scores = booking_scores(booked, arm, np.full(n, 0.5), np.full((n, 2), p), outcome, known, np.full((n, 2), m))

    assert scores.mean(axis=0) == pytest.approx([0.3 * 0.2, 0.5 * 0.2], abs=0.006)


def test_with_no_outcome_known_the_expectation_stands() -> None:
    unknown = np.full(2, np.nan)

    scores = booking_scores(
        booked=np.array([1.0, 0.0]),
        arm=np.array([0, 0]),
        propensity=np.full(2, 1.0),
        p_booked=np.full((2, 1), 0.5),
        outcome=unknown,
        weight=np.zeros(2),
        given_booking=np.full((2, 1), 0.4),
    )

    assert scores.ravel() == pytest.approx([0.4, 0.0])


def test_safe_people_who_book_less_than_predicted_make_the_bookings_riskier() -> None:
    # Half of the rows safe (.1), half risky (.3), all predicted to book at .2; the safe book at .1, the risky at .2.
    # Predicted mix .2; seen (.1 * .1 + .2 * .3) / .3 = .2333: ratio 1.1667. Scores without noise are believed at once.
    safe = np.arange(1_000) % 2 == 0
    ratio, error = measure_composition(
        np.full(1_000, 0.2), np.where(safe, 0.1, 0.2), np.where(safe, 0.1, 0.3), np.random.default_rng(1)
    )
    assert ratio == pytest.approx(1.1667, abs=0.002)
    assert error < 0.02


def test_noise_about_who_books_is_not_believed_at_once() -> None:
    rng = np.random.default_rng(1)
    p_bad = rng.uniform(0.05, 0.3, 400)
    ratio, error = measure_composition(np.full(400, 0.1), rng.normal(0.1, 3.0, 400), p_bad, rng)
    assert ratio == pytest.approx(1.0, abs=0.05)
    assert 0.05 < error <= 0.1


def test_few_rows_say_nothing_about_who_books() -> None:
    assert measure_composition(np.full(9, 0.1), np.zeros(9), np.full(9, 0.1), np.random.default_rng(1)) == (1.0, 0.1)
