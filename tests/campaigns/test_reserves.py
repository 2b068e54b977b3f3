"""The random reserve of a plan: who is drawn, what is logged, and what a later experiment makes of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Channel, CurrentContacts, CurrentPlan, Limits
from acquire.errors import Infeasible
from campaigns.choice import Choice, Market, choose
from campaigns.decisions import make_decisions
from campaigns.experiment_rows import read_assigned
from tests.campaigns.small_experiments import write_plan
from tests.campaigns.small_plan import CHANNELS, make_held_out, make_leads, make_market

BUDGET = Limits(budget=300.0)


def with_reserve(n: int = 600, share: float = 0.1, limits: Limits = BUDGET, control_share: float = 0.1) -> Market:
    return replace(make_market(n, limits=limits, control_share=control_share), explore_share=share)


def decide(market: Market, choice: Choice) -> pd.DataFrame:
    screened = market.leads[["lead_id"]].assign(decision="pass", reason=None)
    return make_decisions(market.leads, screened, market, choice)


@pytest.fixture(scope="module")
def market() -> Market:
    return with_reserve()


@pytest.fixture(scope="module")
def choice(market: Market) -> Choice:
    return choose(market, make_held_out())


def test_the_reserve_is_part_of_the_plan_and_of_its_budget(choice: Choice) -> None:
    chosen, options = choice.allocation.chosen, choice.options
    assert np.isin(choice.chances.reserve, options.lead[chosen]).all()
    assert options.spend[chosen].sum() <= 300
    drawn = np.isin(options.lead[chosen], choice.chances.reserve)
    assert options.spend[chosen][drawn].sum() == pytest.approx(30, abs=8)


def test_those_kept_back_as_controls_are_not_drawn(choice: Choice) -> None:
    assert not choice.kept_back[choice.chances.reserve].any()


def test_the_chances_of_every_lead_add_up(market: Market, choice: Choice) -> None:
    table = choice.chances.table
    assert table is not None
    assert table.sum(axis=1) == pytest.approx(np.ones(len(market.leads)))
    assert (table >= 0).all()


def test_decisions_say_who_was_drawn_and_with_what_chance(market: Market, choice: Choice) -> None:
    decided = decide(market, choice)
    drawn = decided["reason"].isin(["RANDOM_RESERVE", "RANDOM_OFFER"])
    assert drawn.sum() == len(choice.chances.reserve) > 0
    assert (decided.loc[drawn, "decision"] == "contact").all()
    chance = decided.groupby("reason")["propensity"]
    # Nine in ten are not kept back; of these the plan's own choice is certain but for the lot of the reserve.
    assert chance.min()["CHOSEN"] > 0.8
    assert chance.max()["CHOSEN"] <= 0.9
    assert chance.max()["RANDOM_RESERVE"] < 0.1
    controls = decided[decided["decision"] == "control"]
    assert controls["propensity"].tolist() == pytest.approx([0.1] * len(controls))
    assert decided["propensity"].notna().all()


def test_chances_are_of_this_lead_under_all_seeds(market: Market) -> None:
    """What is logged for one lead is how often it happens: over many seeds a lead is contacted as often as its chance says."""
    held_out = make_held_out(300)
    small = with_reserve(40, share=0.4, limits=Limits(budget=40.0), control_share=0.2)
    contacted, expected = np.zeros(40), np.zeros(40)
    for seed in range(25):
        choice = choose(replace(small, seed=seed), held_out)
        contacted[choice.options.lead[choice.allocation.chosen]] += 1
        assert choice.chances.table is not None
        expected += 1 - choice.chances.table[:, -1]
    assert contacted.sum() == pytest.approx(expected.sum(), rel=0.1)


def test_without_a_reserve_nobody_is_drawn_and_the_plan_is_certain_but_for_the_holdout() -> None:
    market = make_market(200, limits=BUDGET, control_share=0.1)
    choice = choose(market, make_held_out())
    decided = decide(market, choice)
    assert len(choice.chances.reserve) == 0
    chosen = decided["reason"] == "CHOSEN"
    assert decided.loc[chosen, "propensity"].tolist() == pytest.approx([0.9] * int(chosen.sum()))
    assert decided.loc[decided["decision"] == "control", "propensity"].tolist() == pytest.approx(
        [0.1] * len(choice.controls)
    )
    rest = ~chosen & (decided["decision"] != "control")
    assert (decided.loc[rest, "propensity"] == 1).all()


def test_a_locked_channel_has_no_reserve() -> None:
    lines = (CurrentContacts(channel="feed", offer="coupon", contacts=10),)
    limits = Limits(budget=300.0, locked_channels=frozenset({"feed"}), current_plan=CurrentPlan(lines=lines))
    market = with_reserve(limits=limits)
    choice = choose(market, make_held_out())
    assert set(market.leads["channel"].iloc[choice.chances.reserve]) == {"mail"}
    in_feed = choice.options.channel[choice.allocation.chosen] == 0
    assert in_feed.sum() == 10


def test_no_lot_turns_a_channel_on_that_costs_something_once_it_is_used() -> None:
    dear = (replace(CHANNELS[0], fixed_cost=1_000.0), *CHANNELS[1:])
    market = replace(with_reserve(), channels=dear)
    choice = choose(market, make_held_out())
    assert len(choice.chances.reserve) > 0
    assert set(market.leads["channel"].iloc[choice.chances.reserve]) == {"mail"}


def test_limits_that_a_reserve_cannot_keep_say_that_the_reserve_may_be_the_reason() -> None:
    limits = Limits(budget=10_000.0, max_cac=13.5)
    assert len(choose(with_reserve(60, share=0.0, limits=limits), make_held_out(300)).allocation.chosen)
    with pytest.raises(
        Infeasible, match=r"max_cac.*; or lower share in \[explore\]: \d+ contacts by lot are part of every"
    ):
        choose(with_reserve(60, share=0.9, limits=limits), make_held_out(300))


def test_a_channel_that_takes_few_contacts_keeps_its_limit_with_the_reserve() -> None:
    few = (replace(CHANNELS[0], max_contacts=5), *CHANNELS[1:])
    market = replace(with_reserve(share=0.2), channels=few)
    choice = choose(market, make_held_out())
    assert (choice.options.channel[choice.allocation.chosen] == 0).sum() <= 5
    assert isinstance(few[0], Channel)


def test_a_person_in_two_channels_is_drawn_once_and_contacted_once() -> None:
    leads = make_leads(200).assign(person_id=[f"P{i // 2}" for i in range(200)])
    market = replace(make_market(200, limits=BUDGET, leads=leads), explore_share=0.3)
    choice = choose(market, make_held_out())
    people = leads["person_id"].iloc[choice.options.lead[choice.allocation.chosen]]
    assert people.is_unique
    table = choice.chances.table
    assert table is not None
    contact = pd.Series(1 - table[:, -1]).groupby(leads["person_id"].to_numpy()).sum()
    assert (contact <= 1 + 1e-9).all()


def test_an_experiment_reads_only_those_whom_the_plan_would_have_contacted(tmp_path: Path) -> None:
    decisions = write_plan(tmp_path / "plan")
    contacts = decisions.index[decisions["decision"] == "contact"]
    decisions.loc[contacts[:30], "reason"] = "RANDOM_RESERVE"
    decisions.loc[contacts[30:50], "reason"] = "RANDOM_OFFER"
    decisions.to_parquet(tmp_path / "plan" / "decisions.parquet", index=False)
    rows = read_assigned(tmp_path / "plan", booking_window_days=30).rows
    assert len(rows) == 600 + 400 + 160 - 30
    assert not rows["lead_id"].isin(decisions.loc[contacts[:30], "lead_id"]).any()
