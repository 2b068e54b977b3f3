"""A scorer as plain JSON: it scores the same when it comes back, and nothing that a stranger writes into it is believed."""

import copy
import json
from typing import Any, get_args

import lightgbm as lgb
import numpy as np
import pytest

from acquire.domain import LearnerName
from acquire.errors import BadInput
from acquire.uplift.dose import Dose
from acquire.uplift.learners import LearnerSettings, fit_learner
from acquire.uplift.linear import Design, Linear
from acquire.uplift.scorer import EffectScorer, Term, Trees

SIZE = LearnerSettings(n_prognosis_trees=4, n_outcome_trees=4, n_effect_trees=4, min_rows_per_leaf=20)
NAMES = get_args(LearnerName)


def matrix(seed: int = 1) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(600, 2))
    x[::7, 0] = np.nan  # LightGBM then also asks "missing or not"
    return x


def fit(name: LearnerName, dose: Dose | None = None) -> EffectScorer:
    rng = np.random.default_rng(2)
    x, arm = matrix(), rng.integers(0, 3, 600)
    booked = (rng.random(600) < 0.2 + 0.3 * np.isnan(x[:, 0]) * (arm > 0)).astype(float)
    settings = LearnerSettings(
        name=name,
        n_prognosis_trees=SIZE.n_prognosis_trees,
        n_outcome_trees=SIZE.n_outcome_trees,
        n_effect_trees=SIZE.n_effect_trees,
        min_rows_per_leaf=SIZE.min_rows_per_leaf,
    )
    return fit_learner(x, arm, booked, np.full((600, 3), 1 / 3), settings, 5, dose=dose)


def through_json(scorer: EffectScorer) -> Any:
    return json.loads(json.dumps(scorer.to_content(), allow_nan=False))


@pytest.mark.parametrize("dose", [None, Dose(name="limit", values=(500.0, 1500.0), sign=1)], ids=["plain", "dosed"])
@pytest.mark.parametrize("name", NAMES)
def test_a_scorer_that_was_written_down_scores_the_same_to_the_last_bit(name: LearnerName, dose: Dose | None) -> None:
    scorer = fit(name, dose)

    again = EffectScorer.from_content(through_json(scorer), 2)

    for read_back, fitted in zip(again.score(matrix(3)), scorer.score(matrix(3)), strict=True):
        assert np.array_equal(read_back, fitted)


@pytest.fixture(scope="module", params=["x", "logistic_t"])
def content(request: pytest.FixtureRequest) -> Any:
    return through_json(fit(request.param))


def first_term(content: Any) -> Any:
    return content["effects"][0][0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: c.pop("models"),
        lambda c: c.update(models=[]),
        lambda c: c["models"].append(c["models"][0]),
        lambda c: c["models"][0].update(kind="pickle"),
        lambda c: c["models"][1].pop("kind"),
        lambda c: c.update(effects=[]),
        lambda c: c.update(effects=[[]]),
        lambda c: c.update(control=None),
        lambda c: c.update(prognosis=[c["models"][0]] if c["models"][0]["kind"] == "linear" else [{}]),
        lambda c: first_term(c).update(weight=float("nan")),
        lambda c: first_term(c).update(weight="1"),
        lambda c: first_term(c).update(weight=10**400),
        lambda c: first_term(c).update(model=-1),
        lambda c: first_term(c).update(model=99),
        lambda c: first_term(c).update(model=True),
        lambda c: first_term(c).update(leading=[1.0, 2.0, 3.0]),
        lambda c: first_term(c).update(leading=None),
    ],
)
def test_a_damaged_scorer_is_refused_in_one_line(content: Any, damage: Any) -> None:
    damaged = copy.deepcopy(content)
    damage(damaged)

    with pytest.raises(BadInput) as refused:
        EffectScorer.from_content(damaged, 2)

    assert "\n" not in str(refused.value)


def test_a_scorer_of_another_number_of_columns_is_refused(content: Any) -> None:
    with pytest.raises(BadInput):
        EffectScorer.from_content(content, 0)


def one_chance(**changes: Any) -> Any:
    written = {
        "kind": "linear",
        "n_levels": [0],
        "centre": [0.0],
        "scale": [1.0],
        "intercept": 0.0,
        "coefficients": [1.0, 0.0],
    }
    return {
        "prognosis": [],
        "models": [{**written, **changes}],
        "control": [{"weight": 1.0, "model": 0, "leading": []}],
        "effects": [[{"weight": 0.5, "model": 0, "leading": []}]],
    }


def test_a_regression_adds_up_by_pencil() -> None:
    p_control, uplift = EffectScorer.from_content(one_chance(), 1).score(np.array([[0.0], [np.log(3)], [np.nan]]))

    assert p_control == pytest.approx([0.5, 0.75, 0.5])
    assert uplift[:, 0] == pytest.approx([0.25, 0.375, 0.25])


@pytest.mark.parametrize(
    "changes",
    [
        {"n_levels": [0, 0]},
        {"n_levels": [-1]},
        {"n_levels": [10**9]},
        {"n_levels": [0.0]},
        {"scale": [0.0]},
        {"centre": []},
        {"intercept": None},
        {"coefficients": [1.0]},
        {"coefficients": [1.0, float("inf")]},
        {"coefficients": [1.0, True]},
    ],
)
def test_a_damaged_regression_is_refused(changes: Any) -> None:
    with pytest.raises(BadInput):
        EffectScorer.from_content(one_chance(**changes), 1)


def test_a_model_that_several_offers_ask_for_is_asked_once() -> None:
    class Counting(Linear):
        asked = 0

        def predict(self, matrix: np.ndarray) -> np.ndarray:
            Counting.asked += 1
            return np.full(len(matrix), 0.2)

    model = Counting(design=Design(n_levels=(), centre=(), scale=()), intercept=0.0, coefficients=())
    half = (Term(weight=0.5, model=0),)

    p_control, uplift = EffectScorer(models=(model,), control=half, effects=(half, half)).score(np.zeros((4, 1)))

    assert Counting.asked == 1
    assert uplift.shape == (4, 2)
    assert p_control == pytest.approx(np.full(4, 0.1))


def test_trees_that_ask_missing_or_not_can_be_written_down() -> None:
    """LightGBM asks "at most infinity" then, which no JSON can say."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3_000, 1))
    x[rng.random(3_000) < 0.3] = np.nan
    model = lgb.LGBMRegressor(n_estimators=3, num_leaves=4, verbose=-1).fit(x, np.isnan(x[:, 0]).astype(float))
    assert "threshold=inf" in model.booster_.model_to_string()
    trees = Trees(booster=model.booster_, n_columns=1, chance=False)
    scorer = EffectScorer(
        models=(trees,), control=(Term(weight=1.0, model=0),), effects=((Term(weight=1.0, model=0),),)
    )

    again = EffectScorer.from_content(through_json(scorer), 1)

    assert np.array_equal(again.score(x)[0], scorer.score(x)[0])
