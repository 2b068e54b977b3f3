"""Rings in a plan: columns of history and leads, features of the models, fields of rules."""

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.ingest.tables import Tables, read_tables
from campaigns.demo import write_demo_market
from campaigns.pilot_inputs import PilotSettings, read_pilot_inputs
from campaigns.plan_file import read_plan_file
from campaigns.rings import with_rings
from tests.campaigns import small_plans

TODAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(MarketSpec(n_history=6_000, n_leads=2_000, ends_on=TODAY), np.random.default_rng(7))


@pytest.fixture(scope="module")
def plan_file(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo_market(tmp_path_factory.mktemp("rings") / "market", market)


@pytest.fixture(scope="module")
def tables(plan_file: Path) -> Tables:
    plan = read_plan_file(plan_file)
    return read_tables(plan.sources, plan.columns, assume_consent=False, today=TODAY)


def rings(tables: Tables, maturity_days: int | None = None) -> Tables:
    return with_rings(tables, maturity_days=maturity_days, today=TODAY)


def names(tables: Tables) -> set[str]:
    return {feature.name for feature in tables.features if feature.name.startswith("ring_")}


def test_without_links_the_tables_stay_as_they_are(tables: Tables) -> None:
    without = dataclasses.replace(tables, links=None)
    assert rings(without) is without


def test_history_and_leads_get_the_figures_and_the_models_their_features(tables: Tables) -> None:
    told = rings(tables)
    assert {"ring_size", "ring_n_bad", "ring_owner_bad", "ring_device_people"} <= names(told)
    for frame in (told.history, told.leads):
        assert names(told) | {"ring_day_size"} <= set(frame.columns)
        assert frame["ring_size"].ge(1).all()
    pd.testing.assert_frame_equal(told.leads[tables.leads.columns], tables.leads)
    assert len(told.features) == len(tables.features) + len(names(told))


def test_what_is_known_only_when_the_day_is_over_is_a_field_for_rules_and_no_feature(tables: Tables) -> None:
    assert "ring_day_size" not in names(rings(tables))


def test_leads_of_fraudsters_stand_out_and_those_of_families_do_not(tables: Tables, market: Market) -> None:
    size = rings(tables).leads["ring_size"]
    fraud = market.truth["fraud"] == 1
    assert size[fraud].median() > 50
    assert size[~fraud].quantile(0.95) <= 3


def test_a_label_that_matures_later_is_known_later(tables: Tables) -> None:
    soon, late = (rings(tables, maturity_days=days).history["ring_n_bad"].sum() for days in (30, 300))
    assert soon > late


def test_where_history_has_no_dates_rings_are_fields_for_rules_on_leads_only(tables: Tables) -> None:
    undated = dataclasses.replace(tables, history=tables.history.drop(columns="contacted_on"))
    told = rings(undated)
    assert names(told) == set()
    assert "ring_size" not in told.history
    assert told.leads["ring_n_bad"].max() > 5
    assert any("history has no contacted_on" in note for note in told.notes)


def test_the_notes_say_how_many_leads_are_tied_and_when_bad_counts_as_known(tables: Tables) -> None:
    notes = rings(tables, maturity_days=90).notes
    assert any(note.startswith("links: ") and "of 2,000 leads are tied" in note for note in notes)
    assert any("known 90 days after its contact" in note for note in notes)


def test_a_column_that_links_would_overwrite_stops(tables: Tables) -> None:
    taken = dataclasses.replace(tables, leads=tables.leads.assign(ring_size=1.0))
    with pytest.raises(BadInput, match="a column ring_size, which links fill here; rename it"):
        rings(taken)


def test_a_pilot_knows_the_same_rings_of_its_leads(plan_file: Path, tables: Tables) -> None:
    plan = read_plan_file(plan_file)
    pilot = read_pilot_inputs(plan, PilotSettings(), today=TODAY)
    refused = rings(tables).leads.query("ring_n_bad >= 3")["lead_id"]
    assert len(refused) > 20
    assert not set(refused) & set(pilot.leads["lead_id"])


def test_a_pilot_without_history_knows_who_comes_on_the_same_day(plan_file: Path, tmp_path: Path) -> None:
    copied = small_plans.copy_market(plan_file.parent, tmp_path / "market")
    (copied.parent / "history.parquet").unlink()
    policy = copied.parent / "policy.toml"
    text = policy.read_text().replace("ring_n_bad", "ring_day_size")
    policy.write_text(
        text.replace("value = 3\n", "value = 8\n").replace("{ ring_day_size = 3,", "{ ring_day_size = 8,")
    )
    pilot = read_pilot_inputs(read_plan_file(copied), PilotSettings(base_booking_rate=0.05), today=TODAY)
    assert 0 < len(pilot.leads) < 2_000


def test_a_plan_refuses_the_ring_and_says_so(plan_file: Path, market: Market, tmp_path: Path) -> None:
    small_plans.change_plan_file(plan_file, ("max_bad_rate = 0.10", "max_bad_rate = 0.15"))
    planned = small_plans.plan(plan_file, tmp_path, now=datetime(2026, 3, 31, 4, tzinfo=UTC))
    told = planned.decisions.merge(market.truth[["lead_id", "fraud"]], on="lead_id")
    ringed = told["reason"] == "FRAUD_RING"
    assert ringed.sum() > 0
    assert told.loc[ringed, "fraud"].mean() > 0.9
    assert told.loc[told["decision"] == "contact", "fraud"].sum() <= 1
    assert [t["table"] for t in planned.json["tables"]] == ["history", "leads", "links"]
    assert any(warning.startswith("links: ") for warning in planned.json["warnings"])
