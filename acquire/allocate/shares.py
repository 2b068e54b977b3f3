"""The limits on who gets which share of the spend or of the contacts, of the whole plan or of one part, one function per rule.

Sums run over the options of the part. The row of a share inside a part is named after both: `min_region_share[home, feed]`.
"""

from collections.abc import Iterator

import numpy as np

from acquire.allocate.figures import Codes
from acquire.allocate.options import Ints
from acquire.allocate.parts import Part, check_names, code_of
from acquire.allocate.rows import Row
from acquire.domain import CommonLimits, Shares


def limit_shares(part: Part, own: CommonLimits) -> Iterator[Row]:
    """Every limit on a share that the part has.

    Raises:
        BadInput: A floor for a group that is not a 0/1 column of the leads.
    """
    yield from limit_partner_shares(part, own.max_partner_share)
    yield from limit_channel_shares(part, own.max_channel_share)
    yield from limit_affiliate_shares(part, own.max_affiliate_share)
    yield from limit_region_caps(part, own.max_region_share)
    yield from limit_region_floors(part, own.min_region_share)
    yield from limit_group_floors(part, own.min_group_share)


def limit_partner_shares(part: Part, shares: Shares) -> Iterator[Row]:
    """Let no partner take more than its share of the part's spend; "*" is the cap of all partners not named.

    sum(spend x, of the partner) / sum(spend x) <= share   becomes   sum((spend [of the partner] - share * spend) x) <= 0
    """
    return _spend_shares(part, "max_partner_share", part.options.partner, part.options.partner_names, shares)


def limit_channel_shares(part: Part, shares: Shares) -> Iterator[Row]:
    """Let no channel take more than its share of the spend: the inequality of `limit_partner_shares`, per channel."""
    return _spend_shares(part, "max_channel_share", part.options.channel, part.options.channel_names, shares)


def limit_affiliate_shares(part: Part, shares: Shares) -> Iterator[Row]:
    """Let no group of affiliated partners take more than its share of the spend, as `limit_partner_shares`, per group."""
    return _spend_shares(part, "max_affiliate_share", part.options.affiliate, part.options.affiliate_names, shares)


def limit_region_caps(part: Part, shares: Shares) -> Iterator[Row]:
    """Give no region more than its share of the contacts; "*" is the cap of all regions not named.

    sum(x, of the region) / sum(x) <= share   becomes   sum(([of the region] - share) x) <= 0
    """
    return _region_shares(part, "max_region_share", part.options.region_names, shares, at_least=False)


def limit_region_floors(part: Part, shares: Shares) -> Iterator[Row]:
    """Give each named region at least its share of the contacts: sum(([of the region] - share) x) >= 0.

    A region without leads cannot get a share: the row then only holds with nobody contacted in the part.
    """
    return _region_shares(part, "min_region_share", tuple(shares), shares, at_least=True)


def limit_group_floors(part: Part, shares: Shares) -> Iterator[Row]:
    """Give each watched group at least its share of the contacts.

    sum(x, of the group) / sum(x) >= share   becomes   sum(([of the group] - share) x) >= 0

    Raises:
        BadInput: A floor for a group that is not a 0/1 column of the leads.
    """
    check_names(part.name("min_group_share"), shares, part.options.groups)
    for name, share in shares.items():
        group = _inside(part, name, _within(part, part.options.groups[name]))
        yield _contact_share(part, group, "min_group_share", share, at_least=True)


def _region_shares(part: Part, key: str, names: tuple[str, ...], shares: Shares, *, at_least: bool) -> Iterator[Row]:
    if not shares:
        return
    codes = _within(part, part.options.region)
    for name in names:
        share = shares.get(name, shares.get("*"))
        if share is not None:
            region = _inside(part, name, codes, code_of(part.options.region_names, name))
            yield _contact_share(part, region, key, share, at_least=at_least)


def _contact_share(whole: Part, piece: Part, key: str, share: float, *, at_least: bool) -> Row:
    return piece.row(key, "rate", piece.contacts(), share, base=whole.contacts(), at_least=at_least)


def _spend_shares(part: Part, key: str, codes: Ints, names: tuple[str, ...], shares: Shares) -> Iterator[Row]:
    if not shares:
        return
    inside, spend = _within(part, codes), part.options.spend
    for code, name in enumerate(names):
        share = shares.get(name, shares.get("*"))
        if share is not None:
            piece = _inside(part, name, inside, code)
            yield piece.row(key, "rate", piece.of(spend), share, base=part.of(spend))


def _within(part: Part, codes: Codes) -> Codes:
    """Codes of the options of a part, none (-1; of flags False) for all others."""
    if part.among is None:
        return codes
    mine = part.among == part.code
    within: Codes = codes & mine if codes.dtype == np.bool_ else np.where(mine, codes, -1)
    return within


def _inside(part: Part, name: str, codes: Codes, code: int = 1) -> Part:
    """A piece of a part: those of its options that have the code."""
    return Part(options=part.options, whose=f"{name}, {part.whose}" if part.whose else name, among=codes, code=code)
