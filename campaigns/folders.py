"""Folders of results: filled beside their place, then put there in one step, whole or not at all."""

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from acquire.errors import AcquireError, BadInput

_THIS_FOLDER, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


def check_place(out: Path, *, sign: str) -> None:
    """Raise BadInput unless a folder can be put at `out`; asked before any work is done.

    Args:
        out: New, empty, or from an earlier run.
        sign: The file by which a folder of an earlier run is known.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BadInput(f"--out {out} is not a folder; name a folder, new or from an earlier run")
    parent = out.resolve().parent
    if not parent.is_dir():
        raise BadInput(f"--out {out}: the folder {parent} does not exist; create it first")
    try:
        if out.is_dir() and any(out.iterdir()) and not (out / sign).is_file():
            raise BadInput(f"--out {out} holds something else; name a new folder, or empty that one")
        tempfile.TemporaryDirectory(prefix=_prefix(out.resolve()), dir=parent).cleanup()
    except OSError as error:
        raise BadInput(f"--out {out} may not be written to ({error.strerror}); name another folder") from None
    if out.is_dir() and not os.access(out, os.W_OK | os.X_OK):
        raise BadInput(f"--out {out} may not be written to; name another folder")


def check_apart(out: Path, files: Iterable[Path | None]) -> None:
    """Raise BadInput if one of `files` lies in the folder `out`, which is going to be replaced."""
    for file in files:
        if file is not None and file.resolve().is_relative_to(out.resolve()):
            raise BadInput(f"--out {out} will be replaced whole, and {file.name} lies in it; name another folder")


def check_outside(out: Path, plan: Path) -> None:
    """Raise BadInput if `out` lies in the folder of a plan, which stays as it was written."""
    if out.resolve().is_relative_to(plan.resolve()):
        raise BadInput(f"--out {out} lies in the plan {plan.name}, which stays as it was; name a folder outside")


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give an empty folder to fill; when the block ends well, it takes the place of `out` in one step.

    On any error, and when the process is killed, `out` stays as it was. What a killed run leaves behind, a hidden folder
    beside `out`, is cleared away by the next run.

    Raises:
        AcquireError: The disk refused; `out` is as it was.
    """
    place = out.resolve()
    try:
        _clear_leftovers(place)
        with _folder_beside(place) as beside, _held(beside):
            fresh = beside / "new"
            fresh.mkdir()
            yield fresh
            _put(fresh, place)
    except OSError as error:
        raise AcquireError(f"--out {out} cannot be written: {error.strerror}; nothing was changed") from None


@contextmanager
def _folder_beside(place: Path) -> Iterator[Path]:
    # Once the new folder is in its place, it is no failure that the older one cannot be cleared away.
    with tempfile.TemporaryDirectory(prefix=_prefix(place), dir=place.parent, ignore_cleanup_errors=True) as beside:
        yield Path(beside)


def _prefix(place: Path) -> str:
    return f".{place.name}.acquire-"


def _put(fresh: Path, place: Path) -> None:
    if not place.exists():
        fresh.rename(place)
        return
    try:
        _exchange(fresh, place)
    except OSError as error:
        if error.errno not in {errno.ENOSYS, errno.EINVAL, errno.EXDEV}:
            raise
        _step_aside(fresh, place)


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change places, so that there is no moment without either.

    Raises:
        OSError: ENOSYS, EINVAL or EXDEV where system or disk cannot do that; else what went wrong.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if rename(_THIS_FOLDER, os.fsencode(one), _THIS_FOLDER, os.fsencode(other), _EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _step_aside(fresh: Path, place: Path) -> None:
    """Exchange in two steps; a run killed between them leaves the older folder where `_clear_leftovers` finds it."""
    older = _older(fresh.parent)
    place.rename(older)
    try:
        fresh.rename(place)
    except OSError:
        older.rename(place)
        raise


def _older(beside: Path) -> Path:
    return beside / "older"


def _clear_leftovers(place: Path) -> None:
    for beside in place.parent.iterdir():
        if beside.name.startswith(_prefix(place)) and beside.is_dir() and not beside.is_symlink():
            _clear(beside, place)


def _clear(beside: Path, place: Path) -> None:
    try:
        with _held(beside):
            if _older(beside).exists() and not place.exists():
                _older(beside).rename(place)
            shutil.rmtree(beside, ignore_errors=True)
    except BlockingIOError:
        return  # another run is at work there


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Lock a folder while the block runs; a process that dies lets go of it.

    Raises:
        BlockingIOError: Somebody else holds it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
