"""How fast the served model scores all offers of a 4-offer plan, beside causalml's own predict. CPU seconds, one thread.

    python benchmarks/uplift_speed.py [--history 40000] [--rows 200000]

A made market with four offers. Ours is what `acquire fit` ships (gates printed). The peers are causalml's BaseXRegressor, fitted
once on the same rows: with the same trees as our teacher, and with LightGBM's defaults; `predict` gives all offers' effects, ours
the chance without the campaign besides. Then one lead at a time, and reasons in words.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
from collections.abc import Callable
from datetime import date
from time import process_time
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from acquire.domain import Feature
from acquire.ingest.market import MarketSpec, make_market
from acquire.uplift.effects import Effects, channels_of, fit_effects
from acquire.uplift.learners import LearnerSettings
from acquire.uplift.reasons import explain
from acquire.uplift.serving import serve

NEVER_FEATURES = {"lead_id", "person_id", "consent", "do_not_contact", "gender"}
LEAST_RATIO, MOST_SECONDS_OF_ONE = 3.0, 0.001


def main() -> None:
    """Print the figures and end with 1 where one is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--history", type=int, default=40_000)
    parser.add_argument("--rows", type=int, default=200_000)
    asked = parser.parse_args()
    spec = MarketSpec(n_history=asked.history, n_leads=2_000, ends_on=date(2025, 12, 31))
    market = make_market(spec, np.random.default_rng(7))
    features = features_of(market.history, market.leads)
    history = market.history.astype({f.name: "str" for f in features if f.kind == "category"})
    offers = tuple(sorted(set(history["offer"]) - {"control"}))
    settings = LearnerSettings()
    effects = fit_effects(history, features, offers, settings=settings, seed=7)
    before = process_time()
    served = serve(effects, history, np.random.default_rng(7))
    print(f"making the served model: {process_time() - before:.1f} CPU seconds")
    for gate in served.fidelity.gates():
        print(f"  {gate.what:52} {gate.measured:>28}  {gate.needed}: {'passed' if gate.passed else 'NOT PASSED'}")
    leads = history.sample(asked.rows, replace=True, random_state=1).reset_index(drop=True)
    matrix, channel = effects.encoder.matrix(leads), channels_of(leads)
    ours = rate(lambda: served.score_matrix(matrix, channel), len(leads))
    print(f"ours, {len(offers)} offers and control: {ours:10,.0f} rows per CPU second")
    print(f"ours, from a table:         {rate(lambda: served.score(leads), len(leads)):10,.0f}")
    peers = {"same trees": trees(settings), "LightGBM's defaults": {}}
    ratios = [compare(name, given, effects, history, matrix, ours) for name, given in peers.items()]
    one = seconds_of_one(served.score_lead, leads)
    print(f"one lead: {1e6 * one:.0f} microseconds")
    _, uplift = served.score_matrix(matrix, channel)
    print(
        f"reasons: {rate(lambda: explain(served, leads, uplift.argmax(axis=1), uplift), len(leads)):,.0f} rows per CPU second"
    )
    if served.teacher or min(ratios) < LEAST_RATIO or one > MOST_SECONDS_OF_ONE:
        raise SystemExit("a figure is missed")


def features_of(history: pd.DataFrame, leads: pd.DataFrame) -> tuple[Feature, ...]:
    """Columns of both tables."""
    names = [name for name in leads if name in history and name not in NEVER_FEATURES]
    numeric = {name: pd.api.types.is_numeric_dtype(history[name]) for name in names}
    return tuple(Feature(name=str(name), kind="numeric" if numeric[name] else "category") for name in names)


def trees(settings: LearnerSettings) -> dict[str, Any]:
    """The settings of our teacher's trees, as LightGBM names them."""
    return {
        "n_estimators": settings.n_outcome_trees,
        "num_leaves": settings.n_leaves,
        "learning_rate": settings.learning_rate,
        "min_child_samples": settings.min_rows_per_leaf,
        "reg_lambda": settings.l2_penalty,
    }


def compare(
    name: str, given: dict[str, Any], effects: Effects, history: pd.DataFrame, matrix: np.ndarray, ours: float
) -> float:
    """Print a peer's rate; gives how many times as fast ours is."""
    from causalml.inference.meta import BaseXRegressor

    arm = effects.assignment.arm
    learner = BaseXRegressor(learner=lgb.LGBMRegressor(n_jobs=1, verbose=-1, **given), control_name=0)
    chances = effects.assignment.propensity
    share = {j: chances[:, j] / (chances[:, j] + chances[:, 0]) for j in range(1, chances.shape[1])}
    learner.fit(X=effects.encoder.matrix(history), treatment=arm, y=history["booked"].to_numpy(np.float64), p=share)
    same = {j: np.full(len(matrix), column.mean()) for j, column in share.items()}
    theirs = rate(lambda: learner.predict(matrix, p=same), len(matrix))
    print(f"causalml, {name:20} {theirs:10,.0f} rows per CPU second: ours is {ours / theirs:.1f} times as fast")
    return ours / theirs


def rate(score: Callable[[], object], n: int) -> float:
    """Rows per CPU second, the best of three."""
    seconds = []
    for _ in range(3):
        before = process_time()
        score()
        seconds.append(process_time() - before)
    return n / min(seconds)


def seconds_of_one(score: Callable[[dict[str, Any]], object], leads: pd.DataFrame) -> float:
    """CPU seconds of one lead on its own, the mean over 500."""
    single = [{str(key): value for key, value in lead.items()} for lead in leads.head(500).to_dict("records")]
    before = process_time()
    for lead in single:
        score(lead)
    return (process_time() - before) / len(single)


if __name__ == "__main__":
    main()
