"""How often the 90 % interval of a policy's value holds the truth: 200 small markets, each with a seed of its own.

    python benchmarks/policy_coverage.py [MARKETS] [LEARNER]

Each market is a made-up one whose chances are known: a randomised history of 4,000 rows, three offers. The learner (by default
the logistic T, which takes a sixth of the time of X) is cross-fitted on it, and the policy that its estimates make (the best
third, each with its best offer) is valued on the same rows by AIPW. The truth is what that very policy is expected to bring on
those rows. Beside it the interval of the difference to as many contacts at random, and of everybody with the first offer.
"""

import sys

import numpy as np
import pandas as pd

from acquire.domain import Feature
from acquire.statistics.aipw import aipw_scores
from acquire.uplift.effects import Effects, fit_effects
from acquire.uplift.learners import LearnerSettings
from acquire.uplift.policy_value import best_offers, extra_of_policy, value_policies

OFFERS = ("coupon", "rate_cut", "letter")
FEATURES = tuple(Feature(name=name, kind="numeric") for name in ("age", "income", "visits", "noise"))
ROWS = 4_000
LINE = "{:34}{:>12}{:>12}{:>14}{:>14}"


def main() -> None:
    """Print one line per figure."""
    markets, learner = int((*sys.argv[1:2], "200")[0]), (*sys.argv[2:3], "logistic_t")[0]
    settings = LearnerSettings(name=learner, n_outcome_trees=60, n_effect_trees=40, min_rows_per_leaf=40)
    seen = pd.concat([try_market(ROWS, settings, seed) for seed in range(markets)])
    print(f"{markets} markets of {ROWS:,} rows, learner {learner}, extra bookings per 1,000 leads")
    print(LINE.format("", "coverage", "truth", "mean error", "mean width"))
    for name, one in seen.groupby("figure", sort=False):
        covered = ((one["low"] <= one["truth"]) & (one["truth"] <= one["high"])).mean()
        error, width = (one["value"] - one["truth"]).mean(), (one["high"] - one["low"]).mean()
        print(LINE.format(name, f"{covered:.1%}", f"{one['truth'].mean():.1f}", f"{error:+.2f}", f"{width:.1f}"))


def try_market(n: int, settings: LearnerSettings, seed: int) -> pd.DataFrame:
    """Fit, choose, value; give each figure's estimate, interval and truth."""
    rng = np.random.default_rng(seed)
    history, chances, arm = make_history(n, rng)
    effects = fit_effects(history, FEATURES, OFFERS, settings=settings, seed=seed, n_folds=3)
    policy = np.zeros(n, dtype=np.int64)
    for k in np.unique(effects.fold):
        policy[effects.fold == k] = best_offers(effects.uplift[effects.fold == k], 1 / 3)
    everybody, dealt = np.ones(n, dtype=np.int64), rng.permutation(policy)
    values = value_policies(
        scores_of(effects, history["booked"].to_numpy(float), arm),
        {"policy": policy, "random": dealt, "everybody": everybody},
        rng,
    )
    truth = {
        name: 1000 * extra_of_policy(chances, given).mean()
        for name, given in (("policy", policy), ("random", dealt), ("everybody", everybody))
    }
    figures = [
        ("the policy", values.value("policy"), truth["policy"]),
        ("the policy beyond random contacts", values.difference("policy", "random"), truth["policy"] - truth["random"]),
        ("everybody gets the first offer", values.value("everybody"), truth["everybody"]),
    ]
    return pd.DataFrame(
        {"figure": name, "value": one.expected, "low": one.low, "high": one.high, "truth": true}
        for name, one, true in figures
    )


def make_history(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A randomised history, the true chance to book under every arm, shape (n, 4), and who got what."""
    people = pd.DataFrame({feature.name: rng.normal(size=n) for feature in FEATURES})
    base = 1 / (1 + np.exp(2.2 - 0.6 * people["visits"] - 0.3 * people["income"]))
    coupon = 0.08 * (people["age"] < 0)
    rate_cut = 0.05 + 0.05 * np.tanh(people["income"])
    chances = np.column_stack([base, base + coupon, base + rate_cut, base]).clip(0.001, 0.999)
    arm = rng.integers(0, 4, n)
    booked = (rng.random(n) < chances[np.arange(n), arm]).astype(float)
    history = people.assign(
        lead_id=[f"L{i}" for i in range(n)], channel="feed", offer=np.array(["control", *OFFERS])[arm], booked=booked
    )
    return history, chances, arm


def scores_of(effects: Effects, booked: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """AIPW scores under every arm, by models that did not see the row."""
    expected = np.column_stack([effects.p_control, effects.p_control[:, None] + effects.uplift])
    return aipw_scores(booked, arm, effects.assignment.own_propensity, expected)


if __name__ == "__main__":
    main()
