"""What a sound market becomes: typed frames, features, and nothing lost."""

import decimal
import math
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acquire.domain import Feature
from acquire.ingest.tables import Columns, Sources, Tables, read_tables
from campaigns.plan_file import read_plan_file
from tests.acquire.ingest.conftest import TODAY, SmallMarket
from tests.markets import write_hillstrom_market


def names(tables: Tables, kind: str) -> list[str]:
    return [feature.name for feature in tables.features if feature.kind == kind]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_csv_and_parquet_tell_the_same(market: SmallMarket, ending: str) -> None:
    market.ending = ending
    tables = market.read()
    assert [(count.table, count.read, count.accepted) for count in tables.counts] == [
        ("history", 40, 40),
        ("leads", 20, 20),
    ]
    assert tables.features == (
        Feature(name="channel", kind="category"),
        Feature(name="income", kind="numeric"),
        Feature(name="job", kind="category"),
    )
    assert tables.history["lead_id"].tolist()[:2] == ["00000", "00001"]
    assert tables.leads["consent"].tolist()[:4] == [True, True, True, False]
    assert tables.history["income"].dtype == "float64"
    assert tables.notes == ()


def test_the_order_of_the_leads_is_kept(market: SmallMarket) -> None:
    market.leads = market.leads.iloc[::-1]
    assert market.read().leads["lead_id"].tolist() == market.leads["lead_id"].tolist()


def test_ids_keep_their_leading_zeros_and_whole_numbers_stay_whole(market: SmallMarket) -> None:
    market.leads["person_id"] = [7.0, None, *range(18)]
    market.ending = "parquet"
    persons = market.read().leads["person_id"]
    assert persons[0] == "7"
    assert pd.isna(persons[1])


def test_ids_that_differ_from_row_to_row_are_kept_as_text(market: SmallMarket) -> None:
    market.leads["lead_id"] = [f"00{i}" for i in range(20)]
    assert market.read().leads["lead_id"][0] == "000"


def test_a_csv_with_a_byte_order_mark_and_chinese_text_is_read(market: SmallMarket) -> None:
    market.leads["job"] = "司机"
    sources = market.write()
    sources.leads.write_bytes(b"\xef\xbb\xbf" + sources.leads.read_bytes())
    tables = read_tables(sources, Columns(), assume_consent=False, today=TODAY)
    assert tables.leads["job"].unique().tolist() == ["司机"]
    assert tables.leads["lead_id"][0] == "00100"


def test_small_types_booleans_categories_and_nullable_numbers_are_converted(market: SmallMarket) -> None:
    market.ending = "parquet"
    for frame in (market.history, market.leads):
        n = len(frame)
        frame["small"] = pd.Series(range(n), dtype="int8")
        frame["short"] = pd.Series([0.5] * n, dtype="float32")
        frame["gap"] = pd.Series([None, 1] * (n // 2), dtype="Int64")
        frame["yes"] = [True, False] * (n // 2)
        frame["town"] = pd.Categorical(["a", "b"] * (n // 2))
    market.history["bad"] = pd.Series([0, None, None, 1, None] * 8, dtype="Float64")
    tables = market.read()
    assert names(tables, "numeric") == ["income", "small", "short", "gap", "yes"]
    assert names(tables, "category") == ["channel", "job", "town"]
    assert tables.history["bad"].dtype == "float64"
    assert tables.has_bad
    assert tables.leads["gap"].isna().sum() == 10
    assert str(tables.leads["town"].dtype) == "str"


def test_a_boolean_is_the_same_number_in_parquet_and_in_csv(market: SmallMarket) -> None:
    market.history["owner"] = [True, False] * 20
    market.leads["owner"] = [True, False] * 10
    tables = market.read()
    assert "owner" in names(tables, "numeric")
    assert tables.leads["owner"].tolist()[:2] == [1.0, 0.0]


def test_columns_of_unusual_parquet_types_are_read_or_left_out_with_a_note(market: SmallMarket) -> None:
    market.ending = "parquet"
    sources = market.write()
    for path in (sources.history, sources.leads):
        table = pq.read_table(path)
        n = len(table)
        unusual = {
            "price": pa.array([decimal.Decimal("1.5")] * n),
            "nothing": pa.nulls(n),
            "town": pa.array([b"home"] * n),
            "raw": pa.array([b"\xff"] * n),
            "several": pa.array([[1, 2]] * n),
            "at": pa.array([1] * n, pa.time64("us")),
        }
        for name, column in unusual.items():
            table = table.append_column(name, column)
        pq.write_table(table, path)
    tables = read_tables(sources, Columns(), assume_consent=False, today=TODAY)
    assert names(tables, "numeric") == ["income", "price", "nothing"]
    assert names(tables, "category") == ["channel", "job", "town"]
    nested = {note for note in tables.notes if "holds lists or records" in note}
    assert nested == {
        f"column several of {table}.parquet holds lists or records and is ignored" for table in ("history", "leads")
    }
    assert set(tables.notes) - nested == {
        f"{name} is neither a number nor a text: not used as a feature" for name in ("raw", "at")
    }


def test_dates_become_days_in_utc(market: SmallMarket) -> None:
    market.history["contacted_on"] = pd.Timestamp("2026-05-01 01:30", tz="Asia/Shanghai")
    market.ending = "parquet"
    assert market.read().history["contacted_on"].unique().tolist() == [pd.Timestamp("2026-04-30")]


def test_the_owners_names_are_mapped_and_control_is_called_control(market: SmallMarket) -> None:
    market.history = market.history.rename(columns={"booked": "visit", "offer": "segment", "income": "asked"})
    market.leads = market.leads.rename(columns={"income": "asked"})
    market.history["segment"] = market.history["segment"].replace("control", "No E-Mail")
    tables = market.read(rename={"visit": "booked", "segment": "offer", "asked": "amount"}, control="No E-Mail")
    assert set(tables.history["offer"]) == {"control", "coupon"}
    assert [offer.offer for offer in tables.offers] == ["coupon"]
    assert names(tables, "numeric") == ["amount"]


def test_a_column_that_a_mapping_replaces_is_ignored_with_a_note(market: SmallMarket) -> None:
    market.history["visit"] = market.history["booked"]
    market.history["booked"] = "who knows"
    tables = market.read(rename={"visit": "booked"})
    assert tables.history["booked"].mean() == 0.4
    assert any("its own column booked is ignored" in note for note in tables.notes)


def test_without_an_offers_table_every_offer_of_history_is_free(market: SmallMarket) -> None:
    market.history.loc[2, "offer"] = "a letter"
    assert [(offer.offer, offer.cost_per_booked) for offer in market.read().offers] == [("a letter", 0), ("coupon", 0)]


def test_rows_of_offers_that_the_plan_lacks_are_accepted_but_not_used(market: SmallMarket) -> None:
    market.history.loc[[2, 6], "offer"] = "retired"
    market.offers = pd.DataFrame({"offer": ["control", "coupon"], "cost_per_booked": [0, 30]})
    tables = market.read()
    history = tables.counts[0]
    assert (history.read, history.accepted, history.quarantined, history.unused) == (40, 40, 0, 2)
    assert len(tables.history) == 38
    assert any("2 rows of offers" in note and "retired" in note for note in tables.notes)


def test_history_of_a_channel_that_has_left_is_kept(market: SmallMarket) -> None:
    market.history.loc[0, "channel"] = "fax"
    assert len(market.read().history) == 40


def test_a_channel_that_history_never_saw_is_planned_with_a_warning(market: SmallMarket) -> None:
    market.channels = pd.concat([market.channels, market.channels.tail(1).assign(channel="kiosk")])
    assert any("never saw channel kiosk" in note for note in market.read().notes)


def test_no_consent_column_means_consent_only_where_the_plan_file_says_so(market: SmallMarket) -> None:
    market.leads = market.leads.drop(columns="consent")
    market.assume_consent = True
    assert market.read().leads["consent"].all()


def test_unknown_consent_is_no_consent_even_where_consent_is_assumed(market: SmallMarket) -> None:
    market.leads["consent"] = [None, True] * 10
    market.assume_consent = True
    tables = market.read()
    assert tables.leads["consent"].sum() == 10
    assert tables.notes == ("leads: 10 leads with an empty consent count as without consent",)


def test_revenue_is_zero_where_nothing_was_booked_and_unknown_where_it_is(market: SmallMarket) -> None:
    market.history["revenue"] = [-5.0, None, 0.0, None, None] * 8
    tables = market.read()
    assert tables.history["revenue"].tolist()[:2] == [-5.0, 0.0]
    assert pd.isna(tables.history["revenue"][3])
    assert tables.has_revenue
    assert not tables.has_bad


def test_a_lead_may_stand_for_more_arrivals_than_one(market: SmallMarket) -> None:
    market.leads["weight"] = [1.0] * 19 + [2.5]
    assert market.read().leads["weight"].tolist()[-1] == 2.5


def test_each_file_is_hashed(market: SmallMarket) -> None:
    first = market.read().hashes
    market.leads.loc[0, "income"] = 1.0
    second = market.read().hashes
    assert set(first) == {"history", "leads", "channels"}
    assert first["history"] == second["history"]
    assert first["leads"] != second["leads"]


def test_offers_carry_the_numbers_in_which_they_differ(market: SmallMarket) -> None:
    market.history.loc[:5, "offer"] = "a letter"
    market.offers = pd.DataFrame({"offer": ["coupon", "a letter"], "price": [0.12, None], "months": [12, 24]})
    coupon, letter = market.read(dose="months").offers
    assert coupon.attributes == (("price", 0.12), ("months", 12.0))
    assert letter.attributes == (("months", 24.0),)
    assert (coupon.attribute("price"), letter.attribute("months")) == (0.12, 24.0)
    assert math.isnan(letter.attribute("price"))


def test_offers_may_be_kept_to_some_channels(market: SmallMarket) -> None:
    market.offers = pd.DataFrame({"offer": ["coupon"], "cost_per_booked": [None], "channels": ["web; phone"]})
    offer = market.read().offers[0]
    assert offer.channels == {"web", "phone"}
    assert offer.cost_per_booked == 0


def test_empty_cells_of_channels_are_no_cost_and_no_limit(market: SmallMarket) -> None:
    market.channels["max_contacts"] = [None, 10]
    market.channels["rebate_share"] = [None, 0.1]
    web, phone = market.read().channels
    assert (web.max_contacts, web.rebate_share) == (None, 0)
    assert (phone.max_contacts, phone.rebate_share) == (10, 0.1)


def _read(folder: Path, plan: str) -> Tables:
    plan_file = read_plan_file(folder / plan)
    return read_tables(
        plan_file.sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=date(2026, 11, 22)
    )


def test_the_real_mailing_is_read_without_a_loss(kz_market: Path) -> None:
    tables = _read(kz_market, "plan.toml")
    assert [(count.read, count.quarantined) for count in tables.counts] == [(23_925, 0), (29_253, 0)]
    assert [offer.offer for offer in tables.offers] == ["discount", "deep_discount"]
    assert names(tables, "category") == ["channel", "risk", "branchuse"]
    assert len(tables.features) == 15
    assert tables.has_bad
    assert tables.has_revenue


def test_the_market_with_known_truth_is_read_without_a_loss(taiwan_market: Path) -> None:
    tables = _read(taiwan_market, "plan.toml")
    assert [(count.read, count.quarantined) for count in tables.counts] == [(60_000, 0), (30_000, 0)]
    assert names(tables, "category") == ["channel", "region"]
    assert not {"sex", "marriage"} & {feature.name for feature in tables.features}
    assert len(tables.features) == 28


def test_hillstrom_is_read_under_its_owners_names(shared_data: Path, tmp_path: Path) -> None:
    plan = write_hillstrom_market(tmp_path / "hillstrom", shared_data / "hillstrom.parquet")
    tables = _read(plan.parent, "plan.toml")
    assert [(count.read, count.accepted) for count in tables.counts] == [(16_000, 16_000)] * 2
    assert names(tables, "category") == ["channel", "history_segment", "zip_code"]
    assert names(tables, "numeric") == ["recency", "history", "mens", "womens", "newbie"]
    assert [offer.offer for offer in tables.offers] == ["Mens E-Mail", "Womens E-Mail"]
    assert 0.14 < tables.history["booked"].mean() < 0.16
    assert not tables.has_bad
    assert not tables.has_revenue
    assert not set(tables.history["lead_id"]) & set(tables.leads["lead_id"])


def test_quarantine_is_an_empty_table_where_nothing_is_wrong(market: SmallMarket) -> None:
    quarantine = market.read().quarantine
    assert list(quarantine.columns) == ["table", "row_number", "reason", "content"]
    assert quarantine.empty


def test_sources_may_have_any_ending_as_long_as_they_do_not_lie(market: SmallMarket) -> None:
    sources = market.write()
    plain = sources.leads.rename(sources.leads.with_suffix(""))
    other = Sources(history=sources.history, leads=plain, channels=sources.channels)
    assert len(read_tables(other, Columns(), assume_consent=False, today=TODAY).leads) == 20
