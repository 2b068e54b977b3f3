"""Names, texts and numbers as SQL that SQLite and PostgreSQL read alike.

Names are in double quotes and always qualified where they are read: SQLite takes a lone "name" that is no column for a text,
so that a missing column would be scored instead of refused.
"""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

from acquire.errors import BadInput

# PostgreSQL cuts longer names off, and two that differ behind the cut would become one.
_LONGEST_NAME_BYTES = 63
# What stands for a missing number where a CSV file was loaded as text, in lower case; PostgreSQL writes its NaN as 'NaN'.
_MISSING_WORDS = ("", "na", "n/a", "nan", "none", "null")


def name(written: str) -> str:
    """A name in double quotes."""
    return '"' + _writable(written).replace('"', '""') + '"'


def output_name(written: str, number: int) -> str:
    """The same for a column of the result; one that is too long is cut and ends in its number."""
    if len(written.encode()) <= _LONGEST_NAME_BYTES:
        return name(written)
    end = f"_{number}"
    return name(written.encode()[: _LONGEST_NAME_BYTES - len(end)].decode(errors="ignore") + end)


def text(written: str) -> str:
    """A text in single quotes."""
    return "'" + _writable(written).replace("'", "''") + "'"


def texts(written: Iterable[str]) -> str:
    """Texts for IN (...)."""
    return ", ".join(text(one) for one in written)


def number(value: float) -> str:
    """A number that reads back as exactly this double.

    The shortest writing can lie so near the middle between two doubles that a database which rounds twice (SQLite computes in
    80 bits) takes the wrong one; the 17-digit writing is never so near.

    Raises:
        BadInput: The number is not finite.
    """
    if not math.isfinite(value):
        raise BadInput(f"{value} cannot be written as SQL; give a finite number")
    shortest = repr(float(value))
    off = abs(Fraction(shortest) - Fraction(value)) / Fraction(math.ulp(value))
    return shortest if off < Fraction(49, 100) else f"{value:.17g}"


def double(value: float) -> str:
    """The same, typed; one of them among the arms of a CASE makes the whole CASE a double in PostgreSQL."""
    return f"CAST({number(value)} AS DOUBLE PRECISION)"


def number_column(column: str) -> str:
    """A numeric column, qualified and quoted, as a double; NULL where it is missing."""
    missing = f"LOWER(CAST({column} AS TEXT)) IN ({texts(_MISSING_WORDS)})"
    return f"CASE WHEN {missing} THEN NULL ELSE CAST({column} AS DOUBLE PRECISION) END"


def text_column(column: str) -> str:
    """A text column, qualified and quoted; NULL where it is missing or empty."""
    return f"NULLIF({plain_text_column(column)}, '')"


def plain_text_column(column: str) -> str:
    """The same where the empty text is a value like any other.

    The empty text is added so that the column's own collation, which may ignore case, does not come along.
    """
    return f"CAST({column} AS TEXT) || ''"


def comment(lines: Iterable[str]) -> str:
    """Lines of comment; whatever a name holds, the comment ends where its line ends."""
    return "".join(f"-- {_one_line(line)}".rstrip() + "\n" for line in lines)


def stages(selects: Mapping[str, str], last: str) -> str:
    """One SELECT that goes through named stages.

    MATERIALIZED keeps both databases from putting each stage's formulas into the next, where they would be computed over and
    over.
    """
    named = ",\n".join(f"{stage} AS MATERIALIZED (\n{select}\n)" for stage, select in selects.items())
    return f"WITH {named}\n{last}"


def stage_prefix(table: str) -> str:
    """What the names of the stages begin with: a stage called like the table would read itself."""
    prefix = "acquire_"
    while table.casefold().startswith(prefix):
        prefix = f"x{prefix}"
    return prefix


def table_name(table: str, schema: str | None) -> str:
    """The table's name, with its schema where one is given."""
    return name(table) if schema is None else f"{name(schema)}.{name(table)}"


def _writable(written: str) -> str:
    if not written.isprintable() and ("\0" in written or any("\ud800" <= one <= "\udfff" for one in written)):
        raise BadInput(f"{written!r} cannot be written as SQL: it holds a character that no database keeps; rename it")
    return written


def _one_line(line: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in line).split(" "))
