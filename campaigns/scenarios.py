"""Scenarios: the plan under other limits, saved in the database under a name and compared with the plan."""

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from acquire.allocate.plan_totals import total
from acquire.allocate.solve import Allocation, allocate
from acquire.domain import Limits, PartLimits
from acquire.errors import BadInput, NotFound
from campaigns.frontiers import read_plan
from campaigns.kept_frontiers import keep_scenario, kept_scenarios
from campaigns.option_table import OptionTable, read_option_table
from campaigns.plan_document import PlanDocument
from campaigns.scenario_document import Scenario, check_name, in_force
from campaigns.settings import Settings
from campaigns.store import frontiers as stored
from campaigns.store.session import Store, open_store

PARTS = ("channel", "partner", "affiliate")


def save_scenario(
    folder: Path, name: str, changes: Mapping[str, float | None], *, now: datetime, settings: Settings
) -> tuple[Scenario, ...]:
    """Plan again under changed limits, keep the result, and give all scenarios of the plan, the plan itself first.

    Args:
        folder: What `acquire plan` wrote.
        name: A scenario of this name is replaced.
        changes: Limits by key; None drops one.
        now: The present instant, UTC.
        settings: Where the database is.

    Raises:
        BadInput: There is no such plan or limit, a figure is out of range, or the database does not know the plan.
        Infeasible: The limits cannot be met, or only by contacting nobody; nothing was saved.
    """
    plan, table = read_plan(folder), read_option_table(folder)
    check_name(name)
    scenario = try_limits(table, plan.plan_id, name, changes, now)
    with closing(_open(settings, plan)) as store:
        keep_scenario(store, scenario)
        return (in_force(plan), *kept_scenarios(store, plan.plan_id))


def list_scenarios(folder: Path, settings: Settings) -> tuple[Scenario, ...]:
    """Give the plan and its scenarios, oldest first."""
    plan = read_plan(folder)
    with closing(_open(settings, plan)) as store:
        return (in_force(plan), *kept_scenarios(store, plan.plan_id))


def drop_scenario(folder: Path, name: str, settings: Settings) -> None:
    """Forget a scenario.

    Raises:
        NotFound: The plan has none of that name.
    """
    plan = read_plan(folder)
    with closing(_open(settings, plan)) as store, store.writing() as session:
        if not stored.delete_scenario(session, plan.plan_id, name):
            raise NotFound(f"the plan has no scenario {name}; see acquire scenario list")


def try_limits(
    table: OptionTable, plan_id: str, name: str, changes: Mapping[str, float | None], now: datetime
) -> Scenario:
    """Solve the plan's question in whole contacts under changed limits."""
    limits = changed_limits(table.limits, changes)
    allocation = allocate(table.options, limits, table.channels, table.objective, seed=table.seed, forced=table.forced)
    return _scenario(table, allocation, plan_id, name, changes, now)


def changed_limits(limits: Limits, changes: Mapping[str, float | None]) -> Limits:
    """Give limits with some at other figures; `channel.sms.max_cac` is a limit of one part.

    Raises:
        BadInput: There is no limit of that key that is one number, or the figure is out of range.
    """
    for key, figure in changes.items():
        limits = _changed(limits, key.split("."), key, figure)
    return limits


def _open(settings: Settings, plan: PlanDocument) -> Store:
    store = open_store(settings.database_url)
    with store.reading() as session:
        if stored.has_plan(session, plan.plan_id):
            return store
    store.close()
    raise BadInput(f"the database does not know plan {plan.plan_id}; use the one that acquire plan wrote to")


def _changed(limits: Limits, path: Sequence[str], key: str, figure: float | None) -> Limits:
    change: dict[str, Any] = {path[-1]: figure}
    if len(path) == 3 and path[0] in PARTS and path[2] in _single(PartLimits):
        parts = getattr(limits, path[0])
        changed: dict[str, Any] = {path[0]: {**parts, path[1]: replace(parts.get(path[1], PartLimits()), **change)}}
        return replace(limits, **changed)
    if len(path) > 1 or key not in _single(Limits):
        known = ", ".join(_single(Limits))
        raise BadInput(
            f"{key} is no limit that is one number; known are {known}, and channel.NAME.max_cac and the like"
        )
    if figure is None and key == "bad_rate_confidence":
        raise BadInput("bad_rate_confidence cannot be dropped; 0.5 means on average")
    return replace(limits, **change)


def _single(kind: type[Limits] | type[PartLimits]) -> tuple[str, ...]:
    """The limits that are one number."""
    return tuple(f.name for f in fields(kind) if f.type in (float | None, float, "float | None", "float"))


def _scenario(
    table: OptionTable,
    allocation: Allocation,
    plan_id: str,
    name: str,
    changes: Mapping[str, float | None],
    now: datetime,
) -> Scenario:
    contacts = np.zeros(len(table.options))
    contacts[allocation.chosen] = allocation.contacts
    totals = total(table.options, contacts, table.channels)
    return Scenario(
        plan_id=plan_id,
        name=name,
        made_at=now,
        changes=dict(changes),
        contacts=totals.contacts,
        spend=totals.spend,
        booked=totals.booked,
        incremental=totals.incremental,
        value=totals.value,
        bad_rate=_ratio(totals.bad, totals.booked),
        bad_rate_held=next((use.used for use in allocation.limit_uses if use.name == "max_bad_rate"), math.nan),
        cac=_ratio(totals.spend, totals.booked),
        incremental_cac=_ratio(totals.spend, totals.incremental),
        binding=tuple(use.name for use in allocation.limit_uses if use.binding),
    )


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan
