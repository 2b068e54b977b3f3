"""Market folders written from public tables, for tests that need real outcomes in the contract's format."""

from pathlib import Path

import numpy as np
import pandas as pd

HILLSTROM_PLAN = """\
currency = "USD"
seed = 7
assume_consent = true

[data]
history = "history.csv"
leads = "leads.csv"
channels = "channels.csv"

[columns]
booked = "visit"
offer = "segment"
control = "No E-Mail"
exclude = ["conversion", "spend"]

[objective]
maximise = "incremental_accounts"

[limits]
budget = 400
max_contacts = 10_000

[holdout]
control_share = 0.05
"""

HILLSTROM_CHANNELS = """\
channel,partner,cost_per_contact,cost_per_booked
Phone,call centre,0.05,0
Web,web shop,0.05,0
Multichannel,web shop,0.05,0
"""


def write_hillstrom_market(folder: Path, hillstrom: Path) -> Path:
    """Write Hillstrom's randomised e-mail as a market of CSV files, under its owner's column names.

    Every second customer is taken. Half of these, drawn with a fixed seed, are history (what they were sent, whether they
    visited); the others are leads, without what happened. Women's and men's mail are two offers; there is no bad label and
    no revenue.

    Args:
        folder: Where to write history.csv, leads.csv, channels.csv and plan.toml; made if absent.
        hillstrom: The public table, a Parquet file.

    Returns:
        The path of plan.toml.
    """
    folder.mkdir(parents=True, exist_ok=True)
    customers = pd.read_parquet(hillstrom).iloc[::2].reset_index(drop=True)
    customers.insert(0, "lead_id", [f"{number:08d}" for number in range(1, len(customers) + 1)])
    is_history = np.random.default_rng(2008).permutation(len(customers)) < len(customers) // 2
    customers[is_history].to_csv(folder / "history.csv", index=False)
    known_before = customers.columns.drop(["segment", "visit", "conversion", "spend"])
    customers.loc[~is_history, known_before].to_csv(folder / "leads.csv", index=False)
    (folder / "channels.csv").write_text(HILLSTROM_CHANNELS, encoding="utf-8")
    (folder / "plan.toml").write_text(HILLSTROM_PLAN, encoding="utf-8")
    return folder / "plan.toml"
