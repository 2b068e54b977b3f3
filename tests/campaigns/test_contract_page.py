"""docs/contract.md names everything that the code promises."""

import dataclasses
import re
from pathlib import Path

import click
import pytest

from acquire.domain import Approval, Channel, Estimate, Limits, LimitUse, Offer, RiskTerms, Rule, UpliftTerms
from acquire.explained import Explained, LimitEffect, LimitMove, Unspent
from acquire.frames import HISTORY, LEADS, decisions_schema
from acquire.outlook import FrontierPoint, SafetyLine, SafetyPrice
from acquire.prefilter.quality_intervals import RiskIntervals
from acquire.uplift.contamination import Contamination, Crossing
from acquire.uplift.holdout_power import ControlShare, HoldoutPower
from acquire.uplift.pilot import PilotDesign
from acquire.uplift.reading import LineReading, Reading
from acquire.uplift.sample_ratio import RatioCheck, RatioLine
from campaigns.cli import NOT_BUILT_YET, commands
from campaigns.experiment_reading import ExperimentReading
from campaigns.experiment_size import ExperimentSize, Readable
from campaigns.frontier_document import FrontierDocument
from campaigns.lists import LIST_COLUMNS
from campaigns.pacing_document import CurveLine, CurvePoint, Pacing, RuleLine, TrafficRules, WeekLine
from campaigns.plan_document import AllocationLine, Evidence, Headline, PlanDocument
from campaigns.replan_document import ChannelPace, Leg, Replan
from campaigns.risk_document import (
    CalibrationMethod,
    ChannelTrend,
    DistanceQuarter,
    EarlySign,
    EarlyToLate,
    RiskEvidence,
    ScorecardLine,
    UnseenLevels,
)
from campaigns.scenario_document import Scenario


@pytest.fixture(scope="module")
def contract(project: Path) -> str:
    return (project / "docs" / "contract.md").read_text(encoding="utf-8")


def names_of(*kinds: type) -> set[str]:
    return {field.name for kind in kinds for field in dataclasses.fields(kind)}


@pytest.mark.parametrize(
    "promised",
    [
        names_of(Channel, Offer) - {"attributes"} | {"price", "limit"},
        names_of(Limits),
        names_of(RiskTerms),
        names_of(UpliftTerms),
        names_of(PlanDocument, Headline, Estimate, LimitUse, Evidence, AllocationLine),
        names_of(Explained, LimitEffect, LimitMove, Unspent),
        names_of(
            RiskEvidence,
            RiskIntervals,
            CalibrationMethod,
            ScorecardLine,
            EarlyToLate,
            EarlySign,
            ChannelTrend,
            DistanceQuarter,
            UnseenLevels,
        ),
        {name for name in decisions_schema([]).columns if name not in {"risk_reason_2", "risk_reason_3"}},
        names_of(PilotDesign),
        names_of(ExperimentReading, Reading, LineReading, RatioCheck, RatioLine, Contamination, Crossing),
        names_of(ExperimentSize, HoldoutPower, Readable, ControlShare),
        names_of(Pacing, CurveLine, CurvePoint, WeekLine, TrafficRules, RuleLine),
        names_of(Rule, Approval) - {"valid_from", "valid_until"},
        set(HISTORY.columns) | set(LEADS.columns),
        set(LIST_COLUMNS),
        names_of(FrontierDocument, FrontierPoint, SafetyPrice, SafetyLine, Scenario),
        names_of(Replan, Leg, ChannelPace),
    ],
    ids=[
        "prices",
        "limits",
        "risk",
        "uplift",
        "plan.json",
        "explained",
        "evidence.risk",
        "decisions",
        "design.json",
        "experiment read",
        "experiment size",
        "pacing and rules",
        "rules",
        "tables",
        "lists",
        "frontier",
        "replan",
    ],
)
def test_the_contract_names_every_key_and_column(contract: str, promised: set[str]) -> None:
    words = set(re.findall(r"[a-z_0-9]+", contract))
    assert promised - words == set()


def test_the_contract_names_every_command_and_marks_what_comes_later(contract: str) -> None:
    rows = [line for line in contract.splitlines() if line.startswith("| `acquire ")]
    later = {name for row in rows if "**later**" in row for name in re.findall(r"`acquire ([a-z]+)", row)}
    built = {name for row in rows if "**later**" not in row for name in re.findall(r"`acquire ([a-z]+)", row)}
    assert later == set(NOT_BUILT_YET)
    assert built == set(commands.list_commands(click.Context(commands))) - later


def test_every_page_that_a_page_points_at_is_there(project: Path) -> None:
    pages = [project / "README.md", project / "CHANGELOG.md", *(project / "docs").glob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)", page.read_text())]
    assert [link for page, link in links if "://" not in link and not (page.parent / link).is_file()] == []
