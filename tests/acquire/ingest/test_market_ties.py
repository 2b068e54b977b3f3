"""Companies and dormitories of the made-up market: mostly innocent, and drawn without disturbing anything else."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from acquire.ingest.market import Market, MarketSpec, make_market, people

SPEC = MarketSpec(n_history=8_000, n_leads=3_000, ends_on=date(2026, 3, 31))


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(SPEC, np.random.default_rng(7))


@pytest.fixture(scope="module")
def companies(market: Market) -> pd.DataFrame:
    truth = pd.concat([market.history_truth, market.truth])[["lead_id", "fraud"]]
    person = pd.concat([market.history, market.leads])[["lead_id", "person_id", "small_business", "employment"]]
    return market.links[market.links["kind"] == "company"].merge(truth, on="lead_id").merge(person, on="lead_id")


def test_the_rest_of_the_market_is_drawn_as_if_there_were_no_companies(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> pd.DataFrame:
        return pd.DataFrame({"person": pd.Series(dtype=np.int64), "kind": [], "key": [], "role": []})

    monkeypatch.setattr(people, "draw_ties", nothing)
    without = make_market(SPEC, np.random.default_rng(7))
    for name in set(Market.__slots__) - {"links"}:
        pd.testing.assert_frame_equal(getattr(market, name), getattr(without, name))
    pd.testing.assert_frame_equal(market.links[: len(without.links)], without.links, check_dtype=False)


def test_every_honest_small_business_owns_a_company_and_most_owners_are_honest(companies: pd.DataFrame) -> None:
    owners = companies[companies["role"] == "owner"]
    assert owners["fraud"].mean() < 0.05
    assert (owners.loc[owners["fraud"] == 0, "small_business"] == 1).all()
    assert set(companies["role"]) == {"owner", "director", "employee"}


def test_shell_companies_hold_fraudsters_alone(companies: pd.DataFrame) -> None:
    share = companies.groupby("key")["fraud"].mean()
    shells = share.index[share > 0.5]
    assert (share[shells] == 1).all()
    people_of = companies[companies["key"].isin(shells)].groupby("key")["person_id"].nunique()
    assert len(shells) > 3
    assert people_of.mean() > 5
    assert (companies[companies["key"].isin(shells) & (companies["role"] == "owner")].groupby("key").size() > 0).all()


def test_large_employers_and_dormitories_are_shared_by_many_honest_people(
    market: Market, companies: pd.DataFrame
) -> None:
    honest = companies[companies["fraud"] == 0]
    assert honest.groupby("key")["person_id"].nunique().max() > 30
    truth = pd.concat([market.history_truth, market.truth])[["lead_id", "fraud"]]
    homes = market.links[market.links["kind"] == "address"].merge(truth, on="lead_id")
    crowded = homes.groupby("key")["lead_id"].transform("size") > 40
    assert crowded.any()
    assert homes.loc[crowded, "fraud"].sum() == 0
