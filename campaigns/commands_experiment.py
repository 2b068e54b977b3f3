"""`acquire experiment ...`: learn what offers do, by giving them at random."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_days = click.IntRange(0, 3_650)

_leads_weeks = click.option(
    "--leads-weeks", type=float, default=4.0, show_default=True, help="Weeks of traffic that the leads are."
)
_booking_window = click.option(
    "--booking-window-days", type=_days, default=30, show_default=True, help="Until a booking counts."
)
_maturity = click.option(
    "--maturity-days", type=_days, default=60, show_default=True, help="Until bad is known after that."
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


@click.group()
def experiment() -> None:
    """Learn what offers do, by giving them at random."""


@experiment.command()
@click.argument("plan", type=_file)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the pilot.")
@click.option("--base-booking-rate", type=float, help="Share that books without the campaign (else: from history).")
@click.option("--base-bad-rate", type=float, help="Share of bookings that go bad (else: from history).")
@click.option(
    "--smallest-uplift", type=float, help="Smallest effect worth finding (else: a quarter of the booking rate)."
)
@click.option("--max-weeks", type=int, default=8, show_default=True, help="Longest time of taking in leads.")
@_leads_weeks
@_booking_window
@_maturity
def design(plan: Path, out: Path, **settings: Any) -> None:
    """Design a pilot for PLAN: who gets what at random, how many, how long, and what it will be able to tell."""
    from campaigns.experiments import write_pilot_design
    from campaigns.pilot_inputs import PilotSettings

    write_pilot_design(plan, out, now=datetime.now(UTC), settings=PilotSettings(**settings))
    click.echo(f"The pilot is in {out}: start with {out / 'design.md'}")


@experiment.command()
@click.argument("plan", type=_folder)
@_leads_weeks
@_booking_window
@_maturity
@click.option(
    "--control-share", "shares", type=float, multiple=True, help="Share of control to compare; may be given again."
)
@_as_json
def size(plan: Path, shares: tuple[float, ...], as_json: bool, **settings: Any) -> None:
    """Say what the holdout of PLAN, a folder that acquire plan wrote, will be able to tell, and when.

    Prints, over all and by channel, the smallest uplift it finds, the chance that it finds the uplift the plan expects, and the
    days until it does; then what other shares of control would tell and cost. Writes nothing.
    """
    from campaigns.experiment_size import SHARES, SizeSettings, size_experiment, size_lines

    sized = size_experiment(plan, SizeSettings(shares=shares or SHARES, **settings))
    click.echo(sized.to_json() if as_json else "\n".join(size_lines(sized)))


@experiment.command()
@click.argument("folders", type=_folder, nargs=-1, required=True, metavar="DIR...")
@click.argument("outcomes", type=_file)
@click.option(
    "--before", multiple=True, metavar="COLUMN", help="Number of OUTCOMES known before the lot; may be given again."
)
@click.option("--history", type=_file, help="Table of history: what the same people (person_id) did before.")
@click.option(
    "--rest",
    type=click.Choice(["unknown", "not-booked"]),
    default="unknown",
    show_default=True,
    help="What leads without a row did; not-booked where OUTCOMES lists bookings only.",
)
@click.option("--control-share", type=float, help="Share that was to be kept back: hold the sizes against it.")
@click.option("--looks", type=int, default=1, show_default=True, help="How often the experiment is read in all.")
@_booking_window
@_as_json
def read(folders: tuple[Path, ...], outcomes: Path, as_json: bool, **settings: Any) -> None:
    """Read what contacts added: DIR is a folder of acquire plan or of a pilot, OUTCOMES what became of its leads.

    OUTCOMES (Parquet or CSV) has a row for every lead that was contacted or kept back: lead_id, booked; optional bad, cost,
    person_id, offer, contacted (0/1: by anybody, meanwhile), contacted_channel. Prints sample ratio, contamination, the
    difference between contacts and controls over all, by channel and, of a pilot, by offer, what an extra booking cost, and how
    many of them went bad. Writes nothing.
    """
    from campaigns.experiment_reading import ReadSettings, read_experiment
    from campaigns.experiment_words import reading_lines

    found = read_experiment(folders, outcomes, today=datetime.now(UTC).date(), settings=ReadSettings(**settings))
    click.echo(found.to_json() if as_json else "\n".join(reading_lines(found)))
