"""The words of the business, as frozen dataclasses that check themselves. Standard library only.

Rates and shares are fractions in [0, 1]; money is in the plan's one currency; `None` as a limit means "no limit".
"""

import math
from dataclasses import dataclass, fields
from typing import Literal

from acquire.amounts import check_fraction as check_fraction  # noqa: PLC0414 - asked of the domain
from acquire.amounts import check_money as check_money  # noqa: PLC0414 - asked of the domain
from acquire.current_plan import CurrentContacts as CurrentContacts  # noqa: PLC0414 - a word of the business
from acquire.current_plan import CurrentPlan as CurrentPlan  # noqa: PLC0414 - a word of the business
from acquire.errors import BadInput
from acquire.limits_of import CommonLimits as CommonLimits  # noqa: PLC0414 - a word of the business
from acquire.limits_of import Limits as Limits  # noqa: PLC0414 - a word of the business
from acquire.limits_of import PartLimits as PartLimits  # noqa: PLC0414 - a word of the business
from acquire.limits_of import Shares as Shares  # noqa: PLC0414 - a word of the business
from acquire.policy import Approval as Approval  # noqa: PLC0414 - a word of the business
from acquire.policy import Policy as Policy  # noqa: PLC0414 - a word of the business
from acquire.policy import Rule as Rule  # noqa: PLC0414 - a word of the business
from acquire.price_tiers import PriceTier as PriceTier  # noqa: PLC0414 - a word of the business
from acquire.price_tiers import check_tiers, tier_cost
from acquire.saturation import SaturationStep as SaturationStep  # noqa: PLC0414 - a word of the business
from acquire.saturation import check_saturation
from acquire.terms import Direction as Direction  # noqa: PLC0414 - a word of the business
from acquire.terms import LearnerName as LearnerName  # noqa: PLC0414 - a word of the business
from acquire.terms import RiskTerms as RiskTerms  # noqa: PLC0414 - a word of the business
from acquire.terms import Unseen as Unseen  # noqa: PLC0414 - a word of the business
from acquire.terms import UpliftTerms as UpliftTerms  # noqa: PLC0414 - a word of the business

CONTROL = "control"
LINK_KINDS = ("device", "address", "card", "company")

Decision = Literal["contact", "hold", "control", "refuse"]
FeatureKind = Literal["numeric", "category"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where leads come from, and what the partner that runs it charges for each event.

    Attributes:
        cost_per_contact, cost_per_click, cost_per_applied, cost_per_approved, cost_per_booked: Money per event.
        cost_rate_of_amount: Share of the booked amount that is paid to the partner.
        rebate_share: Share of all of the above, and of what the price tiers add, that the partner gives back.
        price_tiers: Prices per contact beyond so many contacts, in rising order; cost_per_contact holds before the first.
        calls_per_contact, calls_per_applied: Calls that the call centre makes or takes, per event.
        max_contacts: Most contacts the channel can deliver.
        min_spend, max_spend, min_spend_if_used: Money; the fixed cost and what the price tiers add count in them.
        fixed_cost: Money that is paid once where anybody is contacted in the channel, whoever and however many.
        max_bad_rate: Cap on the bad rate of this channel's bookings, a fraction.
        saturation: What contacts beyond the usual number bring less, learnt from past spend; never in the channels table.
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
    price_tiers: tuple[PriceTier, ...] = ()
    calls_per_contact: float = 0.0
    calls_per_applied: float = 0.0
    affiliate_group: str | None = None
    max_contacts: float | None = None
    min_spend: float | None = None
    min_spend_if_used: float | None = None
    max_spend: float | None = None
    fixed_cost: float = 0.0
    max_bad_rate: float | None = None
    saturation: tuple[SaturationStep, ...] = ()

    def __post_init__(self) -> None:
        for f in fields(self):
            if f.name in {"channel", "partner", "affiliate_group", "price_tiers", "saturation"}:
                continue
            check = check_fraction if f.name.endswith(("_share", "_rate", "_of_amount")) else check_money
            check(f"{f.name} of channel {self.channel}", getattr(self, f.name))
        check_tiers(self.channel, self.cost_per_contact, self.price_tiers)
        check_saturation(self.channel, self.saturation)
        for name in ("min_spend", "min_spend_if_used"):
            least = getattr(self, name)
            if least is not None and self.max_spend is not None and least > self.max_spend:
                raise BadInput(
                    f"{name} of channel {self.channel} is {least}, above its max_spend {self.max_spend}; "
                    "lower the one or raise the other"
                )

    def once_used(self, contacts: float) -> float:
        """What a channel with so many contacts charges beyond the price of each, in money: 0 where nobody is contacted.

        fixed_cost + (1 - rebate_share) * sum over tiers of (price - price before) * max(0, contacts - from_contacts)
        """
        if contacts <= 0:
            return 0.0
        return self.fixed_cost + (1 - self.rebate_share) * tier_cost(self.cost_per_contact, self.price_tiers, contacts)


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
        per_booking: Ratio of the money that is paid for an average booking of the chosen.
    """

    booked: float = 1.0
    incremental: float = 1.0
    bad: float = 1.0
    per_booking: float = 1.0
