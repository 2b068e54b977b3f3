"""The scorecard as a committee reads it on paper: the formula with its numbers, then one line per bin."""

import numpy as np
import pandas as pd

_HEADS = ("variable", "bin", "count", "bad rate", "WOE", "points", "IV")


def formula(*, factor: float, offset: float) -> str:
    """The chance to go bad from the points, with every digit that a computer needs to agree."""
    return f"p_bad = 1 / (1 + exp((points - {offset!r}) / {factor!r}))"


def print_scorecard(table: pd.DataFrame, *, factor: float, offset: float, constant: float) -> str:
    """The lines to print.

    Args:
        table: As `Scorecard.table` gives it.
        factor, offset: The scaling of points.
        constant: Points that every lead starts with.
    """
    start = f"{constant!r} + " if constant else ""
    lines = [
        f"points = {start}sum over the variables of the points of the lead's bin",
        formula(factor=factor, offset=offset),
        f"Every {factor * np.log(2.0):g} points more double the odds of good to bad.",
        "",
    ]
    return "\n".join([*lines, *_aligned(_cells(table))]) + "\n"


def _cells(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """One row of texts per bin; the variable and its information value stand in its first row only."""
    first = ~table["variable"].duplicated()
    return [
        (
            str(row.variable) if is_first else "",
            str(row.bin),
            f"{row.count_:,.0f}",
            f"{row.bad_rate:.2%}" if row.count_ else "-",
            f"{row.woe:+.3f}",
            f"{row.points:.2f}",
            f"{row.information_value:.3f}" if is_first else "",
        )
        for row, is_first in zip(table.rename(columns={"count": "count_"}).itertuples(), first, strict=True)
    ]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Texts to the left, numbers to the right; a rule above each variable."""
    widths = [max(len(cell) for cell in column) for column in zip(_HEADS, *rows, strict=True)]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_line(_HEADS, widths)]
    for row in rows:
        lines += [rule] if row[0] else []
        lines.append(_line(row, widths))
    return [*lines, rule]


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    left = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join([*left, *right]).rstrip()
