"""Partner fraud for people: a file of events in, alarms with their evidence out, as a table or as JSON."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from acquire.errors import BadInput
from acquire.ingest.checks import TableCount
from acquire.ingest.partner_events import PartnerEvents, read_partner_events
from acquire.ingest.sources import nearest
from acquire.monitor.partner_counts import count_weeks
from acquire.monitor.partner_fraud import Alarm, find_alarms
from acquire.monitor.partner_signals import NEEDS, Kind, skipped_kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How to look, and what to show.

    Attributes:
        partner: Show this one's alarms only; None = all.
        since: Show alarms that still stood in the week of this day or later.
        time_zone: Of hours and weeks, as "Asia/Shanghai".
        booking_days: Days after arrival until which a booking counts.
    """

    partner: str | None = None
    since: date | None = None
    time_zone: str = "Asia/Shanghai"
    booking_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was looked at, and what was found.

    Attributes:
        alarms: In order of week.
        partners: How many partners the events have.
        first_week: Monday.
        last_week: Monday.
        skipped: Kinds of fraud whose columns are missing.
        count: accepted + quarantined = read.
        reasons: Why rows were set aside, each with its number of rows, the most frequent first.
        notes: What a reader should know, a sentence each.
    """

    alarms: tuple[Alarm, ...]
    partners: int
    first_week: date
    last_week: date
    skipped: tuple[Kind, ...]
    count: TableCount
    reasons: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


def watch_partners(path: Path, settings: WatchSettings, now: datetime) -> Watched:
    """Look for partner fraud in a file of events.

    Args:
        path: Parquet or CSV.
        settings: How to look.
        now: An instant after it is in the future.

    Raises:
        BadInput: The file cannot be used, the partner is not in it, or the time zone does not exist.
    """
    time_zone = _time_zone(settings.time_zone)
    events = read_partner_events(path, now)
    _check_partner(events, settings.partner, path.name)
    weeks = count_weeks(events.frame, events.features, time_zone=time_zone, booking_days=settings.booking_days)
    return Watched(
        alarms=tuple(alarm for alarm in find_alarms(weeks) if _is_asked_for(alarm, settings)),
        partners=len(weeks.partners),
        first_week=weeks.mondays[0],
        last_week=weeks.mondays[-1],
        skipped=skipped_kinds(weeks),
        count=events.count,
        reasons=events.reasons,
        notes=events.notes,
    )


def lines_of(watched: Watched) -> Iterator[str]:
    """The findings for people, line by line."""
    count = watched.count
    yield f"{count.read:,} rows read, {count.accepted:,} accepted, {count.quarantined:,} set aside"
    yield from (f"  {rows:,} x {reason}" for reason, rows in watched.reasons)
    weeks = (watched.last_week - watched.first_week).days // 7 + 1
    yield f"{_many(watched.partners, 'partner')}, {_many(weeks, 'week')} from {watched.first_week}"
    yield from watched.notes
    yield from (f"Not watched: {kind.value} (needs {' and '.join(NEEDS[kind])})" for kind in watched.skipped)
    if not watched.alarms:
        yield "No alarm"
        return
    yield ""
    yield from _table(watched.alarms)


def json_of(watched: Watched) -> str:
    """The findings for machines."""
    alarms = [{**dataclasses.asdict(a), "sentence": a.sentence, "action": a.action} for a in watched.alarms]
    findings = {
        "alarms": alarms,
        "partners": watched.partners,
        "first_week": watched.first_week,
        "last_week": watched.last_week,
        "skipped": [{"kind": kind, "needs": NEEDS[kind]} for kind in watched.skipped],
        "read": watched.count.read,
        "accepted": watched.count.accepted,
        "quarantined": watched.count.quarantined,
        "reasons": [{"reason": reason, "rows": rows} for reason, rows in watched.reasons],
        "notes": watched.notes,
    }
    return json.dumps(findings, indent=2, ensure_ascii=False, default=str, allow_nan=False)


def _table(alarms: tuple[Alarm, ...]) -> Iterator[str]:
    cells = [("week", "until", "partner", "alarm", "p at most")]
    cells += [(str(a.week), str(a.until), a.partner, a.kind.value, f"{a.p_value:.1g}") for a in alarms]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row, alarm in zip(cells, (None, *alarms), strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if alarm is not None:
            yield f"    {alarm.sentence}."
            yield f"    {alarm.action}."
    yield ""
    yield "p at most: at most this share of honest partners shows as much within a year. An alarm is a reason to ask, no verdict."


def _many(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"time zone {name!r} is not known; give one such as Asia/Shanghai or UTC") from None


def _check_partner(events: PartnerEvents, partner: str | None, file: str) -> None:
    known = sorted(set(events.frame["partner"]))
    if partner is not None and partner not in known:
        raise BadInput(f"{file} has no partner {partner!r}{nearest(partner, known) or '; see the column partner'}")


def _is_asked_for(alarm: Alarm, settings: WatchSettings) -> bool:
    is_partner = settings.partner is None or alarm.partner == settings.partner
    return is_partner and (settings.since is None or (settings.since - alarm.until).days < 7)
