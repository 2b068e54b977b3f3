"""What runs today is a small table written by hand: anything wrong in it stops the plan in one line."""

import pandas as pd
import pytest

from acquire.domain import CurrentContacts, CurrentPlan
from acquire.errors import BadInput
from acquire.ingest.tables import Tables
from tests.acquire.ingest.conftest import SmallMarket


def read(market: SmallMarket, text: str, **columns: object) -> Tables:
    path = market.folder / "current.csv"
    path.write_text(text)
    market.files["current_plan"] = path
    return market.read(**columns)  # type: ignore[arg-type]


def refused(market: SmallMarket, text: str) -> str:
    with pytest.raises(BadInput) as error:
        read(market, text)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_runs_today_is_known_per_channel_and_offer(market: SmallMarket) -> None:
    current = read(market, "channel,offer,contacts\nweb,coupon,7\nphone,coupon,3\n").current_plan
    assert current == CurrentPlan(
        lines=(
            CurrentContacts(channel="web", offer="coupon", contacts=7),
            CurrentContacts(channel="phone", offer="coupon", contacts=3),
        )
    )
    assert (current.contacts, current.of_channel("web"), current.of("phone", "coupon")) == (10, 7, 3)
    assert (current.of_channel("mail"), current.of("web", "letter")) == (0, 0)


def test_a_plan_without_the_table_has_no_plan_in_force(market: SmallMarket) -> None:
    assert market.read().current_plan is None


def test_those_who_are_not_contacted_today_are_left_out(market: SmallMarket) -> None:
    market.history["offer"] = market.history["offer"].replace("control", "none")
    current = read(market, "channel,offer,contacts\nweb,none,99\nweb,coupon,1\n", control="none").current_plan
    assert current is not None
    assert current.contacts == 1


def test_the_last_allocation_can_be_given_as_it_is(market: SmallMarket) -> None:
    text = "channel,partner,offer,contacts,spend,booked,incremental,bad_rate,cac,incremental_cac,value\n"
    tables = read(market, f"{text}web,acme,coupon,12,60.0,1.5,0.5,,40.0,120.0,\n")
    assert tables.current_plan is not None
    assert tables.current_plan.of("web", "coupon") == 12
    assert not [note for note in tables.notes if "current" in note]


def test_a_column_that_says_nothing_is_named(market: SmallMarket) -> None:
    notes = read(market, "channel,offer,contacts,sum\nweb,coupon,1,9\n").notes
    assert "current.csv: column sum is not used" in notes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("channel,offer\nweb,coupon\n", "current.csv has no column contacts"),
        ("channel,offer,contact\nweb,coupon,1\n", "did you mean contact?"),
        (
            "channel,offer,contacts\nwed,coupon,1\n",
            "channel wed runs today, but is none of the plan's; did you mean web?",
        ),
        ("channel,offer,contacts\nweb,letter,1\n", "offer letter runs today, but is none of the plan's"),
        ("channel,offer,contacts\n,coupon,1\n", "channel is empty in row 1; give a name"),
        ("channel,offer,contacts\nweb,coupon,1\nweb,coupon,2\n", "lists offer coupon in channel web more than once"),
        ("channel,offer,contacts\nweb,coupon,-1\n", "contacts is '-1' in row 1; give a whole number of at least 0"),
        ("channel,offer,contacts\nweb,coupon,1.5\n", "contacts is '1.5' in row 1"),
        ("channel,offer,contacts\nweb,coupon,inf\n", "contacts is 'inf' in row 1"),
        ("channel,offer,contacts\nweb,coupon,many\n", "contacts is 'many' in row 1"),
        ("channel,offer,contacts\nweb,coupon,\n", "contacts is empty in row 1"),
    ],
)
def test_a_mistake_in_what_runs_today_stops_the_plan(market: SmallMarket, text: str, line: str) -> None:
    assert line in refused(market, text)


def test_the_table_may_be_parquet(market: SmallMarket) -> None:
    path = market.folder / "current.parquet"
    pd.DataFrame({"channel": ["web"], "offer": ["coupon"], "contacts": [4.0]}).to_parquet(path)
    market.files["current_plan"] = path
    current = market.read().current_plan
    assert current is not None
    assert current.contacts == 4
