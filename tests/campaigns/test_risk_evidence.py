"""What the people who sign are told about the chance to go bad."""

import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from acquire.domain import Feature
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.risk_fit import fit_risk_model
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.scorecard import ScorecardSettings
from campaigns.plan_document import PlanDocument
from campaigns.risk_document import EVERY, RiskEvidence
from campaigns.risk_evidence import describe_calibration, gather_risk_evidence, risk_warnings
from tests.campaigns.plan_documents import sample_plan

FEATURES = (
    Feature(name="score", kind="numeric"),
    Feature(name="channel", kind="category"),
    Feature(name="employment", kind="category"),
)
TODAY = date(2026, 1, 1)
FIRST_VERSION = ("n", "n_bad", "auc", "ks", "brier", "ece", "scorecard")


def bookings(n: int = 1_500) -> pd.DataFrame:
    """Bookings of 2025, the youngest without a label; who goes bad misses the first payment every second time."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"score": rng.normal(size=n), "channel": rng.choice(["feed", "own"], n)})
    frame["employment"] = rng.choice(["worker", "clerk", "student"], n)
    frame["offer"] = "coupon"
    frame["contacted_on"] = pd.to_datetime("2025-01-01") + pd.to_timedelta(rng.integers(0, 360, n), unit="D")
    log_odds = -1.2 - frame["score"] + (frame["employment"] == "student")
    bad = (rng.random(n) < expit(log_odds)).astype(float)
    frame["fpd1"] = np.where(bad == 1, rng.random(n) < 0.5, rng.random(n) < 0.02).astype(float)
    return frame.assign(bad=np.where(frame["contacted_on"] < "2025-09-01", bad, np.nan))


def traffic(n: int = 400) -> pd.DataFrame:
    """Leads like the booked, but for the last quarter: far worse scores, and a tenth of all with a new employment."""
    leads = bookings(n).drop(columns=["bad", "offer", "contacted_on", "fpd1"])
    leads.loc[leads.index[300:], "score"] = -6.0
    leads.loc[leads.index[:40], "employment"] = "astronaut"
    return leads


def fit(history: pd.DataFrame, leads: pd.DataFrame | None, **settings: str) -> RiskModel:
    return fit_risk_model(
        history,
        FEATURES,
        rng=np.random.default_rng(7),
        leads=leads,
        on=TODAY,
        settings=ScorecardSettings(**settings),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def risk() -> RiskModel:
    return fit(bookings(), traffic())


@pytest.fixture(scope="module")
def evidence(risk: RiskModel) -> RiskEvidence:
    found = gather_risk_evidence(risk, traffic())
    assert found is not None
    return found


def test_every_figure_comes_with_its_interval(risk: RiskModel, evidence: RiskEvidence) -> None:
    assert risk.quality is not None
    assert evidence.intervals == risk.quality.intervals
    assert evidence.log_loss == risk.quality.log_loss
    assert evidence.intervals is not None
    assert evidence.intervals.auc.low < evidence.auc < evidence.intervals.auc.high


def test_the_table_of_early_to_late_has_a_line_per_channel_and_one_for_all(evidence: RiskEvidence) -> None:
    assert [line.channel for line in evidence.early_to_late] == ["feed", "own", EVERY]
    every = evidence.early_to_late[-1]
    history = bookings()
    matured = history[history["bad"].notna()]
    assert every.matured == len(matured)
    assert every.partly == history["bad"].isna().sum()
    [fpd1] = every.signs
    assert fpd1.sign == "fpd1"
    assert fpd1.of_bad == pytest.approx(matured.loc[matured["bad"] == 1, "fpd1"].mean())
    assert fpd1.of_good == pytest.approx(matured.loc[matured["bad"] == 0, "fpd1"].mean())
    assert fpd1.bad_after == pytest.approx(matured.loc[matured["fpd1"] == 1, "bad"].mean())


def test_the_farthest_quarter_of_the_leads_is_known_less_well_and_hardly_anybody_there_was_booked(
    evidence: RiskEvidence,
) -> None:
    near, far = evidence.distance[0], evidence.distance[-1]
    assert [line.quarter for line in evidence.distance] == [1, 2, 3, 4]
    assert sum(line.leads for line in evidence.distance) == 400
    assert far.bookings < 50 < near.bookings
    assert far.distance > near.distance
    assert far.p_bad > 0.5 > near.p_bad


def test_trends_are_listed_per_channel_and_for_channels_never_seen(evidence: RiskEvidence) -> None:
    assert [line.channel for line in evidence.drift] == ["feed", "own", EVERY]
    assert all(line.sd > 0 for line in evidence.drift)
    assert all(line.shift_now == 0 for line in evidence.drift if line.trend < 0)


def test_a_history_without_dates_has_no_trends() -> None:
    history = bookings().drop(columns="contacted_on")
    found = gather_risk_evidence(fit(history, traffic()), traffic())
    assert found is not None
    assert found.drift == ()
    assert any("no dates" in note for note in found.notes)


@pytest.mark.parametrize(("declared", "words"), [("pooled", "as the rare ones do"), ("worst", "as the worst ones do")])
def test_leads_with_a_category_that_history_never_held_are_counted_and_warned_of(declared: str, words: str) -> None:
    found = gather_risk_evidence(fit(bookings(), traffic(), unseen=declared), traffic())
    assert found is not None
    [unseen] = found.unseen
    assert (unseen.variable, unseen.leads, unseen.share, unseen.scored_as) == ("employment", 40, 0.1, declared)
    warning = risk_warnings(found)[0].replace("\u00a0", " ")
    assert warning == f"40 leads (10.0 %) hold a level of employment that history never held; they score {words}"


def test_a_challenger_in_force_is_judged_and_counts_new_categories_too() -> None:
    model = fit_risk_model(
        bookings(), FEATURES, rng=np.random.default_rng(7), leads=traffic(), on=TODAY, champion="challenger"
    )
    found = gather_risk_evidence(model, traffic())
    assert model.champion == "challenger"
    assert found is not None
    assert found.scorecard == ()
    assert found.calibration is not None
    assert [(one.variable, one.leads, one.scored_as) for one in found.unseen] == [("employment", 40, "pooled")]


def test_a_quarter_of_leads_that_history_hardly_booked_is_a_warning(evidence: RiskEvidence) -> None:
    [warning] = [one for one in risk_warnings(evidence) if "quarter" in one]
    assert warning.startswith("the farthest quarter of the leads (100) lies where only ")
    assert "is known to \u00b1" in warning
    few, enough = (
        replace(evidence, distance=tuple(replace(one, bookings=seen) for one in evidence.distance), unseen=())
        for seen in (49, 50)
    )
    assert len(risk_warnings(few)) == 4
    assert risk_warnings(enough) == ()


def test_nothing_is_warned_of_where_nothing_is_known() -> None:
    assert risk_warnings(None) == ()


def test_a_model_that_gives_everybody_the_average_has_figures_but_nothing_to_explain() -> None:
    found = gather_risk_evidence(fit(bookings(60), traffic()), traffic())
    assert found is not None
    assert (found.scorecard, found.calibration, found.unseen, found.distance) == ((), None, (), ())
    assert any("every lead gets the average" in note for note in found.notes)


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        (Calibration(), "none: chances are as the model gives them"),
        (
            Calibration(method="platt", slope_low=0.9, slope_high=0.9, shift=-0.1),
            "a straight line (Platt): ln(odds bad) = -0.100 + 0.900 x ln(odds bad before)",
        ),
        (
            Calibration(method="beta", slope_low=0.9, slope_high=1.2, shift=0.25),
            "two slopes (beta): ln(odds bad) = 0.250 + 0.900 x ln(p) - 1.200 x ln(1 - p), with p the chance before",
        ),
        # ln odds of 1/4 and 1 are 20 % and 50 %.
        (
            Calibration(method="isotonic", knots=((math.log(1 / 4), 0.0), (0.0, math.log(3)))),
            "2 knots joined by lines (isotonic): a chance of 20.0 % becomes 50.0 %, one of 50.0 % becomes 75.0 %",
        ),
    ],
)
def test_the_calibration_is_said_with_its_numbers(calibration: Calibration, words: str) -> None:
    assert describe_calibration(calibration).words.replace("\u00a0", " ") == words


def test_the_evidence_comes_back_from_plan_json_as_it_went_in(evidence: RiskEvidence) -> None:
    plan = sample_plan()
    for risk in (plan.evidence.risk, evidence):
        document = replace(plan, evidence=replace(plan.evidence, risk=risk))
        text = document.to_json()
        again = PlanDocument.from_json(text)
        assert again.to_json() == text
        # NaN is not equal to itself, so types are compared as they print.
        assert repr(again.evidence.risk) == repr(risk)


def test_what_is_undefined_is_null_in_plan_json() -> None:
    [risk] = [json.loads(sample_plan().to_json())["evidence"]["risk"]]
    assert risk["early_to_late"][1]["bad_rate"] is None
    assert risk["intervals"]["auc"]["predictive_low"] is None


def test_a_plan_of_an_earlier_version_can_still_be_read() -> None:
    raw = json.loads(sample_plan().to_json())
    raw["evidence"]["risk"] = {key: raw["evidence"]["risk"][key] for key in FIRST_VERSION}
    risk = PlanDocument.from_json(json.dumps(raw)).evidence.risk
    assert risk is not None
    assert (risk.intervals, risk.calibration, risk.distance, risk.notes) == (None, None, (), ())
    assert math.isnan(risk.log_loss)
