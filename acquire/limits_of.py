"""Every limit that a plan file can state: over the whole plan, and of one channel, partner or affiliate group."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from acquire.amounts import check_fraction, check_money
from acquire.current_plan import CurrentPlan
from acquire.errors import BadInput

RATES = frozenset({"max_bad_rate", "max_incremental_bad_rate", "max_bad_amount_rate"})
Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLimits:
    """The limits of one part of the plan: all contacts of one channel, partner or affiliate group. None: not limited.

    Attributes:
        max_spend, min_spend: Money.
        max_contacts, min_contacts: Contacts.
        max_bad_rate, max_incremental_bad_rate, max_bad_amount_rate: Fractions.
        max_cac, max_incremental_cac: Money per account.
        min_incremental_accounts, max_approvals: Accounts.
        max_expected_loss: Money that bookings are expected to lose by going bad.
        max_calls: Calls that contacts and applications lead to.
    """

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

    def __post_init__(self) -> None:
        for f in fields(self):
            check = check_fraction if f.name in RATES else check_money
            check(f.name, getattr(self, f.name))
        for what in ("spend", "contacts"):
            check_order(f"min_{what}", getattr(self, f"min_{what}"), f"max_{what}", getattr(self, f"max_{what}"))

    def tighter(self, other: "PartLimits") -> "PartLimits":
        """The stricter of the two, limit by limit: the lower cap, the higher floor.

        Raises:
            BadInput: A floor of the one is above a cap of the other.
        """
        both = {f.name: _stricter(f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return PartLimits(**both)


def check_order(floor_name: str, floor: float | None, cap_name: str, cap: float | None) -> None:
    """Raise BadInput where a floor is above its cap."""
    if floor is not None and cap is not None and floor > cap:
        raise BadInput(f"{floor_name} is {floor}, above {cap_name} {cap}; lower the one or raise the other")


def _stricter(name: str, one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if name.startswith("min_") else min(one, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every limit of the plan file's [limits], under its own key. None or empty: not limited.

    `max_partner_share`, `max_channel_share`, `max_affiliate_share` are shares of spend: a mapping from a name to its cap; the
    key "*" holds the cap for all that are not named. `min_region_share`, `max_region_share` and `min_group_share` are shares of
    contacts.

    Attributes:
        channel, partner, affiliate: The limits of single channels, partners, affiliate groups, by name.
        locked_channels: Channels that stay as they are in the plan in force.
        max_change: By how much the contacts of a channel may differ from the plan in force, as a share of its contacts there;
            by channel, "*" for all that are not named.
        current_plan: The plan in force, from the table of that name in [data].
    """

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
    max_partner_share: Shares = dataclasses.field(default_factory=dict)
    max_channel_share: Shares = dataclasses.field(default_factory=dict)
    max_affiliate_share: Shares = dataclasses.field(default_factory=dict)
    min_region_share: Shares = dataclasses.field(default_factory=dict)
    max_region_share: Shares = dataclasses.field(default_factory=dict)
    refuse_regions: frozenset[str] = frozenset()
    min_group_share: Shares = dataclasses.field(default_factory=dict)
    channel: Mapping[str, PartLimits] = dataclasses.field(default_factory=dict)
    partner: Mapping[str, PartLimits] = dataclasses.field(default_factory=dict)
    affiliate: Mapping[str, PartLimits] = dataclasses.field(default_factory=dict)
    locked_channels: frozenset[str] = frozenset()
    max_change: Shares = dataclasses.field(default_factory=dict)
    current_plan: CurrentPlan | None = None

    def __post_init__(self) -> None:
        check_money("budget", self.budget)
        whole = self.whole  # checks every figure
        check_order("min_spend", whole.min_spend, "budget", self.budget)
        if not 0.5 <= self.bad_rate_confidence < 1:
            raise BadInput(f"bad_rate_confidence is {self.bad_rate_confidence}; give a fraction from 0.5 to below 1")
        self._check_shares()
        self._check_floors()

    @property
    def whole(self) -> PartLimits:
        """The limits over the whole plan that every part can have too; the budget, which has its own name, apart."""
        names = (f.name for f in fields(PartLimits) if f.name != "max_spend")
        return PartLimits(**{name: getattr(self, name) for name in names})

    @property
    def need_current(self) -> str | None:
        """The first key that says something about the plan in force; None where none does."""
        return next((key for key in ("locked_channels", "max_change") if getattr(self, key)), None)

    def uses(self, key: str) -> bool:
        """Whether the whole plan or a part of it has this limit."""
        parts = (*self.channel.values(), *self.partner.values(), *self.affiliate.values())
        return any(getattr(part, key) is not None for part in (self.whole, *parts))

    def _check_shares(self) -> None:
        for f in fields(self):
            shares = getattr(self, f.name)
            if f.name.endswith(("_share", "_change")):
                check = check_fraction if f.name.endswith("_share") else check_money
                for key, share in shares.items():
                    check(f"{f.name}[{key}]" if key != "*" else f.name, share)

    def _check_floors(self) -> None:
        if sum(self.min_region_share.values()) > 1:
            raise BadInput(
                f"min_region_share adds up to {sum(self.min_region_share.values()):g}; shares of one whole cannot exceed 1"
            )
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
