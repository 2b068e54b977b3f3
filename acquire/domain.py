"""The words of the business, as frozen dataclasses that check themselves. Standard library only.

Rates and shares are fractions in [0, 1]; money is in the plan's one currency; `None` as a limit means "no limit".
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from acquire.errors import BadInput
from acquire.policy import Approval as Approval  # noqa: PLC0414 - a word of the business
from acquire.policy import Policy as Policy  # noqa: PLC0414 - a word of the business
from acquire.policy import Rule as Rule  # noqa: PLC0414 - a word of the business
from acquire.terms import Direction as Direction  # noqa: PLC0414 - a word of the business
from acquire.terms import LearnerName as LearnerName  # noqa: PLC0414 - a word of the business
from acquire.terms import RiskTerms as RiskTerms  # noqa: PLC0414 - a word of the business
from acquire.terms import Unseen as Unseen  # noqa: PLC0414 - a word of the business
from acquire.terms import UpliftTerms as UpliftTerms  # noqa: PLC0414 - a word of the business

CONTROL = "control"
LINK_KINDS = ("device", "address", "card", "company")

Decision = Literal["contact", "hold", "control", "refuse"]
FeatureKind = Literal["numeric", "category"]


def check_money(name: str, value: float | None) -> None:
    """Raise BadInput unless `value` is None or a finite amount of money that is not negative."""
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise BadInput(f"{name} is {value}; give a finite number that is not negative")


def check_fraction(name: str, value: float | None) -> None:
    """Raise BadInput unless `value` is None or a fraction in [0, 1]."""
    if value is not None and not 0 <= value <= 1:
        raise BadInput(f"{name} is {value}; give a fraction in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where leads come from, and what the partner that runs it charges for each event.

    Attributes:
        cost_per_contact, cost_per_click, cost_per_applied, cost_per_approved, cost_per_booked: Money per event.
        cost_rate_of_amount: Share of the booked amount that is paid to the partner.
        rebate_share: Share of all of the above that the partner gives back.
        max_contacts: Most contacts the channel can deliver.
        min_spend, max_spend, min_spend_if_used, fixed_cost: Money.
        max_bad_rate: Cap on the bad rate of this channel's bookings, a fraction.
    """

    channel: str
    partner: str
    cost_per_contact: float = 0.0
    cost_per_click: float = 0.0
    cost_per_applied: float = 0.0
    cost_per_approved: float = 0.0
    cost_per_booked: float = 0.0
    cost_rate_of_amount: float = 0.0
    rebate_share: float = 0.0
    affiliate_group: str | None = None
    max_contacts: float | None = None
    min_spend: float | None = None
    min_spend_if_used: float | None = None
    max_spend: float | None = None
    fixed_cost: float = 0.0
    max_bad_rate: float | None = None

    def __post_init__(self) -> None:
        for f in fields(self):
            if f.name in {"channel", "partner", "affiliate_group"}:
                continue
            check = check_fraction if f.name.endswith(("_share", "_rate", "_of_amount")) else check_money
            check(f"{f.name} of channel {self.channel}", getattr(self, f.name))
        if self.min_spend is not None and self.max_spend is not None and self.min_spend > self.max_spend:
            raise BadInput(
                f"min_spend of channel {self.channel} is {self.min_spend}, above its max_spend {self.max_spend}; "
                "lower the one or raise the other"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a contacted lead is shown.

    Attributes:
        cost_per_booked, cost_rate_of_amount: Money per booking, and as a share of the booked amount.
        channels: Where it may be used; empty: everywhere.
        attributes: Numbers in which offers of one kind differ, as a price or a limit: (column of the offers table, value).
    """

    offer: str
    cost_per_booked: float = 0.0
    cost_rate_of_amount: float = 0.0
    channels: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        check_money(f"cost_per_booked of offer {self.offer}", self.cost_per_booked)
        check_fraction(f"cost_rate_of_amount of offer {self.offer}", self.cost_rate_of_amount)
        for name, value in self.attributes:
            if not math.isfinite(value):
                raise BadInput(f"{name} of offer {self.offer} is {value}; give a finite number or leave it empty")

    def attribute(self, name: str) -> float:
        """The offer's number of that name; NaN where it has none."""
        return dict(self.attributes).get(name, math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column the models may use."""

    name: str
    kind: FeatureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What the plan is for."""

    maximise: Literal["incremental_value", "incremental_accounts"] | None = None
    minimise: Literal["spend"] | None = None

    def __post_init__(self) -> None:
        if (self.maximise is None) == (self.minimise is None):
            raise BadInput("[objective] needs exactly one of maximise and minimise")

    @property
    def goal(self) -> Literal["incremental_value", "incremental_accounts", "spend"]:
        """The figure that is maximised or, for spend, minimised."""
        return self.maximise or "spend"


Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every limit of the plan file's [limits], under its own key. None or empty: not limited.

    `max_partner_share`, `max_channel_share`, `max_affiliate_share` are shares of spend: a mapping from a name to its cap; the
    key "*" holds the cap for all that are not named. `min_region_share`, `max_region_share` and `min_group_share` are shares of
    contacts.
    """

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
    max_partner_share: Shares = dataclasses.field(default_factory=dict)
    max_channel_share: Shares = dataclasses.field(default_factory=dict)
    max_affiliate_share: Shares = dataclasses.field(default_factory=dict)
    min_region_share: Shares = dataclasses.field(default_factory=dict)
    max_region_share: Shares = dataclasses.field(default_factory=dict)
    refuse_regions: frozenset[str] = frozenset()
    min_group_share: Shares = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (
            "budget",
            "max_cac",
            "max_incremental_cac",
            "min_incremental_accounts",
            "max_contacts",
            "max_approvals",
        ):
            check_money(name, getattr(self, name))
        for name in ("max_bad_rate", "max_incremental_bad_rate", "max_bad_amount_rate"):
            check_fraction(name, getattr(self, name))
        if not 0.5 <= self.bad_rate_confidence < 1:
            raise BadInput(f"bad_rate_confidence is {self.bad_rate_confidence}; give a fraction from 0.5 to below 1")
        for f in fields(self):
            shares = getattr(self, f.name)
            if isinstance(shares, Mapping):
                for key, share in shares.items():
                    check_fraction(f"{f.name}[{key}]" if key != "*" else f.name, share)
        self._check_floors()

    def _check_floors(self) -> None:
        for name in ("min_region_share", "min_group_share"):
            floors = getattr(self, name)
            if name == "min_region_share" and sum(floors.values()) > 1:
                raise BadInput(f"{name} adds up to {sum(floors.values()):g}; shares of one whole cannot exceed 1")
        for region, floor in self.min_region_share.items():
            cap = self.max_region_share.get(region, self.max_region_share.get("*", 1.0))
            if floor > cap:
                raise BadInput(
                    f"min_region_share[{region}] is {floor}, above max_region_share {cap}; lower the one or raise the other"
                )
            if floor > 0 and region in self.refuse_regions:
                raise BadInput(
                    f"min_region_share[{region}] is {floor}, but refuse_regions refuses {region}; drop one of the two"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """How one limit ended up in the plan.

    Attributes:
        name: The plan file's key, with `[channel]`, `[partner]` ... where there is one per channel, partner ...
        unit: "money", "rate", "contacts", "accounts".
        used: The figure the solver held: for a limit with a confidence, the stated quantile.
        used_expected: The mean of the same figure.
        allowed: The limit as written in the plan file.
        binding: Whether the limit holds the plan back.
        shadow_price: Change of the objective per +1 of `allowed`.
    """

    name: str
    unit: str
    used: float
    used_expected: float
    allowed: float
    binding: bool
    shadow_price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Proof of how good the plan is: its objective, a bound no plan can pass, and the relative gap between them."""

    objective: float
    bound: float
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One figure of the headline with its 90 % intervals; NaN where it is undefined.

    Attributes:
        expected: Mean.
        low, high: Interval of the expected truth (what would come out on average over chance).
        predictive_low, predictive_high: Interval of what will be observed (chance included).
    """

    expected: float
    low: float = math.nan
    high: float = math.nan
    predictive_low: float = math.nan
    predictive_high: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Observed over predicted totals of a set that was chosen for looking good; 1 = predictions can be added up as they are.

    Attributes:
        booked, incremental, bad: Ratios of the totals over the chosen.
    """

    booked: float = 1.0
    incremental: float = 1.0
    bad: float = 1.0
