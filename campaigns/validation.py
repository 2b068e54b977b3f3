"""What a plan leaves behind in models/ for the validation report: what the risk model learnt from, and how the leads differ."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from acquire.domain import Feature, FeatureKind, RiskTerms
from acquire.errors import UNREADABLE, BadInput
from acquire.modelfile import ModelFolder
from acquire.prefilter.validation import stability
from campaigns.json_values import plain

if TYPE_CHECKING:
    from acquire.ingest.tables import Tables
    from acquire.prefilter.risk_model import FittedRows, RiskModel
    from acquire.prefilter.scorecard import Scorecard
    from campaigns.scoring import Models

VALIDATION = "validation.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelBookings:
    """Bookings of one channel; `bad_rate` is that of the matured."""

    channel: str
    bookings: int
    matured: int
    bad: int

    @property
    def bad_rate(self) -> float:
        """Fraction; NaN where nothing has matured."""
        return self.bad / self.matured if self.matured else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table to print as it is."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, frame: pd.DataFrame | None) -> "Table":
        """The frame's columns and rows; NaN is None."""
        if frame is None:
            return cls(columns=(), rows=())
        plain = json.loads(frame.to_json(orient="split", double_precision=15, index=False))
        return cls(columns=tuple(plain["columns"]), rows=tuple(tuple(row) for row in plain["data"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationFacts:
    """What the model card and the validation report say beyond plan.json.

    Attributes:
        history_rows, bookings, matured, bad, leads: Rows; `matured` have a final label, `bad` of them went bad.
        partly: Bookings that count in part because their label is not final.
        first_on, last_on: First and last day of contact in history, ISO 8601; None without dates.
        features: What the fit could choose from.
        terms: What the lender declared.
        channels: Bookings per channel.
        stability: Population stability index of the points and of each variable.
        unseen: Leads per variable whose category history never held.
        early_to_late, distance, trends: Tables of the risk model.
    """

    history_rows: int
    bookings: int
    matured: int
    bad: int
    partly: int
    leads: int
    first_on: str | None
    last_on: str | None
    features: tuple[Feature, ...]
    terms: RiskTerms
    channels: tuple[ChannelBookings, ...]
    stability: Table
    unseen: Mapping[str, int]
    early_to_late: Table
    distance: Table
    trends: Table

    def to_json(self) -> str:
        """As JSON text; undefined figures are null."""
        return json.dumps(plain(asdict(self)), ensure_ascii=False, allow_nan=False)


def validation_parts(tables: "Tables", models: "Models", terms: RiskTerms) -> dict[str, bytes]:
    """Give the part to write beside the models, name -> bytes; nothing where there is no risk model with a scorecard."""
    risk = models.risk
    if risk is None or risk.scorecard is None or risk.fitted is None:
        return {}
    facts = gather_facts(tables, risk, risk.scorecard, risk.fitted, terms)
    return {VALIDATION: facts.to_json().encode()}


def gather_facts(
    tables: "Tables", risk: "RiskModel", card: "Scorecard", fitted: "FittedRows", terms: RiskTerms
) -> ValidationFacts:
    """Gather the facts from what the model was fitted on; `card` and `fitted` are the model's own."""
    booked = tables.history[(tables.history["booked"] == 1).to_numpy(dtype=bool)]
    y, weight = fitted.y, fitted.weight
    matured = (weight == 1) & np.isin(y, (0.0, 1.0))
    days = booked["contacted_on"].dropna() if "contacted_on" in booked else pd.Series(dtype="datetime64[us]")
    return ValidationFacts(
        history_rows=len(tables.history),
        bookings=len(booked),
        matured=int(matured.sum()),
        bad=int(y[matured].sum()),
        partly=int(((weight > 0) & ~matured).sum()),
        leads=len(tables.leads),
        first_on=days.min().date().isoformat() if len(days) else None,
        last_on=days.max().date().isoformat() if len(days) else None,
        features=tables.features,
        terms=terms,
        channels=_channels(booked, y, matured),
        stability=Table.of(stability(card, booked[weight > 0], tables.leads)),
        unseen=card.unseen(tables.leads),
        early_to_late=Table.of(fitted.early_to_late),
        distance=Table.of(fitted.distance),
        trends=Table.of(risk.drift.table()),
    )


def read_validation(folder: ModelFolder, name: str) -> ValidationFacts:
    """Read what `validation_parts` gave, from a folder that passed its checks; `name` is for messages.

    Raises:
        BadInput: The folder is of an earlier version, or its facts are not what this version writes.
    """
    if VALIDATION not in folder.parts:
        raise BadInput(f"{name} holds no facts for a validation report (an earlier version made it); plan again")
    try:
        return _facts(json.loads(folder.parts[VALIDATION]))
    except UNREADABLE as error:
        raise BadInput(f"{name} holds facts that this version cannot read ({error}); plan again") from None


def _channels(booked: pd.DataFrame, y: Any, matured: Any) -> tuple[ChannelBookings, ...]:
    counted = pd.DataFrame(
        {"channel": booked["channel"].to_numpy(), "matured": matured, "bad": matured & (np.nan_to_num(y) == 1)}
    )
    table = counted.groupby("channel").agg(bookings=("bad", "size"), matured=("matured", "sum"), bad=("bad", "sum"))
    columns = (table.index.tolist(), *(table[name].astype(int).tolist() for name in ("bookings", "matured", "bad")))
    return tuple(
        ChannelBookings(channel=str(channel), bookings=bookings, matured=matured, bad=bad)
        for channel, bookings, matured, bad in zip(*columns, strict=True)
    )


def _facts(raw: Mapping[str, Any]) -> ValidationFacts:
    kinds: dict[str, FeatureKind] = {f["name"]: f["kind"] for f in raw["features"]}
    codes = {name: tuple(listed) for name, listed in raw["terms"]["special_codes"].items()}
    return ValidationFacts(
        **{
            **raw,
            "features": tuple(Feature(name=name, kind=kind) for name, kind in kinds.items()),
            "terms": RiskTerms(**{**raw["terms"], "special_codes": codes}),
            "channels": tuple(ChannelBookings(**channel) for channel in raw["channels"]),
            **{name: _table(raw[name]) for name in ("stability", "early_to_late", "distance", "trends")},
        }
    )


def _table(raw: Mapping[str, Any]) -> Table:
    return Table(columns=tuple(raw["columns"]), rows=tuple(tuple(row) for row in raw["rows"]))
