"""The links table: what leads share is read as written, and rows that cannot be meant are set aside with their reason."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.ingest.tables import Tables
from tests.acquire.ingest.conftest import SmallMarket

SOUND = pd.DataFrame(
    {
        "lead_id": ["00000", "00001", "00100"],
        "kind": ["device", "company", "address"],
        "key": ["007", "C1", "12 High Street"],
        "role": ["user", "owner", None],
    }
)


def read(market: SmallMarket, links: pd.DataFrame, ending: str = "csv", **columns: object) -> Tables:
    path = market.folder / f"links.{ending}"
    links.to_csv(path, index=False) if ending == "csv" else links.to_parquet(path, index=False)
    market.files["links"] = path
    return market.read(**columns)  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_links_are_read_as_written_whatever_the_file(market: SmallMarket, ending: str) -> None:
    tables = read(market, SOUND, ending)
    assert tables.links is not None
    assert tables.links["key"].tolist() == ["007", "C1", "12 High Street"]
    assert tables.links["role"].isna().tolist() == [False, False, True]
    assert [(c.table, c.read, c.accepted, c.quarantined) for c in tables.counts][2] == ("links", 3, 3, 0)
    assert "links" in tables.hashes
    assert not tables.notes


def test_without_a_links_table_nothing_is_known_of_rings(market: SmallMarket) -> None:
    tables = market.read()
    assert tables.links is None
    assert [count.table for count in tables.counts] == ["history", "leads"]


def test_wrong_rows_are_set_aside_and_the_counts_add_up(market: SmallMarket) -> None:
    wrong = pd.DataFrame(
        {
            "lead_id": ["00000", None, "00001"],
            "kind": ["shoe", "device", "card"],
            "key": ["K", "K", None],
            "role": [None, None, None],
        }
    )
    tables = read(market, pd.concat([SOUND, wrong], ignore_index=True))
    aside = tables.quarantine
    assert aside["table"].tolist() == ["links"] * 3
    assert aside["row_number"].tolist() == [4, 5, 6]
    assert aside["reason"].tolist() == [
        "kind is 'shoe': give one of device, address, card, company",
        "lead_id is empty: it may not be empty",
        "key is empty: it may not be empty",
    ]
    assert [(c.read, c.accepted, c.quarantined) for c in tables.counts][2] == (6, 3, 3)


def test_kinds_and_roles_are_read_without_regard_to_case(market: SmallMarket) -> None:
    tables = read(market, SOUND.assign(kind=["Device", " COMPANY", "address "], role=["User", "OWNER", "x"]))
    assert tables.links is not None
    assert tables.links["kind"].tolist() == ["device", "company", "address"]
    assert tables.links["role"].tolist() == ["user", "owner", "x"]


def test_roles_may_be_left_out(market: SmallMarket) -> None:
    tables = read(market, SOUND.drop(columns="role"))
    assert tables.links is not None
    assert list(tables.links) == ["lead_id", "kind", "key"]


def test_long_numbers_as_keys_keep_every_digit(market: SmallMarket) -> None:
    tables = read(market, SOUND.assign(key=[864_394_010_001_234_567, 864_394_010_001_234_568, 3]), "parquet")
    assert tables.links is not None
    assert tables.links["key"].tolist() == ["864394010001234567", "864394010001234568", "3"]


def test_links_of_leads_that_no_table_has_are_no_error(market: SmallMarket) -> None:
    more = SOUND.assign(lead_id=["elsewhere", "00001", "elsewhere too"])
    tables = read(market, more)
    assert "links: 2 rows of leads that are in neither history nor leads are not used" in tables.notes


def test_the_owners_name_of_the_lead_holds_in_links_too_and_no_other_name_does(market: SmallMarket) -> None:
    market.history = market.history.rename(columns={"lead_id": "client", "channel": "kind"})
    market.leads = market.leads.rename(columns={"lead_id": "client", "channel": "kind"})
    tables = read(market, SOUND.rename(columns={"lead_id": "client"}), rename={"client": "lead_id", "kind": "channel"})
    assert tables.links is not None
    assert tables.links["lead_id"].tolist() == ["00000", "00001", "00100"]


def test_a_column_that_means_nothing_here_is_named(market: SmallMarket) -> None:
    tables = read(market, SOUND.rename(columns={"role": "roles"}))
    assert "links: column roles is not used; did you mean role?" in tables.notes


def test_a_table_of_links_without_rows_is_fine(market: SmallMarket) -> None:
    tables = read(market, SOUND[:0])
    assert tables.links is not None
    assert tables.links.empty


@pytest.mark.parametrize("column", ["lead_id", "kind", "key"])
def test_a_missing_column_stops(market: SmallMarket, column: str) -> None:
    with pytest.raises(BadInput, match=rf"links\.csv has no column {column}"):
        read(market, SOUND.drop(columns=column))


def test_a_table_of_which_more_than_half_is_wrong_stops(market: SmallMarket) -> None:
    with pytest.raises(BadInput, match=r"links\.csv: 2 of 3 rows cannot be used.*kind: give one of device"):
        read(market, SOUND.assign(kind=["shoe", "hat", "device"]))


def test_a_missing_file_stops(market: SmallMarket) -> None:
    market.files["links"] = Path(market.folder / "links.csv")
    with pytest.raises(BadInput, match=r"links\.csv is not there"):
        market.read()


def test_the_made_up_markets_links_are_sound(market: SmallMarket) -> None:
    import numpy as np

    from acquire.ingest.market import MarketSpec, make_market

    made = make_market(MarketSpec(n_history=2_000, n_leads=500, ends_on=date(2026, 5, 31)), np.random.default_rng(7))
    tables = read(market, made.links, "parquet")
    assert tables.counts[2].quarantined == 0
    assert set(made.links["kind"]) == {"device", "address", "company"}
