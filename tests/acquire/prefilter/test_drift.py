import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from acquire.prefilter.days import day_since_1970
from acquire.prefilter.drift import CHANNEL_SD, COMMON_SD, Drift, fit_drift, no_drift

YEAR = 365.25
START = pd.Timestamp("2025-01-01")
START_DAY = day_since_1970(START.date())


def bookings(channel: str, *, n: int = 1_000, trend: float = 0.0) -> pd.DataFrame:
    """Half of the bookings on the first day and half a year later; the bad rate, .5 in the middle, moves by `trend`."""
    late = np.arange(n) % 2 == 1
    day = START + pd.to_timedelta(np.where(late, 365, 0), unit="D")
    return pd.DataFrame({"channel": channel, "contacted_on": day, "y": expit(trend * (late - 0.5))})


def fit(booked: pd.DataFrame, plan_day: float = START_DAY + 730) -> Drift:
    n = len(booked)
    return fit_drift(booked, np.full(n, 0.5), booked["y"].to_numpy(), np.ones(n), plan_day=plan_day)


def test_one_channel_by_pencil() -> None:
    booked = bookings("feed", trend=0.8)
    drift = fit(booked)
    # Half a year to either side of the middle: information 1000 * .25 * (182.5 / 365.25)^2, score 1000 * (y - .5) * half.
    half = 182.5 / YEAR
    information, score = 250 * half**2, 1_000 * (expit(0.4) - 0.5) * half
    # With one channel only the sum of common and own trend is seen: prior variance COMMON_SD^2 + CHANNEL_SD^2.
    precision = information + 1 / (COMMON_SD**2 + CHANNEL_SD**2)
    assert drift.slope[0] == pytest.approx(score / precision)
    assert np.linalg.norm(drift.errors[0]) == pytest.approx(precision**-0.5)
    assert drift.middle[0] == START_DAY + 182.5


def test_a_trend_for_the_worse_is_carried_on_to_the_day_of_the_plan() -> None:
    drift = fit(bookings("feed", n=20_000, trend=0.5))
    lead = pd.DataFrame({"channel": ["feed"]})
    # Almost all of the .5 a year is believed; the plan is 547.5 days after the middle of the labels.
    assert drift.shift(lead)[0] == pytest.approx(drift.slope[0] * 547.5 / YEAR)
    assert drift.slope[0] == pytest.approx(0.5, rel=0.15)


def test_a_trend_for_the_better_is_not_carried_on() -> None:
    drift = fit(bookings("feed", n=20_000, trend=-0.5))
    assert drift.slope[0] < -0.4
    assert drift.shift(pd.DataFrame({"channel": ["feed", "unseen"]})).tolist() == [0.0, 0.0]
    assert drift.table().set_index("channel").loc["feed", "shift_now"] == 0.0


def test_a_channel_that_did_not_move_stays_when_another_got_worse() -> None:
    booked = pd.concat([bookings("feed", n=20_000, trend=0.6), bookings("mail", n=20_000)], ignore_index=True)
    slope = fit(booked).table().set_index("channel")["trend"]
    assert slope["feed"] > 0.45
    assert abs(slope["mail"]) < 0.05


def test_a_channel_never_seen_has_the_common_trend_and_is_less_certain() -> None:
    booked = pd.concat([bookings(name, n=20_000, trend=0.3) for name in "abcd"], ignore_index=True)
    drift = fit(booked)
    table = drift.table().set_index("channel")
    assert 0 < table.loc["*", "trend"] < table.loc["a", "trend"]
    assert table.loc["*", "sd"] > CHANNEL_SD > table.loc["a", "sd"]
    new = pd.DataFrame({"channel": ["brand_new"]})
    assert drift.shift(new)[0] == pytest.approx(table.loc["*", "trend"] * 547.5 / YEAR)


def test_a_booking_is_judged_on_its_own_day_and_a_lead_on_the_plans() -> None:
    drift = fit(bookings("feed", n=20_000, trend=0.5))
    day = START + pd.to_timedelta([0, 365], unit="D")
    booked = pd.DataFrame({"channel": "feed", "contacted_on": day})
    first, last = drift.shift(booked)
    assert first == pytest.approx(-last)
    assert last - first == pytest.approx(drift.slope[0] * 365 / YEAR)
    assert drift.shift(booked.drop(columns="contacted_on"))[0] > last


def test_a_booking_without_a_date_is_judged_in_the_middle() -> None:
    drift = fit(bookings("feed", n=20_000, trend=0.5))
    assert drift.shift(pd.DataFrame({"channel": ["feed"], "contacted_on": [pd.NaT]}))[0] == 0.0


def test_where_no_booking_has_a_date_nothing_moves() -> None:
    drift = fit(bookings("feed", trend=0.8).assign(contacted_on=pd.NaT))
    lead = pd.DataFrame({"channel": ["feed"]})
    assert drift.channels == ()
    assert drift.shift(lead).tolist() == [0.0]
    assert drift.log_odds_errors(lead).tolist() == [[0.0]]


def test_bookings_without_a_date_teach_no_trend() -> None:
    dated = bookings("feed", trend=0.8)
    with_others = pd.concat([dated, dated.assign(contacted_on=pd.NaT, y=1.0)], ignore_index=True)
    np.testing.assert_allclose(fit(with_others).slope, fit(dated).slope)


def test_errors_widen_with_the_time_since_the_labels() -> None:
    drift = fit(bookings("feed"))
    lead = pd.DataFrame({"channel": ["feed"]})
    sds = [np.linalg.norm(replace(drift, plan_day=START_DAY + days).log_odds_errors(lead)) for days in (200, 365, 730)]
    assert sds[0] < sds[1] < sds[2]
    # In proportion to the time since the middle: 547.5 days against 182.5.
    assert sds[2] / sds[1] == pytest.approx(3.0)


def test_a_year_of_more_labels_makes_a_trend_surer() -> None:
    sds = [fit(bookings("feed", n=n)).table()["sd"][0] for n in (10, 1_000, 100_000)]
    assert sds[0] > sds[1] > sds[2]
    # With next to no labels it is the prior's.
    assert fit(bookings("feed", n=2)).table()["sd"][0] == pytest.approx(np.hypot(COMMON_SD, CHANNEL_SD), rel=0.01)


def test_a_level_that_is_wrong_on_all_days_is_no_trend() -> None:
    booked = bookings("feed").assign(y=0.9)
    assert fit(booked).slope[0] == pytest.approx(0.0, abs=1e-9)


def test_labels_that_are_only_partly_known_count_by_their_weight() -> None:
    booked = bookings("feed", trend=0.8)
    half = fit_drift(booked, np.full(1_000, 0.5), booked["y"].to_numpy(), np.full(1_000, 0.5), plan_day=START_DAY + 730)
    np.testing.assert_allclose(half.slope, fit(bookings("feed", n=500, trend=0.8)).slope)


def test_a_drift_read_from_json_says_the_same() -> None:
    lead = pd.DataFrame({"channel": ["feed", "unseen"]})
    for drift in (fit(bookings("feed", trend=0.8)), no_drift()):
        read = Drift.from_json(json.loads(json.dumps(drift.to_json())))
        assert read.shift(lead).tolist() == drift.shift(lead).tolist()
        assert read.log_odds_errors(lead).tolist() == drift.log_odds_errors(lead).tolist()
        pd.testing.assert_frame_equal(read.table(), drift.table())
