"""The learners by name: what their models alone score, what declared signs hold, and that nothing but the seed moves them."""

from typing import get_args

import numpy as np
import pytest

from acquire.domain import LearnerName
from acquire.uplift.columns import ColumnTerms
from acquire.uplift.dose import Dose
from acquire.uplift.learners import LearnerSettings, fit_learner
from acquire.uplift.scorer import EffectScorer

N = 3_000
NAMES = get_args(LearnerName)
TREES = ("x", "s", "t", "dr")


def settings(name: LearnerName = "x", n_prognosis_trees: int = 30) -> LearnerSettings:
    return LearnerSettings(
        name=name,
        n_prognosis_trees=n_prognosis_trees,
        n_outcome_trees=120 if name == "s" else 60,  # the S-learner's trees must first find the mark of the offer
        n_effect_trees=60,
        min_rows_per_leaf=50,
    )


def rows(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two offers: the first adds .3 for those with x above 0, the second .2 for everybody."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 3))
    arm = rng.integers(0, 3, N)
    chance = 0.1 + np.select([arm == 1, arm == 2], [0.3 * (x[:, 0] > 0), np.full(N, 0.2)], 0.0)
    return x, arm, (rng.random(N) < chance).astype(float), np.full((N, 3), 1 / 3)


def fit(name: LearnerName = "x", seed: int = 7) -> EffectScorer:
    return fit_learner(*rows(), settings(name), seed)


@pytest.fixture(scope="module", params=NAMES)
def scorer(request: pytest.FixtureRequest) -> EffectScorer:
    return fit(request.param)


def test_the_offer_that_works_for_some_is_told_from_the_one_that_works_for_all(scorer: EffectScorer) -> None:
    leads = rows(seed=2)[0]
    moved = leads[:, 0] > 0

    p_control, uplift = scorer.score(leads)

    assert p_control.mean() == pytest.approx(0.1, abs=0.02)
    assert uplift[moved].mean(axis=0) == pytest.approx([0.3, 0.2], abs=0.08)
    assert uplift[~moved].mean(axis=0) == pytest.approx([0.0, 0.2], abs=0.08)


def test_a_missing_feature_is_scored(scorer: EffectScorer) -> None:
    p_control, uplift = scorer.score(np.full((1, 3), np.nan))

    assert np.isfinite(p_control).all()
    assert np.isfinite(uplift).all()


def test_one_row_scores_like_many(scorer: EffectScorer) -> None:
    x = rows()[0][:20]

    together = scorer.score(x)[1]

    assert np.vstack([scorer.score(x[i : i + 1])[1] for i in range(20)]) == pytest.approx(together, abs=1e-12)


@pytest.mark.parametrize("name", TREES)
def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(name: LearnerName) -> None:
    x = rows()[0][:100]

    once = fit(name).score(x)[1]

    assert (fit(name).score(x)[1] == once).all()
    assert (fit(name, seed=8).score(x)[1] != once).any()


def test_the_x_learner_weighs_its_two_sides_by_the_share_of_the_offer() -> None:
    x, arm, booked, _ = rows()

    scorer = fit_learner(x, arm, booked, np.tile([0.2, 0.6, 0.2], (N, 1)), settings(), 1)

    assert [[term.weight for term in terms] for terms in scorer.effects] == [
        pytest.approx([0.75, 0.25]),
        pytest.approx([0.5, 0.5]),
    ]


@pytest.mark.parametrize("name", TREES)
def test_without_trees_for_it_there_is_no_prognosis(name: LearnerName) -> None:
    scorer = fit_learner(*rows(), settings(name, n_prognosis_trees=0), 7)

    assert scorer.prognosis == ()
    assert len(fit(name).prognosis) == 2


def falling_where_it_should_rise() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """In this history the chance to book falls with income, which its owner knows to be an accident of the sample."""
    rng = np.random.default_rng(5)
    income = rng.normal(size=(2_000, 1))
    arm = rng.integers(0, 2, 2_000)
    booked = (rng.random(2_000) < 0.4 - 0.2 * (income[:, 0] > 0)).astype(float)
    return income, arm, booked, np.full((2_000, 2), 0.5)


@pytest.mark.parametrize("name", NAMES)
def test_a_declared_sign_of_the_chance_to_book_is_kept_against_the_data(name: LearnerName) -> None:
    incomes = np.linspace(-2, 2, 41)[:, None]
    history = falling_where_it_should_rise()

    free = fit_learner(*history, settings(name), 3).score(incomes)[0]
    declared = fit_learner(*history, settings(name), 3, columns=ColumnTerms(signs=(1,), n_levels=(0,))).score(incomes)[
        0
    ]

    assert free[-1] < free[0] - 0.1
    assert (np.diff(declared) >= -1e-12).all()


@pytest.mark.parametrize("name", NAMES)
def test_prices_teach_each_other_and_no_lead_reacts_better_to_a_higher_one(name: LearnerName) -> None:
    """Three prices, the lowest works best; a fourth offer has no price and is a thing of its own."""
    rng = np.random.default_rng(11)
    x, arm = rng.normal(size=(4_000, 2)), rng.integers(0, 5, 4_000)
    gain = np.array([0.0, 0.2, 0.14, 0.08, 0.3])[arm]
    booked = (rng.random(4_000) < 0.1 + gain * (x[:, 0] > 0)).astype(float)
    dose = Dose(name="price", values=(0.10, 0.12, 0.14, float("nan")), sign=-1)

    scorer = fit_learner(x, arm, booked, np.full((4_000, 5), 0.2), settings(name), 3, dose=dose)

    uplift = scorer.score(x)[1]
    if name in {"x", "t", "dr"}:  # the others' curves are bent by `Dose.monotone` alone
        assert (np.diff(uplift[:, :3], axis=1) <= 1e-12).all()
    assert (np.diff(dose.monotone(uplift)[:, :3], axis=1) <= 1e-12).all()
    assert uplift.mean(axis=0) == pytest.approx([0.1, 0.07, 0.04, 0.15], abs=0.04)


def test_a_regression_uses_the_levels_of_a_category_not_their_order() -> None:
    """The offer works for the middle one of three levels."""
    rng = np.random.default_rng(2)
    level, arm = rng.integers(0, 3, 4_000), rng.integers(0, 2, 4_000)
    booked = (rng.random(4_000) < 0.1 + 0.3 * arm * (level == 1)).astype(float)
    columns = ColumnTerms(signs=(0,), n_levels=(3,))

    scorer = fit_learner(
        level[:, None].astype(float), arm, booked, np.full((4_000, 2), 0.5), settings("logistic_t"), 1, columns=columns
    )

    _, uplift = scorer.score(np.array([[0.0], [1.0], [2.0], [np.nan]]))
    assert uplift[:3, 0] == pytest.approx([0.0, 0.3, 0.0], abs=0.05)
    assert np.isfinite(uplift[3, 0])


@pytest.mark.parametrize("name", NAMES)
def test_an_arm_in_which_nobody_booked_is_no_obstacle(name: LearnerName) -> None:
    x, arm, booked, propensity = rows()
    booked[arm == 2] = 0

    _, uplift = fit_learner(x, arm, booked, propensity, settings(name), 3).score(x)

    assert uplift[:, 1].mean() == pytest.approx(-0.1, abs=0.05)
