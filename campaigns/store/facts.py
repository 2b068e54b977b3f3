"""Questions about the daily facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from acquire.domain import CONTROL
from campaigns.store.partners import Scope
from campaigns.store.statements import insert_for
from campaigns.store.tables import ChannelRow, DailyFactRow

KEYS = ("day", "channel", "offer")
COUNTS = (
    "contacts",
    "clicked",
    "applied",
    "approved",
    "booked",
    "matured",
    "bad",
    "control_leads",
    "control_booked",
)
SUMMED_AMOUNTS = ("amount", "spend")
AMOUNTS = (*SUMMED_AMOUNTS, "revenue")
ROWS_AT_A_TIME = 2_000

Facts = TypeVar("Facts", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True, kw_only=True)
class FactQuestion:
    """Which facts are wanted. Both days are included; empty channels or offers mean all.

    The holdout (offer `control`) of the channels always comes along: without it nothing can be compared.
    """

    scope: Scope
    first_day: date
    last_day: date
    channels: tuple[str, ...]
    offers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRange:
    """The days, channels and offers that there are facts for; offers without control."""

    first_day: date | None
    last_day: date | None
    channels: tuple[str, ...]
    offers: tuple[str, ...]


def upsert_facts(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Insert facts, or replace those of the same day, channel and offer."""
    row = insert_for(session, DailyFactRow)
    changes = {name: row.excluded[name] for name in (*COUNTS, *AMOUNTS)}
    statement = row.on_conflict_do_update(index_elements=KEYS, set_=changes)
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        session.execute(statement, rows[start : start + ROWS_AT_A_TIME])


def daily_sums(session: Session, question: FactQuestion) -> pd.DataFrame:
    """Add the facts up over offers.

    Returns:
        One row per day and channel, in this order: day (datetime64), channel, partner, the counts (int64), amount and
        spend (Decimal).
    """
    day = DailyFactRow.day, DailyFactRow.channel, ChannelRow.partner
    sums = [func.sum(getattr(DailyFactRow, name)).label(name) for name in (*COUNTS, *SUMMED_AMOUNTS)]
    query = _asked(select(*day, *sums), question).group_by(*day).order_by(*day)
    names = ["day", "channel", "partner", *COUNTS, *SUMMED_AMOUNTS]
    frame = pd.DataFrame.from_records([tuple(row) for row in session.execute(query)], columns=names)
    types = dict.fromkeys(COUNTS, "int64") | {"day": "datetime64[us]", "channel": "str", "partner": "str"}
    return frame.astype(types)


def fact_range(session: Session, scope: Scope) -> FactRange:
    """Find the days, channels and offers of the facts in `scope`."""
    days = _joined(select(func.min(DailyFactRow.day), func.max(DailyFactRow.day)), scope)
    first_day, last_day = session.execute(days).one()
    offers = _joined(select(DailyFactRow.offer).distinct(), scope).where(DailyFactRow.offer != CONTROL)
    channels = _joined(select(DailyFactRow.channel).distinct(), scope)
    return FactRange(
        first_day=first_day,
        last_day=last_day,
        channels=tuple(session.scalars(channels.order_by(DailyFactRow.channel))),
        offers=tuple(session.scalars(offers.order_by(DailyFactRow.offer))),
    )


def _asked(query: Facts, question: FactQuestion) -> Facts:
    query = _joined(query, question.scope)
    query = query.where(DailyFactRow.day.between(question.first_day, question.last_day))
    if question.channels:
        query = query.where(DailyFactRow.channel.in_(question.channels))
    if question.offers:
        query = query.where(or_(DailyFactRow.offer.in_(question.offers), DailyFactRow.offer == CONTROL))
    return query


def _joined(query: Facts, scope: Scope) -> Facts:
    query = query.join(ChannelRow, ChannelRow.channel == DailyFactRow.channel)
    return query if scope is None else query.where(ChannelRow.partner.in_(scope))
