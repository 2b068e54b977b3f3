"""The overlap report: how far apart those with an offer and those without are."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Feature
from acquire.ingest.market import MarketSpec, make_market
from acquire.statistics.encoding import fit_encoder
from acquire.uplift.balance import OfferOverlap, effective_rows, pooled_spread, standardised_difference
from acquire.uplift.overlap import report_overlap
from acquire.uplift.propensity import read_assignment
from tests.acquire.uplift.desk_histories import FEATURES, by_need, history, people, read
from tests.confounded_market import ARMS, NEVER_CONTACTED_FROM_AGE, confounded_history

WEIGHTS = st.lists(st.floats(0.01, 100.0), min_size=1, max_size=40)


def report(past: pd.DataFrame) -> OfferOverlap:
    [line] = report_overlap(past, FEATURES, read(past))
    return line


def test_the_difference_is_counted_in_standard_deviations() -> None:
    # Means 3 and 1, variances 1 and 1: two standard deviations apart.
    offer, control = np.array([2.0, 4.0]), np.array([0.0, 2.0])
    alike = np.ones(2), np.ones(2)

    assert standardised_difference(offer, control, pooled_spread(offer, control), alike) == 2.0
    # Three times the weight on the 2 brings the mean of the first down to 2.5.
    assert standardised_difference(offer, control, 1.0, (np.array([3.0, 1.0]), alike[1])) == 1.5


def test_what_nobody_has_cannot_be_apart() -> None:
    nobody, some = np.array([]), np.ones(2)

    assert np.isnan(standardised_difference(some, nobody, 1.0, (some, nobody)))
    assert standardised_difference(some, some, pooled_spread(some, some), (some, some)) == 0.0
    assert pooled_spread(nobody, some) == 0.0
    assert effective_rows(nobody) == 0.0


def test_a_row_with_double_weight_counts_less_than_two_rows() -> None:
    assert effective_rows(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)


@given(WEIGHTS)
def test_weights_never_make_more_rows_than_there_are(weights: list[float]) -> None:
    weight = np.array(weights)

    assert 1 - 1e-9 <= effective_rows(weight) <= len(weight) + 1e-9
    assert effective_rows(7 * weight) == pytest.approx(effective_rows(weight))


def test_a_desk_that_follows_need_is_seen_and_weighting_mends_it() -> None:
    frame = people(6_000)
    past = history(frame, by_need(frame))

    line = report(past)

    assert line.balance[0].feature == "need"
    # Need is uniform with standard deviation .29, and .2 more on average among those who were written to.
    assert line.largest_before == pytest.approx(0.2 / 0.27, abs=0.08)
    assert line.worst_after is not None
    assert line.worst_after.after < 0.08
    assert (line.n, line.n_control) == ((past["offer"] == "coupon").sum(), (past["offer"] == "control").sum())
    assert 0.6 * line.n < line.effective_n < line.n
    assert line.share_without_overlap < 0.01
    assert line.share_clipped == 0.0


def test_where_chance_dealt_every_row_counts_in_full() -> None:
    line = report(history(people(3_000), np.full(3_000, 0.5)))

    assert (line.effective_n, line.effective_n_control) == pytest.approx((line.n, line.n_control))
    assert line.largest_before < 0.12
    assert (line.ranked_from, line.ranked_to, line.share_clipped, line.share_without_overlap) == (0.0, 1.0, 0.0, 0.0)


def test_people_who_were_never_written_to_are_counted() -> None:
    frame = people(6_000)

    line = report(history(frame, np.where(frame["age"] >= 50, 0.0, 0.5)))

    assert line.share_without_overlap == pytest.approx(0.25, abs=0.02)
    assert 0.05 < line.ranked_from <= 0.1
    assert line.balance[0].feature == "age"
    assert line.worst_after is not None
    assert line.worst_after.after < 0.15


def test_a_channel_that_got_all_the_offers_is_seen() -> None:
    frame = people(3_000)

    line = report(history(frame, np.where(frame["channel"] == "feed", 0.8, 0.2)))

    # .8 against .2 of a 0/1 column whose standard deviation is .4.
    assert line.balance[0].feature == "channel"
    assert line.largest_before == pytest.approx(1.5, abs=0.1)


def test_missing_values_and_a_column_of_nothing_are_no_trouble() -> None:
    frame = people(3_000)
    past = history(frame, np.where(frame["need"] > 0.5, 0.7, 0.3))
    past.loc[past["need"] > 0.5, "need"] = np.nan

    line = report(past.assign(age=np.nan))

    # Who has no entry was written to more often: missing itself is what tells.
    assert line.balance[0].feature == "need"
    assert line.largest_before == pytest.approx(0.4 / np.sqrt(0.21), abs=0.08)
    assert next(one for one in line.balance if one.feature == "age").before == 0.0


def test_the_report_comes_back_from_plan_json_with_what_is_not_known() -> None:
    content = {
        "offer": "coupon",
        "n": 3,
        "n_control": 0,
        "effective_n": 2.5,
        "effective_n_control": 0.0,
        "share_clipped": 0.5,
        "ranked_from": 0.5,
        "ranked_to": 0.5,
        "share_without_overlap": 1.0,
        "leads_not_ranked": 7,
        "balance": [{"feature": "age", "before": 0.3, "after": None}],
    }

    line = OfferOverlap.from_content(json.loads(json.dumps(content)))

    assert (line.offer, line.leads_not_ranked, line.largest_before) == ("coupon", 7, 0.3)
    assert line.worst_after is None
    assert line.chance_difference == np.inf


def test_on_the_made_market_weighting_takes_away_most_of_what_the_desk_put_in() -> None:
    made = make_market(MarketSpec(n_history=10_000, n_leads=10, ends_on=date(2025, 12, 31)), np.random.default_rng(7))
    past, truth = confounded_history(made, np.random.default_rng(1)), made.history_truth
    features = tuple(
        Feature(name=name, kind="numeric") for name in ("age", "bureau_score", "utilisation", "engagement_score")
    )
    encoded, fold = fit_encoder(past, features).matrix(past), np.arange(len(past)) % 3
    assignment = read_assignment(past, features, ARMS[1:], encoded, fold, seed=5)
    p_booked = truth[[f"p_booked_{arm}" for arm in ARMS]].to_numpy()
    own, weight = p_booked[np.arange(len(past)), assignment.arm], 1 / assignment.own_propensity

    plain, weighted = [], []
    for j in range(1, len(ARMS)):
        covered = assignment.covered[:, j - 1]
        given, kept = covered & (assignment.arm == j), covered & (assignment.arm == 0)
        true = (p_booked[covered, j] - p_booked[covered, 0]).mean()
        plain.append(abs(own[given].mean() - own[kept].mean() - true))
        weighted.append(
            abs(np.average(own[given], weights=weight[given]) - np.average(own[kept], weights=weight[kept]) - true)
        )

    assert assignment.how == "estimated propensity"
    assert np.mean(weighted) < 0.25 * np.mean(plain)
    [contact, coupon, *_] = report_overlap(past, features, assignment)
    assert contact.share_without_overlap == pytest.approx((past["age"] >= NEVER_CONTACTED_FROM_AGE).mean(), abs=0.03)
    assert coupon.largest_before > 0.5
    assert coupon.worst_after is not None
    assert coupon.worst_after.after < 0.1
