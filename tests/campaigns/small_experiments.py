"""Small folders of finished plans with their holdouts, and what became of their leads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from campaigns.plan_document import AllocationLine
from tests.campaigns.plan_documents import sample_plan

CHANNELS = {"feed": (600, 100), "mail": (400, 60)}


def line(channel: str, contacts: int) -> AllocationLine:
    return AllocationLine(
        channel=channel,
        partner="Acme",
        offer="coupon",
        contacts=contacts,
        spend=2.0 * contacts,
        booked=0.2 * contacts,
        incremental=0.1 * contacts,
        bad_rate=0.1,
        cac=10.0,
        incremental_cac=20.0,
        value=1.0,
    )


def write_plan(folder: Path, first: int = 0, channels: dict[str, tuple[int, int]] | None = None) -> pd.DataFrame:
    """Write the folder of a plan; give its decisions."""
    folder.mkdir()
    sizes = CHANNELS if channels is None else channels
    document = replace(sample_plan(), allocation=tuple(line(name, n) for name, (n, _) in sizes.items()))
    (folder / "plan.json").write_text(document.to_json(), encoding="utf-8")
    parts = [pd.DataFrame({"channel": [], "decision": []}, dtype="str")]
    parts += [
        pd.DataFrame({"channel": name, "decision": ["contact"] * n + ["control"] * n_controls + ["hold"] * 5})
        for name, (n, n_controls) in sizes.items()
    ]
    decisions = pd.concat(parts, ignore_index=True)
    numbers = np.arange(len(decisions))
    decisions["lead_id"] = [f"L{first + i:05}" for i in numbers]
    decisions["reason"] = "CHOSEN"
    decisions["offer"] = pd.Series("coupon", index=decisions.index).where(decisions["decision"] == "contact")
    decisions["p_booked_control"] = 0.05 + 0.1 * (numbers % 3 == 0)
    decisions["spend_coupon"] = 2.0
    decisions.to_parquet(folder / "decisions.parquet", index=False)
    return decisions


def what_became(decisions: pd.DataFrame) -> pd.DataFrame:
    """Every fifth contact books, and every tenth control."""
    rows = decisions[decisions["decision"] != "hold"].reset_index(drop=True)
    place = rows.groupby(["channel", "decision"]).cumcount()
    booked = np.where(rows["decision"] == "contact", place % 5 == 0, place % 10 == 0)
    return pd.DataFrame({"lead_id": rows["lead_id"], "booked": booked.astype(int)})
