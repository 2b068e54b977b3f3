"""`acquire fit` and `acquire score`: the two halves of a plan, for other machines and engines."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click


@click.command()
@click.argument("plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the models.")
@click.option(
    "--compare", is_flag=True, help="Print which learner's policy brings most on rows that no model had seen."
)
def fit(plan: Path, out: Path | None, compare: bool) -> None:
    """Fit the models of PLAN (a plan file) without planning.

    The folder of --out is replaced whole or not at all. It holds plain JSON, hash-checked: acquire score reads it anywhere.
    """
    from campaigns.fit_run import compare_for_plan, fidelity_text, fit_folder
    from campaigns.progress import progress_on
    from campaigns.settings import Settings

    if out is None and not compare:
        raise click.UsageError("name a folder for the models with --out, or ask for --compare, or both")
    if compare:
        click.echo(compare_for_plan(plan, progress=progress_on(sys.stderr), now=datetime.now(UTC)))
    if out is None:
        return
    fitted = fit_folder(plan, out, progress=progress_on(sys.stderr), now=datetime.now(UTC), settings=Settings.load())
    click.echo(fidelity_text(fitted))
    click.echo(f"The models are in {out}: score leads with acquire score {out} LEADS --out FILE")


@click.command()
@click.argument("models", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("leads", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Parquet file for the scores.")
@click.option("--reasons", is_flag=True, help="Also say in words why each lead's best offer does what it does.")
@click.option(
    "--dose",
    "doses",
    type=float,
    multiple=True,
    help="Also what an offer of this dose (a price, say) would change, where offers differ in one; may be given again.",
)
@click.option(
    "--plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Plan file whose links tell the rings of the leads; only for models that read ring_ columns which LEADS lacks.",
)
def score(models: Path, leads: Path, out: Path, reasons: bool, doses: tuple[float, ...], plan: Path | None) -> None:
    """Score LEADS (Parquet or CSV) with the folder MODELS that acquire fit wrote, or that of a plan.

    Gives one row per row of LEADS, in its order, with the columns of decisions.parquet; of a lead_id that is there more than once
    no copy is scored. Memory stays flat however many there are, but with --plan, since rings tie leads together.
    The file of --out is replaced whole or not at all.
    """
    from campaigns.score_leads import ring_figures, score_file

    rings = None if plan is None else ring_figures(plan, leads, datetime.now(UTC))
    count = score_file(models, leads, out, with_reasons=reasons, doses=doses, rings=rings)
    click.echo(
        f"leads: {count.read:,} read = {count.scored:,} scored + {count.without_consent:,} without consent + "
        f"{count.invalid:,} that cannot be used"
    )
    click.echo(f"The scores are in {out}")
