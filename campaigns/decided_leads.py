"""The leads that a plan decided on: decisions.parquet as the commands that come after the plan read it, checked first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from acquire.errors import UNREADABLE, BadInput
from campaigns.option_table import OptionTable, stamp_of

DECISIONS = "decisions.parquet"
_DECISIONS = ("contact", "hold", "control", "refuse")


def read_decided_leads(
    folder: Path, table: OptionTable | None = None, *, texts: Sequence[str] = (), all_columns: bool = False
) -> pd.DataFrame:
    """Read decisions.parquet of a plan, one row per lead, in the order of the file.

    Args:
        folder: What `acquire plan` wrote.
        table: What the plan was chosen from; None = it is not asked whether the rows belong to it.
        texts: Columns of text to read beside lead_id and decision.
        all_columns: Whether to read what else there is, too.

    Raises:
        BadInput: The file is missing, damaged, or not the one that was written with the plan.
    """
    columns = ["lead_id", "decision", *texts]
    decided = _read(folder, columns, all_columns)
    if decided["lead_id"].isna().any() or not decided["lead_id"].is_unique:
        raise _refused(folder, "has leads without a lead_id, or the same lead_id more than once")
    if not decided["decision"].isin(_DECISIONS).all():
        raise _refused(folder, f"holds a decision that is none of {', '.join(_DECISIONS)}")
    if table is not None and not _belongs(decided, table):
        raise _refused(folder, "is not the one of this plan's options: leads are missing, or in another order")
    return decided


def _read(folder: Path, columns: Sequence[str], all_columns: bool) -> pd.DataFrame:
    file = folder / DECISIONS
    if not file.is_file():
        raise _refused(folder, "is missing, or is no file")
    try:
        schema = pq.read_schema(file)
        wrong = [name for name in columns if name not in schema.names or not _is_text(schema.field(name).type)]
        if wrong:
            raise _refused(folder, f"has no column {wrong[0]} of text")
        decided: pd.DataFrame = pq.read_table(file, columns=None if all_columns else list(columns)).to_pandas()
    except (*UNREADABLE, pa.ArrowException, OSError):
        raise _refused(folder, "cannot be read") from None
    return decided


def _is_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    # A column without any value, as the offers of a plan that contacts nobody, has no kind of its own.
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_null(inner))


def _belongs(decided: pd.DataFrame, table: OptionTable) -> bool:
    """Whether the leads are those of the options, in their order, and the plan contacts whom the file says."""
    if table.stamp is not None and table.stamp != stamp_of(decided["lead_id"]):
        return False
    if table.row.max(initial=-1) >= len(decided):
        return False
    chosen = table.row[table.contacts > 0]
    if table.options.size is None and len(np.unique(chosen)) < len(chosen):
        return False
    contacted = np.zeros(len(decided), dtype=np.bool_)
    contacted[chosen] = True
    return bool((contacted == (decided["decision"] == "contact").to_numpy()).all())


def _refused(folder: Path, why: str) -> BadInput:
    return BadInput(f"{folder.name}/{DECISIONS} {why}; plan again")
