"""The plan over the coming weeks: curves or the reason there are none, money per week to the cent, channels that wear out."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Limits
from acquire.value.response import NoCurve, ResponseCurve
from campaigns.choice import Choice
from campaigns.decisions import allocation_lines
from campaigns.headline import make_headline
from campaigns.pacing import coming_weeks, learn_curves, make_pacing, pacing_warnings, whole_parts
from campaigns.pacing_document import Pacing, pacing_frame
from campaigns.plan_document import PlanDocument
from campaigns.report_weeks import curve_table, refusals, week_table
from campaigns.wear import with_wear
from tests.acquire.value.weekly_spend import known_curve
from tests.campaigns.plan_documents import allocation, sample_plan
from tests.campaigns.small_plan import VALUE, make_choice, make_market

TODAY = date(2026, 1, 1)  # a Thursday
WEEKS = coming_weeks(TODAY, None, None, 4)
REFUSED = NoCurve(channel="payment_app", why="spend of channel payment_app never varied")


def curve(channel: str, usual: float = 3_000.0, **settings: float) -> ResponseCurve:
    return replace(known_curve(usual=usual, half=usual, **settings), channel=channel)


def traffic(**volumes: list[float]) -> pd.DataFrame:
    weeks = pd.date_range("2026-01-05", periods=4, freq="7D")
    rows = [
        (channel, week, volume) for channel, each in volumes.items() for week, volume in zip(weeks, each, strict=True)
    ]
    return pd.DataFrame(rows, columns=["channel", "week", "volume"])


def paced(*curves: ResponseCurve | NoCurve, forecast: pd.DataFrame | None = None) -> Pacing:
    return make_pacing(allocation(), curves, WEEKS, forecast)


def spend_of(pacing: Pacing, channel: str) -> list[float]:
    return [line.spend for line in pacing.lines if line.channel == channel]


def test_the_plan_begins_on_the_next_monday_where_nobody_says_otherwise() -> None:
    assert [week.isoformat() for week in WEEKS] == ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"]


def test_the_weeks_begin_on_the_weekday_of_the_past_ones() -> None:
    past = pd.DataFrame({"week": pd.to_datetime(["2025-12-20"])})  # a Saturday
    assert coming_weeks(TODAY, None, past, 1) == (date(2026, 1, 3),)


def test_a_forecast_says_which_weeks_the_plan_is_for() -> None:
    weeks = coming_weeks(TODAY, traffic(feed=[1, 1, 1, 1]), None, 99)
    assert (weeks[0], weeks[-1], len(weeks)) == (date(2026, 1, 5), date(2026, 1, 26), 4)


@given(st.integers(0, 10_000_000), st.lists(st.floats(0.01, 100), min_size=1, max_size=12))
def test_parts_are_whole_add_up_and_are_off_by_less_than_one(total: int, shares: list[float]) -> None:
    parts = whole_parts(total, np.array(shares))
    assert sum(parts) == total
    assert min(parts) >= 0
    exact = total * np.array(shares) / sum(shares)
    assert np.abs(np.array(parts) - exact).max() <= 1 + 1e-6


def test_every_channels_weeks_add_up_to_its_money_and_contacts() -> None:
    pacing = paced(curve("search_ads"), forecast=traffic(ecommerce=[100, 300, 300, 300]))
    for channel in {line.channel for line in allocation()}:
        planned = [line for line in allocation() if line.channel == channel]
        mine = [line for line in pacing.lines if line.channel == channel]
        assert sum(round(line.spend * 100) for line in mine) == round(sum(line.spend for line in planned) * 100)
        assert sum(line.contacts for line in mine) == sum(line.contacts for line in planned)


def test_a_channel_with_a_curve_gets_its_money_where_it_brings_most() -> None:
    spend = spend_of(paced(curve("search_ads")), "search_ads")
    assert spend == pytest.approx([14_020 / 4] * 4, rel=0.02)
    worn = replace(curve("search_ads", carry=0.6), stock=np.full(2, 60_000.0))
    first, *_, last = spend_of(paced(worn), "search_ads")
    assert first < last


def test_no_week_gets_more_contacts_than_leads_are_expected() -> None:
    forecast = traffic(search_ads=[100, 2_000, 2_000, 2_000])
    mine = [line for line in paced(curve("search_ads"), forecast=forecast).lines if line.channel == "search_ads"]
    assert [line.paced_by for line in mine] == ["curve"] * 4
    assert mine[0].contacts <= 101


def test_without_a_curve_money_follows_the_leads_and_else_the_calendar() -> None:
    pacing = paced(REFUSED, forecast=traffic(payment_app=[0, 100, 100, 200]))
    assert spend_of(pacing, "payment_app") == [0.0, 3_975.0, 3_975.0, 7_950.0]
    assert spend_of(paced(), "ecommerce") == [2_850.0] * 4
    assert {line.paced_by for line in pacing.lines} == {"traffic", "even"}


def test_a_refused_channel_says_why_and_has_no_figures() -> None:
    [line] = paced(REFUSED).curves
    assert line.refused == REFUSED.why
    assert math.isnan(line.booked_planned.expected)
    assert pacing_warnings(paced(REFUSED)) == (f"no response curve: {REFUSED.why}",)


def test_spend_that_history_never_saw_is_a_warning() -> None:
    assert pacing_warnings(paced(curve("search_ads", usual=3_000.0))) == ()
    [warning] = pacing_warnings(paced(curve("search_ads", usual=1_000.0)))
    assert warning.startswith("the plan spends 3,505 a week in search_ads; history has seen at most 2,000")


def test_one_booking_more_costs_one_over_the_slope() -> None:
    [line] = paced(curve("search_ads", usual=3_505.0)).curves  # 40 s / (s + 3,505): slope 40 * 3505 / 7010^2 at 3,505
    assert line.booked_planned.expected == pytest.approx(20.0)
    assert line.next_money.expected == pytest.approx(7_010**2 / (40 * 3_505))


def test_what_each_week_brings_adds_up() -> None:
    mine = [line.booked for line in paced(curve("search_ads", usual=3_505.0)).lines if line.channel == "search_ads"]
    assert sum(mine) == pytest.approx(80.0, rel=1e-3)


def test_pacing_survives_the_way_through_plan_json() -> None:
    pacing = paced(curve("search_ads"), REFUSED)
    document = replace(sample_plan(), pacing=pacing)
    again = PlanDocument.from_json(document.to_json()).pacing
    assert again is not None
    assert str(again) == str(pacing)  # undefined figures are not equal to themselves
    assert PlanDocument.from_json(sample_plan().to_json()).pacing is None


def test_the_report_shows_curves_weeks_and_reasons() -> None:
    pacing = paced(curve("search_ads"), REFUSED)
    assert [row[0] for row in curve_table(pacing, "CNY").rows] == ["search_ads"]
    assert refusals(pacing) == (REFUSED.why,)
    table = week_table(pacing, "CNY")
    assert table.heads == ("Channel", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "Spread")
    assert table.rows[0][-1] == "where money brings most"
    assert list(pacing_frame(pacing)) == ["channel", "week", "spend", "contacts", "booked", "paced_by"]


def test_no_past_no_curves() -> None:
    assert learn_curves(None, 7) == ()


def worn_choice() -> tuple[Choice, Choice]:
    """The same plan where the feed is fresh, and where it is worn out beyond 20 a week."""
    market = make_market(objective=VALUE, limits=Limits(budget=500))
    feed = replace(known_curve(usual=20.0, half=10.0), channel="feed")
    worn = with_wear(market, (feed,), 4)
    return make_choice(market), make_choice(worn)


def test_a_channel_beyond_its_usual_spend_gets_less_of_the_plan() -> None:
    fresh, worn = worn_choice()
    in_feed = [int((c.options.channel[c.allocation.chosen] == 0).sum()) for c in (fresh, worn)]
    assert in_feed[1] < in_feed[0]
    assert worn.allocation.certificate.objective < fresh.allocation.certificate.objective


def test_headline_lines_and_objective_agree_about_what_a_worn_channel_brings() -> None:
    market = make_market(objective=VALUE, limits=Limits(budget=500))
    _, worn = worn_choice()
    headline, lines = make_headline(worn, market.scored, np.random.default_rng(1)), allocation_lines(worn)
    assert headline.value.expected == pytest.approx(worn.allocation.certificate.objective)
    assert sum(line.value for line in lines) == pytest.approx(headline.value.expected)
    for name in ("booked", "incremental", "spend"):
        assert sum(getattr(line, name) for line in lines) == pytest.approx(getattr(headline, name).expected, abs=0.01)


def test_a_channel_without_a_curve_is_not_worn_out() -> None:
    market = make_market()
    assert with_wear(market, (REFUSED,), 4).channels == market.channels
    assert with_wear(market, (), 4) is market
