"""What runs already in the demo's market: tables that a plan reads whole, in the proportions of the business."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.ingest.market.weekly import UsualWeek, true_effect, weekly_results
from acquire.ingest.tables import Columns, Sources, Tables, read_tables
from campaigns.demo import demo_budget, write_running_demo
from campaigns.demo_campaign import RunningCampaign, running_campaign

TODAY = date(2026, 3, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A small market with its running campaign, as made, as written and as read."""

    market: Market
    running: RunningCampaign
    plan: Path
    tables: Tables


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    market = make_market(MarketSpec(n_history=600, n_leads=2_000, ends_on=TODAY), np.random.default_rng(7))
    running = running_campaign(market, demo_budget(market), np.random.default_rng(1))
    plan = write_running_demo(tmp_path_factory.mktemp("demo") / "market", market, running)
    data = tomllib.loads(plan.read_text(encoding="utf-8"))["data"]
    sources = Sources(**{table: plan.parent / file for table, file in data.items() if table != "policy"})
    tables = read_tables(sources, Columns(protected=frozenset({"gender"})), assume_consent=False, today=TODAY)
    return Demo(market=market, running=running, plan=plan, tables=tables)


def test_the_plan_file_names_every_table_and_every_row_is_accepted(demo: Demo) -> None:
    assert demo.tables.quarantine.empty
    assert not demo.tables.notes
    data = tomllib.loads(demo.plan.read_text(encoding="utf-8"))["data"]
    assert {"price_tiers", "current_plan", "spend_history"} < set(data)
    assert {path.name for path in demo.plan.parent.iterdir()} == {"plan.toml", *data.values()}


def test_one_channel_has_tiers_and_one_costs_something_once_it_is_used(demo: Demo) -> None:
    channels = {channel.channel: channel for channel in demo.tables.channels}
    assert [name for name, channel in channels.items() if channel.price_tiers] == ["search_ads"]
    assert [name for name, channel in channels.items() if channel.fixed_cost] == ["sms_broker"]
    assert channels["sms_broker"].min_spend_if_used == 2_500
    plain = demo.market.channels.set_index("channel")["cost_per_contact"]
    assert {name: channel.cost_per_contact for name, channel in channels.items()} == plain.to_dict()


def test_what_runs_today_is_last_month_s_mix_for_the_budget(demo: Demo) -> None:
    daily = demo.market.daily
    month = daily[(daily["day"] > daily["day"].max() - pd.Timedelta(days=28)) & (daily["offer"] != "control")]
    share = demo_budget(demo.market) / month["spend"].sum()
    assert demo.tables.current_plan is not None
    for line in demo.tables.current_plan.lines:
        of_line = month[(month["channel"] == line.channel) & (month["offer"] == line.offer)]
        assert line.contacts == pytest.approx(share * of_line["contacts"].sum(), abs=0.5)
    assert demo.tables.current_plan.contacts < len(demo.market.leads)


def test_the_last_weeks_spend_what_runs_today_spends(demo: Demo) -> None:
    daily, past = demo.market.daily, demo.running.spend_history
    month = daily[daily["day"] > daily["day"].max() - pd.Timedelta(days=28)]
    share = demo_budget(demo.market) / month["spend"].sum()
    assert set(past["channel"]) == {"feed_ads", "search_ads", "app_store"}
    for channel, weeks in past.groupby("channel"):
        usual = share * month.loc[month["channel"] == channel, "spend"].sum() / 4
        assert weeks["spend"].tail(8).mean() == pytest.approx(usual, rel=0.15)
        assert weeks["spend"].std() > 0.3 * weeks["spend"].mean()


def test_the_same_seed_gives_the_same_campaign(demo: Demo) -> None:
    again = running_campaign(demo.market, demo_budget(demo.market), np.random.default_rng(1))
    pd.testing.assert_frame_equal(again.spend_history, demo.running.spend_history)


def test_bookings_of_a_week_follow_its_spend_and_that_of_the_weeks_before() -> None:
    usual = UsualWeek(channel="feed", spend=1_000.0, booked=4_000.0)
    weeks = weekly_results([usual], n_weeks=60, ends_on=TODAY, rng=np.random.default_rng(3))
    assert weeks["week"].iloc[-1].date() == date(2026, 3, 25)
    assert len(weeks) == 60
    stock = np.empty(60)
    before = 1_000.0
    for week, spend in enumerate(weeks["spend"]):
        stock[week] = before = 0.7 * spend + 0.3 * before
    left = weeks["booked"] - true_effect(usual, stock)
    # Without what spend brings there is a quarter, a tenth more a year and a twentieth up and down.
    assert left.iloc[-1] == pytest.approx(1_000, abs=250)
    assert left.min() > 400
    assert np.corrcoef(left, weeks["spend"])[0, 1] == pytest.approx(0, abs=0.35)


def test_three_times_the_usual_spend_brings_half_as_much_again() -> None:
    usual = UsualWeek(channel="feed", spend=100.0, booked=40.0)
    assert true_effect(usual, np.array([0.0, 100.0, 300.0])).tolist() == pytest.approx([0, 30, 45])
