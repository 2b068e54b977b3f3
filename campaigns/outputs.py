"""The folder of a plan: everything that the contract's section 4 names."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from campaigns.lists import list_csv
from campaigns.pacing_document import pacing_frame, rule_frame
from campaigns.plan_document import AllocationLine, PlanDocument
from campaigns.report_page import render_report
from campaigns.spreadsheets import csv_bytes

DOCUMENT = "plan.json"


def write_outputs(
    folder: Path,
    document: PlanDocument,
    decisions: pd.DataFrame,
    quarantine: pd.DataFrame,
    lists: Mapping[str, pd.DataFrame],
) -> None:
    """Write everything but the models into the new folder `folder`."""
    (folder / DOCUMENT).write_text(document.to_json(), encoding="utf-8")
    (folder / "report.html").write_text(render_report(document), encoding="utf-8")
    (folder / "allocation.csv").write_bytes(csv_bytes(_allocation(document)))
    if document.pacing is not None:
        (folder / "pacing.csv").write_bytes(csv_bytes(pacing_frame(document.pacing)))
    if document.rules is not None:
        (folder / "rules.csv").write_bytes(csv_bytes(rule_frame(document.rules)))
    decisions.to_parquet(folder / "decisions.parquet", index=False)
    quarantine.to_parquet(folder / "quarantine.parquet", index=False)
    (folder / "lists").mkdir()
    for slug, rows in lists.items():
        (folder / "lists" / f"{slug}.csv").write_bytes(list_csv(rows))


def _allocation(document: PlanDocument) -> pd.DataFrame:
    """The allocation as a table, which has its columns also where nobody is contacted."""
    columns = [field.name for field in fields(AllocationLine)]
    return pd.DataFrame([asdict(line) for line in document.allocation], columns=columns)
