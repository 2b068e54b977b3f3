"""Draws of what spend of one or more channels does to a weekly outcome, by a sampler that is exact for a single channel.

    y_t = baseline_t' gamma + sum over channels of beta_c * z_c,t + e_t,      e_t = rho * e_(t-1) + sigma * t_4
    z_c,t = h(a_c,t / half_c) / h(usual_c / half_c)                            so that beta_c = what the usual spend does

Carry, half and the form of h live on a grid; given those the model is linear. Each step draws one channel's grid point and beta
from their joint distribution given the rest, beta and gamma integrated out where the grid point is drawn, so a single channel
mixes at once. beta_c >= 0: spend does not drive customers away. Errors have the heavy tails of Student's t with 4 degrees of
freedom, a normal whose precision differs by week: a week of its own (a sale, an outage) moves the curve little.

References:
    Ritter, Tanner (1992), "Facilitating the Gibbs Sampler: The Gibbs Stopper and the Griddy-Gibbs Sampler", JASA 87.
    Jin, Wang, Sun, Chan, Koehler (2017), "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects".
    Chib (1993), "Bayes Regression with Autoregressive Errors", Journal of Econometrics 58 (rho).
    Geweke (1993), "Bayesian Treatment of the Independent Student-t Linear Model", Journal of Applied Econometrics 8.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from acquire.value.adstock import Form, adstock, saturate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CARRIES: Final = np.arange(0.0, 0.91, 0.1)
# Half-saturation, in usual weekly spends: from long saturated to nearly straight.
HALVES: Final = np.geomspace(0.1, 16.0, 12)
RHOS: Final = np.array([0.0, 0.2, 0.4, 0.6, 0.8])
N_BURN_IN: Final = 100
DEGREES_OF_FREEDOM: Final = 4.0
# What is expected of half-saturation before anything is seen: near the usual spend, hardly ever ten times more or less.
LOG_HALF_SD: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every combination of carry, half and form, shape (G,), with the adstocked and saturated spend of each channel.

    Attributes:
        carry, half: half is in usual weekly spends.
        form: Which h, a `Form`.
        columns: z of each channel, shape (C, n_weeks, G).
    """

    carry: Floats
    half: Floats
    form: Ints
    columns: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDraws:
    """Joint draws, D of them.

    Attributes:
        carry: Shape (D, C).
        half: In money per week, shape (D, C).
        form: Which h, shape (D, C).
        effect: beta: what the usual weekly spend does, in units of the outcome a week, shape (D, C).
        baseline: gamma, shape (D, P).
        noise: sigma, the scale of the errors, shape (D,).
        rho: Autocorrelation of the errors, shape (D,).
        last_error: e of the last week, shape (D,).
    """

    carry: Floats
    half: Floats
    form: Ints
    effect: Floats
    baseline: Floats
    noise: Floats
    rho: Floats
    last_error: Floats


def make_grid(spend: Floats, usual: Floats) -> Grid:
    """List the candidates for weekly spend of shape (n_weeks, C) and usual weekly spend of shape (C,)."""
    carry, half, form = (m.ravel() for m in np.meshgrid(CARRIES, HALVES, np.array(list(Form)), indexing="ij"))
    top = saturate(np.ones(1), half, form)
    columns = np.empty((spend.shape[1], len(spend), len(carry)))
    for c, money in enumerate(spend.T):
        stock = np.column_stack([adstock(money / usual[c], k, before=money.mean() / usual[c]) for k in CARRIES])
        columns[c] = saturate(np.repeat(stock, len(carry) // len(CARRIES), axis=1), half, form) / top
    return Grid(carry=carry, half=half, form=form, columns=columns)


def draw_responses(
    outcome: Floats,
    spend: Floats,
    baseline: Floats,
    baseline_sd: Floats,
    usual: Floats,
    rng: np.random.Generator,
    n_draws: int = 400,
) -> ResponseDraws:
    """Draw what spend does, given what was seen.

    Args:
        outcome: Per week, shape (n_weeks,).
        spend: Money per week and channel, shape (n_weeks, C).
        baseline: What else moves the outcome (level, trend, season ...), shape (n_weeks, P).
        baseline_sd: Prior standard deviation of each of its weights, in units of the outcome; inf = flat, shape (P,).
        usual: Weekly spend per channel to which beta refers, above 0, shape (C,).
        rng: Randomness.
        n_draws: Draws kept, after 100 that are not.
    """
    state = _State(outcome, make_grid(spend, usual), baseline, baseline_sd, rng)
    kept = []
    for step in range(N_BURN_IN + n_draws):
        state.step()
        if step >= N_BURN_IN:
            kept.append((state.at.copy(), state.beta.copy(), state.gamma, state.sigma, state.rho, state.error[-1]))
    at, beta, gamma, sigma, rho, error = (np.array(column) for column in zip(*kept, strict=True))
    grid = state.grid
    return ResponseDraws(
        carry=grid.carry[at],
        half=grid.half[at] * usual,
        form=grid.form[at],
        effect=beta,
        baseline=gamma,
        noise=sigma,
        rho=rho,
        last_error=error,
    )


def expected_outcome(
    draws: ResponseDraws, spend: Floats, baseline: Floats, usual: Floats, n_seen: int, rng: np.random.Generator
) -> Floats:
    """Draw the outcome of the weeks after the first `n_seen`, noise included, shape (D, n_weeks - n_seen).

    Args:
        draws: Fitted on the first `n_seen` weeks.
        spend, baseline: Of all weeks, shapes (n_weeks, C) and (n_weeks, P).
        usual: As given to `draw_responses`, shape (C,).
        n_seen: Weeks that were fitted.
        rng: For the noise.
    """
    drawn = np.empty((len(draws.noise), len(spend) - n_seen))
    before = spend[:n_seen].mean(axis=0)
    for d in range(len(drawn)):
        mean = baseline[n_seen:] @ draws.baseline[d]
        for c, money in enumerate(spend.T):
            stock = adstock(money, float(draws.carry[d, c]), before=float(before[c]))[n_seen:]
            half, form = draws.half[d, c], draws.form[d, c]
            mean += draws.effect[d, c] * saturate(stock, half, form) / saturate(usual[c], half, form)
        error = draws.last_error[d]
        for week in range(drawn.shape[1]):
            error = draws.rho[d] * error + draws.noise[d] * rng.standard_t(DEGREES_OF_FREEDOM)
            drawn[d, week] = mean[week] + error
    return drawn


class _State:
    """Where the sampler stands.

    Attributes:
        at: Grid point of each channel, shape (C,).
        beta, gamma, sigma, rho: As in the module's docstring.
        calm: Precision of each week's error relative to 1 / sigma^2, shape (n_weeks,).
        error: e of every week, shape (n_weeks,).
    """

    def __init__(self, y: Floats, grid: Grid, x: Floats, x_sd: Floats, rng: np.random.Generator) -> None:
        n_channels = len(grid.columns)
        self.y, self.grid, self.x, self.rng = y, grid, x, rng
        self.x_precision = np.where(np.isinf(x_sd), 0.0, x_sd**-2.0)
        # The usual spend may bring anything from nothing to about all there is.
        self.beta_sd = max(float(np.abs(y).mean()), float(y.std()))
        self.prior = -0.5 * (np.log(grid.half) / LOG_HALF_SD) ** 2
        self.at = np.full(n_channels, len(grid.carry) // 2)
        self.beta = np.zeros(n_channels)
        self.gamma = np.zeros(x.shape[1])
        self.sigma, self.rho = float(y.std()) or 1.0, 0.0
        self.error = y - y.mean()
        self.calm = np.ones(len(y))

    def step(self) -> None:
        """Draw everything once."""
        x = self._whiten(self.x)
        gram = x.T @ x + np.diag(self.x_precision) * self.sigma**2 + 1e-9 * np.eye(x.shape[1])
        for c in range(len(self.beta)):
            self._draw_channel(c, x, gram)
        self._draw_baseline(x, gram)
        self._draw_noise()

    def _whiten(self, columns: Floats) -> Floats:
        """Columns less rho times the week before, in weeks that are all as uncertain."""
        steps = np.concatenate([columns[:1] * (1 - self.rho**2) ** 0.5, columns[1:] - self.rho * columns[:-1]])
        root = self.calm**0.5
        return steps * (root if steps.ndim == 1 else root[:, None])

    def _media(self, without: int = -1) -> Floats:
        """What spend does in every week; the channel `without` left out."""
        total = np.zeros(len(self.y))
        for c, (point, beta) in enumerate(zip(self.at, self.beta, strict=True)):
            if c != without:
                total += beta * self.grid.columns[c, :, point]
        return total

    def _draw_channel(self, c: int, x: Floats, gram: Floats) -> None:
        rest = self._whiten(self.y - self._media(without=c))
        z = self._whiten(self.grid.columns[c])
        solved = np.linalg.solve(gram, x.T @ np.column_stack([z, rest]))
        free = z - x @ solved[:, :-1]  # what the baseline does not say already
        seen = np.einsum("tg,tg->g", z, free) / self.sigma**2
        precision = np.maximum(seen, 0.0) + self.beta_sd**-2.0
        mean = (free.T @ rest) / self.sigma**2 / precision
        t = mean * precision**0.5
        weight = self.prior - 0.5 * np.log(precision) + 0.5 * t**2 + log_ndtr(t)
        chance = np.exp(weight - weight.max())
        point = int(self.rng.choice(len(chance), p=chance / chance.sum()))
        self.at[c] = point
        self.beta[c] = _draw_positive(float(mean[point]), float(precision[point] ** -0.5), self.rng)

    def _draw_baseline(self, x: Floats, gram: Floats) -> None:
        mean = np.linalg.solve(gram, x.T @ self._whiten(self.y - self._media()))
        root = np.linalg.cholesky(gram)
        self.gamma = mean + self.sigma * np.linalg.solve(root.T, self.rng.standard_normal(len(mean)))
        self.error = self.y - self._media() - self.x @ self.gamma

    def _draw_noise(self) -> None:
        e, calm = self.error, self.calm
        now, before, w = e[1:], e[:-1], calm[1:]
        squares = float(w @ now**2) - 2 * RHOS * float(w @ (now * before)) + RHOS**2 * float(w @ before**2)
        squares += calm[0] * (1 - RHOS**2) * e[0] ** 2
        weight = 0.5 * np.log(1 - RHOS**2) - 0.5 * squares / self.sigma**2
        chance = np.exp(weight - weight.max())
        k = int(self.rng.choice(len(RHOS), p=chance / chance.sum()))
        self.rho = float(RHOS[k])
        self.sigma = float((squares[k] / 2 / self.rng.standard_gamma(len(e) / 2)) ** 0.5)
        steps = np.r_[e[0] * (1 - self.rho**2) ** 0.5, now - self.rho * before] / self.sigma
        self.calm = self.rng.standard_gamma((DEGREES_OF_FREEDOM + 1) / 2, len(e)) / (
            (DEGREES_OF_FREEDOM + steps**2) / 2
        )


def _draw_positive(mean: float, sd: float, rng: np.random.Generator) -> float:
    """Draw from a normal distribution cut at 0."""
    below = float(ndtr(-mean / sd))
    drawn = mean + sd * float(ndtri(below + (1 - below) * rng.random()))
    if below > 1 - 1e-12 or not np.isfinite(drawn):  # far in the tail it is an exponential distribution
        drawn = float(rng.exponential(sd**2 / max(-mean, sd)))
    return max(drawn, 0.0)
