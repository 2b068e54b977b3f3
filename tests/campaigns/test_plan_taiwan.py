"""The plans of the market whose truth is known, judged by the truth: what they reach, and whether they keep their word."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acquire.domain import Estimate
from campaigns.plan_file import read_plan_file
from tests.campaigns.small_plans import Planned, check_files_are_complete, check_limits_hold, plan

BUDGET, MAX_BAD_RATE = 60_000, 0.12

# A contact after the day of the plan would be set aside as lying in the future.
AFTER_THE_LAST_CONTACT = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A plan, and what its decisions truly do (expected figures over the true chances)."""

    planned: Planned
    truth: dict[str, Any]


def judge(market: Path, name: str, folder: Path) -> Judged:
    planned = plan(market / name, folder, AFTER_THE_LAST_CONTACT)
    targets = planned.out / "decisions.parquet"
    tool = market.parents[1] / "tools" / "evaluate_policy.py"
    if not tool.exists():
        pytest.skip("../shared/tools/evaluate_policy.py is not on this machine")
    words = [sys.executable, str(tool), str(market), str(targets), str(BUDGET), str(MAX_BAD_RATE)]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return Judged(planned=planned, truth=json.loads(printed))


@pytest.fixture(scope="module")
def accounts(fits_remembered: None, taiwan_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """The plan for the most extra accounts. Both plans differ in what they ask for, not in what they learn."""
    return judge(taiwan_market, "plan.toml", tmp_path_factory.mktemp("accounts"))


@pytest.fixture(scope="module")
def value(fits_remembered: None, taiwan_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """The plan for the most money."""
    return judge(taiwan_market, "plan_value.toml", tmp_path_factory.mktemp("value"))


@pytest.fixture(params=["accounts", "value"])
def judged(request: pytest.FixtureRequest) -> Judged:
    """Each of the two plans."""
    plan_: Judged = request.getfixturevalue(request.param)
    return plan_


def test_the_plan_is_complete_and_its_limits_hold(judged: Judged) -> None:
    check_files_are_complete(judged.planned)
    check_limits_hold(judged.planned)


def test_the_true_bad_rate_and_spend_stay_within_the_limits(judged: Judged) -> None:
    assert judged.truth["bad_rate"] <= MAX_BAD_RATE
    # The budget holds on expectation; what the chosen cost beyond it is the optimism of choosing (docs/measured.md).
    assert judged.truth["spend"] <= 1.04 * BUDGET
    assert judged.truth["cap_breaches"] == {}


def test_nobody_is_contacted_without_consent(judged: Judged) -> None:
    assert judged.truth["contacted_without_consent"] == 0
    assert judged.truth["unknown_ids"] == 0


def test_the_true_extra_accounts_are_far_more_than_contacting_anybody_brings(accounts: Judged) -> None:
    # Anybody with consent, for the same budget: 348.
    assert accounts.truth["incremental"] >= 500


def test_the_plan_for_money_earns_some_where_the_plan_for_accounts_loses(accounts: Judged, value: Judged) -> None:
    assert value.truth["value"] > 20_000
    assert value.truth["value"] > accounts.truth["value"] + 20_000


def promised(judged: Judged, figure: str) -> Estimate:
    estimate: Estimate = getattr(judged.planned.document.headline, figure)
    return estimate


def true_bad(judged: Judged) -> float:
    return float(judged.truth["bad_rate"] * judged.truth["booked"])


@pytest.mark.parametrize("figure", ["incremental", "booked", "spend"])
def test_the_promise_is_kept(judged: Judged, figure: str) -> None:
    assert 0.85 <= judged.truth[figure] / promised(judged, figure).expected <= 1.15


def test_the_promise_of_bad_accounts_is_kept(judged: Judged) -> None:
    # About a hundred bad accounts: chance alone moves them by a tenth.
    bad = promised(judged, "bad_rate").expected * promised(judged, "booked").expected
    assert 0.8 <= true_bad(judged) / bad <= 1.2


def test_the_intervals_of_nine_in_ten_cover_the_truth_but_for_one_in_eight(accounts: Judged, value: Judged) -> None:
    figures = ("incremental", "booked", "spend", "bad_rate")
    inside = [
        promised(judged, figure).low <= judged.truth[figure] <= promised(judged, figure).high
        for judged in (accounts, value)
        for figure in figures
    ]
    assert sum(inside) >= 7


def test_protected_columns_are_neither_features_nor_on_lists(judged: Judged) -> None:
    manifest = json.loads((judged.planned.out / "models" / "manifest.json").read_text(encoding="utf-8"))
    protected = read_plan_file(judged.planned.plan_file).columns.protected
    assert protected == {"sex", "marriage"}
    assert protected & {feature["name"] for feature in manifest["features"]} == set()
