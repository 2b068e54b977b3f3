"""Ridge-regularised logistic regression whose coefficients may be held at or above zero: small, exact, with weights.

Minimises over the intercept a and the coefficients b

    sum_i weight_i * log(1 + exp(-s_i * (a + x_i b)))  +  penalty / 2 * sum_j (b_j - centre_j)^2,      s_i = +1 / -1

by projected Newton steps. The intercept is never penalised.

References:
    Bertsekas, D. (1982), "Projected Newton methods for optimization problems with simple constraints", section 2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

_MAX_STEPS = 50
_MAX_HALVINGS = 25
_TOLERANCE = 1e-7
_CURVATURE_FLOOR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """A fitted regression: P(y = 1) = 1 / (1 + exp(-(intercept + x @ coefficients)))."""

    intercept: float
    coefficients: Floats

    def log_odds(self, x: Floats) -> Floats:
        """Log odds of y = 1 for rows `x`, shape (n, m) -> (n,)."""
        return np.asarray(self.intercept + x @ self.coefficients, dtype=float)


def fit_logistic(
    x: Floats,
    y: Floats,
    *,
    weight: Floats,
    penalty: float,
    centre: Floats | None = None,
    start: LogisticFit | None = None,
    lowest: float = 0.0,
) -> LogisticFit:
    """Fit the regression above.

    Args:
        x: Columns, shape (n, m).
        y: 0 or 1, shape (n,); both must occur with positive weight.
        weight: Weight per row, shape (n,).
        penalty: Strength of the pull towards `centre`; the prior variance of a coefficient is 1 / penalty.
        centre: Where the coefficients are pulled to, shape (m,); default 0.
        start: A fit near the answer, to save steps.
        lowest: Lower bound of every coefficient: 0 by default, -inf for none.

    Returns:
        The unique minimum.
    """
    problem = _Problem(
        design=np.column_stack([np.ones(len(x)), x]),
        y=y,
        weight=weight,
        ridge=np.r_[0.0, np.full(x.shape[1], penalty)],
        centre=np.r_[0.0, np.zeros(x.shape[1]) if centre is None else centre],
        lowest=np.r_[-np.inf, np.full(x.shape[1], lowest)],
    )
    theta = problem.start() if start is None else np.r_[start.intercept, start.coefficients]
    theta = problem.minimum(np.maximum(theta, problem.lowest))
    return LogisticFit(intercept=float(theta[0]), coefficients=theta[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """The loss to minimise; arrays of the coefficients begin with the intercept."""

    design: Floats
    y: Floats
    weight: Floats
    ridge: Floats
    centre: Floats
    lowest: Floats

    def start(self) -> Floats:
        rate = float(np.average(self.y, weights=self.weight))
        return np.concatenate([[np.log(rate / (1 - rate))], np.zeros(self.design.shape[1] - 1)])

    def minimum(self, theta: Floats) -> Floats:
        loss = self.loss(theta)
        for _ in range(_MAX_STEPS):
            theta, reached = self._descend(theta, loss)
            if loss - reached <= _TOLERANCE * (1 + abs(reached)):
                break
            loss = reached
        return theta

    def loss(self, theta: Floats) -> float:
        score = self.design @ theta
        pull = 0.5 * self.ridge @ (theta - self.centre) ** 2
        return float(self.weight @ (np.logaddexp(0.0, score) - self.y * score) + pull)

    def _descend(self, theta: Floats, loss: float) -> tuple[Floats, float]:
        """Newton's step, halved until the loss falls; `theta` itself where it never does."""
        step = self._newton_step(theta)
        for halving in range(_MAX_HALVINGS):
            candidate = np.maximum(theta - step * 0.5**halving, self.lowest)
            reached = self.loss(candidate)
            if reached <= loss:
                return candidate, reached
        return theta, loss

    def _newton_step(self, theta: Floats) -> Floats:
        """Newton's step over the coefficients that are not pressed against their bound; 0 for the others."""
        p = expit(self.design @ theta)
        gradient = self.design.T @ (self.weight * (p - self.y)) + self.ridge * (theta - self.centre)
        free = ~((theta <= self.lowest) & (gradient > 0))
        d = self.design[:, free]
        hessian = (d * (self.weight * p * (1 - p))[:, None]).T @ d + np.diag(self.ridge[free] + _CURVATURE_FLOOR)
        step = np.zeros_like(theta)
        step[free] = np.linalg.solve(hessian, gradient[free])
        return step
