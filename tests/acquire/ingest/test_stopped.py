"""What stops a plan before it starts: one line that says what, which value, and what to do."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from acquire.errors import BadInput
from tests.acquire.ingest.conftest import SmallMarket


def stopped(market: SmallMarket, **columns: object) -> str:
    """The line that the market is refused with."""
    with pytest.raises(BadInput) as error:
        market.read(**columns)  # type: ignore[arg-type]
    line = str(error.value)
    assert "\n" not in line
    assert str(market.folder) not in line or "is not there" in line
    return line


@pytest.mark.parametrize("table", ["history", "leads", "channels", "offers"])
def test_a_missing_file_stops(market: SmallMarket, table: str) -> None:
    market.files = {table: market.folder / "nowhere.csv"}
    assert "nowhere.csv is not there" in stopped(market)


def test_a_folder_instead_of_a_file_stops(market: SmallMarket) -> None:
    market.files = {"leads": market.folder}
    assert "cannot be read" in stopped(market)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("history", "lead_id"),
        ("history", "channel"),
        ("history", "offer"),
        ("history", "booked"),
        ("leads", "lead_id"),
        ("leads", "channel"),
        ("channels", "channel"),
        ("channels", "partner"),
        ("channels", "cost_per_contact"),
        ("channels", "cost_per_booked"),
    ],
)
def test_a_missing_column_stops(market: SmallMarket, table: str, column: str) -> None:
    setattr(market, table, getattr(market, table).drop(columns=column))
    assert f"{table}.csv has no column {column}" in stopped(market)


def test_a_missing_column_names_the_nearest_there_is(market: SmallMarket) -> None:
    market.history = market.history.rename(columns={"booked": "bookd"})
    assert "did you mean bookd?" in stopped(market)


CSV = b"lead_id,channel,consent\n1,web,1\n"


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("x.parquet", CSV, "x.parquet is not what it says: it is not a Parquet file"),
        ("x.parquet", b"PAR1 and then nothing", "the Parquet file is damaged"),
        ("x.csv", b"PAR1 and then nothing", "it is a Parquet file; name it .parquet"),
        ("x.csv", b"PK\x03\x04 a workbook", "it is a workbook or zip archive"),
        ("x.csv", b"lead_id\x00,channel", "it is neither Parquet nor UTF-8 text"),
        ("x.csv", CSV + "2,caf\xe9,1\n".encode("latin-1"), "x.csv is not UTF-8 text (line 3)"),
        ("x.csv", "\ufefflead_id".encode("utf-16"), "x.csv is not what it says"),
        ("x.csv", b"", "x.csv is empty"),
        ("x.csv", b" \n \n", "x.csv is empty"),
        ("x.csv", CSV + b"2,web,1,5\n", "line 3 has 4 cells, the header 3"),
        ("x.csv", CSV + b"2,web\n", "line 3 has 2 cells, the header 3"),
        ("x.csv", b"lead_id,channel,channel\n1,web,web\n", "x.csv has the column channel more than once"),
        ("x.csv", b"lead_id,channel,consent\n", "x.csv has no leads"),
    ],
)
def test_a_file_that_is_not_what_it_says_stops(market: SmallMarket, file: str, content: bytes, line: str) -> None:
    path = market.folder / file
    path.write_bytes(content)
    market.files = {"leads": path}
    assert line in stopped(market)


def test_a_history_without_rows_stops(market: SmallMarket) -> None:
    market.history = market.history.iloc[:0]
    assert "history.csv has no rows" in stopped(market)


def change(table: str, row: int, column: str, value: object) -> Callable[[SmallMarket], None]:
    def apply(market: SmallMarket) -> None:
        frame = getattr(market, table)
        if column not in frame:
            frame[column] = None
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value

    return apply


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (change("channels", 1, "channel", "web"), "channels.csv lists channel web more than once"),
        (change("channels", 1, "channel", None), "channels.csv: channel is empty in row 2"),
        (change("channels", 0, "partner", None), "channels.csv: partner is empty in row 1"),
        (change("channels", 0, "partner", "  "), "channels.csv: partner is empty in row 1"),
        (change("channels", 0, "cost_per_contct", 1), "unknown column cost_per_contct; did you mean cost_per_contact?"),
        (change("channels", 0, "cost_per_contact", -1), "cost_per_contact of channel web is -1.0"),
        (change("channels", 0, "cost_per_contact", "inf"), "cost_per_contact of channel web is inf"),
        (change("channels", 1, "cost_per_booked", "ten"), "cost_per_booked is 'ten' in row 2; give a number"),
        (change("channels", 0, "rebate_share", 5), "rebate_share of channel web is 5.0; give a fraction"),
        (change("channels", 0, "max_bad_rate", 8), "max_bad_rate of channel web is 8.0; give a fraction"),
        (change("channels", 0, "max_contacts", -8), "max_contacts of channel web is -8.0"),
        (change("channels", 0, "cost_per_click", 0.2), "history.csv has no clicked column"),
        (change("channels", 0, "cost_per_applied", 0.2), "history.csv has no applied column"),
        (change("channels", 0, "cost_per_approved", 0.2), "history.csv has no approved column"),
        (change("channels", 0, "cost_rate_of_amount", 0.2), "leads.csv has no amount column"),
    ],
)
def test_anything_wrong_in_channels_stops(market: SmallMarket, spoil: Callable[[SmallMarket], None], line: str) -> None:
    spoil(market)
    assert line in stopped(market)


def test_a_minimum_above_its_maximum_stops(market: SmallMarket) -> None:
    market.channels["min_spend"] = 10
    market.channels["max_spend"] = 5
    assert "min_spend of channel web is 10.0, above its max_spend 5.0" in stopped(market)


def test_no_channels_stop(market: SmallMarket) -> None:
    market.channels = market.channels.iloc[:0]
    assert "channels.csv has no rows" in stopped(market)


def test_a_price_for_an_event_that_history_records_is_fine(market: SmallMarket) -> None:
    market.history["clicked"] = 1
    market.channels["cost_per_click"] = 0.2
    assert market.read().channels[0].cost_per_click == 0.2


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (change("offers", 1, "offer", "control"), "offers.csv lists offer control more than once"),
        (change("offers", 1, "offer", None), "offers.csv: offer is empty in row 2"),
        (change("offers", 1, "cost_per_boked", 1), "unknown column cost_per_boked; did you mean cost_per_booked?"),
        (change("offers", 1, "cost_per_booked", -1), "cost_per_booked of offer coupon is -1.0"),
        (change("offers", 1, "cost_per_booked", "x"), "cost_per_booked is 'x' in row 2"),
        (change("offers", 1, "cost_rate_of_amount", 2), "cost_rate_of_amount of offer coupon is 2.0"),
        (change("offers", 1, "cost_rate_of_amount", 0.1), "leads.csv has no amount column"),
        (change("offers", 1, "channels", "web|fone"), "channels names fone, which the channels table lacks"),
        (change("offers", 0, "cost_per_booked", 5), "control has a cost"),
        (change("offers", 1, "price", "x"), "price is 'x' in row 2; give a number"),
        (change("offers", 1, "prise", 1), "unknown column prise; did you mean price?"),
        (change("offers", 1, "attributes", 1), "unknown column attributes"),
        (change("offers", 1, "offer", "gift"), "offer gift is in the offers table, but history never saw it"),
    ],
)
def test_anything_wrong_in_offers_stops(market: SmallMarket, spoil: Callable[[SmallMarket], None], line: str) -> None:
    market.offers = pd.DataFrame({"offer": ["control", "coupon"], "cost_per_booked": [0, 30]})
    spoil(market)
    assert line in stopped(market)


@pytest.mark.parametrize(
    ("dose", "line"),
    [
        ("months", "[uplift] dose names months, which offers.csv lacks"),
        ("offer", "[uplift] dose names offer, which holds names; name a column of numbers"),
    ],
)
def test_a_dose_that_offers_lack_stops(market: SmallMarket, dose: str, line: str) -> None:
    market.offers = pd.DataFrame({"offer": ["coupon"]})
    with pytest.raises(BadInput) as error:
        market.read(dose=dose)
    assert line in str(error.value)


def test_a_dose_without_an_offers_table_stops(market: SmallMarket) -> None:
    with pytest.raises(BadInput, match="dose names months, but there is no offers table"):
        market.read(dose="months")


def test_offers_with_control_alone_stop(market: SmallMarket) -> None:
    market.offers = pd.DataFrame({"offer": ["control"]})
    assert "lists no offer besides control" in stopped(market)


def test_no_controls_stop_and_the_line_says_how_to_start(market: SmallMarket) -> None:
    market.history["offer"] = "coupon"
    line = stopped(market)
    assert "history has no controls" in line
    assert "acquire experiment design" in line


def test_controls_alone_stop(market: SmallMarket) -> None:
    market.history["offer"] = "control"
    assert "no offer besides control" in stopped(market)


@pytest.mark.parametrize("booked", [0, 1])
def test_all_or_none_booked_stop(market: SmallMarket, booked: int) -> None:
    market.history["booked"] = booked
    assert f"booked is {booked} in every usable row" in stopped(market)


def test_two_names_for_control_stop(market: SmallMarket) -> None:
    market.history.loc[0, "offer"] = "No E-Mail"
    assert "offer holds both 'control' and 'No E-Mail'" in stopped(market, control="No E-Mail")


def test_no_consent_column_stops_and_the_line_says_what_to_write(market: SmallMarket) -> None:
    market.leads = market.leads.drop(columns="consent")
    assert "write assume_consent = true at the top of the plan file" in stopped(market)


@pytest.mark.parametrize("key", ["exclude", "protected"])
def test_a_misspelt_column_to_leave_out_stops_rather_than_leaking(market: SmallMarket, key: str) -> None:
    line = stopped(market, **{key: ("incomee",)})
    assert f"[columns] {key} names incomee" in line
    assert "did you mean income?" in line


def test_a_mapping_of_a_column_that_is_not_there_stops(market: SmallMarket) -> None:
    assert "[columns] amount names asked" in stopped(market, rename={"asked": "amount"})


def test_a_mapping_of_a_required_column_that_is_not_there_names_it(market: SmallMarket) -> None:
    market.history = market.history.drop(columns="booked")
    assert "visit" in stopped(market, rename={"visit": "booked"})


def test_a_parquet_file_with_two_columns_of_one_name_stops(market: SmallMarket, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table([pa.array(["1"]), pa.array(["web"]), pa.array(["web"])], names=["lead_id", "channel", "channel"])
    pq.write_table(table, tmp_path / "twice.parquet")
    market.files = {"leads": tmp_path / "twice.parquet"}
    assert "twice.parquet has the column channel more than once" in stopped(market)
