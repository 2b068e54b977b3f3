"""Every limit of a plan, as a list."""

from collections.abc import Iterator

from acquire.allocate import limits as rules
from acquire.allocate.options import Options
from acquire.allocate.rows import Row
from acquire.domain import Channel, Limits


def list_limits(options: Options, limits: Limits, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """Every limit that is set, as named rows."""
    if limits.budget is not None:
        yield rules.limit_budget(options, limits.budget)
    if limits.max_contacts is not None:
        yield rules.limit_contacts(options, limits.max_contacts)
    if limits.max_approvals is not None:
        yield rules.limit_approvals(options, limits.max_approvals)
    if limits.max_bad_rate is not None:
        yield rules.limit_bad_rate(options, limits, limits.max_bad_rate)
    if limits.max_incremental_bad_rate is not None:
        yield rules.limit_incremental_bad_rate(options, limits.max_incremental_bad_rate)
    if limits.max_bad_amount_rate is not None:
        yield rules.limit_bad_amount_rate(options, limits.max_bad_amount_rate)
    if limits.max_cac is not None:
        yield rules.limit_cac(options, limits.max_cac)
    if limits.max_incremental_cac is not None:
        yield rules.limit_incremental_cac(options, limits.max_incremental_cac)
    if limits.min_incremental_accounts is not None:
        yield rules.limit_incremental_accounts(options, limits.min_incremental_accounts)
    yield from rules.limit_partner_shares(options, limits.max_partner_share, channels)
    yield from rules.limit_channel_shares(options, limits.max_channel_share, channels)
    yield from rules.limit_affiliate_shares(options, limits.max_affiliate_share, channels)
    yield from rules.limit_region_caps(options, limits.max_region_share)
    yield from rules.limit_region_floors(options, limits.min_region_share)
    yield from rules.limit_group_floors(options, limits.min_group_share)
    for channel in channels:
        yield from rules.limit_channel(options, channel, limits)
