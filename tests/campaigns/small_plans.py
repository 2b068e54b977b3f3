"""A small made-up market with its plan, for tests of `acquire plan` from end to end."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from acquire.ingest.market import Market, MarketSpec, make_market
from campaigns.demo import write_demo_market
from campaigns.plan import make_plan
from campaigns.plan_document import PlanDocument
from campaigns.progress import SilentProgress
from campaigns.settings import Settings

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPEC = MarketSpec(n_history=6_000, n_leads=2_000, ends_on=date(2025, 12, 31))
# Where it does not matter what is learnt: a plan in half the time.
SMALLER = MarketSpec(n_history=2_500, n_leads=600, ends_on=date(2025, 12, 31))
ESTIMATE = {"expected", "low", "high", "predictive_low", "predictive_high"}
FILES = {
    "plan.json",
    "allocation.csv",
    "decisions.parquet",
    "quarantine.parquet",
    "lists",
    "options.parquet",
    "report.html",
    "models",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan that was made: its folder, its input and its database."""

    plan_file: Path
    out: Path
    document: PlanDocument
    settings: Settings

    @property
    def json(self) -> Mapping[str, Any]:
        """plan.json as any program reads it: NaN and Infinity are no JSON."""
        content: Mapping[str, Any] = json.loads((self.out / "plan.json").read_text(), parse_constant=_no_json)
        return content

    @property
    def decisions(self) -> pd.DataFrame:
        return pd.read_parquet(self.out / "decisions.parquet")

    @property
    def allocation(self) -> pd.DataFrame:
        return pd.read_csv(self.out / "allocation.csv")

    @property
    def leads(self) -> pd.DataFrame:
        return pd.read_parquet(self.plan_file.parent / "leads.parquet")

    @property
    def lists(self) -> dict[str, pd.DataFrame]:
        return {path.stem: pd.read_csv(path, dtype=str) for path in sorted((self.out / "lists").iterdir())}


def small_market(spec: MarketSpec = SPEC) -> Market:
    """8 channels of 6 partners, 4 offers, 6,000 rows of history, 2,000 leads."""
    return make_market(spec, np.random.default_rng(7))


def write_small_market(folder: Path, spec: MarketSpec = SPEC) -> Path:
    """Write the small market; gives its plan file. So few bookings need a limit on bad with room for chance."""
    plan_file = write_demo_market(folder, small_market(spec))
    change_plan_file(plan_file, ("max_bad_rate = 0.10", "max_bad_rate = 0.15"))
    return plan_file


def plan(plan_file: Path, folder: Path, now: datetime = NOW, against: Path | None = None) -> Planned:
    """Plan into `folder`/plan, with a database of its own beside it."""
    settings = Settings(database_url=f"sqlite:///{folder / 'acquire.db'}")
    document = make_plan(
        plan_file, folder / "plan", progress=SilentProgress(), now=now, settings=settings, against=against
    )
    return Planned(plan_file=plan_file, out=folder / "plan", document=document, settings=settings)


def change_plan_file(plan_file: Path, *changes: tuple[str, str]) -> None:
    """Replace texts of the plan file, each of which must be there."""
    text = plan_file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    plan_file.write_text(text, encoding="utf-8")


def copy_market(market: Path, folder: Path) -> Path:
    """Copy a market's folder; gives the copy's plan file."""
    shutil.copytree(market, folder)
    return folder / "plan.toml"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def check_files_are_complete(planned: Planned) -> None:
    """What holds for any plan: every file, every key, and figures that agree with each other."""
    content, decisions = planned.json, planned.decisions
    assert {path.name for path in planned.out.iterdir()} == FILES
    assert all(set(figure) == ESTIMATE for figure in content["headline"].values())
    assert len(decisions) == next(t["accepted"] for t in content["tables"] if t["table"] == "leads")
    assert all(t["accepted"] + t["quarantined"] == t["read"] for t in content["tables"])
    contacted = decisions["decision"] == "contact"
    assert contacted.sum() == content["headline"]["contacts"]["expected"]
    assert contacted.sum() == planned.allocation["contacts"].sum()
    assert contacted.sum() == sum(len(rows) for rows in planned.lists.values())
    assert decisions["offer"].notna().equals(contacted)
    assert sum(line["leads"] for line in content["decisions"]) == len(decisions)


def check_limits_hold(planned: Planned) -> None:
    """No limit is passed: neither the figure held nor the mean."""
    limits = planned.json["limits"]
    assert limits
    for limit in limits:
        at_least = limit["name"].startswith("min_")
        sign = -1 if at_least else 1
        slack = 1e-6 * max(1.0, abs(limit["allowed"]))
        assert limit["used"] is None or sign * limit["used"] <= sign * limit["allowed"] + slack, limit


def _no_json(constant: str) -> float:
    raise AssertionError(f"{constant} is not JSON")
