"""The limits on who gets which share of the spend or of the contacts, one function per rule."""

from collections.abc import Iterator

from acquire.allocate.figures import Figure
from acquire.allocate.options import Ints, Options
from acquire.allocate.parts import Part, check_names, code_of
from acquire.allocate.rows import Row
from acquire.domain import Shares


def limit_partner_shares(options: Options, shares: Shares) -> Iterator[Row]:
    """Let no partner take more than its share of all spend; "*" is the cap of all partners not named.

    sum(spend x, of the partner) / sum(spend x) <= share   becomes   sum((spend [of the partner] - share * spend) x) <= 0
    """
    return _spend_shares(options, "max_partner_share", options.partner, options.partner_names, shares)


def limit_channel_shares(options: Options, shares: Shares) -> Iterator[Row]:
    """Let no channel take more than its share of all spend: the inequality of `limit_partner_shares`, per channel."""
    return _spend_shares(options, "max_channel_share", options.channel, options.channel_names, shares)


def limit_affiliate_shares(options: Options, shares: Shares) -> Iterator[Row]:
    """Let no group of affiliated partners take more than its share of all spend, as `limit_partner_shares`, per group."""
    return _spend_shares(options, "max_affiliate_share", options.affiliate, options.affiliate_names, shares)


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


def limit_group_floors(options: Options, shares: Shares) -> Iterator[Row]:
    """Give each watched group at least its share of the contacts.

    sum(x, of the group) / sum(x) >= share   becomes   sum(([of the group] - share) x) >= 0

    Raises:
        BadInput: A floor for a group that is not a 0/1 column of the leads.
    """
    check_names("min_group_share", shares, options.groups)
    for name, share in shares.items():
        group = Part(options=options, whose=name, among=options.groups[name])
        yield _contact_share(group, "min_group_share", share, at_least=True)


def _region_shares(
    options: Options, key: str, names: tuple[str, ...], shares: Shares, *, at_least: bool
) -> Iterator[Row]:
    for name in names:
        share = shares.get(name, shares.get("*"))
        if share is not None:
            code = code_of(options.region_names, name)
            region = Part(options=options, whose=name, among=options.region, code=code)
            yield _contact_share(region, key, share, at_least=at_least)


def _contact_share(part: Part, key: str, share: float, *, at_least: bool) -> Row:
    everybody = Part(options=part.options).contacts()
    return part.row(key, "rate", part.contacts(), share, base=everybody, at_least=at_least)


def _spend_shares(options: Options, key: str, codes: Ints, names: tuple[str, ...], shares: Shares) -> Iterator[Row]:
    for code, name in enumerate(names):
        share = shares.get(name, shares.get("*"))
        if share is not None:
            part = Part(options=options, whose=name, among=codes, code=code)
            yield part.row(key, "rate", part.of(options.spend), share, base=Figure.of(options.spend))
