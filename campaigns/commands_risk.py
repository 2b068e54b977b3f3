"""`acquire risk ...`: compare the challenger with the champion, promote it, take that back, see who decided what."""

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acquire.errors import BadInput

if TYPE_CHECKING:
    from acquire.prefilter.comparison import Comparison
    from campaigns.champions import Decision, Identity
    from campaigns.store.session import Store

_by = click.option("--by", "login", required=True, metavar="LOGIN", help="Who decides: role risk or approver.")
_reason = click.option("--reason", required=True, metavar="TEXT", help="Why, for the record.")


@click.group()
def risk() -> None:
    """Choose the model that ranks leads by risk: the scorecard, or its challenger."""


@risk.command()
@click.argument("plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def compare(plan: Path) -> None:
    """Fit the scorecard and the challenger on the history of PLAN (a plan file) and compare them. Writes nothing.

    Both are judged on matured bookings that they did not see. Less is better for log loss and Brier score.
    """
    from campaigns.challengers import compare_for_plan
    from campaigns.progress import progress_on

    click.echo(comparison_text(compare_for_plan(plan, progress=progress_on(sys.stderr), now=datetime.now(UTC))))


@risk.command()
@click.option(
    "--plan",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that acquire plan wrote: the decision rests on its comparison.",
)
@_by
@_reason
def promote(folder: Path, login: str, reason: str) -> None:
    """Make the challenger the champion: it ranks the leads of the next plans.

    The password of LOGIN is asked for, or is the first line of standard input.
    """
    from campaigns.champions import promote as promote_challenger

    with _open_store() as store:
        decision = promote_challenger(store, _identity(login), folder, reason=reason, now=datetime.now(UTC))
    if decision.comparison is not None:
        click.echo(comparison_text(decision.comparison))
    click.echo(f"The {decision.kind} ranks leads from the next plan on; acquire risk rollback takes that back")


@risk.command()
@_by
@_reason
def rollback(login: str, reason: str) -> None:
    """Bring back the champion before the last promotion.

    The password of LOGIN is asked for, or is the first line of standard input.
    """
    from campaigns.champions import roll_back

    with _open_store() as store:
        decision = roll_back(store, _identity(login), reason=reason, now=datetime.now(UTC))
    click.echo(f"The {decision.kind} ranks leads again from the next plan on")


@risk.command()
def champions() -> None:
    """Show the champion in force, then who decided what, a tab between the fields."""
    from campaigns.champions import champion_history, champion_in_force

    with _open_store() as store:
        click.echo(f"champion in force: {champion_in_force(store)}")
        for decision in champion_history(store):
            click.echo("\t".join(_fields(decision)))


def comparison_text(comparison: "Comparison") -> str:
    """The comparison as lines to print: a table, then what it means."""
    lines = [f"{'':12}{comparison.champion_kind:>12}{comparison.challenger_kind:>12}  difference (90 % interval)"]
    for name, words in (("auc", "AUC"), ("log_loss", "log loss"), ("brier", "Brier score")):
        left, right = getattr(comparison.champion, name), getattr(comparison.challenger, name)
        gap = getattr(comparison, name)
        lines.append(f"{words:12}{left:12.4f}{right:12.4f}  {gap.expected:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})")
    lines.append(
        f"on {comparison.n:,} matured bookings, {comparison.n_bad:,.0f} of them bad, each held out from the fit; "
        "of AUC more is better, of the others less"
    )
    return "\n".join([*lines, comparison.verdict()])


def _fields(decision: "Decision") -> tuple[str, ...]:
    figures = decision.comparison
    gap = "" if figures is None else f"AUC {figures.auc.expected:+.4f}"
    when = decision.decided_at.isoformat(timespec="seconds")
    return (when, decision.decided_by, decision.action, decision.kind, decision.plan_id or "", gap, decision.reason)


def _identity(login: str) -> "Identity":
    """Ask for the password; never an argument, which everybody on the machine could read."""
    from campaigns.champions import Identity

    if sys.stdin.isatty():
        return Identity(login=login, password=str(click.prompt("Password", hide_input=True)))
    try:
        return Identity(login=login, password=sys.stdin.readline().rstrip("\r\n"))
    except UnicodeDecodeError:
        raise BadInput(
            "login or password is wrong; nothing was decided"
        ) from None  # no password here is other than text


def _open_store() -> "closing[Store]":
    from campaigns.settings import Settings
    from campaigns.store.session import open_store

    return closing(open_store(Settings.load().database_url))
