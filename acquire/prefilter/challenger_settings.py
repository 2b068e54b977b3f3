"""How a challenger is fitted, and what held-out log loss chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from acquire.domain import Direction, RiskTerms, Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape of trees to choose from.

    Attributes:
        n_leaves: Leaves of a tree: 2 adds up features one by one, more let them matter together.
        learnt_signs: Numbers without a declared direction move as the rows say; else either way.
    """

    n_leaves: int
    learnt_signs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengerSettings:
    """How a challenger is fitted.

    Attributes:
        shapes: To choose from by held-out log loss: small and smooth for few rows, or rich for many.
        learning_rate: Share of each tree that is taken.
        most_trees: Trees at most; `patience` trees without a better held-out log loss end the search.
        min_rows_per_leaf, l2_penalty, feature_share, row_share, most_bins: Regularisation of the trees.
        smallest_level: Rows of a category's level that counts for itself; rarer ones are pooled.
        smoothing: Rows at the average bad rate that are added to each level.
        n_draws: Refits on random weights that measure how sure the model is.
        draw_speed: Refits learn so many times faster, in as many times fewer trees: they score in a fraction of the time.
        widening: See `Challenger`. At 1.4 the 90 % intervals of ln(odds) hold the truth of made-up leads in about 89 to 94 % of
            cases, at 1 in 76 to 85 % (1,000 to 6,000 bookings, features adding up and features mattering together).
        special_codes, direction, unseen: As declared; see `acquire.domain.RiskTerms`.
    """

    shapes: tuple[Shape, ...] = (Shape(n_leaves=4, learnt_signs=True), Shape(n_leaves=15, learnt_signs=False))
    learning_rate: float = 0.05
    most_trees: int = 600
    patience: int = 40
    min_rows_per_leaf: int = 20
    l2_penalty: float = 10.0
    feature_share: float = 0.5
    row_share: float = 0.7
    most_bins: int = 63
    smallest_level: int = 30
    smoothing: float = 20.0
    n_draws: int = 12
    draw_speed: float = 5.0
    widening: float = 1.4
    special_codes: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)
    direction: Mapping[str, Direction] = field(default_factory=dict)
    unseen: Unseen = "pooled"

    @classmethod
    def of(cls, terms: RiskTerms) -> "ChallengerSettings":
        """The usual settings under the terms that a lender declares."""
        return cls(special_codes=terms.special_codes, direction=terms.direction, unseen=terms.unseen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What held-out log loss chose.

    Attributes:
        shape: Shape of the trees.
        n_trees: Their number.
    """

    shape: Shape
    n_trees: int
