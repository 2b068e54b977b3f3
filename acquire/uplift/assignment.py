"""Who takes part in a pilot and what each gets, drawn at random with known chances."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.uplift.pilot import Arm, PilotDesign


def draw_assignment(
    leads: pd.DataFrame, design: PilotDesign, enrolled_share: Mapping[str, float], rng: np.random.Generator
) -> pd.DataFrame:
    """Draw who takes part and what each gets, at random within channel.

    Every lead has exactly the stated chance of every arm, and the numbers come out within one lead of their shares: the leads of
    a channel are shuffled and an even comb with a random start is laid over them. One lead at most is drawn per person.

    Args:
        leads: `lead_id`, `channel`, optional `person_id`; only leads that may be contacted.
        design: Shares of the arms.
        enrolled_share: Share of the leads at hand that takes part, by channel.
        rng: Source of chance.

    Returns:
        `lead_id`, `channel`, `offer`, `propensity` = P(offer | channel, takes part); in the order of `leads`.

    References:
        Cochran, W. G. (1977). Sampling Techniques, ch. 8 (systematic sampling from a random start).
    """
    shuffled = leads.iloc[rng.permutation(len(leads))]
    if "person_id" in shuffled:
        shuffled = shuffled[shuffled["person_id"].isna() | ~shuffled["person_id"].duplicated()]
    drawn = [
        _draw_channel(
            shuffled[shuffled["channel"] == channel],
            [arm for arm in design.arms if arm.channel == channel],
            share,
            rng,
        )
        for channel, share in sorted(enrolled_share.items())
    ]
    together = pd.concat(drawn)
    return together.loc[leads.index.intersection(together.index), ["lead_id", "channel", "offer", "propensity"]]


def _draw_channel(
    shuffled: pd.DataFrame, arms: Sequence[Arm], enrolled_share: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the arm of each lead of one channel; `shuffled` is in random order."""
    taking_part = shuffled[_comb(len(shuffled), rng) < enrolled_share]
    shares = np.array([arm.share for arm in arms])
    upper = np.cumsum(shares)
    # Adding up leaves the last bound a hair below 1; nobody may fall beyond it.
    arm = np.minimum(np.searchsorted(upper, _comb(len(taking_part), rng), side="right"), len(arms) - 1)
    names = np.array([a.offer for a in arms], dtype=object)
    return taking_part.assign(offer=names[arm], propensity=shares[arm])


def _comb(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Give n evenly spaced numbers in [0, 1) from a random start."""
    return (np.arange(n) + rng.random()) / max(n, 1)
