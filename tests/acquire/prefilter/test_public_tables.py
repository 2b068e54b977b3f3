"""The scorecard on public tables of real borrowers; every warning is an error here."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.prefilter.bins import NumericBins
from acquire.prefilter.grouping import cut_finely
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_fit import fit_scorecard

TABLES = {
    "german_credit": ("creditability", "bad"),
    "lendingclub_modeldata_9857": ("Class", "bad"),
    "taiwan_default": ("default.payment.next.month", 1),
}


def read(path: Path, label: str, bad_value: object) -> tuple[pd.DataFrame, tuple[Feature, ...], np.ndarray]:
    frame = pd.read_parquet(path)
    bad = (frame.pop(label) == bad_value).to_numpy().astype(float)
    kinds = {c: "numeric" if pd.api.types.is_numeric_dtype(frame[c]) else "category" for c in frame}
    frame = frame.astype({c: "float64" if kind == "numeric" else "str" for c, kind in kinds.items()})
    return frame, tuple(Feature(name=c, kind=kind) for c, kind in kinds.items()), bad  # type: ignore[arg-type]


def fit(frame: pd.DataFrame, features: tuple[Feature, ...], bad: np.ndarray) -> Scorecard:
    return fit_scorecard(frame, features, bad, rng=np.random.default_rng(3))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_real_borrowers_give_the_same_scorecard_twice_with_risk_that_only_rises_or_only_falls(
    name: str, shared_data: Path
) -> None:
    frame, features, bad = read(shared_data / f"{name}.parquet", *TABLES[name])
    card = fit(frame, features, bad)
    assert card.to_json() == fit(frame, features, bad).to_json()
    assert len(card.variables) >= 5
    for variable in card.variables:
        if isinstance(variable.bins, NumericBins):
            rates = (variable.n_bad / np.maximum(variable.count, 1))[: len(variable.bins.edges) + 1]
            steps = np.diff(rates)
            assert (steps >= 0).all() or (steps <= 0).all(), variable.feature.name


def test_a_cut_that_several_fits_share_changes_none_of_them(shared_data: Path) -> None:
    frame, features, bad = read(shared_data / "german_credit.parquet", *TABLES["german_credit"])
    cut = cut_finely(frame, features, ScorecardSettings())
    shared = fit_scorecard(cut, features, bad, rng=np.random.default_rng(3))
    assert shared.to_json() == fit(frame, features, bad).to_json()
