"""Do the intervals of what offers add, in bookings and in bad bookings, hold the truth?

    python benchmarks/both_sides.py [--reseeds 10] [--rows 12000]

Made-up markets whose chances are known: labels come late, channels drift, and an offer attracts people who repay worse than those
who come anyway. Per offer, over all channels and in each, the evidence of a plan (extra bookings and extra bad bookings per 1,000
leads, and their ratio, the incremental bad rate) is held against the true chances of the same rows of history.

The peer in the same run counts by hand: booked and matured bad shares with the offer less those of control.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.uplift.both_sides import EVERY, weigh_both_sides
from campaigns.demo import write_demo_market
from campaigns.fitting import Fitted, fit_models, prepare
from campaigns.plan_file import read_plan_file
from campaigns.progress import SilentProgress

Floats = NDArray[np.float64]

ENDS_ON = date(2025, 12, 31)
TODAY = datetime(2026, 1, 1, 12, tzinfo=UTC).date()
FIGURES = ("extra_booked", "extra_bad", "incremental_bad_rate")


def main() -> None:
    """Print how often intervals hold the truth, and what the incremental bad rate of each offer is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reseeds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=12_000, help="rows of history")
    given = parser.parse_args()
    lines = pd.DataFrame([line for seed in range(given.reseeds) for line in measure(seed, given.rows)])
    print(f"{given.reseeds} made-up markets of {given.rows:,} rows; 90 % intervals that hold the truth")
    lines["where"] = np.where(lines["channel"] == EVERY, "all channels", "one channel")
    for where, of in lines.groupby("where"):
        known = of[of["incremental_bad_rate"].notna()]
        shares = {name: f"{of.loc[of[name].notna(), name + '_held'].mean():.0%}" for name in FIGURES}
        print(f"  {where}: {len(of)} of each figure; rate known {len(known)}; held {shares}")
    whole = lines[lines["channel"] == EVERY].groupby("offer", sort=False)
    print(whole[["incremental_bad_rate", "incremental_bad_rate_true", "by_hand"]].mean().round(3).to_string())


def measure(seed: int, rows: int) -> Iterator[dict[str, object]]:
    """One line per offer and channel of one market."""
    market = make_market(MarketSpec(n_history=rows, n_leads=2_000, ends_on=ENDS_ON), np.random.default_rng(500 + seed))
    fitted = fit(market)
    held_out = fitted.held_out
    history, assignment = held_out.history, held_out.assignment
    channel = history["channel"].to_numpy(dtype=np.str_)
    truth = market.history_truth.set_index("lead_id").loc[history["lead_id"]]
    for line in weigh_both_sides(held_out.booked, held_out.bad, assignment.covered, channel, assignment.offers):
        here = np.ones(len(channel), dtype=np.bool_) if line.channel == EVERY else channel == line.channel
        extra_booked, extra_bad = true_effects(truth[here], line.offer)
        true = dict(zip(FIGURES, (1000 * extra_booked, 1000 * extra_bad, extra_bad / extra_booked), strict=True))
        out: dict[str, object] = {"seed": seed, "offer": line.offer, "channel": line.channel}
        for name in FIGURES:
            one = getattr(line, name)
            out |= {name: one.expected, f"{name}_true": true[name], f"{name}_held": one.low <= true[name] <= one.high}
        yield out | {"by_hand": by_hand(history[here], line.offer)}


def fit(market: Market) -> Fitted:
    """Fit everything that a plan needs."""
    with tempfile.TemporaryDirectory() as folder:
        given = prepare(read_plan_file(write_demo_market(Path(folder), market)), TODAY)
        return fit_models(given, "scorecard", SilentProgress())


def true_effects(truth: pd.DataFrame, offer: str) -> tuple[float, float]:
    """True extra bookings and extra bad bookings per lead."""
    booked = truth[f"p_booked_{offer}"] - truth[f"p_booked_{CONTROL}"]
    bad = truth[f"p_booked_{offer}"] * truth[f"p_bad_{offer}"]
    bad_control = truth[f"p_booked_{CONTROL}"] * truth[f"p_bad_{CONTROL}"]
    return float(booked.mean()), float((bad - bad_control).mean())


def by_hand(history: pd.DataFrame, offer: str) -> float:
    """Extra bad over extra booked as counted: each arm's booked share times the bad share of its matured bookings."""
    booked, bad = {}, {}
    for arm in (offer, CONTROL):
        given = history[history["offer"] == arm]
        booked[arm] = given["booked"].mean()
        bad[arm] = booked[arm] * given.loc[given["booked"] == 1, "bad"].mean()
    return float((bad[offer] - bad[CONTROL]) / (booked[offer] - booked[CONTROL]))


if __name__ == "__main__":
    main()
