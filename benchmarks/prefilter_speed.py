"""How fast a million leads are filtered: policy rules, points, chance to go bad, reason codes. CPU seconds, one thread.

    python benchmarks/prefilter_speed.py [--leads 1000000]

30 features: 22 numbers (some with missing values and special codes), 8 categories held as text. The peers, in the same run and
fitted to the same rows: a scikit-learn pipeline (bins, one-hot, logistic regression) and LightGBM; they give chances only, no
rules and no reasons.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["ARROW_NUM_THREADS"] = "1"

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import process_time
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder

from acquire.domain import Feature, RiskTerms
from acquire.policy import Policy, Rule
from acquire.prefilter.rules import apply_rules
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_fit import fit_scorecard

NUMBERS = [f"number_{i:02d}" for i in range(22)]
TEXTS = [f"text_{i}" for i in range(8)]
CODES = (-999.0, 96.0)
N_FIT, MOST_SECONDS = 20_000, 5.0
ON = date(2026, 11, 2)

Seconds = dict[str, float]


def main() -> None:
    """Print the seconds of each step, of the whole, and of the peers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=1_000_000)
    n = parser.parse_args().leads
    rng = np.random.default_rng(1)
    history, leads = make_leads(N_FIT, rng), make_leads(n, rng)
    bad = go_bad(history, rng)
    seconds: Seconds = {}
    card = fit(history, bad, seconds)
    for name, frame in (("text", leads), ("category", leads.astype(dict.fromkeys(TEXTS, "category")))):
        steps = filter_leads(card, frame)
        print_steps(f"Acquire, {len(frame):,} leads x 30 features, categories held as {name}", steps, len(frame))
    print_steps("Peers: chance to go bad only", score_with_peers(history, bad, leads), len(leads))
    print(f"\nfitting on {N_FIT:,} rows: " + ", ".join(f"{what} {spent:.2f} s" for what, spent in seconds.items()))


def make_leads(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Leads of 30 features; every third number has missing values and special codes, every second text misses some."""
    columns: dict[str, Any] = {}
    for i, name in enumerate(NUMBERS):
        values = np.round(rng.normal(650, 80, n)) if i % 2 else rng.lognormal(8, 1, n)
        if i % 3 == 0:
            values[rng.random(n) < 0.1] = np.nan
            for code in CODES:
                values[rng.random(n) < 0.03] = code
        columns[name] = values
    for i, name in enumerate(TEXTS):
        levels = [f"{name} level {level}" for level in range(4 * (i + 1))] + ([None] if i % 2 else [])
        columns[name] = pd.array(np.array(levels, dtype=object)[rng.integers(0, len(levels), n)], dtype="str")
    return pd.DataFrame(columns)


def go_bad(history: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Outcomes to which every feature adds a little."""
    score = np.full(len(history), -2.0)
    for name in NUMBERS:
        score -= 0.15 * history[name].rank(pct=True).fillna(0.7).to_numpy() * 2 - 0.15
    for name in TEXTS:
        score += 0.3 * history[name].str.endswith("1").fillna(True).to_numpy(dtype=float)
    return (rng.random(len(history)) < 1 / (1 + np.exp(-score))).astype(float)


def fit(history: pd.DataFrame, bad: np.ndarray, seconds: Seconds) -> Scorecard:
    """The scorecard, with its special codes declared."""
    features = [Feature(name=name, kind="numeric") for name in NUMBERS]
    features += [Feature(name=name, kind="category") for name in TEXTS]
    terms = RiskTerms(special_codes=dict.fromkeys(NUMBERS[::3], CODES))
    with spent(seconds, "Acquire"):
        return fit_scorecard(
            history, features, bad, rng=np.random.default_rng(0), settings=ScorecardSettings.of(terms), penalty=1.0
        )


def filter_leads(card: Scorecard, leads: pd.DataFrame) -> Seconds:
    """Rules, points, chance and reasons."""
    seconds: Seconds = {}
    with spent(seconds, "8 policy rules"):
        refusals = apply_rules(leads, policy(), on=ON).reasons()
    with spent(seconds, "bins"):
        coded = card.coded(leads)
    with spent(seconds, "points and chance to go bad"):
        p_bad = card.p_bad(coded)
    with spent(seconds, "4 reason codes in words"):
        reasons = card.reasons(coded)
    assert len(refusals) == len(p_bad) == len(reasons) == len(leads)  # noqa: S101
    return seconds


def policy() -> Policy:
    """Eight rules over numbers and texts."""
    asked: list[tuple[str, str, object]] = [
        (NUMBERS[1], "lt", 500),
        (NUMBERS[3], "between", [880, 900]),
        (NUMBERS[0], "is_null", None),
        (NUMBERS[2], "gt", 60_000),
        (TEXTS[0], "eq", f"{TEXTS[0]} level 3"),
        (TEXTS[3], "in", [f"{TEXTS[3]} level 1", f"{TEXTS[3]} level 2"]),
        (TEXTS[5], "not_in", [f"{TEXTS[5]} level {level}" for level in range(20)]),
        (NUMBERS[5], "ge", 890),
    ]
    rules = [
        Rule(id=f"rule {i}", field=field, op=op, value=value, reason=f"REASON_{i}", when_null="pass")  # type: ignore[arg-type]
        for i, (field, op, value) in enumerate(asked)
    ]
    return Policy(version="speed", rules=tuple(rules), content_hash="0" * 64)


def score_with_peers(history: pd.DataFrame, bad: np.ndarray, leads: pd.DataFrame) -> Seconds:
    """Seconds that two other models take for the chance to go bad."""
    seconds: Seconds = {}
    binned = make_pipeline(
        SimpleImputer(strategy="median"), KBinsDiscretizer(5, encode="onehot", quantile_method="averaged_inverted_cdf")
    )
    pipeline = make_pipeline(
        make_column_transformer((binned, NUMBERS), (OneHotEncoder(handle_unknown="ignore"), TEXTS)),
        LogisticRegression(max_iter=300),
    )
    pipeline.fit(history, bad)
    with spent(seconds, "scikit-learn: bins, one-hot, logistic regression"):
        pipeline.predict_proba(leads)
    kinds = {name: pd.CategoricalDtype(history[name].dropna().unique()) for name in TEXTS}
    model = lgb.LGBMClassifier(n_estimators=200, num_leaves=15, n_jobs=1, verbose=-1).fit(history.astype(kinds), bad)
    with spent(seconds, "LightGBM, 200 trees"):
        model.predict_proba(leads.astype(kinds))
    return seconds


@contextmanager
def spent(seconds: Seconds, step: str) -> Iterator[None]:
    """Note the CPU seconds of a step."""
    begun = process_time()
    yield
    seconds[step] = process_time() - begun


def print_steps(title: str, steps: Seconds, n: int) -> None:
    """One line per step, and the whole against the target where it is ours."""
    print(f"\n{title}")
    for step, taken in steps.items():
        print(f"  {step:50s} {taken:6.2f} s {n / taken:14,.0f} rows/s")
    if title.startswith("Acquire"):
        whole = sum(steps.values())
        allowed = MOST_SECONDS * n / 1_000_000
        print(f"  {'all':50s} {whole:6.2f} s   target < {allowed:g} s: {'reached' if whole < allowed else 'MISSED'}")


if __name__ == "__main__":
    main()
