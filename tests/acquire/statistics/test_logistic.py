import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from acquire.statistics.logistic import fit_logistic, fit_logistic_path


def rows(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, 3))
    y = (rng.random(n) < 1 / (1 + np.exp(-(0.5 + x @ [1.0, -1.0, 0.0])))).astype(float)
    return x, y, rng.random(n) + 0.5


def test_one_binary_column_gives_the_log_odds_ratio() -> None:
    # Of 4 rows at x = 0 one is 1; of 4 rows at x = 1 three are: ln odds -ln 3 and +ln 3.
    x, y = np.repeat([[0.0], [1.0]], 4, axis=0), np.array([1.0, 0, 0, 0, 1, 1, 1, 0])
    fit = fit_logistic(x, y, weight=np.ones(8), penalty=0.0)
    assert fit.intercept == pytest.approx(-np.log(3), abs=1e-4)
    assert fit.coefficients == pytest.approx([2 * np.log(3)], abs=1e-4)


def test_it_agrees_with_scikit_learn_where_both_can_do_the_job() -> None:
    x, y, weight = rows()
    fit = fit_logistic(x, y, weight=weight, penalty=5.0, lowest=-np.inf)
    other = LogisticRegression(C=1 / 5.0, tol=1e-10).fit(x, y, sample_weight=weight)
    assert fit.coefficients == pytest.approx(other.coef_[0], abs=1e-3)
    assert fit.intercept == pytest.approx(other.intercept_[0], abs=1e-3)


def test_a_coefficient_that_would_be_negative_is_held_at_zero_and_the_others_are_as_without_it() -> None:
    x, y, weight = rows()
    bounded = fit_logistic(x, y, weight=weight, penalty=1.0)
    without = fit_logistic(x[:, [0, 2]], y, weight=weight, penalty=1.0)
    assert bounded.coefficients[1] == 0.0
    assert bounded.coefficients[[0, 2]] == pytest.approx(without.coefficients, abs=1e-3)


def test_a_strong_penalty_pulls_to_its_centre() -> None:
    x, y, weight = rows()
    fit = fit_logistic(x, y, weight=weight, penalty=1e9, centre=np.array([0.3, 0.2, 0.1]))
    assert fit.coefficients == pytest.approx([0.3, 0.2, 0.1], abs=1e-4)


def test_perfect_separation_stays_finite_under_a_penalty() -> None:
    x, y = np.array([[-1.0], [1.0]] * 10), np.array([0.0, 1.0] * 10)
    fit = fit_logistic(x, y, weight=np.ones(20), penalty=0.1)
    assert 0 < fit.coefficients[0] < 100


def test_a_path_of_penalties_gives_what_each_penalty_gives_alone() -> None:
    x, y, weight = rows()
    path = fit_logistic_path(x, y, weight=weight, penalties=(1.0, 30.0))
    for penalty, fit in zip((1.0, 30.0), path, strict=True):
        alone = fit_logistic(x, y, weight=weight, penalty=penalty)
        assert fit.coefficients == pytest.approx(alone.coefficients, abs=1e-4)
        assert fit.intercept == pytest.approx(alone.intercept, abs=1e-4)
