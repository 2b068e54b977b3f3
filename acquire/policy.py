"""The lender's own policy: rules that refuse leads, and the cut-off that approves applicants. Standard library only."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from acquire.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One policy rule. `valid_from` and `valid_until` are the policy file's `from` and `until` (both days included).

    `line` is the line of the policy file where the rule begins, for messages; it does not tell rules apart.
    """

    id: str
    field: str
    op: Literal["lt", "le", "gt", "ge", "eq", "ne", "in", "not_in", "between", "is_null", "not_null"]
    value: object = None
    reason: str
    when_null: Literal["pass", "fail", "refer"] = "refer"
    valid_from: date | None = None
    valid_until: date | None = None
    examples: tuple[Mapping[str, object], ...] = ()
    line: int | None = dataclasses.field(default=None, compare=False)

    @property
    def named(self) -> str:
        """How messages call the rule."""
        return f"policy rule {self.id!r}" + (f" (line {self.line})" if self.line else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The cut-off by which applicants are approved: the policy file's [approval].

    Attributes:
        field: The score, a numeric column of history and leads.
        cut_off: Applicants are approved whose score at application is at or above it (op "ge") or at or below it ("le").
        was: The cut-off that was in force in history.
        op: Which side of the cut-off is approved.
        missing: Score that stands for a missing one or for one of `codes`; None where neither occurs.
        codes: Values of `field` that are no score, such as -999 for "no file".
        line: Line of the policy file where the table begins, for messages.
    """

    field: str
    cut_off: float
    was: float
    op: Literal["ge", "le"] = "ge"
    missing: float | None = None
    codes: tuple[float, ...] = ()
    line: int | None = dataclasses.field(default=None, compare=False)

    def __post_init__(self) -> None:
        given = {"cut_off": self.cut_off, "was": self.was, "missing": self.missing}
        for name, value in given.items():
            if value is not None and not math.isfinite(value):
                raise BadInput(f"{name} of [approval] is {value}; give a finite number")
        if self.codes and self.missing is None:
            raise BadInput("codes of [approval] need a score to stand for them; give missing, as in missing = 590")

    @property
    def named(self) -> str:
        """How messages call the table."""
        return "[approval]" + (f" (line {self.line})" if self.line else "")

    @property
    def moved(self) -> bool:
        """Whether the cut-off differs from the one in force in history."""
        return self.cut_off != self.was


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Policy rules in the order they decide, and the cut-off of approval where the lender states it.

    `content_hash` (SHA-256, hex) is stamped on every decision.
    """

    version: str
    rules: tuple[Rule, ...]
    content_hash: str
    approval: Approval | None = None
