"""The learner on its own: what the boosters alone score, and that nothing but the seed moves it."""

import numpy as np
import pytest

from acquire.uplift.learners import LearnerSettings, fit_x_learner
from acquire.uplift.scorer import EffectScorer

N = 3_000
SETTINGS = LearnerSettings(n_outcome_trees=30, n_effect_trees=30, min_rows_per_leaf=50)


def rows(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two offers: the first adds .3 for those with x above 0, the second .2 for everybody."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 3))
    arm = rng.integers(0, 3, N)
    chance = 0.1 + np.select([arm == 1, arm == 2], [0.3 * (x[:, 0] > 0), np.full(N, 0.2)], 0.0)
    return x, arm, (rng.random(N) < chance).astype(float), np.full((N, 3), 1 / 3)


def fit(seed: int = 7) -> EffectScorer:
    return fit_x_learner(*rows(), SETTINGS, seed)


@pytest.fixture(scope="module")
def scorer() -> EffectScorer:
    return fit()


def test_the_offer_that_works_for_some_is_told_from_the_one_that_works_for_all(scorer: EffectScorer) -> None:
    p_control, uplift = scorer.score(np.array([[1.5, 0.0, 0.0], [-1.5, 0.0, 0.0]]))

    assert p_control == pytest.approx([0.1, 0.1], abs=0.04)
    assert uplift[:, 0] == pytest.approx([0.3, 0.0], abs=0.1)
    assert uplift[:, 1] == pytest.approx([0.2, 0.2], abs=0.1)


def test_a_missing_feature_is_scored(scorer: EffectScorer) -> None:
    p_control, uplift = scorer.score(np.full((1, 3), np.nan))

    assert np.isfinite(p_control).all()
    assert np.isfinite(uplift).all()


def test_one_row_scores_like_many(scorer: EffectScorer) -> None:
    x = rows()[0][:20]

    together = scorer.score(x)[1]

    assert np.vstack([scorer.score(x[i : i + 1])[1] for i in range(20)]) == pytest.approx(together, abs=1e-12)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(scorer: EffectScorer) -> None:
    x = rows()[0][:100]

    assert (fit().score(x)[1] == scorer.score(x)[1]).all()
    assert (fit(seed=8).score(x)[1] != scorer.score(x)[1]).any()


def test_the_weight_of_the_two_sides_is_the_share_of_the_offer() -> None:
    x, arm, booked, _ = rows()
    propensity = np.tile([0.2, 0.6, 0.2], (N, 1))

    scorer = fit_x_learner(x, arm, booked, propensity, SETTINGS, 1)

    assert scorer.share == pytest.approx((0.75, 0.5))


def test_the_boosters_are_written_as_text_one_file_each(scorer: EffectScorer) -> None:
    parts = scorer.parts("uplift_0")

    assert sorted(parts) == [
        "uplift_0_control.txt",
        "uplift_0_from_control_0.txt",
        "uplift_0_from_control_1.txt",
        "uplift_0_from_treated_0.txt",
        "uplift_0_from_treated_1.txt",
    ]
    assert all(part.startswith(b"tree\n") for part in parts.values())
