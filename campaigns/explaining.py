"""`acquire explain`: why leads of a plan are contacted, or why not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.allocate.reasons import reason_for
from acquire.errors import BadInput
from campaigns.decided_leads import DECISIONS, read_decided_leads
from campaigns.frontiers import read_plan
from campaigns.lead_words import say_why
from campaigns.option_table import OptionTable, read_option_table


def explain_leads(folder: Path, lead_ids: Sequence[str]) -> tuple[str, ...]:
    """Say of some leads why they are contacted or not, one sentence each, in the order asked for.

    Args:
        folder: What `acquire plan` wrote.
        lead_ids: As in decisions.parquet.

    Raises:
        BadInput: The folder holds no plan of this version, or no such lead.
    """
    plan, table = read_plan(folder), read_option_table(folder)
    decisions = read_decided_leads(folder, table, texts=("reason",))
    rows = pd.Index(decisions["lead_id"]).get_indexer(pd.Index(list(lead_ids)))
    for lead_id, row in zip(lead_ids, rows.tolist(), strict=True):
        if row < 0:
            raise BadInput(f"{folder.name} has no lead {lead_id}; give a lead_id of its {DECISIONS}")
    return tuple(_explain(table, decisions.iloc[row], row, plan.objective, plan.currency) for row in rows.tolist())


def _explain(table: OptionTable, decision: "pd.Series[str]", row: int, goal: str, currency: str) -> str:
    reason = reason_for(table.question, table.prices, table.contacts, np.flatnonzero(table.row == row))
    return say_why(str(decision["decision"]), str(decision["reason"]), reason, goal, currency)
