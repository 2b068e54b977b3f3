"""`acquire monitor ...`: watch what comes back."""

from datetime import UTC, datetime
from pathlib import Path

import click


@click.group()
def monitor() -> None:
    """Watch what comes back: so far, partners. Drift, vintages and stop-loss are not built yet."""


@monitor.command()
@click.argument("events", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", help="Show this partner's alarms only; all others are still what it is compared with.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Show alarms that still stood on this day or later.")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True, help="Of the hours of the day and the weeks.")
@click.option(
    "--booking-days", type=click.IntRange(1, 365), default=30, show_default=True, help="Until a booking counts."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def partners(
    events: Path, partner: str | None, since: datetime | None, time_zone: str, booking_days: int, as_json: bool
) -> None:
    """Look for partner fraud in EVENTS, one row per lead that a partner brought (Parquet or CSV).

    Prints an alarm per partner, week and kind, with its evidence and what to do: click-to-apply times, flat hours, too
    perfect forms, resold clients, approved leads who do not draw, a mix that swaps. About 1 % of honest partners at most are
    expected to get any alarm within a year. Exits with 0 also where there are alarms.
    """
    from campaigns.partner_watch import WatchSettings, json_of, lines_of, watch_partners

    settings = WatchSettings(
        partner=partner, since=since.date() if since else None, time_zone=time_zone, booking_days=booking_days
    )
    watched = watch_partners(events, settings, now=datetime.now(UTC))
    click.echo(json_of(watched) if as_json else "\n".join(lines_of(watched)))
