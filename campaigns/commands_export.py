"""`acquire export`: hand rules and scorecard over to somebody who does not have Acquire."""

from datetime import UTC, datetime
from pathlib import Path

import click


@click.command()
@click.argument("plan", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to hand over.")
@click.option(
    "--table", default="leads", show_default=True, help="Table of leads in the SQL; schema.table where needed."
)
def export(plan: Path, out: Path, table: str) -> None:
    """Hand over the rules and the scorecard of PLAN, the folder that acquire plan wrote.

    Writes the policy, the scorecard as JSON, CSV and one SQL SELECT, the rules as one SQL SELECT, a script without any
    dependency, a model card and a validation report into the folder of --out, which is replaced whole or not at all.
    """
    from campaigns.export import export as hand_over

    hand_over(plan, out, now=datetime.now(UTC), table=table)
    click.echo(f"The handover is in {out}: start with {out / 'README.md'}")
