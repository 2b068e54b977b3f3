"""A few people out of many, with what their columns use of the limits as a plain matrix."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.options import Floats, Ints
from acquire.allocate.problem import Problem
from acquire.allocate.tangents import Tangents


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """Some people of several parts and all their columns.

    Attributes:
        part, person: Part and number of each person there, shape (n_people,).
        column: Position of each column in its part, shape (n,).
        starts: Where each person's columns begin, shape (n_people,).
        size: Shape (n_people,).
        gain: Shape (n,).
        use: Of each linear row, shape (n, m).
        code: Person of each column, 0 .. n_people - 1, shape (n,).
    """

    part: Ints
    person: Ints
    column: Ints
    starts: Ints
    size: Floats
    gain: Floats
    use: Floats
    code: Ints

    def near(self, prices: Floats) -> "Few":
        """The same people without the columns that are behind their best course by twice what the clearest is clear by."""
        reduced = self.gain - self.use @ prices
        best = np.maximum(np.maximum.reduceat(reduced, self.starts), 0.0)
        behind = best[self.code] - reduced
        second = np.minimum.reduceat(np.where(behind > 0, behind, np.inf), self.starts)
        clearest = float(second[np.isfinite(second)].max(initial=0.0))
        kept = np.flatnonzero(behind <= 2 * clearest)
        code = self.code[kept]
        there, starts = np.unique(code, return_index=True)
        return replace(
            self,
            part=self.part[there],
            person=self.person[there],
            column=self.column[kept],
            starts=starts,
            size=self.size[there],
            gain=self.gain[kept],
            use=self.use[kept],
            code=np.searchsorted(there, code),
        )

    def dual(self, prices: Floats, room: Floats) -> tuple[float, Floats]:
        """The dual of these people alone with so much room in each row, and its slope there."""
        reduced = self.gain - self.use @ prices
        best = np.maximum.reduceat(reduced, self.starts)
        best[best <= 0] = np.inf
        winners = np.flatnonzero(reduced == best[self.code])
        whose = self.code[winners]
        firsts = np.r_[True, whose[1:] > whose[:-1]] if len(winners) else np.zeros(0, dtype=bool)
        chosen, size = winners[firsts], self.size[whose[firsts]]
        return float(prices @ room) + float(size @ reduced[chosen]), room - size @ self.use[chosen]


def gather(
    parts: Sequence[Problem], people: Sequence[Ints], weight: float = 1.0, tangents: Tangents | None = None
) -> Few:
    """The columns of some people of each part, ascending, each of whom stands for `weight` times its size.

    Args:
        parts: Problems with the same rows.
        people: Numbers of the people of each part.
        weight: What each stands for.
        tangents: Of the rows with a confidence; None = there are none.
    """
    lowered = tangents or Tangents()
    gathered = [_of_part(parts[k], k, mine, weight, lowered) for k, mine in enumerate(people) if len(mine)]
    n_before = np.cumsum([0, *(len(few.gain) for few in gathered)])
    people_before = np.cumsum([0, *(len(few.size) for few in gathered)])
    return Few(
        part=np.concatenate([few.part for few in gathered]),
        person=np.concatenate([few.person for few in gathered]),
        column=np.concatenate([few.column for few in gathered]),
        starts=np.concatenate([few.starts + n for few, n in zip(gathered, n_before, strict=False)]),
        size=np.concatenate([few.size for few in gathered]),
        gain=np.concatenate([few.gain for few in gathered]),
        use=np.concatenate([few.use for few in gathered]),
        code=np.concatenate([few.code + n for few, n in zip(gathered, people_before, strict=False)]),
    )


def _of_part(part: Problem, number: int, people: Ints, weight: float, tangents: Tangents) -> Few:
    begins = part.people.starts[people]
    ends = np.r_[part.people.starts, len(part)][people + 1]
    counts = ends - begins
    starts = np.cumsum(np.r_[0, counts[:-1]])
    column = np.repeat(begins - starts, counts) + np.arange(int(counts.sum()))
    return Few(
        part=np.full(len(people), number),
        person=people,
        column=column,
        starts=starts,
        size=weight * part.people.size[people],
        gain=part.gain[column].astype(float),
        use=np.ascontiguousarray(tangents.lower(part).at(column).T),
        code=np.repeat(np.arange(len(people)), counts),
    )
