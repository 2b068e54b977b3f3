"""Small arrivals and links, a row each, as tests of rings write them down."""

from datetime import date

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-01")


TODAY = date(2026, 3, 31)


def lead(
    name: str,
    day: int | None,
    *,
    person: str | None = None,
    channel: str = "web",
    bad: float = np.nan,
    known: int | None = None,
    refused: float = np.nan,
) -> dict[str, object]:
    """A lead that arrives on a day counted from the start; its label is known on day `known`."""
    return {
        "lead_id": name,
        "person_id": person,
        "channel": channel,
        "arrived_on": pd.NaT if day is None else START + pd.Timedelta(days=day),
        "bad": bad,
        "bad_known_on": pd.NaT if known is None else START + pd.Timedelta(days=known),
        "refused": refused,
    }


def arrivals(*leads: dict[str, object]) -> pd.DataFrame:
    kinds = {"lead_id": "str", "person_id": "str", "channel": "str", "bad": float, "refused": float}
    days = {"arrived_on": "datetime64[us]", "bad_known_on": "datetime64[us]"}
    return pd.DataFrame(list(leads)).astype(kinds | days)


def links(*rows: tuple[str, str, str] | tuple[str, str, str, str]) -> pd.DataFrame:
    full = [(*row, "") if len(row) == 3 else row for row in rows]
    return pd.DataFrame(full, columns=["lead_id", "kind", "key", "role"]).astype("str")


def on_one(kind: str, key: str, names: str) -> list[tuple[str, str, str]]:
    return [(name, kind, key) for name in names]
