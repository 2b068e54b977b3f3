"""The channels, offers and price_tiers tables: few rows, written by hand, and priced. Anything wrong in them stops the plan."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Channel, Offer, PriceTier
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve, read_numbers, read_texts
from acquire.ingest.sources import RawTable, nearest

# What history must hold before an event can be priced.
PRICED_EVENTS: Mapping[str, str] = {
    "cost_per_click": "clicked",
    "cost_per_applied": "applied",
    "cost_per_approved": "approved",
    "calls_per_applied": "applied",
}
_NAMES = frozenset({"channel", "partner", "affiliate_group", "offer"})
_OF_OTHER_TABLES = frozenset({"attributes", "price_tiers", "saturation"})
_ATTRIBUTES = ("price", "limit")
_LIST_MARKS = re.compile(r"[,;|]")


def read_channels(raw: RawTable) -> tuple[Channel, ...]:
    """Read the channels table, in the order of the file.

    Raises:
        BadInput: A column is missing or unknown, a channel is there twice, a name is empty, a figure is no number, is
            negative or out of range, or there are no rows.
    """
    _check_columns(raw, Channel, required=("channel", "partner", "cost_per_contact", "cost_per_booked"))
    if raw.frame.empty:
        raise BadInput(f"{raw.file} has no rows; list every channel and its partner")
    cells = {column: _cells(raw, column, Channel) for column in raw.frame.columns}
    for column in ("channel", "partner"):
        _check_filled(raw, column, cells[column])
    _check_once(raw, "channel", cells["channel"])
    return tuple(Channel(**row) for row in _rows(cells))


def with_price_tiers(raw: RawTable, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Read the price_tiers table and give each channel its tiers, in rising order whatever the order of the file.

    Args:
        raw: One row per step: `channel`, `from_contacts`, `cost_per_contact` (of the contacts beyond so many).
        channels: The channels of the plan.

    Raises:
        BadInput: A column is missing, unknown or has an empty cell, a channel is not listed, a figure is no number, negative or
            not whole, two tiers of a channel begin alike, or a price falls.
    """
    required = ("channel", "from_contacts", "cost_per_contact")
    _check_columns(raw, PriceTier, required=required, numbers=("channel",))
    names = _cells(raw, "channel", Channel)
    _check_filled(raw, "channel", names)
    known = [channel.channel for channel in channels]
    for name in names:
        if name not in known:
            raise BadInput(f"{raw.file} names {name}, which the channels table lacks{nearest(name, known)}")
    starts, prices = (_filled_numbers(raw, column) for column in required[1:])
    tiers = [
        PriceTier(from_contacts=start, cost_per_contact=price) for start, price in zip(starts, prices, strict=True)
    ]
    try:
        return tuple(replace(channel, price_tiers=_tiers_of(channel, names, tiers)) for channel in channels)
    except BadInput as error:
        raise BadInput(f"{raw.file}: {error}") from None


def _tiers_of(channel: Channel, names: Sequence[str], tiers: Sequence[PriceTier]) -> tuple[PriceTier, ...]:
    mine = [tier for name, tier in zip(names, tiers, strict=True) if name == channel.channel]
    return tuple(sorted(mine, key=lambda tier: tier.from_contacts))


def _filled_numbers(raw: RawTable, column: str) -> list[float]:
    numbers = _numbers(raw, column)
    if np.isnan(numbers).any():
        raise BadInput(f"{raw.file}: {column} is empty in row {int(np.isnan(numbers).argmax()) + 1}; give a number")
    return [float(number) for number in numbers]


def read_offers(
    raw: RawTable, channels: tuple[Channel, ...], control: str, dose: str | None = None
) -> tuple[Offer, ...]:
    """Read the offers table without its control row, which is allowed and must be free.

    Args:
        raw: The offers table. `channels` holds names separated by commas, semicolons or bars; empty means everywhere.
        channels: The channels of the plan.
        control: The value of `offer` that means control.
        dose: A column of numbers in which offers differ, besides `price` and `limit`.

    Raises:
        BadInput: As for channels; also a channel that the channels table lacks, a control that costs, or no offer but
            control.
    """
    _check_dose(raw, dose)
    numbers = tuple(dict.fromkeys((*_ATTRIBUTES, *([dose] if dose else ()))))
    _check_columns(raw, Offer, required=("offer",), numbers=numbers)
    priced = [f.name for f in fields(Offer) if f.name in raw.frame and f.name not in {"channels", "attributes"}]
    cells = {column: _cells(raw, column, Offer) for column in priced}
    cells["attributes"] = _attributes(raw, [name for name in numbers if name in raw.frame])
    _check_filled(raw, "offer", cells["offer"])
    cells["offer"] = [CONTROL if name == control else name for name in cells["offer"]]
    _check_once(raw, "offer", cells["offer"])
    if "channels" in raw.frame:
        cells["channels"] = [_channel_list(raw, cell, channels) for cell in raw.frame["channels"]]
    listed = tuple(Offer(**row) for row in _rows(cells))
    _check_control(raw, listed)
    offers = tuple(offer for offer in listed if offer.offer != CONTROL)
    if not offers:
        raise BadInput(f"{raw.file} lists no offer besides control; list what a contacted lead may be shown")
    return offers


def check_priced(channels: tuple[Channel, ...], offers: tuple[Offer, ...], history: Sieve, leads: Sieve) -> None:
    """Raise BadInput when something is priced that the tables do not tell: its chance cannot be learnt."""
    for channel in channels:
        for price, event in PRICED_EVENTS.items():
            if getattr(channel, price) > 0 and not _tells(history, event):
                raise BadInput(
                    f"{price} of channel {channel.channel} is {getattr(channel, price):g}, but {history.raw.file} has "
                    f"no {event} column to learn its chance from; add the column or clear the price"
                )
    by_amount = [f"channel {c.channel}" for c in channels if c.cost_rate_of_amount > 0]
    by_amount += [f"offer {o.offer}" for o in offers if o.cost_rate_of_amount > 0]
    if by_amount and not _tells(leads, "amount"):
        raise BadInput(
            f"cost_rate_of_amount of {by_amount[0]} is priced, but {leads.raw.file} has no amount column; add it, or "
            "name it in [columns]"
        )


def _tells(sieve: Sieve, column: str) -> bool:
    return column in sieve and not bool(np.isnan(sieve.clean[column]).all())


def _check_dose(raw: RawTable, dose: str | None) -> None:
    if dose in {"offer", "channels"}:
        raise BadInput(f"[uplift] dose names {dose}, which holds names; name a column of numbers")
    if dose and dose not in raw.frame:
        raise BadInput(f"[uplift] dose names {dose}, which {raw.file} lacks{nearest(dose, list(raw.frame.columns))}")


def _attributes(raw: RawTable, names: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    """The numbers in which offers differ, row by row; an empty cell gives none."""
    columns = [_numbers(raw, name) for name in names]
    return [
        tuple(
            (name, float(column[row])) for name, column in zip(names, columns, strict=True) if not np.isnan(column[row])
        )
        for row in range(len(raw.frame))
    ]


def _check_columns(
    raw: RawTable,
    kind: type[Channel] | type[Offer] | type[PriceTier],
    *,
    required: tuple[str, ...],
    numbers: Sequence[str] = (),
) -> None:
    known = [*(f.name for f in fields(kind) if f.name not in _OF_OTHER_TABLES), *numbers]
    for column in raw.frame.columns:
        if column not in known:
            raise BadInput(f"{raw.file} has the unknown column {column}{nearest(column, known)}")
    for column in required:
        if column not in raw.frame.columns:
            raise BadInput(f"{raw.file} has no column {column}")


def _cells(raw: RawTable, column: str, kind: type[Channel] | type[Offer]) -> list[Any]:
    """One column of typed cells; an empty cell is the field's default: 0 for a cost, none for a limit."""
    values = raw.frame[column]
    if column in _NAMES:
        return [None if pd.isna(cell) else str(cell).strip() or None for cell in read_texts(values)]
    numbers = _numbers(raw, column)
    default = next(f.default for f in fields(kind) if f.name == column)
    empty = None if default is MISSING else default
    return [empty if np.isnan(number) else float(number) for number in numbers]


def _numbers(raw: RawTable, column: str) -> NDArray[np.float64]:
    values = raw.frame[column]
    numbers, is_text = read_numbers(values)
    if is_text.any():
        row = int(np.flatnonzero(is_text)[0])
        raise BadInput(f"{raw.file}: {column} is {values.iloc[row]!r} in row {row + 1}; give a number")
    return numbers


def _rows(cells: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]


def _check_filled(raw: RawTable, column: str, names: list[Any]) -> None:
    if None in names:
        raise BadInput(f"{raw.file}: {column} is empty in row {names.index(None) + 1}; give a name")


def _check_once(raw: RawTable, column: str, names: list[Any]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"{raw.file} lists {column} {twice} more than once; keep one row")


def _channel_list(raw: RawTable, cell: Any, channels: tuple[Channel, ...]) -> frozenset[str]:
    if isinstance(cell, str):
        names = [name.strip() for name in _LIST_MARKS.split(cell)]
    else:
        names = [] if cell is None or (isinstance(cell, float) and np.isnan(cell)) else [str(name) for name in cell]
    known = [channel.channel for channel in channels]
    for name in names:
        if name and name not in known:
            raise BadInput(f"{raw.file}: channels names {name}, which the channels table lacks{nearest(name, known)}")
    return frozenset(name for name in names if name)


def _check_control(raw: RawTable, listed: tuple[Offer, ...]) -> None:
    for offer in listed:
        if offer.offer == CONTROL and (offer.cost_per_booked or offer.cost_rate_of_amount):
            raise BadInput(f"{raw.file}: control has a cost, but what happens without the campaign is free; clear it")
