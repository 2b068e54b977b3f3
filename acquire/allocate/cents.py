"""Money handed out exact to the cent: what each line of the plan gets adds up, and every limit on money holds in whole cents.

With a_l the money of line l in cents, a fraction, the lines get whole cents c_l that add up to the total, a_l rounded down or up:
the cents left over go to the lines with the largest remainders (Hamilton's method), as far as the limits allow

    sum(c_l, of some lines) <= fixed + share * sum(c_l)     (or >=)

The lines of a channel are lines of its partner and of its affiliate group, and the whole: such a system of caps always has an
answer in whole numbers where it has one in fractions. Where the plain method breaks a limit, a small model therefore finds the
cents inside the limits that are nearest to the total, then to the exact amounts. All of this is recomputed in whole numbers and
exact fractions.

References:
    Balinski, Young (2001), Fair Representation, ch. 3 (largest remainders).
    Hoffman, Kruskal (1956), Integral Boundary Points of Convex Polyhedra (why whole numbers suffice).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pulp

from acquire.allocate.figures import Figure
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits

CENTS = 100
ADDED_UP = (
    *("gain", "spend", "value", "booked", "incremental", "bad", "incremental_bad", "amount", "bad_amount"),
    *("approvals", "expected_loss", "calls"),
)
OFF_THE_TOTAL = 10.0  # per cent: more than any line is worth
ROUNDING = 1e-6  # what a solver lets pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit on money: the cents of some lines are at most (or at least) fixed + share * the cents of others.

    Attributes:
        name: Of the limit.
        lines: Which lines count, shape (n,).
        fixed: Cents.
        share: Of what the lines `of` get.
        of: Shape (n,); None = all lines.
        at_least: True for a floor.
    """

    name: str
    lines: tuple[bool, ...]
    fixed: Fraction = Fraction(0)
    share: Fraction = Fraction(0)
    of: tuple[bool, ...] | None = None
    at_least: bool = False

    def whole(self, shared: int) -> int:
        """The limit in whole cents, where the lines that are shared out get so many."""
        exact = self.fixed + self.share * shared
        return math.ceil(exact) if self.at_least else math.floor(exact)

    def shared(self, cents: Sequence[int]) -> int:
        """The cents that are shared out."""
        return sum(cents) if self.of is None else sum(c for c, counts in zip(cents, self.of, strict=True) if counts)

    def holds(self, cents: Sequence[int]) -> bool:
        """Whether the limit holds, in whole numbers."""
        mine, limit = (
            sum(c for c, counts in zip(cents, self.lines, strict=True) if counts),
            self.whole(self.shared(cents)),
        )
        return mine >= limit if self.at_least else mine <= limit

    def counts(self) -> list[float]:
        """What a cent of each line adds to what counts, less what the limit grows by, shape (n,)."""
        of = [True] * len(self.lines) if self.of is None else self.of
        return [float(mine) - float(self.share) * shared for mine, shared in zip(self.lines, of, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Money in whole cents.

    Attributes:
        cents: Per line.
        broken: Names of limits that no whole cents this near the exact amounts keep.
    """

    cents: tuple[int, ...]
    broken: tuple[str, ...] = ()

    @property
    def money(self) -> tuple[float, ...]:
        """The same in the plan's currency."""
        return tuple(c / CENTS for c in self.cents)


def hand_out(amounts: Sequence[float], bounds: Sequence[Bound] = ()) -> Handed:
    """Round amounts of money to whole cents that add up, inside the limits.

    Args:
        amounts: Money per line, each at least 0.
        bounds: What must hold of the cents.
    """
    exact = [CENTS * Fraction(amount) for amount in amounts]
    total = round(sum(exact, Fraction(0)))
    plain = _largest_remainders(exact, total)
    if not _broken(bounds, plain):
        return Handed(cents=plain)
    inside = _inside(exact, total, bounds)
    if inside is None or _broken(bounds, inside):
        return Handed(cents=plain, broken=_broken(bounds, plain))
    return Handed(cents=inside)


def money_bounds(lines: Options, limits: Limits, channels: tuple[Channel, ...]) -> Iterator[Bound]:
    """Every limit of the plan file that counts money spent, over a table with one option per line of the plan."""
    for row in list_limits(lines, limits, channels):
        if isinstance(row.figure, Figure) and row.figure.values is lines.spend:
            yield _bound(row, row.figure, lines)


def add_up(options: Options, chosen: Ints, contacts: Floats | None = None) -> Options:
    """One option per channel and offer of a plan, with the totals of its contacts, in the order of channels and offers.

    Args:
        options: What could be chosen.
        chosen: Positions of what was.
        contacts: How many contacts each of them is, shape (len(chosen),); None = 1.
    """
    times = np.ones(len(chosen)) if contacts is None else contacts
    key = options.channel[chosen] * len(options.offer_names) + options.offer[chosen]
    found, first, line = np.unique(key, return_index=True, return_inverse=True)
    at = chosen[first]
    totals: dict[str, Any] = {
        name: np.bincount(line, weights=getattr(options, name)[chosen] * times, minlength=len(found))
        for name in ADDED_UP
    }
    return replace(options.take(at), person=np.arange(len(found)), size=None, **totals)


def _bound(row: Row, figure: Figure, lines: Options) -> Bound:
    """A row in exact numbers: what stands in the plan file, as it is written there, and the other figures as they are."""
    allowed = Fraction(str(row.allowed))
    bound = Bound(name=row.name, lines=_among(figure, len(lines)), at_least=row.at_least)
    if row.base is None:
        return replace(bound, fixed=CENTS * allowed)
    if isinstance(row.base, Figure) and row.base.values is lines.spend:
        return replace(bound, share=allowed, of=_among(row.base, len(lines)))
    base = sum((Fraction(figure) for figure in np.asarray(row.base).tolist()), Fraction(0))
    return replace(bound, fixed=CENTS * allowed * base)


def _among(figure: Figure, n: int) -> tuple[bool, ...]:
    """Which lines a figure counts, shape (n,)."""
    return (True,) * n if figure.among is None else tuple((figure.among == figure.code).tolist())


def _broken(bounds: Sequence[Bound], cents: Sequence[int]) -> tuple[str, ...]:
    return tuple(bound.name for bound in bounds if not bound.holds(cents))


def _largest_remainders(exact: Sequence[Fraction], total: int) -> tuple[int, ...]:
    cents = [math.floor(amount) for amount in exact]
    order = sorted(range(len(exact)), key=lambda line: (cents[line] - exact[line], line))
    for line in order[: total - sum(cents)]:
        cents[line] += 1
    return tuple(cents)


def _inside(exact: Sequence[Fraction], total: int, bounds: Sequence[Bound]) -> tuple[int, ...] | None:
    """The whole cents inside the limits nearest to the total, then to the exact amounts; None where there are none within a cent.

    cents = floor + up - down; |cents - exact| grows by 1 - 2 * remainder with `up`, and by 1 with `down`.
    """
    floor = [math.floor(amount) for amount in exact]
    model = pulp.LpProblem("cents", pulp.LpMinimize)
    up = [model.add_variable(f"up_{i}", cat=pulp.LpBinary) for i in range(len(exact))]
    down = [model.add_variable(f"down_{i}", 0, min(1, cents), pulp.LpInteger) for i, cents in enumerate(floor)]
    more, less = model.add_variable("more", 0), model.add_variable("less", 0)  # than the total
    further = [1 - 2 * float(amount - cents) for amount, cents in zip(exact, floor, strict=True)]
    costs = {
        **dict(zip(up, further, strict=True)),
        **dict.fromkeys(down, 1.0),
        more: OFF_THE_TOTAL,
        less: OFF_THE_TOTAL,
    }
    model.setObjective(pulp.LpAffineExpression(costs))
    terms = {**dict.fromkeys(up, 1.0), **dict.fromkeys(down, -1.0), more: -1.0, less: 1.0}
    model.addConstraint(_row(terms, pulp.LpConstraintEQ, "total", total - sum(floor)))
    for i, bound in enumerate(bounds):
        counts = bound.counts()
        terms = {**dict(zip(up, counts, strict=True)), **dict(zip(down, (-c for c in counts), strict=True))}
        sense = pulp.LpConstraintGE if bound.at_least else pulp.LpConstraintLE
        model.addConstraint(_row(terms, sense, f"bound_{i}", _room(bound, floor)))
    model.solve(pulp.HiGHS(msg=False, threads=1))
    if model.status != pulp.LpStatusOptimal:
        return None
    return tuple(c + round(u.varValue) - round(d.varValue) for c, u, d in zip(floor, up, down, strict=True))


def _room(bound: Bound, cents: Sequence[int]) -> float:
    """What is left of a limit over given cents; in whole cents where the limit does not move with the total."""
    used = sum(c for c, counts in zip(cents, bound.lines, strict=True) if counts)
    if not bound.share:
        return float(bound.whole(0) - used)
    room = float(bound.fixed + bound.share * bound.shared(cents) - used)
    return room + ROUNDING if bound.at_least else room - ROUNDING


def _row(terms: dict[pulp.LpVariable, float], sense: int, name: str, right: float) -> pulp.LpConstraint:
    return pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, name, right)
