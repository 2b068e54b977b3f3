"""`acquire policy ...`: try a policy file before it is in force."""

from datetime import UTC, datetime
from pathlib import Path

import click

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Try the lender's own rules before they are in force."""


@policy.command()
@click.argument("policy", type=_file)
@click.argument("leads", type=_file)
@click.option("--against", type=_file, help="The policy in force (else: that of --plan).")
@click.option(
    "--plan",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that acquire plan wrote: shows its contacts along the cut-off of approval.",
)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Day for which the rules are applied (else: today).")
@click.option(
    "--protected", multiple=True, metavar="COLUMN", help="Column whose groups are watched; may be given again."
)
def test(
    policy: Path, leads: Path, against: Path | None, plan: Path | None, on: datetime | None, protected: tuple[str, ...]
) -> None:
    """Show what POLICY would do to LEADS, a table of leads or of history (Parquet or CSV).

    Prints what each rule refuses alone and in order, the bad among the refused where the table knows, who changes sides
    against the policy in force, how protected groups fare and, with --plan, approvals, CAC and bad rate along the cut-off.
    """
    from zoneinfo import ZoneInfo

    from campaigns.plan_file import DEFAULT_TIME_ZONE
    from campaigns.policy_trial import run_policy_trial
    from campaigns.policy_words import report

    day = on.date() if on else datetime.now(UTC).astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).date()
    click.echo(report(run_policy_trial(policy, leads, on=day, against=against, plan=plan, protected=protected)))
