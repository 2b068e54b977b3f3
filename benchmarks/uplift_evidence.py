"""Does the evidence of a plan see what is there, and nothing where nothing is? On 20,000 rows of a real randomised mailing.

    python benchmarks/uplift_evidence.py [COPIES] [NULLS]

The mailing (insurance_directmail_rct) as it is; copies of it with +2 points of bookings planted among the treated of a third of
the rows; and the same after the treatment was dealt anew at random, which leaves no effect on anybody: how often is there a false
alarm, and how often is the planted effect seen? Beside it what somebody would see who was told which third it is: a test that
has to find the third cannot do better. Two questions are asked: does the offer change how many book on average (5 % false alarms
on either side), and do leads differ in how they react (5 %; that decides whether a plan ranks them).
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.domain import Feature
from acquire.statistics.aipw import aipw_scores
from acquire.statistics.bootstrap import bootstrap_mean
from acquire.uplift.effects import Effects, fit_effects
from acquire.uplift.evaluate import gain_over_random
from acquire.uplift.learners import LearnerSettings

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "insurance_directmail_rct.parquet"
NOT_FEATURES = ["PURCHASE", "TREATMENT", "UNIQUE_ID", "split"]
PLANTED = 0.02
LINE = "{:48} {:>6} {:>14} {:>14} {:>16} {:>22}"

Third = Callable[[pd.DataFrame, np.random.Generator], np.ndarray]


def main() -> None:
    """Print the table."""
    copies, nulls = (int(arg) for arg in (*sys.argv[1:], "10", "100")[:2])
    mailing = pd.read_parquet(DATA)
    print(LINE.format("", "copies", "on average", "leads differ", "told the third", "gain per 1,000, mean"))
    report("as it is", mailing, None, 1, permuted=False)
    for name, third in (("a third by one feature", by_one_feature), ("a third by five features", by_five_features)):
        report(f"as it is, +2 points in {name}", mailing, third, copies, permuted=False)
    report("treatment dealt anew: false alarms", mailing, None, nulls, permuted=True)
    for name, third in (("a third by one feature", by_one_feature), ("a third by five features", by_five_features)):
        report(f"dealt anew, +2 points in {name}", mailing, third, copies, permuted=True)


def report(name: str, mailing: pd.DataFrame, third: Third | None, copies: int, *, permuted: bool) -> None:
    """Print in how many copies each question is answered with yes."""
    seen = np.array([ask(mailing, third, seed, permuted=permuted) for seed in range(copies)])
    average, differ, told = seen[:, :3].sum(axis=0).astype(int)
    known = f"{told}" if third else "-"
    print(LINE.format(name, copies, average, differ, known, f"{seen[:, 3].mean():.1f}"), flush=True)


def ask(mailing: pd.DataFrame, third: Third | None, seed: int, *, permuted: bool) -> tuple[bool, bool, bool, float]:
    """Plant, fit, judge: effect on average, leads differ, the planted third differs from the rest, gain of the best third."""
    rng = np.random.default_rng(seed)
    with_offer = mailing["TREATMENT"].to_numpy() == 1
    if permuted:
        with_offer = rng.permutation(with_offer)
    chosen = np.zeros(len(mailing), dtype=bool) if third is None else third(mailing, rng)
    booked = plant(mailing["PURCHASE"].to_numpy(float), chosen & with_offer, rng)
    effects = fit(mailing, with_offer, booked, seed)
    effect = effect_scores(effects, booked)
    gain = gain_over_random(effects.uplift[:, 0], effect, rng, fold=effects.fold)
    contrast = (chosen / max(chosen.mean(), 1e-9) - 1) * (effect - effect.mean())
    average = bootstrap_mean(effect, rng)
    moved = not average.low <= 0 <= average.high
    return moved, gain.low > 0, third is not None and bootstrap_mean(contrast, rng).low > 0, gain.expected


def plant(booked: np.ndarray, treated: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let two in a hundred of the treated book who did not."""
    planted = booked.copy()
    planted[rng.choice(np.flatnonzero(treated & (booked == 0)), round(PLANTED * treated.sum()), replace=False)] = 1.0
    return planted


def fit(mailing: pd.DataFrame, with_offer: np.ndarray, booked: np.ndarray, seed: int) -> Effects:
    """Fit the default learner as a plan does."""
    names = [column for column in mailing if column not in NOT_FEATURES]
    history = mailing[names].assign(
        lead_id=mailing["UNIQUE_ID"].astype(str),
        channel="mail",
        offer=np.where(with_offer, "letter", "control"),
        booked=booked,
    )
    features = tuple(Feature(name=name, kind="numeric") for name in names)
    return fit_effects(history, features, ("letter",), settings=LearnerSettings(), seed=seed)


def effect_scores(effects: Effects, booked: np.ndarray) -> np.ndarray:
    """Doubly robust scores of the letter's effect, by models that did not see the row."""
    expected = np.column_stack([effects.p_control, effects.p_control + effects.uplift[:, 0]])
    assignment = effects.assignment
    scores = aipw_scores(booked, assignment.arm, assignment.own_propensity, expected)
    return scores[:, 1] - scores[:, 0]


def by_one_feature(mailing: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The third with the highest, or the lowest, values of a feature drawn at random; ties by lot."""
    many = [name for name in mailing if name not in NOT_FEATURES and mailing[name].nunique() > 8]
    return _top_third(mailing[rng.choice(many)].to_numpy() * rng.choice([-1.0, 1.0]), rng)


def by_five_features(mailing: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The third by a weighted sum of five features drawn at random."""
    names = [name for name in mailing if name not in NOT_FEATURES]
    some = mailing[list(rng.choice(names, 5, replace=False))]
    return _top_third(((some - some.mean()) / some.std()).to_numpy() @ rng.normal(size=5), rng)


def _top_third(score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    place = np.lexsort((rng.random(len(score)), score))
    top = np.zeros(len(score), dtype=bool)
    top[place[-(len(score) // 3) :]] = True
    return top


if __name__ == "__main__":
    main()
