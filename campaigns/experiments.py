"""`acquire experiment design`: from a plan file and the leads at hand to a pilot that can be run tomorrow.

plan file, tables -> PilotRequest     pilot_inputs.py   history may be missing, or know no controls
                  -> PilotDesign      acquire.uplift.experiment
                  -> who gets what    acquire.uplift.assignment
                  -> OUT/             design.json, assignment.parquet, design.md
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from acquire.errors import BadInput
from acquire.uplift.assignment import draw_assignment
from acquire.uplift.experiment import design_pilot
from acquire.uplift.pilot import PilotDesign
from campaigns import report_words as words
from campaigns.folders import replacing
from campaigns.markdown_pages import markdown_templates
from campaigns.pilot_inputs import PilotInputs, PilotSettings, read_pilot_inputs
from campaigns.plan_file import PlanFile, read_plan_file


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotDocument:
    """All of design.json.

    Attributes:
        plan: Name of the plan file.
        assumptions: What was not known and taken for granted, a sentence each.
        assigned: Leads at hand that take part.
        hashes: SHA-256 (hex) of the plan file and the tables.
    """

    plan: str
    created_at: datetime
    version: str
    currency: str
    seed: int
    smallest_uplift: float
    p_booked: float
    p_bad: float
    assumptions: tuple[str, ...]
    design: PilotDesign
    leads_read: int
    leads_allowed: int
    assigned: int
    hashes: dict[str, str]

    def to_json(self) -> str:
        """Give the document as JSON text; undefined figures are null, days and instants ISO 8601."""
        return json.dumps(_plain(asdict(self)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_pilot_design(
    plan_path: Path, out: Path, *, now: datetime, settings: PilotSettings | None = None
) -> PilotDocument:
    """Design a pilot for a plan and write it into the folder `out`, which is replaced whole or not at all.

    The folder holds design.json, assignment.parquet (lead_id, channel, offer, propensity: the leads at hand that take part) and
    design.md, the same in plain words.

    Args:
        plan_path: The plan file. Its history may be missing, or hold no controls.
        out: Folder to write; one that holds anything but an earlier pilot is not touched.
        now: Instant of the run; the pilot starts on the next business day of the plan's time zone at the earliest.
        settings: What the plan file does not say; the defaults where None.

    Raises:
        BadInput: Something in the files, the settings or `out` is wrong.
    """
    plan = read_plan_file(plan_path)
    check_folder(out)
    inputs = read_pilot_inputs(plan, settings or PilotSettings(), today=now.astimezone(plan.time_zone).date())
    design = design_pilot(inputs.request)
    shares = {channel: share * inputs.share_at_hand(design.weeks) for channel, share in design.enrolled_share.items()}
    assignment = draw_assignment(inputs.leads, design, shares, np.random.default_rng(plan.seed))
    document = _document(plan, inputs, design, now=now, assigned=len(assignment))
    replace_folder(out, lambda folder: _write(folder, document, assignment))
    return document


def render_pilot(document: PilotDocument) -> str:
    """Give design.md: the pilot in plain words."""
    filters = {
        "count": lambda value: words.say_count(round(value) if math.isfinite(value) else value),
        "money": lambda value: words.say_money(value, document.currency),
        "percent": words.say_percent,
        "points": words.say_points,
        "width": lambda value: words.say_points(value).removeprefix("+"),
        "day": lambda day: f"{day.day} {day:%B %Y}",
    }
    return markdown_templates(filters).get_template("pilot.md.jinja").render(pilot=document, design=document.design)


def check_folder(out: Path) -> None:
    """Raise BadInput unless `out` is free, empty or an earlier pilot, and can be written."""
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file; name a folder for the pilot")
    if out.exists() and any(out.iterdir()) and not (out / "design.json").exists():
        raise BadInput(f"{out} holds other files; name a new folder for the pilot")
    if not out.resolve().parent.is_dir():
        raise BadInput(f"{out} cannot be made: the folder above it is not there; make it first")


def replace_folder(out: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder that then takes the place of `out` in one step; on any error `out` stays as it was.

    Raises:
        AcquireError: The disk refused.
    """
    with replacing(out) as folder:
        write(folder)


def _document(
    plan: PlanFile, inputs: PilotInputs, design: PilotDesign, *, now: datetime, assigned: int
) -> PilotDocument:
    return PilotDocument(
        plan=plan.name,
        created_at=now,
        version=version("acquire"),
        currency=plan.currency,
        seed=plan.seed,
        smallest_uplift=inputs.request.smallest_uplift,
        p_booked=inputs.request.p_booked,
        p_bad=inputs.request.p_bad,
        assumptions=inputs.assumptions,
        design=design,
        leads_read=inputs.leads_read,
        leads_allowed=len(inputs.leads),
        assigned=assigned,
        hashes={"plan": plan.content_hash, **inputs.hashes},
    )


def _write(folder: Path, document: PilotDocument, assignment: pd.DataFrame) -> None:
    (folder / "design.json").write_text(document.to_json(), encoding="utf-8")
    (folder / "design.md").write_text(render_pilot(document), encoding="utf-8")
    assignment.to_parquet(folder / "assignment.parquet", index=False)


def _plain(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value) for value in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        return None
    return thing.isoformat() if isinstance(thing, date) else thing
