"""Which columns are features, and of what kind: what both tables have, and nothing that is an id, a date or an outcome."""

import pandas as pd
import pytest

from acquire.ingest.tables import Tables
from tests.acquire.ingest.conftest import SmallMarket


def names(tables: Tables, kind: str) -> list[str]:
    return [feature.name for feature in tables.features if feature.kind == kind]


def test_excluded_and_protected_columns_are_kept_but_are_no_features(market: SmallMarket) -> None:
    tables = market.read(exclude=("income",), protected=("job",))
    assert [feature.name for feature in tables.features] == ["channel"]
    assert {"income", "job"} <= set(tables.leads.columns)


def test_outcomes_flags_and_ids_are_never_features_even_if_both_tables_have_them(market: SmallMarket) -> None:
    for frame in (market.history, market.leads):
        frame["person_id"] = frame["lead_id"]
        frame["do_not_contact"] = 0
        frame["consent"] = 1
        frame["clicked"] = 0
        frame["cost"] = 1.0
        frame["propensity"] = 0.5
        frame["weight"] = 1
        frame["region"] = "home"
        frame["amount"] = 5
    tables = market.read()
    assert [f.name for f in tables.features] == ["channel", "region", "amount", "income", "job"]


def test_a_column_of_one_table_is_ignored_with_a_note_and_kept_for_rules(market: SmallMarket) -> None:
    market.leads["age"] = 30
    market.history["later"] = "x"
    tables = market.read()
    assert not {"age", "later"} & {feature.name for feature in tables.features}
    assert tables.leads["age"].tolist() == [30.0] * 20
    assert "only history has later: not used as a feature" in tables.notes
    assert "only leads has age: not used as a feature" in tables.notes


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_date_is_no_feature(market: SmallMarket, ending: str) -> None:
    market.ending = ending
    for frame in (market.history, market.leads):
        frame["born"] = pd.Timestamp("1990-01-31")
    tables = market.read()
    assert "born" not in {feature.name for feature in tables.features}
    assert tables.notes == ("born is a date: not used as a feature",)


def test_row_numbers_that_another_tool_wrote_are_no_feature(market: SmallMarket) -> None:
    market.history.to_csv(market.folder / "numbered.csv")
    market.leads.to_csv(market.folder / "numbered_leads.csv")
    market.files = {
        "history": market.folder / "numbered.csv",
        "leads": market.folder / "numbered_leads.csv",
    }
    tables = market.read()
    assert [feature.name for feature in tables.features] == ["channel", "income", "job"]
    assert len(tables.notes) == 2


def test_a_text_that_differs_in_every_row_is_like_an_id_and_no_feature(market: SmallMarket) -> None:
    market.history = pd.concat([market.history] * 3, ignore_index=True)
    market.history["lead_id"] = [f"h{i}" for i in range(120)]
    market.history["phone"] = [f"p{i}" for i in range(120)]
    market.leads["phone"] = [f"q{i}" for i in range(20)]
    tables = market.read()
    assert "phone" not in {feature.name for feature in tables.features}
    assert tables.notes == ("phone differs in nearly every row, like an id: not used as a feature",)


def test_a_constant_column_is_a_feature(market: SmallMarket) -> None:
    market.history["flat"] = market.leads["flat"] = 1
    assert "flat" in names(market.read(), "numeric")


def test_a_category_that_is_empty_in_one_table_stays_a_category(market: SmallMarket) -> None:
    market.leads["job"] = None
    tables = market.read()
    assert "job" in names(tables, "category")
    assert tables.notes == ()


def test_words_for_missing_are_missing_in_a_number_and_a_name_in_a_category(market: SmallMarket) -> None:
    market.leads["income"] = ["NA", "null", ""] + ["5"] * 17
    market.leads["job"] = "NA"
    tables = market.read()
    assert tables.leads["income"].isna().sum() == 3
    assert set(tables.leads["job"]) == {"NA"}
