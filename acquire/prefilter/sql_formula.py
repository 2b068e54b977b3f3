"""The formulas of the risk model as SQL expressions over columns that an earlier stage has made.

Those columns are doubles, so that every number written beside them counts as a double too.
"""

from collections.abc import Iterator
from itertools import pairwise

from acquire.prefilter import sql_text as sql
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.scorecard import Scorecard
from acquire.prefilter.seen import FARTHEST

_LARGEST_LOG_ODDS = 700.0


def log_odds(card: Scorecard, points: str) -> str:
    """ln(odds bad) = (offset - points) / factor, within +-700."""
    lowest, highest = (card.offset - sign * _LARGEST_LOG_ODDS * card.factor for sign in (1, -1))
    far = sql.number(_LARGEST_LOG_ODDS)
    plain = f"({sql.number(card.offset)} - {points}) / {sql.number(card.factor)}"
    return (
        f"CASE WHEN {points} <= {sql.number(lowest)} THEN {far} WHEN {points} >= {sql.number(highest)} THEN -{far}"
        f" ELSE {plain} END"
    )


def distance(card: Scorecard, centre: float, points: str) -> str:
    """ln density ratio of leads to bookings, centred on the booked."""
    return f"({sql.number(card.offset)} - {points}) / {sql.number(card.factor)} - ({sql.number(centre)})"


def tilted(tilt: float, distance: str) -> str:
    """tilt * distance, the distance kept within its bounds."""
    return f"({sql.number(tilt)}) * {_within(distance, FARTHEST)}"


def calibrated(calibration: Calibration, z: str) -> str:
    """Calibrated ln(odds bad).

    With equal slopes, ln(p) - ln(1 - p) is z itself. Else ln(p) = min(z, 0) - t and ln(1 - p) = min(-z, 0) - t with
    t = ln(1 + exp(-|z|)), in which neither end loses its small digits.
    """
    if calibration.knots:
        return _through_knots(calibration.knots, z)
    shift, low, high = (
        sql.number(number) for number in (calibration.shift, calibration.slope_low, calibration.slope_high)
    )
    if calibration.slope_low == calibration.slope_high:
        return f"{shift} + {low} * {z}"
    tail = f"LN(1.0 + EXP(-ABS({z})))"
    return (
        f"{shift} + {low} * (CASE WHEN {z} < 0 THEN {z} ELSE 0.0 END - {tail})"
        f"\n    - {high} * (CASE WHEN {z} > 0 THEN -{z} ELSE 0.0 END - {tail})"
    )


def chance(y: str, shift: float) -> str:
    """1 / (1 + exp(-(y + shift)))."""
    shifted = f"({y} + ({sql.number(shift)}))" if shift else y
    return f"1.0 / (1.0 + EXP(-{_within(shifted, _LARGEST_LOG_ODDS)}))"


def in_words(calibration: Calibration) -> Iterator[str]:
    """How y comes from z, for people."""
    if calibration.knots:
        yield "y           straight lines through (z, y), with slope 1 beyond the first and the last:"
        yield from (f"              ({before!r}, {after!r})" for before, after in calibration.knots)
        return
    yield f"y           shift + slope_low * ln(p) - slope_high * ln(1 - p), p = 1 / (1 + exp(-z)); {calibration.method}:"
    yield f"              shift {calibration.shift!r}, slope_low {calibration.slope_low!r}, slope_high {calibration.slope_high!r}"


def _through_knots(knots: tuple[tuple[float, float], ...], z: str) -> str:
    (first, after_first), (last, after_last) = knots[0], knots[-1]
    arms = [f"WHEN {z} <= {sql.number(first)} THEN {_line(z, first, after_first, 1.0)}"]
    for (before, after), (next_before, next_after) in pairwise(knots):
        slope = (next_after - after) / (next_before - before)
        arms.append(f"WHEN {z} <= {sql.number(next_before)} THEN {_line(z, before, after, slope)}")
    return "\n    ".join(["CASE", *arms, f"ELSE {_line(z, last, after_last, 1.0)} END"])


def _line(z: str, before: float, after: float, slope: float) -> str:
    return f"{sql.number(after)} + {sql.number(slope)} * ({z} - ({sql.number(before)}))"


def _within(value: str, bound: float) -> str:
    far = sql.number(bound)
    return f"(CASE WHEN {value} > {far} THEN {far} WHEN {value} < -{far} THEN -{far} ELSE {value} END)"
