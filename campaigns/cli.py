"""The command line: one command per job, one line per error.

Exit codes: 0 done, 1 anything that has no code of its own, 2 bad input, 3 the limits cannot be met, 130 and 143 stopped
by a person or by the system. Heavy imports wait until a command runs, so that help is instant.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from acquire.errors import AcquireError, NotBuiltYet
from campaigns.commands_audience import audience
from campaigns.commands_experiment import experiment
from campaigns.commands_explain import explain
from campaigns.commands_export import export
from campaigns.commands_fit import fit, score
from campaigns.commands_frontier import frontier, replan, scenario
from campaigns.commands_monitor import monitor
from campaigns.commands_policy import policy
from campaigns.commands_risk import risk

if TYPE_CHECKING:
    from campaigns.store.session import Store
    from campaigns.users import Role

INTERRUPTED, TERMINATED = 130, 143
CONTRIBUTED = "acquire.commands"
NOT_BUILT_YET = {
    "campaign": "Draft, approve and run a campaign.",
    "lists": "Show and hand over the lists of partners.",
    "outcomes": "Take in what became of the leads.",
    "rta": "Build the audience for a platform's real-time calls.",
    "settle": "Reconcile a partner's bill with our own count.",
}

_plan_file = click.argument("plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))


class Commands(click.Group):
    """The commands of this file and those that other packages contribute, loaded when asked for by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, without loading any."""
        return sorted({*super().list_commands(ctx), *(entry.name for entry in entry_points(group=CONTRIBUTED))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`; None if there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        return next((_load(entry) for entry in entry_points(group=CONTRIBUTED, name=cmd_name)), None)


def _load(entry: EntryPoint) -> click.Command:
    try:
        command = entry.load()
    except ImportError as error:
        return _unavailable(entry.name, f"{entry.name} cannot start: {error}; install Acquire anew", "(not available)")
    assert isinstance(command, click.Command)  # noqa: S101 - a promise of our own entry points, not of a user
    return command


def _unavailable(name: str, message: str, summary: str) -> click.Command:
    """A command that takes any arguments and says in one line why it does nothing."""

    def refuse(words: tuple[str, ...]) -> None:
        raise NotBuiltYet(message)

    return click.Command(
        name,
        callback=refuse,
        help=summary,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, metavar="...")],
        context_settings={"ignore_unknown_options": True},
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("acquire"), message="%(prog)s %(version)s")
def commands() -> None:
    """Decide whom to contact with which offer, at what cost and at what risk.

    Start with `acquire demo`, or with `acquire plan PLAN.toml --out DIR` on your own tables.
    """


for _name, _summary in NOT_BUILT_YET.items():
    _message = f"{_name} is not built yet in version {version('acquire')}; acquire --help lists what is"
    commands.add_command(_unavailable(_name, _message, f"(not built yet) {_summary}"))

commands.add_command(audience)
commands.add_command(experiment)
commands.add_command(explain)
commands.add_command(export)
commands.add_command(fit)
commands.add_command(frontier)
commands.add_command(monitor)
commands.add_command(policy)
commands.add_command(risk)
commands.add_command(replan)
commands.add_command(scenario)
commands.add_command(score)


@commands.command()
@_plan_file
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the results.")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of an earlier plan: say what changed since, and why.",
)
def plan(plan: Path, out: Path, against: Path | None) -> None:
    """Plan a campaign: PLAN is the plan file (TOML).

    Writes plan.json, allocation.csv, decisions.parquet, quarantine.parquet, the lists of partners, the report and the
    models into the folder of --out, which is replaced whole or not at all.
    """
    from campaigns.plan import make_plan
    from campaigns.progress import progress_on
    from campaigns.settings import Settings

    make_plan(
        plan,
        out,
        progress=progress_on(sys.stderr),
        now=datetime.now(UTC),
        settings=Settings.load(),
        against=against,
    )
    click.echo(f"The plan is in {out}: start with {out / 'report.html'}")


@commands.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version's tables (creates it where there is none)."""
    from campaigns.settings import Settings
    from campaigns.store.session import upgrade as upgrade_database

    upgrade_database(Settings.load().database_url)
    click.echo("The database is up to date")


@commands.group()
def users() -> None:
    """Say who may log in, and as what."""


@users.command("add")
@click.argument("login")
@click.option("--role", required=True, help="executive, growth, risk, approver or partner.")
@click.option("--partner", help="For role partner: the one partner whose lists this user may see.")
def add(login: str, role: "Role", partner: str | None) -> None:
    """Let somebody in as LOGIN. The password is asked for, or is the first line of standard input."""
    from campaigns.users import add_user

    with _open_store() as store:
        viewer = add_user(store, login, _ask_password(), role, partner)
    click.echo(f"{viewer.login} may log in as {viewer.role}")


@users.command("list")
def list_users() -> None:
    """Show who may log in: login, role and partner, a tab between them."""
    from campaigns.users import users as users_of

    with _open_store() as store:
        for viewer in users_of(store):
            click.echo("\t".join((viewer.login, viewer.role, viewer.partner or "")))


@users.command()
@click.argument("login")
def disable(login: str) -> None:
    """Shut LOGIN out at once."""
    from campaigns.users import disable_user

    with _open_store() as store:
        disable_user(store, login)
    click.echo(f"{login} is shut out")


@users.command()
@click.argument("login")
def enable(login: str) -> None:
    """Let LOGIN in again."""
    from campaigns.users import enable_user

    with _open_store() as store:
        enable_user(store, login)
    click.echo(f"{login} may log in again")


@users.command()
@click.argument("login")
def password(login: str) -> None:
    """Give LOGIN a new password, asked for or read from standard input, and end its open sessions."""
    from campaigns.users import set_password

    with _open_store() as store:
        set_password(store, login, _ask_password())
    click.echo(f"{login} has a new password")


def _open_store() -> "closing[Store]":
    from campaigns.settings import Settings
    from campaigns.store.session import open_store

    return closing(open_store(Settings.load().database_url))


def _ask_password() -> str:
    """Ask a person twice, a script once; never an argument, which everybody on the machine could read."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        words: The command and its arguments; by default those of the process.

    Returns:
        The exit code of the process.
    """
    # Idle threads of the model library otherwise spin and burn two to four times the CPU on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return _run(words)
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(words: Sequence[str] | None) -> int:
    try:
        # A command returns None; help and --version return their exit code.
        return commands.main(args=words, prog_name="acquire", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (click.ClickException, AcquireError, OSError) as error:
        click.echo(f"acquire: {' '.join(_explain(error).split())}", err=True)
        return getattr(error, "exit_code", 1)


def _explain(error: click.ClickException | AcquireError | OSError) -> str:
    if isinstance(error, click.UsageError) and error.ctx:
        return f"{error.format_message().rstrip('.')}; see {error.ctx.command_path} --help"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError) and error.filename:
        return f"cannot read or write {error.filename}: {error.strerror}"
    return str(error)


def _terminate(signum: int, frame: FrameType | None) -> None:
    """Unwind like any other exit, so that nothing is left half-written."""
    sys.exit(TERMINATED)
