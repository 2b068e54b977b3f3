"""The figures on the pages, with a pencil; and that a partner sees its own rows only."""

import math
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from acquire.domain import Channel
from acquire.errors import BadInput, NotFound
from campaigns import reports
from campaigns.daily_facts import COLUMNS, load_daily_facts, record_channels
from campaigns.lists import make_lists, record_plan
from campaigns.reports import FilterChoices, ReportFilter, channel_csv, overview, partner_overview
from campaigns.store.session import Store
from campaigns.users import Viewer
from tests.campaigns.test_lists import CHANNELS, DECISIONS, _plan

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
GROWTH = Viewer(login="ann", role="growth")
NORTH = Viewer(login="nat", role="partner", partner="North Media")
PAYWELL = Viewer(login="pat", role="partner", partner="Paywell")
STRANGER = Viewer(login="sam", role="partner", partner="Nobody")

MONDAY = date(2026, 6, 1)
JUNE = ReportFilter(first_day=MONDAY, last_day=date(2026, 6, 30))
# day, channel, offer, contacts, booked, amount, spend, matured, bad, control_leads, control_booked
FACTS = (
    (date(2026, 6, 1), "search", "coupon", 600, 90, 9_000, 900.10, 50, 4, 0, 0),
    (date(2026, 6, 1), "search", "call", 400, 60, 6_000, 600.20, 40, 5, 0, 0),
    (date(2026, 6, 1), "search", "control", 0, 0, 0, 0, 0, 0, 500, 25),
    (date(2026, 6, 9), "app", "call", 1_000, 52, 5_200, 300.00, 0, 0, 0, 0),
    (date(2026, 6, 9), "app", "control", 0, 0, 0, 0, 0, 0, 500, 25),
)


def _frame(rows: tuple[tuple[object, ...], ...] = FACTS) -> pd.DataFrame:
    names = ["day", "channel", "offer", "contacts", "booked", "amount", "spend", "matured", "bad"]
    frame = pd.DataFrame(rows, columns=[*names, "control_leads", "control_booked"])
    funnel = {"clicked": frame["contacts"] // 2, "applied": frame["contacts"] // 4, "approved": frame["booked"]}
    return frame.assign(**funnel, revenue=math.nan)[list(COLUMNS)]


def _filled(store: Store) -> Store:
    record_channels(store, CHANNELS)
    load_daily_facts(store, _frame())
    return store


def _with_lists(store: Store) -> Store:
    lists = make_lists(DECISIONS, CHANNELS, campaign="2026-12", created_at=NOW, key_version=1)
    record_plan(store, _plan(), lists)
    return _filled(store)


def test_the_figures_can_be_checked_with_a_pencil(store: Store) -> None:
    page = overview(_filled(store), GROWTH, JUNE)
    assert page.kpi("booked").value == 202
    assert page.kpi("amount").value == 20_200
    assert page.kpi("spend").value == 1_800.30
    assert page.kpi("cac").value == pytest.approx(1_800.30 / 202)
    assert page.kpi("conversion").value == pytest.approx(202 / 2_000)
    assert page.kpi("bad_rate").value == pytest.approx(9 / 90)
    assert [(one.stage, one.count) for one in page.funnel] == [
        ("contacts", 2_000),
        ("clicked", 1_000),
        ("applied", 500),
        ("approved", 202),
        ("booked", 202),
    ]


def test_what_was_bought_is_counted_against_the_holdout(store: Store) -> None:
    page = overview(_filled(store), GROWTH, JUNE)
    table = page.channel_table.set_index("channel")
    # 5 % of the holdout booked by itself: 150 - 50 and 52 - 50.
    assert table["incremental"].to_dict() == pytest.approx({"search": 100, "app": 2})
    assert table.loc["search", "incremental_cac"] == pytest.approx(15.003)
    assert page.kpi("incremental_cac").value == pytest.approx(1_800.30 / 102)


def test_an_increment_that_may_be_nothing_has_no_price_yet(store: Store) -> None:
    page = overview(
        _filled(store), GROWTH, ReportFilter(first_day=MONDAY, last_day=date(2026, 6, 30), channels=("app",))
    )
    row = page.channel_table.iloc[0]
    p, q = 53 / 1_002, 26 / 502
    half = 1.6448536 * math.sqrt(1_000 * p * (1 - p) + 1_000**2 / 500 * q * (1 - q))
    assert (row["incremental_low"], row["incremental_high"]) == pytest.approx((2 - half, 2 + half))
    assert math.isnan(row["incremental_cac"])
    assert page.kpi("incremental_cac").note.startswith("not yet known")


def test_a_month_without_a_holdout_leaves_the_increment_unknown(store: Store) -> None:
    _filled(store)
    load_daily_facts(store, _frame(((date(2026, 5, 4), "app", "call", 10, 1, 100, 5.0, 0, 0, 0, 0),)))
    page = overview(store, GROWTH, ReportFilter(first_day=date(2026, 5, 1), last_day=date(2026, 6, 30)))
    table = page.channel_table.set_index("channel")
    assert table["incremental"].to_dict() == pytest.approx({"search": 100, "app": math.nan}, nan_ok=True)
    assert page.kpi("incremental_cac").note == "not known: a channel had no holdout in some month"


def test_months_with_different_holdouts_are_not_mixed_up(store: Store) -> None:
    record_channels(store, CHANNELS)
    # Contact does nothing in either month; pooled rates (60 of 600 against 190 of 1,100) would show a loss of 73.
    rows = (
        (date(2026, 5, 4), "app", "call", 100, 10, 0, 0, 0, 0, 0, 0),
        (date(2026, 5, 4), "app", "control", 0, 0, 0, 0, 0, 0, 100, 10),
        (date(2026, 6, 1), "app", "call", 1_000, 200, 0, 0, 0, 0, 0, 0),
        (date(2026, 6, 1), "app", "control", 0, 0, 0, 0, 0, 0, 50, 10),
    )
    load_daily_facts(store, _frame(rows))
    page = overview(store, GROWTH, ReportFilter(first_day=date(2026, 5, 1), last_day=date(2026, 6, 30)))
    assert page.channel_table["incremental"].tolist() == pytest.approx([0.0], abs=1e-9)


def test_the_holdout_cannot_tell_what_one_of_several_offers_added(store: Store) -> None:
    _filled(store)
    one = overview(store, GROWTH, ReportFilter(first_day=MONDAY, last_day=date(2026, 6, 30), offers=("call",)))
    assert one.kpi("booked").value == 112
    assert math.isnan(one.kpi("incremental_cac").value)
    assert one.kpi("incremental_cac").note.startswith("not known for single offers")
    both = ReportFilter(first_day=MONDAY, last_day=date(2026, 6, 30), offers=("call", "coupon"))
    assert overview(store, GROWTH, both).kpi("incremental_cac").value == pytest.approx(1_800.30 / 102)


def test_the_trend_is_weekly_and_quality_is_monthly(store: Store) -> None:
    page = overview(_filled(store), GROWTH, ReportFilter(first_day=date(2026, 5, 20), last_day=date(2026, 6, 30)))
    assert page.trend["week"].dt.date.tolist() == [MONDAY, date(2026, 6, 8)]
    assert page.trend["booked"].tolist() == [150, 52]
    assert page.trend["cac"].tolist() == pytest.approx([1_500.30 / 150, 300 / 52])
    assert page.trend["bad_rate"].isna().tolist() == [False, True]
    assert page.vintages["month"].dt.date.tolist() == [MONDAY]
    assert page.vintages["bad_rate"].tolist() == pytest.approx([0.1])
    assert page.kpi("booked").series == ((MONDAY, 150.0), (date(2026, 6, 8), 52.0))
    assert page.kpi("bad_rate").series == ((MONDAY, 0.1),)


def test_a_week_that_begins_before_the_filter_is_named_by_the_filters_first_day(store: Store) -> None:
    page = overview(_filled(store), GROWTH, ReportFilter(first_day=date(2026, 6, 9), last_day=date(2026, 6, 9)))
    assert page.kpi("booked").series == ((date(2026, 6, 9), 52.0),)
    assert page.vintages["month"].dt.date.tolist() == [date(2026, 6, 9)]


def test_a_figure_is_compared_with_as_many_days_before(store: Store) -> None:
    _filled(store)
    second = ReportFilter(first_day=date(2026, 6, 8), last_day=date(2026, 6, 14))
    assert overview(store, GROWTH, second).kpi("booked").previous == 150
    assert overview(store, GROWTH, JUNE).kpi("booked").previous is None


def test_the_limits_of_the_latest_plan_are_the_targets(store: Store) -> None:
    page = overview(_with_lists(store), GROWTH, JUNE)
    assert page.currency == "CNY"
    assert page.kpi("bad_rate").target == 0.12
    assert page.kpi("cac").target is None


def test_no_facts_are_no_error_and_nothing_is_made_up(store: Store) -> None:
    page = overview(store, GROWTH, JUNE)
    assert (page.kpi("booked").value, page.kpi("spend").value) == (0, 0)
    for name in ("cac", "incremental_cac", "bad_rate", "conversion"):
        assert math.isnan(page.kpi(name).value)
        assert page.kpi(name).note
    assert page.currency is None
    assert page.trend.empty
    assert page.vintages.empty
    assert page.channel_table.empty
    assert channel_csv(page).count(b"\n") == 1
    assert reports.filter_choices(store, GROWTH) == FilterChoices(first_day=None, last_day=None, channels=(), offers=())
    assert reports.latest_plan(store, GROWTH) is None


def test_a_partner_sees_its_own_channels_only(store: Store) -> None:
    _with_lists(store)
    assert overview(store, PAYWELL, JUNE).channel_table["channel"].tolist() == ["app"]
    assert overview(store, PAYWELL, JUNE).kpi("booked").value == 52
    assert overview(store, PAYWELL, JUNE).kpi("bad_rate").target is None
    assert overview(store, STRANGER, JUNE).kpi("booked").value == 0
    asked = ReportFilter(first_day=MONDAY, last_day=date(2026, 6, 30), channels=("search",))
    assert overview(store, PAYWELL, asked).channel_table.empty
    assert overview(store, PAYWELL, asked).kpi("spend").value == 0


def test_a_partners_page_tells_what_it_is_owed_and_nothing_about_quality(store: Store) -> None:
    page = partner_overview(_with_lists(store), NORTH, JUNE)
    assert [(kpi.name, kpi.value) for kpi in page.kpis] == [("contacts", 1_000), ("booked", 150), ("spend", 1_500.30)]
    assert list(page.channel_table.columns) == ["channel", "partner", "contacts", "booked", "spend"]
    assert list(page.trend.columns) == ["week", "contacts", "booked", "spend"]


def test_a_partner_that_asks_for_another_partner_gets_nothing(store: Store) -> None:
    _with_lists(store)
    assert partner_overview(store, PAYWELL, JUNE, partner="North Media").channel_table.empty
    assert partner_overview(store, PAYWELL, JUNE, partner="North Media").kpis[0].value == 0
    assert reports.partner_lists(store, PAYWELL, now=NOW, partner="North Media") == ()
    assert partner_overview(store, GROWTH, JUNE, partner="North Media").kpis[0].value == 1_000
    assert partner_overview(store, GROWTH, JUNE).kpis[0].value == 2_000


def test_a_partner_chooses_among_its_own(store: Store) -> None:
    _with_lists(store)
    day = date(2026, 6, 9)
    own = FilterChoices(first_day=day, last_day=day, channels=("app",), offers=("call",))
    assert reports.filter_choices(store, PAYWELL) == own
    assert reports.filter_choices(store, GROWTH).channels == ("app", "search")
    assert reports.filter_choices(store, GROWTH).offers == ("call", "coupon")
    assert reports.partners(store, PAYWELL) == ("Paywell",)
    assert reports.partners(store, GROWTH) == ("Mallhub", "North Media", "Paywell")


def test_a_partner_sees_no_plan(store: Store) -> None:
    _with_lists(store)
    assert reports.plans(store, PAYWELL) == ()
    assert reports.latest_plan(store, PAYWELL) is None
    assert len(reports.plans(store, GROWTH)) == 1


def test_anothers_list_is_answered_like_one_that_does_not_exist(store: Store) -> None:
    _with_lists(store)
    (own,) = reports.partner_lists(store, PAYWELL, now=NOW)
    assert reports.list_rows(store, PAYWELL, own.list_id)["id"].tolist() == ["L2"]
    with pytest.raises(NotFound) as others:
        reports.list_rows(store, NORTH, own.list_id)
    with pytest.raises(NotFound) as nobodys:
        reports.list_rows(store, NORTH, "no-such-list")
    assert str(others.value) == str(nobodys.value)


def test_a_list_is_over_from_its_expiry_on(store: Store) -> None:
    _with_lists(store)
    after = timedelta(days=30)
    assert not reports.partner_lists(store, PAYWELL, now=NOW + after - timedelta(seconds=1))[0].expired
    assert reports.partner_lists(store, PAYWELL, now=NOW + after)[0].expired


def test_the_file_of_the_channel_table_says_what_the_page_says(store: Store) -> None:
    record_channels(store, (Channel(channel="=cmd()", partner="North Media"),))
    load_daily_facts(store, _frame(((MONDAY, "=cmd()", "call", 10, 3, 100, 10.0, 0, 0, 0, 0),)))
    header, row = channel_csv(overview(store, GROWTH, JUNE)).decode().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True)) == {
        **{"channel": "'=cmd()", "partner": "North Media", "contacts": "10", "clicked": "5", "applied": "2"},
        **{"approved": "3", "booked": "3", "amount": "100.0", "spend": "10.0", "cac": "3.3333333333333335"},
        **{"incremental": "", "incremental_cac": "", "conversion": "0.3", "bad_rate": "", "matured": "0", "bad": "0"},
        **{"incremental_low": "", "incremental_high": ""},
    }


def test_a_period_that_ends_before_it_begins_is_bad_input() -> None:
    with pytest.raises(BadInput, match="first_day 2026-06-02 is after last_day 2026-06-01; swap them"):
        ReportFilter(first_day=date(2026, 6, 2), last_day=MONDAY)
