"""What rings are worth: recall of fraud among the leads when 2 % of them are refused, with and without figures of links.

    python benchmarks/fraud_rings.py [--reseeds 10]

Made-up markets of 30,000 rows of history and 12,000 leads. A model of the chance to go bad is fitted on history's matured
bookings alone, the leads with the highest chance are refused, and the truth, which no model sees, says how many of the fraudsters
are among them. More than 2 % of the leads are fraudsters, so there is a ceiling below 1; it is printed.

Each set of columns is fitted by the scorecard and, as a peer in the same run, by LightGBM:

    file           the credit file and the person; nothing that looks at links
    + count        and `shared_device_count`, which the market's tables bring along: it counts people who come later too
    + device       and `ring_device_people` alone: the people on the device, as known when the lead arrived
    + rings        and all ring figures, as known when the lead arrived
    + device rings and ring figures made from the device links alone (no addresses, no companies)

The market's fraudsters share addresses across devices, so over a year most of them grow into one ring, and honest people are tied
only by homes, families, companies and dormitories: a kinder world than a lender's. The last set takes that ring apart.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from scipy import stats

from acquire.domain import Feature
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.ingest.market.people import FEATURES
from acquire.prefilter.arrivals import arrivals_of, estimate_maturity_days
from acquire.prefilter.fraud import DAY_SIZE, ring_features
from acquire.prefilter.scorecard_fit import fit_scorecard

Floats = NDArray[np.float64]
Score = Callable[[pd.DataFrame, Floats, pd.DataFrame, list[str]], Floats]

ENDS_ON = date(2026, 3, 31)
REFUSED_SHARE = 0.02
CATEGORIES = ("channel", "region", "employment")
COUNT = "shared_device_count"
FILE = ["channel", "region", "amount", *(name for name in FEATURES if name not in {"gender", COUNT})]


def main() -> None:
    """Print one line per model and set of columns, and the differences with their intervals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reseeds", type=int, default=10)
    recalls = pd.DataFrame([measure(seed) for seed in range(parser.parse_args().reseeds)])
    print_seconds()
    ceiling = recalls.pop("ceiling").mean()
    print(f"recall of fraud at {REFUSED_SHARE:.0%} refused, {len(recalls)} made-up markets; ceiling {ceiling:.3f}")
    for name in recalls:
        print(f"  {name:30s} {recalls[name].mean():.3f}  (from {recalls[name].min():.3f} to {recalls[name].max():.3f})")
    print("difference in points, 95 % interval over the markets")
    for model in ("scorecard", "lightgbm"):
        for after, before in (
            ("+ rings", "file"),
            ("+ rings", "+ device"),
            ("+ count + rings", "+ count"),
            ("+ device rings", "file"),
        ):
            print_difference(
                f"{model}: {after} over {before}", recalls[f"{model} {after}"] - recalls[f"{model} {before}"]
            )


def measure(seed: int) -> dict[str, float]:
    """Recall of every model and set of columns on one market."""
    market = make_market(MarketSpec(n_history=30_000, n_leads=12_000, ends_on=ENDS_ON), np.random.default_rng(seed))
    fraud = market.truth["fraud"].to_numpy() == 1
    history, leads, rings = with_rings(market, market.links)
    other_history, other_leads, device_rings = with_rings(market, market.links[market.links["kind"] == "device"])
    matured = (history["bad"].notna() & (history["booked"] == 1)).to_numpy()
    bad = history["bad"].to_numpy()[matured]
    sets = {
        "file": (history, leads, FILE),
        "+ count": (history, leads, [*FILE, COUNT]),
        "+ device": (history, leads, [*FILE, "ring_device_people"]),
        "+ rings": (history, leads, [*FILE, *rings]),
        "+ count + rings": (history, leads, [*FILE, COUNT, *rings]),
        "+ device rings": (other_history, other_leads, [*FILE, *device_rings]),
    }
    found = {"ceiling": min(1.0, round(REFUSED_SHARE * len(leads)) / fraud.sum())}
    for model, score in (("scorecard", by_scorecard), ("lightgbm", by_lightgbm)):
        for name, (past, coming, columns) in sets.items():
            found[f"{model} {name}"] = recall(score(past[matured], bad, coming, columns), fraud)
    return found


def with_rings(market: Market, links: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """History and leads with the ring figures of the links, and the names of those that are features."""
    days = estimate_maturity_days(market.history, today=ENDS_ON)
    figures = ring_features(links, arrivals_of(market.history, market.leads, today=ENDS_ON, maturity_days=days))
    n = len(market.history)
    history = pd.concat([market.history, figures[:n]], axis=1)
    leads = pd.concat([market.leads, figures[n:].reset_index(drop=True)], axis=1)
    return history, leads, [name for name in figures if name != DAY_SIZE]


def by_scorecard(history: pd.DataFrame, bad: Floats, leads: pd.DataFrame, columns: list[str]) -> Floats:
    """The champion."""
    features = [Feature(name=name, kind="category" if name in CATEGORIES else "numeric") for name in columns]
    return fit_scorecard(history, features, bad, rng=np.random.default_rng(1)).p_bad(leads)


def by_lightgbm(history: pd.DataFrame, bad: Floats, leads: pd.DataFrame, columns: list[str]) -> Floats:
    """The peer."""
    past, coming = history[columns].copy(), leads[columns].copy()
    for name in CATEGORIES:
        past[name] = past[name].astype("category")
        coming[name] = pd.Categorical(coming[name], categories=past[name].cat.categories)
    size = {"n_estimators": 100, "num_leaves": 7, "min_child_samples": 30}
    peer = LGBMClassifier(**size, learning_rate=0.05, reg_lambda=5.0, random_state=1, n_jobs=1, verbose=-1)
    return np.asarray(peer.fit(past, bad).predict_proba(coming)[:, 1])


def recall(score: Floats, fraud: NDArray[np.bool_]) -> float:
    """Share of the fraudsters among the refused, who are those with the highest scores."""
    refused = np.argsort(-score, kind="stable")[: round(REFUSED_SHARE * len(score))]
    return float(fraud[refused].sum() / fraud.sum())


def print_difference(name: str, difference: "pd.Series[float]") -> None:
    """Mean difference in percentage points, with the t interval over markets."""
    points = 100 * difference.to_numpy()
    half = stats.t.ppf(0.975, len(points) - 1) * points.std(ddof=1) / len(points) ** 0.5 if len(points) > 1 else np.nan
    print(f"  {name:45s} {points.mean():+6.1f}  [{points.mean() - half:+.1f}, {points.mean() + half:+.1f}]")


def print_seconds() -> None:
    """Time the figures of the demo's 60,000 rows."""
    market = make_market(MarketSpec.demo(ENDS_ON), np.random.default_rng(7))
    arrivals = arrivals_of(market.history, market.leads, today=ENDS_ON, maturity_days=155)
    started = time.process_time()
    ring_features(market.links, arrivals)
    print(
        f"ring figures of {len(arrivals):,} rows and {len(market.links):,} links: {time.process_time() - started:.1f} CPU seconds"
    )


if __name__ == "__main__":
    main()
