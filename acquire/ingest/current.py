"""The table of what runs today: contacts per channel and offer, written by hand or taken from the last allocation.csv."""

from typing import Any

import numpy as np
import pandas as pd

from acquire.current_plan import CurrentContacts, CurrentPlan
from acquire.domain import CONTROL, Channel, Offer
from acquire.errors import BadInput
from acquire.ingest.checks import read_numbers, read_texts
from acquire.ingest.sources import RawTable, nearest

CURRENT_COLUMNS = ("channel", "offer", "contacts")
# What allocation.csv says besides, so that the last plan's can be given as it is.
_OF_AN_ALLOCATION = frozenset(
    {"partner", "spend", "booked", "incremental", "bad_rate", "cac", "incremental_cac", "value"}
)


def read_current_plan(
    raw: RawTable, channels: tuple[Channel, ...], offers: tuple[Offer, ...], control: str
) -> tuple[CurrentPlan, list[str]]:
    """Read the plan in force, and notes. Rows of control, who are not contacted, are left out.

    Args:
        raw: `channel`, `offer`, `contacts`; the other columns of an allocation.csv are allowed and not read.
        channels: The channels of the plan.
        offers: Its offers, without control.
        control: The value of `offer` that means control.

    Raises:
        BadInput: A column is missing, a name is empty or not one of the plan's, a pair is there twice, or contacts is not a
            whole number of at least 0.
    """
    for column in CURRENT_COLUMNS:
        if column not in raw.frame:
            raise BadInput(f"{raw.file} has no column {column}{nearest(column, raw.frame.columns)}")
    names = {column: _names(raw, column) for column in ("channel", "offer")}
    lines = [
        CurrentContacts(channel=channel, offer=offer, contacts=contacts)
        for channel, offer, contacts in zip(names["channel"], names["offer"], _contacts(raw), strict=True)
        if offer not in {control, CONTROL}
    ]
    _check_known(raw, "channel", [line.channel for line in lines], [channel.channel for channel in channels])
    _check_known(raw, "offer", [line.offer for line in lines], [offer.offer for offer in offers])
    _check_once(raw, lines)
    return CurrentPlan(lines=tuple(lines)), _unused_columns(raw)


def _names(raw: RawTable, column: str) -> list[str]:
    texts = read_texts(raw.frame[column]).str.strip()
    empty = (texts.isna() | (texts == "")).to_numpy(dtype=np.bool_)
    if empty.any():
        raise BadInput(f"{raw.file}: {column} is empty in row {int(empty.argmax()) + 1}; give a name")
    return list(texts)


def _contacts(raw: RawTable) -> list[int]:
    values: pd.Series[Any] = raw.frame["contacts"]
    numbers, is_text = read_numbers(values)
    with np.errstate(invalid="ignore"):
        wrong = is_text | ~np.isfinite(numbers) | (numbers < 0) | (numbers != np.round(numbers))
    if wrong.any():
        row = int(wrong.argmax())
        written = "empty" if pd.isna(values.iloc[row]) else repr(str(values.iloc[row]))
        raise BadInput(f"{raw.file}: contacts is {written} in row {row + 1}; give a whole number of at least 0")
    return [int(number) for number in numbers]


def _check_known(raw: RawTable, column: str, names: list[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise BadInput(
                f"{raw.file}: {column} {name} runs today, but is none of the plan's{nearest(name, known)}; list it there, "
                "or take the row out"
            )


def _check_once(raw: RawTable, lines: list[CurrentContacts]) -> None:
    pairs = [(line.channel, line.offer) for line in lines]
    twice = next((pair for pair in pairs if pairs.count(pair) > 1), None)
    if twice is not None:
        raise BadInput(f"{raw.file} lists offer {twice[1]} in channel {twice[0]} more than once; keep one row")


def _unused_columns(raw: RawTable) -> list[str]:
    return [
        f"{raw.file}: column {column} is not used{nearest(column, list(CURRENT_COLUMNS))}"
        for column in raw.frame.columns
        if column not in CURRENT_COLUMNS and column not in _OF_AN_ALLOCATION
    ]
