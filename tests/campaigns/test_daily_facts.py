"""Daily facts go in whole, are replaced by their key, and their money adds up to the cent."""

import itertools
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.domain import Channel
from acquire.errors import BadInput
from campaigns.daily_facts import COLUMNS, load_daily_facts, record_channels
from campaigns.reports import ReportFilter, filter_choices, overview, partner_overview
from campaigns.store.session import Store, open_store, upgrade
from campaigns.users import Viewer
from tests.campaigns.test_lists import CHANNELS
from tests.campaigns.test_reports import FACTS, GROWTH, JUNE, MONDAY, _frame

FEED = Viewer(login="nat", role="partner", partner="North Media")
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One database for many examples; each example uses a channel of its own."""
    folder: Path = tmp_path_factory.mktemp("lasting")
    url = f"sqlite:///{folder / 'acquire.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    upgrade(url)
    store = open_store(url)
    yield store
    store.close()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.decimals(0, 1_900_000_000, places=2), min_size=1, max_size=40))
def test_money_adds_up_to_the_cent(lasting_store: Store, spend: list[Decimal]) -> None:
    channel = f"channel {next(_numbers)}"
    record_channels(lasting_store, (Channel(channel=channel, partner="North Media"),))
    rows = tuple(
        (MONDAY + timedelta(days=i // 3), channel, ("coupon", "call", "text")[i % 3], 1, 1, money, money, 0, 0, 0, 0)
        for i, money in enumerate(spend)
    )
    load_daily_facts(lasting_store, _frame(rows))
    asked = ReportFilter(first_day=MONDAY, last_day=date(2026, 6, 30), channels=(channel,))
    page = overview(lasting_store, GROWTH, asked)
    assert page.kpi("spend").value == page.kpi("amount").value == float(sum(spend))
    assert partner_overview(lasting_store, FEED, asked).kpis[2].value == float(sum(spend))
    cents = [round(money * 100) for money in page.trend["spend"]]
    assert sum(cents) == int(sum(spend) * 100)


def test_a_day_that_comes_again_replaces_what_was_there(store: Store) -> None:
    record_channels(store, CHANNELS)
    load_daily_facts(store, _frame())
    load_daily_facts(store, _frame())
    load_daily_facts(store, _frame(((date(2026, 6, 9), "app", "call", 1_000, 60, 6_000, 400, 30, 3, 0, 0),)))
    page = overview(store, GROWTH, JUNE)
    assert page.kpi("booked").value == 210
    assert page.kpi("bad_rate").value == pytest.approx(12 / 120)


def test_money_is_rounded_to_the_cent_half_to_even(store: Store) -> None:
    record_channels(store, CHANNELS)
    load_daily_facts(store, _frame(((MONDAY, "app", "call", 1, 0, 0.125, 0.1 + 0.2, 0, 0, 0, 0),)))
    page = overview(store, GROWTH, JUNE)
    assert (page.kpi("amount").value, page.kpi("spend").value) == (0.12, 0.3)


def test_a_channel_keeps_its_partner_so_that_no_other_inherits_its_results(store: Store) -> None:
    record_channels(store, CHANNELS)
    record_channels(store, CHANNELS)
    with pytest.raises(BadInput, match="channel 'app' belongs to partner 'Paywell' in the database, not to 'Mallhub'"):
        record_channels(store, (Channel(channel="app", partner="Mallhub"),))


def _with(column: str, value: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{column: value})


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda frame: frame.drop(columns="spend"), "daily facts lack the column spend; add it"),
        (lambda frame: pd.concat([frame, frame]), "two rows for one day, channel and offer; add them up"),
        (_with("channel", "sea"), "channel 'sea', which the database does not know"),
        (_with("spend", -1.0), "a spend that is missing or negative"),
        (_with("booked", float("nan")), "a booked that is missing or negative"),
        (_with("clicked", 0.5), "a clicked that is not a whole number"),
        (_with("spend", float("inf")), "a spend that is infinite or beyond"),
        (_with("bad", 1), "more bad than matured"),
        (_with("control_booked", 501), "more control_booked than control_leads"),
        (_with("contacts", 1), "offer control count contacts"),
        (_with("control_leads", 600), "count a holdout under an offer"),
        (_with("day", "yesterday"), "a day that is no date"),
        (_with("offer", None), "without a channel or an offer"),
    ],
)
def test_facts_that_contradict_themselves_are_refused_whole(
    sqlite_store: Store, spoil: Callable[[pd.DataFrame], pd.DataFrame], line: str
) -> None:
    record_channels(sqlite_store, CHANNELS)
    with pytest.raises(BadInput, match=line):
        load_daily_facts(sqlite_store, spoil(_frame()))
    assert filter_choices(sqlite_store, GROWTH).first_day is None


def test_one_unknown_channel_keeps_the_other_rows_out_too(store: Store) -> None:
    record_channels(store, CHANNELS)
    rows = (*FACTS, (MONDAY, "sea", "call", 1, 0, 0, 0, 0, 0, 0, 0))
    with pytest.raises(BadInput, match="channel 'sea'"):
        load_daily_facts(store, _frame(rows))
    assert filter_choices(store, GROWTH).first_day is None


def test_the_caller_keeps_its_frame(sqlite_store: Store) -> None:
    record_channels(sqlite_store, CHANNELS)
    frame = _frame()
    load_daily_facts(sqlite_store, frame)
    pd.testing.assert_frame_equal(frame, _frame())
    assert set(COLUMNS) == set(frame.columns)
