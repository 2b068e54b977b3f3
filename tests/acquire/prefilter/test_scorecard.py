import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_fit import cross_fit, cross_fit_p_bad, fit_scorecard, stratified_folds

SCORE, NOISE, CITY = (
    Feature(name="score", kind="numeric"),
    Feature(name="noise", kind="numeric"),
    Feature(name="city", kind="category"),
)
FEW_DRAWS = ScorecardSettings(n_draws=16, n_errors=8)


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
    assert card.p_bad(frame).mean() == pytest.approx(bad.mean(), abs=1e-6)


def test_a_category_never_seen_is_scored_as_neutral_and_counted(card: Scorecard) -> None:
    lead = pd.DataFrame({"score": [0.5, 0.5], "noise": [0.0, 0.0], "city": ["moon", None]})
    assert card.unseen(lead) == {"city": 1}
    city = next(v for v in card.variables if v.feature.name == "city")
    assert city.woe[-2:].tolist() == [0.0, 0.0]
    known = card.loadings(pd.DataFrame({"score": [0.5], "noise": [0.0], "city": ["near"]}))
    assert np.linalg.norm(card.loadings(lead), axis=1).min() > np.linalg.norm(known)


def test_reasons_name_the_points_lost_against_the_best_bin(card: Scorecard) -> None:
    leads = pd.DataFrame({"score": [-2.0, 2.0], "noise": [0.0, 0.0], "city": ["far", "near"]})
    reasons = card.reasons(leads, top=2)
    score, city = (next(v for v in card.variables if v.feature.name == name) for name in ("score", "city"))
    assert reasons["reason_1"].iloc[0] == "score"
    assert reasons["lost_1"].iloc[0] == pytest.approx(
        score.points.max() - score.points[score.bins.codes(leads["score"])][0]
    )
    assert reasons.filter(like="lost").iloc[0].is_monotonic_decreasing
    assert city.points[0] < city.points[1]


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


def test_without_any_information_everybody_has_the_average_chance() -> None:
    frame, bad = borrowers()
    flat = pd.DataFrame({"score": np.ones(len(frame))})
    card = fit_scorecard(flat, (SCORE,), bad, rng=np.random.default_rng(0), settings=FEW_DRAWS)
    assert card.variables == ()
    np.testing.assert_allclose(card.p_bad(flat), bad.mean(), rtol=1e-6)
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
    settings = ScorecardSettings(n_draws=2, n_pre_bins=400, min_count=0, min_share=0.0)
    rng = np.random.default_rng(0)
    weight = np.where(np.arange(400) < 100, 2.0, 1.0)
    weighted = fit_scorecard(frame, (SCORE, CITY), bad, rng=rng, weight=weight, settings=settings, penalty=1.0)
    repeated = fit_scorecard(frame.iloc[twice], (SCORE, CITY), bad[twice], rng=rng, settings=settings, penalty=1.0)
    np.testing.assert_allclose(weighted.p_bad(frame), repeated.p_bad(frame), rtol=1e-4)


def test_predictions_out_of_fold_come_from_models_that_never_saw_the_row() -> None:
    frame, bad = borrowers(300)
    folds = stratified_folds(bad, 3, np.random.default_rng(0))
    before = cross_fit_p_bad(frame, (SCORE, CITY), bad, folds, settings=ScorecardSettings(penalties=(1.0,)))
    turned = np.where(folds == 0, 1 - bad, bad)
    after = cross_fit_p_bad(frame, (SCORE, CITY), turned, folds, settings=ScorecardSettings(penalties=(1.0,)))
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
