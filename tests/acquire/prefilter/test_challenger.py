"""The challenger: trees that keep the declared directions, compared fairly, stored safely."""

import copy
import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import Feature, RiskTerms
from acquire.errors import BadInput
from acquire.prefilter.challenger import Challenger
from acquire.prefilter.challenger_fit import ChallengerSettings, Recipe, Shape, cross_fit_challenger, fit_challenger
from acquire.prefilter.comparison import compare
from acquire.prefilter.quality import auc
from acquire.prefilter.ranking_fit import RankingSettings, compare_rankings, ranking_from_content
from acquire.prefilter.scorecard_fit import stratified_folds

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


def _people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": rng.normal(size=n),
            "age": rng.normal(size=n),
            "channel": rng.choice(["app", "phone", "shop"], n),
        }
    )


def _bad(log_odds: Floats, seed: int) -> Floats:
    return (np.random.default_rng(seed).random(len(log_odds)) < expit(log_odds)).astype(float)


def _adding_up(frame: pd.DataFrame) -> Floats:
    """Risk falls with income, rises with age and is higher by phone, each for itself."""
    phone = (frame["channel"] == "phone").to_numpy(dtype=float)
    return np.asarray(-1.5 - 0.8 * frame["income"] + 0.4 * frame["age"] + 0.7 * phone, dtype=float)


def _together(frame: pd.DataFrame) -> Floats:
    """Income and age tell nothing alone: they matter by having the same sign or not."""
    same = (frame["income"] > 0) == (frame["age"] > 0)
    return np.asarray(np.where(same, -0.5, -2.0), dtype=float)


def _fitted(n: int = 1500, recipe: Recipe | None = RICH, **settings: Any) -> tuple[Challenger, pd.DataFrame]:
    frame = _people(n, 1)
    chosen = replace(FEW_DRAWS, **settings)
    bad = _bad(_adding_up(frame), 2)
    return fit_challenger(frame, FEATURES, bad, rng=np.random.default_rng(3), settings=chosen, recipe=recipe), frame


def _grid(**columns: Any) -> pd.DataFrame:
    one = {"income": 0.0, "age": 0.0, "channel": "app"}
    return pd.DataFrame({name: np.atleast_1d(columns.get(name, one[name])) for name in one} | columns)


def _along(name: str, others: pd.Series, values: Floats) -> pd.DataFrame:
    frame = pd.DataFrame([others] * len(values)).reset_index(drop=True)
    return frame.assign(**{name: values}).astype({"income": float, "age": float, "channel": "str"})


@pytest.mark.parametrize(("direction", "sign"), [("rising", 1), ("falling", -1)])
def test_risk_only_moves_the_declared_way_whoever_the_lead_is(direction: Any, sign: int) -> None:
    # Age truly raises risk: "falling" is held against the data too.
    challenger, frame = _fitted(direction={"age": direction})
    ages = np.linspace(-4, 4, 101)
    for _, person in frame.head(25).iterrows():
        steps = np.diff(challenger.log_odds_bad(_along("age", person, ages)))
        assert (sign * steps >= 0).all()
    assert challenger.signs == (0, sign, 1)


def test_every_refit_behind_the_errors_keeps_the_declared_way() -> None:
    challenger, frame = _fitted(direction={"age": "rising"})
    ages = _along("age", frame.iloc[0], np.linspace(-4, 4, 101))
    matrix = challenger.columns.matrix(ages)
    assert all((np.diff(drawn.log_odds(matrix)) >= 0).all() for drawn in challenger.drawn)


def test_without_a_declared_direction_the_rows_decide_where_the_trees_are_small() -> None:
    frame = _people(2000, 1)
    bad = _bad(_adding_up(frame), 2)
    challenger = fit_challenger(frame, FEATURES, bad, rng=np.random.default_rng(3), settings=FEW_DRAWS, recipe=SMALL)
    assert challenger.signs == (-1, 1, 1)


def _comparison(log_odds: Any, n: int = 3000) -> Any:
    frame = _people(n, 5)
    bad = _bad(log_odds(frame), 6)
    rng = np.random.default_rng(7)
    folds = stratified_folds(bad, 4, rng)
    return compare_rankings(frame, FEATURES, bad, folds, rng=rng, settings=RankingSettings.of(RiskTerms()))


def test_features_that_matter_together_are_found_by_the_challenger_only() -> None:
    comparison = _comparison(_together)
    assert comparison.champion.auc < 0.55
    assert comparison.challenger.auc > 0.6
    assert comparison.auc.low > 0
    assert comparison.is_better
    assert "may be promoted" in comparison.verdict()


def test_where_features_add_up_the_challenger_is_not_recommended() -> None:
    comparison = _comparison(_adding_up)
    assert not comparison.is_better
    assert "Keep the scorecard" in comparison.verdict()


def test_held_out_rows_do_not_teach_the_model_that_predicts_them() -> None:
    frame = _people(800, 8)
    noise = (np.random.default_rng(9).random(800) < 0.3).astype(float)
    folds = stratified_folds(noise, 5, np.random.default_rng(10))
    held_out = cross_fit_challenger(frame, FEATURES, noise, folds, rng=np.random.default_rng(11))
    # A model that had seen its rows would be near 1; the choice of the number of trees alone gives about .01.
    assert auc(held_out.p_bad, noise) < 0.6
    assert held_out.recipe.n_trees < 100


def test_the_order_of_columns_does_not_matter() -> None:
    challenger, frame = _fitted()
    turned = frame[["channel", "age", "income"]].assign(extra=1.0)
    assert (challenger.log_odds_bad(turned) == challenger.log_odds_bad(frame)).all()


def test_a_missing_column_and_texts_for_numbers_are_bad_input() -> None:
    challenger, frame = _fitted(n=600)
    with pytest.raises(BadInput, match="reads column 'age', which the table lacks"):
        challenger.p_bad(frame.drop(columns="age"))
    with pytest.raises(BadInput, match="column 'age' holds other values than numbers"):
        challenger.p_bad(frame.assign(age="old"))


def test_a_new_category_scores_as_declared_is_counted_and_less_sure() -> None:
    pooled, frame = _fitted()
    worst, _ = _fitted(unseen="worst")
    new = _grid(channel="radio")
    assert worst.log_odds_bad(new) == pytest.approx(worst.log_odds_bad(_grid(channel="phone")))
    assert pooled.log_odds_bad(new) < pooled.log_odds_bad(_grid(channel="phone"))
    assert pooled.unseen(pd.concat([frame, new, new])) == {"channel": 2}
    assert pooled.log_odds_errors(new)[0, -1] == pytest.approx(pooled.spread("channel"))
    assert pooled.log_odds_errors(frame)[:, -1].max() == 0


def test_a_value_missing_for_the_first_time_counts_as_the_middle_and_is_less_sure() -> None:
    challenger, frame = _fitted()
    middle = float(frame["income"].median())
    missing, ordinary = _grid(income=np.nan), _grid(income=middle)
    assert challenger.log_odds_bad(missing) == challenger.log_odds_bad(ordinary)
    assert challenger.log_odds_errors(missing)[0, -1] > 0.3


def test_a_special_code_is_told_apart_from_numbers_and_from_missing() -> None:
    frame = _people(3000, 1)
    frame.loc[:599, "income"] = -999.0
    frame.loc[600:1199, "income"] = np.nan
    log_odds = _adding_up(frame.fillna(0.0)).copy()
    log_odds[:600], log_odds[600:1200] = 1.0, -4.0
    settings = replace(FEW_DRAWS, special_codes={"income": (-999.0,)})
    challenger = fit_challenger(
        frame, FEATURES, _bad(log_odds, 2), rng=np.random.default_rng(3), settings=settings, recipe=RICH
    )
    code, missing, lowest = (challenger.p_bad(_grid(income=value))[0] for value in (-999.0, np.nan, -3.0))
    assert missing < lowest
    assert missing < 0.25
    assert code > 0.5
    assert challenger.columns.width == 4


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e9, -1e300])
def test_extreme_values_are_scored_like_the_outermost(value: float) -> None:
    challenger, _ = _fitted(n=600)
    outermost = challenger.p_bad(_grid(income=float(np.sign(value) * 50)))
    assert challenger.p_bad(_grid(income=value)) == outermost


def test_constant_and_empty_features_leave_everybody_at_the_average() -> None:
    frame = pd.DataFrame({"income": np.full(400, 3.0), "age": np.full(400, np.nan)})
    bad = np.r_[np.ones(100), np.zeros(300)]
    for features in ((INCOME, AGE), ()):
        challenger = fit_challenger(frame, features, bad, rng=np.random.default_rng(1), settings=FEW_DRAWS)
        assert challenger.p_bad(frame) == pytest.approx(0.25)
        again = Challenger.from_content(json.loads(json.dumps(challenger.to_content())))
        assert (again.p_bad(frame) == challenger.p_bad(frame)).all()


def test_outcomes_that_stand_for_unfinished_labels_count_as_what_they_add_up_to() -> None:
    frame = _people(2000, 1)
    bad = _bad(_adding_up(frame), 2)
    # Half of a row each: the stand-ins of a good and of a bad booking are off by as much to either side.
    stand_in = bad + np.tile([0.3, -0.3], 1000)
    fits = [
        fit_challenger(frame, FEATURES, y, rng=np.random.default_rng(3), settings=FEW_DRAWS, recipe=RICH)
        for y in (bad, stand_in)
    ]
    known, guessed = (fit.p_bad(frame) for fit in fits)
    assert np.corrcoef(known, guessed)[0, 1] > 0.9
    assert guessed.mean() == pytest.approx(bad.mean(), abs=0.02)


def test_rows_that_weigh_nothing_teach_nothing() -> None:
    frame = _people(1200, 1)
    bad = _bad(_adding_up(frame), 2)
    weight = np.r_[np.ones(600), np.zeros(600)]
    wrong = np.where(weight == 0, 1 - bad, bad)
    settings = replace(FEW_DRAWS, n_draws=0)
    for y in (bad, wrong):
        fitted = fit_challenger(
            frame, (INCOME, AGE), y, rng=np.random.default_rng(3), weight=weight, settings=settings, recipe=RICH
        )
        assert np.corrcoef(fitted.log_odds_bad(frame), _adding_up(frame))[0, 1] > 0.6


@pytest.mark.parametrize("truth", [_adding_up, _together])
def test_the_errors_cover_the_truth_about_as_often_as_they_say(truth: Any) -> None:
    # Of fresh leads, at least 4 in 5 of the 90 % intervals of ln(odds) hold the truth.
    frame = _people(2500, 23)
    bad = _bad(truth(frame), 24)
    challenger = fit_challenger(frame, FEATURES, bad, rng=np.random.default_rng(23))
    fresh = _people(2000, 24)
    sd = np.linalg.norm(challenger.log_odds_errors(fresh), axis=1)
    off = np.abs(challenger.log_odds_bad(fresh) - truth(fresh))
    assert 0.8 <= float((off <= 1.645 * sd).mean()) <= 0.99


def test_more_bookings_make_the_challenger_surer() -> None:
    few, many = (_fitted(n=n, recipe=None)[0] for n in (1000, 6000))
    leads = _people(200, 30)
    sd = [float(np.linalg.norm(model.log_odds_errors(leads), axis=1).mean()) for model in (few, many)]
    assert sd[1] < 0.8 * sd[0]


def test_the_same_seed_gives_the_same_challenger() -> None:
    (one, frame), (other, _) = _fitted(n=600), _fitted(n=600)
    assert (one.log_odds_bad(frame) == other.log_odds_bad(frame)).all()
    assert (one.log_odds_errors(frame) == other.log_odds_errors(frame)).all()


def test_a_stored_challenger_predicts_the_same_bit_for_bit() -> None:
    challenger, frame = _fitted()
    again = ranking_from_content(json.loads(json.dumps(challenger.to_content(), allow_nan=False)))
    leads = pd.concat([frame, _grid(channel="radio"), _grid(income=np.nan)])
    assert (again.log_odds_bad(leads) == challenger.log_odds_bad(leads)).all()
    assert (again.log_odds_errors(leads) == challenger.log_odds_errors(leads)).all()
    assert again.features == FEATURES
    assert again.to_content() == challenger.to_content()


def _damage(trees: dict[str, Any], how: str) -> None:
    if how == "truncated":
        trees["value"] = trees["value"][:7]
    elif how == "a circle":
        trees["left"][1] = 0
    elif how == "a leaf twice":
        trees["left"][-1] = trees["right"][-1]
    elif how == "outside":
        trees["right"][0] = 10**6
    elif how == "no column":
        trees["column"][0] = 99
    elif how == "a text":
        trees["threshold"][0] = "0.5\nleft_child=7"
    elif how == "infinite":
        trees["value"][0] = float("inf")
    elif how == "a category split":
        trees["decision"][0] = 1
    elif how == "huge":
        trees["leaves"][0] = 2**40
    else:
        del trees["left"]


DAMAGES = (
    "truncated",
    "a circle",
    "a leaf twice",
    "outside",
    "no column",
    "a text",
    "infinite",
    "a category split",
    "huge",
    "a key less",
)


def test_damaged_trees_are_bad_input_and_never_reach_the_library() -> None:
    """In a process of its own: given such trees as its own text, the library ends the process."""
    challenger, _ = _fitted(n=600)
    damaged = []
    for how in DAMAGES:
        content = copy.deepcopy(challenger.to_content())
        _damage(content["boosted"]["trees"], how)
        damaged.append(content)
    lines = (
        "import json, sys",
        "from acquire.errors import BadInput",
        "from acquire.prefilter.challenger import Challenger",
        "for content in json.load(sys.stdin):",
        "    try:",
        "        Challenger.from_content(content)",
        "    except BadInput as error:",
        "        print(error)",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        input=json.dumps(damaged),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(DAMAGES)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.pop("columns"),
        lambda content: content.update(format=99),
        lambda content: content["columns"].pop(),
        lambda content: content["columns"][2]["log_odds"].pop(),
        lambda content: content.update(drawn=7),
        lambda content: content.update(widening=0.1),
        lambda content: content["signs"].append(1),
        lambda content: content["boosted"].update(start=float("nan")),
    ],
)
def test_a_damaged_file_is_bad_input(spoil: Any) -> None:
    content = copy.deepcopy(_fitted(n=600)[0].to_content())
    spoil(content)
    with pytest.raises(BadInput, match=r"challenger"):
        Challenger.from_content(content)


def test_the_interval_is_that_of_the_difference_on_the_same_rows() -> None:
    rng = np.random.default_rng(1)
    truth = expit(rng.normal(size=4000) * 1.5 - 2)
    bad = (rng.random(4000) < truth).astype(float)
    noisy = expit(np.log(truth / (1 - truth)) + rng.normal(size=4000) * 0.05)
    comparison = compare(noisy, truth, bad, rng)
    assert comparison.challenger.auc == pytest.approx(auc(truth, bad))
    assert comparison.auc.expected == pytest.approx(auc(truth, bad) - auc(noisy, bad))
    # Each AUC alone is known to about .01; their difference to far less.
    assert comparison.auc.high - comparison.auc.low < 0.004
    assert (comparison.n, comparison.n_bad) == (4000, bad.sum())


def test_a_weight_of_two_is_the_row_twice() -> None:
    rng = np.random.default_rng(2)
    p, q, bad = rng.random(60), rng.random(60), np.tile([0.0, 1.0, 0.0], 20)
    weighted = compare(p, q, bad, rng, weight=np.tile([1.0, 2.0], 30))
    rows = np.repeat(np.arange(60), np.tile([1, 2], 30))
    repeated = compare(p[rows], q[rows], bad[rows], rng)
    assert weighted.champion == pytest.approx(repeated.champion) or weighted.champion.auc == pytest.approx(
        repeated.champion.auc
    )
    assert weighted.challenger.brier == pytest.approx(repeated.challenger.brier)


def test_equal_models_differ_by_nothing() -> None:
    rng = np.random.default_rng(3)
    p, bad = rng.random(100), np.tile([0.0, 1.0], 50)
    comparison = compare(p, p, bad, rng)
    assert (comparison.auc.low, comparison.auc.high) == (0, 0)
    assert not comparison.is_better
    assert not comparison.is_worse


def test_a_comparison_needs_both_outcomes() -> None:
    p = np.full(10, 0.2)
    with pytest.raises(BadInput, match="of 10 held-out bookings 0 are bad"):
        compare(p, p, np.zeros(10), np.random.default_rng(1))
