"""A scenario as a type: the plan under other limits, as the database keeps it and pages compare it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from acquire.errors import BadInput
from acquire.outlook import FrontierPoint
from campaigns.frontier_document import FrontierDocument
from campaigns.json_values import number, plain
from campaigns.plan_document import PlanDocument

IN_FORCE = "the plan"
_FIGURES = ("contacts", "spend", "booked", "incremental", "value", "bad_rate", "cac", "incremental_cac")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One plan under other limits. Figures are expected totals, NaN where undefined.

    Attributes:
        plan_id: The plan whose leads, scores and other limits it shares.
        name: As it was saved; "the plan" for the plan itself.
        made_at: Instant, UTC.
        made_by: Login; empty where it was saved from the command line.
        changes: Limits by key, as in the plan file, at their figures in the scenario; None = dropped.
        contacts, spend, booked, incremental, value, bad_rate, cac, incremental_cac: As in the headline.
        bad_rate_held: What the bad rate stays below with the stated confidence.
        binding: Limits that hold it back.
        in_shares: Whether it is a point of a frontier: planned in shares of contacts, not in whole ones.
    """

    plan_id: str
    name: str
    made_at: datetime
    made_by: str = ""
    changes: Mapping[str, float | None] = field(default_factory=dict)
    contacts: float
    spend: float
    booked: float
    incremental: float
    value: float
    bad_rate: float
    bad_rate_held: float
    cac: float
    incremental_cac: float
    binding: tuple[str, ...] = ()
    in_shares: bool = False

    def to_json(self) -> str:
        """Give the scenario as JSON text; undefined figures are null."""
        return json.dumps(plain(asdict(self)), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Scenario":
        """Read back what `to_json` wrote."""
        raw: dict[str, Any] = json.loads(text)
        figures: dict[str, Any] = {name: number(raw[name]) for name in (*_FIGURES, "bad_rate_held")}
        made_at = datetime.fromisoformat(raw["made_at"])
        # Earlier versions did not say it: what somebody saved on a page was a point of a frontier.
        in_shares = raw.get("in_shares", bool(raw.get("made_by")))
        return cls(**{**raw, **figures, "made_at": made_at, "binding": tuple(raw["binding"]), "in_shares": in_shares})


def point_scenario(
    plan: PlanDocument, frontier: FrontierDocument, point: FrontierPoint, name: str, *, login: str, now: datetime
) -> Scenario:
    """Give a point of a frontier, which is a plan in shares of contacts, as a scenario."""
    check_name(name)
    cap = {} if math.isnan(point.max_bad_rate) else {"max_bad_rate": point.max_bad_rate}
    asked = {frontier.limit: point.allowed, **cap}
    now_in_force = {limit.name: limit.allowed for limit in plan.limits}
    figures: dict[str, Any] = {name: getattr(point, name) for name in (*_FIGURES, "bad_rate_held")}
    return Scenario(
        plan_id=plan.plan_id,
        name=name,
        made_at=now,
        made_by=login,
        changes={key: figure for key, figure in asked.items() if now_in_force.get(key) != figure},
        in_shares=True,
        **figures,
    )


def in_force(plan: PlanDocument) -> Scenario:
    """Give the plan itself as the first of its scenarios."""
    figures: dict[str, Any] = {name: getattr(plan.headline, name).expected for name in _FIGURES}
    held = next((limit.used for limit in plan.limits if limit.name == "max_bad_rate"), math.nan)
    return Scenario(
        plan_id=plan.plan_id,
        name=IN_FORCE,
        made_at=plan.created_at,
        bad_rate_held=held,
        binding=tuple(limit.name for limit in plan.limits if limit.binding),
        **figures,
    )


def check_name(name: str) -> None:
    """Raise BadInput unless a scenario may be called so."""
    if not name.strip() or name == IN_FORCE or len(name) > 60 or not name.isprintable():
        raise BadInput(f"a scenario cannot be called {name[:60]!r}; give a name of 1 to 60 characters")
