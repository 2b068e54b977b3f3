"""More of the same, learnt from members against everybody else with members hidden among them."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.uplift.likeness import (
    LikenessSettings,
    fit_likeness,
    fit_likeness_scale,
    weigh_as_leads,
)

FEATURES = tuple(Feature(name=f"x{j}", kind="numeric") for j in range(6))
SMALL = LikenessSettings(n_folds=3, n_bags=2, n_trees=30)


def people(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Two of six columns tell who is a member, faintly."""
    x = rng.normal(size=(n, 6))
    member = rng.random(n) < 1 / (1 + np.exp(1.5 - 1.2 * x[:, 0] - 0.8 * x[:, 1]))
    return pd.DataFrame(x, columns=[feature.name for feature in FEATURES]), member


def auc(score: np.ndarray, member: np.ndarray) -> float:
    return float(np.mean(score[member][:, None] > score[~member][None, :]))


def hidden_market(seed: int, n: int = 3_000, n_seeds: int = 200) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Seeds, all others, and who of the others belongs."""
    everybody, member = people(n, np.random.default_rng(seed))
    known = np.flatnonzero(member)[:n_seeds]
    rest = np.setdiff1d(np.arange(n), known)
    return everybody.iloc[known], everybody.iloc[rest].reset_index(drop=True), member[rest]


def test_hidden_members_score_above_the_others() -> None:
    seeds, others, member = hidden_market(1)
    assert auc(fit_likeness(seeds, others, FEATURES, SMALL, 7).other_scores, member) > 0.7


def test_it_finds_more_hidden_members_than_a_classifier_that_takes_the_others_for_no() -> None:
    gains = []
    for seed in range(3):
        seeds, others, member = hidden_market(seed)
        both = pd.concat([seeds, others])
        naive = lgb.LGBMClassifier(n_jobs=1, verbose=-1, random_state=0).fit(
            both, np.repeat([1, 0], [len(seeds), len(others)])
        )
        ours = fit_likeness(seeds, others, FEATURES, SMALL, 7).other_scores
        gains.append(auc(ours, member) - auc(naive.predict_proba(others)[:, 1], member))
    assert min(gains) > 0
    assert np.mean(gains) > 0.015


def test_nobody_is_scored_by_a_model_that_saw_them() -> None:
    seeds, others, _ = hidden_market(2, n=600, n_seeds=100)
    fitted = fit_likeness(seeds, others, FEATURES, SMALL, 7)
    assert np.allclose(fitted.score(others, fitted.other_fold), fitted.other_scores)
    moved = others.copy()
    moved.loc[0] = 9.0  # one person changes: the models of that person's own fold cannot know
    again = fit_likeness(seeds, moved, FEATURES, SMALL, 7)
    own = fitted.other_fold == fitted.other_fold[0]
    assert np.allclose(again.other_scores[own][1:], fitted.other_scores[own][1:])


def test_all_rows_of_a_person_are_held_out_together() -> None:
    seeds, others, _ = hidden_market(3, n=600, n_seeds=100)
    twice = others.assign(person_id=[None, None, *(f"P{i // 2}" for i in range(len(others) - 2))])
    fold = fit_likeness(seeds, twice, FEATURES, SMALL, 7).other_fold[2:]
    assert (fold[::2] == fold[1::2]).all()


def test_the_average_lead_has_likeness_one() -> None:
    seeds, others, member = hidden_market(4)
    fitted = fit_likeness(seeds, others, FEATURES, SMALL, 7)
    alike = fit_likeness_scale(fitted.seed_scores, fitted.other_scores).likeness(fitted.other_scores)
    assert alike.mean() == pytest.approx(1.0)
    assert member[alike > 2].mean() > 1.7 * member.mean()


def test_scores_that_tell_nothing_make_everybody_average() -> None:
    scores = np.linspace(0, 1, 500)
    assert fit_likeness_scale(scores, scores).likeness(scores) == pytest.approx(np.ones(500))


def test_a_base_of_elderly_customers_is_weighted_to_look_like_the_younger_leads() -> None:
    rng = np.random.default_rng(5)
    age = (Feature(name="age", kind="numeric"),)
    base, leads = (pd.DataFrame({"age": rng.normal(mean, 10, 1_500)}) for mean in (50, 44))
    weight = weigh_as_leads(base, leads, age, SMALL, 7)
    assert weight.mean() == pytest.approx(1.0)
    assert np.average(base["age"], weights=weight) == pytest.approx(44, abs=1.5)


def test_a_base_that_looks_like_the_leads_keeps_its_weights() -> None:
    rng = np.random.default_rng(6)
    base, _ = people(1_000, rng)
    leads, _ = people(1_000, rng)
    assert weigh_as_leads(base, leads, FEATURES, SMALL, 7).std() < 0.25


@pytest.mark.parametrize(("n_seeds", "features", "said"), [(20, FEATURES, "20 usable seeds"), (60, (), "no column")])
def test_too_little_to_learn_from_is_said(n_seeds: int, features: tuple[Feature, ...], said: str) -> None:
    seeds, others, _ = hidden_market(1, n=600, n_seeds=n_seeds)
    with pytest.raises(BadInput, match=said):
        fit_likeness(seeds, others, features, SMALL, 7)


def test_what_tells_the_seeds_apart_is_named_first() -> None:
    seeds, others, _ = hidden_market(7)
    assert {name for name, _ in fit_likeness(seeds, others, FEATURES, SMALL, 7).traits()[:2]} == {"x0", "x1"}
