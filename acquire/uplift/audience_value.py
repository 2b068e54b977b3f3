"""Audiences judged by the extra accounts they bring, not by likeness alone: on history, by scores that did not see the row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.statistics.bootstrap import bootstrap_means, interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LIKENESS: Final = "likeness"
EXTRA_MEMBERS: Final = "extra members"
EXTRA: Final = "extra accounts"
RANDOM: Final = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceValue:
    """What the top share of history by one ranking is worth, per 1,000 contacts with each lead's best offer.

    Attributes:
        ranking: LIKENESS, EXTRA_MEMBERS (likeness times uplift), EXTRA (uplift) or RANDOM.
        likeness: Average likeness of the chosen; times the share of members it is the share of the chosen that belong.
        extra: Extra accounts.
        extra_alike: Extra accounts, each counted with its likeness; times the share of members it is members among the extra.
        over_random, over_likeness: Extra accounts more than by choosing at random, and than by likeness alone; paired.
        alike_over_random, alike_over_likeness: The same of `extra_alike`.
    """

    ranking: str
    likeness: float
    extra: Estimate
    extra_alike: Estimate
    over_random: Estimate
    over_likeness: Estimate
    alike_over_random: Estimate
    alike_over_likeness: Estimate


def rankings(likeness: Floats, uplift: Floats) -> dict[str, Floats]:
    """Give the scores of the four ways to choose, each shape (n,).

    Args:
        likeness: Shape (n,).
        uplift: Of each lead's best offer, shape (n,). That it does not depend on belonging, once the features are known, makes
            the product the expected extra accounts of members.
    """
    return {
        LIKENESS: likeness,
        EXTRA_MEMBERS: likeness * uplift,
        EXTRA: uplift,
        RANDOM: np.zeros(len(likeness)),
    }


def value_audiences(
    scores: Mapping[str, Floats], likeness: Floats, effect_scores: Floats, top_share: float, rng: np.random.Generator
) -> tuple[AudienceValue, ...]:
    """Value the top share by each ranking.

    Args:
        scores: Score of each row by ranking, as `rankings` gives them, each shape (n,).
        likeness: Shape (n,).
        effect_scores: AIPW score of booking under the row's best offer minus under control, shape (n,).
        top_share: Share of the rows that would be contacted.
        rng: For the intervals: rows are reweighted once for all rankings, so that differences are paired.
    """
    chosen = {name: top(score, top_share) for name, score in scores.items()}
    alike = likeness / likeness.mean()
    columns = [1000 * chosen[name] * outcome for name in scores for outcome in (effect_scores, alike * effect_scores)]
    stacked = np.column_stack(columns)
    points, draws = stacked.mean(axis=0), bootstrap_means(stacked, rng)
    at = {name: 2 * i for i, name in enumerate(scores)}

    def figure(column: int, against: int | None = None) -> Estimate:
        if against is None:
            return interval(points[column], draws[:, column])
        return interval(points[column] - points[against], draws[:, column] - draws[:, against])

    return tuple(
        AudienceValue(
            ranking=name,
            likeness=float((chosen[name] * alike).mean()),
            extra=figure(i),
            extra_alike=figure(i + 1),
            over_random=figure(i, at[RANDOM]),
            over_likeness=figure(i, at[LIKENESS]),
            alike_over_random=figure(i + 1, at[RANDOM] + 1),
            alike_over_likeness=figure(i + 1, at[LIKENESS] + 1),
        )
        for name, i in at.items()
    )


def top(score: Floats, share: float) -> Floats:
    """Give weights, averaging 1, that hold the top `share` of the rows; rows tied at the threshold enter in part.

    Raises:
        ValueError: `share` is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"top share is {share}")
    threshold = np.quantile(score, 1 - share)
    above, tied = score > threshold, score == threshold
    fill = (share * len(score) - above.sum()) / max(tied.sum(), 1)
    weight = above + np.clip(fill, 0.0, 1.0) * tied
    scaled: Floats = weight / weight.mean()
    return scaled
