"""A conflict of limits as one line that a person can act on."""

from collections.abc import Collection, Sequence

from acquire.allocate.remedies import Remedy
from acquire.allocate.rows import Row
from acquire.errors import Infeasible

MOST_NAMED = 3


def say_conflict(rows: Sequence[Row], remedies: Sequence[Remedy], in_conflict: Collection[int]) -> Infeasible:
    """Name what conflicts, what to relax and by how much, and what would help instead.

    Args:
        rows: All limits.
        remedies: The one to propose first, then others.
        in_conflict: Positions of all limits that are part of a conflict.
    """
    chosen = list(remedies[0].figures)
    others = [rows[i].name for i in sorted(in_conflict) if i not in chosen]
    names = [*(rows[i].name for i in chosen), *others]
    moves = "; or instead ".join(_moves(rows, remedy) for remedy in remedies)
    return Infeasible(f"{_say_what_conflicts(names[: len(chosen)], others)}{moves}", names)


def say_nothing_helps(rows: Sequence[Row]) -> Infeasible:
    """Where even without any limit nobody could be contacted, or no set to relax was found."""
    names = [row.name for row in rows if row.stated]
    return Infeasible(f"the limits leave nobody to contact: {', '.join(names)}; relax several of them", names)


def _say_what_conflicts(chosen: Sequence[str], others: Sequence[str]) -> str:
    if not others:
        return f"{' and '.join(chosen)}: nobody can be contacted; "
    together = ", ".join(others[:MOST_NAMED]) + (" and others" if len(others) > MOST_NAMED else "")
    if len(chosen) == 1:
        return f"{chosen[0]} cannot be met together with {together} while anybody is contacted: "
    return f"{len(chosen)} limits must give way to {together}, no fewer will do: "


def _moves(rows: Sequence[Row], remedy: Remedy) -> str:
    return " and ".join(_move(rows[i], figure) for i, figure in remedy.figures.items())


def _move(row: Row, figure: float) -> str:
    if row.at_least and figure < 0:  # no plan file may state it
        return f"leave out {row.name} (the plan would have {figure:.4g})"
    verb, side = ("lower", "most") if row.at_least else ("raise", "least")
    return f"{verb} {row.name} from {row.allowed:.12g} to at {side} {figure:.12g}"
