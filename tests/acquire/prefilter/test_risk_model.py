from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.effects import residuals_by
from acquire.prefilter.quality import auc
from acquire.prefilter.risk_fit import fit_risk_model
from acquire.prefilter.risk_model import RiskModel

FEATURES = (Feature(name="score", kind="numeric"), Feature(name="channel", kind="category"))
TAIWAN = Path(__file__).parents[4] / "shared" / "markets" / "taiwan"


def bookings(
    n: int = 3000, *, offer_shift: float = 0.0, month_sd: float = 0.0, channel_shift: float = 0.0, seed: int = 0
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"score": rng.normal(size=n), "channel": rng.choice(["feed", "own"], n)})
    frame["offer"] = rng.choice(["control", "coupon"], n)
    month = rng.integers(0, 12, n)
    frame["contacted_on"] = pd.to_datetime("2025-01-15") + pd.to_timedelta(month * 30.4, unit="D")
    level = rng.normal(size=12)[month] * month_sd
    log_odds = -1.5 - frame["score"] + offer_shift * (frame["offer"] == "coupon") + level
    log_odds += channel_shift * (frame["channel"] == "feed")
    return frame.assign(bad=(rng.random(n) < expit(log_odds)).astype(float))


def fit(history: pd.DataFrame) -> RiskModel:
    return fit_risk_model(history, FEATURES, rng=np.random.default_rng(7))


def test_an_offer_that_attracts_people_who_repay_worse_shows_it() -> None:
    history = bookings(offer_shift=0.8)
    model = fit(history)
    worse = model.log_odds(history, "coupon") - model.log_odds(history, "control")
    assert worse[0] == pytest.approx(0.8, abs=0.3)
    assert "offers differ" in model.offer_shift_note


def test_offers_that_history_cannot_tell_apart_are_equal_and_the_note_says_so() -> None:
    history = bookings()
    model = fit(history)
    assert (model.p_bad(history, "coupon") == model.p_bad(history, "control")).all()
    assert "offers count as equal" in model.offer_shift_note


def test_months_that_differ_make_the_common_level_uncertain() -> None:
    assert fit(bookings(month_sd=0.5)).level_sd == pytest.approx(0.5, abs=0.25)
    assert fit(bookings()).level_sd == 0.0
    assert fit(bookings(month_sd=0.5).drop(columns="contacted_on")).level_sd == 0.0


def test_a_channel_history_never_saw_is_less_certain_than_one_it_knows() -> None:
    model = fit(bookings(channel_shift=1.0))
    known, unseen = (pd.DataFrame({"score": [0.0], "channel": [name]}) for name in ("feed", "new_app"))
    relative = [np.linalg.norm(model.loadings(lead)) / model.p_bad(lead)[0] for lead in (known, unseen)]
    assert relative[1] > 2 * relative[0]


def test_errors_are_the_same_ones_for_every_offer_so_that_offers_can_be_added_up() -> None:
    history = bookings(offer_shift=0.8)
    model = fit(history)
    apart = np.zeros(0)
    for offer, sign in (("control", 1), ("coupon", -1)):
        p = model.p_bad(history, offer)
        in_log_odds = model.loadings(history, offer) / (p * (1 - p))[:, None]
        apart = sign * in_log_odds if not apart.size else apart + sign * in_log_odds
    # What they share drops out of the difference; each offer's own error stays.
    own = model.offers.sd["control"] ** 2 + model.offers.sd["coupon"] ** 2
    assert own > 0
    np.testing.assert_allclose((apart**2).sum(axis=1), own, rtol=1e-6)


def test_loadings_are_the_derivative_of_the_chance_by_the_common_level() -> None:
    history = bookings(month_sd=0.5)
    model = fit(history)
    p = model.p_bad(history)
    level = model.loadings(history)[:, model.scorecard.constant_errors.shape[0]]
    np.testing.assert_allclose(level, p * (1 - p) * model.level_sd)


def test_the_rankings_own_errors_count_as_far_as_the_calibration_stretches_them() -> None:
    history = bookings(1_000)
    model = replace(fit(history), calibration=Calibration(method="beta", slope_low=0.5, slope_high=2.0, shift=0.2))
    assert model.ranking is not None
    ranked, errors = model.ranking.log_odds_bad(history), model.ranking.log_odds_errors(history)
    beside = model.log_odds(history) - model.calibration.log_odds(ranked)
    told = model.loadings(history)
    for k in range(errors.shape[1]):
        up, down = (expit(model.calibration.log_odds(ranked + h * errors[:, k]) + beside) for h in (1e-4, -1e-4))
        np.testing.assert_allclose(told[:, k], (up - down) / 2e-4, atol=1e-7)


def test_with_too_few_labels_a_channel_may_lie_half_a_log_odd_from_the_average_whichever_it_is() -> None:
    model = fit(bookings(60))
    leads = pd.DataFrame({"score": [0.0, 0.0], "channel": ["feed", "new_app"]})
    p = model.p_bad(leads)
    spread = np.linalg.norm(model.loadings(leads), axis=1) / (p * (1 - p))
    np.testing.assert_allclose(spread, np.hypot(model.level_sd, 0.5))


def test_with_too_few_labels_everybody_gets_the_average_with_wide_errors_and_a_note() -> None:
    history = bookings(60)
    model = fit(history)
    n, n_bad = len(history), history["bad"].sum()
    assert model.scorecard is None
    np.testing.assert_allclose(model.p_bad(history, "coupon"), (n_bad + 0.5) / (n + 1))
    assert np.linalg.norm(model.loadings(history)[0]) >= np.sqrt(n_bad * (n - n_bad) / n**3)
    assert "every lead gets the average" in model.notes[1]


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_outcome_only_gives_a_chance_inside_zero_and_one(outcome: float) -> None:
    history = bookings(200).assign(bad=outcome)
    assert 0 < fit(history).p_bad(history)[0] < 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [([], "no booked row"), ([2.0, np.nan], "other than 0 and 1"), ([0.5, 0.0], "other than 0 and 1")],
)
def test_labels_that_are_none_are_refused(bad: list[float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        fit(bookings(len(bad)).assign(bad=bad))


def test_quality_is_out_of_fold_and_aligned_with_the_rows_given() -> None:
    history = bookings()
    quality = fit(history).quality
    assert quality is not None
    assert quality.n == len(history)
    assert quality.n_bad == history["bad"].sum()
    assert quality.auc == auc(quality.p_bad, history["bad"].to_numpy())
    assert np.corrcoef(quality.p_bad, -history["score"])[0, 1] > 0.8
    assert quality.p_bad.mean() == pytest.approx(history["bad"].mean(), abs=0.01)


def test_the_same_seed_gives_the_same_model_and_history_stays_as_it_was() -> None:
    history = bookings()
    before = history.copy()
    assert fit(history).to_json() == fit(history).to_json()
    pd.testing.assert_frame_equal(history, before)


@pytest.mark.parametrize("n", [60, 3000])
def test_a_model_read_from_json_predicts_the_same_bit_for_bit(n: int) -> None:
    history = bookings(n, offer_shift=0.8)
    model = fit(history)
    read = RiskModel.from_json(model.to_json())
    assert (read.p_bad(history, "coupon") == model.p_bad(history, "coupon")).all()
    assert (read.loadings(history, "coupon") == model.loadings(history, "coupon")).all()


@pytest.mark.parametrize("text", ["{}", "[]", "x", '{"format": 9}', '{"format": 1}'])
def test_a_risk_model_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="risk model"):
        RiskModel.from_json(text)


def test_groups_that_differ_only_by_chance_have_no_variance_between_them() -> None:
    group = pd.Series(["a", "b"] * 50)
    bad = np.array([1.0, 0.0, 0.0, 1.0] * 25)
    left = residuals_by(group, np.full(100, 0.5), bad, np.ones(100))
    assert left.residual.tolist() == [0.0, 0.0]
    assert left.p_equal == 1.0
    assert left.shrunk().shift == {}


def test_a_difference_that_chance_explains_is_not_taken_for_one_between_offers() -> None:
    group = pd.Series(["a"] * 400 + ["b"] * 400)
    bad = np.r_[np.tile([1.0] * 21 + [0.0] * 19, 10), np.tile([1.0] * 19 + [0.0] * 21, 10)]
    left = residuals_by(group, np.full(800, 0.5), bad, np.ones(800))
    # Residual +-10, information 100 each: chi square 2 with one degree of freedom, p = .157.
    assert left.p_equal == pytest.approx(0.157, abs=0.001)
    assert left.between_variance() == 0.0


def test_a_shift_is_shrunk_by_its_reliability() -> None:
    group = pd.Series(["a"] * 400 + ["b"] * 400)
    bad = np.r_[np.tile([1.0, 1.0, 1.0, 0.0], 100), np.tile([1.0, 0.0, 0.0, 0.0], 100)]
    left = residuals_by(group, np.full(800, 0.5), bad, np.ones(800))
    # Residual +-100, information 100 each: raw shifts +-1, chi square 200 with one degree of freedom.
    assert left.between_variance() == pytest.approx((200 - 1) / (200 - 20000 / 200))
    assert left.shrunk().shift["a"] == pytest.approx(100 / (100 + 1 / 1.99))


@pytest.mark.skipif(not TAIWAN.exists(), reason=f"{TAIWAN.name} market is not beside the project")
def test_on_real_borrowers_the_scorecard_ranks_and_promises_what_happens() -> None:
    unused = {"lead_id", "sex", "marriage", "consent", "do_not_contact"}
    leads, history = (pd.read_parquet(TAIWAN / f"{name}.parquet") for name in ("leads", "history"))
    truth = pd.read_parquet(TAIWAN / "truth.parquet").set_index("lead_id").loc[leads["lead_id"]]
    categories = {"channel", "region"}
    features = tuple(
        Feature(name=name, kind="category" if name in categories else "numeric")
        for name in leads.columns
        if name not in unused
    )
    model = fit_risk_model(history[history["bad"].notna()], features, rng=np.random.default_rng(7))
    p, bad, weight = model.p_bad(leads, "contact"), truth["bad"].to_numpy(float), truth["p_contact"].to_numpy()
    assert auc(p, bad) > 0.765
    assert np.average(p, weights=weight) == pytest.approx(np.average(bad, weights=weight), abs=0.015)
    assert model.quality is not None
    assert model.quality.auc > 0.765
    assert model.quality.ece < 0.03
