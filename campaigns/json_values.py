"""Plain JSON values: what our types become in plan.json, and how they are read back. Undefined figures (NaN) are null."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from acquire.domain import Estimate

T = TypeVar("T")


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
    return kind(**{key: number(value) if value is None else value for key, value in raw.items()})


def lines(kind: type[T], raw: list[Mapping[str, Any]]) -> tuple[T, ...]:
    """Read a list of flat objects."""
    return tuple(line(kind, one) for one in raw)


def estimate(raw: Mapping[str, Any]) -> Estimate:
    """Read a figure with its intervals."""
    return line(Estimate, raw)
