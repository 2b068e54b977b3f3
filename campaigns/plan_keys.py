"""The keys of the plan file, table by table, with their types; what the values mean is checked in plan_file.py."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from acquire.domain import CONTROL, Direction, LearnerName, Unseen
from campaigns.toml_file import Strict

DEFAULT_TIME_ZONE = "Asia/Shanghai"
DEFAULT_CONTROL_SHARE = 0.05

Text = Annotated[str, StringConstraints(min_length=1)]


def _cap_for_all(value: Any) -> Any:
    """`max_partner_share = 0.4` is short for a table that caps everybody at 0.4."""
    return {"*": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


Caps = Annotated[dict[str, float], BeforeValidator(_cap_for_all)]


class DataKeys(Strict):
    """[data]: paths."""

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


class PartKeys(Strict):
    """[limits.channel.<name>], [limits.partner.<name>], [limits.affiliate.<name>]."""

    max_spend: float | None = None
    min_spend: float | None = None
    max_contacts: float | None = None
    min_contacts: float | None = None
    max_bad_rate: float | None = None
    max_incremental_bad_rate: float | None = None
    max_bad_amount_rate: float | None = None
    max_cac: float | None = None
    max_incremental_cac: float | None = None
    min_incremental_accounts: float | None = None
    max_approvals: float | None = None
    max_expected_loss: float | None = None
    max_calls: float | None = None


class LimitKeys(Strict):
    """[limits]."""

    budget: float | None = None
    min_spend: float | None = None
    max_bad_rate: float | None = None
    bad_rate_confidence: float = 0.95
    bad_rate_basis: Literal["realised", "expected"] = "realised"
    max_incremental_bad_rate: float | None = None
    max_bad_amount_rate: float | None = None
    max_cac: float | None = None
    max_incremental_cac: float | None = None
    min_incremental_accounts: float | None = None
    max_contacts: float | None = None
    min_contacts: float | None = None
    max_approvals: float | None = None
    max_expected_loss: float | None = None
    max_calls: float | None = None
    max_partner_share: Caps = Field(default_factory=dict)
    max_channel_share: Caps = Field(default_factory=dict)
    max_affiliate_share: Caps = Field(default_factory=dict)
    min_region_share: dict[str, float] = Field(default_factory=dict)
    max_region_share: Caps = Field(default_factory=dict)
    refuse_regions: list[Text] = Field(default_factory=list)
    min_group_share: dict[str, float] = Field(default_factory=dict)
    channel: dict[str, PartKeys] = Field(default_factory=dict)
    partner: dict[str, PartKeys] = Field(default_factory=dict)
    affiliate: dict[str, PartKeys] = Field(default_factory=dict)
    locked_channels: list[Text] = Field(default_factory=list)
    max_change: Caps = Field(default_factory=dict)


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
