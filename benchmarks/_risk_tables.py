"""The public tables of prefilter.py and their random 70/30 splits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.domain import Feature

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TEST_SHARE, N_SCORED = 0.3, 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One public table: features as float64 or str, `bad` 0 or 1; `score` are the rows whose scoring is timed."""

    name: str
    frame: pd.DataFrame
    bad: np.ndarray
    features: tuple[Feature, ...]
    splits: tuple[tuple[np.ndarray, np.ndarray], ...]
    score: np.ndarray

    @property
    def categories(self) -> list[str]:
        """Names of the columns that are categories."""
        return [feature.name for feature in self.features if feature.kind == "category"]


def read_table(name: str, n_splits: int) -> Table:
    """Read and split one of the public tables; every column but an id is a feature, for all contestants alike."""
    frame, bad = READERS[name]()
    categories = {column for column in frame if not pd.api.types.is_numeric_dtype(frame[column])}
    frame = frame.astype({column: "str" if column in categories else "float64" for column in frame})
    features = tuple(Feature(name=c, kind="category" if c in categories else "numeric") for c in frame)
    rng = np.random.default_rng(7)
    return Table(
        name=name,
        frame=frame,
        bad=bad,
        features=features,
        splits=tuple(_split(bad, rng) for _ in range(n_splits)),
        score=rng.integers(len(frame), size=N_SCORED),
    )


def read_taiwan() -> tuple[pd.DataFrame, np.ndarray]:
    """Yeh and Lien (2009): 30,000 card holders; three columns of codes are categories."""
    frame = pd.read_parquet(DATA / "taiwan_default.parquet").drop(columns="ID")
    bad = frame.pop("default.payment.next.month").to_numpy().astype(float)
    return frame.astype(dict.fromkeys(["SEX", "EDUCATION", "MARRIAGE"], "str")), bad


def read_lendingclub() -> tuple[pd.DataFrame, np.ndarray]:
    """9,857 loans of a lending platform."""
    frame = pd.read_parquet(DATA / "lendingclub_modeldata_9857.parquet")
    return frame, (frame.pop("Class") == "bad").to_numpy().astype(float)


def read_german() -> tuple[pd.DataFrame, np.ndarray]:
    """Hofmann's 1,000 loans of a German bank."""
    frame = pd.read_parquet(DATA / "german_credit.parquet")
    return frame, (frame.pop("creditability") == "bad").to_numpy().astype(float)


READERS = {"taiwan": read_taiwan, "lendingclub": read_lendingclub, "german": read_german}


def _split(bad: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit on and rows to judge by, the bad spread evenly."""
    mixed = [rng.permutation(np.flatnonzero(bad == outcome)) for outcome in (0.0, 1.0)]
    cut = [round(TEST_SHARE * len(rows)) for rows in mixed]
    train = np.concatenate([rows[n:] for rows, n in zip(mixed, cut, strict=True)])
    test = np.concatenate([rows[:n] for rows, n in zip(mixed, cut, strict=True)])
    return rng.permutation(train), rng.permutation(test)
