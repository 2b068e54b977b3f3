"""A market of a few rows that a test can spoil in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from acquire.ingest.tables import Columns, Sources, Tables, read_tables

TODAY = date(2026, 6, 1)


@dataclass
class SmallMarket:
    """Forty past contacts and twenty leads in two channels; frames are changed in place, then read."""

    folder: Path
    history: pd.DataFrame
    leads: pd.DataFrame
    channels: pd.DataFrame
    offers: pd.DataFrame | None = None
    ending: str = "csv"
    assume_consent: bool = False
    files: dict[str, Path] = field(default_factory=dict)

    def write(self) -> Sources:
        """Write the frames; a table named in `files` is read from there instead."""
        frames = {"history": self.history, "leads": self.leads, "channels": self.channels, "offers": self.offers}
        paths = {table: self._write(table, frame) for table, frame in frames.items() if frame is not None}
        return Sources(**{**paths, **self.files})

    def read(
        self,
        *,
        rename: Mapping[str, str] | None = None,
        control: str = "control",
        exclude: tuple[str, ...] = (),
        protected: tuple[str, ...] = (),
        dose: str | None = None,
    ) -> Tables:
        """Read the market as a plan with these [columns] would."""
        columns = Columns(
            rename=rename or {},
            control=control,
            exclude=frozenset(exclude),
            protected=frozenset(protected),
            dose=dose,
        )
        return read_tables(self.write(), columns, assume_consent=self.assume_consent, today=TODAY)

    def _write(self, table: str, frame: pd.DataFrame) -> Path:
        path = self.folder / f"{table}.{self.ending}"
        if self.ending == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path, index=False)
        return path


@pytest.fixture
def market(tmp_path: Path) -> SmallMarket:
    """A sound market: nothing is quarantined."""
    n, m = 40, 20
    history = pd.DataFrame(
        {
            "lead_id": [f"{i:05d}" for i in range(n)],
            "channel": ["web", "phone"] * (n // 2),
            "offer": ["control", "control", "coupon", "coupon"] * (n // 4),
            "booked": [1, 0, 0, 1, 0] * (n // 5),
            "income": [float(1000 + i) for i in range(n)],
            "job": ["clerk", "driver"] * (n // 2),
        }
    )
    leads = pd.DataFrame(
        {
            "lead_id": [f"{100 + i:05d}" for i in range(m)],
            "channel": ["web", "phone"] * (m // 2),
            "consent": [True, True, True, False] * (m // 4),
            "income": [float(1500 + i) for i in range(m)],
            "job": ["driver", "clerk"] * (m // 2),
        }
    )
    channels = pd.DataFrame(
        {
            "channel": ["web", "phone"],
            "partner": ["acme", "bell"],
            "cost_per_contact": [0.5, 1.0],
            "cost_per_booked": [0.0, 10.0],
        }
    )
    return SmallMarket(folder=tmp_path, history=history, leads=leads, channels=channels)
