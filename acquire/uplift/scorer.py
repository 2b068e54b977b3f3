"""What is left of a fitted learner at scoring time: LightGBM boosters called directly. No causalml, no pickle."""

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectScorer:
    """One fitted X-learner, ready to score.

    Attributes:
        control: Chance to book without the campaign.
        from_control, from_treated: Per offer, the effect learnt on control rows and on rows with the offer.
        share: Per offer, P(offer | offer or control) over the history: the X-learner's weight.
    """

    control: lgb.Booster
    from_control: tuple[lgb.Booster, ...]
    from_treated: tuple[lgb.Booster, ...]
    share: tuple[float, ...]

    def score(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Give the chance to book under control, shape (n,), and the uplift of each offer, shape (n, n_offers).

            uplift = share * from_control + (1 - share) * from_treated

        References:
            Kuenzel, Sekhon, Bickel and Yu (2019), "Metalearners for estimating heterogeneous treatment effects", PNAS 116(10).
        """
        uplift = [
            share * _predict(on_control, matrix) + (1 - share) * _predict(on_treated, matrix)
            for on_control, on_treated, share in zip(self.from_control, self.from_treated, self.share, strict=True)
        ]
        return _predict(self.control, matrix), np.column_stack(uplift)

    def parts(self, name: str) -> dict[str, bytes]:
        """Give the boosters as text files, for a model folder."""
        boosters: Mapping[str, lgb.Booster] = {
            "control": self.control,
            **{f"from_control_{i}": booster for i, booster in enumerate(self.from_control)},
            **{f"from_treated_{i}": booster for i, booster in enumerate(self.from_treated)},
        }
        return {f"{name}_{part}.txt": booster.model_to_string().encode() for part, booster in boosters.items()}


def _predict(booster: lgb.Booster, matrix: Floats) -> Floats:
    return np.asarray(booster.predict(matrix, num_threads=1), dtype=np.float64)
