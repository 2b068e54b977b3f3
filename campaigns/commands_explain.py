"""`acquire explain`: why this lead, and why not that one."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("leads", metavar="LEAD...", nargs=-1, required=True)
def explain(folder: Path, leads: tuple[str, ...]) -> None:
    """Say why leads of a plan are contacted, or why not. Writes nothing.

    DIR is what acquire plan wrote, LEAD a lead_id of its decisions.parquet. One line per lead: the lead, a tab, the
    sentence.
    """
    from campaigns.explaining import explain_leads

    for lead, sentence in zip(leads, explain_leads(folder, leads), strict=True):
        click.echo(f"{lead}\t{sentence}")
