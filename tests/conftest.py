"""What the tests share: the public markets beside the project, and real databases.

Markets are read from ../shared and never copied into the project; where the folder is absent the tests that need it are
skipped and say so.
"""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

# CI asks the same cases every time, so that what passed once passes again; at a desk every run looks for new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


def _beside_the_project(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"../shared/{'/'.join(parts)} is not on this machine")
    return path


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's root folder."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public tables."""
    return _beside_the_project("data")


@pytest.fixture(scope="session")
def kz_market() -> Path:
    """The folder of the mailing with randomised interest rates."""
    return _beside_the_project("markets", "kz")


@pytest.fixture(scope="session")
def taiwan_market() -> Path:
    """The folder of the market whose truth is known."""
    return _beside_the_project("markets", "taiwan")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite database of this test's own; the file does not exist yet."""
    return f"sqlite:///{tmp_path / 'acquire.db'}"


def _postgres_binaries() -> Path | None:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin_folder: -int(bin_folder.parent.name))
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _run_as_server_owner(*command: str | Path) -> None:
    """Run a command of the database server as the user postgres where we are root, whom it refuses."""
    owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(command, check=True, capture_output=True, cwd="/", **owner)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The database `postgres`, empty, of a real server that belongs to this test process (on a socket of its own)."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server on this machine: install the package postgresql")
    with tempfile.TemporaryDirectory(prefix="acquire-pg-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        cluster, control = f"{folder}/cluster", binaries / "pg_ctl"
        _run_as_server_owner(
            binaries / "initdb",
            "-D",
            cluster,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        )
        options = f"-c listen_addresses= -c fsync=off -k {folder}"
        _run_as_server_owner(control, "-D", cluster, "-w", "-o", options, "-l", f"{folder}/log", "start")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            _run_as_server_owner(control, "-D", cluster, "-m", "immediate", "stop")


_numbers = itertools.count(1)


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> str:
    """An empty PostgreSQL database of this test's own."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return postgres_url.replace("/postgres?", f"/{name}?")
