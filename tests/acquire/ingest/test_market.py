"""The made-up market is what it says: random where it says random, and its truth is what happens."""

import time
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from acquire.errors import BadInput
from acquire.frames import HISTORY, LEADS, validate
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.ingest.market.outcomes import MATURES_AFTER_DAYS
from acquire.ingest.market.people import NEVER_BORROWED, NO_FILE_SCORE
from acquire.ingest.market.terms import ARMS, DRIFTING_CHANNEL

OFFERS = ARMS[1:]
SPEC = MarketSpec(n_history=16_000, n_leads=8_000, ends_on=date(2026, 3, 31))
FUNNEL = ["clicked", "applied", "approved", "booked"]


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(SPEC, np.random.default_rng(7))


def z_score(happened: pd.Series, chance: pd.Series) -> float:
    """Standard deviations between how often something happened and the sum of its chances."""
    return float((happened.sum() - chance.sum()) / np.sqrt((chance * (1 - chance)).sum()))


def booked_bad_rate(truth: pd.DataFrame, arm: str) -> float:
    return float(np.average(truth[f"p_bad_{arm}"], weights=truth[f"p_booked_{arm}"]))


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    one, two, other = (make_market(MarketSpec(), np.random.default_rng(seed)) for seed in (7, 7, 8))
    for name in Market.__slots__:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert not one.leads.equals(other.leads)


def test_tables_are_in_the_types_that_the_stages_read(market: Market) -> None:
    validate(HISTORY, market.history)
    validate(LEADS, market.leads)
    assert len(market.history) == SPEC.n_history
    assert market.truth["lead_id"].equals(market.leads["lead_id"])
    assert market.history_truth["lead_id"].equals(market.history["lead_id"])


def test_eight_channels_of_six_partners_and_four_offers_beside_control(market: Market) -> None:
    assert (market.channels["channel"].nunique(), market.channels["partner"].nunique()) == (8, 6)
    assert market.channels["partner"].value_counts().tolist() == [2, 2, 1, 1, 1, 1]
    assert set(market.history["offer"]) == {"control", *market.offers["offer"]}
    assert len(market.offers) == 4
    assert set(market.leads["channel"]) == set(market.channels["channel"])


def test_no_date_lies_after_the_last_day(market: Market) -> None:
    assert market.history["contacted_on"].between("2025-04-01", "2026-03-31").all()
    assert (market.daily["day"].min(), market.daily["day"].max()) == (
        pd.Timestamp("2025-04-01"),
        pd.Timestamp("2026-03-31"),
    )


@pytest.mark.parametrize("arm", ARMS)
def test_history_books_as_often_as_the_truth_says(market: Market, arm: str) -> None:
    given = market.history["offer"] == arm
    assert abs(z_score(market.history["booked"][given], market.history_truth[f"p_booked_{arm}"][given])) < 4


@pytest.mark.parametrize("arm", ARMS)
def test_what_is_booked_goes_bad_as_often_as_the_truth_says(market: Market, arm: str) -> None:
    known = (market.history["offer"] == arm) & market.history["bad"].notna()
    assert abs(z_score(market.history["bad"][known], market.history_truth[f"p_bad_{arm}"][known])) < 4
    drawn = market.truth[f"booked_{arm}"] == 1
    assert abs(z_score(market.truth[f"bad_{arm}"][drawn], market.truth[f"p_bad_{arm}"][drawn])) < 4
    assert abs(z_score(market.truth[f"booked_{arm}"], market.truth[f"p_booked_{arm}"])) < 4


def test_offers_are_given_with_the_stated_chance(market: Market) -> None:
    stated = market.history.groupby("offer")["propensity"].first()
    assert stated["control"] == pytest.approx(0.3)
    assert stated[list(OFFERS)].tolist() == pytest.approx([0.175] * 4)
    counts = market.history["offer"].value_counts()[stated.index]
    assert stats.chisquare(counts, stated * len(market.history)).pvalue > 1e-4


@pytest.mark.parametrize("column", ["channel", "region", "gender", "employment", "past_loan"])
def test_no_group_tells_who_got_which_offer(market: Market, column: str) -> None:
    table = pd.crosstab(market.history[column], market.history["offer"])
    assert stats.chi2_contingency(table).pvalue > 1e-4


@pytest.mark.parametrize("column", ["age", "bureau_score", "amount", "night_activity_share", "engagement_score"])
def test_no_figure_tells_who_got_which_offer(market: Market, column: str) -> None:
    groups = [rows[column] for _, rows in market.history.groupby("offer")]
    assert stats.f_oneway(*groups).pvalue > 1e-4


def test_nobody_is_approved_who_did_not_apply_and_nobody_books_unapproved(market: Market) -> None:
    steps = market.history[FUNNEL].to_numpy()
    assert (np.diff(steps, axis=1) <= 0).all()
    assert (steps.sum(axis=0) > 0).all()


def test_approval_is_the_lenders_cut_off_whatever_the_offer(market: Market) -> None:
    applied = market.history[market.history["applied"] == 1]
    high, low = applied[applied["bureau_score"] > 700], applied[applied["bureau_score"].between(350, 520)]
    assert high["approved"].mean() > 0.9
    assert low["approved"].mean() < 0.2
    similar = applied[applied["bureau_score"].between(600, 650)]
    table = pd.crosstab(similar["offer"], similar["approved"])
    assert stats.chi2_contingency(table).pvalue > 1e-4


def test_who_comes_for_the_coupon_repays_worse_than_who_comes_alone(market: Market) -> None:
    p_bad = market.truth[[f"p_bad_{arm}" for arm in ARMS]]
    honest = market.truth["fraud"] == 0
    assert (p_bad.loc[honest, "p_bad_coupon"] > p_bad.loc[honest, "p_bad_control"]).all()
    assert booked_bad_rate(market.truth, "coupon") > booked_bad_rate(market.truth, "control") + 0.02
    assert booked_bad_rate(market.truth, "rate_cut") < booked_bad_rate(market.truth, "coupon") - 0.03


def test_some_people_are_put_off_by_being_contacted(market: Market) -> None:
    uplift = market.truth["p_booked_contact"] - market.truth["p_booked_control"]
    older = (market.leads["age"] > 50) & (market.leads["bureau_score"] > 700)
    assert 0.1 < (uplift < 0).mean() < 0.4
    assert uplift[older].mean() < 0 < uplift[market.leads["age"] < 35].mean()


def test_small_businesses_react_to_the_higher_limit(market: Market) -> None:
    uplift = market.truth["p_booked_higher_limit"] - market.truth["p_booked_control"]
    business = market.leads["small_business"] == 1
    assert uplift[business].mean() > 2 * uplift[~business].mean() > 0


def test_contacting_everybody_loses_money_and_choosing_well_earns_it(market: Market) -> None:
    value = market.truth[[f"value_{offer}" for offer in OFFERS]]
    assert (value.sum() < 0).all()
    best = value.max(axis=1)
    assert 0.25 < (best > 0).mean() < 0.4
    assert best.clip(lower=0).sum() > 5 * len(best)


def test_the_break_even_bad_rate_lies_between_that_of_a_good_plan_and_that_of_everybody(market: Market) -> None:
    # (1 - b) * good - b * loss - spend = 0 for bookings after a plain contact
    truth, amount = market.truth, market.leads["amount"]
    booked = truth["p_booked_contact"]
    good, loss, spend = (0.115 * amount * booked).sum(), (0.55 * amount * booked).sum(), truth["spend_contact"].sum()
    break_even = (good - spend) / (good + loss)
    chosen = truth["value_contact"] > 0
    assert 0.12 < break_even < 0.17
    assert booked_bad_rate(truth[chosen], "contact") < 0.12
    assert booked_bad_rate(truth, "contact") > 0.2


def test_a_few_fraudsters_come_mostly_through_two_channels_in_rings_that_share_devices(market: Market) -> None:
    people = pd.concat([market.history, market.leads])
    fraud = pd.concat([market.history_truth, market.truth])["fraud"] == 1
    assert 0.02 < fraud.mean() < 0.03
    assert people["channel"][fraud].value_counts(normalize=True).head(2).sum() > 0.65
    assert people["shared_device_count"][fraud].mean() > 3
    assert people["shared_device_count"][~fraud].mean() < 0.2
    assert market.truth["p_bad_contact"][market.truth["fraud"] == 1].min() >= 0.9


def test_links_show_who_shares_a_device_also_between_history_and_leads(market: Market) -> None:
    assert list(market.links.columns) == ["lead_id", "kind", "key", "role"]
    devices = market.links[market.links["kind"] == "device"].set_index("lead_id")["key"]
    person = pd.concat([market.history, market.leads]).set_index("lead_id")
    sharing = person.groupby(devices)["person_id"].nunique() - 1
    assert (devices.map(sharing) == person["shared_device_count"].reindex(devices.index)).all()
    both = set(devices[market.history["lead_id"]]) & set(devices[market.leads["lead_id"]])
    assert len(both) > 20


@pytest.mark.parametrize("table", ["history", "leads"])
def test_fifteen_percent_of_people_come_through_two_different_channels(market: Market, table: str) -> None:
    frame = getattr(market, table)
    seen = frame.groupby("person_id").agg(
        rows=("lead_id", "size"), channels=("channel", "nunique"), ages=("age", "nunique")
    )
    assert (seen["rows"] == seen["channels"]).all()
    assert (seen["ages"] == 1).all()
    assert (seen["rows"] == 2).mean() == pytest.approx(0.15, abs=0.001)
    assert not set(market.history["person_id"]) & set(market.leads["person_id"])


def test_consent_is_common_and_refusal_rare(market: Market) -> None:
    assert market.leads["consent"].mean() == pytest.approx(0.97, abs=0.01)
    assert market.leads["do_not_contact"].mean() == pytest.approx(0.01, abs=0.006)


def test_gaps_and_codes_are_there_for_the_models_to_cope_with(market: Market) -> None:
    gaps = market.leads[["monthly_income", "tenure_months", "inquiries_3m", "utilisation"]].isna().mean()
    assert gaps.between(0.02, 0.15).all()
    assert 0.05 < (market.leads["bureau_score"] == NO_FILE_SCORE).mean() < 0.15
    assert (market.leads["past_dpd_days"][market.leads["first_loan"] == 1] == NEVER_BORROWED).all()


def test_a_booking_younger_than_five_months_is_neither_good_nor_bad_yet(market: Market) -> None:
    history = market.history
    age_days = (pd.Timestamp(SPEC.ends_on) - history["contacted_on"]).dt.days
    young, booked = age_days < MATURES_AFTER_DAYS, history["booked"] == 1
    old = age_days >= MATURES_AFTER_DAYS + 10
    assert history.loc[young | ~booked, "bad"].isna().all()
    assert history.loc[old & booked, "bad"].notna().all()
    assert (history.loc[booked, "revenue"].isna() == history.loc[booked, "bad"].isna()).all()
    assert (history.loc[~booked, "revenue"] == 0).all()


def test_good_bookings_bring_money_and_bad_ones_lose_more(market: Market) -> None:
    per_amount = market.history["revenue"] / market.history["amount"]
    plain = market.history["offer"] != "higher_limit"
    assert per_amount[plain & (market.history["bad"] == 0)].mean() == pytest.approx(0.115, rel=0.03)
    assert per_amount[plain & (market.history["bad"] == 1)].mean() == pytest.approx(-0.55, rel=0.05)


def test_one_channel_gets_worse_over_the_year(market: Market) -> None:
    known = market.history_truth.assign(early=market.history["contacted_on"] < "2025-07-01")
    p_bad = known[known["fraud"] == 0].groupby(["channel", "early"])["p_bad_contact"].mean().unstack()
    worse = p_bad[False] - p_bad[True]
    assert worse.idxmax() == DRIFTING_CHANNEL
    assert worse[DRIFTING_CHANNEL] > 0.03 > worse.drop(DRIFTING_CHANNEL).abs().max()


def test_the_demo_market_is_made_in_a_few_seconds() -> None:
    started = time.process_time()
    market = make_market(MarketSpec.demo(date(2026, 3, 31)), np.random.default_rng(7))
    assert time.process_time() - started < 8
    assert (len(market.history), len(market.leads)) == (40_000, 20_000)


@pytest.mark.parametrize(
    ("ends_on", "n_months", "starts_on"),
    [
        (date(2026, 3, 31), 12, date(2025, 4, 1)),
        (date(2026, 11, 22), 12, date(2025, 11, 23)),
        (date(2024, 2, 29), 12, date(2023, 3, 1)),
        (date(2026, 3, 30), 1, date(2026, 2, 28)),
    ],
)
def test_history_starts_as_many_months_before_its_end(ends_on: date, n_months: int, starts_on: date) -> None:
    assert MarketSpec(ends_on=ends_on, n_months=n_months).starts_on == starts_on


def test_a_market_without_rows_is_refused() -> None:
    with pytest.raises(BadInput, match="n_leads is 0; give a whole number of at least 1"):
        MarketSpec(n_leads=0)
    with pytest.raises(BadInput, match="contacts_per_day"):
        MarketSpec(contacts_per_day=float("nan"))
