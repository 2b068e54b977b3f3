"""Effects under what the lender declares: prices along which no lead's effect turns, signs, and offers with too few rows."""

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature, LearnerName
from acquire.errors import BadInput
from acquire.uplift.dose import Dose
from acquire.uplift.effects import Effects, fit_effects
from acquire.uplift.learners import LearnerSettings

FEATURES = (Feature(name="channel", kind="category"), Feature(name="income", kind="numeric"))
PRICES = ("p10", "p12", "p14")
PRICE = Dose(name="price", values=(0.10, 0.12, 0.14), sign=-1)


def history(n: int = 6_000, seed: int = 1) -> pd.DataFrame:
    """Control and three prices; the rich book whatever the price, the poor more often the lower it is."""
    rng = np.random.default_rng(seed)
    income, arm = rng.normal(size=n), rng.integers(0, 4, n)
    moved = np.where(income < 0, np.array([0.0, 0.24, 0.12, 0.03])[arm], np.array([0.0, 0.06, 0.06, 0.06])[arm])
    return pd.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(n)],
            "channel": pd.Series(rng.choice(["feed", "search"], n), dtype="str"),
            "income": income,
            "offer": np.array(["control", *PRICES])[arm],
            "booked": (rng.random(n) < 0.1 + moved).astype(float),
        }
    )


def fit(past: pd.DataFrame, name: LearnerName = "x", dose: Dose | None = None, **direction: str) -> Effects:
    settings = LearnerSettings(
        name=name, n_prognosis_trees=30, n_outcome_trees=60, n_effect_trees=60, min_rows_per_leaf=50
    )
    return fit_effects(
        past,
        FEATURES,
        PRICES,
        settings=settings,
        seed=3,
        n_folds=2,
        direction=direction,  # type: ignore[arg-type]
        dose=dose,
    )


@pytest.mark.parametrize("name", ["x", "logistic_t"])
def test_no_lead_of_history_or_of_today_reacts_better_to_a_higher_price(name: LearnerName) -> None:
    past = history()
    effects = fit(past, name, PRICE)

    leads = history(500, seed=2)
    for uplift in (effects.uplift, effects.score(leads)[1], effects.averaged((False, True, False)).score(leads)[1]):
        assert (np.diff(uplift, axis=1) <= 1e-12).all()
    assert effects.uplift.mean(axis=0) == pytest.approx([0.15, 0.09, 0.045], abs=0.03)
    poor = (past["income"] < 0).to_numpy()
    spread = effects.uplift[:, 0] - effects.uplift[:, 2]
    assert spread[poor].mean() > spread[~poor].mean() + 0.05


def test_a_declared_sign_is_by_name_of_the_feature() -> None:
    """The chance to book falls with income in this history; who declares that it rises gets a flat line at worst."""
    past = history()
    past["booked"] = np.where((past["income"] > 0.5) & (past["offer"] == "control"), 0.0, past["booked"])
    leads = pd.DataFrame({"channel": ["feed"] * 30, "income": np.linspace(-2, 2, 30)})

    free, declared = fit(past).score(leads)[0], fit(past, income="rising").score(leads)[0]

    assert free[-1] < free[0] - 0.02
    assert (np.diff(declared) >= -1e-12).all()


@pytest.mark.parametrize(("name", "rows"), [("x", 3), ("dr", 40)])
def test_an_offer_with_too_few_rows_stops_and_is_named(name: LearnerName, rows: int) -> None:
    past = history(900)
    rare = past[past["offer"] == "p12"].index[rows:]

    with pytest.raises(BadInput, match=f"history has {rows} rows of p12, too few to learn from"):
        fit(past.drop(rare).reset_index(drop=True), name)
