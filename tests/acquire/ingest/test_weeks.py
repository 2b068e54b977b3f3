"""The weekly tables: past spend and expected traffic; a row that cannot be meant is set aside with its reason."""

import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.ingest.tables import Tables
from tests.acquire.ingest.conftest import SmallMarket

SPEND = "week,channel,spend,booked\n"
TRAFFIC = "channel,week,volume,low,high\n"
PAST = ["2025-09-01", "2025-09-08", "2025-09-15"]


def read(market: SmallMarket, table: str, text: str) -> Tables:
    path = market.folder / f"{table}.csv"
    path.write_text(text)
    market.files[table] = path
    return market.read()


def spent(*rows: str) -> str:
    return SPEND + "".join(f"{row}\n" for row in rows)


def coming(market: SmallMarket, *rows: str) -> str:
    return TRAFFIC + "".join(f"{row}\n" for row in rows)


SOUND = [f"{week},web,100,7" for week in PAST]


def reason(market: SmallMarket, *rows: str) -> str:
    tables = read(market, "spend_history", spent(*SOUND, *rows))
    assert tables.spend_history is not None
    assert len(tables.spend_history) == len(PAST)
    [only] = set(tables.quarantine["reason"])
    return str(only)


def test_past_weeks_are_read_with_their_spend_and_bookings(market: SmallMarket) -> None:
    past = read(market, "spend_history", spent(*SOUND)).spend_history
    assert past is not None
    assert past["week"].tolist() == [pd.Timestamp(week) for week in PAST]
    assert past[["spend", "booked"]].to_numpy().tolist() == [[100.0, 7.0]] * 3


def test_a_plan_without_weekly_tables_has_none(market: SmallMarket) -> None:
    assert market.read().spend_history is None
    assert market.read().traffic is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2025-09-23,web,100,7", "it begins on another weekday than the other weeks"),
        ("soon,web,100,7", "give the first day of the week as 2026-01-26"),
        ("2099-09-07,web,100,7", "the week is not over"),
        ("2025-09-22,radio,100,7", "the channels table lacks it"),
        ("2025-09-22,web,-1,7", "money may not be negative here"),
        ("2025-09-22,web,,7", "it may not be empty"),
        ("2025-09-22,web,100,many", "give a number"),
    ],
)
def test_a_week_that_cannot_be_meant_is_set_aside(market: SmallMarket, row: str, why: str) -> None:
    assert why in reason(market, row)


def test_a_week_that_is_there_twice_is_set_aside_both_times(market: SmallMarket) -> None:
    assert "more than once" in reason(market, "2025-09-22,web,1,1", "2025-09-22,web,2,2")


def test_a_forecast_without_ends_is_certain(market: SmallMarket) -> None:
    tables = read(market, "traffic", "channel,week,volume\nweb,2099-01-05,50\n")
    assert tables.traffic is not None
    assert tables.traffic[["volume", "low", "high"]].to_numpy().tolist() == [[50.0, 50.0, 50.0]]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("web,2020-01-06,50,40,60", "the week is over"),
        ("web,2099-01-12,50,60,70", "low is on the wrong side of volume"),
        ("web,2099-01-12,50,40,45", "high is on the wrong side of volume"),
        ("web,2099-01-12,,40,60", "it may not be empty"),
        ("radio,2099-01-12,50,40,60", "the channels table lacks it"),
    ],
)
def test_a_forecast_that_cannot_be_meant_is_set_aside(market: SmallMarket, row: str, why: str) -> None:
    tables = read(market, "traffic", coming(market, "web,2099-01-05,50,40,60", "phone,2099-01-05,9,9,9", row))
    assert tables.traffic is not None
    assert len(tables.traffic) == 2
    assert why in tables.quarantine["reason"].iloc[0]


def test_a_weekly_table_without_rows_or_columns_stops(market: SmallMarket) -> None:
    with pytest.raises(BadInput, match=r"spend_history\.csv has no rows; list past weeks"):
        read(market, "spend_history", SPEND)
    with pytest.raises(BadInput, match=r"spend_history\.csv has no column booked"):
        read(market, "spend_history", "week,channel,spend\n2025-09-01,web,1\n")


def test_a_column_that_says_nothing_is_named(market: SmallMarket) -> None:
    tables = read(market, "spend_history", "week,channel,spend,booked,sum\n2025-09-01,web,1,1,9\n")
    assert "spend_history: column sum is not used" in tables.notes
