"""Made-up borrowers whose risk is known, and challengers fitted on them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import Feature
from acquire.prefilter.challenger import Challenger
from acquire.prefilter.challenger_fit import ChallengerSettings, Recipe, Shape, fit_challenger

Floats = NDArray[np.float64]


INCOME, AGE, CHANNEL = (
    Feature(name="income", kind="numeric"),
    Feature(name="age", kind="numeric"),
    Feature(name="channel", kind="category"),
)


FEATURES = (INCOME, AGE, CHANNEL)


RICH = Recipe(shape=Shape(n_leaves=15, learnt_signs=False), n_trees=40)


SMALL = Recipe(shape=Shape(n_leaves=4, learnt_signs=True), n_trees=20)


FEW_DRAWS = ChallengerSettings(n_draws=4)


def people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": rng.normal(size=n),
            "age": rng.normal(size=n),
            "channel": rng.choice(["app", "phone", "shop"], n),
        }
    )


def bad_of(log_odds: Floats, seed: int) -> Floats:
    return (np.random.default_rng(seed).random(len(log_odds)) < expit(log_odds)).astype(float)


def adding_up(frame: pd.DataFrame) -> Floats:
    """Risk falls with income, rises with age and is higher by phone, each for itself."""
    phone = (frame["channel"] == "phone").to_numpy(dtype=float)
    return np.asarray(-1.5 - 0.8 * frame["income"] + 0.4 * frame["age"] + 0.7 * phone, dtype=float)


def together(frame: pd.DataFrame) -> Floats:
    """Income and age tell nothing alone: they matter by having the same sign or not."""
    same = (frame["income"] > 0) == (frame["age"] > 0)
    return np.asarray(np.where(same, -0.5, -2.0), dtype=float)


def fitted(n: int = 1500, recipe: Recipe | None = RICH, **settings: Any) -> tuple[Challenger, pd.DataFrame]:
    frame = people(n, 1)
    chosen = replace(FEW_DRAWS, **settings)
    bad = bad_of(adding_up(frame), 2)
    return fit_challenger(frame, FEATURES, bad, rng=np.random.default_rng(3), settings=chosen, recipe=recipe), frame


def grid(**columns: Any) -> pd.DataFrame:
    one = {"income": 0.0, "age": 0.0, "channel": "app"}
    return pd.DataFrame({name: np.atleast_1d(columns.get(name, one[name])) for name in one} | columns)


def along(name: str, others: pd.Series, values: Floats) -> pd.DataFrame:
    frame = pd.DataFrame([others] * len(values)).reset_index(drop=True)
    return frame.assign(**{name: values}).astype({"income": float, "age": float, "channel": "str"})
