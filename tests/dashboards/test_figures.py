"""Figures show what the frames hold, say their units, and ask no other host."""

import math
from datetime import date

import pandas as pd
import pytest

from campaigns.reports import FunnelStage
from dashboards import figures
from tests.campaigns.plan_documents import sample_plan

WEEKS = pd.DataFrame(
    {
        "week": pd.to_datetime(["2026-11-02", "2026-11-09"]),
        "spend": [1_000.0, 3_000.0],
        "booked": [20, 30],
        "cac": [50.0, 100.0],
    }
)


def axis_titles(figure: figures.go.Figure) -> list[str]:
    axes = (getattr(figure.layout, name) for name in figure.layout if name.startswith(("xaxis", "yaxis")))
    return [axis.title.text for axis in axes if axis.title.text]


def test_the_trend_shows_spend_bookings_and_both_costs() -> None:
    figure = figures.draw_trend(WEEKS, "CNY", [(date(2026, 11, 1), 125.0)])
    assert [list(trace.y) for trace in figure.data] == [[1_000, 3_000], [20, 30], [50, 100], [125]]
    assert set(axis_titles(figure)) == {"Week beginning", "Spend, CNY", "Booked, accounts", "Per account, CNY"}


def test_a_partner_s_trend_has_no_cost_per_account() -> None:
    figure = figures.draw_trend(WEEKS.drop(columns="cac"), "CNY")
    assert [trace.name for trace in figure.data] == ["Spend", "Booked"]


def test_the_funnel_says_the_share_of_the_stage_before() -> None:
    stages = [
        FunnelStage(stage=name, count=count) for name, count in (("contacts", 2_000), ("clicked", 500), ("booked", 0))
    ]
    bars = figures.draw_funnel(stages).data[0]
    assert list(bars.text) == ["2,000", "500  (25.0 %)", "0  (0.0 %)"]


def test_a_funnel_without_anybody_does_not_divide_by_nobody() -> None:
    stages = [FunnelStage(stage=name, count=0) for name in ("contacts", "clicked")]
    assert list(figures.draw_funnel(stages).data[0].text) == ["0", "0"]


def months(*bad_rates: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "month": pd.date_range("2026-01-01", periods=len(bad_rates), freq="MS"),
            "bad_rate": bad_rates,
            "matured": [100] * len(bad_rates),
        }
    )


def test_a_month_that_has_not_matured_is_a_gap_and_not_a_zero() -> None:
    line = figures.draw_bad_rate(months(0.08, math.nan), 0.1).data[0]
    assert line.y[0] == 0.08
    assert math.isnan(line.y[1])


def test_the_limit_is_drawn_only_where_the_plan_has_one() -> None:
    assert figures.draw_bad_rate(months(0.08), 0.1).layout.shapes[0].y0 == 0.1
    assert not figures.draw_bad_rate(months(0.08), None).layout.shapes


def test_the_allocation_stacks_offers_and_puts_the_largest_channel_on_top() -> None:
    figure = figures.draw_allocation(sample_plan().allocation)
    # plotly draws the first category at the bottom
    assert figure.data[0].y[-1] == "payment_app"
    assert {trace.name: trace.x[list(trace.y).index("payment_app")] for trace in figure.data} == {
        "contact": 2_310,
        "coupon": 0,
        "rate_cut": 640,
    }
    assert sum(sum(trace.x) for trace in figure.data) == sum(line.contacts for line in sample_plan().allocation)


def test_effects_are_drawn_in_accounts_per_hundred_with_their_interval() -> None:
    dots = figures.draw_offer_effects(sample_plan().evidence.offers).data[0]
    assert dots.y[0] == "contact"
    assert dots.x[0] == pytest.approx(1.21)
    assert dots.error_x.array[0] == pytest.approx(0.46)


def test_calibration_draws_a_dot_per_bin_and_the_line_where_predictions_come_true() -> None:
    bins = [one for one in sample_plan().evidence.calibration if one.what == "p_bad"]
    diagonal, dots = figures.draw_calibration(bins).data
    assert list(diagonal.x) == list(diagonal.y)
    assert len(dots.x) == 10


@pytest.mark.parametrize(
    "figure",
    [
        figures.draw_trend(WEEKS, "CNY"),
        figures.draw_bad_rate(months(0.1), 0.1),
        figures.draw_allocation(sample_plan().allocation),
        figures.draw_offer_effects(sample_plan().evidence.offers),
        figures.draw_comparison([("plan", sample_plan().headline.value)], "CNY", "money"),
    ],
    ids=["trend", "bad rate", "allocation", "effects", "comparison"],
)
def test_no_figure_brings_a_ground_of_its_own(figure: figures.go.Figure) -> None:
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert axis_titles(figure)
