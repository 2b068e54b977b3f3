"""Every limit that a plan file can state: over the whole plan, and of one channel, partner or affiliate group."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from acquire.amounts import check_fraction, check_money
from acquire.current_plan import CurrentPlan
from acquire.errors import BadInput

RATES = frozenset({"max_bad_rate", "max_incremental_bad_rate", "max_bad_amount_rate"})
KINDS = ("channel", "partner", "affiliate")
ONE_OF = {
    "channel": {"channel": "its own", "partner": "its one partner's", "affiliate": "its one affiliate group's"},
    "partner": {"partner": "its own"},
    "affiliate": {"affiliate": "its own"},
}
"""What a part has only one of, so that there are no shares of its spend to limit: whose all of it is."""
Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonLimits:
    """The limits that the whole plan can have and every part of it too, each over its own contacts. None or empty: not limited.

    Shares map a name to its figure; in those with a cap the key "*" holds the cap for all that are not named.

    Attributes:
        min_spend: Money.
        max_contacts, min_contacts: Contacts.
        max_bad_rate, max_incremental_bad_rate, max_bad_amount_rate: Fractions.
        max_cac, max_incremental_cac: Money per account.
        min_incremental_accounts, max_approvals: Accounts.
        max_expected_loss: Money that bookings are expected to lose by going bad.
        max_calls: Calls that contacts and applications lead to.
        max_partner_share, max_channel_share, max_affiliate_share: Shares of the spend, by name.
        min_region_share, max_region_share, min_group_share: Shares of the contacts, by region or group.
    """

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
    max_partner_share: Shares = dataclasses.field(default_factory=dict)
    max_channel_share: Shares = dataclasses.field(default_factory=dict)
    max_affiliate_share: Shares = dataclasses.field(default_factory=dict)
    min_region_share: Shares = dataclasses.field(default_factory=dict)
    max_region_share: Shares = dataclasses.field(default_factory=dict)
    min_group_share: Shares = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for f in fields(CommonLimits):
            _check(f.name, getattr(self, f.name))
        check_order("min_contacts", self.min_contacts, "max_contacts", self.max_contacts)
        self._check_regions()

    def _check_regions(self) -> None:
        if sum(self.min_region_share.values()) > 1:
            raise BadInput(
                f"min_region_share adds up to {sum(self.min_region_share.values()):g}; shares of one whole cannot exceed 1"
            )
        for region, floor in self.min_region_share.items():
            check_order(f"min_region_share[{region}]", floor, "max_region_share", _share(self.max_region_share, region))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLimits(CommonLimits):
    """The limits of one part of the plan: all contacts of one channel, partner or affiliate group.

    Attributes:
        max_spend: Money.
    """

    max_spend: float | None = None

    def __post_init__(self) -> None:
        CommonLimits.__post_init__(self)
        check_money("max_spend", self.max_spend)
        check_order("min_spend", self.min_spend, "max_spend", self.max_spend)

    def tighter(self, other: "PartLimits") -> "PartLimits":
        """The stricter of the two, limit by limit: the lower cap, the higher floor.

        Raises:
            BadInput: A floor of the one is above a cap of the other.
        """
        both: dict[str, Any] = {
            f.name: _stricter(f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self)
        }
        return PartLimits(**both)


def check_order(floor_name: str, floor: float | None, cap_name: str, cap: float | None) -> None:
    """Raise BadInput where a floor is above its cap."""
    if floor is not None and cap is not None and floor > cap:
        raise BadInput(f"{floor_name} is {floor}, above {cap_name} {cap}; lower the one or raise the other")


def _check(name: str, figure: Shares | float | None) -> None:
    """Raise BadInput where a figure is none, or a share or rate no fraction."""
    check = check_fraction if name in RATES or name.endswith("_share") else check_money
    if not isinstance(figure, Mapping):
        check(name, figure)
        return
    for key, share in figure.items():
        check(f"{name}[{key}]" if key != "*" else name, share)


def _stricter(name: str, one: Any, other: Any) -> Any:
    """The stricter of two figures of one limit; of shares name by name."""
    if isinstance(one, Mapping):
        return {key: _stricter(name, _share(one, key), _share(other, key)) for key in {**one, **other}}
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if name.startswith("min_") else min(one, other)


def _share(shares: Shares, name: str) -> float | None:
    return shares.get(name, shares.get("*"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(CommonLimits):
    """Every limit of the plan file's [limits], under its own key. None or empty: not limited.

    Attributes:
        budget: Money: the most that the whole plan may spend.
        bad_rate_confidence, bad_rate_basis: How surely every `max_bad_rate` holds, and over what.
        refuse_regions: Regions whose leads are refused.
        channel, partner, affiliate: The limits of single channels, partners, affiliate groups, by name.
        locked_channels: Channels that stay as they are in the plan in force.
        max_change: By how much the contacts of a channel may differ from the plan in force, as a share of its contacts there;
            by channel, "*" for all that are not named.
        current_plan: The plan in force, from the table of that name in [data].
    """

    budget: float | None = None
    bad_rate_confidence: float = 0.95
    bad_rate_basis: Literal["realised", "expected"] = "realised"
    refuse_regions: frozenset[str] = frozenset()
    channel: Mapping[str, PartLimits] = dataclasses.field(default_factory=dict)
    partner: Mapping[str, PartLimits] = dataclasses.field(default_factory=dict)
    affiliate: Mapping[str, PartLimits] = dataclasses.field(default_factory=dict)
    locked_channels: frozenset[str] = frozenset()
    max_change: Shares = dataclasses.field(default_factory=dict)
    current_plan: CurrentPlan | None = None

    def __post_init__(self) -> None:
        check_money("budget", self.budget)
        CommonLimits.__post_init__(self)
        _check("max_change", self.max_change)
        check_order("min_spend", self.min_spend, "budget", self.budget)
        if not 0.5 <= self.bad_rate_confidence < 1:
            raise BadInput(f"bad_rate_confidence is {self.bad_rate_confidence}; give a fraction from 0.5 to below 1")
        for where, limits in self.named_parts():
            self._check_part(where, limits)
        self._check_refused("", self.whole)

    @property
    def whole(self) -> PartLimits:
        """The limits over the whole plan that every part can have too; the budget, which has its own name, apart."""
        return PartLimits(**{f.name: getattr(self, f.name) for f in fields(CommonLimits)})

    @property
    def need_current(self) -> str | None:
        """The first key that says something about the plan in force; None where none does."""
        return next((key for key in ("locked_channels", "max_change") if getattr(self, key)), None)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of leads that the whole plan or a part of it has a floor for."""
        return tuple(dict.fromkeys(name for limits in self._everywhere() for name in limits.min_group_share))

    @property
    def name_regions(self) -> bool:
        """Whether the whole plan or a part of it limits the share of a region."""
        return self.uses("min_region_share") or self.uses("max_region_share")

    @property
    def ask_for_accounts(self) -> bool:
        """Whether the whole plan or a part of it has to bring extra accounts, so that there is something to do at least spend."""
        return any(limits.min_incremental_accounts for limits in self._everywhere())

    def uses(self, key: str) -> bool:
        """Whether the whole plan or a part of it has this limit."""
        return any(getattr(limits, key, None) not in (None, {}) for limits in self._everywhere())

    def named_parts(self) -> Iterator[tuple[str, PartLimits]]:
        """The parts with limits of their own, each with its table in the plan file: "limits.channel.feed"."""
        for kind in KINDS:
            for name, limits in getattr(self, kind).items():
                yield f"limits.{kind}.{name}", limits

    def _everywhere(self) -> Iterator[CommonLimits]:
        yield self
        yield from (limits for _, limits in self.named_parts())

    def _check_part(self, where: str, limits: PartLimits) -> None:
        kind = where.split(".")[1]
        for other, whose in ONE_OF[kind].items():
            if getattr(limits, f"max_{other}_share"):
                raise BadInput(f"{where} has max_{other}_share, but all spend of a {kind} is {whose}; drop it")
        self._check_refused(f" of {where}", limits)

    def _check_refused(self, where: str, limits: PartLimits) -> None:
        for region, floor in limits.min_region_share.items():
            if floor > 0 and region in self.refuse_regions:
                raise BadInput(
                    f"min_region_share[{region}]{where} is {floor}, but refuse_regions refuses {region}; drop one of the two"
                )
