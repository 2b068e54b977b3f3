"""`acquire frontier`: what more budget, or more risk, would buy beside a plan, as a document, as files and in the database."""

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from acquire.allocate.axes import choose_axes, over_axes
from acquire.allocate.frontier import ACCOUNTS, BUDGET, Axes, trace_frontier
from acquire.domain import check_fraction, check_money
from acquire.errors import UNREADABLE, BadInput
from acquire.outlook import FrontierPoint
from campaigns.folders import check_apart, check_outside, check_place, replacing
from campaigns.frontier_document import FrontierDocument
from campaigns.frontier_page import render_frontier
from campaigns.option_table import OptionTable, read_option_table
from campaigns.outputs import DOCUMENT
from campaigns.plan_document import PlanDocument
from campaigns.settings import Settings
from campaigns.spreadsheets import csv_bytes
from campaigns.store import frontiers as stored
from campaigns.store.session import open_store

FRONTIER = "frontier.json"


def make_frontier(
    folder: Path, *, now: datetime, budgets: Sequence[float] = (), bad_rates: Sequence[float] = ()
) -> FrontierDocument:
    """Trace the frontier around a plan.

    Args:
        folder: What `acquire plan` wrote.
        now: The present instant, UTC.
        budgets: Figures along the curves; none = around the plan in force.
        bad_rates: Caps on the bad rate; none = around the one in force, and no cap.

    Raises:
        BadInput: The folder holds no plan of this version, the plan contacts nobody, or a figure is out of range.
    """
    plan, table = read_plan(folder), read_option_table(folder)
    question = table.question
    axes = _asked(choose_axes(question, table.contacts), budgets, bad_rates)
    frontier = trace_frontier(over_axes(question, axes), axes, table.contacts)
    return FrontierDocument(
        plan_id=plan.plan_id,
        name=plan.name,
        campaign=plan.campaign,
        currency=plan.currency,
        objective=plan.objective,
        made_at=now,
        limit=frontier.limit,
        confidence=table.limits.bad_rate_confidence,
        basis=table.limits.bad_rate_basis,
        sampled=frontier.sampled,
        here=_as_planned(frontier.here, table),
        points=frontier.points,
    )


def read_plan(folder: Path) -> PlanDocument:
    """Read plan.json of a folder that `acquire plan` wrote.

    Raises:
        BadInput: There is none, or not one that this version reads.
    """
    if folder.is_file():
        raise BadInput(
            f"{folder.name} is a file; give the folder of a plan: acquire plan {folder.name} --out DIR makes one, DIR"
        )
    try:
        return PlanDocument.from_json((folder / DOCUMENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{folder.name} holds no {DOCUMENT}; give a folder that acquire plan wrote") from None
    except UNREADABLE:
        raise BadInput(f"{folder.name}/{DOCUMENT} cannot be read; plan again") from None


def check_frontier_place(out: Path, plan: Path) -> None:
    """Raise BadInput unless the frontier of the plan in folder `plan` can be written to `out`; asked before any work."""
    check_place(out, sign=FRONTIER)
    check_apart(out, (plan,))
    check_outside(out, plan)


def write_frontier(out: Path, document: FrontierDocument) -> None:
    """Write frontier.json, frontier.csv and frontier.html into a folder, which is replaced whole or not at all."""
    check_place(out, sign=FRONTIER)
    with replacing(out) as folder:
        (folder / FRONTIER).write_text(document.to_json(), encoding="utf-8")
        (folder / "frontier.csv").write_bytes(csv_bytes(frontier_table(document)))
        (folder / "frontier.html").write_text(render_frontier(document), encoding="utf-8")


def frontier_table(document: FrontierDocument) -> pd.DataFrame:
    """Give the points as a table: one row each, the limit along the curves under its own name."""
    names = {field.name: field.name for field in fields(FrontierPoint)} | {"allowed": document.limit}
    worth = {"worth_of_allowed": f"worth_of_{document.limit}", "worth_of_bad_rate": "worth_of_max_bad_rate"}
    return pd.DataFrame([asdict(point) for point in document.points]).rename(columns=names | worth)


def keep_frontier(settings: Settings, document: FrontierDocument) -> bool:
    """Keep the frontier in the database beside its plan; False where no database here knows the plan."""
    if settings.database_file is not None and not settings.database_file.exists():
        return False
    with closing(open_store(settings.database_url)) as store, store.writing() as session:
        if not stored.has_plan(session, document.plan_id):
            return False
        stored.put_frontier(session, document.plan_id, document.made_at, document.to_json())
    return True


def _asked(axes: Axes, budgets: Sequence[float], bad_rates: Sequence[float]) -> Axes:
    """The axes with the figures that were asked for in place of their own."""
    for budget in budgets:
        check_money("budget", budget)
    for rate in bad_rates:
        check_fraction("max_bad_rate", rate)
    if budgets and axes.limit == ACCOUNTS:
        raise BadInput(
            f"the plan minimises spend: its curves run along {ACCOUNTS}, not along {BUDGET}; leave --budget out"
        )
    if bad_rates and not axes.bad_rates:
        raise BadInput("history has no bad label, so that bad rates are not known; leave --max-bad-rate out")
    return Axes(
        limit=axes.limit,
        allowed=tuple(sorted(set(budgets))) or axes.allowed,
        bad_rates=tuple(sorted(set(bad_rates))) or axes.bad_rates,
    )


def _as_planned(here: FrontierPoint, table: OptionTable) -> FrontierPoint:
    """The plan in force at its own limits: what it has no limit for is undefined, whatever the axes put there."""
    limits = table.limits
    budget = limits.min_incremental_accounts if table.objective.goal == "spend" else limits.budget
    return replace(
        here,
        allowed=math.nan if budget is None else budget,
        max_bad_rate=math.nan if limits.max_bad_rate is None else limits.max_bad_rate,
    )
