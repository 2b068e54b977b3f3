"""What a policy would do to a table, before it is in force: each rule alone and in order, the swap set, the bad refused."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from acquire.policy import Rule
from acquire.prefilter.rules import RuleHits, in_force
from acquire.statistics.normal import Z_90

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadShare:
    """How many of some rows went bad, where that is known.

    Attributes:
        n: Rows whose outcome is known.
        rate: Share of bad; NaN where n is 0.
        low, high: 90 % interval (Wilson).

    References:
        Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference".
    """

    n: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of the table.

    Attributes:
        n: Rows.
        share: Of all rows.
        bad: None where the table has no bad label.
    """

    n: int
    share: float
    bad: BadShare | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrial:
    """What one rule does.

    Attributes:
        rule: The rule.
        applies: Whether it is in force on the day.
        alone: Rows it would refuse if it were the only rule.
        decides: Rows it refuses after the rules before it; these add up to all refused.
        referred: Rows of `decides` that are referred because the field is missing.
    """

    rule: Rule
    applies: bool
    alone: Part
    decides: Part
    referred: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapSet:
    """Who changes sides between the policy in force and the one on trial.

    Attributes:
        in_out: Let through by the policy in force, refused by the one on trial.
        out_in: The other way round.
        stay_in, stay_out: Treated alike.
    """

    in_out: Part
    out_in: Part
    stay_in: Part
    stay_out: Part


def part(rows: Flags, bad: Floats | None) -> Part:
    """Count some rows, shape (n,); `bad` is 0, 1 or NaN (not known), or None."""
    share = float(rows.mean()) if len(rows) else float("nan")
    return Part(n=int(rows.sum()), share=share, bad=None if bad is None else _bad_share(bad[rows]))


def try_rules(hits: RuleHits, bad: Floats | None, *, on: date) -> tuple[RuleTrial, ...]:
    """Show what each rule refuses alone and in order, with the bad among them.

    Args:
        hits: As `apply_rules` gives them.
        bad: 0, 1 or NaN where not known, shape (n,); None without a label.
        on: Day for which the rules were applied.
    """
    first = hits.first()
    return tuple(
        RuleTrial(
            rule=rule,
            applies=in_force(rule, on),
            alone=part(hits.hits[:, j], bad),
            decides=part(first == j, bad),
            referred=int((hits.referred[:, j] & (first == j)).sum()),
        )
        for j, rule in enumerate(hits.rules)
    )


def swap(before: Flags, after: Flags, bad: Floats | None) -> SwapSet:
    """Compare who is let through by the policy in force (`before`) and by the one on trial (`after`), shapes (n,)."""
    return SwapSet(
        in_out=part(before & ~after, bad),
        out_in=part(~before & after, bad),
        stay_in=part(before & after, bad),
        stay_out=part(~before & ~after, bad),
    )


def _bad_share(bad: Floats) -> BadShare:
    known = bad[~np.isnan(bad)]
    n = len(known)
    if n == 0:
        return BadShare(n=0, rate=float("nan"), low=float("nan"), high=float("nan"))
    rate = float(known.mean())
    shrink = 1 + Z_90**2 / n
    centre = (rate + Z_90**2 / (2 * n)) / shrink
    half = Z_90 * float(np.sqrt(rate * (1 - rate) / n + Z_90**2 / (4 * n**2))) / shrink
    return BadShare(n=n, rate=rate, low=max(0.0, centre - half), high=min(1.0, centre + half))
