"""The made-up market's folder is one that a lender could have written: read whole, nothing set aside, no truth in it."""

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Policy, Rule
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.ingest.tables import Columns, Sources, Tables, read_tables
from acquire.prefilter.rules import apply_rules, check_examples, check_fields
from campaigns.demo import write_demo_market
from campaigns.rings import with_rings

TODAY = date(2026, 3, 31)
OFFERS = ("contact", "coupon", "rate_cut", "higher_limit")


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(MarketSpec(n_history=3_000, n_leads=2_000, ends_on=TODAY), np.random.default_rng(7))


@pytest.fixture(scope="module")
def plan(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo_market(tmp_path_factory.mktemp("demo") / "market", market)


def policy_of(folder: Path) -> Policy:
    raw = tomllib.loads((folder / "policy.toml").read_text(encoding="utf-8"))
    return Policy(version=raw["version"], rules=tuple(Rule(**rule) for rule in raw["rule"]), content_hash="")


@pytest.fixture(scope="module")
def tables(plan: Path) -> Tables:
    raw = tomllib.loads(plan.read_text(encoding="utf-8"))
    sources = Sources(
        **{table: plan.parent / raw["data"][table] for table in ("history", "leads", "channels", "offers", "links")}
    )
    columns = Columns(protected=frozenset(raw["columns"]["protected"]))
    return read_tables(sources, columns, assume_consent=False, today=TODAY)


def test_the_folder_holds_the_tables_and_the_plan_and_nothing_half_written(plan: Path) -> None:
    names = {
        "history.parquet",
        "leads.parquet",
        "links.parquet",
        "channels.csv",
        "offers.csv",
        "policy.toml",
        "plan.toml",
    }
    assert {path.name for path in plan.parent.iterdir()} == names
    assert plan.name == "plan.toml"


def test_every_row_is_accepted(tables: Tables, market: Market) -> None:
    assert tables.quarantine.empty
    assert [(count.read, count.quarantined) for count in tables.counts] == [
        (3_000, 0),
        (2_000, 0),
        (len(market.links), 0),
    ]
    assert {offer.offer for offer in tables.offers} == set(OFFERS)
    assert [channel.max_contacts is None for channel in tables.channels] == market.channels[
        "max_contacts"
    ].isna().tolist()
    features = {feature.name: feature.kind for feature in tables.features}
    assert len(features) >= 14
    assert "gender" not in features
    assert (features["bureau_score"], features["employment"]) == ("numeric", "category")
    assert not tables.notes


def test_tables_come_back_as_they_were_made(plan: Path, market: Market) -> None:
    pd.testing.assert_frame_equal(pd.read_parquet(plan.parent / "history.parquet"), market.history)
    pd.testing.assert_frame_equal(pd.read_parquet(plan.parent / "leads.parquet"), market.leads)


def test_no_file_of_the_folder_tells_the_truth(plan: Path) -> None:
    for name in ("history", "leads", "links"):
        columns = pd.read_parquet(plan.parent / f"{name}.parquet").columns
        assert not [column for column in columns if column.startswith(("p_b", "value_", "fraud", "quality"))]


def test_the_policys_examples_hold_and_it_refuses_a_few(plan: Path, tables: Tables) -> None:
    policy, leads = policy_of(plan.parent), with_rings(tables, maturity_days=None, today=TODAY).leads
    check_examples(policy)
    check_fields(policy, leads.columns, {"gender"})
    hits = apply_rules(leads, policy, on=TODAY).hits
    assert (hits.sum(axis=0) > 0).all()
    assert 0.03 < hits.any(axis=1).mean() < 0.15


@pytest.mark.parametrize(("rule", "caught"), [("shared_device", 0.5), ("fraud_ring", 0.9)])
def test_the_policys_fraud_rules_refuse_most_fraudsters(
    plan: Path, tables: Tables, market: Market, rule: str, caught: float
) -> None:
    policy, leads = policy_of(plan.parent), with_rings(tables, maturity_days=None, today=TODAY).leads
    hits = apply_rules(leads, policy, on=TODAY).hits[:, [r.id for r in policy.rules].index(rule)]
    fraud = market.truth["fraud"] == 1
    assert hits[fraud].mean() > caught
    assert hits[~fraud].mean() < 0.02


def test_the_budget_is_less_than_the_best_plan_would_like_to_spend(plan: Path, market: Market) -> None:
    budget = tomllib.loads(plan.read_text(encoding="utf-8"))["limits"]["budget"]
    truth = market.truth
    value = truth[[f"value_{offer}" for offer in OFFERS]].to_numpy()
    spend = truth[[f"spend_{offer}" for offer in OFFERS]].to_numpy()
    wanted = spend[np.arange(len(value)), value.argmax(axis=1)][value.max(axis=1) > 0].sum()
    assert 0.4 * wanted < budget < 0.9 * wanted


def test_writing_again_replaces_the_market(tmp_path: Path, market: Market) -> None:
    write_demo_market(tmp_path, market)
    other = make_market(MarketSpec(n_history=50, n_leads=40, ends_on=TODAY), np.random.default_rng(8))
    plan = write_demo_market(tmp_path, other)
    assert len(pd.read_parquet(tmp_path / "leads.parquet")) == 40
    assert "budget = 120\n" in plan.read_text(encoding="utf-8")
