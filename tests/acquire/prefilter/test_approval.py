"""The lender's cut-off: noise from applicants, bookings priced anew when it moves, and what history says of it."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.ingest.market import Market, MarketSpec, make_market, response
from acquire.ingest.market.terms import ARMS
from acquire.policy import Approval
from acquire.prefilter.approval import ApprovalModel, fit_approval, read_scores, reprice
from acquire.prefilter.approval_evidence import judge_approval

BUREAU = Approval(field="bureau_score", cut_off=585, was=585, missing=590, codes=(-999.0,))
SPEC = MarketSpec(n_history=20_000, n_leads=6_000, ends_on=date(2025, 12, 31))
NOISE = 35 * math.sqrt(3) / math.pi  # s of the market's noise, whose standard deviation is 35


def market_with(cut_off: float) -> Market:
    """The same people whatever the lender's approval policy is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(response, "_CUT_OFF", cut_off)
        return make_market(SPEC, np.random.default_rng(3))


@pytest.fixture(scope="module")
def market() -> Market:
    return market_with(585.0)


@pytest.fixture(scope="module")
def fitted(market: Market) -> ApprovalModel:
    return fit_approval(market.history, BUREAU)


def chances(truth: pd.DataFrame) -> np.ndarray:
    """True chances to book under every arm."""
    return truth[[f"p_booked_{arm}" for arm in ARMS]].to_numpy()


def moved_to(model: ApprovalModel, cut_off: float) -> ApprovalModel:
    return replace(model, approval=replace(model.approval, cut_off=cut_off))


def applicants(score: list[float], approved: list[float], **more: list[object]) -> pd.DataFrame:
    n = len(score)
    columns = {"channel": ["feed"] * n, "offer": ["control"] * n, "booked": approved, "applied": [1.0] * n}
    return pd.DataFrame({**columns, "approved": approved, "score": score, **more})


def stated(**more: object) -> Approval:
    return Approval(**{"field": "score", "cut_off": 600, "was": 600, **more})


def test_the_noise_between_lead_and_application_is_read_off_history(fitted: ApprovalModel) -> None:
    assert fitted.scale == pytest.approx(NOISE, rel=0.1)


def test_the_noise_is_that_of_the_greatest_likelihood() -> None:
    model = fit_approval(applicants([590, 610, 590, 610, 610], [1, 0, 0, 1, 1]), stated())
    # With e = exp(-10 / s), 3 of 5 lie on the likely side: the likelihood is greatest where 1 / (1 + e) = 3 / 5.
    assert model.scale == pytest.approx(10 / math.log(1.5))


def test_a_cut_off_that_alone_decided_in_history_has_no_noise() -> None:
    model = fit_approval(applicants([599, 600, 650, 500], [0, 1, 1, 0]), stated())
    assert model.scale == 0
    assert model.chance(np.array([599.0, 600.0, 601.0])).tolist() == [0, 1, 1]
    assert model.chance(np.array([599.0, 600.0, 601.0]), 601).tolist() == [0, 0, 1]


def test_a_score_that_is_good_when_low_is_approved_from_below() -> None:
    model = fit_approval(applicants([590, 610, 590, 610, 590], [0, 1, 1, 0, 1]), stated(op="le"))
    assert model.chance(np.array([590.0]))[0] == pytest.approx(3 / 5)
    assert model.chance(np.array([600.0]))[0] == 0.5


def test_codes_and_gaps_count_as_the_score_that_stands_for_them() -> None:
    table = pd.DataFrame({"score": [610.0, np.nan, -999.0]})
    assert read_scores(table, stated(missing=590, codes=(-999.0,))).tolist() == [610, 590, 590]
    assert np.isnan(table["score"][1])


@pytest.mark.parametrize(
    ("table", "approval", "line"),
    [
        ({"x": [1.0]}, stated(), "reads score, which leads lacks"),
        ({"score": ["a"]}, stated(), "which is no number in leads"),
        ({"score": [1.0, np.nan]}, stated(), "empty in 1 rows of leads; say which score stands for that"),
    ],
)
def test_a_field_that_cannot_be_read_is_bad_input(
    table: dict[str, list[object]], approval: Approval, line: str
) -> None:
    with pytest.raises(BadInput, match=line):
        read_scores(pd.DataFrame(table), approval)


@pytest.mark.parametrize("column", ["applied", "approved"])
def test_history_needs_the_funnel(column: str) -> None:
    with pytest.raises(BadInput, match=f"needs the column {column} in history"):
        fit_approval(applicants([590, 610], [0, 1]).drop(columns=column), stated())


def test_history_without_applicants_is_bad_input() -> None:
    with pytest.raises(BadInput, match="no row of history applied"):
        fit_approval(applicants([590, 610], [0, 1]).assign(applied=0.0), stated())


def test_a_cut_off_on_the_wrong_side_is_bad_input() -> None:
    with pytest.raises(BadInput, match=r"says that score decides \(le 600\).* correct field, op or was"):
        fit_approval(applicants([590, 610, 620], [0, 1, 1]), stated(op="le"))


def test_less_likely_approval_takes_bookings_away_in_proportion() -> None:
    assert reprice(np.array([0.3]), np.array([0.5]), np.array([0.8]), np.array([0.4]))[0] == pytest.approx(0.15)


def test_more_likely_approval_adds_bookings_of_those_who_would_book() -> None:
    # would book = (.2 + .1 * .5) / (.4 + .1) = .5; .2 + .5 * (.8 - .4) = .4
    assert reprice(np.array([0.2]), np.array([0.5]), np.array([0.4]), np.array([0.8]))[0] == pytest.approx(0.4)


def test_a_lead_that_was_never_approved_books_as_is_typical_once_it_is() -> None:
    # A model may give it some chance to book all the same: that does not make it eager.
    assert reprice(np.array([0.03]), np.array([0.2]), np.array([0.0]), np.array([1.0]))[0] == pytest.approx(0.23)


@given(p=st.floats(0, 1), typical=st.floats(0, 1), chance=st.floats(0, 1))
def test_a_cut_off_that_does_not_move_changes_nothing_bit_for_bit(p: float, typical: float, chance: float) -> None:
    assert reprice(np.array([p]), np.array([typical]), np.array([chance]), np.array([chance]))[0] == p


@given(p=st.floats(0, 1), typical=st.floats(0, 1), before=st.floats(0, 1), after=st.floats(0, 1))
def test_chances_stay_chances_and_follow_approval(p: float, typical: float, before: float, after: float) -> None:
    new = reprice(np.array([p]), np.array([typical]), np.array([before]), np.array([after]))[0]
    assert 0 <= new <= 1
    assert new <= p if after <= before else new >= p


@pytest.mark.parametrize("cut_off", [555, 570, 600, 615, 645])
def test_moving_the_cut_off_gives_the_bookings_of_a_market_with_that_cut_off(
    market: Market, fitted: ApprovalModel, cut_off: int
) -> None:
    true, was = chances(market_with(float(cut_off)).truth), chances(market.truth)
    new = moved_to(fitted, cut_off).reprice(market.leads, ARMS, was)
    assert abs(true.mean() / was.mean() - 1) > 0.09
    assert new.mean() == pytest.approx(true.mean(), rel=0.03)
    assert np.abs(new - true).mean() < 0.2 * np.abs(was - true).mean()


def test_control_moves_with_the_cut_off_too(market: Market, fitted: ApprovalModel) -> None:
    new = moved_to(fitted, 615).reprice(market.leads, ("control",), chances(market.truth)[:, :1])
    assert new.mean() == pytest.approx(market_with(615.0).truth["p_booked_control"].mean(), rel=0.03)


def test_approvals_follow_from_bookings(market: Market, fitted: ApprovalModel) -> None:
    truth = chances(market.history_truth)
    approved = fitted.p_approved(market.history["channel"], ARMS, truth)
    arm = market.history["offer"].map({name: k for k, name in enumerate(ARMS)}).to_numpy()
    own = approved[np.arange(len(arm)), arm]
    assert own.mean() == pytest.approx(market.history["approved"].mean(), rel=0.05)
    assert (approved >= truth).all()


def test_a_channel_that_history_never_saw_takes_the_offers_rates(fitted: ApprovalModel) -> None:
    new = fitted.rate("typical", pd.Series(["unheard_of", "feed_ads"]), ("coupon",))
    assert new[0, 0] == fitted.rates.at[("*", "coupon"), "typical"]
    assert new[1, 0] == fitted.rates.at[("feed_ads", "coupon"), "typical"]


def test_the_model_comes_back_from_json(fitted: ApprovalModel) -> None:
    back = ApprovalModel.from_json(fitted.to_json())
    assert (back.approval, back.scale) == (fitted.approval, fitted.scale)
    pd.testing.assert_frame_equal(back.rates, fitted.rates)


def test_history_that_follows_the_cut_off_raises_no_warning(market: Market, fitted: ApprovalModel) -> None:
    evidence = judge_approval(fitted, market.history)
    assert evidence.follows
    assert evidence.note() is None
    assert len(evidence.bins) == 10
    assert sum(one.n for one in evidence.bins) == evidence.n == market.history["applied"].sum()


@pytest.mark.parametrize(
    "wrong", [{"was": 620}, {"missing": 700}, {"field": "monthly_income", "was": 7_000, "missing": 7_000, "codes": ()}]
)
def test_a_cut_off_that_history_does_not_follow_is_warned_of(market: Market, wrong: dict[str, object]) -> None:
    approval = replace(BUREAU, **wrong)
    note = judge_approval(fit_approval(market.history, approval), market.history).note()
    assert note is not None
    assert f"do not follow {approval.field} at {approval.was:g}" in note


def test_equal_scores_stay_in_one_bin() -> None:
    table = applicants([590.0] * 50 + [610.0] * 50, [0.0] * 40 + [1.0] * 10 + [1.0] * 40 + [0.0] * 10)
    evidence = judge_approval(fit_approval(table, stated()), table)
    assert [(one.n, round(one.predicted, 6), one.seen) for one in evidence.bins] == [(50, 0.2, 0.2), (50, 0.8, 0.8)]


def test_an_infinite_score_is_a_missing_one() -> None:
    table = applicants([math.inf, 610, -math.inf], [0, 1, 0])
    assert read_scores(table, stated(missing=590)).tolist() == [590, 610, 590]
    with pytest.raises(BadInput, match="empty in 2 rows"):
        fit_approval(table, stated())
