"""The sampler behind the curves: each step draws from what integrating by hand gives."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import truncnorm

from acquire.value.response_draws import Grid, ResponseDraws, _draw_positive, _State, expected_outcome

N = 12
RNG = np.random.default_rng(1)
Z = RNG.uniform(0, 2, (1, N, 3))
Y = 5 + 1.5 * Z[0, :, 1] + RNG.normal(0, 1, N)


class Noted:
    """A generator that notes the chances it is asked to choose by."""

    def __init__(self) -> None:
        self.chance = np.zeros(0)
        self.rng = np.random.default_rng(2)

    def choice(self, n: int, p: np.ndarray) -> int:
        self.chance = p
        return int(self.rng.choice(n, p=p))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rng, name)


def state(rng: Any, outcome: np.ndarray = Y) -> _State:
    """One channel with three candidates for its curve, beside a level that may be anything."""
    half = np.array([0.5, 1.0, 4.0])
    grid = Grid(carry=np.zeros(3), half=half, form=np.zeros(3, dtype=np.int64), columns=Z)
    return _State(outcome, grid, np.ones((N, 1)), np.array([np.inf]), rng)


@pytest.mark.parametrize("outcome", [Y, 20 - Y])
def test_a_candidate_is_drawn_by_what_it_explains_over_all_effects_that_are_not_below_nought(
    outcome: np.ndarray,
) -> None:
    noted = Noted()
    at = state(noted, outcome)
    at.sigma = 1.3
    x = at._whiten(at.x)
    at._draw_channel(0, x, x.T @ x)
    centred = outcome - outcome.mean()  # a level that may be anything takes the mean out

    def weight(g: int) -> float:
        z = Z[0, :, g] - Z[0, :, g].mean()

        def likelihood(beta: float) -> float:
            off = ((centred - beta * z) ** 2 - centred**2).sum() / 1.3**2
            return float(np.exp(-0.5 * off - 0.5 * (beta / at.beta_sd) ** 2 - 0.5 * np.log(at.grid.half[g]) ** 2))

        return float(quad(likelihood, 0, 30, limit=200)[0])

    weights = np.array([weight(g) for g in range(3)])
    np.testing.assert_allclose(noted.chance, weights / weights.sum(), rtol=1e-5)


def test_the_level_is_known_as_a_mean_of_so_many_weeks_is() -> None:
    at = state(np.random.default_rng(3))
    at.sigma = 2.0
    x = at._whiten(at.x)
    drawn = []
    for _ in range(3_000):
        at._draw_baseline(x, x.T @ x)
        drawn.append(at.gamma[0])
    assert np.mean(drawn) == pytest.approx(Y.mean(), abs=0.05)
    assert np.std(drawn) == pytest.approx(2.0 / np.sqrt(N), rel=0.05)


@pytest.mark.parametrize("mean", [2.0, 0.0, -3.0, -40.0])
def test_an_effect_is_drawn_above_nought_however_far_below_it_lies(mean: float) -> None:
    rng = np.random.default_rng(4)
    drawn = np.array([_draw_positive(mean, 1.0, rng) for _ in range(4_000)])
    assert (drawn >= 0).all()
    assert drawn.mean() == pytest.approx(truncnorm.mean(-mean, np.inf, loc=mean), rel=0.06)


def test_what_the_last_week_was_off_by_fades_from_week_to_week() -> None:
    draws = ResponseDraws(
        carry=np.zeros((1, 1)),
        half=np.full((1, 1), 100.0),
        form=np.zeros((1, 1), dtype=np.int64),
        effect=np.full((1, 1), 20.0),
        baseline=np.array([[3.0]]),
        noise=np.zeros(1),
        rho=np.array([0.5]),
        last_error=np.array([8.0]),
    )
    spend = np.array([[100.0], [100.0], [0.0], [300.0]])
    told = expected_outcome(draws, spend, np.ones((4, 1)), np.array([100.0]), 1, np.random.default_rng(5))
    # 3 come anyway; the usual 100 bring 20, nothing brings nothing, 300 bring 1.5 times as many; and 4, 2, 1 of the error.
    np.testing.assert_allclose(told, [[3 + 20 + 4, 3 + 0 + 2, 3 + 30 + 1]])
