"""Response curves: on simulated data against the true curve, on Robyn's simulated set against weeks held out.

    python benchmarks/response.py

Peers in the same run, on the same level, trend and season: plain regression on adstocked spend (carry by least squares, effect
not negative), and a Hill curve with adstock by scipy's least squares. The question asked of a curve is what moving money changes,
so the first table scores bookings at a quarter to twice the usual spend relative to those at the usual spend; the second scores
forecasts of weeks that nobody fitted, with their intervals. A third says how often a curve is refused where there is none.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares, lsq_linear

from acquire.value.adstock import adstock
from acquire.value.response import NoCurve, ResponseCurve, fit_response, season_and_trend, usual_spend
from acquire.value.response_draws import draw_responses, expected_outcome

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]

SHARED = Path(__file__).resolve().parents[2] / "shared"
ROBYN = SHARED / "data" / "mmm_robyn_simulated_weekly.parquet"
MEDIA = ("tv_S", "ooh_S", "print_S", "search_S", "facebook_S")
N_WAVES, N_CONTEXT = 4, 4  # columns of the season; competitor sales, newsletter, two events
N_WEEKS, N_SEEDS = 104, 20
USUAL, EFFECT, NOISE = 10_000.0, 100.0, 20.0
LEVELS = np.linspace(0.25, 2.0, 8)
TRUTHS: dict[str, Curve] = {
    "u / (.5 + u)": lambda u: u / (0.5 + u) * 1.5,
    "u / (2 + u)": lambda u: u / (2 + u) * 3,
    "1 - 2^-u/.5": lambda u: (1 - 2 ** (-u / 0.5)) / (1 - 2**-2),
    "1 - 2^-u/2": lambda u: (1 - 2 ** (-u / 2)) / (1 - 2**-0.5),
    "root of u": np.sqrt,
    "S: u^2 / (1.5^2 + u^2)": lambda u: u**2 / (1.5**2 + u**2) * 3.25,
    "straight": lambda u: u,
    "nothing": lambda u: 0 * u,
}


def main() -> None:
    """Print the tables."""
    print(
        f"True curves: {N_SEEDS} histories of {N_WEEKS} weeks each; effect of the usual spend {EFFECT:g} a week, noise {NOISE:g}"
    )
    print(pd.DataFrame([judge_truth(name, truth) for name, truth in TRUTHS.items()]).round(3).to_string(index=False))
    print("\nNo curve to be seen: share refused")
    print(pd.DataFrame([refusals()]).to_string(index=False))
    if not ROBYN.exists():
        print("\n../shared/data has no Robyn set on this machine: not judged on held-out weeks")
        return
    print(
        "\nRobyn's simulated set, revenue of held-out weeks, all five media, competitor sales and newsletter as context"
    )
    print(pd.DataFrame(judge_robyn(pd.read_parquet(ROBYN))).round(4).to_string(index=False))


def simulate(truth: Curve, rng: np.random.Generator, sd_of_spend: float = 0.5) -> pd.DataFrame:
    """Draw a history: spend log-normal with pauses, carry .5, season, trend."""
    spend = USUAL * np.exp(sd_of_spend * rng.standard_normal(N_WEEKS))
    spend[rng.random(N_WEEKS) < 0.15] = 0.0
    t = np.arange(N_WEEKS)
    mean = 100 + EFFECT * truth(adstock(spend, 0.5, before=spend.mean()) / USUAL)
    mean += 30 * np.sin(2 * np.pi * t / 52.18) + 20 * t / N_WEEKS
    booked = np.maximum(mean + NOISE * rng.standard_normal(N_WEEKS), 0).round()
    weeks = pd.date_range("2024-01-01", periods=N_WEEKS, freq="7D")
    return pd.DataFrame({"spend": spend, "booked": booked}, index=weeks)


def judge_truth(name: str, truth: Curve) -> dict[str, float | str]:
    """Errors of what moving money changes, relative to the effect of the usual spend; coverage; CPU seconds a curve."""
    true = EFFECT * (truth(LEVELS) - truth(np.ones(1)))
    rows = []
    for seed in range(N_SEEDS):
        weekly = simulate(truth, np.random.default_rng(seed))
        start = time.process_time()
        curve = fit_response("channel", weekly, np.random.default_rng(seed))
        seconds = time.process_time() - start
        hill, plain = fit_hill(weekly), fit_plain(weekly)
        peers = {
            "Hill by scipy": rmse(hill(LEVELS * USUAL) - hill(np.array([USUAL])), true),
            "plain regression": rmse(plain(LEVELS * USUAL) - plain(np.array([USUAL])), true),
            "CPU s": seconds,
        }
        if isinstance(curve, NoCurve):
            rows.append({"refused": 1.0, **peers})
            continue
        draws = curve.booked(LEVELS * USUAL) - curve.booked(np.array([USUAL]))
        low, high = np.quantile(draws, [0.05, 0.95], axis=1)
        inside = (low <= true + 1e-9) & (true <= high + 1e-9)
        found = {"acquire": rmse(draws.mean(axis=1), true), "in 90 % interval": float(inside[LEVELS != 1].mean())}
        rows.append({"refused": 0.0, **found, **peers})
    columns = ["refused", "acquire", "in 90 % interval", "Hill by scipy", "plain regression", "CPU s"]
    return {"truth": name, **pd.DataFrame(rows, columns=columns).mean().to_dict()}


def refusals() -> dict[str, float]:
    """How often a history is refused that cannot show a curve, and one that can."""
    cases = {
        "spend varies by 2 %": lambda rng: steady(rng, 0.02),
        "spend is the season": lambda rng: seasonal(rng, 0.02),
        "20 weeks": lambda rng: simulate(np.sqrt, rng).iloc[:20],
        "none of these": lambda rng: simulate(np.sqrt, rng),
    }
    return {
        name: float(np.mean([isinstance(refit(make, seed), NoCurve) for seed in range(N_SEEDS)]))
        for name, make in cases.items()
    }


def refit(make: Callable[[np.random.Generator], pd.DataFrame], seed: int) -> ResponseCurve | NoCurve:
    """Fit one made history, with few draws: only whether it is refused counts."""
    return fit_response("channel", make(np.random.default_rng(seed)), np.random.default_rng(seed), n_draws=20)


def steady(rng: np.random.Generator, sd: float) -> pd.DataFrame:
    """A history whose spend hardly varies."""
    return simulate(np.sqrt, rng).assign(spend=USUAL * (1 + sd * rng.standard_normal(N_WEEKS)))


def seasonal(rng: np.random.Generator, sd: float) -> pd.DataFrame:
    """A history whose spend follows the season."""
    wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(N_WEEKS) / 52.18)
    return simulate(np.sqrt, rng).assign(spend=USUAL * wave * (1 + sd * rng.standard_normal(N_WEEKS)))


def fit_hill(weekly: pd.DataFrame) -> Curve:
    """Fit adstock and a Hill curve by least squares, the linear part solved exactly inside; best of four starts."""
    spend, booked = weekly["spend"].to_numpy(), weekly["booked"].to_numpy()
    usual, (x, _) = usual_spend(spend), season_and_trend(len(weekly), first_week=0.0)

    def hill(stock: Floats, half: float, power: float) -> Floats:
        u = (stock / usual / half) ** power
        return u / (1 + u)

    def linear(p: Floats) -> tuple[Floats, Floats]:
        z = hill(adstock(spend, p[0], before=float(spend.mean())), float(np.exp(p[1])), float(np.exp(p[2])))
        columns = np.column_stack([x, z])
        bounds = ([*[-np.inf] * x.shape[1], 0.0], np.inf)
        weights = lsq_linear(columns, booked, bounds=bounds).x
        return columns @ weights - booked, weights

    starts = [(carry, half, 0.0) for carry in (0.2, 0.6) for half in (-0.5, 1.0)]
    fits = [least_squares(lambda p: linear(p)[0], s, bounds=([0, -3, -1], [0.95, 3, 1.2])) for s in starts]
    best = min(fits, key=lambda fit: fit.cost).x
    effect = linear(best)[1][-1]
    return lambda s: effect * hill(s, float(np.exp(best[1])), float(np.exp(best[2])))


def fit_plain(weekly: pd.DataFrame) -> Curve:
    """Fit a straight effect of adstocked spend; carry by least squares."""
    spend, booked = weekly["spend"].to_numpy(), weekly["booked"].to_numpy()
    x, _ = season_and_trend(len(weekly), first_week=0.0)
    effect = plain_regression(spend[:, None], booked, x, len(weekly))[1][-1]
    return lambda s: effect * s


def plain_regression(spend: Floats, outcome: Floats, x: Floats, n_fitted: int) -> tuple[Floats, Floats]:
    """Columns for every week and the weights of the best single carry, fitted on the first `n_fitted` weeks."""
    fits = []
    for carry in np.arange(0.0, 0.91, 0.1):
        stock = np.column_stack([adstock(s, carry, before=float(s[:n_fitted].mean())) for s in spend.T])
        columns = np.column_stack([x, stock])
        bounds = ([*[-np.inf] * x.shape[1], *[0.0] * stock.shape[1]], np.inf)
        fit = lsq_linear(columns[:n_fitted], outcome[:n_fitted], bounds=bounds)
        fits.append((float(fit.cost), columns, fit.x))
    _, columns, weights = min(fits, key=lambda found: found[0])
    return columns, weights


def judge_robyn(table: pd.DataFrame, n_held_outs: Sequence[int] = (52, 26, 13)) -> list[dict[str, float | str]]:
    """Forecast the last weeks, given the spend and context in them, from the weeks before."""
    revenue, spend = table["revenue"].to_numpy(np.float64), table[list(MEDIA)].to_numpy(np.float64)
    rows: list[dict[str, float | str]] = []
    for n_out in n_held_outs:
        n, (x, sd) = len(table) - n_out, robyn_context(table, len(table) - n_out)
        plain_x = np.delete(
            x, range(2, x.shape[1] - N_WAVES - N_CONTEXT), axis=1
        )  # nothing holds bends back in the peers
        start = time.process_time()
        usual = np.array([usual_spend(s[:n]) for s in spend.T])
        draws = draw_responses(revenue[:n], spend[:n], x[:n], sd * revenue[:n].std(), usual, np.random.default_rng(7))
        forecast = expected_outcome(draws, spend, x, usual, n, np.random.default_rng(8))
        seconds = time.process_time() - start
        low, high = np.quantile(forecast, [0.05, 0.95], axis=0)
        held = revenue[n:]
        rows.append(
            score("acquire", n_out, forecast.mean(axis=0), held, seconds, ((low <= held) & (held <= high)).mean())
        )
        for name, fit in (("Hill by scipy", robyn_hill), ("plain regression", robyn_plain)):
            start = time.process_time()
            predicted = fit(spend, revenue, plain_x, n)[n:]
            rows.append(score(name, n_out, predicted, held, time.process_time() - start))
    return rows


def robyn_context(table: pd.DataFrame, n: int) -> tuple[Floats, Floats]:
    """Level, trend, season, competitor sales, newsletter and the two events."""
    x, sd = season_and_trend(len(table), first_week=47.0, n_seen=n)
    context = table[["competitor_sales_B", "newsletter"]].to_numpy(np.float64)
    context = (context - context[:n].mean(axis=0)) / context[:n].std(axis=0)
    events = [(table["events"] == name).to_numpy(np.float64) for name in sorted(set(table["events"]) - {"na"})]
    return np.column_stack([x, context, *events]), np.r_[sd, np.ones(2 + len(events))]


def robyn_plain(spend: Floats, revenue: Floats, x: Floats, n: int) -> Floats:
    """Plain regression on adstocked spend."""
    columns, weights = plain_regression(spend, revenue, x, n)
    return columns @ weights


def robyn_hill(spend: Floats, revenue: Floats, x: Floats, n: int) -> Floats:
    """A Hill curve with adstock per medium, all at once, by scipy's least squares; best of two starts."""
    usual = np.array([usual_spend(s[:n]) for s in spend.T])

    def columns(p: Floats) -> Floats:
        media = []
        for (carry, half, power), s, u in zip(p.reshape(-1, 3), spend.T, usual, strict=True):
            z = (adstock(s, carry, before=float(s[:n].mean())) / u / np.exp(half)) ** np.exp(power)
            media.append(z / (1 + z))
        return np.column_stack([x, *media])

    def linear(p: Floats) -> tuple[Floats, Floats]:
        fitted = columns(p)[:n]
        bounds = ([*[-np.inf] * x.shape[1], *[0.0] * len(usual)], np.inf)
        weights = lsq_linear(fitted, revenue[:n], bounds=bounds).x
        return fitted @ weights - revenue[:n], weights

    low, high = np.tile([0.0, -3.0, -1.0], len(usual)), np.tile([0.95, 3.0, 1.2], len(usual))
    starts = [np.tile([carry, 0.0, 0.0], len(usual)) for carry in (0.2, 0.6)]
    fits = [least_squares(lambda p: linear(p)[0], s, bounds=(low, high), x_scale="jac", max_nfev=40) for s in starts]
    best = min(fits, key=lambda fit: fit.cost).x
    return columns(best) @ linear(best)[1]


def score(
    name: str, n_out: int, predicted: Floats, held: Floats, seconds: float, covered: float = np.nan
) -> dict[str, float | str]:
    """Errors on held-out weeks."""
    return {
        "weeks held out": n_out,
        "model": name,
        "NRMSE": rmse(predicted, held, float(held.max() - held.min())),
        "MAPE": float(np.mean(np.abs(predicted / held - 1))),
        "R2": 1 - float(((predicted - held) ** 2).sum() / ((held - held.mean()) ** 2).sum()),
        "in 90 % interval": covered,
        "CPU s": seconds,
    }


def rmse(predicted: Floats, true: Floats, unit: float = EFFECT) -> float:
    """Root mean squared error in units of `unit`."""
    return float(np.sqrt(np.mean((predicted - true) ** 2))) / unit


if __name__ == "__main__":
    main()
