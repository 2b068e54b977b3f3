"""A handover folder of the small market, and a bank that asks it."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from acquire.ingest.tables import Tables, read_tables
from acquire.modelfile import ModelManifest, write_model_folder
from acquire.prefilter.risk_model import RiskModel
from campaigns.cli import main
from campaigns.plan_document import PlanDocument
from campaigns.plan_file import PlanFile, read_plan_file
from campaigns.plan_terms import terms_parts
from campaigns.rings import with_rings
from campaigns.scoring import fit_risk
from campaigns.validation import VALIDATION, ValidationFacts, gather_facts
from tests.campaigns.plan_documents import sample_plan
from tests.campaigns.small_plans import NOW, change_plan_file, write_small_market

FILES = {
    "MODEL_CARD.md",
    "README.md",
    "SHA256SUMS",
    "VALIDATION.md",
    "columns.json",
    "policy.sql",
    "policy.toml",
    "reasons.json",
    "score.py",
    "scorecard.csv",
    "scorecard.json",
    "scorecard.sql",
    "scorecard.txt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The small market with its risk model, and the folder that a plan of it leaves behind (without what export ignores)."""

    plan_file: PlanFile
    tables: Tables
    risk: RiskModel
    facts: ValidationFacts
    folder: Path

    @property
    def leads(self) -> pd.DataFrame:
        return self.tables.leads


def fit_small_market(folder: Path) -> Fitted:
    written = write_small_market(folder / "market")
    change_plan_file(written, ("special_codes = { ", 'unseen = "worst"\nspecial_codes = { inquiries_3m = [0], '))
    plan_file = read_plan_file(written)
    today = NOW.date()
    tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=False, today=today)
    tables = with_rings(tables, maturity_days=None, today=today)
    risk = fit_risk(tables, plan_file.risk, 7, today)
    assert risk is not None
    assert risk.scorecard is not None
    assert risk.fitted is not None
    facts = gather_facts(tables, risk, risk.scorecard, risk.fitted, plan_file.risk)
    parts = {
        **terms_parts(plan_file, tables, None),
        VALIDATION: facts.to_json().encode(),
        "risk.json": risk.to_json().encode(),
    }
    write_plan(folder / "plan", parts)
    return Fitted(plan_file=plan_file, tables=tables, risk=risk, facts=facts, folder=folder / "plan")


def write_plan(folder: Path, parts: dict[str, bytes], document: PlanDocument | None = None) -> None:
    """plan.json and models/ that belong together."""
    folder.mkdir(exist_ok=True)
    digest = write_model_folder(folder / "models", parts, ModelManifest(features=()))
    document = document or sample_plan()
    document = replace(document, hashes={**document.hashes, "models": digest})
    (folder / "plan.json").write_text(document.to_json(), encoding="utf-8")


def hand_over(fitted: Fitted) -> Path:
    """The handover of that plan."""
    out = fitted.folder.parent / "handover"
    assert main(["export", str(fitted.folder), "--out", str(out)]) == 0
    return out


def ask(handed: Path, name: str, leads: pd.DataFrame, table: str = "leads") -> pd.DataFrame:
    """The answer of one of the folder's SELECTs, as SQLite gives it."""
    with closing(sqlite3.connect(":memory:")) as bank:
        leads.to_sql(table, bank, index=False)
        return pd.read_sql_query((handed / name).read_text(encoding="utf-8"), bank)


def run_script(handed: Path, leads: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    """score.py in a Python that sees the standard library only."""
    words = [sys.executable, "-I", "-S", *flags, str(handed / "score.py"), str(leads)]
    return subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=False)
