"""The commands that end in a served dashboard. They are contributed to `acquire` by an entry point."""

import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acquire.errors import BadInput

if TYPE_CHECKING:
    from campaigns.demo_run import DemoLogin
    from campaigns.settings import Settings

_host = click.option("--host", help="Address to listen on (default 127.0.0.1, or ACQUIRE_HOST).")
_port = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on (default 8050, or ACQUIRE_PORT; 0 picks a free one).",
)


@click.command()
@_host
@_port
def serve(host: str | None, port: int | None) -> None:
    """Serve the dashboard on the database of this folder."""
    from campaigns.settings import Settings

    _serve(Settings.load(), host, port)


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"), show_default=True, help="Folder."
)
@click.option("--no-serve", is_flag=True, help="Stop when all is made; for scripts.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed makes another market.")
@_host
@_port
def demo(out: Path, no_serve: bool, seed: int, host: str | None, port: int | None) -> None:
    """Make a market, plan it, and show it on the dashboard.

    Writes the market and its plan into the folder of --out and fills the database with a year of daily results. Run again, it
    makes all of it anew, with new passwords.
    """
    from campaigns.demo_run import demo_spec, run_demo
    from campaigns.progress import progress_on
    from campaigns.settings import Settings

    settings, now = Settings.load(), datetime.now(UTC)
    progress = progress_on(sys.stderr)
    logins = run_demo(out, seed=seed, spec=demo_spec(now), now=now, settings=settings, progress=progress)
    click.echo(f"The plan is in {out / 'plan'}: start with {out / 'plan' / 'report.html'}")
    _print_logins(logins)
    if not no_serve:
        _serve(settings, host, port)


def _print_logins(logins: "tuple[DemoLogin, ...]") -> None:
    click.echo("\nLogins, with passwords made just now and shown this once:\n")
    for one in logins:
        whose = f"   {one.partner}" if one.partner else ""
        click.echo(f"  {one.login:<10} {one.password}{whose}")
    click.echo("")


def _serve(settings: "Settings", host: str | None, port: int | None) -> None:
    import uvicorn

    from campaigns.store.session import open_store
    from dashboards.app import create_app

    store = open_store(settings.database_url)
    with _listen(host or settings.host, settings.port if port is None else port) as listening:
        name, number = listening.getsockname()[:2]
        shown = f"[{name}]" if ":" in name else name
        click.echo(f"The dashboard is at http://{shown}:{number} (stop with Ctrl-C)")
        uvicorn.Server(uvicorn.Config(create_app(store), log_level="warning")).run(sockets=[listening])
    store.close()


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else starts, so that a taken one is said in one line."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise BadInput(f"cannot listen on {host}:{port}: {error.strerror}; give another --host or --port") from None
    return listening
