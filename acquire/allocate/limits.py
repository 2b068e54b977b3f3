"""The limits of the plan file, one function per rule. Each gives named rows over all options; solve.py lists them.

x_j in {0, 1} stands for "option j is chosen"; sums run over the options. The name of a row is the plan file's key.
"""

from collections.abc import Collection, Iterator

import numpy as np

from acquire.allocate.certainty import spread_of_bad_rate
from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.allocate.rows import Row
from acquire.domain import Channel, Limits, Shares
from acquire.errors import BadInput, NotBuiltYet


def limit_budget(options: Options, budget: float) -> Row:
    """Spend no more than the budget: sum(spend x) <= budget."""
    return Row(name="budget", unit="money", figure=options.spend, allowed=budget)


def limit_contacts(options: Options, max_contacts: float) -> Row:
    """Contact no more people than the campaign can handle: sum(x) <= max_contacts."""
    return Row(name="max_contacts", unit="contacts", figure=np.ones(len(options)), allowed=max_contacts)


def limit_approvals(options: Options, max_approvals: float) -> Row:
    """Approve no more than the back office can handle: sum(approvals x) <= max_approvals.

    Raises:
        BadInput: History has no `approved`, so the chance of an approval is not known.
    """
    approvals = _known(options.approvals, "max_approvals", "approved")
    return Row(name="max_approvals", unit="accounts", figure=approvals, allowed=max_approvals)


def limit_bad_rate(options: Options, limits: Limits, max_bad_rate: float) -> Row:
    """Keep the bad rate of everything booked under the cap, with the stated confidence.

    A ratio is not linear, so both sides are multiplied by the booked accounts:

        sum(bad x) / sum(booked x) <= cap   becomes   sum((bad - cap * booked) x) <= 0

    The two agree while something is booked; with nothing booked the row holds as 0 <= 0. At a confidence above 0.5,
    z * sd(x) is added to the left side (certainty.py).

    Args:
        options: The option table, n options.
        limits: For `bad_rate_confidence` and `bad_rate_basis`.
        max_bad_rate: Cap as a fraction in [0, 1].

    Raises:
        BadInput: History has no `bad`.
    """
    everyone = np.arange(len(options))
    return _bad_rate_row("max_bad_rate", options, everyone, limits, max_bad_rate)


def limit_incremental_bad_rate(options: Options, max_incremental_bad_rate: float) -> Row:
    """Keep the bad rate of the accounts that were bought under the cap, on expectation.

        sum(incremental_bad x) / sum(incremental x) <= cap   becomes   sum((incremental_bad - cap * incremental) x) <= 0

    Organic customers, who would have come anyway, are in neither sum and so cannot dilute what is bought.
    """
    return Row(
        name="max_incremental_bad_rate",
        unit="rate",
        figure=_known(options.incremental_bad, "max_incremental_bad_rate", "bad"),
        base=options.incremental,
        allowed=max_incremental_bad_rate,
    )


def limit_bad_amount_rate(options: Options, max_bad_amount_rate: float) -> Row:
    """Keep the share of the booked money that goes bad under the cap, on expectation.

        sum(bad_amount x) / sum(amount x) <= cap   becomes   sum((bad_amount - cap * amount) x) <= 0

    Raises:
        BadInput: Amounts or bad labels are not known.
    """
    return Row(
        name="max_bad_amount_rate",
        unit="rate",
        figure=_known(options.bad_amount, "max_bad_amount_rate", "amount and bad"),
        base=_known(options.amount, "max_bad_amount_rate", "amount"),
        allowed=max_bad_amount_rate,
    )


def limit_cac(options: Options, max_cac: float) -> Row:
    """Pay no more per booked account: sum(spend x) / sum(booked x) <= cap becomes sum((spend - cap * booked) x) <= 0."""
    return Row(name="max_cac", unit="money", figure=options.spend, base=options.booked, allowed=max_cac)


def limit_incremental_cac(options: Options, max_incremental_cac: float) -> Row:
    """Pay no more per account that was bought, those who would have come anyway not counted.

    sum(spend x) / sum(incremental x) <= cap   becomes   sum((spend - cap * incremental) x) <= 0
    """
    return Row(
        name="max_incremental_cac",
        unit="money",
        figure=options.spend,
        base=options.incremental,
        allowed=max_incremental_cac,
    )


def limit_incremental_accounts(options: Options, min_incremental_accounts: float) -> Row:
    """Bring at least so many accounts that would not have come: sum(incremental x) >= min_incremental_accounts."""
    return Row(
        name="min_incremental_accounts",
        unit="accounts",
        figure=options.incremental,
        allowed=min_incremental_accounts,
        at_least=True,
    )


def limit_partner_shares(options: Options, shares: Shares, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """Let no partner take more than its share of all spend; "*" is the cap of all partners not named.

    sum(spend x, of the partner) / sum(spend x) <= share   becomes   sum((spend [of the partner] - share * spend) x) <= 0

    Raises:
        BadInput: A cap for a partner that does not exist.
    """
    known = {channel.partner for channel in channels}
    return _spend_shares(options, "max_partner_share", options.partner, options.partner_names, known, shares)


def limit_channel_shares(options: Options, shares: Shares, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """Let no channel take more than its share of all spend: the inequality of `limit_partner_shares`, per channel."""
    known = {channel.channel for channel in channels}
    return _spend_shares(options, "max_channel_share", options.channel, options.channel_names, known, shares)


def limit_affiliate_shares(options: Options, shares: Shares, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """Let no group of affiliated partners take more than its share of all spend, as `limit_partner_shares`, per group."""
    known = {channel.affiliate_group for channel in channels if channel.affiliate_group}
    return _spend_shares(options, "max_affiliate_share", options.affiliate, options.affiliate_names, known, shares)


def limit_region_caps(options: Options, shares: Shares) -> Iterator[Row]:
    """Give no region more than its share of the contacts; "*" is the cap of all regions not named.

    sum(x, of the region) / sum(x) <= share   becomes   sum(([of the region] - share) x) <= 0
    """
    return _region_shares(options, "max_region_share", options.region_names, shares, at_least=False)


def limit_region_floors(options: Options, shares: Shares) -> Iterator[Row]:
    """Give each named region at least its share of the contacts: sum(([of the region] - share) x) >= 0.

    A region without leads cannot get a share: the row then only holds with nobody contacted.
    """
    return _region_shares(options, "min_region_share", tuple(shares), shares, at_least=True)


def _region_shares(
    options: Options, key: str, names: tuple[str, ...], shares: Shares, *, at_least: bool
) -> Iterator[Row]:
    everybody = np.ones(len(options))
    for name in names:
        share = shares.get(name, shares.get("*"))
        if share is not None:
            mine = _is(options.region, options.region_names, name).astype(float)
            label = f"{key}[{name}]"
            yield Row(name=label, unit="rate", figure=mine, base=everybody, allowed=share, at_least=at_least)


def limit_group_floors(options: Options, shares: Shares) -> Iterator[Row]:
    """Give each watched group at least its share of the contacts.

    sum(x, of the group) / sum(x) >= share   becomes   sum(([of the group] - share) x) >= 0

    Raises:
        BadInput: A floor for a group that is not a 0/1 column of the leads.
    """
    _check_names("min_group_share", shares, options.groups)
    everybody = np.ones(len(options))
    for name, share in shares.items():
        mine = options.groups[name].astype(float)
        yield Row(
            name=f"min_group_share[{name}]", unit="rate", figure=mine, base=everybody, allowed=share, at_least=True
        )


def limit_channel(options: Options, channel: Channel, limits: Limits) -> Iterator[Row]:
    """What one channel can deliver and must or may cost, all over the options of this channel:

    sum(x) <= max_contacts;   min_spend <= sum(spend x) <= max_spend;   sum((bad - cap * booked) x) + z * sd(x) <= 0

    Raises:
        NotBuiltYet: The channel has a fixed cost or a minimum spend if used.
    """
    if channel.fixed_cost > 0 or channel.min_spend_if_used is not None:
        raise NotBuiltYet(
            f"fixed_cost and min_spend_if_used (channel {channel.channel}) are not planned for in this version; "
            "leave them empty, or give min_spend"
        )
    mine = _is(options.channel, options.channel_names, channel.channel)
    spend = np.where(mine, options.spend, 0.0)
    name = channel.channel
    if channel.max_contacts is not None:
        yield Row(
            name=f"max_contacts[{name}]", unit="contacts", figure=mine.astype(float), allowed=channel.max_contacts
        )
    if channel.max_spend is not None:
        yield Row(name=f"max_spend[{name}]", unit="money", figure=spend, allowed=channel.max_spend)
    if channel.min_spend is not None and channel.min_spend > 0:
        yield Row(name=f"min_spend[{name}]", unit="money", figure=spend, allowed=channel.min_spend, at_least=True)
    if channel.max_bad_rate is not None:
        yield _bad_rate_row(f"max_bad_rate[{name}]", options, np.flatnonzero(mine), limits, channel.max_bad_rate)


def _bad_rate_row(name: str, options: Options, members: Ints, limits: Limits, cap: float) -> Row:
    bad, booked = np.zeros(len(options)), np.zeros(len(options))
    bad[members], booked[members] = _known(options.bad, name, "bad")[members], options.booked[members]
    spread = spread_of_bad_rate(options, members, cap, limits.bad_rate_confidence, limits.bad_rate_basis)
    return Row(name=name, unit="rate", figure=bad, base=booked, allowed=cap, spread=spread)


def _known(figure: Floats, key: str, column: str) -> Floats:
    """`figure`, where every option has one."""
    n_unknown = int(np.isnan(figure).sum())
    if n_unknown:
        how_many = "none" if n_unknown == len(figure) else f"only {len(figure) - n_unknown} of {len(figure)}"
        raise BadInput(f"{key} needs {column}, known for {how_many} of the options; add it to the data or drop {key}")
    return figure


def _is(codes: Ints, names: tuple[str, ...], name: str) -> Flags:
    code = names.index(name) if name in names else -2  # -1 already means "none"
    mine: Flags = codes == code
    return mine


def _spend_shares(
    options: Options, key: str, codes: Ints, names: tuple[str, ...], known: Collection[str], shares: Shares
) -> Iterator[Row]:
    _check_names(key, shares, known)
    for name in names:
        share = shares.get(name, shares.get("*"))
        if share is not None:
            spend = np.where(_is(codes, names, name), options.spend, 0.0)
            yield Row(name=f"{key}[{name}]", unit="rate", figure=spend, base=options.spend, allowed=share)


def _check_names(key: str, shares: Shares, known: Collection[str]) -> None:
    for name in shares:
        if name != "*" and name not in known:
            raise BadInput(f"{key} names {name}, which does not exist; known are: {', '.join(sorted(known)) or 'none'}")
