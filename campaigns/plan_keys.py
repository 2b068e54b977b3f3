"""The keys of the plan file, table by table, with their types; what the values mean is checked in plan_file.py."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, create_model

from acquire.domain import CONTROL, CommonLimits, Direction, LearnerName, Limits, PartLimits, Shares, Unseen
from campaigns.toml_file import Strict

DEFAULT_TIME_ZONE = "Asia/Shanghai"
DEFAULT_CONTROL_SHARE = 0.05

Text = Annotated[str, StringConstraints(min_length=1)]


def _cap_for_all(value: Any) -> Any:
    """`max_partner_share = 0.4` is short for a table that caps everybody at 0.4."""
    return {"*": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


def _no_end_mark(path: str) -> str:
    if "\0" in path:
        raise ValueError("no path holds the character 0; take it out")
    return path


File = Annotated[Text, AfterValidator(_no_end_mark)]
Caps = Annotated[dict[str, float], BeforeValidator(_cap_for_all)]


class DataKeys(Strict):
    """[data]: paths."""

    history: File
    leads: File
    channels: File
    offers: File | None = None
    policy: File | None = None
    price_tiers: File | None = None
    links: File | None = None
    identities: File | None = None
    current_plan: File | None = None
    spend_history: File | None = None
    traffic: File | None = None


class ColumnKeys(Strict):
    """[columns]: the owner's names of the contract's columns."""

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


class ObjectiveKeys(Strict):
    """[objective]."""

    maximise: Literal["incremental_value", "incremental_accounts"] | None = None
    minimise: Literal["spend"] | None = None


def _keys_of(limits: type[CommonLimits], parts: type[Strict] | None = None) -> Any:
    """The limits of acquire/limits_of.py as a table of the plan file: the same names, defaults and meanings, listed once."""
    kinds = get_type_hints(limits)
    keys: dict[str, Any] = {}
    for f in fields(limits):
        kind = kinds[f.name]
        if kind == Shares:
            keys[f.name] = (Caps if f.name.startswith("max_") else dict[str, float], Field(default_factory=dict))
        elif kind == frozenset[str]:
            keys[f.name] = (list[Text], Field(default_factory=list))
        elif kind == Mapping[str, PartLimits]:
            keys[f.name] = (dict[str, parts], Field(default_factory=dict))  # type: ignore[valid-type]  # known when it runs
        elif f.name != "current_plan":  # a table of [data]
            keys[f.name] = (kind, f.default)
    return create_model(f"{limits.__name__}AsWritten", __base__=Strict, **keys)


class PartKeys(_keys_of(PartLimits)):  # type: ignore[misc]  # made when it runs
    """[limits.channel.<name>], [limits.partner.<name>], [limits.affiliate.<name>]."""


class LimitKeys(_keys_of(Limits, PartKeys)):  # type: ignore[misc]  # made when it runs
    """[limits]."""


class HoldoutKeys(Strict):
    """[holdout]."""

    control_share: float = DEFAULT_CONTROL_SHARE


class ExploreKeys(Strict):
    """[explore]."""

    share: float = 0.0


class PacingKeys(Strict):
    """[pacing]."""

    weeks: int | None = Field(default=None, ge=1, le=52)


class RiskKeys(Strict):
    """[risk]."""

    special_codes: dict[str, list[Any]] = Field(default_factory=dict)
    direction: dict[str, Direction] = Field(default_factory=dict)
    unseen: Unseen = "pooled"
    maturity_days: int | None = None


class UpliftKeys(Strict):
    """[uplift]."""

    learner: LearnerName = "x"
    direction: dict[str, Direction] = Field(default_factory=dict)
    dose: Text | None = None


class PlanKeys(Strict):
    """The whole file."""

    currency: Text
    seed: int = Field(default=0, ge=0)
    time_zone: Text = DEFAULT_TIME_ZONE
    assume_consent: bool = False
    campaign: Text | None = None
    data: DataKeys
    columns: ColumnKeys = ColumnKeys()
    objective: ObjectiveKeys | None = None
    limits: LimitKeys = LimitKeys()
    holdout: HoldoutKeys = HoldoutKeys()
    explore: ExploreKeys = ExploreKeys()
    pacing: PacingKeys = PacingKeys()
    risk: RiskKeys = RiskKeys()
    uplift: UpliftKeys = UpliftKeys()
