"""Offers that differ in one number, a price or a limit: each lead's effects lie on a curve that never turns."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.errors import UNREADABLE, BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """The number in which offers differ.

    Attributes:
        name: Its column of the offers table.
        values: Per offer, in the offers' order; NaN: the offer has none and stands apart.
        sign: 1: a larger dose never lowers the chance to book; -1: it never raises it.
    """

    name: str
    values: tuple[float, ...]
    sign: int

    def has(self, offer: int) -> bool:
        """Whether the offer (0 = the first) has a dose."""
        return not math.isnan(self.values[offer])

    def of(self, offer: int) -> float:
        """The dose of the offer."""
        return self.values[offer]

    def to_content(self) -> dict[str, Any]:
        """Give the dose as plain JSON values; null: the offer has none."""
        values = [None if math.isnan(value) else value for value in self.values]
        return {"name": self.name, "values": values, "sign": self.sign}

    @classmethod
    def from_content(cls, content: Mapping[str, Any], n_offers: int) -> "Dose":
        """Give the dose that `to_content` wrote.

        Raises:
            BadInput: It is no dose of that many offers.
        """
        try:
            values = [math.nan if value is None else value for value in content["values"]]
            numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
            if numbers and len(values) == n_offers and content["sign"] in (1, -1) and not any(map(math.isinf, values)):
                return cls(name=str(content["name"]), values=tuple(map(float, values)), sign=int(content["sign"]))
        except UNREADABLE:
            pass
        raise BadInput("the doses are not in a form of this version; use a file that this version wrote")

    def monotone(self, uplift: Floats) -> Floats:
        """Give the uplifts moved as little as it takes that no lead's curve turns.

        Args:
            uplift: Shape (n, n_offers).

        Returns:
            The nearest curves in least squares; offers without a dose, and curves that do not turn, are left as they are.
            Offers of one dose get one effect.

        References:
            Barlow, Bartholomew, Bremner and Brunk (1972), Statistical Inference under Order Restrictions, ch. 1 (the
            max-min formula).
        """
        levels = sorted({value for value in self.values if not math.isnan(value)}, reverse=self.sign < 0)
        members = [[j for j, value in enumerate(self.values) if value == level] for level in levels]
        weight = np.asarray([float(len(own)) for own in members])
        means = np.column_stack([uplift[:, own].mean(axis=1) for own in members])
        risen = _rising(means, weight)
        result = uplift.copy()
        for number, own in enumerate(members):
            result[:, own] = risen[:, [number]]
        return result

    def curve(self, uplift: Floats, values: Floats) -> Floats:
        """Give what offers of other doses would change: straight lines between the doses tried, flat beyond them.

        Args:
            uplift: Monotone uplifts of the offers, shape (n, n_offers).
            values: Doses asked for, shape (m,).

        Returns:
            Uplifts, shape (n, m). A dose beyond those tried gets the effect of the nearest: nothing was learnt there.
        """
        known = [j for j in range(len(self.values)) if self.has(j)]
        order = sorted(known, key=lambda j: self.values[j])
        doses, first = np.unique([self.values[j] for j in order], return_index=True)
        effects = uplift[:, [order[i] for i in first]]
        right = np.clip(np.searchsorted(doses, values), 1, max(len(doses) - 1, 1))
        if len(doses) == 1:
            return np.repeat(effects, len(values), axis=1)
        share = np.clip((values - doses[right - 1]) / (doses[right] - doses[right - 1]), 0.0, 1.0)
        between: Floats = (1 - share) * effects[:, right - 1] + share * effects[:, right]
        return between


def _rising(means: Floats, weight: Floats) -> Floats:
    """The nearest rising line of each row: at k the largest over a <= k of the least mean of a .. b over b >= k."""
    n, size = means.shape
    sums = np.concatenate([np.zeros((n, 1)), (means * weight).cumsum(axis=1)], axis=1)
    total = np.concatenate([[0.0], weight.cumsum()])
    risen = means.copy()
    turned = (np.diff(means, axis=1) < 0).any(axis=1)
    for k in range(size):
        best = np.full(int(turned.sum()), -np.inf)
        for a in range(k + 1):
            ends = np.arange(k + 1, size + 1)
            blocks = (sums[turned][:, ends] - sums[turned][:, [a]]) / (total[ends] - total[a])
            best = np.maximum(best, blocks.min(axis=1))
        risen[turned, k] = best
    return risen
