"""Leads that stand for others: weights, forecasts, and the plan as rules with ranges."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature, Limits
from acquire.errors import BadInput
from campaigns.choice import Choice, Market, choose
from campaigns.decisions import allocation_lines
from campaigns.headline import make_headline
from campaigns.pacing_document import TrafficRules, rule_frame
from campaigns.plan_document import PlanDocument
from campaigns.report_weeks import rule_table, say_kept
from campaigns.traffic import check_traffic, expected_weights, nobody_stands_for, stands_for_others
from campaigns.traffic_rules import make_rules
from tests.campaigns.plan_documents import sample_plan
from tests.campaigns.small_plan import make_choice, make_held_out, make_leads, make_market, make_scores
from tests.campaigns.small_plans import change_plan_file, plan, write_small_market

AGE = Feature(name="age", kind="numeric")
FORECAST = pd.DataFrame(
    {
        "channel": ["feed", "feed", "mail"],
        "week": pd.to_datetime(["2026-01-05", "2026-01-12", "2026-01-05"]),
        "volume": [300.0, 500.0, 200.0],
        "low": [240.0, 400.0, 200.0],
        "high": [390.0, 650.0, 200.0],
    }
)


def weighted_market(weight: float = 4.0, n: int = 200, limits: Limits | None = None) -> Market:
    leads = make_leads(n).assign(weight=weight, age=np.linspace(20, 70, n))
    return make_market(n, leads=leads, limits=limits or Limits(budget=600))


@pytest.fixture(scope="module")
def ruled() -> tuple[Choice, TrafficRules]:
    market = weighted_market(limits=Limits(budget=900, max_bad_rate=0.25, bad_rate_confidence=0.5))
    choice = make_choice(market)
    rules = make_rules(market, choice, (AGE,), FORECAST)
    assert rules is not None
    return choice, rules


def test_leads_stand_for_the_expected_volume_of_their_channel() -> None:
    weights = expected_weights(make_leads(100), FORECAST)
    assert weights[0] == 16.0  # 50 leads of the feed for 800 arrivals
    assert weights[1] == 4.0
    assert expected_weights(make_leads(100), FORECAST, "low").sum() == pytest.approx(640 + 200)


def test_own_weights_keep_their_proportions() -> None:
    leads = make_leads(4).assign(weight=[3.0, 1.0, 1.0, 1.0])
    assert expected_weights(leads, FORECAST).tolist() == [600.0, 100.0, 200.0, 100.0]


def test_a_channel_that_the_forecast_forgot_stops_the_plan() -> None:
    with pytest.raises(BadInput, match="traffic has no week of channel mail, of which there are leads; add it"):
        check_traffic(make_leads(4), FORECAST[FORECAST["channel"] == "feed"])
    with pytest.raises(BadInput, match="traffic expects no leads in any channel"):
        check_traffic(make_leads(4), FORECAST.assign(volume=0.0))


def test_expected_leads_that_nobody_stands_for_are_a_warning() -> None:
    [warning] = nobody_stands_for(make_leads(1), FORECAST)
    assert warning == "traffic expects 200 leads of channel mail, but no lead stands for them: it is not planned"


def test_leads_of_weight_one_are_single_leads() -> None:
    assert not stands_for_others(make_leads(2))
    assert not stands_for_others(make_leads(2).assign(weight=1.0))
    assert stands_for_others(make_leads(2).assign(weight=[1.0, 2.0]))


def test_a_lead_that_stands_for_four_is_worth_four() -> None:
    """The same people once as one row of weight 4, once as four rows."""
    n = 40
    scores = make_scores(n)
    once = make_market(n, leads=make_leads(n).assign(weight=4.0), limits=Limits(budget=100))
    four = np.repeat(np.arange(n), 4)
    rows = {name: getattr(scores, name) for name in scores.__slots__}
    repeated = {
        name: value[:, four] if name == "bad_loadings" else value[four]
        for name, value in rows.items()
        if isinstance(value, np.ndarray) and name != "bad_lean"
    }
    leads = make_leads(n).iloc[four].reset_index(drop=True)
    leads["lead_id"] = [f"L{i}" for i in range(4 * n)]
    often = make_market(4 * n, leads=leads, scored=replace(scores, **repeated), limits=Limits(budget=100))
    ours, theirs = make_choice(once), make_choice(often)
    assert ours.allocation.certificate.bound == pytest.approx(theirs.allocation.certificate.bound)
    first, second = (make_headline(c, m.scored, np.random.default_rng(1)) for c, m in ((ours, once), (theirs, often)))
    for name in ("contacts", "spend", "booked", "incremental", "bad_rate"):
        mine, other = getattr(first, name), getattr(second, name)
        assert mine.expected == pytest.approx(other.expected, rel=0.02)
    assert first.booked.predictive_high == pytest.approx(second.booked.predictive_high, rel=0.1)


def test_nobody_of_a_group_is_kept_back_beforehand() -> None:
    market = replace(weighted_market(), control_share=0.3)
    choice = choose(market, make_held_out(600))
    assert not choice.kept_back.any()
    assert choice.allocation.contacts.max() == pytest.approx(4.0)
    lines = allocation_lines(choice)
    assert sum(line.contacts for line in lines) == pytest.approx(choice.allocation.contacts.sum(), abs=2)
    assert sum(line.spend for line in lines) <= 600


def test_rules_keep_the_limits_by_themselves(ruled: tuple[Choice, TrafficRules]) -> None:
    _, rules = ruled
    contacts = np.array([rule.contacts.expected for rule in rules.lines])
    spend = contacts @ [rule.price for rule in rules.lines]
    booked = np.array([rule.booked.expected for rule in rules.lines])
    assert spend <= 900 * (1 + 1e-6)
    assert booked @ [rule.bad_rate for rule in rules.lines] <= 0.25 * booked.sum() * (1 + 1e-6)


def test_rules_keep_most_and_never_more_than_the_plan(ruled: tuple[Choice, TrafficRules]) -> None:
    choice, rules = ruled
    assert 0.5 < rules.kept <= 1 + 1e-9
    assert rules.objective == pytest.approx(rules.kept * choice.allocation.certificate.objective, rel=1e-3)


def test_every_figure_of_a_rule_lies_in_its_range(ruled: tuple[Choice, TrafficRules]) -> None:
    for rule in ruled[1].lines:
        for figure in (rule.arrivals, rule.contacts, rule.share, rule.booked, rule.incremental):
            assert figure.low <= figure.expected <= figure.high
        assert rule.contacts.expected <= rule.arrivals.expected * (1 + 1e-9)
        assert rule.max_price.expected >= rule.price - 1e-6


def test_the_ranges_follow_the_forecast(ruled: tuple[Choice, TrafficRules]) -> None:
    feed = next(rule for rule in ruled[1].lines if rule.channel == "feed")
    assert feed.arrivals.low == pytest.approx(0.8 * feed.arrivals.expected, rel=0.1)
    assert feed.arrivals.high == pytest.approx(1.3 * feed.arrivals.expected, rel=0.15)
    mail = [rule for rule in ruled[1].lines if rule.channel == "mail"]
    assert all(rule.arrivals.low == pytest.approx(rule.arrivals.high) for rule in mail)


def test_a_contact_at_its_highest_price_is_worth_nothing_more() -> None:
    """One group, a budget: at the highest price the gain per money is that of the group that takes the last money."""
    market = weighted_market(n=120, limits=Limits(budget=300))
    choice = make_choice(market)
    rules = make_rules(market, choice, (AGE,), None)
    assert rules is not None
    partly = [rule for rule in rules.lines if 0.01 < rule.share.expected < 0.99]
    assert partly
    for rule in partly:  # whoever takes the last money is contacted at its price and no higher
        assert rule.max_price.expected == pytest.approx(rule.price, rel=1e-6)


def test_rules_survive_the_way_through_plan_json_and_read_as_a_table(ruled: tuple[Choice, TrafficRules]) -> None:
    rules = ruled[1]
    again = PlanDocument.from_json(replace(sample_plan(), rules=rules).to_json()).rules
    assert str(again) == str(rules)
    table = rule_table(rules, "CNY")
    assert len(table.rows) == len(rules.lines)
    assert table.rows[0][0].startswith(f"{rules.lines[0].channel}: ")
    assert say_kept(rules).startswith("The rules keep ")
    assert {"who", "max_price", "max_price_low", "max_price_high", "bad_rate"} <= set(rule_frame(rules))


def test_next_months_plan_from_end_to_end(tmp_path: Path) -> None:
    """Past weeks and a forecast beside a small market: pacing, rules, files, and nobody on a list."""
    plan_file = write_small_market(tmp_path / "market")
    folder = plan_file.parent
    cut(folder / "history.parquet", 2_500)
    cut(folder / "leads.parquet", 700)
    write_weeks(folder)
    change_plan_file(
        plan_file,
        ("[data]", '[data]\nspend_history = "spend.csv"\ntraffic = "traffic.csv"'),
        ("max_bad_rate = 0.15\n", ""),
    )
    planned = plan(plan_file, tmp_path)
    document = planned.document
    assert document.pacing is not None
    assert document.rules is not None
    assert len(document.pacing.weeks) == 3
    assert [curve.channel for curve in document.pacing.curves if not curve.refused] == ["feed_ads"]
    assert sum(line.spend for line in document.pacing.lines) == pytest.approx(planned.allocation["spend"].sum())
    assert {"pacing.csv", "rules.csv"} <= {path.name for path in planned.out.iterdir()}
    assert planned.lists == {}
    contacted = planned.decisions.dropna(subset=["weight"])  # nobody without consent is scored
    assert contacted["contacts"].sum() == pytest.approx(document.headline.contacts.expected)
    assert (contacted["contacts"] <= contacted["weight"] + 1e-9).all()
    assert "Rules for leads to come" in (planned.out / "report.html").read_text()


def cut(path: Path, n: int) -> None:
    pd.read_parquet(path).head(n).to_parquet(path, index=False)


def write_weeks(folder: Path) -> None:
    """A year of past weeks for two channels, of which one never varied; three weeks to come for all."""
    rng = np.random.default_rng(4)
    weeks = pd.date_range("2024-12-30", periods=52, freq="7D")
    spend = 300 * np.exp(0.6 * rng.standard_normal(52))
    booked = (20 + 60 * spend / (spend + 300) + rng.standard_normal(52)).round()
    varied = pd.DataFrame({"week": weeks, "channel": "feed_ads", "spend": spend, "booked": booked})
    steady = pd.DataFrame({"week": weeks, "channel": "app_store", "spend": 500.0, "booked": booked})
    pd.concat([varied, steady]).to_csv(folder / "spend.csv", index=False)
    channels = pd.read_csv(folder / "channels.csv")["channel"]
    coming = pd.date_range("2026-01-05", periods=3, freq="7D")
    rows = [(channel, week.date(), 200, 150, 260) for channel in channels for week in coming]
    pd.DataFrame(rows, columns=["channel", "week", "volume", "low", "high"]).to_csv(folder / "traffic.csv", index=False)
