"""Ridge-regularised logistic regression whose coefficients may be held at or above zero: small, exact, with weights.

Minimises over the intercept a and the coefficients b

    sum_i weight_i * log(1 + exp(-s_i * (a + x_i b)))  +  penalty / 2 * sum_j (b_j - centre_j)^2,      s_i = +1 / -1

by projected Newton steps. The intercept is never penalised.

References:
    Bertsekas, D. (1982), "Projected Newton methods for optimization problems with simple constraints", section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MAX_STEPS = 50
_MAX_HALVINGS = 25
_TOLERANCE = 1e-5
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
    lowest: float | Floats = 0.0,
) -> LogisticFit:
    """Fit the regression above.

    Args:
        x: Columns, shape (n, m).
        y: 0 or 1, shape (n,); both must occur with positive weight.
        weight: Weight per row, shape (n,).
        penalty: Strength of the pull towards `centre`; the prior variance of a coefficient is 1 / penalty.
        centre: Where the coefficients are pulled to, shape (m,); default 0.
        start: A fit near the answer, to save steps.
        lowest: Lower bound of every coefficient, or one each, shape (m,): 0 by default, -inf for none.

    Returns:
        The unique minimum.
    """
    problem = _Problem(
        design=_design(x),
        y=y,
        weight=weight,
        ridge=np.r_[0.0, np.full(x.shape[1], penalty)],
        centre=np.r_[0.0, np.zeros(x.shape[1]) if centre is None else centre],
        lowest=np.r_[-np.inf, np.full(x.shape[1], lowest)],
    )
    return problem.fit(start)


def fit_logistic_path(x: Floats, y: Floats, *, weight: Floats, penalties: Sequence[float]) -> tuple[LogisticFit, ...]:
    """The fits of `fit_logistic`, coefficients at or above zero, under several penalties, each begun at the one before."""
    zeros = np.zeros(1 + x.shape[1])
    lowest = np.r_[-np.inf, zeros[1:]]
    problem = _Problem(design=_design(x), y=y, weight=weight, ridge=zeros, centre=zeros, lowest=lowest)
    fits: list[LogisticFit] = []
    for penalty in penalties:
        problem = replace(problem, ridge=np.r_[0.0, np.full(x.shape[1], penalty)])
        fits.append(problem.fit(fits[-1] if fits else None))
    return tuple(fits)


def _design(x: Floats) -> Floats:
    """The columns with the intercept's in front; each column in one piece, which is how they are summed."""
    design = np.empty((1 + x.shape[1], len(x)))
    design[0] = 1.0
    design[1:] = x.T
    return design.T


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """Coefficients, the score of each row under them, exp(-|score|), and the loss there."""

    theta: Floats
    score: Floats
    decay: Floats
    loss: float

    @property
    def p(self) -> Floats:
        """Chance of y = 1 per row."""
        return np.where(self.score >= 0, 1.0, self.decay) / (1.0 + self.decay)


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
        """The coefficients at their centre, the intercept about where it then gives the average."""
        rate = float(np.average(self.y, weights=self.weight))
        pushed = self.centre @ np.average(self.design, weights=self.weight, axis=0)
        return np.concatenate([[np.log(rate / (1 - rate)) - pushed], self.centre[1:]])

    def fit(self, start: LogisticFit | None) -> LogisticFit:
        theta = self.start() if start is None else np.r_[start.intercept, start.coefficients]
        theta = self.minimum(np.maximum(theta, self.lowest))
        return LogisticFit(intercept=float(theta[0]), coefficients=theta[1:])

    def minimum(self, theta: Floats) -> Floats:
        point = self.at(theta)
        for _ in range(_MAX_STEPS):
            step, gain = self._newton_step(point)
            reached = self._descend(point, step)
            # Newton's error squares with each step: after a step that promised next to nothing there is nothing left.
            if gain <= _TOLERANCE * (1 + abs(point.loss)) or reached is point:
                return reached.theta
            point = reached
        return point.theta

    def at(self, theta: Floats) -> _Point:
        score = self.design @ theta
        # log(1 + exp(score)), from one exponential that the chance needs too.
        decay = np.exp(-np.abs(score))
        nats = np.log(1.0 + decay) + np.maximum(score, 0.0) - self.y * score
        pull = 0.5 * self.ridge @ (theta - self.centre) ** 2
        return _Point(theta=theta, score=score, decay=decay, loss=float(self.weight @ nats + pull))

    def _descend(self, point: _Point, step: Floats) -> _Point:
        """Newton's step, halved until the loss falls; `point` itself where it never does."""
        for halving in range(_MAX_HALVINGS):
            candidate = self.at(np.maximum(point.theta - step * 0.5**halving, self.lowest))
            if candidate.loss <= point.loss:
                return candidate
        return point

    def _newton_step(self, point: _Point) -> tuple[Floats, float]:
        """Newton's step over the coefficients that are not pressed against their bound, 0 for the others; what it gains."""
        p = point.p
        gradient = (self.weight * (p - self.y)) @ self.design + self.ridge * (point.theta - self.centre)
        free = np.flatnonzero(~((point.theta <= self.lowest) & (gradient > 0)))
        scaled = self.design * np.sqrt(self.weight * p * (1 - p))[:, None]
        hessian = scaled.T @ scaled + np.diag(self.ridge + _CURVATURE_FLOOR)
        step = np.zeros_like(point.theta)
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        return step, float(gradient @ step) / 2
