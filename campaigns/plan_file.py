"""The plan file: what its owner asks for, checked key by key and turned into the words of the business."""

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError

from acquire.domain import CONTROL, Direction, Limits, Objective, RiskTerms, Unseen, check_fraction
from acquire.errors import BadInput, NotBuiltYet
from acquire.ingest.sources import Columns, Sources
from campaigns.toml_file import Strict, first_mistake, read_toml

DEFAULT_TIME_ZONE = "Asia/Shanghai"
DEFAULT_CONTROL_SHARE = 0.05

# Named by the contract and read by later versions; a plan that ignored them would be another plan.
_LATER = ("price_tiers", "identities", "current_plan", "spend_history", "traffic")

Text = Annotated[str, StringConstraints(min_length=1)]


def _cap_for_all(value: Any) -> Any:
    """`max_partner_share = 0.4` is short for a table that caps everybody at 0.4."""
    return {"*": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


Caps = Annotated[dict[str, float], BeforeValidator(_cap_for_all)]


class _Data(Strict):
    history: Text
    leads: Text
    channels: Text
    offers: Text | None = None
    policy: Text | None = None
    price_tiers: Text | None = None
    links: Text | None = None
    identities: Text | None = None
    current_plan: Text | None = None
    spend_history: Text | None = None
    traffic: Text | None = None


class _Columns(Strict):
    control: Text = CONTROL
    exclude: list[Text] = Field(default_factory=list)
    protected: list[Text] = Field(default_factory=list)
    lead_id: Text | None = None
    person_id: Text | None = None
    channel: Text | None = None
    offer: Text | None = None
    booked: Text | None = None
    contacted_on: Text | None = None
    clicked: Text | None = None
    applied: Text | None = None
    approved: Text | None = None
    bad: Text | None = None
    fpd1: Text | None = None
    dpd30: Text | None = None
    bad_on: Text | None = None
    amount: Text | None = None
    revenue: Text | None = None
    cost: Text | None = None
    propensity: Text | None = None
    region: Text | None = None
    consent: Text | None = None
    do_not_contact: Text | None = None
    weight: Text | None = None


class _Objective(Strict):
    maximise: Literal["incremental_value", "incremental_accounts"] | None = None
    minimise: Literal["spend"] | None = None


class _Limits(Strict):
    budget: float | None = None
    max_bad_rate: float | None = None
    bad_rate_confidence: float = 0.95
    bad_rate_basis: Literal["realised", "expected"] = "realised"
    max_incremental_bad_rate: float | None = None
    max_bad_amount_rate: float | None = None
    max_cac: float | None = None
    max_incremental_cac: float | None = None
    min_incremental_accounts: float | None = None
    max_contacts: float | None = None
    max_approvals: float | None = None
    max_partner_share: Caps = Field(default_factory=dict)
    max_channel_share: Caps = Field(default_factory=dict)
    max_affiliate_share: Caps = Field(default_factory=dict)
    min_region_share: dict[str, float] = Field(default_factory=dict)
    max_region_share: Caps = Field(default_factory=dict)
    refuse_regions: list[Text] = Field(default_factory=list)
    min_group_share: dict[str, float] = Field(default_factory=dict)


class _Holdout(Strict):
    control_share: float = DEFAULT_CONTROL_SHARE


class _Risk(Strict):
    special_codes: dict[str, list[Any]] = Field(default_factory=dict)
    direction: dict[str, Direction] = Field(default_factory=dict)
    unseen: Unseen = "pooled"
    maturity_days: int | None = None


class _PlanFile(Strict):
    currency: Text
    seed: int = Field(default=0, ge=0)
    time_zone: Text = DEFAULT_TIME_ZONE
    assume_consent: bool = False
    campaign: Text | None = None
    data: _Data
    columns: _Columns = _Columns()
    objective: _Objective | None = None
    limits: _Limits = _Limits()
    holdout: _Holdout = _Holdout()
    risk: _Risk = _Risk()


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
        risk: What is declared about features and labels for the scorecard.
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
    risk: RiskTerms
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
        plan = _PlanFile.model_validate(file.tables)
    except ValidationError as error:
        raise BadInput(f"{path.name}: {first_mistake(error, _PlanFile)}") from None
    try:
        return _plan_file(path.resolve(), plan, file.content_hash)
    except BadInput as error:
        raise BadInput(f"{path.name}: {error}") from None


def choose_objective(plan_file: PlanFile, *, has_revenue: bool) -> Objective:
    """The objective as written; where none is, value if history knows what a booking earns, else accounts."""
    if plan_file.objective is not None:
        return plan_file.objective
    return Objective(maximise="incremental_value" if has_revenue else "incremental_accounts")


def _plan_file(path: Path, plan: _PlanFile, content_hash: str) -> PlanFile:
    name = f"{path.parent.name}/{path.stem}"
    _check_built(plan.data)
    limits, objective = _limits(plan.limits), _objective(plan.objective)
    if objective and objective.goal == "spend" and limits.min_incremental_accounts is None:
        raise BadInput(
            'minimise = "spend" needs min_incremental_accounts in [limits]; without it the best is to do nothing'
        )
    columns = _columns(plan.columns)
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
        risk=_risk(plan.risk, columns),
        content_hash=content_hash,
    )


def _check_built(data: _Data) -> None:
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


def _sources(folder: Path, data: _Data) -> Sources:
    return Sources(
        history=folder / data.history,
        leads=folder / data.leads,
        channels=folder / data.channels,
        offers=folder / data.offers if data.offers else None,
        links=folder / data.links if data.links else None,
    )


def _columns(written: _Columns) -> Columns:
    renamed: dict[str, str] = {}
    for name in _Columns.model_fields.keys() - {"control", "exclude", "protected"}:
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
    )


def _objective(written: _Objective | None) -> Objective | None:
    return Objective(maximise=written.maximise, minimise=written.minimise) if written else None


def _risk(written: _Risk, columns: Columns) -> RiskTerms:
    """The terms under the contract's names for the columns that [columns] renames."""
    return RiskTerms(
        special_codes={columns.rename.get(name, name): tuple(codes) for name, codes in written.special_codes.items()},
        direction={columns.rename.get(name, name): way for name, way in written.direction.items()},
        unseen=written.unseen,
        maturity_days=written.maturity_days,
    )


def _limits(written: _Limits) -> Limits:
    limits: Mapping[str, Any] = {name: getattr(written, name) for name in _Limits.model_fields}
    return Limits(**{**limits, "refuse_regions": frozenset(written.refuse_regions)})
