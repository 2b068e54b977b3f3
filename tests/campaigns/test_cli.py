"""The command line as a person or a script meets it: what it says, where, and with which exit code."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from acquire.errors import AcquireError, BadInput, Infeasible
from campaigns import cli
from campaigns.settings import Settings

ACQUIRE = (sys.executable, "-c", "import sys; from campaigns.cli import main; sys.exit(main())")


def acquire(*words: str, folder: Path | None = None, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as a shell would."""
    return subprocess.run([*ACQUIRE, *words], input=typed, capture_output=True, text=True, check=False, cwd=folder)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACQUIRE_DATABASE_URL", "ACQUIRE_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)


def failing(error: BaseException) -> click.Command:
    def fail() -> None:
        raise error

    return click.Command("fails", callback=fail)


@pytest.fixture
def run_failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    def run(error: BaseException) -> int:
        monkeypatch.setitem(cli.commands.commands, "fails", failing(error))
        return cli.main(["fails"])

    return run


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [
        (
            BadInput("max_bad_rate is 6.0; give a fraction in [0, 1]"),
            2,
            "max_bad_rate is 6.0; give a fraction in [0, 1]",
        ),
        (Infeasible("budget and max_contacts\nleave nobody", ["budget"]), 3, "budget and max_contacts leave nobody"),
        (AcquireError("no"), 1, "no"),
        (OSError(errno.ENOSPC, "No space left on device", "plan.json"), 1, "plan.json: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "out"), 1, "out: Permission denied"),
    ],
)
def test_each_kind_of_error_is_one_line_on_standard_error_with_its_own_exit_code(
    run_failing: Callable[[BaseException], int],
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    exit_code: int,
    line: str,
) -> None:
    assert run_failing(error) == exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("acquire: ")
    assert line in err


def test_a_bug_is_not_dressed_up_as_an_error_of_the_user(run_failing: Callable[[BaseException], int]) -> None:
    with pytest.raises(ZeroDivisionError):
        run_failing(ZeroDivisionError())


def test_a_person_who_presses_control_c_gets_exit_code_130(run_failing: Callable[[BaseException], int]) -> None:
    assert run_failing(KeyboardInterrupt()) == 130


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plan"], ["PLAN", "acquire plan --help"]),
        (["plan", "absent.toml", "--out", "out"], ["absent.toml", "does not exist"]),
        (["plan", "--speed", "9"], ["--speed", "acquire plan --help"]),
        (["conquer"], ["conquer", "acquire --help"]),
        (["db", "drop"], ["drop", "acquire db --help"]),
    ],
)
def test_wrong_words_give_one_line_that_names_the_word_and_where_to_look(words: list[str], told: list[str]) -> None:
    ended = acquire(*words)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert all(part in ended.stderr for part in told)


@pytest.mark.parametrize("name", sorted(cli.NOT_BUILT_YET))
def test_a_command_of_a_later_version_says_so_whatever_follows_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([name, "test", "--budget", "7"]) == 1
    assert f"{name} is not built yet in version" in capsys.readouterr().err


def test_help_marks_what_is_not_built_and_lists_what_the_dashboard_contributes() -> None:
    shown = acquire("--help")
    assert shown.returncode == 0
    assert all(f"  {name} " in shown.stdout for name in ("plan", "serve", "demo", "db", "experiment"))
    assert shown.stdout.count("(not built yet)") == len(cli.NOT_BUILT_YET)


def test_help_is_instant_because_nothing_heavy_is_imported_for_it() -> None:
    heavy = "{'pandas', 'dash', 'sqlalchemy', 'lightgbm', 'pydantic_settings', 'rich', 'fastapi'}"
    code = f"import sys; from campaigns.cli import main; main(['--help']); sys.exit(str({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert shown.stderr.strip() == "set()"


def test_acquire_alone_shows_the_help() -> None:
    shown = acquire()
    assert shown.returncode == 0
    assert "Usage: acquire" in shown.stdout


def test_the_version_is_the_one_that_is_installed() -> None:
    assert acquire("--version").stdout.startswith("acquire 0.")


def test_a_pipe_that_closes_early_is_no_traceback() -> None:
    script = f"{sys.executable} -c 'import sys; from campaigns.cli import main; sys.exit(main([\"--help\"]))' | true"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


def test_a_command_told_to_end_by_the_system_leaves_nothing_half_written(tmp_path: Path) -> None:
    code = """
import pathlib, sys, tempfile, time, click
from campaigns import cli

@cli.commands.command()
def slow():
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        pathlib.Path(folder, "half").write_text("half")
        time.sleep(60)

sys.exit(cli.main(["slow"]))
"""
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as process:
        while not list(tmp_path.glob("*/half")):
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=20) == 143
    assert list(tmp_path.iterdir()) == []


def test_the_database_is_made_by_one_command(tmp_path: Path) -> None:
    pytest.importorskip("campaigns.store.session")
    ended = acquire("db", "upgrade", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "acquire.db").exists()


def test_users_come_and_go_by_the_command_line_and_passwords_stay_out_of_it(tmp_path: Path) -> None:
    pytest.importorskip("campaigns.store.session")
    acquire("db", "upgrade", folder=tmp_path)
    added = acquire("users", "add", "Mei", "--role", "risk", folder=tmp_path, typed="correct horse battery\n")
    assert (added.returncode, added.stdout, added.stderr) == (0, "mei may log in as risk\n", "")
    assert acquire("users", "list", folder=tmp_path).stdout == "mei\trisk\t\n"
    assert acquire("users", "disable", "mei", folder=tmp_path).returncode == 0
    assert acquire("users", "list", folder=tmp_path).stdout == ""


def test_a_user_with_a_role_that_does_not_exist_is_bad_input(tmp_path: Path) -> None:
    pytest.importorskip("campaigns.store.session")
    acquire("db", "upgrade", folder=tmp_path)
    refused = acquire("users", "add", "mei", "--role", "boss", folder=tmp_path, typed="correct horse battery\n")
    assert refused.returncode == 2
    assert "boss" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_users_without_a_database_are_told_how_to_make_one(tmp_path: Path) -> None:
    pytest.importorskip("campaigns.store.session")
    refused = acquire("users", "list", folder=tmp_path)
    assert refused.returncode == 2
    assert "acquire db upgrade" in refused.stderr


def test_a_plan_is_told_where_to_write_and_what_time_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_of_the_project = pytest.importorskip("campaigns.plan")
    asked: list[tuple[Path, Path, datetime, Settings]] = []

    def make_plan(
        plan_path: Path, out: Path, *, progress: object, now: datetime, settings: Settings, against: Path | None
    ) -> None:
        assert against is None
        asked.append((plan_path, out, now, settings))

    monkeypatch.setattr(plan_of_the_project, "make_plan", make_plan)
    (tmp_path / "plan.toml").touch()
    assert cli.main(["plan", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "out")]) == 0
    [(plan_path, out, now, _)] = asked
    assert (plan_path.name, out.name, now.tzinfo) == ("plan.toml", "out", UTC)
