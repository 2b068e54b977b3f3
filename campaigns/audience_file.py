"""The audience as a file: for the lender's own use. It holds scores, so it is no list for a partner."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from acquire.errors import AcquireError, BadInput
from campaigns.spreadsheets import csv_bytes


def check_audience_file(out: Path, inputs: Iterable[Path | None]) -> None:
    """Raise BadInput unless the audience can be written to `out`; asked before any work is done."""
    if out.suffix not in {".parquet", ".csv"}:
        raise BadInput(f"--out {out} ends in {out.suffix or 'nothing'!r}; name a .parquet or a .csv file")
    if not out.resolve().parent.is_dir():
        raise BadInput(f"--out {out}: the folder {out.resolve().parent} does not exist; create it first")
    if any(path is not None and path.resolve() == out.resolve() for path in inputs):
        raise BadInput(f"--out {out} is one of the tables that are read; name another file")


def write_audience(rows: pd.DataFrame, out: Path) -> None:
    """Write the audience beside its place and put it there in one rename.

    Raises:
        AcquireError: The disk refused; what was there is as it was.
    """
    beside = out.with_name(f".{out.name}.part")
    try:
        if out.suffix == ".parquet":
            rows.to_parquet(beside, index=False)
        else:
            beside.write_bytes(csv_bytes(rows))
        beside.replace(out)
    except OSError as error:
        raise AcquireError(f"--out {out} cannot be written: {error.strerror}; nothing was changed") from None
    finally:
        beside.unlink(missing_ok=True)
