"""Every limit of a plan, as a list."""

from collections.abc import Iterator

from acquire.allocate import limits as rules
from acquire.allocate.changes import limit_changes
from acquire.allocate.options import Options
from acquire.allocate.parts import Part, check_limits, list_parts
from acquire.allocate.rows import Row
from acquire.allocate.shares import limit_shares
from acquire.domain import Channel, Limits, PartLimits
from acquire.errors import BadInput


def list_limits(options: Options, limits: Limits, channels: tuple[Channel, ...]) -> Iterator[Row]:
    """Every limit that is set, as named rows: those of the whole plan, of its parts, of what runs today.

    Raises:
        BadInput: A limit needs a figure that the options lack, names what does not exist, or has the name of another.
    """
    names: set[str] = set()
    for row in _rows(options, limits, channels):
        if row.name in names:
            raise BadInput(
                f"two limits would both be called {row.name}; rename the channel, partner, affiliate group or region"
            )
        names.add(row.name)
        yield row


def _rows(options: Options, limits: Limits, channels: tuple[Channel, ...]) -> Iterator[Row]:
    check_limits(limits, channels)
    (everybody, own), *parts = list_parts(options, limits, channels)
    if limits.budget is not None:
        yield rules.limit_budget(everybody, limits.budget)
    yield from _of_part(everybody, own, limits)
    for part, own_of_part in parts:
        yield from _of_part(part, own_of_part, limits)
    yield from limit_changes(options, limits, channels)


def _of_part(part: Part, own: PartLimits, limits: Limits) -> Iterator[Row]:
    """Every limit that the part has. A floor of 0 is none."""
    for key, rule in rules.AMOUNTS.items():
        if _is_set(key, own):
            yield rule(part, getattr(own, key))
    if own.max_bad_rate is not None:
        yield rules.limit_bad_rate(part, limits, own.max_bad_rate)
    for key, rule in rules.RATIOS.items():
        if _is_set(key, own):
            yield rule(part, getattr(own, key))
    yield from limit_shares(part, own)


def _is_set(key: str, own: PartLimits) -> bool:
    allowed = getattr(own, key)
    return allowed is not None and not (key.startswith("min_") and allowed == 0)
