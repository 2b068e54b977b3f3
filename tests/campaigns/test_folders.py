"""Folders of results: whole or not at all, whatever happens while they are written."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acquire.errors import AcquireError, BadInput
from campaigns import folders
from campaigns.folders import check_apart, check_place, replacing

WRITER = """
import sys
from pathlib import Path
from campaigns.folders import replacing

out, run = Path(sys.argv[1]), 0
while True:
    run += 1
    with replacing(out) as folder:
        for number in range(20):
            (folder / f"part_{number}").write_text(f"run {run}")
    print(run, flush=True)
"""


def write(out: Path, text: str) -> None:
    with replacing(out) as folder:
        (folder / "plan.json").write_text(text, encoding="utf-8")


def write_half(out: Path, error: BaseException) -> None:
    with replacing(out) as folder:
        (folder / "plan.json").write_text("half", encoding="utf-8")
        raise error


def read(out: Path) -> str:
    return (out / "plan.json").read_text(encoding="utf-8")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_folder_appears_with_what_was_written(tmp_path: Path) -> None:
    write(tmp_path / "plan", "first")
    assert read(tmp_path / "plan") == "first"
    assert names(tmp_path) == {"plan"}


def test_an_older_folder_is_replaced_whole(tmp_path: Path) -> None:
    write(tmp_path / "plan", "first")
    (tmp_path / "plan" / "list.csv").write_text("of the first", encoding="utf-8")
    write(tmp_path / "plan", "second")
    assert read(tmp_path / "plan") == "second"
    assert names(tmp_path / "plan") == {"plan.json"}
    assert names(tmp_path) == {"plan"}


@pytest.mark.parametrize("error", [BadInput("no"), KeyboardInterrupt(), SystemExit(143)])
def test_nothing_changes_when_the_work_stops_half_way(tmp_path: Path, error: BaseException) -> None:
    write(tmp_path / "plan", "first")
    with pytest.raises(type(error)):
        write_half(tmp_path / "plan", error)
    assert read(tmp_path / "plan") == "first"
    assert names(tmp_path) == {"plan"}


def test_a_full_disk_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "plan", "first")
    with (
        pytest.raises(AcquireError, match=r"cannot be written: No space left on device; nothing was changed"),
        replacing(tmp_path / "plan"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert read(tmp_path / "plan") == "first"


def test_a_process_killed_at_any_moment_leaves_a_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "plan"
    for wait_ms in (0, 3, 7, 12, 20, 33):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(out)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            assert writer.stdout.readline()
            time.sleep(wait_ms / 1000)
            writer.send_signal(signal.SIGKILL)
        parts = [path.read_text(encoding="utf-8") for path in out.iterdir()]
        assert len(parts) == 20
        assert len(set(parts)) == 1
    write(out, "last")
    assert names(tmp_path) == {"plan"}


def test_another_run_at_work_in_the_same_place_is_left_alone(tmp_path: Path) -> None:
    with replacing(tmp_path / "plan") as slow:
        (slow / "plan.json").write_text("slow", encoding="utf-8")
        write(tmp_path / "plan", "quick")
        assert read(tmp_path / "plan") == "quick"
    assert read(tmp_path / "plan") == "slow"
    assert names(tmp_path) == {"plan"}


def test_folders_of_others_are_not_cleared_away(tmp_path: Path) -> None:
    kept = {".plan.d", ".plan2.acquire-12345678", "plan.acquire-1"}
    for name in kept:
        (tmp_path / name).mkdir()
    write(tmp_path / "plan", "first")
    assert names(tmp_path) == {"plan", *kept}


@pytest.fixture
def no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk on which two folders cannot change places in one step."""

    def refuse(one: Path, other: Path) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(folders, "_exchange", refuse)


@pytest.mark.usefixtures("no_exchange")
def test_where_folders_cannot_change_places_the_older_steps_aside(tmp_path: Path) -> None:
    write(tmp_path / "plan", "first")
    write(tmp_path / "plan", "second")
    assert read(tmp_path / "plan") == "second"
    assert names(tmp_path) == {"plan"}


def test_an_older_folder_that_had_stepped_aside_when_the_process_was_killed_comes_back(tmp_path: Path) -> None:
    beside = tmp_path / ".plan.acquire-abc"
    (beside / "older").mkdir(parents=True)
    (beside / "older" / "plan.json").write_text("first", encoding="utf-8")
    with pytest.raises(BadInput), replacing(tmp_path / "plan"):
        raise BadInput("no")
    assert read(tmp_path / "plan") == "first"
    assert names(tmp_path) == {"plan"}


def test_the_folder_gets_the_rights_that_any_new_folder_gets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "plan", "first")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "plan").stat().st_mode) == 0o750


def test_a_place_is_free_empty_or_of_an_earlier_run(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "plan", "first")
    for name in ("new", "empty", "plan"):
        check_place(tmp_path / name, sign="plan.json")
    with pytest.raises(BadInput, match="holds something else"):
        check_place(tmp_path, sign="plan.json")
    assert names(tmp_path) == {"empty", "plan"}


def test_the_folder_one_stands_in_is_named_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plan").mkdir()
    monkeypatch.chdir(tmp_path / "plan")
    check_place(Path(), sign="plan.json")
    write(Path(), "first")
    assert read(tmp_path / "plan") == "first"
    assert names(tmp_path) == {"plan"}


def test_files_that_must_stay_may_not_lie_in_the_folder(tmp_path: Path) -> None:
    check_apart(tmp_path / "plan", (tmp_path / "plan.toml", None))
    with pytest.raises(BadInput, match=r"leads\.csv lies in it"):
        check_apart(tmp_path / "plan", (tmp_path / "plan" / "data" / "leads.csv",))
