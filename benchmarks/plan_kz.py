"""The plan on the real mailing of markets/kz, judged by wave 3 as it really went.

    python benchmarks/plan_kz.py

Wave 3 was offered at random with known chances, so inverse-propensity values of any policy are unbiased. Prints value, take-up
and bad rate of the plan beside all-standard, all-discount, all-deep and random; how far wave 3 lies from what history saw; how
the bad rate rose between the waves; and which watch would have told before any outcome.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

SHARED = Path(__file__).resolve().parents[2] / "shared"
MARKET = SHARED / "markets" / "kz"
N_REPLICATES = 1000


def main() -> None:
    """Plan, then let wave 3 judge."""
    history = pd.read_parquet(MARKET / "history.parquet")
    truth = pd.read_parquet(MARKET / "truth.parquet").set_index("lead_id")
    leads = pd.read_parquet(MARKET / "leads.parquet").set_index("lead_id")
    decisions, verdict = run_plan()
    print(f"first line of the plan: {verdict}")
    print(f"contacts with a discount: {decisions['offer'].notna().sum():,} of {len(decisions):,}\n")
    compare(truth, decisions["offer"].fillna("control").reindex(truth.index), leads)
    print_coverage(history, leads)
    print_drift(history, truth, leads, decisions)


def run_plan() -> tuple[pd.DataFrame, str]:
    """Run the command; give its decisions by lead and its first line."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "plan"
        command = [str(Path(sys.executable).with_name("acquire")), "plan", str(MARKET / "plan.toml"), "--out", str(out)]
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            env=os.environ | {"ACQUIRE_DATABASE_URL": f"sqlite:///{folder}/a.db"},
        )
        document = pd.read_json(out / "plan.json", typ="series")
        return pd.read_parquet(out / "decisions.parquet").set_index("lead_id"), document["evidence"]["verdict"]


def compare(truth: pd.DataFrame, plan: pd.Series, leads: pd.DataFrame) -> None:
    """Print each policy's figures with 90 % intervals, and its paired difference in value from all-standard."""
    rng = np.random.default_rng(7)
    offers = ("control", "discount", "deep_discount")
    policies = {"the plan": plan.to_numpy(), "all standard": np.full(len(truth), "control", dtype=object)}
    policies |= {f"all {offer}": np.full(len(truth), offer, dtype=object) for offer in offers[1:]}
    policies["random offer"] = rng.choice(offers, len(truth)).astype(object)
    weights = rng.standard_exponential((N_REPLICATES, len(truth))).astype(np.float32)
    lines = {}
    standard = figures(truth, policies["all standard"])
    for name, policy in policies.items():
        scores = figures(truth, policy)
        value = interval(weights, scores["revenue"] - standard["revenue"], 1000)
        lines[name] = {
            "value beyond all-standard per 1,000": value,
            "take-up, %": interval(weights, scores["booked"], 100),
            "bad rate of bookings, %": ratio_interval(weights, scores["bad"], scores["booked"]),
        }
    print(pd.DataFrame(lines).T.to_string(), "\n")


def figures(truth: pd.DataFrame, policy: np.ndarray) -> dict[str, np.ndarray]:
    """Inverse-propensity scores of revenue, booked and bad under a policy."""
    weight = (truth["offer"].to_numpy() == policy) / truth["propensity"].to_numpy()
    booked = truth["booked"].to_numpy(float)
    bad = truth["bad"].astype(float).fillna(0.0).to_numpy() * booked
    return {"revenue": weight * truth["revenue"].to_numpy(float), "booked": weight * booked, "bad": weight * bad}


def interval(weights: np.ndarray, scores: np.ndarray, scale: float) -> str:
    """Mean with its 90 % Bayesian-bootstrap interval."""
    draws = scale * (weights @ scores) / weights.sum(axis=1)
    return f"{scale * scores.mean():,.1f} ({np.quantile(draws, 0.05):,.1f} to {np.quantile(draws, 0.95):,.1f})"


def ratio_interval(weights: np.ndarray, above: np.ndarray, below: np.ndarray) -> str:
    """Ratio of means in per cent with its 90 % interval."""
    draws = 100 * (weights @ above) / (weights @ below)
    return f"{100 * above.mean() / below.mean():.1f} ({np.quantile(draws, 0.05):.1f} to {np.quantile(draws, 0.95):.1f})"


def print_coverage(history: pd.DataFrame, leads: pd.DataFrame) -> None:
    """Print how many leads come from places that history hardly saw."""
    for column in ("channel", "branchuse"):
        seen = leads[column].map(history[column].value_counts()).fillna(0)
        print(
            f"{column}: {(seen == 0).mean():.1%} of the leads come from one that history never saw, "
            f"{(seen < 50).mean():.1%} from one with under 50 rows"
        )
    print()


def print_drift(history: pd.DataFrame, truth: pd.DataFrame, leads: pd.DataFrame, decisions: pd.DataFrame) -> None:
    """Print the rise of the bad rate and what could have been seen before."""
    past = history[history["booked"] == 1].groupby("contacted_on")["bad"].mean()
    now = truth.loc[truth["booked"] == 1, "bad"].astype(float).mean()
    booked = truth["booked"] == 1
    promised = decisions.loc[truth.index[booked], "p_bad"].mean()
    rates = ", ".join(
        f"{day:%Y-%m} {rate:.3f}"
        for day, rate in pd.Series(past.to_numpy(float), index=pd.to_datetime(past.index)).items()
    )
    print(
        f"bad rate of the bookings: {rates}, wave 3 {now:.3f}; the scorecard promised {promised:.3f} for wave 3's bookings"
    )
    print("population stability index, history to wave 3 (what chance alone would give in brackets):")
    for column in ("channel", "branchuse", "risk", "appscore", "itcscore", "grossincome"):
        print(
            f"  {column:12s} {stability(history[column], leads[column]):.3f}  ({9 * (1 / len(history) + 1 / len(leads)):.4f})"
        )


def stability(past: pd.Series, now: pd.Series) -> float:
    """Population stability index over levels, or over tenths of a number."""
    if past.dtype.kind in "if":
        edges = np.unique(past.quantile(np.linspace(0, 1, 11)[1:-1]))
        past, now = (pd.Series(np.digitize(column.fillna(-1e9), edges)) for column in (past, now))
    levels = sorted(set(past) | set(now), key=str)
    a, b = (
        (column.value_counts().reindex(levels).fillna(0) + 0.5) / (len(column) + 0.5 * len(levels))
        for column in (past, now)
    )
    return float(((b - a) * np.log(b / a)).sum())


if __name__ == "__main__":
    main()
