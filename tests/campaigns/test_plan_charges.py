"""A plan whose channels charge once they are used and more for more contacts: every figure of it counts that."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Limits, PriceTier
from campaigns.choice import Choice, Market
from campaigns.decisions import allocation_lines
from campaigns.headline import make_headline
from campaigns.plan_document import AllocationLine
from campaigns.plan_file import read_plan_file
from tests.campaigns.small_plan import CHANNELS, VALUE, make_choice, make_market

FEED, MAIL = CHANNELS
TIERS = (PriceTier(from_contacts=20, cost_per_contact=1.5), PriceTier(from_contacts=50, cost_per_contact=3.0))


def charging_market(*, mail_costs: float = 1e6) -> Market:
    """The feed charges 100 once it is used and more beyond 20 and 50 contacts; the mail charges `mail_costs`."""
    market = make_market(objective=VALUE, limits=Limits(budget=600))
    feed, mail = replace(FEED, fixed_cost=100.0, price_tiers=TIERS), replace(MAIL, fixed_cost=mail_costs)
    return replace(market, channels=(feed, mail))


@pytest.fixture(scope="module")
def choice() -> Choice:
    return make_choice(charging_market())


@pytest.fixture(scope="module")
def lines(choice: Choice) -> tuple[AllocationLine, ...]:
    return allocation_lines(choice)


def test_a_channel_whose_fixed_cost_nothing_earns_is_not_used(lines: tuple[AllocationLine, ...]) -> None:
    assert {line.channel for line in lines} == {"feed"}


def test_the_lines_of_a_channel_share_its_fixed_cost_and_its_tiers(
    choice: Choice, lines: tuple[AllocationLine, ...]
) -> None:
    n = len(choice.allocation.chosen)
    assert n > 20
    charged = 100 + 0.5 * min(n - 20, 30) + 2.0 * max(n - 50, 0)
    contacts = float(choice.options.spend[choice.allocation.chosen].sum())
    assert sum(line.spend for line in lines) == pytest.approx(contacts + charged, abs=0.005)
    assert sum(line.contacts for line in lines) == n


def test_headline_allocation_budget_and_certificate_say_the_same(
    choice: Choice, lines: tuple[AllocationLine, ...]
) -> None:
    headline = make_headline(choice, make_market().scored, np.random.default_rng(1))
    spend, value = sum(line.spend for line in lines), sum(line.value for line in lines)
    budget = next(use for use in choice.allocation.limit_uses if use.name == "budget")
    assert budget.used == pytest.approx(spend, abs=0.005)
    assert spend <= 600
    assert headline.spend.expected == pytest.approx(spend, abs=0.005)
    assert headline.cac.expected == pytest.approx(spend / sum(line.booked for line in lines), rel=1e-4)
    assert headline.value.expected == pytest.approx(value, rel=1e-9)
    assert choice.allocation.certificate.objective == pytest.approx(value, rel=1e-9)


def test_a_fixed_cost_that_is_earned_opens_the_channel() -> None:
    lines = allocation_lines(make_choice(charging_market(mail_costs=1.0)))
    assert {line.channel for line in lines} == {"feed", "mail"}


def test_the_plan_file_names_the_table_of_tiers(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(
        'currency = "CNY"\n[data]\nhistory = "h.csv"\nleads = "l.csv"\nchannels = "c.csv"\nprice_tiers = "t.csv"\n'
    )
    assert read_plan_file(tmp_path / "plan.toml").sources.price_tiers == tmp_path / "t.csv"


def test_the_tiers_are_among_the_terms_kept_beside_the_models() -> None:
    from campaigns.plan_terms import _channel  # the reader of one line of terms.json

    written = {"channel": "feed", "partner": "north", "price_tiers": [{"from_contacts": 5, "cost_per_contact": 2.0}]}
    assert _channel(written).price_tiers == (PriceTier(from_contacts=5, cost_per_contact=2.0),)
    assert _channel({"channel": "feed", "partner": "north"}).price_tiers == ()


def test_nobody_of_a_channel_that_is_off_becomes_a_control(choice: Choice) -> None:
    from acquire.allocate.prices import would_contact

    at = would_contact(choice.options, choice.allocation.prices)
    channel = pd.Series(np.array(choice.options.channel_names)[choice.options.channel[at]])
    assert set(channel) == {"feed"}
