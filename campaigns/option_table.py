"""options.parquet: everything the plan could have chosen, kept beside the plan so that other limits can be tried in seconds.

One row per option (a lead and an offer) with the figures that the solver saw, corrected as the plan's are, and what the plan
chose. Limits, channels, prices and names are in the file's metadata as JSON. No pickle, no score of a lead without consent.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from acquire.allocate.options import Options
from acquire.allocate.posed import Question
from acquire.allocate.prices import Prices
from acquire.allocate.tangents import Tangent, Tangents
from acquire.domain import Channel, Limits, Objective
from acquire.errors import UNREADABLE, BadInput

if TYPE_CHECKING:
    from campaigns.choice import Choice, Market

OPTIONS = "options.parquet"
_VERSION = 1
_METADATA = b"acquire"
_NAMES = ("offer_names", "channel_names", "partner_names", "region_names", "affiliate_names")
_GROUP = "group_"
# What the solver adds up in every plan; others may be unknown, as bad where history has no bad label.
_KNOWN = ("gain", "spend", "booked", "incremental")
_CODES = ("offer", "channel", "partner", "region", "affiliate")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadStamp:
    """By what the leads of a plan are known again: how many, and SHA-256 (hex) of their lead_id in the order of the file."""

    leads: int
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionTable:
    """What the plan was chosen from, and what it chose.

    Attributes:
        options: n options.
        row: Row of decisions.parquet that each is about, shape (n,).
        contacts: Of each, in the plan, shape (n,).
        forced: Positions that are part of the plan in any case (the random reserve).
        limits, channels, objective, seed: As the plan was solved.
        prices: What each limit cost at the margin.
        stamp: Of the rows of decisions.parquet; None in a plan of an earlier version.
    """

    options: Options
    row: Ints
    contacts: Floats
    forced: Ints
    limits: Limits
    channels: tuple[Channel, ...]
    objective: Objective
    seed: int
    prices: Prices
    stamp: LeadStamp | None = None

    @property
    def question(self) -> Question:
        """What the plan was asked."""
        return Question(
            options=self.options,
            limits=self.limits,
            channels=self.channels,
            objective=self.objective,
            forced=self.forced,
            seed=self.seed,
        )


def stamp_of(lead_ids: "pd.Series[str]") -> LeadStamp:
    """Give the stamp of leads in this order."""
    order = hashlib.sha256(json.dumps(lead_ids.astype("str").tolist()).encode()).hexdigest()
    return LeadStamp(leads=len(lead_ids), order=order)


def option_table(market: "Market", choice: "Choice", decisions: pd.DataFrame) -> OptionTable:
    """Gather what `write_option_table` keeps; `decisions` has one row per accepted lead."""
    row = pd.Index(decisions["lead_id"]).get_indexer(pd.Index(market.leads["lead_id"]))
    contacts = np.zeros(len(choice.options))
    contacts[choice.allocation.chosen] = choice.allocation.contacts
    return OptionTable(
        options=choice.options,
        row=row[choice.options.lead].astype(np.int64),
        contacts=contacts,
        forced=np.flatnonzero(np.isin(choice.options.lead, choice.chances.reserve) & (contacts > 0)),
        limits=market.limits,
        channels=market.channels,
        objective=market.objective,
        seed=market.seed,
        prices=choice.allocation.prices,
        stamp=stamp_of(decisions["lead_id"]),
    )


def write_option_table(file: Path, table: OptionTable) -> None:
    """Write the table into one Parquet file."""
    forced = np.zeros(len(table.options), dtype=np.bool_)
    forced[table.forced] = True
    columns = {**_columns(table.options), "row": table.row, "contacts": table.contacts, "forced": forced}
    terms = {
        "version": _VERSION,
        "names": {name: list(getattr(table.options, name)) for name in _NAMES},
        "limits": TypeAdapter(Limits).dump_python(table.limits, mode="json"),
        "channels": TypeAdapter(tuple[Channel, ...]).dump_python(table.channels, mode="json"),
        "objective": TypeAdapter(Objective).dump_python(table.objective, mode="json"),
        "seed": table.seed,
        "prices": _prices_content(table.prices),
        "leads": None if table.stamp is None else asdict(table.stamp),
    }
    content = pa.table(columns).replace_schema_metadata({_METADATA: json.dumps(terms).encode()})
    pq.write_table(content, file, compression="zstd")


def read_option_table(folder: Path) -> OptionTable:
    """Read the table of a plan.

    Args:
        folder: What `acquire plan` wrote.

    Raises:
        BadInput: The folder holds no such table, or not one that this version wrote.
    """
    file = folder / OPTIONS
    if not file.is_file():
        raise BadInput(f"{folder.name} holds no {OPTIONS}; give a folder that acquire plan of this version wrote")
    try:
        content = pq.read_table(file)
        return _read(content, json.loads(content.schema.metadata[_METADATA]))
    except (*UNREADABLE, pa.ArrowException, ValidationError):
        raise BadInput(f"{folder.name}/{OPTIONS} is not what this version writes; plan again") from None


def _columns(options: Options) -> dict[str, NDArray[Any]]:
    """Each array as columns: loadings in single precision, one per model error; what is all zeros is left out."""
    columns: dict[str, NDArray[Any]] = {}
    for field in fields(options):
        array = getattr(options, field.name)
        if isinstance(array, np.ndarray) and array.ndim == 1:
            columns[field.name] = array
        elif isinstance(array, np.ndarray) and (field.name == "bad_loadings" or array.any()):
            columns |= {f"{field.name}_{i}": array[:, i].astype(np.float32) for i in range(array.shape[1])}
    return columns | {f"{_GROUP}{name}": flags for name, flags in options.groups.items()}


def _read(content: pa.Table, terms: Mapping[str, Any]) -> OptionTable:
    if terms["version"] != _VERSION:
        raise ValueError("another version")
    columns = {name: content[name].to_numpy() for name in content.column_names}
    limits = TypeAdapter(Limits).validate_python(terms["limits"])
    channels = TypeAdapter(tuple[Channel, ...]).validate_python(terms["channels"])
    stamp = None if terms.get("leads") is None else LeadStamp(**terms["leads"])
    _check(columns, terms["names"], math.inf if stamp is None else stamp.leads)
    return OptionTable(
        options=_options(columns, terms["names"]),
        row=columns["row"],
        contacts=columns["contacts"],
        forced=np.flatnonzero(columns["forced"]),
        limits=limits,
        channels=channels,
        objective=TypeAdapter(Objective).validate_python(terms["objective"]),
        seed=int(terms["seed"]),
        prices=_prices(terms["prices"], limits, channels),
        stamp=stamp,
    )


def _check(columns: Mapping[str, NDArray[Any]], names: Mapping[str, Any], leads: float) -> None:
    """Raise ValueError unless rows, people and codes are whole numbers of what there is, and what is added up is known."""
    for name in ("row", "lead", "person"):
        _check_range(columns[name], 0, leads)
    for name in _CODES:
        _check_range(columns[name], -1, len(names[f"{name}_names"]))
    for name in (*_KNOWN, "contacts"):
        if columns[name].dtype.kind != "f" or not np.isfinite(columns[name]).all():
            raise ValueError(f"{name} is not known everywhere")
    pairs = columns["row"] * (len(names["offer_names"]) + 1) + columns["offer"]
    if len(np.unique(pairs)) < len(pairs):
        raise ValueError("a lead and an offer more than once")
    if (columns["contacts"] < 0).any() or columns["forced"].dtype.kind != "b":
        raise ValueError("contacts that cannot be")


def _check_range(numbers: NDArray[Any], least: int, end: float) -> None:
    if numbers.dtype.kind != "i" or (len(numbers) and not least <= numbers.min() <= numbers.max() < end):
        raise ValueError("a number of nothing")


def _options(columns: Mapping[str, NDArray[Any]], names: Mapping[str, Any]) -> Options:
    plain: dict[str, Any] = {field.name: columns[field.name] for field in fields(Options) if field.name in columns}
    listed: dict[str, Any] = {name: tuple(names[name]) for name in _NAMES}
    bad = _loadings(columns, "bad_loadings")
    booked = _loadings(columns, "booked_loadings")
    return Options(
        **plain,
        bad_loadings=bad,
        booked_loadings=booked if booked.shape == bad.shape else np.zeros_like(bad),
        groups={name.removeprefix(_GROUP): flags for name, flags in columns.items() if name.startswith(_GROUP)},
        **listed,
    )


def _loadings(columns: Mapping[str, NDArray[Any]], name: str) -> Floats:
    found = sorted((column for column in columns if column.startswith(f"{name}_")), key=lambda c: int(c.split("_")[-1]))
    n = len(columns["lead"])
    return np.column_stack([columns[column] for column in found]).astype(np.float64) if found else np.zeros((n, 0))


def _prices_content(prices: Prices) -> dict[str, Any]:
    tangents = prices.tangents
    return {
        "of_row": prices.of_row,
        "found": [{"row": one.row, "a": one.a.tolist(), "b": one.b} for one in tangents.found],
        "coin_levels": tangents.coin_levels,
        "closed": sorted(tangents.closed),
    }


def _prices(raw: Mapping[str, Any], limits: Limits, channels: tuple[Channel, ...]) -> Prices:
    tangents = Tangents(
        coin_levels=dict(raw["coin_levels"]),
        found=[Tangent(row=one["row"], a=np.array(one["a"]), b=float(one["b"])) for one in raw["found"]],
        closed=set(raw["closed"]),
    )
    return Prices(of_row=dict(raw["of_row"]), tangents=tangents, limits=limits, channels=channels)
