"""The challenger: trees that keep the declared directions and know how sure they are."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acquire.domain import RiskTerms
from acquire.errors import BadInput
from acquire.prefilter.challenger import Challenger
from acquire.prefilter.challenger_fit import cross_fit_challenger, fit_challenger
from acquire.prefilter.quality import auc
from acquire.prefilter.ranking_fit import RankingSettings, compare_rankings
from acquire.prefilter.scorecard_fit import stratified_folds
from tests.acquire.prefilter.challengers import (
    AGE,
    FEATURES,
    FEW_DRAWS,
    INCOME,
    RICH,
    SMALL,
    adding_up,
    along,
    bad_of,
    fitted,
    grid,
    people,
    together,
)


@pytest.mark.parametrize(("direction", "sign"), [("rising", 1), ("falling", -1)])
def test_risk_only_moves_the_declared_way_whoever_the_lead_is(direction: Any, sign: int) -> None:
    # Age truly raises risk: "falling" is held against the data too.
    challenger, frame = fitted(direction={"age": direction})
    ages = np.linspace(-4, 4, 101)
    for _, person in frame.head(25).iterrows():
        steps = np.diff(challenger.log_odds_bad(along("age", person, ages)))
        assert (sign * steps >= 0).all()
    assert challenger.signs == (0, sign, 1)


def test_every_refit_behind_the_errors_keeps_the_declared_way() -> None:
    challenger, frame = fitted(direction={"age": "rising"})
    ages = along("age", frame.iloc[0], np.linspace(-4, 4, 101))
    matrix = challenger.columns.matrix(ages)
    assert all((np.diff(drawn.log_odds(matrix)) >= 0).all() for drawn in challenger.drawn)


def test_without_a_declared_direction_the_rows_decide_where_the_trees_are_small() -> None:
    frame = people(2000, 1)
    bad = bad_of(adding_up(frame), 2)
    challenger = fit_challenger(frame, FEATURES, bad, rng=np.random.default_rng(3), settings=FEW_DRAWS, recipe=SMALL)
    assert challenger.signs == (-1, 1, 1)


def _comparison(log_odds: Any, n: int = 3000) -> Any:
    frame = people(n, 5)
    bad = bad_of(log_odds(frame), 6)
    rng = np.random.default_rng(7)
    folds = stratified_folds(bad, 4, rng)
    return compare_rankings(frame, FEATURES, bad, folds, rng=rng, settings=RankingSettings.of(RiskTerms()))


def test_features_that_matter_together_are_found_by_the_challenger_only() -> None:
    comparison = _comparison(together)
    assert comparison.champion.auc < 0.55
    assert comparison.challenger.auc > 0.6
    assert comparison.auc.low > 0
    assert comparison.is_better
    assert "may be promoted" in comparison.verdict()


def test_where_features_add_up_the_challenger_is_not_recommended() -> None:
    comparison = _comparison(adding_up)
    assert not comparison.is_better
    assert "Keep the scorecard" in comparison.verdict()


def test_held_out_rows_do_not_teach_the_model_that_predicts_them() -> None:
    frame = people(800, 8)
    noise = (np.random.default_rng(9).random(800) < 0.3).astype(float)
    folds = stratified_folds(noise, 5, np.random.default_rng(10))
    held_out = cross_fit_challenger(frame, FEATURES, noise, folds, rng=np.random.default_rng(11))
    # A model that had seen its rows would be near 1; the choice of the number of trees alone gives about .01.
    assert auc(held_out.p_bad, noise) < 0.6
    assert held_out.recipe.n_trees < 100


def test_the_order_of_columns_does_not_matter() -> None:
    challenger, frame = fitted()
    turned = frame[["channel", "age", "income"]].assign(extra=1.0)
    assert (challenger.log_odds_bad(turned) == challenger.log_odds_bad(frame)).all()


def test_a_missing_column_and_texts_for_numbers_are_bad_input() -> None:
    challenger, frame = fitted(n=600)
    with pytest.raises(BadInput, match="reads column 'age', which the table lacks"):
        challenger.p_bad(frame.drop(columns="age"))
    with pytest.raises(BadInput, match="column 'age' holds other values than numbers"):
        challenger.p_bad(frame.assign(age="old"))


def test_a_new_category_scores_as_declared_is_counted_and_less_sure() -> None:
    pooled, frame = fitted()
    worst, _ = fitted(unseen="worst")
    new = grid(channel="radio")
    assert worst.log_odds_bad(new) == pytest.approx(worst.log_odds_bad(grid(channel="phone")))
    assert pooled.log_odds_bad(new) < pooled.log_odds_bad(grid(channel="phone"))
    assert pooled.unseen(pd.concat([frame, new, new])) == {"channel": 2}
    assert pooled.log_odds_errors(new)[0, -1] == pytest.approx(pooled.spread("channel"))
    assert pooled.log_odds_errors(frame)[:, -1].max() == 0


def test_a_value_missing_for_the_first_time_counts_as_the_middle_and_is_less_sure() -> None:
    challenger, frame = fitted()
    middle = float(frame["income"].median())
    missing, ordinary = grid(income=np.nan), grid(income=middle)
    assert challenger.log_odds_bad(missing) == challenger.log_odds_bad(ordinary)
    assert challenger.log_odds_errors(missing)[0, -1] > 0.3


def test_a_special_code_is_told_apart_from_numbers_and_from_missing() -> None:
    frame = people(3000, 1)
    frame.loc[:599, "income"] = -999.0
    frame.loc[600:1199, "income"] = np.nan
    log_odds = adding_up(frame.fillna(0.0)).copy()
    log_odds[:600], log_odds[600:1200] = 1.0, -4.0
    settings = replace(FEW_DRAWS, special_codes={"income": (-999.0,)})
    challenger = fit_challenger(
        frame, FEATURES, bad_of(log_odds, 2), rng=np.random.default_rng(3), settings=settings, recipe=RICH
    )
    code, missing, lowest = (challenger.p_bad(grid(income=value))[0] for value in (-999.0, np.nan, -3.0))
    assert missing < lowest
    assert missing < 0.25
    assert code > 0.5
    assert challenger.columns.width == 4


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e9, -1e300])
def test_extreme_values_are_scored_like_the_outermost(value: float) -> None:
    challenger, _ = fitted(n=600)
    outermost = challenger.p_bad(grid(income=float(np.sign(value) * 50)))
    assert challenger.p_bad(grid(income=value)) == outermost


def test_constant_and_empty_features_leave_everybody_at_the_average() -> None:
    frame = pd.DataFrame({"income": np.full(400, 3.0), "age": np.full(400, np.nan)})
    bad = np.r_[np.ones(100), np.zeros(300)]
    for features in ((INCOME, AGE), ()):
        challenger = fit_challenger(frame, features, bad, rng=np.random.default_rng(1), settings=FEW_DRAWS)
        assert challenger.p_bad(frame) == pytest.approx(0.25)
        again = Challenger.from_content(json.loads(json.dumps(challenger.to_content())))
        assert (again.p_bad(frame) == challenger.p_bad(frame)).all()


def test_outcomes_that_stand_for_unfinished_labels_count_as_what_they_add_up_to() -> None:
    frame = people(2000, 1)
    bad = bad_of(adding_up(frame), 2)
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
    frame = people(1200, 1)
    bad = bad_of(adding_up(frame), 2)
    weight = np.r_[np.ones(600), np.zeros(600)]
    wrong = np.where(weight == 0, 1 - bad, bad)
    settings = replace(FEW_DRAWS, n_draws=0)
    for y in (bad, wrong):
        fitted = fit_challenger(
            frame, (INCOME, AGE), y, rng=np.random.default_rng(3), weight=weight, settings=settings, recipe=RICH
        )
        assert np.corrcoef(fitted.log_odds_bad(frame), adding_up(frame))[0, 1] > 0.6


@pytest.mark.parametrize("truth", [adding_up, together])
def test_the_errors_cover_the_truth_about_as_often_as_they_say(truth: Any) -> None:
    # Of fresh leads, at least 4 in 5 of the 90 % intervals of ln(odds) hold the truth.
    frame = people(2500, 23)
    bad = bad_of(truth(frame), 24)
    challenger = fit_challenger(frame, FEATURES, bad, rng=np.random.default_rng(23))
    fresh = people(2000, 24)
    sd = np.linalg.norm(challenger.log_odds_errors(fresh), axis=1)
    off = np.abs(challenger.log_odds_bad(fresh) - truth(fresh))
    assert 0.8 <= float((off <= 1.645 * sd).mean()) <= 0.99


def test_the_variance_of_a_lead_is_that_between_the_refits_widened_and_that_of_what_was_never_seen() -> None:
    challenger, _ = fitted(n=600, widening=1.4)
    leads = pd.concat([people(20, 5), grid(channel="radio")], ignore_index=True)
    refits = np.column_stack([boosted.log_odds(challenger.columns.matrix(leads)) for boosted in challenger.drawn])
    never_seen = challenger.columns.never_seen(leads)
    told = (challenger.log_odds_errors(leads) ** 2).sum(axis=1)
    np.testing.assert_allclose(told, 1.4**2 * refits.var(axis=1, ddof=1) + never_seen**2)
    assert never_seen[-1] > 0 == never_seen[0]


def test_more_bookings_make_the_challenger_surer() -> None:
    few, many = (fitted(n=n, recipe=None)[0] for n in (1000, 6000))
    leads = people(200, 30)
    sd = [float(np.linalg.norm(model.log_odds_errors(leads), axis=1).mean()) for model in (few, many)]
    assert sd[1] < 0.8 * sd[0]


def test_the_same_seed_gives_the_same_challenger() -> None:
    (one, frame), (other, _) = fitted(n=600), fitted(n=600)
    assert (one.log_odds_bad(frame) == other.log_odds_bad(frame)).all()
    assert (one.log_odds_errors(frame) == other.log_odds_errors(frame)).all()
