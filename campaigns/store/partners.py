"""Questions about partners and their channels."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from acquire.errors import BadInput
from campaigns.store.statements import insert_for
from campaigns.store.tables import ChannelRow, PartnerRow

# Whose rows may be seen; None means everybody's. An empty sequence gives nothing.
Scope = Sequence[str] | None


def add_partners(session: Session, slugs: Mapping[str, str]) -> None:
    """Add the partners that the database does not know yet.

    Args:
        session: A writing session.
        slugs: Slug of each partner.

    Raises:
        BadInput: A slug belongs to another partner already.
    """
    for partner, slug in slugs.items():
        owner = session.scalar(select(PartnerRow.partner).where(PartnerRow.slug == slug))
        if owner not in {None, partner}:
            raise BadInput(f"partners {owner!r} and {partner!r} would share the file name {slug}; rename one")
        session.execute(insert_for(session, PartnerRow).values(partner=partner, slug=slug).on_conflict_do_nothing())


def add_channels(session: Session, partner_of: Mapping[str, str]) -> None:
    """Add the channels that the database does not know yet.

    Raises:
        BadInput: A channel belongs to another partner: its past results would become visible to the new one.
    """
    known = {row.channel: row.partner for row in session.scalars(select(ChannelRow))}
    for channel, partner in partner_of.items():
        if known.get(channel, partner) != partner:
            raise BadInput(
                f"channel {channel!r} belongs to partner {known[channel]!r} in the database, not to {partner!r}; "
                "give the new partner's channel a new name, or use another database"
            )
        row = insert_for(session, ChannelRow).values(channel=channel, partner=partner)
        session.execute(row.on_conflict_do_nothing())


def partner_names(session: Session, scope: Scope) -> tuple[str, ...]:
    """Name the partners in order of the alphabet."""
    query = select(PartnerRow.partner).order_by(PartnerRow.partner)
    if scope is not None:
        query = query.where(PartnerRow.partner.in_(scope))
    return tuple(session.scalars(query))


def channel_names(session: Session, scope: Scope) -> tuple[str, ...]:
    """Name the channels in order of the alphabet."""
    query = select(ChannelRow.channel).order_by(ChannelRow.channel)
    if scope is not None:
        query = query.where(ChannelRow.partner.in_(scope))
    return tuple(session.scalars(query))
