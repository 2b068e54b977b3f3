"""What each partner receives: the lists of a plan, as frames, as files and in the database.

A list holds ids, offer, tier and expiry; never a score, never another partner's rows. Its rows keep the order of the
leads that came in, so their order tells nothing either. The id is the partner's own lead id: echoed exactly in frames and
in the database. Only in a CSV file an id that a spreadsheet would run as a formula starts with an apostrophe (see
`spreadsheets`).
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import pandas as pd

from acquire.domain import Channel, Estimate
from acquire.errors import BadInput
from campaigns.identity import partner_slugs
from campaigns.plan_document import PlanDocument
from campaigns.spreadsheets import csv_bytes
from campaigns.store import partners, plans
from campaigns.store.plans import ListEntry, StoredList, StoredPlan
from campaigns.store.session import Session, Store

LIST_COLUMNS = ("id", "offer", "tier", "campaign", "expires_at", "key_version")
STANDARD_TIER = "standard"
# Of a plan that nobody has approved yet.
PLANNED = "planned"


def make_lists(
    decisions: pd.DataFrame,
    channels: Iterable[Channel],
    *,
    campaign: str,
    created_at: datetime,
    valid_days: int = 30,
    key_version: int,
    tiers: Mapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Cut the contacted leads into one list per partner.

    Args:
        decisions: With lead_id, channel, decision and offer.
        channels: Who runs each channel.
        campaign: Name of the campaign.
        created_at: Instant the lists are made.
        valid_days: Days until they expire.
        key_version: Version of the partners' keys.
        tiers: Tier the campaign declares for an offer; "standard" where it says nothing.

    Returns:
        Slug of the partner -> frame with `LIST_COLUMNS`, in the order of the decisions; a partner without a contact gets
        none.

    Raises:
        BadInput: Two partners would share a file name.
    """
    partner_of = {channel.channel: channel.partner for channel in channels}
    slug_of = partner_slugs(partner_of.values())
    contacted = decisions.loc[(decisions["decision"] == "contact") & _is_single(decisions)]
    entries = pd.DataFrame(
        {
            "id": contacted["lead_id"].astype("str"),
            "offer": contacted["offer"].astype("str"),
            "tier": contacted["offer"].map(lambda offer: (tiers or {}).get(offer, STANDARD_TIER)).astype("str"),
            "campaign": campaign,
            "expires_at": pd.Timestamp(created_at + timedelta(days=valid_days)).tz_convert("UTC").floor("s"),
            "key_version": key_version,
        },
        columns=list(LIST_COLUMNS),
    )
    slugs = contacted["channel"].map(lambda channel: slug_of[partner_of[channel]])
    return {str(slug): rows.reset_index(drop=True) for slug, rows in entries.groupby(slugs, sort=True)}


def _is_single(decisions: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are one lead; a row that stands for others is nobody to contact."""
    if "weight" not in decisions:
        return pd.Series(True, index=decisions.index)
    return decisions["weight"] == 1


def list_csv(rows: pd.DataFrame) -> bytes:
    """Write a list as its file: UTF-8 CSV with the columns of `LIST_COLUMNS`."""
    return csv_bytes(rows[list(LIST_COLUMNS)])


def record_plan(store: Store, document: PlanDocument, lists: Mapping[str, pd.DataFrame]) -> bool:
    """Write a plan and its lists into the database, all or nothing; see `add_plan`."""
    with store.writing() as session:
        return add_plan(session, document, lists)


def add_plan(session: Session, document: PlanDocument, lists: Mapping[str, pd.DataFrame]) -> bool:
    """Write a plan and its lists into the database as part of a transaction.

    Args:
        session: The transaction.
        document: The plan.
        lists: From `make_lists`.

    Returns:
        False if the database has this plan_id already; then nothing changes.

    Raises:
        BadInput: A partner's slug belongs to another partner of the database, or a list to none of this plan.
    """
    slug_of = partner_slugs(line.partner for line in document.allocation)
    partner_of = {slug: partner for partner, slug in slug_of.items()}
    for slug in lists:
        if slug not in partner_of:
            raise BadInput(f"list {slug} belongs to no partner of plan {document.plan_id}; make the lists of this plan")
    if not plans.insert_plan(session, _stored_plan(document)):
        return False
    partners.add_partners(session, slug_of)
    for slug, rows in lists.items():
        plans.insert_list(session, _stored_list(document, partner_of[slug], rows), _entries(rows))
    session.flush()
    return True


def _stored_plan(document: PlanDocument) -> StoredPlan:
    headline = document.headline
    return StoredPlan(
        plan_id=document.plan_id,
        name=document.name,
        campaign=document.campaign,
        created_at=document.created_at,
        currency=document.currency,
        status=PLANNED,
        contacts=_known(headline.contacts),
        spend=_known(headline.spend),
        booked=_known(headline.booked),
        incremental=_known(headline.incremental),
        bad_rate=_known(headline.bad_rate),
        value=_known(headline.value),
        document=document.to_json(),
    )


def _stored_list(document: PlanDocument, partner: str, rows: pd.DataFrame) -> StoredList:
    return StoredList(
        list_id=hashlib.sha256(f"{document.plan_id}\n{partner}".encode()).hexdigest()[:32],
        plan_id=document.plan_id,
        partner=partner,
        campaign=str(rows["campaign"].iloc[0]),
        created_at=document.created_at,
        expires_at=rows["expires_at"].iloc[0].to_pydatetime(),
        key_version=int(rows["key_version"].iloc[0]),
        n_rows=len(rows),
    )


def _entries(rows: pd.DataFrame) -> Iterator[ListEntry]:
    for id_, offer, tier in zip(rows["id"], rows["offer"], rows["tier"], strict=True):
        yield ListEntry(id=id_, offer=offer, tier=tier)


def _known(figure: Estimate) -> float | None:
    return figure.expected if math.isfinite(figure.expected) else None
