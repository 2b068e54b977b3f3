"""Plain JSON values: what our types become in plan.json, and how they are read back. Undefined figures (NaN) are null."""

import math
import sys
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from acquire.domain import Estimate

T = TypeVar("T")
_KINDS: Mapping[str, type] = {"str": str, "bool": bool, "int": float, "float": float}


def plain(thing: Any) -> Any:
    """Give nested mappings, lists and numbers as JSON can hold them."""
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(value) for value in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        return None
    return thing.isoformat() if isinstance(thing, datetime) else thing


def number(value: float | None) -> float:
    """Read a figure; null is NaN."""
    return math.nan if value is None else value


def line(kind: type[T], raw: Mapping[str, Any]) -> T:
    """Read a flat object as `kind`; null is NaN."""
    made = kind(**{key: number(value) if value is None else value for key, value in raw.items()})
    check_kinds(made)
    return made


def check_kinds(made: Any) -> None:
    """Raise TypeError unless each text of a dataclass is a text, each flag a flag, and each number one that a float holds."""
    for field in fields(made):
        value, kind = getattr(made, field.name), str(getattr(field.type, "__name__", field.type))
        if kind in _KINDS and not _is_one(value, _KINDS[kind]):
            raise TypeError(f"{field.name} is of another kind")


def _is_one(value: object, kind: type) -> bool:
    if kind is not float:
        return isinstance(value, kind)
    return isinstance(value, int | float) and not isinstance(value, bool) and not abs(value) > sys.float_info.max


def lines(kind: type[T], raw: list[Mapping[str, Any]]) -> tuple[T, ...]:
    """Read a list of flat objects."""
    return tuple(line(kind, one) for one in raw)


def estimate(raw: Mapping[str, Any]) -> Estimate:
    """Read a figure with its intervals."""
    return line(Estimate, raw)
