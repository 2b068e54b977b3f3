from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.grouping import Labels, group
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_fit import cross_fit, fit_scorecard, stratified_folds

SCORE, NOISE, CITY = (
    Feature(name="score", kind="numeric"),
    Feature(name="noise", kind="numeric"),
    Feature(name="city", kind="category"),
)
FEW_DRAWS = ScorecardSettings(n_errors=8)


def borrowers(n: int = 2000, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Bad rate .1 above a score of 0, .4 below; "far" doubles the odds; noise tells nothing."""
    rng = np.random.default_rng(seed)
    score, far = rng.normal(size=n), rng.random(n) < 0.3
    p = 1 / (1 + np.exp(-(logit(np.where(score > 0, 0.1, 0.4)) + np.log(2) * far)))
    frame = pd.DataFrame({"score": score, "noise": rng.normal(size=n), "city": np.where(far, "far", "near")})
    return frame, (rng.random(n) < p).astype(float)


@pytest.fixture(scope="module")
def card() -> Scorecard:
    frame, bad = borrowers()
    return fit_scorecard(
        frame, (SCORE, NOISE, CITY), bad, rng=np.random.default_rng(0), settings=FEW_DRAWS, penalty=0.01
    )


def test_points_and_chance_agree_at_every_row_by_the_printed_formula(card: Scorecard) -> None:
    frame, _ = borrowers(seed=2)
    chance = 1 / (1 + np.exp((card.points(frame) - card.offset) / card.factor))
    np.testing.assert_allclose(card.p_bad(frame), chance, rtol=1e-14)


def test_a_leads_points_are_the_sum_of_its_bins_in_the_printed_table(card: Scorecard) -> None:
    table = card.table().set_index(["variable", "bin"])["points"]
    lead = pd.DataFrame({"score": [np.nan], "noise": [0.0], "city": ["far"]})
    by_hand = table["score", "missing"] + table["city", "far"]
    noise = [v for v in card.variables if v.feature.name == "noise"]
    by_hand += sum(v.points[v.bins.codes(lead["noise"])][0] for v in noise)
    assert card.points(lead)[0] == pytest.approx(by_hand)


def test_twenty_more_points_double_the_odds_of_good(card: Scorecard) -> None:
    odds = np.exp((np.array([600.0, 620.0]) - card.offset) / card.factor)
    assert odds == pytest.approx([20.0, 40.0])


def test_the_table_shows_count_bad_rate_and_woe_of_each_bin(card: Scorecard) -> None:
    frame, bad = borrowers()
    far = card.table().query("variable == 'city' and bin == 'far'").iloc[0]
    seen = bad[frame["city"] == "far"]
    assert far["count"] == len(seen)
    assert far["bad_rate"] == pytest.approx(seen.mean())
    smoothed = (seen.sum() + 20 * bad.mean()) / (len(seen) + 20)
    assert far["woe"] == pytest.approx(logit(bad.mean()) - logit(smoothed))


def test_a_better_bin_never_has_fewer_points(card: Scorecard) -> None:
    for variable in card.variables:
        order = np.argsort(variable.woe)
        assert (np.diff(variable.points[order]) >= 0).all()


def test_the_average_chance_is_the_bad_rate_of_the_rows_it_was_fitted_on(card: Scorecard) -> None:
    frame, bad = borrowers()
    # Points are rounded to hundredths: half of one moves ln(odds) by .0002.
    assert card.p_bad(frame).mean() == pytest.approx(bad.mean(), abs=1e-4)


def test_a_category_never_seen_is_scored_as_neutral_and_counted(card: Scorecard) -> None:
    lead = pd.DataFrame({"score": [0.5, 0.5], "noise": [0.0, 0.0], "city": ["moon", None]})
    assert card.unseen(lead) == {"city": 1}
    city = next(v for v in card.variables if v.feature.name == "city")
    assert city.woe[-2:].tolist() == [0.0, 0.0]
    known = card.loadings(pd.DataFrame({"score": [0.5], "noise": [0.0], "city": ["near"]}))
    assert np.linalg.norm(card.loadings(lead), axis=1).min() > np.linalg.norm(known)


def test_a_scorecard_read_from_json_scores_the_same_bit_for_bit(card: Scorecard) -> None:
    frame, _ = borrowers(seed=3)
    read = Scorecard.from_json(card.to_json())
    assert (read.p_bad(frame) == card.p_bad(frame)).all()
    assert (read.loadings(frame) == card.loadings(frame)).all()
    pd.testing.assert_frame_equal(read.table(), card.table())


@pytest.mark.parametrize("text", ["{}", "[]", "boo", '{"format": 99}', '{"format": 1, "variables": []}'])
def test_a_scorecard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="scorecard"):
        Scorecard.from_json(text)


def test_the_order_of_columns_does_not_matter_but_a_missing_one_is_refused(card: Scorecard) -> None:
    frame, _ = borrowers(seed=3)
    assert (card.p_bad(frame[["city", "noise", "score"]]) == card.p_bad(frame)).all()
    with pytest.raises(BadInput, match="'score', which the table lacks"):
        card.p_bad(frame.drop(columns="score"))
    with pytest.raises(BadInput, match="'city', which the table lacks"):
        card.unseen(frame.drop(columns="city"))


def test_further_columns_of_the_leads_change_nothing(card: Scorecard) -> None:
    frame, _ = borrowers(50, seed=3)
    assert (card.points(frame.assign(extra="x", bad=1.0)) == card.points(frame)).all()


def test_texts_where_numbers_are_read_stop_in_one_line_without_the_text(card: Scorecard) -> None:
    frame, _ = borrowers(3, seed=3)
    with pytest.raises(BadInput, match="column 'score' holds other values than numbers; give it as it was"):
        card.points(frame.assign(score=pd.array(["Ada", "Bob", "Cy"], dtype="str")))


def test_huge_and_infinite_values_score_as_the_outer_bins(card: Scorecard) -> None:
    frame = pd.DataFrame({"score": [50.0, 1e9, np.inf, -50.0, -1e9, -np.inf], "noise": 0.0, "city": "near"})
    points = card.points(frame)
    assert (points[:3] == points[0]).all()
    assert (points[3:] == points[3]).all()
    assert points[0] > points[3]


def test_a_constant_and_a_wholly_missing_feature_are_left_out(card: Scorecard) -> None:
    frame, bad = borrowers()
    useless = {"constant": 7.0, "empty": np.nan, "blank": pd.Series([None] * len(frame), dtype="str")}
    features = (
        SCORE,
        Feature(name="constant", kind="numeric"),
        Feature(name="empty", kind="numeric"),
        Feature(name="blank", kind="category"),
    )
    fitted = fit_scorecard(
        frame.assign(**useless), features, bad, rng=np.random.default_rng(0), settings=FEW_DRAWS, penalty=1.0
    )
    assert [v.feature.name for v in fitted.variables] == ["score"]


def test_a_label_that_is_not_known_or_never_differs_stops_the_fit() -> None:
    frame, bad = borrowers(60)
    rng = np.random.default_rng(0)
    with pytest.raises(BadInput, match="bad holds values that are not known"):
        fit_scorecard(frame, (SCORE,), np.where(bad == 1, np.nan, bad), rng=rng, penalty=1.0)
    with pytest.raises(BadInput, match="all 60 rows of the fit have the same outcome"):
        fit_scorecard(frame, (SCORE,), np.zeros(60), rng=rng, penalty=1.0)
    with pytest.raises(BadInput, match="feature 'age' is not a column"):
        fit_scorecard(frame, (Feature(name="age", kind="numeric"),), bad, rng=rng, penalty=1.0)


def test_a_declared_code_keeps_its_own_points_and_the_direction_is_kept() -> None:
    frame, bad = borrowers(3000)
    rng = np.random.default_rng(0)
    coded = frame.assign(score=np.where(rng.random(3000) < 0.01, -999.0, frame["score"]))
    bad = np.where(coded["score"] == -999.0, 0.0, bad)
    settings = replace(
        FEW_DRAWS, special_codes={"score": (-999,)}, direction={"score": "falling"}, min_information=-1.0
    )
    score = fit_scorecard(coded, (SCORE,), bad, rng=rng, settings=settings, penalty=1.0).variables[0]
    table = score.table().set_index("bin")
    assert table.loc["code -999", "count"] == (coded["score"] == -999.0).sum()
    assert table.loc["code -999", "bad_rate"] == 0
    # 30 rows without a bad one, 20 added at the average rate: the code is better than the lowest interval.
    assert table.loc["code -999", "points"] > table["points"].iloc[0]
    assert table["points"].iloc[: len(score.bins.labels()) - 2].is_monotonic_increasing


def test_a_direction_that_the_rows_contradict_leaves_the_variable_out() -> None:
    frame, bad = borrowers()
    settings = replace(FEW_DRAWS, direction={"score": "rising"})
    fitted = fit_scorecard(frame, (SCORE,), bad, rng=np.random.default_rng(0), settings=settings, penalty=1.0)
    assert fitted.variables == ()


def test_a_category_never_seen_has_the_points_of_the_worst_where_so_declared() -> None:
    frame, bad = borrowers()
    settings = replace(FEW_DRAWS, unseen="worst")
    fitted = fit_scorecard(frame, (CITY,), bad, rng=np.random.default_rng(0), settings=settings, penalty=1.0)
    leads = pd.DataFrame({"city": ["far", "near", "moon", None]})
    far, near, moon, missing = fitted.points(leads)
    assert moon == far < missing < near
    assert fitted.unseen(leads) == {"city": 1}
    assert fitted.reasons(leads)["words_1"].iloc[2].startswith("city is new: ")
    # It is also less certain than the level whose points it has.
    errors = np.linalg.norm(fitted.log_odds_errors(leads), axis=1)
    assert errors[2] > errors[0]


def test_pseudo_labels_of_partly_matured_accounts_are_fitted_as_what_they_add_up_to() -> None:
    frame, bad = borrowers()
    rng = np.random.default_rng(0)
    pseudo, weight = bad + rng.normal(scale=0.3, size=len(bad)), rng.uniform(0.2, 1.0, len(bad))
    plain = fit_scorecard(frame, (SCORE, CITY), bad, rng=rng, settings=FEW_DRAWS, weight=weight, penalty=1.0)
    fitted = fit_scorecard(frame, (SCORE, CITY), pseudo, rng=rng, settings=FEW_DRAWS, weight=weight, penalty=1.0)
    assert np.abs(fitted.p_bad(frame) - plain.p_bad(frame)).mean() < 0.02
    assert fitted.table()["bad_rate"].dropna().between(0, 1).all()
    folds = stratified_folds(pseudo, 5, rng)
    assert np.bincount(folds).min() >= len(bad) // 5 - 1
    assert np.isfinite(cross_fit(frame, (SCORE, CITY), pseudo, folds, weight=weight).p_bad).all()


def test_a_bin_whose_pseudo_labels_add_up_to_less_than_nothing_keeps_a_finite_woe() -> None:
    frame, _ = borrowers(400)
    labels = Labels(bad=np.where(frame["city"] == "near", -0.3, 1.4), weight=np.ones(400))
    grouping = group(frame, (CITY,), labels, FEW_DRAWS)
    far, near, *others = grouping.woe(labels, smoothing=0.0)
    assert -20 < far < 0 < near < 20
    assert others == [0, 0]
    count, n_bad = grouping.tally(labels)
    assert (n_bad[:2] / count[:2]).tolist() == [1, 0]


def test_coded_leads_give_what_the_leads_give(card: Scorecard) -> None:
    frame, _ = borrowers(300, seed=4)
    coded = card.coded(frame)
    assert (card.points(coded) == card.points(frame)).all()
    assert (card.loadings(coded) == card.loadings(frame)).all()
    pd.testing.assert_frame_equal(card.reasons(coded), card.reasons(frame))


def test_without_any_information_everybody_has_the_average_chance() -> None:
    frame, bad = borrowers()
    flat = pd.DataFrame({"score": np.ones(len(frame))})
    card = fit_scorecard(flat, (SCORE,), bad, rng=np.random.default_rng(0), settings=FEW_DRAWS)
    assert card.variables == ()
    np.testing.assert_allclose(card.p_bad(flat), bad.mean(), rtol=2e-4)
    # The only error left is that of a proportion: sqrt(p (1 - p) / n).
    sd = np.linalg.norm(card.loadings(flat)[0])
    assert sd == pytest.approx(np.sqrt(bad.mean() * (1 - bad.mean()) / len(bad)), rel=0.5)


def test_the_error_of_the_average_chance_shrinks_with_the_root_of_the_rows() -> None:
    sds = []
    for n in (500, 8000):
        frame, bad = borrowers(n)
        card = fit_scorecard(frame, (SCORE,), bad, rng=np.random.default_rng(0), penalty=1.0)
        sds.append(np.linalg.norm(card.loadings(frame).mean(axis=0)))
    assert sds[0] / sds[1] == pytest.approx(4.0, rel=0.35)


def test_ninety_per_cent_intervals_of_a_segments_bad_rate_cover_the_truth() -> None:
    covered = []
    for seed in range(40):
        frame, bad = borrowers(600, seed=seed)
        card = fit_scorecard(
            frame, (SCORE, CITY), bad, rng=np.random.default_rng(seed), settings=FEW_DRAWS, penalty=1.0
        )
        safe = pd.DataFrame({"score": [1.0], "city": ["near"]})
        sd = np.linalg.norm(card.loadings(safe)[0])
        covered.append(abs(card.p_bad(safe)[0] - 0.1) <= 1.645 * sd)
    assert 0.75 <= np.mean(covered) <= 1.0


def test_a_row_of_weight_two_counts_as_two_rows() -> None:
    frame, bad = borrowers(400)
    twice = np.repeat(np.arange(400), np.where(np.arange(400) < 100, 2, 1))
    settings = ScorecardSettings(n_errors=0, n_pre_bins=400, min_count=0, min_share=0.0)
    rng = np.random.default_rng(0)
    weight = np.where(np.arange(400) < 100, 2.0, 1.0)
    weighted = fit_scorecard(frame, (SCORE, CITY), bad, rng=rng, weight=weight, settings=settings, penalty=1.0)
    repeated = fit_scorecard(frame.iloc[twice], (SCORE, CITY), bad[twice], rng=rng, settings=settings, penalty=1.0)
    np.testing.assert_allclose(weighted.p_bad(frame), repeated.p_bad(frame), rtol=1e-4)


def test_predictions_out_of_fold_come_from_models_that_never_saw_the_row() -> None:
    frame, bad = borrowers(300)
    folds = stratified_folds(bad, 3, np.random.default_rng(0))
    settings = ScorecardSettings(penalties=(1.0,))
    before = cross_fit(frame, (SCORE, CITY), bad, folds, settings=settings).p_bad
    turned = np.where(folds == 0, 1 - bad, bad)
    after = cross_fit(frame, (SCORE, CITY), turned, folds, settings=settings).p_bad
    assert (before[folds == 0] == after[folds == 0]).all()
    assert (before[folds == 1] != after[folds == 1]).any()


def test_a_strong_penalty_is_chosen_where_there_is_nothing_to_learn() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(400, 20)), columns=[f"x{i}" for i in range(20)])
    bad = (rng.random(400) < 0.3).astype(float)
    features = tuple(Feature(name=name, kind="numeric") for name in frame.columns)
    fitted = cross_fit(frame, features, bad, stratified_folds(bad, 5, rng))
    assert fitted.penalty >= 100.0
    assert fitted.log_loss[-1] < fitted.log_loss[0] - 0.02


def test_folds_spread_bad_and_good_evenly() -> None:
    bad = np.array([1.0] * 10 + [0.0] * 20)
    folds = stratified_folds(bad, 5, np.random.default_rng(0))
    assert np.bincount(folds[bad == 1]).tolist() == [2] * 5
    assert np.bincount(folds[bad == 0]).tolist() == [4] * 5
