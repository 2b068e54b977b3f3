"""Daily facts into the database: what became of the leads contacted on one day in one channel with one offer."""

from collections.abc import Hashable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal

import pandas as pd

from acquire.domain import CONTROL, Channel
from acquire.errors import BadInput
from campaigns.identity import partner_slugs
from campaigns.store import facts, partners
from campaigns.store.columns import CENT
from campaigns.store.session import Store

COLUMNS = (*facts.KEYS, *facts.COUNTS, *facts.AMOUNTS)
OF_THE_HOLDOUT = ("control_leads", "control_booked")
# More than this per day, channel and offer is a slip of the pen, and would not fit into the database.
MOST = 2e9
NEVER_ABOVE = (("bad", "matured"), ("matured", "booked"), ("control_booked", "control_leads"))


def record_channels(store: Store, channels: Iterable[Channel]) -> None:
    """Make channels and their partners known to the database.

    Raises:
        BadInput: A channel belongs to another partner already, or two partners would share a file name.
    """
    partner_of = {channel.channel: channel.partner for channel in channels}
    with store.writing() as session:
        partners.add_partners(session, partner_slugs(partner_of.values()))
        partners.add_channels(session, partner_of)


def load_daily_facts(store: Store, frame: pd.DataFrame) -> None:
    """Insert daily facts, or replace those of the same day, channel and offer; all of them or none.

    The day is the day of contact: a booking, its amount and whether it went bad are counted on the day its lead was
    contacted. Money is rounded to the cent, half to even.

    Args:
        store: The database; it must know the channels (`record_channels`).
        frame: One row per day, channel and offer: day, channel, offer; the counts contacts, clicked, applied, approved,
            booked, matured, bad, control_leads, control_booked; the money amount, spend, revenue (NaN while not known).
            Rows of offer "control" hold the random holdout of that channel and day, in control_leads and control_booked;
            all else is 0 there, and these two are 0 elsewhere.

    Raises:
        BadInput: A column is missing, a channel unknown, a figure negative, or the figures contradict each other.
    """
    _check(frame)
    clean = pd.DataFrame({name: frame[name].astype("str") for name in ("channel", "offer")})
    clean["day"] = _days(frame).dt.date
    clean = clean.assign(**{name: frame[name].astype("int64") for name in facts.COUNTS})
    clean = clean.assign(**{name: frame[name].astype("object").map(_to_the_cent) for name in facts.AMOUNTS})
    rows = [_with_text_keys(row) for row in clean.to_dict("records")]
    with store.writing() as session:
        _check_channels(partners.channel_names(session, None), clean["channel"])
        facts.upsert_facts(session, rows)


def _with_text_keys(row: dict[Hashable, object]) -> dict[str, object]:
    return {str(name): value for name, value in row.items()}


def _check(frame: pd.DataFrame) -> None:
    for name in COLUMNS:
        if name not in frame.columns:
            raise BadInput(f"daily facts lack the column {name}; add it")
    if frame[["channel", "offer"]].isna().any(axis=None):
        raise BadInput("daily facts have a row without a channel or an offer; name them")
    if _days(frame).isna().any():
        raise BadInput("daily facts have a day that is no date; write days as 2026-11-30")
    if frame.duplicated(list(facts.KEYS)).any():
        raise BadInput("daily facts have two rows for one day, channel and offer; add them up")
    for name in (*facts.COUNTS, *facts.AMOUNTS):
        _check_figure(name, pd.to_numeric(frame[name], errors="coerce").astype("float64"))
    for part, whole in NEVER_ABOVE:
        if (frame[part] > frame[whole]).any():
            raise BadInput(f"daily facts have a row with more {part} than {whole}; mend it")
    _check_holdout(frame)


def _check_figure(name: str, figures: pd.Series) -> None:
    if (figures.abs() >= MOST).any():
        raise BadInput(f"daily facts have a {name} that is infinite or beyond {MOST:g}; mend it")
    # A loss is negative revenue, and revenue may not be known yet.
    if name != "revenue" and not (figures >= 0).all():
        raise BadInput(f"daily facts have a {name} that is missing or negative; give 0 where there was none")
    if name in facts.COUNTS and (figures % 1 != 0).any():
        raise BadInput(f"daily facts have a {name} that is not a whole number; count people")


def _days(frame: pd.DataFrame) -> pd.Series:
    days: pd.Series = pd.to_datetime(frame["day"], errors="coerce", format="ISO8601")
    return days


def _check_holdout(frame: pd.DataFrame) -> None:
    is_control = frame["offer"] == CONTROL
    elsewhere = [name for name in facts.COUNTS if name not in OF_THE_HOLDOUT]
    if (frame.loc[is_control, elsewhere] != 0).any(axis=None):
        raise BadInput("daily facts of offer control count contacts; give control_leads and control_booked only")
    if (frame.loc[~is_control, list(OF_THE_HOLDOUT)] != 0).any(axis=None):
        raise BadInput("daily facts count a holdout under an offer; put control_leads into the row of offer control")


def _check_channels(known: Iterable[str], channels: pd.Series) -> None:
    unknown = sorted(set(channels) - set(known))
    if unknown:
        raise BadInput(f"daily facts have channel {unknown[0]!r}, which the database does not know; record it first")


def _to_the_cent(money: float | Decimal) -> Decimal | None:
    if money != money:  # noqa: PLR0124 - true of NaN alone
        return None
    return Decimal(str(money)).quantize(CENT, rounding=ROUND_HALF_EVEN)
