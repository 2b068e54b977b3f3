"""Histories in which a sales desk decided who got the offer, with a truth that a pencil can check."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.statistics.encoding import fit_encoder
from acquire.uplift.propensity import Assignment, read_assignment

Floats = NDArray[np.float64]

FEATURES = (
    Feature(name="channel", kind="category"),
    Feature(name="need", kind="numeric"),
    Feature(name="age", kind="numeric"),
)
TRUE_EFFECT = 0.10  # of the coupon, on everybody


def people(n: int, seed: int = 1) -> pd.DataFrame:
    """Needs lie evenly in [0, 1], ages in [20, 60]."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:05d}" for i in range(n)],
            "channel": pd.Series(rng.choice(["feed", "search"], n), dtype="str"),
            "need": rng.random(n),
            "age": rng.uniform(20, 60, n),
        }
    )


def history(frame: pd.DataFrame, chance: Floats, seed: int = 2) -> pd.DataFrame:
    """Give the coupon with that chance; who is in need books more often anyway, .1 + .3 * need, and .1 more with the coupon."""
    rng = np.random.default_rng(seed)
    given = rng.random(len(frame)) < chance
    p_booked = 0.1 + 0.3 * frame["need"].to_numpy() + TRUE_EFFECT * given
    booked = (rng.random(len(frame)) < p_booked).astype(float)
    return frame.assign(offer=np.where(given, "coupon", "control"), booked=booked)


def by_need(frame: pd.DataFrame) -> Floats:
    """The desk writes to those in need: chance .2 without any need, .8 with all of it."""
    return 0.2 + 0.6 * frame["need"].to_numpy()


def read(past: pd.DataFrame, offers: tuple[str, ...] = ("coupon",), n_folds: int = 3) -> Assignment:
    """How that history came about."""
    fold = np.arange(len(past)) % n_folds
    return read_assignment(past, FEATURES, offers, matrix(past), fold, seed=5)


def matrix(frame: pd.DataFrame) -> Floats:
    """The encoded features; levels are ordered by name, so that any two frames are encoded alike."""
    return fit_encoder(people(500), FEATURES).matrix(frame)
