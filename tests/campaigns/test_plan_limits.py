"""A plan file with limits of parts, locks, a largest change and a reserve: from the file to plan.json, and on to the report."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.ingest.market import make_market
from campaigns.demo import write_demo_market
from tests.campaigns.small_plans import SPEC, Planned, change_plan_file, check_limits_hold, plan

SMALLER = replace(SPEC, n_history=1_500, n_leads=400)
LIMITS = """\
max_calls = 40
min_contacts = 20
locked_channels = ["dormant_clients"]
max_change = { app_store = 0.5 }

[limits.channel.ecommerce]
max_contacts = 7
max_region_share = { home = 0.75 }
[limits.partner.paywell]
max_spend = 200
[limits.affiliate.harbour]
max_calls = 6
max_partner_share = 0.9

[explore]
share = 0.1

[uplift]
learner = "logistic_t"
"""


def write_market(folder: Path) -> Path:
    plan_file = write_demo_market(folder, make_market(SMALLER, np.random.default_rng(7)))
    change_plan_file(
        plan_file,
        ("links =", 'current_plan = "today.csv"\nlinks ='),
        ("max_bad_rate = 0.10\n", ""),
        ("min_region_share = { home = 0.5 }\n", LIMITS),
    )
    channels = pd.read_csv(folder / "channels.csv").assign(calls_per_contact=0.1, calls_per_applied=1.0)
    channels.to_csv(folder / "channels.csv", index=False)
    today = [("dormant_clients", "coupon", 4), ("app_store", "contact", 6), ("app_store", "coupon", 2)]
    pd.DataFrame(today, columns=["channel", "offer", "contacts"]).to_csv(folder / "today.csv", index=False)
    return plan_file


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    folder = tmp_path_factory.mktemp("limits")
    return plan(write_market(folder / "market"), folder)


def test_every_limit_of_the_file_is_in_the_plan_and_holds(planned: Planned) -> None:
    check_limits_hold(planned)
    allowed = {limit["name"]: limit["allowed"] for limit in planned.json["limits"]}
    assert allowed == allowed | {
        "max_calls": 40,
        "min_contacts": 20,
        "max_contacts[ecommerce]": 7,
        "max_spend[partner paywell]": 200,
        "max_calls[affiliate harbour]": 6,
        "max_region_share[home, ecommerce]": 0.75,
        "max_contacts[dormant_clients coupon, locked_channels]": 4,
        "min_contacts[dormant_clients coupon, locked_channels]": 4,
        "max_contacts[app_store, max_change]": 12,
        "min_contacts[app_store, max_change]": 4,
    }


def test_the_locked_channel_is_as_it_was(planned: Planned) -> None:
    locked = planned.allocation[planned.allocation["channel"] == "dormant_clients"]
    assert locked[["offer", "contacts"]].to_numpy().tolist() == [["coupon", 4]]


def test_the_reserve_is_drawn_and_its_chances_are_logged(planned: Planned) -> None:
    decisions = planned.decisions
    by_lot = decisions["reason"].isin(["RANDOM_RESERVE", "RANDOM_OFFER"])
    assert (decisions.loc[by_lot, "decision"] == "contact").all()
    assert by_lot.any()
    assert decisions.loc[decisions["decision"] == "contact", "propensity"].between(0, 0.95, inclusive="right").all()
    assert not set(decisions.loc[by_lot, "channel"]) & {"dormant_clients"}


def test_spend_is_in_whole_cents_that_add_up(planned: Planned) -> None:
    cents = 100 * planned.allocation["spend"]
    assert np.allclose(cents, cents.round(), atol=1e-6)
    assert cents.sum() == pytest.approx(100 * planned.json["headline"]["spend"]["expected"], abs=0.51)


def test_the_report_shows_the_limits_of_the_parts(planned: Planned) -> None:
    report = (planned.out / "report.html").read_text(encoding="utf-8")
    assert "Spend: partner paywell" in report
    assert "Calls: affiliate harbour" in report
    assert "Share of contacts of a region: home in ecommerce" in report
    assert "Contacts, at least: app_store, max_change" in report


def test_a_limit_of_a_part_that_does_not_exist_stops_before_anything_is_learnt(
    planned: Planned, tmp_path: Path
) -> None:
    plan_file = planned.plan_file.with_name("typo.toml")
    plan_file.write_text(
        planned.plan_file.read_text().replace("[limits.channel.ecommerce]", "[limits.channel.ecomerce]")
    )
    with pytest.raises(BadInput, match=r"limits\.channel names ecomerce, which does not exist; known are: app_store"):
        plan(plan_file, tmp_path)
