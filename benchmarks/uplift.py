"""The uplift engine beside its peers: a known effect, the Taiwan market's true chances, a real randomised mailing.

    python benchmarks/uplift.py [--parts known taiwan hillstrom] [--seeds 5] [--rows 200000] [--splits 20]
                                [--peers-python PATH] [--seconds 300] [--only NAME ...]

Peers in the same run, on the same rows and the same matrix: causalml, scikit-uplift and EconML with LightGBM's defaults under
them, and causalml's S and X over the very trees that acquire grows (a process of its own, in an environment of its own: PATH, or
made in a temporary folder). A peer that is not done after --seconds of CPU time is left out and said so. "acquire" is what
`acquire plan` fits (cross-fitted, calibrated on rows held out, averaged); "acquire served" what `acquire fit` writes. One thread.

known       n rows x 20 columns, offer to half at random, 0/1 outcome; judged on 100,000 rows that nobody saw, by the truth:
    x1..x10 normal, neighbours correlated .3; x11..x15 uniform; x16..x18 are 1 with chance .3; x19 exponential; x20 in 0..5
    P(booked | control) = p0 = sigmoid(-2 + .7 sin(2 x1) + .5 x2 + .5 [x3 > 0] x4 - .4 |x5| + .3 x16 x6 + .2 x19)      mean .143
    effect = .02 + .12 sigmoid(3 (x1 - .3)) sigmoid(-2 x7) + .06 [x11 > .5] x17 - .05 [x8 > 1], within chances of .005 to .995
                                                                    mean .045, sd .042, from -.03 (it puts some off) to .20
    correlation with the effect, root mean square error, and the average prediction less the average effect, both in points
taiwan      60,000 rows of history, three offers, 30,000 leads whose true chances under every offer are known
hillstrom   visits, women's e-mail against none, 50/50 splits: Qini (Radcliffe, extra visits per 1,000 rows) and the effect among
    the best 30 %, in points, on the other half

Intervals of paired differences are 90 %: t over the seeds; bootstrap over the leads; over splits, which overlap, corrected.
The other figures of the same engine: effect_calibration.py, uplift_evidence.py, policy_coverage.py, uplift_speed.py.

References:
    Nadeau, C. and Bengio, Y. (2003), "Inference for the generalization error", section 4 (corrected resampled t).
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from _uplift_contestants import OURS, Peers, estimate_all, estimate_ours, experiment, rows_of, start_peers, tables_of
from scipy.special import expit
from scipy.stats import t

from acquire.ingest.tables import read_tables
from acquire.uplift.curves import uplift_curve
from campaigns.plan_file import read_plan_file

SHARED = Path(__file__).resolve().parents[2] / "shared"
N_NEW = 100_000
CONFIDENCE = 0.90
TOP_SHARE = 0.3


def main() -> None:
    """Print a table and the paired differences of each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["known", "taiwan", "hillstrom"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--peers-python", type=Path, help="interpreter of an environment that has the peers")
    parser.add_argument("--seconds", type=int, default=300, help="CPU seconds that a peer may take for one fit")
    parser.add_argument("--only", nargs="*", help="peers to run; none: all")
    asked = parser.parse_args()
    parts: dict[str, Callable[[Peers], None]] = {
        "known": lambda peers: report_known(peers, asked.seeds, asked.rows),
        "taiwan": report_taiwan,
        "hillstrom": lambda peers: report_hillstrom(peers, asked.splits),
    }
    with tempfile.TemporaryDirectory() as folder, start_peers(Path(folder), asked) as peers:
        for part in asked.parts:
            parts[part](peers)


# --- known effect ------------------------------------------------------------------------------------------------------------


def report_known(peers: Peers, n_seeds: int, n_rows: int) -> None:
    """Print correlation and error over the seeds."""
    results, asking = [], list(peers.names)
    for seed in range(n_seeds):
        history, effects = draw_known(n_rows, np.random.default_rng(seed))
        new, new_effects = draw_known(N_NEW, np.random.default_rng(10_000 + seed))
        estimates = estimate_all(peers, asking, tables_of(history, new, "offer"), seed)
        asking = [name for name in asking if name in estimates]
        for name, (predicted, seconds) in estimates.items():
            results.append({"name": name, "at": seed, "seconds": seconds} | judge(predicted, new_effects))
        print(f"  seed {seed}: {effects.mean():.4f} average effect", flush=True)
    frame = pd.DataFrame(results)
    print_table(f"known effect: {n_rows:,} rows x 20 columns, {n_seeds} seeds", frame)
    for figure in ("correlation", "error"):
        print_differences(frame, figure, lambda gaps: over_seeds(gaps, 0.0))


def draw_known(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw rows of the known effect; the formula stands at the top of this file."""
    x = np.empty((n, 20))
    normal = rng.standard_normal((n, 10))
    x[:, 0] = normal[:, 0]
    for j in range(1, 10):
        x[:, j] = 0.3 * x[:, j - 1] + np.sqrt(1 - 0.3**2) * normal[:, j]
    x[:, 10:15] = rng.random((n, 5))
    x[:, 15:18] = rng.random((n, 3)) < 0.3
    x[:, 18], x[:, 19] = rng.standard_exponential(n), rng.integers(0, 6, n)
    x1, x2, x3, x4, x5, x6, x7, x8 = x[:, :8].T
    x11, x16, x17, x19 = x[:, 10], x[:, 15], x[:, 16], x[:, 18]
    odds = -2 + 0.7 * np.sin(2 * x1) + 0.5 * x2 + 0.5 * (x3 > 0) * x4 - 0.4 * np.abs(x5) + 0.3 * x16 * x6 + 0.2 * x19
    p_control = expit(odds)
    effect = 0.02 + 0.12 * expit(3 * (x1 - 0.3)) * expit(-2 * x7) + 0.06 * (x11 > 0.5) * x17 - 0.05 * (x8 > 1)
    p_offer = np.clip(p_control + effect, 0.005, 0.995)
    treated = rng.random(n) < 0.5
    booked = rng.random(n) < np.where(treated, p_offer, p_control)
    frame = pd.DataFrame(x, columns=[f"x{i + 1}" for i in range(20)])
    return experiment(frame, treated, booked, "offer"), p_offer - p_control


def judge(predicted: np.ndarray, effect: np.ndarray) -> dict[str, float]:
    """The figures of one contestant against the truth; error and bias in percentage points."""
    constant = predicted.std() == 0
    return {
        "correlation": float("nan") if constant else float(np.corrcoef(predicted, effect)[0, 1]),
        "error": 100 * float(np.sqrt(((predicted - effect) ** 2).mean())),
        "bias": 100 * float(predicted.mean() - effect.mean()),
    }


# --- the Taiwan market -------------------------------------------------------------------------------------------------------


def report_taiwan(peers: Peers) -> None:
    """Print the error of every offer's effect."""
    market = SHARED / "markets" / "taiwan"
    if not market.exists():
        print("taiwan is left out: its market is not there")
        return
    plan_file = read_plan_file(market / "plan.toml")
    tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=False, today=date(2026, 6, 1))
    truth = pd.read_parquet(market / "truth.parquet").set_index("lead_id").loc[tables.leads["lead_id"]]
    offers = [offer.offer for offer in tables.offers]
    effects = {offer: (truth[f"p_{offer}"] - truth["p_control"]).to_numpy() for offer in offers}
    ours = estimate_ours(tables, seed=7)
    results, misses, asking = [], {}, list(peers.names)
    for j, offer in enumerate(offers):
        theirs = peers.estimate(rows_of(tables, offer), asking)
        asking = [name for name in asking if name in theirs]
        estimates = {name: (uplift[:, j], seconds) for name, (uplift, seconds) in ours.items()} | theirs
        for name, (predicted, seconds) in estimates.items():
            results.append({"name": name, "at": offer, "seconds": seconds} | judge(predicted, effects[offer]))
            misses[name, offer] = (100 * (predicted - effects[offer])) ** 2
    frame = pd.DataFrame(results)
    for offer in offers:
        print_table(f"taiwan, {offer}: {len(tables.history):,} rows of history", frame[frame["at"] == offer])
        print_error_differences({name: miss for (name, which), miss in misses.items() if which == offer})


def print_error_differences(misses: dict[str, np.ndarray]) -> None:
    """Print acquire's error less each peer's, with the bootstrap interval over leads."""
    rng = np.random.default_rng(0)
    n = len(misses["acquire"])
    draws = [np.bincount(rng.integers(0, n, n), minlength=n) / n for _ in range(200)]
    errors = {name: np.sqrt([weight @ miss for weight in draws]) for name, miss in misses.items()}
    print("  error, acquire less the peer's:")
    for name, miss in misses.items():
        if name not in OURS:
            low, high = np.quantile(errors["acquire"] - errors[name], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
            point = np.sqrt(misses["acquire"].mean()) - np.sqrt(miss.mean())
            print(line(name, point, low, high))


# --- Hillstrom's mailing -----------------------------------------------------------------------------------------------------


def report_hillstrom(peers: Peers, n_splits: int) -> None:
    """Print Qini and the effect among the best 30 %."""
    path = SHARED / "data" / "hillstrom.parquet"
    if not path.exists():
        print("hillstrom is left out: its table is not there")
        return
    mailing = pd.read_parquet(path)
    mailing = mailing[mailing["segment"].isin(["Womens E-Mail", "No E-Mail"])].reset_index(drop=True)
    treated, visit = (mailing["segment"] == "Womens E-Mail").to_numpy(), mailing["visit"].to_numpy()
    frame = mailing.drop(columns=["segment", "visit", "conversion", "spend"]).rename(columns={"channel": "bought_by"})
    whole = experiment(frame, treated, visit == 1, "offer")
    results, asking = [], list(peers.names)
    for split in range(n_splits):
        half = np.random.default_rng(split).permutation(len(whole)) < len(whole) // 2
        history, new = whole[half].reset_index(drop=True), whole[~half].reset_index(drop=True)
        estimates = estimate_all(peers, asking, tables_of(history, new, "offer"), split)
        asking = [name for name in asking if name in estimates]
        for name, (predicted, seconds) in estimates.items():
            curve = uplift_curve(predicted, visit[~half].astype(float), treated[~half])
            figures = {"qini": 1000 * curve.qini, "uplift_at_30": 100 * curve.uplift_at(TOP_SHARE)}
            results.append({"name": name, "at": split, "seconds": seconds} | figures)
    result = pd.DataFrame(results)
    print_table(f"hillstrom: visit, women's against none, {n_splits} splits", result)
    for figure in ("qini", "uplift_at_30"):
        print_differences(result, figure, lambda gaps: over_seeds(gaps, 1.0))


# --- tables ------------------------------------------------------------------------------------------------------------------


def print_table(title: str, results: pd.DataFrame) -> None:
    """Means over seeds or splits, medians of the CPU seconds of a fit."""
    print(f"\n{title}")
    groups = results.groupby("name", sort=False)
    shown = groups[[column for column in results if column not in ("name", "at", "seconds")]].mean().round(4)
    shown["cpu_seconds"] = groups["seconds"].median().round(1)
    print(shown.to_string(), flush=True)


def print_differences(results: pd.DataFrame, figure: str, reach: Callable[[np.ndarray], float]) -> None:
    """Print acquire's figure less each peer's with its interval."""
    print(f"  {figure}, acquire less the peer's:")
    wide = results.pivot(index="at", columns="name", values=figure)
    for name in results["name"].unique():
        if name not in OURS and not wide[name].isna().any():
            gaps = (wide["acquire"] - wide[name]).to_numpy()
            print(line(name, gaps.mean(), gaps.mean() - reach(gaps), gaps.mean() + reach(gaps)))


def over_seeds(gaps: np.ndarray, test_per_training_row: float) -> float:
    """Half the interval of a mean difference.

    t * sqrt((1 / n + test rows / training rows) * variance); the second term only where the repeats share rows.
    """
    if len(gaps) < 2:
        return float("nan")
    error = np.sqrt((1 / len(gaps) + test_per_training_row) * gaps.var(ddof=1))
    return float(t.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1) * error)


def line(name: str, point: float, low: float, high: float) -> str:
    """One paired difference."""
    return f"    {name:24} {point:+.4f} ({low:+.4f} to {high:+.4f})"


if __name__ == "__main__":
    main()
