"""`acquire audience`: find more people like a flagged group of the own base."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acquire.errors import BadInput

if TYPE_CHECKING:
    from acquire.uplift.audience import MemberShare

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_BY = {"likeness": "likeness", "extra-members": "extra members", "extra-accounts": "extra accounts"}


@click.command()
@click.argument("seeds", type=_file)
@click.argument("leads", type=_file)
@click.option(
    "--flag", metavar="COLUMN", help="SEEDS is the whole base, and COLUMN is 1 for known members of the group."
)
@click.option("--size", type=int, help="Leads wanted (else: a tenth of those who may be contacted).")
@click.option("--plan", type=_file, help="Plan file (TOML): its history tells what offers change.")
@click.option(
    "--by",
    type=click.Choice(list(_BY)),
    help="How to choose (else: extra-members with --plan, where history shows it).",
)
@click.option("--share", type=float, help="Share of the leads that belong, where somebody looked: precision needs it.")
@click.option("--checked", type=int, help="How many leads, drawn at random, were looked at for --share.")
@click.option("--exclude", multiple=True, metavar="COLUMN", help="Column not to compare by; may be given again.")
@click.option(
    "--protected", multiple=True, metavar="COLUMN", help="Protected column, never compared by; may be given again."
)
@click.option("--assume-consent", is_flag=True, help="All leads have consented (where they have no column consent).")
@click.option("--seed", type=int, default=7, show_default=True, help="Of everything random.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the audience to this .parquet or .csv file."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def audience(
    seeds: Path,
    leads: Path,
    flag: str | None,
    size: int | None,
    plan: Path | None,
    by: str | None,
    share: float | None,
    checked: int | None,
    exclude: tuple[str, ...],
    protected: tuple[str, ...],
    assume_consent: bool,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Find more people like SEEDS among LEADS (Parquet or CSV each).

    SEEDS are known members of a group, small-business owners say; nobody needs to be known not to belong. Prints AUC,
    recall, lift and precision of an audience of that size with intervals and, with --plan, the extra accounts that history
    says it brings.
    """
    from campaigns.audience_file import check_audience_file, write_audience
    from campaigns.audience_words import json_of, report
    from campaigns.audiences import AudienceRequest, find_audience, ranking_named
    from campaigns.progress import progress_on

    if out is not None:
        check_audience_file(out, (seeds, leads, plan))
    request = AudienceRequest(
        flag=flag,
        size=size,
        plan=plan,
        ranking=None if by is None else ranking_named(_BY[by]),
        share=_member_share(share, checked),
        exclude=frozenset(exclude),
        protected=frozenset(protected),
        assume_consent=assume_consent,
        seed=seed,
    )
    found = find_audience(seeds, leads, request, now=datetime.now(UTC), progress=progress_on(sys.stderr))
    if out is not None:
        write_audience(found.rows, out)
    click.echo(json_of(found) if as_json else report(found))


def _member_share(share: float | None, checked: int | None) -> "MemberShare | None":
    from acquire.uplift.audience import MemberShare

    if share is None:
        if checked is not None:
            raise BadInput(f"--checked is {checked} without --share; give the share of those leads that belong")
        return None
    return MemberShare(share=share, n_checked=checked)
