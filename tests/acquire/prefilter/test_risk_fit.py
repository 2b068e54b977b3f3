from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.ingest.market import MarketSpec, make_market
from acquire.prefilter.risk_fit import fit_risk_model
from acquire.prefilter.risk_model import RiskModel

FEATURES = (Feature(name="score", kind="numeric"), Feature(name="channel", kind="category"))
TODAY = date(2026, 1, 1)
NAN = float("nan")
OF_BAD, OF_GOOD = 0.75, 0.03


def bookings(n: int = 6_000, *, worse: float = 0.0, seed: int = 0, matures_after_days: int = 180) -> pd.DataFrame:
    """A year of bookings of "feed" and "mail"; for the last 180 days, ln(odds bad) of "mail" is higher by `worse`."""
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 365, n)
    frame = pd.DataFrame({"score": rng.normal(size=n), "channel": rng.choice(["feed", "mail"], n), "offer": "coupon"})
    frame["contacted_on"] = pd.Timestamp(TODAY) - pd.to_timedelta(age, unit="D")
    frame["p"] = expit(-2.0 - frame["score"] + worse * ((frame["channel"] == "mail") & (age < 180)))
    bad = rng.random(n) < frame["p"]
    late = rng.random(n) < np.where(bad, OF_BAD, OF_GOOD)
    return frame.assign(
        bad=np.where(age >= matures_after_days, bad, NAN), dpd30=np.where(age >= 40, late, NAN), truly_bad=bad
    )


def fit(booked: pd.DataFrame, leads: pd.DataFrame | None = None, maturity_days: int | None = None) -> RiskModel:
    return fit_risk_model(
        booked, FEATURES, rng=np.random.default_rng(7), leads=leads, on=TODAY, maturity_days=maturity_days
    )


def leads_of(channel: str, n: int = 1_000) -> pd.DataFrame:
    return pd.DataFrame({"score": np.random.default_rng(9).normal(size=n), "channel": channel})


def off(model: RiskModel, channel: str, log_odds: float) -> float:
    """Promised over true mean chance of leads like the booked whose level is `log_odds`."""
    leads = leads_of(channel)
    return float(model.p_bad(leads).mean() / expit(log_odds - leads["score"]).mean())


def test_a_channel_that_got_worse_is_followed_by_partly_matured_bookings_and_missed_without_them() -> None:
    booked = bookings(worse=1.0)
    followed, missed = fit(booked), fit(booked[booked["bad"].notna()].reset_index(drop=True))
    now = -2.0 + 1.0
    # Half of the year's bookings are the new, worse ones: the scorecard's level of "mail" lies between old and new.
    assert off(missed, "mail", now) < 0.7
    assert off(followed, "mail", now) > off(missed, "mail", now) + 0.12
    assert off(followed, "feed", -2.0) == pytest.approx(1.0, abs=0.12)


def test_where_nothing_changed_partly_matured_bookings_change_no_level() -> None:
    booked = bookings(10_000)
    for channel in ("feed", "mail"):
        assert off(fit(booked), channel, -2.0) == pytest.approx(1.0, abs=0.1)


def test_a_mix_that_moved_is_learnt_from_bookings_without_a_label() -> None:
    # "new" came up in the last 180 days: no booking of it has matured.
    booked = bookings(8_000, worse=1.0)
    young_mail = (booked["channel"] == "mail") & booked["bad"].isna()
    booked["channel"] = booked["channel"].mask(young_mail, "new")
    known, unknown = fit(booked), fit(booked[booked["bad"].notna()].reset_index(drop=True))
    assert off(known, "new", -1.0) == pytest.approx(1.0, abs=0.2)
    assert off(unknown, "new", -1.0) < 0.7


def test_partly_matured_bookings_make_the_scorecard_surer() -> None:
    booked = bookings(3_000)
    with_young, without = fit(booked), fit(booked[booked["bad"].notna()].reset_index(drop=True))
    width = [
        np.linalg.norm(model.scorecard.log_odds_errors(leads_of("mail")), axis=1) for model in (with_young, without)
    ]
    assert width[0].mean() < width[1].mean()


def test_a_trend_is_carried_on_to_the_leads_and_said() -> None:
    rng = np.random.default_rng(3)
    n = 40_000
    age = rng.integers(180, 720, n)
    booked = pd.DataFrame({"score": rng.normal(size=n), "channel": rng.choice(["feed", "mail"], n), "offer": "coupon"})
    booked["contacted_on"] = pd.Timestamp(TODAY) - pd.to_timedelta(age, unit="D")
    level = -1.5 - 0.8 * age / 365 * (booked["channel"] == "mail")
    booked["bad"] = (rng.random(n) < expit(level - booked["score"])).astype(float)
    model = fit(booked)
    without_day = fit_risk_model(booked, FEATURES, rng=np.random.default_rng(7))
    assert off(model, "mail", -1.5) > off(without_day, "mail", -1.5) + 0.1
    assert any("the odds to go bad in mail move by a factor of" in note for note in model.notes)


def test_a_history_without_dates_says_that_movement_cannot_be_seen() -> None:
    model = fit(bookings().drop(columns="contacted_on"))
    assert "history has no dates: whether bad rates move with time cannot be seen" in model.notes
    assert model.drift.channels == ()


def test_what_was_fitted_stands_in_the_order_of_the_rows() -> None:
    booked = bookings(2_000)
    fitted = fit(booked).fitted
    final = booked["bad"].notna()
    assert fitted is not None
    assert (fitted.y[final] == booked["bad"][final]).all()
    assert (fitted.weight[final] == 1).all()
    assert (fitted.weight[booked["dpd30"].isna()] == 0).all()
    assert np.isnan(fitted.y[booked["dpd30"].isna()]).all()
    assert ((fitted.p_bad > 0) & (fitted.p_bad < 1)).all()


def test_quality_is_measured_on_final_labels_alone() -> None:
    booked = bookings(2_000)
    quality = fit(booked).quality
    assert quality is not None
    assert quality.n == booked["bad"].notna().sum()
    assert quality.n_bad == booked["bad"].sum()


def test_leads_far_from_the_booked_are_less_certain_and_the_table_shows_it() -> None:
    booked = bookings(4_000)
    far = leads_of("mail").assign(score=lambda leads: leads["score"] - 1.5)
    model = fit(booked, leads=far)
    assert model.fitted is not None
    table = model.fitted.distance
    assert table is not None
    assert table["bookings"].iloc[3] < table["bookings"].iloc[0]
    tilt = model.loadings(far)[:, -1] / (model.p_bad(far) * (1 - model.p_bad(far)))
    quarter = np.argsort(model.seen.distance(far)).reshape(4, -1)
    assert np.abs(tilt[quarter[3]]).mean() == np.abs(tilt[quarter]).mean(axis=1).max() > 0.05


def test_a_model_with_early_signs_distance_and_trends_reads_back_bit_for_bit() -> None:
    booked, leads = bookings(worse=1.0), leads_of("mail")
    model = fit(booked, leads=leads)
    read = RiskModel.from_json(model.to_json())
    assert (read.p_bad(leads, "coupon") == model.p_bad(leads, "coupon")).all()
    assert (read.loadings(leads, "coupon") == model.loadings(leads, "coupon")).all()
    assert (read.p_bad(booked) == model.p_bad(booked)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda booked: booked.assign(bad=NAN), "no booked row whose bad label is known"),
        (lambda booked: booked.assign(bad=booked["bad"] * 2), "bad holds a value other than 0 and 1"),
        (lambda booked: booked.assign(dpd30=2.0), "dpd30 is 2 in a booking"),
        (lambda booked: booked.assign(fpd1=-1.0), "fpd1 is -1 in a booking"),
        (lambda booked: booked.head(0), "no booked row whose bad label is known"),
    ],
)
def test_labels_and_signs_that_cannot_be_read_are_refused(change: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        fit(change(bookings(500)))  # type: ignore[operator]


def test_what_the_early_to_late_step_is_unsure_of_moves_all_leads_together() -> None:
    # Without dates no month can differ from another: what is left of the common level's error is that of the step.
    booked = bookings(2_000).drop(columns="contacted_on")
    assert fit(booked).level_sd > 0
    assert fit(booked.drop(columns="dpd30")).level_sd == 0


def test_channels_and_offers_never_seen_are_as_uncertain_as_known_ones_differ() -> None:
    model = fit(bookings(2_000, worse=2.0, matures_after_days=0))
    assert model.ranking is not None
    assert model.channels.unseen_sd >= model.ranking.spread("channel") > 0.1
    # One offer shows nothing of how offers differ: 15 % in the odds is what is known beforehand.
    assert model.offers.unseen_sd == pytest.approx(0.15)


def test_labels_of_which_none_is_old_enough_are_refused() -> None:
    with pytest.raises(BadInput, match="no booking with a known label is 900 days old"):
        fit(bookings(500), maturity_days=900)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_outcome_only_gives_everybody_an_average_inside_zero_and_one_and_says_so(outcome: float) -> None:
    booked = bookings(2_000)
    model = fit(booked.assign(bad=booked["bad"].where(booked["bad"].isna(), outcome)))
    assert 0 < model.p_bad(leads_of("mail"))[0] < 1
    assert "every lead gets the average" in model.notes[1]
    assert model.fitted is not None
    assert (model.fitted.weight == booked["bad"].notna()).all()


def test_early_bad_labels_do_not_push_the_level_up_where_maturity_is_declared() -> None:
    # Bad is labelled at once, good after 180 days: of the young, only the bad have a label.
    booked = bookings(8_000)
    young = booked["bad"].isna()
    booked["bad"] = booked["bad"].mask(young & booked["truly_bad"], 1.0)
    pushed, right = fit(booked), fit(booked, maturity_days=180)
    assert off(pushed, "feed", -2.0) > 1.15
    assert off(right, "feed", -2.0) == pytest.approx(1.0, abs=0.12)
    assert any("give maturity_days in [risk]" in note for note in pushed.notes)


def test_intervals_cover_the_truth_in_each_quarter_of_distance_from_the_booked() -> None:
    covered = [covers for seed in range(4) for covers in quarters_covered(seed)]
    assert sum(covered) >= 13


def quarters_covered(seed: int) -> list[bool]:
    """Whether each quarter's 90 % interval holds the true mean chance of those who would book, in one made-up market."""
    market = make_market(
        MarketSpec(n_history=8_000, n_leads=3_000, ends_on=date(2025, 12, 31)), np.random.default_rng(seed)
    )
    leads = market.leads
    left_out = {"lead_id", "person_id", "consent", "do_not_contact", "gender"}
    categories = {"channel", "region", "employment"}
    features = [
        Feature(name=name, kind="category" if name in categories else "numeric")
        for name in leads
        if name not in left_out
    ]
    booked = market.history[market.history["booked"] == 1].reset_index(drop=True)
    model = fit_risk_model(booked, features, rng=np.random.default_rng(seed), leads=leads, on=date(2025, 12, 31))
    shares = market.history["offer"].value_counts(normalize=True)
    weight = sum(shares[offer] * market.truth[f"p_booked_{offer}"] for offer in shares.index)
    bad = sum(
        shares[offer] * market.truth[f"p_booked_{offer}"] * market.truth[f"p_bad_{offer}"] for offer in shares.index
    )
    quarter = np.argsort(model.seen.distance(leads), kind="stable").reshape(4, -1)
    p, errors = model.p_bad(leads), model.loadings(leads)
    told = []
    for rows in quarter:
        held = weight.to_numpy()[rows]
        sd = np.linalg.norm(held @ errors[rows]) / held.sum()
        told.append(bool(abs(bad.to_numpy()[rows].sum() - held @ p[rows]) / held.sum() <= 1.645 * sd))
    return told
