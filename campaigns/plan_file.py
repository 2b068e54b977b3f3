"""The plan file: what its owner asks for, checked key by key and turned into the words of the business."""

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from acquire.domain import Limits, Objective, PartLimits, RiskTerms, UpliftTerms, check_fraction
from acquire.errors import BadInput, NotBuiltYet
from acquire.ingest.sources import Columns, Sources
from campaigns.plan_keys import DEFAULT_TIME_ZONE as DEFAULT_TIME_ZONE  # noqa: PLC0414 - asked of the plan file
from campaigns.plan_keys import (
    ColumnKeys,
    DataKeys,
    LimitKeys,
    ObjectiveKeys,
    PartKeys,
    PlanKeys,
    RiskKeys,
    UpliftKeys,
)
from campaigns.toml_file import first_mistake, read_toml

# Named by the contract and read by later versions; a plan that ignored them would be another plan.
_LATER = ("identities",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a plan file asks for.

    Attributes:
        name: Folder and stem of the file, as in "taiwan/plan".
        campaign: Name that the partners' lists carry; the plan's name where none is given.
        currency: The plan's one currency.
        seed: Of everything random in the plan.
        time_zone: Where a business day begins and ends.
        assume_consent: All leads count as having consented, where they have no consent column.
        sources: The input tables.
        policy: The policy file, if there is one.
        columns: The owner's column names, and what may not be a feature.
        objective: None where the file leaves it open; see `choose_objective`.
        limits: What the plan must keep.
        control_share: Share of those who would be contacted that is kept back at random per channel.
        explore_share: Share of the budget that is spent at random among those who may be contacted.
        pacing_weeks: Over how many weeks the plan is spread; None where the file does not say.
        risk: What is declared about features and labels for the scorecard.
        uplift: Which learner, and what is declared about the chance to book.
        content_hash: SHA-256 (hex) of the file.
    """

    name: str
    campaign: str
    currency: str
    seed: int
    time_zone: zoneinfo.ZoneInfo
    assume_consent: bool
    sources: Sources
    policy: Path | None
    columns: Columns
    objective: Objective | None
    limits: Limits
    control_share: float
    explore_share: float
    pacing_weeks: int | None
    risk: RiskTerms
    uplift: UpliftTerms
    content_hash: str


def read_plan_file(path: Path) -> PlanFile:
    """Read and check a plan file.

    Args:
        path: The TOML file; the paths in it are relative to its folder.

    Raises:
        BadInput: The file is missing or not TOML, a key is unknown, missing or of the wrong type, or a value is out of range.
        NotBuiltYet: [data] names a table that this version does not read.
    """
    file = read_toml(path)
    try:
        plan = PlanKeys.model_validate(file.tables)
    except ValidationError as error:
        raise BadInput(f"{path.name}: {first_mistake(error, PlanKeys)}") from None
    try:
        return _plan_file(path.resolve(), plan, file.content_hash)
    except BadInput as error:
        raise BadInput(f"{path.name}: {error}") from None


def choose_objective(plan_file: PlanFile, *, has_revenue: bool) -> Objective:
    """The objective as written; where none is, value if history knows what a booking earns, else accounts."""
    if plan_file.objective is not None:
        return plan_file.objective
    return Objective(maximise="incremental_value" if has_revenue else "incremental_accounts")


def _plan_file(path: Path, plan: PlanKeys, content_hash: str) -> PlanFile:
    name = f"{path.parent.name}/{path.stem}"
    _check_built(plan.data)
    limits, objective = _limits(plan.limits), _objective(plan.objective)
    if objective and objective.goal == "spend" and not limits.uses("min_incremental_accounts"):
        raise BadInput(
            'minimise = "spend" needs min_incremental_accounts in [limits]; without it the best is to do nothing'
        )
    if limits.need_current is not None and plan.data.current_plan is None:
        raise BadInput(
            f"{limits.need_current} in [limits] speaks of the plan in force; name its table as current_plan in [data]"
        )
    columns = _columns(plan.columns, plan.uplift.dose)
    check_fraction("control_share", plan.holdout.control_share)
    if plan.holdout.control_share == 1:
        raise BadInput("control_share is 1, which keeps everybody back; give a fraction below 1")
    return PlanFile(
        name=name,
        campaign=plan.campaign or name,
        currency=_currency(plan.currency),
        seed=plan.seed,
        time_zone=_time_zone(plan.time_zone),
        assume_consent=plan.assume_consent,
        sources=_sources(path.parent, plan.data),
        policy=path.parent / plan.data.policy if plan.data.policy else None,
        columns=columns,
        objective=objective,
        limits=limits,
        control_share=plan.holdout.control_share,
        explore_share=_explore_share(plan.explore.share, limits),
        pacing_weeks=_pacing_weeks(plan),
        risk=_risk(plan.risk, columns),
        uplift=_uplift(plan.uplift, columns),
        content_hash=content_hash,
    )


def _pacing_weeks(plan: PlanKeys) -> int | None:
    if plan.pacing.weeks is not None and plan.data.traffic is not None:
        raise BadInput("[pacing] weeks is given, but traffic lists the weeks; drop one of the two")
    return plan.pacing.weeks


def _check_built(data: DataKeys) -> None:
    for key in _LATER:
        if getattr(data, key) is not None:
            raise NotBuiltYet(f"[data] {key} is not read by this version; remove the key to plan without it")


def _currency(code: str) -> str:
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise BadInput(f"currency is {code!r}; give its three letters, as in CNY")
    return code


def _time_zone(name: str) -> zoneinfo.ZoneInfo:
    if name not in zoneinfo.available_timezones():
        raise BadInput(f"time_zone is {name!r}; give a name such as {DEFAULT_TIME_ZONE}")
    return zoneinfo.ZoneInfo(name)


def _sources(folder: Path, data: DataKeys) -> Sources:
    return Sources(
        history=folder / data.history,
        leads=folder / data.leads,
        channels=folder / data.channels,
        offers=folder / data.offers if data.offers else None,
        links=folder / data.links if data.links else None,
        current_plan=folder / data.current_plan if data.current_plan else None,
        price_tiers=folder / data.price_tiers if data.price_tiers else None,
        spend_history=folder / data.spend_history if data.spend_history else None,
        traffic=folder / data.traffic if data.traffic else None,
    )


def _columns(written: ColumnKeys, dose: str | None) -> Columns:
    renamed: dict[str, str] = {}
    for name in ColumnKeys.model_fields.keys() - {"control", "exclude", "protected"}:
        own = getattr(written, name)
        if own is not None and own in renamed:
            raise BadInput(
                f"[columns] gives {own} two meanings, {' and '.join(sorted((renamed[own], name)))}; keep one"
            )
        if own is not None:
            renamed[own] = name
    return Columns(
        rename=renamed,
        control=written.control,
        exclude=frozenset(written.exclude),
        protected=frozenset(written.protected),
        dose=dose,
    )


def _objective(written: ObjectiveKeys | None) -> Objective | None:
    return Objective(maximise=written.maximise, minimise=written.minimise) if written else None


def _risk(written: RiskKeys, columns: Columns) -> RiskTerms:
    """The terms under the contract's names for the columns that [columns] renames."""
    return RiskTerms(
        special_codes={columns.rename.get(name, name): tuple(codes) for name, codes in written.special_codes.items()},
        direction={columns.rename.get(name, name): way for name, way in written.direction.items()},
        unseen=written.unseen,
        maturity_days=written.maturity_days,
    )


def _uplift(written: UpliftKeys, columns: Columns) -> UpliftTerms:
    """The terms under the contract's names for the columns that [columns] renames."""
    direction = {columns.rename.get(name, name): way for name, way in written.direction.items()}
    return UpliftTerms(learner=written.learner, direction=direction, dose=written.dose)


def _explore_share(share: float, limits: Limits) -> float:
    check_fraction("[explore] share", share)
    if share == 1:
        raise BadInput("[explore] share is 1.0, which leaves nothing to plan; give a fraction below 1")
    if share > 0 and limits.budget is None:
        raise BadInput("[explore] share is a share of the budget; give budget in [limits]")
    return share


def _limits(written: LimitKeys) -> Limits:
    limits: Mapping[str, Any] = {name: getattr(written, name) for name in LimitKeys.model_fields}
    parts = {kind: _part_limits(kind, getattr(written, kind)) for kind in ("channel", "partner", "affiliate")}
    lists = {name: frozenset(getattr(written, name)) for name in ("refuse_regions", "locked_channels")}
    return Limits(**{**limits, **parts, **lists})


def _part_limits(kind: str, written: Mapping[str, PartKeys]) -> dict[str, PartLimits]:
    parts = {}
    for name, keys in written.items():
        try:
            parts[name] = PartLimits(**keys.model_dump())
        except BadInput as error:
            raise BadInput(f"[limits.{kind}.{name}] {error}") from None
    return parts
