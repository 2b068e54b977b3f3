"""The folder of a plan: written beside its place, then put there whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from acquire.errors import AcquireError, BadInput
from campaigns.lists import list_csv
from campaigns.plan_document import PlanDocument
from campaigns.report_page import render_report
from campaigns.spreadsheets import csv_bytes


def check_out(out: Path) -> None:
    """Raise BadInput unless a folder can be put at `out`; asked before any work is done."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BadInput(f"--out {out} is not a folder; name a folder, new or from an earlier run")
    if out.is_dir() and any(out.iterdir()) and not (out / "plan.json").is_file():
        raise BadInput(f"--out {out} holds something else than a plan; name a new folder, or empty that one")
    parent = out.absolute().parent
    if not parent.is_dir():
        raise BadInput(f"--out {out}: the folder {parent} does not exist; create it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise BadInput(f"--out {out}: the folder {parent} may not be written to; name another place")


def write_outputs(
    out: Path,
    document: PlanDocument,
    decisions: pd.DataFrame,
    quarantine: pd.DataFrame,
    lists: Mapping[str, pd.DataFrame],
    write_models: Callable[[Path], None],
) -> None:
    """Write everything beside `out`, then swap; a run that is killed leaves the earlier folder as it was.

    Raises:
        AcquireError: The disk refused; nothing changed.
    """
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.absolute().parent))
    except OSError as error:
        raise AcquireError(f"--out {out} cannot be written: {error.strerror}; nothing was changed") from None
    try:
        _fill(beside, document, decisions, quarantine, lists)
        write_models(beside / "models")
        swap_folder(beside, out)
    except OSError as error:
        raise AcquireError(f"--out {out} cannot be written: {error.strerror}; nothing was changed") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fill(
    folder: Path,
    document: PlanDocument,
    decisions: pd.DataFrame,
    quarantine: pd.DataFrame,
    lists: Mapping[str, pd.DataFrame],
) -> None:
    (folder / "plan.json").write_text(document.to_json(), encoding="utf-8")
    (folder / "report.html").write_text(render_report(document), encoding="utf-8")
    lines = pd.DataFrame([asdict(line) for line in document.allocation])
    (folder / "allocation.csv").write_bytes(csv_bytes(lines))
    decisions.to_parquet(folder / "decisions.parquet", index=False)
    quarantine.to_parquet(folder / "quarantine.parquet", index=False)
    (folder / "lists").mkdir()
    for slug, rows in lists.items():
        (folder / "lists" / f"{slug}.csv").write_bytes(list_csv(rows))


def swap_folder(beside: Path, out: Path) -> None:
    """Put the folder `beside` at `out`; an older folder steps aside first and comes back if that fails."""
    beside.chmod(0o755)
    if not out.exists():
        beside.rename(out)
        return
    older = beside.with_name(f"{beside.name}.older")
    out.rename(older)
    try:
        beside.rename(out)
    except OSError:
        older.rename(out)
        raise
    shutil.rmtree(older, ignore_errors=True)
